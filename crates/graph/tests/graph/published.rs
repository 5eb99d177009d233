//! The published requests: reading them, putting the objects there that they speak of, comparing
//! answers.

use std::path::Path;

use comity_graph::{
    Caller,
    address::{self, Target},
};
use comity_model::{
    id::parse_uuid,
    resource::{self, DIRECTORY_OBJECT, Kind, ResourceType, USER, address::Place},
    time::Utc,
};
use serde_json::{Map, Value, json};

use crate::{edge::Edge, memory::Memory};

/// The person or object that references in bodies point at.
pub const TARGET_ID: &str = "0000000f-0000-4000-8000-00000000000f";

/// One published request with its answer.
pub struct Example {
    pub name: String,
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub request: Option<Value>,
    pub status: u16,
    pub response: Value,
}

/// All published requests; `None` if the folder is not there.
pub fn all() -> Option<Vec<Example>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/spec/graph/examples");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .ok()?
        .map(|f| f.unwrap().path())
        .collect();
    files.sort();
    let read =
        |file| -> Vec<Value> { serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap() };
    Some(files.iter().flat_map(read).map(|v| example(&v)).collect())
}

fn example(value: &Value) -> Example {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let headers = value["request_headers"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let mut headers: Vec<(String, String)> = headers
        .iter()
        .map(|(n, v)| {
            (
                n.to_ascii_lowercase(),
                v.as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    headers.sort();
    headers.dedup_by(|a, b| a.0 == b.0);
    let body = value["request_body"]
        .to_string()
        .replace("/{id}\"", &format!("/{TARGET_ID}\""));
    let request: Value = serde_json::from_str(&body).unwrap();
    Example {
        name: text("name"),
        method: text("method"),
        path: filled(&text("path")),
        headers,
        request: (!request.is_null()).then_some(request),
        status: value["response_status"].as_u64().unwrap() as u16,
        response: value["response_body"].clone(),
    }
}

/// Placeholders become IDs, one each; what may not stand in a URI is encoded.
fn filled(path: &str) -> String {
    let mut text = String::from("/v1.0");
    let mut rest = path;
    let mut n = 0;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        n += 1;
        let (name, after) = after.split_once('}').unwrap();
        if name == "domain-name" {
            text.push_str("contoso.com");
        } else {
            text.push_str("0000000");
            text.push_str(&n.to_string());
            text.push_str("-0000-4000-8000-000000000000");
        }
        rest = after;
    }
    text.push_str(rest);
    text.replace(' ', "%20").replace('"', "%22")
}

/// Puts the objects of a request there. Returns the answer as it should be: with the IDs given to
/// objects that were published without one.
pub fn seed(edge: &Edge, example: &Example, additions: &[(&str, Value)]) -> Value {
    let memory = &edge.memory;
    let caller: Caller = edge.caller.clone().unwrap();
    let mut want = example.response.clone();
    memory.put(&USER, json!({"id": TARGET_ID, "displayName": "Target"}));
    memory.put(
        &USER,
        json!({"id": caller.user.unwrap().to_string(), "displayName": "Me"}),
    );
    let path = example.path.split('?').next().unwrap();
    let Ok((version, segments)) = address::segments(path) else {
        return want;
    };
    let Ok(address) = address::resolve(version, &segments, &caller) else {
        return want;
    };
    match &address.target {
        Target::Collection(place) | Target::Count(place) | Target::References(place) => {
            owner(memory, place);
            let url = example
                .request
                .as_ref()
                .and_then(|r| r.get("@odata.id")?.as_str());
            if let Some(id) = url.and_then(|u| u.rsplit('/').next()) {
                memory.put(&USER, json!({"id": id, "displayName": "Target"}));
            }
            for item in values(&mut want) {
                let id = put(memory, place.resource, item, additions);
                relate(memory, place, &id);
            }
        }
        Target::Reference(place, key) => {
            owner(memory, place);
            memory.put(&USER, json!({"id": key.text()}));
            relate(memory, place, key.text());
        }
        Target::Object(object) | Target::Property(object, _) | Target::Action(object, _) => {
            let place = &object.place;
            owner(memory, place);
            let mut body = if want.is_object() {
                want.clone()
            } else {
                json!({})
            };
            if let Value::Object(body) = &mut body
                && !object.key.text().is_empty()
            {
                body.insert(place.resource.key.into(), object.key.text().into());
            }
            let id = put(memory, place.resource, &mut body, additions);
            relate(memory, place, &id);
            if want.get("value").is_none() && want.is_object() && example.method == "GET" {
                want = body;
            }
        }
        Target::Function(..) => memory.answer(want.clone()),
        Target::Metadata => {}
    }
    want
}

fn values(want: &mut Value) -> impl Iterator<Item = &mut Value> {
    want.get_mut("value")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
}

fn owner(memory: &Memory, place: &Place) {
    if let Some(parent) = &place.parent {
        memory.put(
            parent.resource,
            json!({parent.resource.key: parent.key.text()}),
        );
    }
}

fn relate(memory: &Memory, place: &Place, id: &str) {
    let Some(parent) = &place.parent else { return };
    let owner = parent.key.text();
    match parent.navigation.name {
        "memberOf" | "transitiveMemberOf" => memory.refer(id, "members", owner),
        "transitiveMembers" => memory.refer(owner, "members", id),
        "appRoleAssignments" => memory.set("appRoleAssignment", id, "principalId", owner),
        "appRoleAssignedTo" => memory.set("appRoleAssignment", id, "resourceId", owner),
        relation => memory.refer(owner, relation, id),
    }
}

fn put(
    memory: &Memory,
    declared: &'static ResourceType,
    item: &mut Value,
    additions: &[(&str, Value)],
) -> String {
    let named = item
        .get("@odata.type")
        .and_then(Value::as_str)
        .and_then(resource::find);
    let usual = if declared == &DIRECTORY_OBJECT {
        &USER
    } else {
        declared
    };
    let resource = named.unwrap_or(usual);
    let mut object: Map<String, Value> = item.as_object().cloned().unwrap_or_default();
    object.retain(|name, _| !name.contains('@'));
    for navigation in resource.navigations.iter().filter(|n| !n.many) {
        if let Some(mut behind) = object.remove(navigation.name) {
            put(memory, navigation.target, &mut behind, &[]);
        }
    }
    let key = resource.own_property(resource.key).map(|p| p.kind);
    let fits = |v: &Value| {
        v.as_str()
            .is_some_and(|t| !matches!(key, Some(Kind::Guid)) || parse_uuid(t).is_some())
    };
    if object.get(resource.key).is_some_and(|v| !fits(v)) {
        object.remove(resource.key);
    }
    for (name, value) in additions {
        object.entry(*name).or_insert_with(|| value.clone());
    }
    let id = memory.put(resource, Value::Object(object));
    if let Value::Object(item) = item
        && !resource.key.is_empty()
        && !resource.singleton
    {
        item.insert(resource.key.into(), id.clone().into());
    }
    id
}

/// How strictly values compare.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Objects were put there as published.
    Equal,
    /// The server makes them: names and types.
    Types,
}

/// Differences between the published answer and ours, as paths of properties.
pub fn differences(want: &Value, have: &Value, values: Values) -> Vec<String> {
    let mut found = Vec::new();
    compare(want, have, values, "", &mut found);
    found
}

fn compare(want: &Value, have: &Value, values: Values, path: &str, found: &mut Vec<String>) {
    match (want, have) {
        (Value::Object(want), Value::Object(have)) => {
            for (name, value) in want.iter().filter(|(n, _)| counts(n)) {
                let inner = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}/{name}")
                };
                match have.get(name) {
                    None => found.push(inner),
                    Some(have) if name == "@odata.context" => {
                        let fragment = |v: &Value| {
                            v.as_str()
                                .unwrap_or_default()
                                .split_once('#')
                                .map(|(_, f)| f.to_owned())
                        };
                        if fragment(value) != fragment(have) {
                            found.push(inner);
                        }
                    }
                    Some(have) => compare(value, have, values, &inner, found),
                }
            }
        }
        (Value::Array(want), Value::Array(have)) => lists(want, have, values, path, found),
        (Value::Null, _) | (_, Value::Null) if values == Values::Types => {}
        _ if values == Values::Types && kind(want) == kind(have) => {}
        _ if values == Values::Equal && same(want, have) => {}
        _ => found.push(path.to_owned()),
    }
}

fn lists(want: &[Value], have: &[Value], values: Values, path: &str, found: &mut Vec<String>) {
    let keyed = |v: &Value| v.get("id").or_else(|| v.get("tenantId")).cloned();
    for (at, item) in want.iter().enumerate() {
        let other = match keyed(item) {
            Some(key) if path == "value" => have.iter().find(|h| keyed(h).as_ref() == Some(&key)),
            _ => have.get(at),
        };
        match other {
            None if values == Values::Types => {}
            None => found.push(path.to_owned()),
            Some(other) => compare(item, other, values, path, found),
        }
    }
}

/// Annotations that depend on the server's host or on what else is stored.
fn counts(name: &str) -> bool {
    !matches!(name, "@odata.nextLink" | "@odata.id" | "@odata.count")
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

fn same(want: &Value, have: &Value) -> bool {
    let time = |v: &Value| v.as_str().and_then(Utc::parse);
    want == have || (time(want).is_some() && time(want) == time(have))
}
