//! The one validator of our access tokens at our own APIs, Graph and userinfo (RFC 9068 §4; security
//! bars O-13, O-28, S-07, S-08).
//!
//! 1. Signed by a token key of ours that is not revoked; of this cloud's issuer for its tenant; for
//!    Graph; in its time; not bound to a key that was not shown.
//! 2. A verified signature is the start: the person's grant is found and every guard is asked now,
//!    as at the token endpoint. An application's principal and permissions are read anew.
//! 3. A token gives at most what it says *and* what is granted now.

use std::collections::BTreeSet;

use comity_crypto::base64url;
use comity_model::{
    id::{Id, parse_uuid},
    signing_key::KeyPurpose,
    user::UserType,
    well_known,
};
use comity_oauth::access_token::{self, AccessToken, Expected, Scheme, TENANT};
use uuid::Uuid;

use crate::{
    client::Client,
    consent,
    context::{Actor, ApplicationActor, Context, UserActor},
    error::{Error, Result},
    guest, judge,
    snapshot::Snapshot,
    token::{self, Denial, Failure, Network, Standing},
};

/// Who calls Graph, with the value of an `Authorization` header. The context comes back with its
/// actor; [`Error::Unauthenticated`] says what is wrong with the token.
pub async fn authenticate(cx: &Context, authorization: Option<&str>) -> Result<Context> {
    let header =
        authorization.ok_or_else(|| no("send an access token in the `Authorization` header"))?;
    let (scheme, text) = access_token::from_header(header).map_err(|e| no(e.to_string()))?;
    if scheme != Scheme::Bearer {
        return Err(no("send the access token with the scheme `Bearer`"));
    }
    let (token, snapshot) = verify(cx, text).await?;
    let actor = match token.idtyp.as_str() {
        "app" => Actor::Application(Box::new(application(&token, &snapshot)?)),
        _ => Actor::User(Box::new(user(
            &token,
            &standing(cx, &token, &snapshot).await?,
        ))),
    };
    Ok(Context {
        actor,
        ..cx.clone()
    })
}

/// A person's claims for userinfo, as far as the token's scopes allow.
pub async fn userinfo(
    cx: &Context,
    authorization: Option<&str>,
) -> Result<comity_oauth::userinfo::Userinfo> {
    let known = authenticate(cx, authorization).await?;
    let Actor::User(actor) = &known.actor else {
        return Err(Error::Forbidden("an application has no userinfo".into()));
    };
    let has = |scope: &str| actor.scopes.contains(scope);
    if !has("openid") {
        return Err(Error::Forbidden(
            "the access token needs the scope `openid`".into(),
        ));
    }
    let user = cx
        .app
        .store()
        .read()
        .tenant(actor.tenant)
        .users()
        .find(actor.user)
        .await?
        .ok_or(Error::NotFound)?;
    let snapshot = cx.app.snapshots().get(cx, actor.tenant).await?;
    let text = |name: &str| {
        user.properties
            .get(name)
            .and_then(|v| v.as_str())
            .map(str::to_owned)
    };
    let profile = has("profile");
    let verified = |mail: &String| {
        let domain = mail.rsplit_once('@').map(|(_, d)| d.to_lowercase());
        user.is_local() && domain.is_some_and(|d| snapshot.domains.iter().any(|own| own.name == d))
    };
    Ok(comity_oauth::userinfo::Userinfo {
        sub: token::pairwise(cx, actor.tenant, actor.user, actor.client),
        name: profile.then(|| user.display_name.clone()),
        given_name: profile.then(|| text("givenName")).flatten(),
        family_name: profile.then(|| text("surname")).flatten(),
        preferred_username: profile.then(|| guest::account_name(cx, &snapshot, &user)),
        email: has("email")
            .then(|| user.mail.clone())
            .flatten()
            .filter(verified),
    })
}

fn no(message: impl Into<String>) -> Error {
    Error::Unauthenticated(message.into())
}

/// Rule 1. The snapshot is asked for first: with it comes the current version of the keys, so that
/// a key revoked on another node is dead here.
async fn verify(cx: &Context, text: &str) -> Result<(AccessToken, std::sync::Arc<Snapshot>)> {
    use comity_oauth::jws::{Kind, Unverified};
    let unverified = Unverified::parse(text, Kind::Own)
        .map_err(|e| no(format!("the access token is refused: {e}")))?;
    let tenant = unverified.claimed("tid").and_then(parse_uuid).map(Id::new);
    let tenant = tenant.ok_or_else(|| no("the access token names no organization"))?;
    let snapshot = cx
        .app
        .snapshots()
        .get(cx, tenant)
        .await
        .map_err(|error| match error {
            // A token of ours names a tenant of ours; which tenants exist is not told.
            Error::NotFound => {
                no("the access token is refused: the token is signed by an unknown key")
            }
            other => other,
        })?;
    let registry = cx.app.registry();
    let audiences = consent::graph_audiences(registry);
    let audiences: Vec<&str> = audiences.iter().map(String::as_str).collect();
    let template = registry.own.issuer_template.replace("{tenant}", TENANT);
    let expected = Expected {
        issuer_template: &template,
        audiences: &audiences,
        now: cx.now.seconds(),
    };
    let keys = cx.app.keys().current().verifiers(KeyPurpose::Token);
    let token = access_token::verify(text, &keys, &expected).map_err(|e| no(e.to_string()))?;
    if token.cnf.is_some() {
        return Err(no(
            "the access token is bound to a key that this request does not prove",
        ));
    }
    Ok((token, snapshot))
}

/// Rule 2, for a person.
async fn standing(
    cx: &Context,
    token: &AccessToken,
    snapshot: &std::sync::Arc<Snapshot>,
) -> Result<Standing> {
    let family = token
        .rh
        .as_deref()
        .and_then(|rh| base64url::decode_array::<16>(rh).ok())
        .map(Uuid::from_bytes);
    let family = family.ok_or_else(|| no("the access token names no grant"))?;
    let found = token::find_family(cx, family)
        .await?
        .filter(|f| f.tenant == snapshot.tenant.id);
    let grant = match found {
        Some(found) if found.revoked.is_none() && found.expires > cx.now => found.grant,
        _ => {
            return Err(no(
                "the grant of the access token was revoked or has ended: sign in again",
            ));
        }
    };
    if grant.user.uuid() != token.oid || grant.pair.client.to_string() != token.appid {
        return Err(no("the access token is not of its grant"));
    }
    token::ask(cx, snapshot, &grant, Network::AsGranted)
        .await
        .map_err(|Denial { failure, .. }| match failure {
            Failure::Failed(error) => error,
            Failure::Refused(refused) if refused.error == "temporarily_unavailable" => {
                let cloud = grant
                    .home
                    .as_ref()
                    .map(|h| h.identity.cloud.clone())
                    .unwrap_or_default();
                Error::Upstream {
                    cloud,
                    reason: refused.message,
                }
            }
            Failure::Refused(refused) => {
                no(format!("AADSTS{}: {}", refused.number, refused.message))
            }
        })
}

fn user(token: &AccessToken, standing: &Standing) -> UserActor {
    let (user, grant) = (standing.user(), standing.grant());
    let now = consent::effective(
        standing.snapshot(),
        grant.pair,
        &grant.scopes,
        Some(user.id),
    );
    let now: BTreeSet<&str> = now.iter().map(String::as_str).collect();
    let said = token.scp.as_deref().unwrap_or_default().split(' ');
    UserActor {
        tenant: standing.snapshot().tenant.id,
        user: user.id,
        user_principal_name: user.upn.clone(),
        display_name: user.display_name.clone(),
        mail: user.mail.clone(),
        is_guest: user.user_type == UserType::Guest,
        client: grant.pair.client,
        scopes: said
            .filter(|s| now.contains(s))
            .map(str::to_owned)
            .collect(),
        roles: standing.roles().clone(),
        // Registered here, also of a guest whose home is trusted (federation §2).
        second_factor: standing
            .facts()
            .own_methods
            .iter()
            .filter(|used| judge::is_possession(&used.method))
            .map(|used| used.at)
            .max(),
    }
}

/// Rule 2, for an application.
fn application(token: &AccessToken, snapshot: &Snapshot) -> Result<ApplicationActor> {
    if !snapshot.tenant.enabled {
        return Err(no("the organization is disabled"));
    }
    let client = parse_uuid(&token.appid).and_then(|id| Client::of(snapshot, id));
    let client =
        client.filter(|c| c.principal.id.uuid() == token.oid && c.principal.account_enabled);
    let client = client.ok_or_else(|| {
        no("the application is disabled or no longer exists in this organization")
    })?;
    let graph = snapshot
        .service_principal(well_known::GRAPH)
        .is_some_and(|p| p.account_enabled);
    if !graph {
        return Err(no("the resource is disabled in this organization"));
    }
    let held = token::application_roles(snapshot, &client, well_known::GRAPH);
    Ok(ApplicationActor {
        tenant: snapshot.tenant.id,
        app_id: client.app_id,
        service_principal: client.principal.id,
        display_name: client.name().to_owned(),
        permissions: held
            .into_iter()
            .filter(|role| token.roles.contains(role))
            .collect(),
        roles: snapshot.roles_of(client.principal.id.uuid()),
    })
}
