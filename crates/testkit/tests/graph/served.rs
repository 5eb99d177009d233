//! Every collection that is served, found in the descriptions, so that a new one is covered by
//! itself: its path in this world, its type, and its objects as they are.

use comity_model::resource::{self, Navigation, ResourceType, operation};
use serde_json::{Value, json};

use super::{
    fixture::Fixture,
    rig::{Rig, ok},
};

/// A collection of this world.
pub struct Served {
    pub path: String,
    /// The type of its objects, after a cast.
    pub resource: &'static ResourceType,
    /// The references of the collection (`/$ref`), not its objects.
    pub references: bool,
    /// Whether an object must be there, so that the options have something to do.
    pub filled: bool,
}

/// The owner of the relations of a type.
fn owner(fixture: &Fixture, resource: &ResourceType) -> String {
    let set = resource.path.rsplit('/').next().unwrap();
    let key = fixture.key(set, "GET");
    key.unwrap_or_else(|| panic!("no object of {set} in the fixture: add one"))
}

fn behind(above: &str, navigation: &'static Navigation) -> Vec<Served> {
    let path = format!("{above}/{}", navigation.name);
    let served = |path: String, resource, references, filled| Served {
        path,
        resource,
        references,
        filled,
    };
    let mut all = vec![served(path.clone(), navigation.target, false, true)];
    for cast in navigation.casts {
        let path = format!("{path}/graph.{}", cast.name);
        all.push(served(path, cast, false, false));
    }
    if navigation.references {
        all.push(served(
            format!("{path}/$ref"),
            navigation.target,
            true,
            true,
        ));
    }
    all
}

/// All of them.
pub fn collections(fixture: &Fixture) -> Vec<Served> {
    let mut all = Vec::new();
    for resource in resource::ALL.iter().copied() {
        let path = format!("/{}", resource.path);
        if resource.path.is_empty() || resource.singleton {
            continue;
        }
        if operation::find("GET", &path).is_some() {
            all.push(Served {
                path: path.clone(),
                resource,
                references: false,
                filled: true,
            });
        }
        for cast in resource.derived {
            let path = format!("{path}/graph.{}", cast.name);
            if operation::find("GET", &path).is_some() {
                let of_deleted = resource == &resource::DELETED_ITEM;
                all.push(Served {
                    path,
                    resource: cast,
                    references: false,
                    filled: of_deleted,
                });
            }
        }
        let lists = || resource.navigations.iter().filter(|n| n.path && n.many);
        for navigation in lists() {
            let above = format!("{path}/{}", owner(fixture, resource));
            all.extend(behind(&above, navigation));
        }
        if resource == &resource::USER {
            all.extend(lists().flat_map(|n| behind("/me", n)));
        }
    }
    all
}

/// Gives every relation of the fixture's objects something to hold, and deletes a person.
pub async fn fill(rig: &Rig, fixture: &Fixture) {
    let [user, group, program] = ["USER", "GROUP", "PROGRAM"].map(|name| fixture.get(name));
    let me = ok(&rig.get("/me").await)["id"].as_str().unwrap().to_owned();
    for (path, id) in [
        (format!("/groups/{group}/members/$ref"), program),
        (format!("/groups/{group}/members/$ref"), &me),
        (format!("/servicePrincipals/{program}/owners/$ref"), user),
    ] {
        let url = format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}");
        rig.make(&path, &json!({"@odata.id": url})).await;
    }
    let path = format!("/users/{}", fixture.get("DOOMED"));
    assert_eq!(rig.send("DELETE", &path, &Value::Null).await.status, 204);
    for principal in [group, me.as_str()] {
        let body = json!({"principalId": principal, "resourceId": program,
            "appRoleId": "00000000-0000-0000-0000-000000000000"});
        let path = format!("/servicePrincipals/{program}/appRoleAssignedTo");
        rig.make(&path, &body).await;
    }
    for principal in [user, me.as_str()] {
        let body = json!({"clientId": program, "consentType": "Principal", "principalId": principal,
            "resourceId": fixture.get("GRAPH"), "scope": "User.Read"});
        rig.make("/oauth2PermissionGrants", &body).await;
    }
}

/// The names of all properties that an object of the collection may have.
pub fn names(resource: &ResourceType) -> Vec<&'static str> {
    let derived = resource.derived.iter().flat_map(|d| d.properties);
    let mut names: Vec<&str> = resource
        .properties
        .iter()
        .chain(derived)
        .map(|p| p.name)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// An object's mark in a list: its key, or its reference.
pub fn mark(served: &Served, object: &Value) -> String {
    let name = if served.references {
        "@odata.id"
    } else {
        served.resource.key
    };
    let mark = object[name].as_str();
    mark.unwrap_or_else(|| panic!("{}: {object}", served.path))
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned()
}

/// The objects of all pages, in order.
pub async fn walk(rig: &Rig, path: &str) -> Vec<Value> {
    pages(rig, ok(&rig.eventual(path).await)).await
}

/// The objects of a page and those behind it.
pub async fn pages(rig: &Rig, mut page: Value) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        all.extend(page["value"].as_array().unwrap().clone());
        let Some(next) = page["@odata.nextLink"].as_str() else {
            return all;
        };
        // Clients do not repeat the header.
        page = ok(&rig.get(next).await);
    }
}

impl Served {
    /// The collection without what stands behind it: where whole objects are.
    pub fn objects(&self) -> &str {
        self.path.strip_suffix("/$ref").unwrap_or(&self.path)
    }

    /// Every object with every property.
    pub async fn whole(&self, rig: &Rig) -> Vec<Value> {
        let select = names(self.resource).join(",");
        walk(rig, &format!("{}?$select={select}", self.objects())).await
    }
}

/// A query string: names and values, encoded.
pub fn query(pairs: &[(&str, &str)]) -> String {
    let encode =
        |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let pairs = pairs.iter().map(|(n, v)| format!("{n}={}", encode(v)));
    pairs.collect::<Vec<_>>().join("&")
}
