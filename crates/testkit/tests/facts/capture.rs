//! What was on the wire between two clouds, readable: forms and signed texts taken apart.

use comity_crypto::base64url;
use comity_testkit::{Exchange, World};
use serde_json::{Map, Value};
use url::form_urlencoded;

/// One message of one cloud to another.
#[derive(Debug, Clone)]
pub struct Message {
    pub from: String,
    pub to: String,
    /// The tenant that asked, as the question, the push or the assertion names it.
    pub asking: String,
    /// The path of the request, or `answer to` it.
    pub about: String,
    /// Everything it says, with every signed text opened.
    pub content: Value,
}

/// Every message between two clouds in its order.
pub fn capture(world: &World) -> Vec<Message> {
    let exchanges = world.wire.exchanges();
    let between = exchanges.iter().filter(|e| e.from != e.to);
    between.flat_map(messages).collect()
}

pub fn messages(exchange: &Exchange) -> [Message; 2] {
    let path = url::Url::parse(&exchange.url).unwrap().path().to_owned();
    let (asked, answered) = (open(&exchange.body), open(&exchange.answer));
    let asking = asking(&asked)
        .or_else(|| asking(&answered))
        .unwrap_or_default();
    let request = Message {
        asking: asking.clone(),
        from: exchange.from.clone(),
        to: exchange.to.clone(),
        about: format!("{} {path}", exchange.method),
        content: asked,
    };
    let answer = Message {
        asking,
        from: exchange.to.clone(),
        to: exchange.from.clone(),
        about: format!("answer to {} {path}", exchange.method),
        content: answered,
    };
    [request, answer]
}

fn asking(content: &Value) -> Option<String> {
    let resource = named(content, "resource_tenant");
    let own = content.get("tid");
    let mut all = resource.into_iter().chain(own);
    all.find_map(Value::as_str).map(str::to_lowercase)
}

/// A text taken apart: JSON, a form, a signed text, or itself.
fn open(text: &str) -> Value {
    if let Some(claims) = claims(text) {
        return deep(claims);
    }
    if let Ok(value) = serde_json::from_str::<Value>(text)
        && (value.is_object() || value.is_array())
    {
        return deep(value);
    }
    let is_form = text.contains('=') && !text.contains([' ', '<', '{']);
    if is_form {
        let pairs = form_urlencoded::parse(text.as_bytes());
        let map: Map<_, _> = pairs.map(|(k, v)| (k.into_owned(), open(&v))).collect();
        return Value::Object(map);
    }
    Value::String(text.to_owned())
}

fn deep(value: Value) -> Value {
    match value {
        Value::String(text) => open(&text),
        Value::Array(list) => Value::Array(list.into_iter().map(deep).collect()),
        Value::Object(map) => Value::Object(map.into_iter().map(|(k, v)| (k, deep(v))).collect()),
        other => other,
    }
}

fn claims(text: &str) -> Option<Value> {
    let mut parts = text.split('.');
    let (head, body, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    let header: Value = serde_json::from_slice(&base64url::decode(head).ok()?).ok()?;
    header.get("alg")?;
    serde_json::from_slice(&base64url::decode(body).ok()?).ok()
}

/// Every text of a value, names included.
pub fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::Object(map) => map
            .iter()
            .flat_map(|(name, value)| [vec![name.clone()], texts(value)].concat())
            .collect(),
        _ => Vec::new(),
    }
}

/// Every value below a name, however deep.
pub fn named<'v>(value: &'v Value, name: &str) -> Vec<&'v Value> {
    match value {
        Value::Array(list) => list.iter().flat_map(|v| named(v, name)).collect(),
        Value::Object(map) => {
            let own = map.get(name).into_iter();
            own.chain(map.values().flat_map(|v| named(v, name)))
                .collect()
        }
        _ => Vec::new(),
    }
}
