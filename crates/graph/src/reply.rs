//! Answers on the wire: headers of every answer, the error envelope (odata-conventions.md §2, §5).

use axum::{body::Body, response::Response};
use comity_model::{id::parse_uuid, time::Utc};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{error::Failure, render::Metadata};

/// What is written behind the headers.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Nothing.
    Empty,
    /// An object.
    Json(Map<String, Value>),
    /// A number.
    Text(String),
    /// `$metadata`
    Xml(String),
}

/// An answer before its headers.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub content: Content,
    /// `Location`
    pub location: Option<String>,
}

impl Reply {
    /// 200 with an object.
    pub const fn ok(object: Map<String, Value>) -> Self {
        Self {
            status: 200,
            content: Content::Json(object),
            location: None,
        }
    }

    /// 204
    pub const fn done() -> Self {
        Self {
            status: 204,
            content: Content::Empty,
            location: None,
        }
    }
}

/// What every answer of a request says of it.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// `request-id`
    pub request_id: Uuid,
    /// `client-request-id`: the client's if it sent a GUID, else ours.
    pub client_request_id: Uuid,
    /// The time of the request.
    pub now: Utc,
    /// Metadata level.
    pub metadata: Metadata,
    /// For `WWW-Authenticate`.
    pub authorization_uri: String,
}

const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

impl Envelope {
    /// Reads the headers of a request.
    pub fn new(headers: &HeaderMap, request_id: Uuid, now: Utc, authorization_uri: &str) -> Self {
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
        let client = [
            "client-request-id",
            "x-ms-client-request-id",
            "x-ms-correlation-request-id",
        ];
        let client = client
            .iter()
            .find_map(|name| text(name).and_then(parse_uuid));
        Self {
            request_id,
            client_request_id: client.unwrap_or(request_id),
            now,
            metadata: Metadata::from_accept(text("accept").unwrap_or_default()),
            authorization_uri: authorization_uri.to_owned(),
        }
    }

    /// Writes an answer.
    pub fn write(&self, reply: Reply) -> Response {
        let (kind, body) = match reply.content {
            Content::Empty => (None, String::new()),
            Content::Json(object) => {
                let kind = format!(
                    "application/json;odata.metadata={};odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
                    self.metadata.as_str()
                );
                (Some(kind), Value::Object(object).to_string())
            }
            Content::Text(text) => (Some("text/plain".to_owned()), text),
            Content::Xml(text) => (Some("application/xml".to_owned()), text),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
        let headers = response.headers_mut();
        if let Some(kind) = kind {
            set(headers, header::CONTENT_TYPE, &kind);
            set(headers, HeaderName::from_static("odata-version"), "4.0");
        }
        if let Some(location) = reply.location {
            set(headers, header::LOCATION, &location);
        }
        self.common(headers);
        response
    }

    /// Writes a refusal.
    pub fn refuse(&self, failure: &Failure) -> Response {
        let date = self.now.to_rfc3339();
        let date = date.split(['.', 'Z']).next().unwrap_or_default();
        let extra = failure.extra.as_deref().cloned().unwrap_or_default();
        let mut inner = Map::new();
        inner.insert("date".into(), date.into());
        inner.insert("request-id".into(), self.request_id.to_string().into());
        let client = self.client_request_id.to_string();
        inner.insert("client-request-id".into(), client.into());
        if let Some(message) = extra.inner {
            inner.insert("message".into(), message.into());
        }
        let mut error = Map::new();
        error.insert("code".into(), failure.code.into());
        error.insert("message".into(), failure.message.as_str().into());
        if let Some((code, target)) = extra.detail {
            let detail = json!([{"code": code, "message": failure.message, "target": target}]);
            error.insert("details".into(), detail);
        }
        error.insert("innerError".into(), Value::Object(inner));
        let mut response = Response::new(Body::from(json!({"error": error}).to_string()));
        *response.status_mut() =
            StatusCode::from_u16(failure.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        set(headers, header::CONTENT_TYPE, "application/json");
        if let Some(seconds) = extra.retry_after {
            set(headers, header::RETRY_AFTER, &seconds.to_string());
        }
        if failure.status == 401 {
            set(
                headers,
                header::WWW_AUTHENTICATE,
                &self.challenge(extra.claims.as_deref()),
            );
        }
        self.common(headers);
        response
    }

    fn challenge(&self, claims: Option<&str>) -> String {
        let uri = &self.authorization_uri;
        let base = format!("Bearer realm=\"\", authorization_uri=\"{uri}\", client_id=\"{GRAPH}\"");
        match claims {
            Some(claims) => format!("{base}, error=\"insufficient_claims\", claims=\"{claims}\""),
            None => base,
        }
    }

    fn common(&self, headers: &mut HeaderMap) {
        for (name, value) in [
            ("request-id", self.request_id.to_string()),
            ("client-request-id", self.client_request_id.to_string()),
            ("cache-control", "no-cache".to_owned()),
            ("vary", "Accept-Encoding".to_owned()),
            (
                "strict-transport-security",
                "max-age=31536000; includeSubDomains".to_owned(),
            ),
            ("x-content-type-options", "nosniff".to_owned()),
        ] {
            set(headers, HeaderName::from_static(name), &value);
        }
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
