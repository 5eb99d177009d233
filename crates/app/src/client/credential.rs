//! How a client proves itself (RFC 6749 §2.3.1, RFC 7523; security bar O-21).
//!
//! 1. What is given is verified, also where nothing had to be given.
//! 2. A secret is compared by its SHA-256, in constant time, with every one registered.
//! 3. An assertion is signed by a key of the client and works once: its `jti` is remembered in the
//!    transaction of what it is good for.
//! 4. Nothing is given by a public client; a web application that gives nothing is refused.

use comity_crypto::{Jwk, JwkSet, constant_time_eq};
use comity_model::{
    application::{Application, ApplicationSecret, Platform},
    signing_key::KeyPurpose,
    time::Utc,
};
use comity_oauth::{
    client_assertion::{self, Accepted, Expected},
    keys::KeySet,
    token::ClientAuthentication,
};
use serde_json::Value;

use super::{Client, certificate};
use crate::{
    context::{Context, hash_bearer},
    snapshot::Snapshot,
    token::Refused,
};

/// How a client proved itself; `azpacr` of its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Nothing,
    Secret,
    Assertion,
}

impl Level {
    pub(crate) const fn azpacr(self) -> &'static str {
        match self {
            Self::Nothing => "0",
            Self::Secret => "1",
            Self::Assertion => "2",
        }
    }
}

/// A client that proved itself, or needed not.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    pub level: Level,
    /// An assertion's `jti`, still to be used.
    pub once: Option<Accepted>,
}

/// Rules 1 to 4. `platform` is that of the redirect URI the code went to; none for a client that
/// acts for itself.
pub(crate) fn authenticate(
    cx: &Context,
    snapshot: &Snapshot,
    client: &Client<'_>,
    given: &ClientAuthentication,
    platform: Option<Platform>,
) -> Result<Proof, Refused> {
    match given {
        ClientAuthentication::None { .. } => {
            if matches!(platform, Some(Platform::PublicClient | Platform::Spa)) {
                return Ok(Proof {
                    level: Level::Nothing,
                    once: None,
                });
            }
            Err(Refused::new(
                "invalid_client",
                7_000_218,
                "the request must contain `client_secret` or `client_assertion`",
            ))
        }
        ClientAuthentication::SecretBasic { secret, .. }
        | ClientAuthentication::SecretPost { secret, .. } => {
            let secrets = client
                .registration
                .and_then(|a| snapshot.secrets.get(&a.id));
            check_secret(
                secrets.map_or(&[], Vec::as_slice),
                secret.expose(),
                platform,
                cx.now,
            )?;
            Ok(Proof {
                level: Level::Secret,
                once: None,
            })
        }
        ClientAuthentication::PrivateKeyJwt { assertion, .. } => {
            let accepted = check_assertion(cx, snapshot, client, assertion.expose())?;
            Ok(Proof {
                level: Level::Assertion,
                once: Some(accepted),
            })
        }
    }
}

/// Rule 2.
fn check_secret(
    secrets: &[ApplicationSecret],
    given: &str,
    platform: Option<Platform>,
    now: Utc,
) -> Result<(), Refused> {
    if secrets.is_empty() && matches!(platform, Some(Platform::PublicClient | Platform::Spa)) {
        return Err(Refused::new(
            "invalid_client",
            700_025,
            "a public client must not send a credential",
        ));
    }
    let given = hash_bearer(given);
    let mut found = None;
    for secret in secrets {
        if constant_time_eq(secret.hash.0, given.0) {
            found = Some(secret);
        }
    }
    match found {
        Some(secret) if secret.end <= now => Err(Refused::new(
            "invalid_client",
            7_000_222,
            "the client secret has expired: make a new one",
        )),
        Some(secret) if secret.start <= now => Ok(()),
        _ => Err(Refused::new(
            "invalid_client",
            7_000_215,
            "the client secret is not one of this application",
        )),
    }
}

/// Rule 3.
fn check_assertion(
    cx: &Context,
    snapshot: &Snapshot,
    client: &Client<'_>,
    assertion: &str,
) -> Result<Accepted, Refused> {
    let keys = match client.registration {
        Some(application) => registered_keys(application, cx.now),
        None => cx
            .app
            .keys()
            .current()
            .verifiers(KeyPurpose::ClientAssertion),
    };
    let client_id = client.app_id.to_string();
    let audiences = audiences(cx, snapshot);
    let audiences: Vec<&str> = audiences.iter().map(String::as_str).collect();
    let expected = Expected {
        client_id: &client_id,
        audiences: &audiences,
        profile: client.profile(),
        now: cx.now.seconds(),
    };
    client_assertion::verify(assertion, &keys, &expected)
        .map_err(|e| Refused::new(e.code(), e.number(), e.to_string()))
}

/// What an assertion may be for: the issuer first, then the token endpoint by ID and by domain.
fn audiences(cx: &Context, snapshot: &Snapshot) -> Vec<String> {
    let own = &cx.app.registry().own;
    let endpoint = |segment: &str| format!("{}/{segment}/oauth2/v2.0/token", own.hosts.login);
    let tenant = snapshot.tenant.id.uuid();
    let mut all = vec![own.issuer(tenant), endpoint(&tenant.to_string())];
    all.extend(snapshot.domains.iter().map(|d| endpoint(&d.name)));
    all
}

/// The public keys of `keyCredentials` that are valid now.
fn registered_keys(application: &Application, now: Utc) -> KeySet {
    let credentials = application
        .properties
        .get("keyCredentials")
        .and_then(Value::as_array);
    let keys = credentials
        .into_iter()
        .flatten()
        .filter_map(|c| key(c, now))
        .collect();
    KeySet::from_jwks(&JwkSet { keys })
}

fn key(credential: &Value, now: Utc) -> Option<Jwk> {
    let text = |name: &str| credential.get(name).and_then(Value::as_str);
    let time = |name: &str| text(name).and_then(Utc::parse);
    if time("startDateTime").is_some_and(|start| start > now)
        || time("endDateTime").is_some_and(|end| end <= now)
    {
        return None;
    }
    certificate::public_key(text("key")?, text("customKeyIdentifier"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use comity_model::id::Id;
    use uuid::Uuid;

    fn secret(text: &str, start: i64, end: i64) -> ApplicationSecret {
        ApplicationSecret {
            key_id: Uuid::nil(),
            application: Id::new(Uuid::nil()),
            hash: hash_bearer(text),
            hint: "abc".into(),
            display_name: None,
            start: Utc::from_seconds(start),
            end: Utc::from_seconds(end),
        }
    }

    #[test]
    fn a_secret_is_good_in_its_time_only() {
        let secrets = [
            secret("old", 0, 50),
            secret("good", 0, 200),
            secret("next", 150, 200),
        ];
        let number = |given: &str, platform| {
            check_secret(&secrets, given, platform, Utc::from_seconds(100))
                .map_err(|e| e.number)
                .err()
        };
        assert_eq!(number("good", None), None);
        assert_eq!(number("good", Some(Platform::Web)), None);
        assert_eq!(number("old", None), Some(7_000_222));
        assert_eq!(number("next", None), Some(7_000_215));
        assert_eq!(number("other", None), Some(7_000_215));
        assert_eq!(number("", None), Some(7_000_215));
    }

    #[test]
    fn a_public_client_has_no_secret_to_send() {
        let now = Utc::from_seconds(100);
        let refused = check_secret(&[], "x", Some(Platform::PublicClient), now).unwrap_err();
        assert_eq!((refused.error, refused.number), ("invalid_client", 700_025));
        assert_eq!(
            check_secret(&[], "x", None, now).unwrap_err().number,
            7_000_215
        );
    }
}
