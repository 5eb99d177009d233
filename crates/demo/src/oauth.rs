//! A script's way to tokens: discovery, authorization code with PKCE as the Azure CLI does it, refresh, and
//! client credentials (RFC 6749, 7636, 8414; OpenID Connect Core).

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use aws_lc_rs::digest;
use http::Method;
use serde_json::Value;
use url::Url;

use crate::browser::Browser;
use crate::client::{Answer, Ask, Client, excerpt};
use crate::jwt::{Jwt, pack};
use crate::manifest::{Automation, Cloud, Tenant};
use crate::options::{Chance, Clock};
use crate::walk::{self, End, Person, Trip};

/// The public client that tools use; it is present in every tenant.
pub const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
/// Nothing listens there: the code is read from the redirect.
const LOOPBACK: &str = "http://localhost:8400";

/// What every request of a script needs.
#[derive(Clone)]
pub struct Means {
    pub client: Client,
    pub clock: Clock,
    pub chance: Chance,
}

/// A tenant's discovery document, as far as it is used.
#[derive(Debug, Clone)]
pub struct Discovery {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    pub document: Value,
}

/// Tokens of one answer, and where to get the next.
#[derive(Clone)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub id_token: Option<String>,
    pub expires_at: u64,
    token_endpoint: String,
    scope: String,
}

/// The error answer of a token endpoint.
#[derive(Debug, Clone, thiserror::Error)]
#[error("status {status}, error `{error}`, codes {codes:?}, description `{description}`")]
pub struct Refusal {
    pub status: u16,
    pub error: String,
    pub description: String,
    pub codes: Vec<u64>,
    pub correlation_id: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Refused(Refusal),
    #[error("{0:#}")]
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// How a script's sign-in through the pages ended.
pub enum SignIn {
    Tokens(Box<Tokens>, Trip),
    /// The person was not let through.
    Stopped(Trip),
}

pub async fn discover(client: &Client, cloud: &Cloud, tenant: &str) -> Result<Discovery> {
    let url = format!(
        "{}/{tenant}/v2.0/.well-known/openid-configuration",
        cloud.login
    );
    let answer = client.get(&url).await?;
    ensure!(
        answer.status == 200,
        "{url}: status {}: {}",
        answer.status,
        excerpt(&answer.text())
    );
    let document = answer.json()?;
    let text = |name: &str| -> Result<String> {
        let value = document.get(name).and_then(Value::as_str);
        Ok(value
            .with_context(|| format!("{url} has no `{name}`"))?
            .to_owned())
    };
    Ok(Discovery {
        issuer: text("issuer")?,
        authorization_endpoint: text("authorization_endpoint")?,
        token_endpoint: text("token_endpoint")?,
        jwks_uri: text("jwks_uri")?,
        document,
    })
}

pub async fn key_set(client: &Client, discovery: &Discovery) -> Result<Value> {
    let answer = client.get(&discovery.jwks_uri).await?;
    ensure!(
        answer.status == 200,
        "{}: status {}",
        discovery.jwks_uri,
        answer.status
    );
    answer.json()
}

/// Signs a person in at a tenant with the Azure CLI's client and asks for a token for the cloud's Graph.
pub async fn sign_in(
    means: &Means,
    browser: &mut Browser,
    person: &mut Person,
    (cloud, tenant): (&Cloud, &Tenant),
) -> Result<SignIn> {
    let discovery = discover(&means.client, cloud, &tenant.id).await?;
    let scope = format!("{}/.default offline_access openid profile", cloud.graph);
    let verifier = pack(&means.chance.bytes::<32>());
    let state = pack(&means.chance.bytes::<16>());
    let nonce = pack(&means.chance.bytes::<16>());
    let challenge = pack(digest::digest(&digest::SHA256, verifier.as_bytes()).as_ref());
    let mut url = Url::parse(&discovery.authorization_endpoint)?;
    url.query_pairs_mut().extend_pairs([
        ("client_id", AZURE_CLI),
        ("response_type", "code"),
        ("redirect_uri", LOOPBACK),
        ("scope", &scope),
        ("state", &state),
        ("nonce", &nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    browser.stop_at(Some(LOOPBACK.to_owned()));
    let opened = browser.open(url.as_str()).await;
    let trip = match opened {
        Ok(()) => walk::walk(browser, person, &means.clock).await,
        Err(error) => Err(error),
    };
    browser.stop_at(None);
    let trip = trip?;
    let End::Away(landed) = &trip.end else {
        return Ok(SignIn::Stopped(trip));
    };
    let code = code(landed, &state, &discovery)?;
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", AZURE_CLI),
        ("code", &code),
        ("redirect_uri", LOOPBACK),
        ("code_verifier", &verifier),
        ("scope", &scope),
    ];
    let answer = redeem(means, &discovery.token_endpoint, &scope, &fields).await;
    let tokens = answer
        .map_err(|error| anyhow::anyhow!("{error}"))
        .context("redeeming the code")?;
    check_id_token(means, &discovery, &tokens, &nonce).await?;
    Ok(SignIn::Tokens(Box::new(tokens), trip))
}

/// Reads the code from the redirect (RFC 6749 §4.1.2, RFC 9207).
fn code(landed: &Url, state: &str, discovery: &Discovery) -> Result<String> {
    let field = |name: &str| {
        landed
            .query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    if let Some(error) = field("error") {
        bail!(
            "refused: `{error}`, `{}`",
            field("error_description").unwrap_or_default()
        );
    }
    ensure!(
        field("state").as_deref() == Some(state),
        "the redirect carries another `state`"
    );
    if let Some(issuer) = field("iss") {
        ensure!(
            issuer == discovery.issuer,
            "the redirect's `iss` is `{issuer}`"
        );
    }
    field("code").context("the redirect carries no `code`")
}

async fn check_id_token(
    means: &Means,
    discovery: &Discovery,
    tokens: &Tokens,
    nonce: &str,
) -> Result<()> {
    let text = tokens
        .id_token
        .as_ref()
        .context("the answer has no id_token though `openid` was asked")?;
    let token = Jwt::parse(text)?;
    token.verify(&key_set(&means.client, discovery).await?)?;
    let issuer = token.claim("iss").unwrap_or_default();
    ensure!(
        issuer == discovery.issuer,
        "`iss` is `{issuer}`, discovery says `{}`",
        discovery.issuer
    );
    ensure!(
        token.claim("aud") == Some(AZURE_CLI),
        "`aud` is not the client: {}",
        token.claims
    );
    ensure!(
        token.claim("nonce") == Some(nonce),
        "the id_token carries another `nonce`"
    );
    Ok(())
}

pub async fn refresh(means: &Means, tokens: &Tokens) -> Result<Tokens, Error> {
    let refresh_token = tokens
        .refresh_token
        .as_deref()
        .context("there is no refresh token")?;
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", AZURE_CLI),
        ("refresh_token", refresh_token),
        ("scope", &tokens.scope),
    ];
    let mut next = redeem(means, &tokens.token_endpoint, &tokens.scope, &fields).await?;
    if next.refresh_token.is_none() {
        next.refresh_token.clone_from(&tokens.refresh_token);
    }
    Ok(next)
}

/// A token for the cloud's Graph by an application's secret.
pub async fn client_credentials(
    means: &Means,
    cloud: &Cloud,
    discovery: &Discovery,
    application: &Automation,
) -> Result<Tokens, Error> {
    let scope = format!("{}/.default", cloud.graph);
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", application.client_id.as_str()),
        ("client_secret", application.client_secret.expose()),
        ("scope", &scope),
    ];
    redeem(means, &discovery.token_endpoint, &scope, &fields).await
}

async fn redeem(
    means: &Means,
    endpoint: &str,
    scope: &str,
    fields: &[(&str, &str)],
) -> Result<Tokens, Error> {
    let url = Url::parse(endpoint).map_err(anyhow::Error::from)?;
    let answer = means
        .client
        .send(Ask::new(Method::POST, url).form(fields))
        .await?;
    if answer.status != 200 {
        return Err(Error::Refused(Refusal::read(&answer)));
    }
    let body = answer.json()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let life = body
        .get("expires_in")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    Ok(Tokens {
        access_token: text("access_token").context("the answer has no access_token")?,
        refresh_token: text("refresh_token"),
        id_token: text("id_token"),
        expires_at: means.clock.unix() + life,
        token_endpoint: endpoint.to_owned(),
        scope: scope.to_owned(),
    })
}

impl Tokens {
    /// Whether the access token has less than a minute to live.
    pub fn is_stale(&self, clock: &Clock) -> bool {
        Duration::from_secs(self.expires_at.saturating_sub(clock.unix())) < Duration::from_mins(1)
    }
}

impl Refusal {
    fn read(answer: &Answer) -> Self {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let codes = body
            .get("error_codes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        Self {
            status: answer.status.as_u16(),
            error: text("error").unwrap_or_else(|| "(none)".to_owned()),
            description: text("error_description").unwrap_or_else(|| excerpt(&answer.text())),
            codes: codes.filter_map(Value::as_u64).collect(),
            correlation_id: text("correlation_id"),
        }
    }

    /// The description without the trace lines behind its first.
    pub fn first_line(&self) -> &str {
        self.description.lines().next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    fn discovery() -> Discovery {
        Discovery {
            issuer: "https://login.a.localhost/t/v2.0".to_owned(),
            authorization_endpoint: String::new(),
            token_endpoint: String::new(),
            jwks_uri: String::new(),
            document: Value::Null,
        }
    }

    #[test]
    fn the_code_is_taken_only_from_an_answer_to_this_request() {
        let rows = [
            ("code=c&state=s", Ok("c")),
            (
                "code=c&state=s&iss=https%3A%2F%2Flogin.a.localhost%2Ft%2Fv2.0",
                Ok("c"),
            ),
            (
                "code=c&state=s&iss=https%3A%2F%2Fevil.localhost",
                Err("`iss`"),
            ),
            ("code=c&state=other", Err("another `state`")),
            ("code=c", Err("another `state`")),
            ("state=s", Err("no `code`")),
            (
                "error=access_denied&error_description=no&state=s",
                Err("`access_denied`, `no`"),
            ),
        ];
        for (query, expected) in rows {
            let url = Url::parse(&format!("{LOOPBACK}/?{query}")).unwrap();
            let seen = code(&url, "s", &discovery());
            match expected {
                Ok(code) => assert_eq!(seen.unwrap(), code, "{query}"),
                Err(part) => assert!(seen.unwrap_err().to_string().contains(part), "{query}"),
            }
        }
    }

    #[test]
    fn a_refusal_of_the_token_endpoint_is_read() {
        let body = r#"{"error":"invalid_grant","error_description":"AADSTS500213: no\r\nTrace ID: x",
            "error_codes":[500213],"correlation_id":"c1"}"#;
        let answer = Answer {
            status: StatusCode::BAD_REQUEST,
            headers: HeaderMap::new(),
            body: Bytes::from(body),
        };
        let refusal = Refusal::read(&answer);
        assert_eq!(refusal.codes, [500_213]);
        assert_eq!(refusal.first_line(), "AADSTS500213: no");
        assert_eq!(refusal.correlation_id.as_deref(), Some("c1"));
    }
}
