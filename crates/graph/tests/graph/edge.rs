//! The router with a caller and use cases in memory.

use std::{collections::BTreeSet, sync::Arc};

use axum::{Router, body::Body, http::Request};
use comity_graph::{Call, Caller, Graph, Seal, TokenFault, router};
use comity_model::{resource::operation, time::Utc};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::memory::Memory;

pub const ROOT: &str = "https://graph.contoso.test";
pub const TENANT: Uuid = Uuid::from_u128(0x8484_1066_274d_4ec0_a5c1_276b_e684_bdd3);
pub const USER_ID: &str = "87d349ed-44d7-43e1-9a83-5f2406dee5bd";

/// Exclusive-or with the context: enough to see that changed tokens do not open.
struct Xor;

impl Seal for Xor {
    fn seal(&self, purpose: &'static str, context: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        let sum = plain
            .iter()
            .fold(7_u8, |s, b| s.wrapping_mul(31).wrapping_add(*b));
        let key = [purpose.as_bytes(), context].concat();
        let mixed = plain
            .iter()
            .chain([&sum])
            .zip(key.iter().cycle())
            .map(|(p, k)| p ^ k);
        Some(mixed.collect())
    }
    fn open(&self, purpose: &'static str, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let key = [purpose.as_bytes(), context].concat();
        let mut plain: Vec<u8> = sealed
            .iter()
            .zip(key.iter().cycle())
            .map(|(p, k)| p ^ k)
            .collect();
        let sum = plain.pop()?;
        let right = plain
            .iter()
            .fold(7_u8, |s, b| s.wrapping_mul(31).wrapping_add(*b));
        (sum == right).then_some(plain)
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: axum::http::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
    }
    pub fn code(&self) -> String {
        self.json()["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
    pub fn message(&self) -> String {
        self.json()["error"]["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// The edge of one cloud.
pub struct Edge {
    router: Router,
    pub memory: Arc<Memory>,
    pub caller: Result<Caller, TokenFault>,
}

/// Every scope that any operation takes.
pub fn all_scopes() -> BTreeSet<String> {
    let everything = operation::all();
    everything
        .flat_map(|o| [o.delegated, o.application])
        .flatten()
        .flat_map(|s| {
            s.alternatives()
                .flatten()
                .map(|n| (*n).to_owned())
                .collect::<Vec<_>>()
        })
        .collect()
}

impl Edge {
    pub fn new() -> Self {
        let graph = Graph {
            root: ROOT.into(),
            authorization_uri: "https://login.contoso.test/common/oauth2/authorize".into(),
            seal: Arc::new(Xor),
        };
        let caller = Caller {
            tenant: TENANT,
            domains: vec!["contoso.com".into()],
            user: Some(USER_ID.parse().unwrap()),
            held: all_scopes(),
        };
        Self {
            router: router(graph),
            memory: Arc::default(),
            caller: Ok(caller),
        }
    }

    /// The same edge for a token with these scopes.
    pub fn with_scopes(&self, user: bool, scopes: &[&str]) -> Self {
        let caller = Caller {
            tenant: TENANT,
            domains: Vec::new(),
            user: user.then(|| USER_ID.parse().unwrap()),
            held: scopes.iter().map(|s| (*s).to_owned()).collect(),
        };
        Self {
            router: self.router.clone(),
            memory: self.memory.clone(),
            caller: Ok(caller),
        }
    }

    pub fn with_tenant(&self, tenant: Uuid) -> Self {
        let mut caller = self.caller.clone().unwrap();
        caller.tenant = tenant;
        Self {
            router: self.router.clone(),
            memory: self.memory.clone(),
            caller: Ok(caller),
        }
    }

    pub fn with_fault(&self, fault: TokenFault) -> Self {
        Self {
            router: self.router.clone(),
            memory: self.memory.clone(),
            caller: Err(fault),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, &[], Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send("PATCH", path, &[], Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], None).await
    }

    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let bytes = body.as_ref().map(|b| b.to_string().into_bytes());
        let mut headers = headers.to_vec();
        if bytes.is_some()
            && !headers
                .iter()
                .any(|(n, _)| n.eq_ignore_ascii_case("content-type"))
        {
            headers.push(("content-type", "application/json"));
        }
        self.raw(method, path, &headers, bytes.unwrap_or_default())
            .await
    }

    pub async fn raw(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body)).unwrap();
        request.extensions_mut().insert(Call {
            request_id: Uuid::from_u128(5),
            now: Utc::from_seconds(1_768_471_078),
            caller: self.caller.clone(),
            backend: self.memory.clone(),
        });
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }
}
