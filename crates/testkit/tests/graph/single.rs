//! Query options where one thing is asked for or written: a single object, a property, a function,
//! POST, PATCH and DELETE. What belongs there is right, everything else is a 400 that names it, and
//! nothing is written.

use comity_model::resource;
use comity_testkit::Engine;
use serde_json::Value;

use super::{
    fixture::Fixture,
    rig::{Rig, ok, refused},
    served::{collections, fill, mark, names, walk},
};

const BUILT: &str = include_str!("../story/operations.txt");
const NOBODY: &str = "3f0c9a52-77aa-4b6e-9d3e-0a4f5b6c7d8e";
/// Options of lists, and what no request has.
const OF_LISTS: [&str; 12] = [
    "$filter",
    "$orderby",
    "$top",
    "$skip",
    "$count",
    "$search",
    "$skiptoken",
    "$format",
    "$apply",
    "@id",
    "$id",
    "fitler",
];

/// An object of every collection, and every singleton.
async fn objects(rig: &Rig, fixture: &Fixture) -> Vec<(String, &'static resource::ResourceType)> {
    let mut all = vec![("/me".to_owned(), &resource::USER)];
    let only = resource::ALL.iter().filter(|r| r.singleton);
    all.extend(only.map(|r| (format!("/{}", r.path), *r)));
    for served in collections(fixture).iter().filter(|s| !s.references) {
        if let Some(first) = walk(rig, &served.path).await.first() {
            let path = format!("{}/{}", served.path, mark(served, first));
            all.push((path, served.resource));
        }
    }
    all
}

async fn says(rig: &Rig, (method, url): (&str, &str), name: &str) -> Option<String> {
    let body = (method != "GET").then_some(b"{}".as_slice());
    let headers = [("consistencylevel", "eventual")];
    let answer = rig.ask(&rig.admin, (method, url), &headers, body).await;
    let status = answer.status.as_u16();
    let good = status == 400 && {
        let message = refused(&answer).2;
        message.contains(name) || (name == "$id" && message.contains("@id"))
    };
    (!good).then(|| format!("{method} {url}: {status} {}", answer.text()))
}

/// `$select` and `$expand` of one object.
async fn shown(rig: &Rig, path: &str, resource: &resource::ResourceType) -> Vec<String> {
    let mut wrong = Vec::new();
    let plain = ok(&rig.get(path).await);
    for name in names(resource).into_iter().take(3) {
        let object = ok(&rig.get(&format!("{path}?$select={name}")).await);
        let mut served = object.as_object().unwrap().keys();
        let more = served.any(|n| !n.contains('@') && n != name && n != resource.key);
        let key = resource.key;
        if more || object.get(key) != plain.get(key) {
            wrong.push(format!("{path}?$select={name}: {object}"));
        }
    }
    for navigation in resource.navigations {
        let name = navigation.name;
        let url = format!("{path}?$expand={name}");
        if !navigation.expand || path.contains("deletedItems") {
            wrong.extend(says(rig, ("GET", &url), "xpand").await);
            continue;
        }
        let object = ok(&rig.get(&url).await);
        let one = object[name].is_object() && !navigation.many;
        let fits = one || (object[name].is_array() && navigation.many);
        if !fits || object.get("id") != plain.get("id") {
            wrong.push(format!("{url}: {object}"));
        }
    }
    for (query, word) in [
        ("$select=nothing", "nothing"),
        ("$expand=nothing", "xpand"),
        ("$select=id&select=id", "$select"),
    ] {
        let url = format!("{path}?{query}");
        wrong.extend(says(rig, ("GET", &url), word).await);
    }
    wrong
}

#[tokio::test]
async fn a_single_object_takes_select_and_expand_only() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let fixture = Fixture::make(&rig).await;
        fill(&rig, &fixture).await;
        let all = objects(&rig, &fixture).await;
        assert!(all.len() > 40, "{}", all.len());
        let mut wrong = Vec::new();
        for (path, resource) in all {
            wrong.extend(shown(&rig, &path, resource).await);
            for name in OF_LISTS {
                let url = format!("{path}?{name}=1");
                wrong.extend(says(&rig, ("GET", &url), name).await);
            }
        }
        let program = fixture.get("PROGRAM");
        let tenant = &rig.tenant("fabrikam.com").id;
        let find = "/tenantRelationships/findTenantInformationByTenantId";
        for path in [
            format!("/servicePrincipals/{program}/appRoles"),
            format!("{find}(tenantId='{tenant}')"),
        ] {
            assert_eq!(rig.get(&path).await.status, 200, "{path}");
            for name in OF_LISTS.into_iter().chain(["$select", "$expand"]) {
                let url = format!("{path}?{name}=1");
                wrong.extend(says(&rig, ("GET", &url), name).await);
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// Everything that can be listed, to see that nothing was written.
async fn kept(rig: &Rig, fixture: &Fixture) -> Vec<(String, Vec<Value>)> {
    let mut all = Vec::new();
    for served in collections(fixture) {
        let objects = walk(rig, &served.path).await;
        all.push((served.path, objects));
    }
    all
}

#[tokio::test]
async fn no_option_belongs_to_a_write() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let fixture = Fixture::make(&rig).await;
        fill(&rig, &fixture).await;
        let before = kept(&rig, &fixture).await;
        let mut wrong = Vec::new();
        let mut tried = 0;
        let rows = BUILT.lines().filter_map(|row| row.split_once(' '));
        for (method, template) in rows.filter(|(method, _)| *method != "GET") {
            let mut path = String::new();
            let mut above = "";
            for segment in template.split('/').skip(1) {
                let key = match segment {
                    "{}" => fixture.key(above, method).unwrap_or(NOBODY.to_owned()),
                    name => name.to_owned(),
                };
                path = format!("{path}/{key}");
                above = segment;
            }
            let options = OF_LISTS.into_iter().chain(["$select", "$expand"]);
            for name in options.filter(|n| !n.contains("id") || !template.contains("$ref")) {
                let url = format!("{path}?{name}=1");
                let Some(told) = says(&rig, (method, &url), name).await else {
                    tried += 1;
                    continue;
                };
                // Not to be written by anybody, or not built.
                if !told.contains(": 405 ") && !told.contains(": 501 ") {
                    wrong.push(told);
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(tried > 500, "{tried}");
        assert_eq!(kept(&rig, &fixture).await, before);
    }
}
