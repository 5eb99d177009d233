//! The one place where tokens are signed (law 1; semantics §5.3; RFC 9068).
//!
//! 1. A person's tokens are made from a [`Standing`], an application's from what it proved.
//! 2. `oid` is the object of this tenant, `sub` a name for this client only, `idp` a guest's home.
//! 3. A guest's access token lives at most 10 minutes and never longer than home's session; any
//!    other between 60 and 75 minutes.
//! 4. A token carries no address that nobody has verified.

use std::sync::Arc;

use comity_crypto::{base64url, hmac_sha256};
use comity_model::{
    id::Id, name::DomainName, session::MethodUse, signing_key::KeyPurpose, tenant::Tenant,
    user::User, well_known,
};
use comity_oauth::{
    access_token::{self, AccessToken},
    id_token::{self, IdToken},
    scope::OidcScope,
    token::{Response, client_info},
};
use uuid::Uuid;

use super::{
    Failure, Standing,
    claims::{self, Memberships},
};
use crate::{
    client::{Client, Level},
    consent::{self, Resource},
    context::Context,
    error::Error,
    guest, judge,
    key::KeySet,
    snapshot::Snapshot,
};

/// Rule 3.
const GUEST_SECONDS: i64 = 600;
const SHORTEST_SECONDS: i64 = 3600;
/// So that clients do not all come back at once.
const SPREAD_SECONDS: i64 = 900;
const ID_SECONDS: i64 = 3600;

/// What is wanted beside what the standing says.
pub(super) struct Wanted<'a> {
    pub scopes: &'a [String],
    pub family: Uuid,
    pub level: Level,
    pub nonce: Option<&'a str>,
    pub client_info: bool,
    pub refresh_token: Option<String>,
}

/// The name of a person for one client, and for nobody else: stable, and not to be guessed.
pub(crate) fn pairwise(cx: &Context, tenant: Id<Tenant>, user: Id<User>, client: Uuid) -> String {
    let key = hmac_sha256(cx.app.pepper(), b"pairwise subject");
    base64url::encode(hmac_sha256(key, format!("{tenant}/{user}/{client}")))
}

/// A person's tokens.
pub(super) async fn issue(
    cx: &Context,
    standing: &Standing,
    wanted: &Wanted<'_>,
) -> Result<Response, Failure> {
    let keys = cx.app.keys().current();
    let grant = standing.grant();
    let effective = consent::effective(
        standing.snapshot(),
        grant.pair,
        wanted.scopes,
        Some(grant.user),
    );
    let claims = claims::of(cx, standing).await?;
    let (access, life) = access_token(cx, standing, wanted, (&effective, &claims.access_token));
    let access_token = sign(&keys, |key| access_token::sign(&access, key))?;
    let id_token = if consent::asks(wanted.scopes, OidcScope::OpenId) {
        let token = id_token(cx, standing, wanted, (&access_token, &claims.id_token));
        Some(sign(&keys, |key| id_token::sign(&token, key))?)
    } else {
        None
    };
    let tenant = standing.snapshot().tenant.id;
    Ok(Response {
        token_type: "Bearer".into(),
        scope: Some(consent::response_scope(
            wanted.scopes,
            &effective,
            &grant.audience,
        )),
        expires_in: life,
        ext_expires_in: Some(life),
        access_token: Some(access_token),
        refresh_token: wanted.refresh_token.clone(),
        id_token,
        client_info: wanted
            .client_info
            .then(|| client_info(&grant.user.to_string(), &tenant.to_string())),
    })
}

fn sign(
    keys: &Arc<KeySet>,
    make: impl FnOnce(&comity_crypto::SigningKey) -> Result<String, comity_oauth::jws::SignError>,
) -> Result<String, Failure> {
    let key = keys.active(KeyPurpose::Token)?;
    make(key).map_err(|e| Error::internal(e).into())
}

fn random_life(cx: &Context) -> i64 {
    SHORTEST_SECONDS + i64::from(u16::from_be_bytes(cx.bytes())) % (SPREAD_SECONDS + 1)
}

fn access_token(
    cx: &Context,
    standing: &Standing,
    wanted: &Wanted<'_>,
    (scopes, told): (&[String], &Memberships),
) -> (AccessToken, i64) {
    let (grant, user, snapshot) = (standing.grant(), standing.user(), standing.snapshot());
    let now = cx.now.seconds();
    let life = match standing.home_end() {
        Some(end) => GUEST_SECONDS.min(end.seconds_since(cx.now).max(0)),
        None => random_life(cx),
    };
    let tenant = snapshot.tenant.id;
    let client = grant.pair.client.to_string();
    let uti = unique(cx);
    let token = AccessToken {
        aud: grant.audience.clone(),
        iss: cx.app.registry().own.issuer(tenant.uuid()),
        iat: now,
        nbf: now,
        exp: now + life,
        sub: pairwise(cx, tenant, user.id, grant.pair.client),
        oid: user.id.uuid(),
        tid: tenant.uuid(),
        ver: "2.0".into(),
        jti: uti.clone(),
        uti,
        appid: client.clone(),
        azp: client.clone(),
        client_id: client,
        azpacr: wanted.level.azpacr().into(),
        scp: Some(scopes.join(" ")),
        roles: told.roles.clone(),
        idtyp: "user".into(),
        app_displayname: Some(snapshot.application_name(grant.pair.client)),
        name: Some(user.display_name.clone()),
        preferred_username: Some(guest::account_name(cx, snapshot, user)),
        upn: Some(user.upn.clone()),
        idp: idp(cx, standing),
        acct: Some(u8::from(!user.is_local())),
        sid: Some(grant.sid.clone()),
        rh: Some(base64url::encode(wanted.family.as_bytes())),
        auth_time: Some(grant.auth_time.seconds()),
        acr: Some("1".into()),
        amr: amr(standing),
        acrs: Vec::new(),
        wids: told.wids.clone(),
        groups: told.groups.clone(),
        claim_names: told.claim_names.clone(),
        claim_sources: told.claim_sources.clone(),
        xms_cc: Vec::new(),
        cnf: None,
    };
    (token, life)
}

fn id_token(
    cx: &Context,
    standing: &Standing,
    wanted: &Wanted<'_>,
    (access_token, told): (&str, &Memberships),
) -> IdToken {
    let (grant, user, snapshot) = (standing.grant(), standing.user(), standing.snapshot());
    let now = cx.now.seconds();
    let tenant = snapshot.tenant.id;
    let profile = consent::asks(wanted.scopes, OidcScope::Profile);
    let text = |name: &str| {
        user.properties
            .get(name)
            .and_then(|v| v.as_str())
            .map(str::to_owned)
    };
    let address = address(standing, consent::asks(wanted.scopes, OidcScope::Email));
    IdToken {
        aud: grant.pair.client.to_string(),
        iss: cx.app.registry().own.issuer(tenant.uuid()),
        iat: now,
        nbf: now,
        exp: now + ID_SECONDS,
        sub: pairwise(cx, tenant, user.id, grant.pair.client),
        oid: user.id.uuid(),
        tid: tenant.uuid(),
        ver: "2.0".into(),
        uti: unique(cx),
        sid: Some(grant.sid.clone()),
        nonce: wanted.nonce.map(str::to_owned),
        preferred_username: Some(guest::account_name(cx, snapshot, user)),
        name: Some(user.display_name.clone()),
        given_name: profile.then(|| text("givenName")).flatten(),
        family_name: profile.then(|| text("surname")).flatten(),
        xms_edov: address.as_ref().map(|_| true),
        email: address,
        upn: upn(standing),
        idp: idp(cx, standing),
        acct: Some(u8::from(!user.is_local())),
        auth_time: Some(grant.auth_time.seconds()),
        acr: Some("1".into()),
        amr: amr(standing),
        roles: told.roles.clone(),
        groups: told.groups.clone(),
        wids: told.wids.clone(),
        claim_names: told.claim_names.clone(),
        claim_sources: told.claim_sources.clone(),
        login_hint: None,
        at_hash: Some(id_token::half_hash(access_token)),
    }
}

/// An application's own access token.
pub(super) fn issue_to_application(
    cx: &Context,
    snapshot: &Snapshot,
    client: &Client<'_>,
    resource: &Resource,
    (roles, level): (Vec<String>, Level),
) -> Result<Response, Failure> {
    let now = cx.now.seconds();
    let life = random_life(cx);
    let id = client.app_id.to_string();
    let principal = client.principal.id.uuid();
    let tenant = snapshot.tenant.id.uuid();
    let uti = unique(cx);
    let is_graph = resource.app_id == well_known::GRAPH;
    let wids = snapshot.roles_of(principal).into_iter();
    let token = AccessToken {
        aud: resource.audience.clone(),
        iss: cx.app.registry().own.issuer(tenant),
        iat: now,
        nbf: now,
        exp: now + life,
        sub: principal.to_string(),
        oid: principal,
        tid: tenant,
        ver: "2.0".into(),
        jti: uti.clone(),
        uti,
        appid: id.clone(),
        azp: id.clone(),
        client_id: id,
        azpacr: level.azpacr().into(),
        scp: None,
        roles,
        idtyp: "app".into(),
        app_displayname: Some(client.name().to_owned()),
        name: None,
        preferred_username: None,
        upn: None,
        idp: None,
        acct: None,
        sid: None,
        rh: None,
        auth_time: None,
        acr: None,
        amr: Vec::new(),
        acrs: Vec::new(),
        wids: wids.filter(|_| is_graph).map(|w| w.to_string()).collect(),
        groups: Vec::new(),
        claim_names: None,
        claim_sources: None,
        xms_cc: Vec::new(),
        cnf: None,
    };
    let keys = cx.app.keys().current();
    let access_token = sign(&keys, |key| access_token::sign(&token, key))?;
    Ok(Response {
        token_type: "Bearer".into(),
        scope: None,
        expires_in: life,
        ext_expires_in: Some(life),
        access_token: Some(access_token),
        refresh_token: None,
        id_token: None,
        client_info: None,
    })
}

/// An identifier that is unique and says nothing.
fn unique(cx: &Context) -> String {
    base64url::encode(cx.bytes::<16>())
}

/// A member's, where the client's registration asks for it; a guest's is a made-up name.
fn upn(standing: &Standing) -> Option<String> {
    let (snapshot, user) = (standing.snapshot(), standing.user());
    let client = standing.grant().pair.client;
    let asked = claims::is_asked(snapshot, client, "idToken", "upn");
    (asked && user.is_local()).then(|| user.upn.clone())
}

fn idp(cx: &Context, standing: &Standing) -> Option<String> {
    let identity = &standing.home()?.identity;
    Some(
        cx.app
            .registry()
            .find(&identity.cloud)?
            .issuer(identity.tenant.uuid()),
    )
}

/// RFC 8176, from what counted: a home's methods, and those proven here. Of a home whose second
/// factors this tenant does not take over, the sign-in alone counts.
/// What was proven, as far as it counts here: a second factor of home only where it is trusted.
fn proven(standing: &Standing) -> Vec<MethodUse> {
    let facts = standing.facts();
    let trusted = facts
        .home
        .as_ref()
        .is_some_and(|home| judge::trusts_mfa(standing.snapshot(), home));
    facts
        .home_methods
        .iter()
        .filter(|used| trusted || !judge::is_possession(&used.method))
        .chain(&facts.own_methods)
        .cloned()
        .collect()
}

fn amr(standing: &Standing) -> Vec<String> {
    let methods = proven(standing);
    let mut words: Vec<String> = methods
        .iter()
        .filter_map(|m| word(&m.method))
        .map(str::to_owned)
        .collect();
    if judge::is_multi_factor(&methods) {
        words.push("mfa".into());
    }
    words.sort();
    words.dedup();
    words
}

fn word(method: &str) -> Option<&'static str> {
    Some(match method {
        "password" => "pwd",
        "softwareOath" | "hardwareOath" => "otp",
        "fido2" | "windowsHelloForBusiness" => "fido",
        "x509CertificateSingleFactor" | "x509CertificateMultiFactor" => "rsa",
        "sms" => "sms",
        "voice" => "tel",
        _ => return None,
    })
}

/// Rule 4: of a member, in a domain verified here, if asked for. A guest's address is home's word,
/// or the inviter's: a label that no application may take for an identity (federation §5.7, O-41).
pub(super) fn address(standing: &Standing, asked: bool) -> Option<String> {
    let (user, snapshot) = (standing.user(), standing.snapshot());
    if !asked || standing.home().is_some() {
        return None;
    }
    let mail = user.mail.clone()?;
    let (_, domain) = mail.rsplit_once('@')?;
    let domain = DomainName::parse(domain).ok()?;
    let ours = snapshot.domains.iter().any(|d| d.name == domain.as_str());
    ours.then_some(mail)
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn an_unknown_method_says_nothing() {
        assert_eq!(word("password"), Some("pwd"));
        assert_eq!(word("superpower"), None);
    }
}
