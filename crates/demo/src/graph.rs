//! A script's calls to the Graph API, and its error envelope.

use http::{Method, StatusCode, header};
use serde_json::Value;
use url::Url;

use crate::client::{Answer, Ask, Client, excerpt};

/// One caller at one cloud's Graph.
#[derive(Clone)]
pub struct Graph {
    client: Client,
    origin: String,
    token: String,
}

#[derive(Debug, Clone)]
pub struct Reply {
    pub status: StatusCode,
    pub body: Value,
}

/// `{"error":{"code","message","innerError":{"request-id"}}}` with its status.
#[derive(Debug, Clone, thiserror::Error)]
#[error("status {status}, code `{code}`, message `{message}`, request-id `{request_id}`")]
pub struct Refusal {
    pub status: u16,
    pub code: String,
    pub message: String,
    pub request_id: String,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{call}: {refusal}")]
    Refused { call: String, refusal: Refusal },
    #[error("{0:#}")]
    Failed(anyhow::Error),
}

impl Graph {
    pub fn new(client: Client, origin: &str, token: &str) -> Self {
        Self {
            client,
            origin: origin.to_owned(),
            token: token.to_owned(),
        }
    }

    pub async fn get(&self, path: &str) -> Result<Value, Error> {
        Ok(self.call(Method::GET, path, None).await?.body)
    }

    /// A collection, or one object, with query options that need encoding.
    pub async fn query(&self, path: &str, options: &[(&str, &str)]) -> Result<Value, Error> {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(options)
            .finish();
        self.get(&format!("{path}?{query}")).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Reply, Error> {
        self.call(Method::POST, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Result<Reply, Error> {
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Result<Reply, Error> {
        self.call(Method::DELETE, path, None).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Reply, Error> {
        let call = format!("{method} {path}");
        let answer = self.send(method, path, body).await.map_err(Error::Failed)?;
        if answer.status.is_success() {
            let body = if answer.body.is_empty() {
                Value::Null
            } else {
                answer
                    .json()
                    .map_err(|error| Error::Failed(error.context(call)))?
            };
            return Ok(Reply {
                status: answer.status,
                body,
            });
        }
        Err(Error::Refused {
            call,
            refusal: Refusal::read(&answer),
        })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let url = Url::parse(&format!("{}{path}", self.origin))?;
        let mut ask = Ask::new(method, url)
            .header(header::AUTHORIZATION, &format!("Bearer {}", self.token))?
            .header(header::ACCEPT, "application/json")?;
        if let Some(body) = body {
            ask = ask.json(body);
        }
        self.client.send(ask).await
    }
}

impl Refusal {
    fn read(answer: &Answer) -> Self {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |pointer: &str| {
            body.pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        Self {
            status: answer.status.as_u16(),
            code: text("/error/code").unwrap_or_else(|| "(none)".to_owned()),
            // A body that is not the envelope is shown as it stands.
            message: text("/error/message").unwrap_or_else(|| excerpt(&answer.text())),
            request_id: text("/error/innerError/request-id").unwrap_or_else(|| "(none)".to_owned()),
        }
    }
}

impl Error {
    /// The refusal, or the failure to reach the server at all.
    pub fn refusal(self) -> anyhow::Result<Refusal> {
        match self {
            Self::Refused { refusal, .. } => Ok(refusal),
            Self::Failed(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::HeaderMap;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::from(body.to_owned()),
        }
    }

    #[test]
    fn the_envelope_of_a_refusal_is_read() {
        let body = r#"{"error":{"code":"Request_BadRequest","message":"no","innerError":{"request-id":"r1"}}}"#;
        let refusal = Refusal::read(&answer(400, body));
        assert_eq!(
            (refusal.status, refusal.code.as_str()),
            (400, "Request_BadRequest")
        );
        assert_eq!(
            refusal.to_string(),
            "status 400, code `Request_BadRequest`, message `no`, request-id `r1`"
        );
    }

    #[test]
    fn a_body_that_is_no_envelope_is_shown() {
        let refusal = Refusal::read(&answer(502, "<h1>Bad gateway</h1>"));
        assert_eq!(refusal.code, "(none)");
        assert_eq!(refusal.message, "<h1>Bad gateway</h1>");
    }
}
