//! `authorization_code` (OAuth 2.1 §4.1.3, RFC 7636; security bars O-04, O-06).
//!
//! 1. The code is looked at, then everything else; it is used in the transaction that starts its
//!    family, so of two requests at once one gets tokens.
//! 2. It is bound to tenant, client, redirect URI and challenge.
//! 3. A second use kills what the first one gave.

use comity_model::{
    application::Platform,
    sign_in::{CodeGrant, TokenGrant},
    time::Utc,
};
use comity_oauth::{pkce, scope::OidcScope, token::Response};

use super::{Call, Failure, Network, Refused, issue, ledger, record, snapshot, standing};
use crate::{client, consent, context::hash_bearer};

/// A refresh token's family lives this long, unless home's session ends before.
const FAMILY_SECONDS: i64 = 90 * 24 * 3600;
/// In a single-page application.
const SCRIPT_SECONDS: i64 = 24 * 3600;

pub(super) struct Presented<'a> {
    pub code: &'a str,
    pub redirect_uri: Option<&'a str>,
    pub verifier: Option<&'a str>,
}

pub(super) async fn redeem(
    call: &mut Call<'_>,
    presented: &Presented<'_>,
) -> Result<Response, Failure> {
    let cx = call.cx;
    let hash = hash_bearer(presented.code);
    let Some((tenant, grant)) = ledger::find_code(cx, &hash).await? else {
        return Err(ledger::punish_reuse(cx, &hash).await?.into());
    };
    call.check_tenant(tenant)?;
    let CodeGrant::Application(grant) = grant else {
        return Err(other_client().into());
    };
    let snapshot = snapshot(cx, tenant).await?;
    let client = call.client(&snapshot)?;
    let proof = client::authenticate(
        cx,
        &snapshot,
        &client,
        &call.request.client,
        Some(grant.platform),
    )?;
    if client.app_id != grant.pair.client {
        return Err(other_client().into());
    }
    check_binding(&grant, presented)?;
    call.check_origin(&grant)?;
    let scopes = call.narrowed(&snapshot, &grant)?;
    let standing = match standing::ask(cx, &snapshot, &grant, Network::AsGranted).await {
        Ok(standing) => standing,
        Err(denial) => return Err(record::denied(cx, &snapshot, &grant, denial).await?),
    };
    let family = cx.new_uuid();
    let (token, token_hash) = cx.new_bearer();
    let offline = consent::asks(&grant.scopes, OidcScope::OfflineAccess);
    let wanted = issue::Wanted {
        scopes: &scopes,
        family,
        level: proof.level,
        nonce: grant.nonce.as_deref(),
        client_info: call.request.client_info || grant.client_info,
        refresh_token: offline.then(|| token.to_string()),
    };
    let response = issue::issue(cx, &standing, &wanted).await?;
    let expires = family_end(&grant, standing.home_end(), cx.now);
    let birth = ledger::Birth {
        code: &hash,
        tenant,
        family,
        expires,
        token: &token_hash,
        grant: &grant,
    };
    let tx = cx.app.store().begin().await?;
    ledger::use_assertion(&tx, client.app_id, proof.once.as_ref()).await?;
    if !ledger::begin_family(cx, &tx, &birth).await? {
        tx.rollback().await;
        return Err(ledger::punish_reuse(cx, &hash).await?.into());
    }
    tx.commit().await?;
    Ok(response)
}

fn other_client() -> Refused {
    Refused::new(
        "invalid_grant",
        70_000,
        "the code was issued to another client",
    )
}

/// Rule 2.
fn check_binding(grant: &TokenGrant, presented: &Presented<'_>) -> Result<(), Refused> {
    if presented.redirect_uri != Some(grant.redirect_uri.as_str()) {
        return Err(Refused::new(
            "invalid_grant",
            500_112,
            "`redirect_uri` must be the one that the code was asked for with",
        ));
    }
    // What was kept was a well-formed challenge, so it reads again.
    let challenge = match &grant.code_challenge {
        Some(text) => Some(pkce::Challenge::try_from(text.clone()).map_err(pkce_refused)?),
        None => None,
    };
    pkce::check(challenge.as_ref(), presented.verifier).map_err(pkce_refused)
}

fn pkce_refused(error: pkce::PkceError) -> Refused {
    Refused::new("invalid_grant", error.number(), error.to_string())
}

fn family_end(grant: &TokenGrant, home_end: Option<Utc>, now: Utc) -> Utc {
    let life = if grant.platform == Platform::Spa {
        SCRIPT_SECONDS
    } else {
        FAMILY_SECONDS
    };
    let end = now.plus_seconds(life);
    home_end.map_or(end, |home| home.min(end))
}
