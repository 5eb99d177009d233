//! The published requests: read, ordered, and their placeholders and IDs replaced by those of the
//! world's objects.

use std::path::Path;

use serde_json::Value;

use super::fixture::Fixture;

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

/// All published requests, those that read first and those that delete last; `None` if the folder
/// is not there.
pub fn all() -> Option<Vec<Example>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/spec/graph/examples");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .ok()?
        .map(|f| f.unwrap().path())
        .collect();
    files.sort();
    let read =
        |file| -> Vec<Value> { serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap() };
    let mut examples: Vec<Example> = files.iter().flat_map(read).map(|v| example(&v)).collect();
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    examples.sort_by_key(|e| {
        let depth = e.path.matches('/').count();
        (
            methods.iter().position(|m| *m == e.method),
            std::cmp::Reverse(depth),
        )
    });
    Some(examples)
}

fn example(value: &Value) -> Example {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let mut headers: Vec<(String, String)> = value["request_headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(n, v)| (n.to_ascii_lowercase(), v.as_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    headers.dedup_by(|a, b| a.0 == b.0);
    let request = value["request_body"].clone();
    Example {
        name: text("name"),
        method: text("method"),
        path: text("path"),
        headers,
        request: (!request.is_null()).then_some(request),
        status: u16::try_from(value["response_status"].as_u64().unwrap()).unwrap(),
        response: value["response_body"].clone(),
    }
}

/// The path in this world: every key becomes that of the object kept for its collection.
pub fn path(example: &Example, fixture: &Fixture) -> String {
    let (path, query) = match example.path.split_once('?') {
        Some((path, query)) => (path, format!("?{}", fixture.ids(query))),
        None => (example.path.as_str(), String::new()),
    };
    let mut out = String::new();
    let mut above = "";
    for segment in path.split('/').skip(1) {
        let is_key = segment.starts_with('{') || is_id(segment);
        let function = segment.contains('(').then(|| fixture.ids(segment));
        out.push('/');
        match (is_key, fixture.key(above, &example.method)) {
            (true, Some(key)) => out.push_str(&key),
            (true, None) => out.push_str("00000001-0000-4000-8000-000000000000"),
            (false, _) => out.push_str(function.as_deref().unwrap_or(segment)),
        }
        above = segment;
    }
    out.push_str(&query);
    out.replace(' ', "%20")
        .replace('"', "%22")
        .replace('+', "%20")
}

/// A GUID or one of the opaque IDs; names of properties and types are shorter or have dots.
fn is_id(segment: &str) -> bool {
    segment.len() >= 36 && segment.contains('-') && !segment.contains(['(', '.'])
}

/// The body in this world.
pub fn body(example: &Example, fixture: &Fixture) -> Option<Value> {
    let text = fixture.ids(&example.request.as_ref()?.to_string());
    Some(serde_json::from_str(&text).unwrap())
}
