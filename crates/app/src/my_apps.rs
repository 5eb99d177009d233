//! *My Apps* (sessions.md): an OpenID client of its own cloud like any other. Its session stays on
//! the server and names a token family; every page asks every guard of that family again.

use comity_crypto::base64url;
use comity_model::{
    federation::{ApplicationPair, HomeTenant},
    id::{Id, parse_uuid},
    signing_key::KeyPurpose,
    tenant::Tenant,
    user::User,
    well_known,
};
use comity_oauth::{
    client_assertion, id_token,
    jws::{Kind, Unverified},
    params::Params,
    pkce::Challenge,
    token::ASSERTION_TYPE,
};
use comity_policy::sign_in::GateVerdict;
use comity_store::app_session::AppSession;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    client,
    context::{Context, hash_bearer},
    error::{Error, Result},
    judge,
    port::{OutboundMethod, OutboundRequest},
    rate,
    snapshot::Snapshot,
    token::{self, Denial, Failure, Network, Standing},
};

const APP: &str = "myapps";
/// How long a sign-in of the page may take.
const BEGIN_SECONDS: i64 = 600;
/// A session of the page lives this long, unless the one at the login host ends before.
const SESSION_SECONDS: i64 = 24 * 3600;

/// What the browser keeps, sealed, between leaving for the sign-in and coming back.
#[derive(Debug, Serialize, Deserialize)]
struct Pending {
    s: String,
    n: String,
    v: String,
    t: String,
    /// The application to open afterwards.
    a: Option<Uuid>,
    e: i64,
}

/// What the session holds.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    family: Uuid,
}

/// Where to go to sign in, and the cookie that binds the answer to this browser. `tenant` is a
/// tenant ID, or `common` where it is not known.
pub fn begin(
    cx: &Context,
    tenant: &str,
    open: Option<Uuid>,
    hint: Option<&str>,
) -> Result<(String, String)> {
    let own = &cx.app.registry().own;
    let verifier = base64url::encode(cx.bytes::<32>());
    let pending = Pending {
        s: base64url::encode(cx.bytes::<16>()),
        n: base64url::encode(cx.bytes::<16>()),
        v: verifier.clone(),
        t: tenant.to_owned(),
        a: open,
        e: cx.now.plus_seconds(BEGIN_SECONDS).seconds(),
    };
    let plain = serde_json::to_vec(&pending).map_err(Error::internal)?;
    let sealed = cx
        .app
        .sealer()
        .seal("my-apps-begin", b"", &plain, cx.bytes())?;
    let challenge = Challenge::of(&verifier).map_err(Error::internal)?;
    let mut query = Params::default();
    for (name, value) in [
        ("client_id", well_known::MY_APPS.to_string()),
        ("response_type", "code".to_owned()),
        ("redirect_uri", client::my_apps_redirect(cx.app.registry())),
        (
            "scope",
            format!(
                "openid profile offline_access {}/.default",
                well_known::MY_APPS
            ),
        ),
        ("state", pending.s),
        ("nonce", pending.n),
        ("code_challenge", challenge.as_str().to_owned()),
        ("code_challenge_method", "S256".to_owned()),
    ] {
        query.push(name, value);
    }
    query.push_some("login_hint", hint);
    let url = format!(
        "{}/{tenant}/oauth2/v2.0/authorize?{}",
        own.hosts.login,
        query.encode()
    );
    Ok((url, base64url::encode(sealed)))
}

/// The answer of the authorization endpoint.
#[derive(Debug, Default)]
pub struct Answer<'a> {
    pub code: Option<&'a str>,
    pub state: Option<&'a str>,
    pub iss: Option<&'a str>,
}

/// Redeems the code: the new session's cookie, the tenant, and the application to open.
pub async fn finish(
    cx: &Context,
    cookie: Option<&str>,
    answer: &Answer<'_>,
) -> Result<(String, Id<Tenant>, Option<Uuid>)> {
    let pending = open(cx, cookie.ok_or(Error::NotFound)?).ok_or(Error::NotFound)?;
    if answer.state != Some(pending.s.as_str()) || pending.e <= cx.now.seconds() {
        return Err(Error::NotFound);
    }
    let own = &cx.app.registry().own;
    let tenant = answer
        .iss
        .and_then(|iss| own.tenant_of_issuer(iss))
        .ok_or(Error::NotFound)?;
    if pending.t != "common" && parse_uuid(&pending.t) != Some(tenant) {
        return Err(Error::NotFound);
    }
    let code = answer.code.ok_or(Error::NotFound)?;
    let response = redeem(cx, tenant, code, &pending.v).await?;
    let text = |name: &str| response.get(name).and_then(Value::as_str);
    let (user, family) = verify(
        cx,
        tenant,
        &pending.n,
        text("id_token"),
        text("access_token"),
    )?;
    // It is an account's session of the login host, seen through a page: it ends with it.
    let begun = token::find_family(cx, family).await?;
    let begun = begun.ok_or(Error::NotFound)?;
    let ends = begun.expires.min(begun.grant.session_expires);
    let (value, hash) = cx.new_bearer();
    let session = AppSession {
        tenant: Id::new(tenant),
        user,
        created: cx.now,
        expires: cx.now.plus_seconds(SESSION_SECONDS).min(ends),
        data: Held { family },
    };
    let tx = cx.app.store().begin().await?;
    tx.cloud()
        .app_sessions()
        .upsert(APP, &hash, &session)
        .await?;
    tx.commit().await?;
    Ok((value.to_string(), Id::new(tenant), pending.a))
}

fn open(cx: &Context, cookie: &str) -> Option<Pending> {
    let sealed = base64url::decode(cookie).ok()?;
    let plain = cx.app.sealer().open("my-apps-begin", b"", &sealed).ok()?;
    serde_json::from_slice(&plain).ok()
}

/// The code, at our own token endpoint, over HTTPS like anybody's.
async fn redeem(cx: &Context, tenant: Uuid, code: &str, verifier: &str) -> Result<Value> {
    rate::take(cx, rate::Kind::Callback)?;
    let own = &cx.app.registry().own;
    let client_id = well_known::MY_APPS.to_string();
    let keys = cx.app.keys().current();
    let assertion = client_assertion::make(
        keys.active(KeyPurpose::ClientAssertion)?,
        &client_id,
        &own.issuer(tenant),
        &base64url::encode(cx.bytes::<16>()),
        cx.now.seconds(),
    )
    .map_err(Error::internal)?;
    let redirect = client::my_apps_redirect(cx.app.registry());
    let body = Params::from_pairs([
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect.as_str()),
        ("code_verifier", verifier),
        ("client_id", client_id.as_str()),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion.as_str()),
    ]);
    let request = OutboundRequest {
        cloud: own.canonical_name.clone(),
        method: OutboundMethod::Post,
        url: format!("{}/{tenant}/oauth2/v2.0/token", own.hosts.login),
        headers: vec![(
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        )],
        body: body.encode().into_bytes(),
    };
    let upstream = |reason: String| Error::Upstream {
        cloud: own.name.clone(),
        reason,
    };
    let response = cx
        .app
        .outbound()
        .send(request)
        .await
        .map_err(|e| upstream(e.to_string()))?;
    if response.status != 200 {
        tracing::info!(status = response.status, body = %String::from_utf8_lossy(&response.body), "a code of My Apps is refused");
        return Err(Error::NotFound);
    }
    serde_json::from_slice(&response.body).map_err(|e| upstream(e.to_string()))
}

/// The person of the id token, and the family that the access token names.
fn verify(
    cx: &Context,
    tenant: Uuid,
    nonce: &str,
    id_token: Option<&str>,
    access_token: Option<&str>,
) -> Result<(Id<User>, Uuid)> {
    let keys = cx.app.keys().current().verifiers(KeyPurpose::Token);
    let issuer = cx.app.registry().own.issuer(tenant);
    let client_id = well_known::MY_APPS.to_string();
    let expected = id_token::Expected {
        issuer: &issuer,
        audience: &client_id,
        nonce: Some(nonce),
        max_age: None,
        now: cx.now.seconds(),
    };
    let token = id_token::verify(id_token.ok_or(Error::NotFound)?, &keys, &expected)
        .map_err(|e| Error::internal(format!("our own id token: {e}")))?;
    let access = Unverified::parse(access_token.ok_or(Error::NotFound)?, Kind::Own)
        .map_err(Error::internal)?;
    let family = access
        .claimed("rh")
        .and_then(|rh| base64url::decode_array::<16>(rh).ok())
        .map(Uuid::from_bytes)
        .ok_or_else(|| Error::internal("an access token without family"))?;
    Ok((Id::new(token.oid), family))
}

/// A person on a page of *My Apps*: every guard has said yes now.
pub struct Present {
    standing: Standing,
}

/// Why there is no page.
#[derive(Debug)]
pub enum Absent {
    /// No session, or its family ended: sign in again, silently if the login session lives.
    SignIn,
    /// A guard says no: the number and the text.
    Refused {
        number: u32,
        message: String,
    },
    /// Home does not answer.
    Unavailable {
        cloud: String,
    },
    Failed(Error),
}

/// The person of a session's cookie, in one tenant.
pub async fn present(
    cx: &Context,
    cookie: Option<&str>,
    tenant: Id<Tenant>,
) -> Result<Present, Absent> {
    let Some(cookie) = cookie else {
        return Err(Absent::SignIn);
    };
    let read = cx.app.store().read();
    let found = read
        .cloud()
        .app_sessions()
        .find_by_hash::<Held>(APP, &hash_bearer(cookie))
        .await;
    let session = found.map_err(|e| Absent::Failed(e.into()))?;
    let session = session
        .filter(|s| s.expires > cx.now && s.tenant == tenant)
        .ok_or(Absent::SignIn)?;
    let family = token::find_family(cx, session.data.family)
        .await
        .map_err(Absent::Failed)?;
    let family = family
        .filter(|f| f.revoked.is_none() && f.expires > cx.now)
        .ok_or(Absent::SignIn)?;
    let snapshot = cx
        .app
        .snapshots()
        .get(cx, tenant)
        .await
        .map_err(Absent::Failed)?;
    // Here the browser itself calls.
    match token::ask(cx, &snapshot, &family.grant, Network::Caller).await {
        Ok(standing) => Ok(Present { standing }),
        Err(Denial {
            failure: Failure::Refused(refused),
            ..
        }) if refused.error == "temporarily_unavailable" => {
            let cloud = family
                .grant
                .home
                .map(|h| h.identity.cloud)
                .unwrap_or_default();
            Err(Absent::Unavailable { cloud })
        }
        Err(Denial {
            failure: Failure::Refused(refused),
            ..
        }) => Err(Absent::Refused {
            number: refused.number,
            message: refused.message,
        }),
        Err(Denial {
            failure: Failure::Failed(error),
            ..
        }) => Err(Absent::Failed(error)),
    }
}

/// The tenant of a session, whatever it still admits to.
pub async fn tenant_of(cx: &Context, cookie: Option<&str>) -> Result<Option<Id<Tenant>>> {
    let Some(cookie) = cookie else {
        return Ok(None);
    };
    let read = cx.app.store().read();
    let found = read
        .cloud()
        .app_sessions()
        .find_by_hash::<Held>(APP, &hash_bearer(cookie))
        .await?;
    Ok(found.filter(|s| s.expires > cx.now).map(|s| s.tenant))
}

/// Ends the page's own session.
pub async fn leave(cx: &Context, cookie: &str) -> Result<()> {
    let tx = cx.app.store().begin().await?;
    tx.cloud()
        .app_sessions()
        .delete(&hash_bearer(cookie))
        .await?;
    tx.commit().await?;
    Ok(())
}

/// One application that the person may open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    pub app_id: Uuid,
    pub name: String,
    pub description: Option<String>,
}

impl Present {
    /// Who it is.
    pub fn user(&self) -> &User {
        self.standing.user()
    }

    /// The tenant.
    pub fn snapshot(&self) -> &Snapshot {
        self.standing.snapshot()
    }

    /// What the person may open: enabled applications with a home page that are not hidden, to
    /// which she is assigned or which do not require it, and which inbound settings admit.
    pub async fn tiles(&self, cx: &Context) -> Result<Vec<Tile>> {
        let snapshot = self.snapshot();
        let mut tiles = Vec::new();
        for principal in snapshot.service_principals.values() {
            let text = |name: &str| principal.properties.get(name).and_then(Value::as_str);
            let hidden = principal
                .properties
                .get("tags")
                .is_some_and(|t| t.to_string().contains("HideApp"));
            if text("homepage").is_none() || hidden || !principal.account_enabled {
                continue;
            }
            if !judge::assigned_to(cx, snapshot, principal.app_id, self.user()).await?
                || !self.admits(cx, principal.app_id)
            {
                continue;
            }
            tiles.push(Tile {
                app_id: principal.app_id,
                name: principal.display_name.clone(),
                description: text("description").map(str::to_owned),
            });
        }
        tiles.sort_by(|a, b| {
            comity_model::name::key(&a.name).cmp(&comity_model::name::key(&b.name))
        });
        Ok(tiles)
    }

    /// The own inbound settings for one application; home is asked when it is opened.
    fn admits(&self, cx: &Context, app_id: Uuid) -> bool {
        let Some(link) = &self.user().external else {
            return true;
        };
        let home = HomeTenant {
            cloud: link.identity.cloud.clone(),
            tenant: link.identity.tenant,
        };
        let mut facts = self.standing.facts().clone();
        facts.pair = Some(ApplicationPair {
            client: app_id,
            resource: app_id,
        });
        judge::inbound(cx.app.registry(), self.snapshot(), &home, &facts) == GateVerdict::Open
    }

    /// The address at which an application begins its own sign-in.
    pub fn home_page(&self, app_id: Uuid) -> Option<String> {
        let principal = self
            .snapshot()
            .service_principal(app_id)
            .filter(|p| p.account_enabled)?;
        principal
            .properties
            .get("homepage")
            .and_then(Value::as_str)
            .map(str::to_owned)
    }
}
