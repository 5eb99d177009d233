//! `refresh_token` (OAuth 2.1 §4.3, RFC 9700 §4.14; security bars O-10, O-11).
//!
//! 1. A refresh token is bound to its client, tenant, person and pair, and is used once.
//! 2. Every guard is asked at each use; a refusal changes nothing, so that a gate that opens again
//!    restores.
//! 3. The same token again within 10 s from the same client and address gets the same answer: an
//!    answer may be lost on the way. Any other reuse ends the family.
//! 4. Conditional Access judges where the person is: the caller's address where the client is on her
//!    device, that of the sign-in where it is a server of its own.

use comity_model::{application::Platform, secret::Hashed, sign_in_record::SignInRecord};
use comity_oauth::{client_assertion::Accepted, scope::OidcScope, token::Response};
use comity_store::token_family::FamilyToken;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Call, Failure, Network, Refused, issue, ledger, record, snapshot, standing};
use crate::{
    client, consent,
    context::{Context, hash_bearer},
    error::Error,
};

const GRACE_SECONDS: i64 = 10;
const PURPOSE: &str = "refresh-answer";

/// What is kept, sealed, to answer again.
#[derive(Serialize, Deserialize)]
struct Answered {
    ip: String,
    response: Response,
}

pub(super) async fn rotate(call: &mut Call<'_>, token: &str) -> Result<Response, Failure> {
    let cx = call.cx;
    let hash = hash_bearer(token);
    let Some(found) = ledger::find_refresh(cx, &hash).await? else {
        return Err(invalid().into());
    };
    call.check_tenant(found.tenant)?;
    let snapshot = snapshot(cx, found.tenant).await?;
    let client = call.client(&snapshot)?;
    let grant = &found.grant;
    let proof = client::authenticate(
        cx,
        &snapshot,
        &client,
        &call.request.client,
        Some(grant.platform),
    )?;
    if client.app_id != found.client {
        return Err(invalid().into());
    }
    check_life(cx, &found)?;
    call.check_origin(grant)?;
    let scopes = call.narrowed(&snapshot, grant)?;
    let standing = match standing::ask(cx, &snapshot, grant, Network::of(grant.platform)).await {
        Ok(standing) => standing,
        Err(denial) => return Err(record::denied(cx, &snapshot, grant, denial).await?),
    };
    if found.used.is_some() {
        return again(cx, &hash, &found).await;
    }
    let (next, next_hash) = cx.new_bearer();
    let wanted = issue::Wanted {
        scopes: &scopes,
        family: found.family,
        level: proof.level,
        // A refresh answers no authorization request (OpenID Connect Core §12.2).
        nonce: None,
        client_info: call.request.client_info || grant.client_info,
        refresh_token: consent::asks(&grant.scopes, OidcScope::OfflineAccess)
            .then(|| next.to_string()),
    };
    let response = issue::issue(cx, &standing, &wanted).await?;
    let sealed = seal(cx, &hash, &response)?;
    let next = Next {
        token: next_hash,
        sealed,
        row: record::refreshed(cx, &standing),
    };
    match exchange(
        cx,
        &found,
        &hash,
        next,
        (client.app_id, proof.once.as_ref()),
    )
    .await?
    {
        None => Ok(response),
        Some(found) => again(cx, &hash, &found).await,
    }
}

/// What follows a refresh token.
struct Next {
    token: Hashed,
    sealed: Vec<u8>,
    row: SignInRecord,
}

/// Uses the token up. If another request was faster, what that one left.
async fn exchange(
    cx: &Context,
    found: &FamilyToken,
    hash: &Hashed,
    next: Next,
    (client, once): (Uuid, Option<&Accepted>),
) -> Result<Option<FamilyToken>, Failure> {
    let tx = cx.app.store().begin().await?;
    ledger::use_assertion(&tx, client, once).await?;
    let families = tx.cloud().token_families();
    if families
        .rotate(found.family, hash, &next.token, next.sealed, cx.now)
        .await?
    {
        let scoped = tx.tenant(found.tenant);
        scoped.sign_in_records().insert(&next.row).await?;
        tx.commit().await?;
        return Ok(None);
    }
    // Read where the faster request is visible already; the commit waits until it is durable.
    let left = families.find_by_hash(hash).await?;
    tx.commit().await?;
    let left = left.ok_or_else(invalid)?;
    check_life(cx, &left)?;
    Ok(Some(left))
}

fn invalid() -> Refused {
    Refused::new(
        "invalid_grant",
        70_000,
        "the refresh token is not valid for this client: sign in again",
    )
}

fn check_life(cx: &Context, found: &FamilyToken) -> Result<(), Refused> {
    if found.revoked.is_some() {
        return Err(Refused::new(
            "invalid_grant",
            50_173,
            "the grant was revoked: sign in again",
        ));
    }
    if found.expires <= cx.now {
        let number = if found.grant.platform == Platform::Spa {
            700_084
        } else {
            700_082
        };
        return Err(Refused::new(
            "invalid_grant",
            number,
            "the refresh token has expired: sign in again",
        ));
    }
    Ok(())
}

/// Rule 3.
async fn again(cx: &Context, hash: &Hashed, found: &FamilyToken) -> Result<Response, Failure> {
    let in_time = found.used.is_some_and(|used| {
        let age = cx.now.seconds_since(used);
        (-1..GRACE_SECONDS).contains(&age)
    });
    if let (true, Some(sealed)) = (in_time, &found.successor) {
        let opened = cx
            .app
            .sealer()
            .open(PURPOSE, &hash.0, sealed)
            .map_err(Error::from)?;
        let answered: Answered = serde_json::from_slice(&opened).map_err(Error::internal)?;
        if answered.ip == cx.client.ip {
            return Ok(answered.response);
        }
    }
    ledger::revoke(cx, found.family).await?;
    Err(Refused::new(
        "invalid_grant",
        50_173,
        "the refresh token was used before: its family is revoked, sign in again",
    )
    .into())
}

fn seal(cx: &Context, hash: &Hashed, response: &Response) -> Result<Vec<u8>, Error> {
    let answered = Answered {
        ip: cx.client.ip.clone(),
        response: response.clone(),
    };
    let text = serde_json::to_vec(&answered).map_err(Error::internal)?;
    Ok(cx.app.sealer().seal(PURPOSE, &hash.0, &text, cx.bytes())?)
}
