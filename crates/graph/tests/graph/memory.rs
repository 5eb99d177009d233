//! Use cases in memory: objects by type, references by owner and relation. It knows no policy.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use async_trait::async_trait;
use comity_graph::backend::{Backend, Error, Result};
use comity_model::{
    conditional_access::ConditionalAccessPolicy,
    cross_tenant::CrossTenantPartner,
    query::{Listing, Query},
    resource::{
        self, Action, Function, ResourceType,
        address::{Change, Key, Object, Place, Reference},
        check::merge,
    },
};
use serde_json::{Map, Value, json};

type Json = Map<String, Value>;

/// Everything that is stored.
#[derive(Default)]
pub struct Memory {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<&'static str, Vec<Json>>,
    references: BTreeSet<(String, &'static str, String)>,
    made: u32,
    /// What functions answer.
    answer: Json,
    /// Calls that changed something.
    writes: Vec<String>,
}

fn text<'a>(object: &'a Json, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn guid(n: u32) -> String {
    format!("99999999-0000-4000-8000-{n:012x}")
}

impl Memory {
    /// Puts an object there, with an ID if it has none.
    pub fn put(&self, resource: &'static ResourceType, object: Value) -> String {
        let mut state = self.state.lock().unwrap();
        let mut object = object.as_object().cloned().unwrap_or_default();
        state.made += 1;
        let made = guid(state.made);
        if text(&object, resource.key).is_empty() {
            object.insert(resource.key.into(), made.into());
        }
        let id = text(&object, resource.key).to_owned();
        let list = state.objects.entry(resource.name).or_default();
        list.retain(|o| text(o, resource.key) != id);
        list.push(object);
        id
    }

    /// Puts a reference there.
    pub fn refer(&self, owner: &str, relation: &'static str, id: &str) {
        self.state
            .lock()
            .unwrap()
            .references
            .insert((owner.into(), relation, id.into()));
    }

    /// What functions answer.
    pub fn answer(&self, answer: Value) {
        self.state.lock().unwrap().answer = answer.as_object().cloned().unwrap_or_default();
    }

    /// Overwrites one property of a stored object.
    pub fn set(&self, type_name: &str, id: &str, name: &str, value: &str) {
        let mut state = self.state.lock().unwrap();
        for object in state.objects.get_mut(type_name).into_iter().flatten() {
            if text(object, "id") == id {
                object.insert(name.into(), value.into());
            }
        }
    }

    /// What was written, in order.
    pub fn writes(&self) -> Vec<String> {
        self.state.lock().unwrap().writes.clone()
    }

    /// A stored object.
    pub fn get(&self, resource: &'static ResourceType, id: &str) -> Option<Json> {
        let state = self.state.lock().unwrap();
        state
            .of(resource)
            .into_iter()
            .find(|o| text(o, resource.key) == id)
    }
}

impl State {
    /// All objects of a type, those of derived types with their type.
    fn of(&self, resource: &'static ResourceType) -> Vec<Json> {
        let mut all = self.objects.get(resource.name).cloned().unwrap_or_default();
        for derived in resource.derived {
            for mut object in self.objects.get(derived.name).cloned().unwrap_or_default() {
                object.insert(
                    "@odata.type".into(),
                    format!("#{}", derived.full_name()).into(),
                );
                all.push(object);
            }
        }
        all
    }

    fn owner(&self, place: &Place) -> Result<String> {
        let parent = place.parent.as_ref().ok_or(Error::NotFound)?;
        let owner = Object {
            place: Place::of(parent.resource),
            key: parent.key.clone(),
        };
        Ok(text(&self.find(&owner)?, parent.resource.key).to_owned())
    }

    fn targets(&self, owner: &str, relation: &str) -> BTreeSet<String> {
        let found = self
            .references
            .iter()
            .filter(|(o, r, _)| o == owner && *r == relation);
        found.map(|(_, _, id)| id.clone()).collect()
    }

    fn holders(&self, id: &str) -> BTreeSet<String> {
        let found = self
            .references
            .iter()
            .filter(|(_, r, t)| t == id && *r == "members");
        found.map(|(o, _, _)| o.clone()).collect()
    }

    fn reach(from: &str, step: impl Fn(&str) -> BTreeSet<String>) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut next = vec![from.to_owned()];
        while let Some(id) = next.pop() {
            for found in step(&id) {
                if seen.insert(found.clone()) {
                    next.push(found);
                }
            }
        }
        seen
    }

    fn at(&self, place: &Place) -> Result<Vec<Json>> {
        let Some(parent) = &place.parent else {
            return Ok(self.of(place.resource));
        };
        let owner = self.owner(place)?;
        let keep = |ids: BTreeSet<String>| {
            let all = self.of(place.resource).into_iter();
            all.filter(|o| ids.contains(text(o, "id"))).collect()
        };
        let by = |property: &str| {
            let all = self.of(place.resource).into_iter();
            all.filter(|o| text(o, property) == owner).collect()
        };
        Ok(match parent.navigation.name {
            "appRoleAssignedTo" => by("resourceId"),
            "appRoleAssignments" => by("principalId"),
            "oauth2PermissionGrants" => by("clientId"),
            "memberOf" => keep(self.holders(&owner)),
            "transitiveMemberOf" => keep(Self::reach(&owner, |id| self.holders(id))),
            "transitiveMembers" => keep(Self::reach(&owner, |id| self.targets(id, "members"))),
            relation => keep(self.targets(&owner, relation)),
        })
    }

    fn find(&self, object: &Object) -> Result<Json> {
        let place = &object.place;
        if let (Key::Only, Some(parent)) = (&object.key, &place.parent) {
            let owner = Object {
                place: Place::of(parent.resource),
                key: parent.key.clone(),
            };
            let owner = self.find(&owner)?;
            let id = text(&owner, &format!("{}Id", parent.navigation.name)).to_owned();
            let all = self.of(place.resource);
            return all
                .into_iter()
                .find(|o| text(o, "id") == id)
                .ok_or(Error::NotFound);
        }
        let fits = |o: &Json| match &object.key {
            Key::Only => true,
            Key::Id(id) => text(o, place.resource.key) == id,
            Key::Alternate(property, value) => text(o, property.name).eq_ignore_ascii_case(value),
        };
        self.at(place)?
            .into_iter()
            .find(fits)
            .ok_or(Error::NotFound)
    }

    fn stored(&mut self, object: &Object) -> Result<&mut Json> {
        let found = self.find(object)?;
        let resource = object.place.resource;
        let name = found
            .get("@odata.type")
            .and_then(Value::as_str)
            .and_then(resource::find)
            .map_or(resource.name, |r| r.name);
        let id = text(&found, resource.key).to_owned();
        let list = self.objects.get_mut(name).ok_or(Error::NotFound)?;
        list.iter_mut()
            .find(|o| text(o, resource.key) == id)
            .ok_or(Error::NotFound)
    }
}

/// What a real use case would add to a new object.
fn complete(resource: &ResourceType, object: &mut Json, id: &str) {
    let added = match resource.name {
        "invitation" => json!({
            "status": "PendingAcceptance",
            "inviteRedeemUrl": "https://login.test/redeem?ticket=x",
            "invitedUser": {"id": guid(0)},
            "invitedUserMessageInfo": {"ccRecipients": [{"emailAddress": {}}]},
        }),
        "servicePrincipal" => json!({"displayName": "My App", "appDisplayName": "My App",
            "appOwnerOrganizationId": guid(0), "servicePrincipalNames": [id]}),
        "application" => json!({"appId": guid(1), "publisherDomain": "contoso.com"}),
        "appRoleAssignment" => json!({"principalDisplayName": "P", "principalType": "User",
            "resourceDisplayName": "R"}),
        "directoryRole" => json!({"displayName": "User Administrator", "description": "…"}),
        "crossTenantAccessPolicyConfigurationPartner" => json!({}),
        _ => {
            json!({"createdDateTime": "2026-01-15T09:57:58Z", "modifiedDateTime": "2026-01-15T09:57:58Z"})
        }
    };
    object.extend(added.as_object().cloned().unwrap_or_default());
    object
        .entry("createdDateTime")
        .or_insert_with(|| "2026-01-15T09:57:58Z".into());
    let graph = Value::Object(object.clone());
    let document = match resource.name {
        "conditionalAccessPolicy" => {
            ConditionalAccessPolicy::from_graph(&graph).map(|p| p.to_graph())
        }
        "crossTenantAccessPolicyConfigurationPartner" => {
            object.remove("createdDateTime");
            let graph = Value::Object(object.clone());
            CrossTenantPartner::from_graph(&graph).map(|p| p.to_graph())
        }
        _ => return,
    };
    object.extend(document.unwrap());
}

#[async_trait]
impl Backend for Memory {
    async fn refused(&self, _operation: &str, _path: &str, _reason: &str) {}

    async fn list(&self, place: &Place, query: &Query) -> Result<Listing> {
        let state = self.state.lock().unwrap();
        Ok(query.apply(state.at(place)?))
    }

    async fn find(&self, object: &Object) -> Result<Json> {
        self.state.lock().unwrap().find(object)
    }

    async fn create(&self, place: &Place, change: Change) -> Result<Json> {
        let mut object = change.properties;
        let key = change.resource.key;
        {
            let mut state = self.state.lock().unwrap();
            if place.parent.is_some() {
                state.owner(place)?;
            }
            let same = text(&object, key);
            if !same.is_empty()
                && state
                    .of(place.resource)
                    .iter()
                    .any(|o| text(o, key) == same)
            {
                return Err(Error::Duplicate {
                    property: key.into(),
                });
            }
            let upn = text(&object, "userPrincipalName").to_owned();
            let taken = state.of(place.resource);
            if !upn.is_empty() && taken.iter().any(|o| text(o, "userPrincipalName") == upn) {
                return Err(Error::Duplicate {
                    property: "userPrincipalName".into(),
                });
            }
            state.made += 1;
            if same.is_empty() {
                object.insert(key.into(), guid(state.made).into());
            }
            state
                .writes
                .push(format!("create {}", change.resource.name));
        }
        let id = text(&object, key).to_owned();
        complete(change.resource, &mut object, &id);
        self.put(change.resource, Value::Object(object));
        for (navigation, references) in &change.bindings {
            for reference in references {
                self.refer(&id, navigation.name, &reference.id.to_string());
            }
        }
        self.state.lock().unwrap().find(&Object {
            place: Place::of(place.resource),
            key: Key::Id(id),
        })
    }

    async fn update(&self, object: &Object, change: Change) -> Result<()> {
        let mut state = self.state.lock().unwrap();
        let resource = object.place.resource;
        let stored = state.stored(object)?;
        merge(resource, stored, change.properties);
        let id = text(stored, resource.key).to_owned();
        for (navigation, references) in change.bindings {
            for reference in references {
                if !state
                    .references
                    .insert((id.clone(), navigation.name, reference.id.to_string()))
                {
                    return Err(Error::ReferenceExists);
                }
            }
        }
        state.writes.push(format!("update {}", resource.name));
        Ok(())
    }

    async fn delete(&self, object: &Object) -> Result<()> {
        let mut state = self.state.lock().unwrap();
        let found = state.stored(object)?.clone();
        for list in state.objects.values_mut() {
            list.retain(|o| *o != found);
        }
        state
            .writes
            .push(format!("delete {}", object.place.resource.name));
        Ok(())
    }

    async fn add_reference(&self, place: &Place, reference: &Reference) -> Result<()> {
        let mut state = self.state.lock().unwrap();
        let owner = state.owner(place)?;
        let relation = place.parent.as_ref().map_or("", |p| p.navigation.name);
        let id = reference.id.to_string();
        if !state.of(place.resource).iter().any(|o| text(o, "id") == id) {
            return Err(Error::NotFound);
        }
        if !state.references.insert((owner, relation, id)) {
            return Err(Error::ReferenceExists);
        }
        state.writes.push(format!("add {relation}"));
        Ok(())
    }

    async fn remove_reference(&self, place: &Place, reference: &Reference) -> Result<()> {
        let mut state = self.state.lock().unwrap();
        let owner = state.owner(place)?;
        let relation = place.parent.as_ref().map_or("", |p| p.navigation.name);
        if !state
            .references
            .remove(&(owner, relation, reference.id.to_string()))
        {
            return Err(Error::ReferenceMissing);
        }
        state.writes.push(format!("remove {relation}"));
        Ok(())
    }

    async fn act(
        &self,
        object: &Object,
        action: &'static Action,
        parameters: Json,
    ) -> Result<Json> {
        let mut state = self.state.lock().unwrap();
        state.find(object)?;
        state.writes.push(action.name.to_owned());
        let mut answer = parameters
            .get("passwordCredential")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        answer.insert("secretText".into(), "s3cret".into());
        answer.insert("keyId".into(), guid(7).into());
        Ok(answer)
    }

    async fn call(&self, function: &'static Function, argument: &str) -> Result<Json> {
        let answer = self.state.lock().unwrap().answer.clone();
        if !answer.is_empty() {
            return Ok(answer);
        }
        let found = json!({function.parameter.name: argument, "displayName": "Contoso, Ltd",
            "defaultDomainName": "contoso.com"});
        Ok(found.as_object().cloned().unwrap_or_default())
    }
}
