//! The dev world's relying parties: *Expenses* and its siblings, each at a host of its own. They
//! share nothing with a cloud: they know a client ID and secret, an issuer, and HTTPS.
//!
//! A visit always begins with a sign-in, so that what the identity provider says now is what shows.

use std::sync::Arc;

use anyhow::Context as _;
use axum::{
    Router,
    extract::{Query, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use comity_app::{
    App,
    port::{OutboundMethod, OutboundRequest},
};
use comity_crypto::{JwkSet, base64url};
use comity_edge::{Csp, page};
use comity_model::cloud::CloudEntry;
use comity_oauth::{id_token, keys::KeySet, params::Params, pkce::Challenge};
use comity_web::view;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    dev::seed::{Seed, SeedApplication, SeedTenant},
    router::OtherSite,
};

const COOKIE: &str = "__Host-party";

/// One application with what it was configured with.
struct Party {
    app: App,
    tenant: Uuid,
    organization: String,
    application: SeedApplication,
    origin: String,
}

/// What the browser keeps, sealed.
#[derive(Serialize, Deserialize)]
#[serde(tag = "k")]
enum Kept {
    Leaving {
        state: String,
        nonce: String,
        verifier: String,
    },
    Signed {
        token: String,
    },
}

/// A site for each application of a cloud that has a home page.
pub fn sites(app: &App, seed: &Seed) -> anyhow::Result<Vec<OtherSite>> {
    let mut sites = Vec::new();
    for tenant in &seed.tenants {
        for application in &tenant.applications {
            if let Some(site) = site(app, tenant, application)? {
                sites.push(site);
            }
        }
    }
    Ok(sites)
}

#[expect(clippy::unnecessary_wraps, reason = "sites may fail to be built")]
fn site(
    app: &App,
    tenant: &SeedTenant,
    application: &SeedApplication,
) -> anyhow::Result<Option<OtherSite>> {
    let Some(home) = &application.home_page else {
        return Ok(None);
    };
    let origin = home.trim_end_matches('/').to_owned();
    let party = Arc::new(Party {
        app: app.clone(),
        tenant: tenant.id,
        organization: tenant.name.clone(),
        application: application.clone(),
        origin: origin.clone(),
    });
    let router = Router::new()
        .route("/", get(begin))
        .route("/callback", get(callback))
        .route("/claims", get(claims))
        .with_state(party);
    Ok(Some(OtherSite {
        origin,
        router: super::assets().merge(router),
    }))
}

impl Party {
    fn random<const N: usize>(&self) -> String {
        let mut bytes = [0; N];
        self.app.random().fill(&mut bytes);
        base64url::encode(bytes)
    }

    fn seal(&self, kept: &Kept) -> anyhow::Result<HeaderValue> {
        let mut nonce = [0; 12];
        self.app.random().fill(&mut nonce);
        let plain = serde_json::to_vec(kept)?;
        let sealed =
            self.app
                .sealer()
                .seal("relying-party", self.origin.as_bytes(), &plain, nonce)?;
        let text = base64url::encode(sealed);
        Ok(HeaderValue::from_str(&format!(
            "{COOKIE}={text}; Path=/; Secure; HttpOnly; SameSite=Lax"
        ))?)
    }

    fn open(&self, headers: &HeaderMap) -> Option<Kept> {
        let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
        let value = cookies
            .split(';')
            .find_map(|c| c.trim().strip_prefix(COOKIE)?.strip_prefix('='))?;
        let sealed = base64url::decode(value).ok()?;
        let plain = self
            .app
            .sealer()
            .open("relying-party", self.origin.as_bytes(), &sealed)
            .ok()?;
        serde_json::from_slice(&plain).ok()
    }

    fn page(&self, status: StatusCode, outcome: view::Outcome) -> Response {
        let data = view::Expenses {
            name: self.application.display_name.clone(),
            organization: self.organization.clone(),
            cloud: long_name(&self.app.registry().own),
            outcome,
        };
        Csp::own().page(status, view::expenses(&data))
    }

    fn refused(&self, error: &str, description: String) -> Response {
        let outcome = view::Outcome::Refused {
            error: error.to_owned(),
            description,
            again: "/".to_owned(),
        };
        self.page(StatusCode::FORBIDDEN, outcome)
    }

    async fn ask(
        &self,
        method: OutboundMethod,
        url: String,
        body: Vec<u8>,
    ) -> anyhow::Result<Value> {
        let form = "application/x-www-form-urlencoded".to_owned();
        let request = OutboundRequest {
            cloud: self.app.registry().own.canonical_name.clone(),
            method,
            url,
            headers: if body.is_empty() {
                Vec::new()
            } else {
                vec![("content-type", form)]
            },
            body,
        };
        let response = self.app.outbound().send(request).await?;
        let value: Value = serde_json::from_slice(&response.body)?;
        if response.status != 200 {
            let text = value
                .get("error_description")
                .and_then(Value::as_str)
                .unwrap_or("no description");
            anyhow::bail!("{text}");
        }
        Ok(value)
    }

    /// Code for an id token, verified with the issuer's published keys.
    async fn redeem(&self, code: &str, verifier: &str, nonce: &str) -> anyhow::Result<String> {
        let login = &self.app.registry().own.hosts.login;
        let client_id = self.application.app_id.to_string();
        let redirect = format!("{}/callback", self.origin);
        let body = Params::from_pairs([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect.as_str()),
            ("code_verifier", verifier),
            ("client_id", client_id.as_str()),
            ("client_secret", self.application.client_secret.as_str()),
        ]);
        let url = format!("{login}/{}/oauth2/v2.0/token", self.tenant);
        let tokens = self
            .ask(OutboundMethod::Post, url, body.encode().into_bytes())
            .await?;
        let token = tokens
            .get("id_token")
            .and_then(Value::as_str)
            .context("the answer has no id token")?;
        let url = format!("{login}/{}/discovery/v2.0/keys", self.tenant);
        let keys: JwkSet =
            serde_json::from_value(self.ask(OutboundMethod::Get, url, Vec::new()).await?)?;
        let issuer = self.app.registry().own.issuer(self.tenant);
        let expected = id_token::Expected {
            issuer: &issuer,
            audience: &client_id,
            nonce: Some(nonce),
            max_age: None,
            now: self.app.now().seconds(),
        };
        id_token::verify(token, &KeySet::from_jwks(&keys), &expected)?;
        Ok(token.to_owned())
    }
}

async fn begin(State(party): State<Arc<Party>>) -> Response {
    match leave(&party) {
        Ok(response) => response,
        Err(error) => party.refused("server_error", error.to_string()),
    }
}

fn leave(party: &Party) -> anyhow::Result<Response> {
    let (state, nonce, verifier) = (
        party.random::<16>(),
        party.random::<16>(),
        party.random::<32>(),
    );
    let challenge = Challenge::of(&verifier)?;
    let query = Params::from_pairs([
        ("client_id", party.application.app_id.to_string().as_str()),
        ("response_type", "code"),
        (
            "redirect_uri",
            format!("{}/callback", party.origin).as_str(),
        ),
        ("scope", "openid profile email"),
        ("state", state.as_str()),
        ("nonce", nonce.as_str()),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ]);
    let login = &party.app.registry().own.hosts.login;
    let url = format!(
        "{login}/{}/oauth2/v2.0/authorize?{}",
        party.tenant,
        query.encode()
    );
    let cookie = party.seal(&Kept::Leaving {
        state,
        nonce,
        verifier,
    })?;
    let headers = [
        (header::LOCATION, HeaderValue::from_str(&url)?),
        (header::SET_COOKIE, cookie),
    ];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}

#[derive(Debug, Default, Deserialize)]
struct Returned {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

async fn callback(
    State(party): State<Arc<Party>>,
    headers: HeaderMap,
    Query(back): Query<Returned>,
) -> Response {
    if let Some(error) = back.error {
        return party.refused(&error, back.error_description.unwrap_or_default());
    }
    let Some(Kept::Leaving {
        state,
        nonce,
        verifier,
    }) = party.open(&headers)
    else {
        return party.refused(
            "invalid_request",
            "this sign-in was begun in another browser".into(),
        );
    };
    let issuer = party.app.registry().own.issuer(party.tenant);
    if back.state.as_deref() != Some(state.as_str()) || back.iss.as_deref() != Some(issuer.as_str())
    {
        return party.refused(
            "invalid_request",
            "the answer is not to the question that was asked".into(),
        );
    }
    let code = back.code.unwrap_or_default();
    let signed = match party.redeem(&code, &verifier, &nonce).await {
        Ok(token) => party.seal(&Kept::Signed { token }),
        Err(error) => Err(error),
    };
    match signed {
        Ok(cookie) => {
            let headers = [
                (header::LOCATION, HeaderValue::from_static("/claims")),
                (header::SET_COOKIE, cookie),
            ];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        Err(error) => party.refused("invalid_grant", format!("{error:#}")),
    }
}

async fn claims(State(party): State<Arc<Party>>, headers: HeaderMap) -> Response {
    let Some(Kept::Signed { token }) = party.open(&headers) else {
        return party.page(
            StatusCode::OK,
            view::Outcome::SignedOut {
                sign_in: "/".to_owned(),
            },
        );
    };
    let claims = read_claims(&token);
    let text = |name: &str| {
        claims
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.clone())
    };
    let home = text("idp").filter(|idp| *idp != party.app.registry().own.issuer(party.tenant));
    let home_cloud = home.as_deref().and_then(|idp| cloud_of(&party.app, idp));
    let outcome = view::Outcome::SignedIn {
        name: text("name")
            .or_else(|| text("preferred_username"))
            .unwrap_or_default(),
        home_cloud,
        home,
        claims,
        sign_out: None,
    };
    party.page(StatusCode::OK, outcome)
}

/// The claims of a token that was verified before it was sealed, in their order.
fn read_claims(token: &str) -> Vec<(String, String)> {
    let payload = token
        .split('.')
        .nth(1)
        .and_then(|p| base64url::decode(p).ok())
        .unwrap_or_default();
    let Ok(Value::Object(claims)) = serde_json::from_slice::<Value>(&payload) else {
        return Vec::new();
    };
    claims
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => (name, text),
            other => (name, other.to_string()),
        })
        .collect()
}

fn cloud_of(app: &App, issuer: &str) -> Option<String> {
    app.registry()
        .others
        .values()
        .find(|c| c.tenant_of_issuer(issuer).is_some())
        .map(long_name)
}

/// A cloud as pages name it.
fn long_name(cloud: &CloudEntry) -> String {
    page::cloud(cloud, &cloud.hosts.login).long_name()
}
