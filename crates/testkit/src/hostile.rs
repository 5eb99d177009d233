//! A hostile cloud: paired like any other, with its own keys, saying what it likes. It can sign
//! everything that is its own to sign, and nothing else (cross-cloud-federation.md §1).

use std::sync::Arc;

use anyhow::Context as _;
use comity_app::{App, port::OutboundResponse};
use comity_crypto::base64url;
use comity_model::signing_key::KeyPurpose;
use comity_oauth::{assertion, entity, jws, question};
use serde_json::Value;

use crate::outbound::Lie;

/// A cloud of the world in hostile hands: its keys are used for whatever it wants to say.
#[derive(Clone)]
pub struct Hostile(App);

impl Hostile {
    /// Takes a cloud over.
    pub fn new(app: &App) -> Self {
        Self(app.clone())
    }

    /// Anything, under any `typ`, by one of its keys.
    pub fn sign(&self, key: KeyPurpose, typ: &str, claims: &Value) -> anyhow::Result<String> {
        let keys = self.0.keys().current();
        let key = keys
            .active(key)
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        jws::sign(typ, claims, key).map_err(|error| anyhow::anyhow!("{error}"))
    }

    /// The lie about people: every assertion is changed and signed anew.
    pub fn of_people(&self, change: impl Fn(&mut Value) + Send + Sync + 'static) -> Lie {
        let own = self.clone();
        Self::in_grants(move |token| {
            let mut claims = claims(token)?;
            change(&mut claims);
            own.sign(KeyPurpose::Assertion, assertion::TYPE, &claims)
        })
    }

    /// Every assertion is replaced by what the function makes of it.
    pub fn in_grants(make: impl Fn(&str) -> anyhow::Result<String> + Send + Sync + 'static) -> Lie {
        Self::grants(move |body| {
            if let Some(token) = body["id_token"].as_str()
                && let Ok(made) = make(token)
            {
                body["id_token"] = made.into();
            }
        })
    }

    /// The answers of its token endpoint are changed as a whole.
    pub fn grants(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Lie {
        Self::at("/token", move |answer| {
            if let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) {
                change(&mut body);
                answer.body = body.to_string().into_bytes();
            }
        })
    }

    /// The lie about itself: its configuration is changed and signed anew.
    pub fn of_itself(&self, change: impl Fn(&mut Value) + Send + Sync + 'static) -> Lie {
        let own = self.clone();
        Self::at(entity::PATH, move |answer| {
            own.anew(answer, (KeyPurpose::Entity, entity::TYPE), &change);
        })
    }

    /// The lie on the back channel: every answer is changed and signed anew.
    pub fn answers(&self, change: impl Fn(&mut Value) + Send + Sync + 'static) -> Lie {
        let own = self.clone();
        Self::at(question::PATH, move |answer| {
            own.anew(answer, (KeyPurpose::Answer, question::ANSWER_TYPE), &change);
        })
    }

    fn anew(
        &self,
        answer: &mut OutboundResponse,
        (key, typ): (KeyPurpose, &str),
        change: &impl Fn(&mut Value),
    ) {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let Ok(mut claims) = claims(&text) else {
            return;
        };
        change(&mut claims);
        if let Ok(signed) = self.sign(key, typ, &claims) {
            answer.body = signed.into_bytes();
        }
    }

    /// Anything at all, at addresses that end so.
    pub fn at(
        tail: &'static str,
        change: impl Fn(&mut OutboundResponse) + Send + Sync + 'static,
    ) -> Lie {
        Arc::new(move |request, mut answer| {
            if request.url.ends_with(tail) {
                change(&mut answer);
            }
            answer
        })
    }
}

/// What a signed message says, unverified.
pub fn claims(token: &str) -> anyhow::Result<Value> {
    let middle = token.split('.').nth(1).context("no signed message")?;
    Ok(serde_json::from_slice(&base64url::decode(middle)?)?)
}
