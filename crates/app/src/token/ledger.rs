//! Codes, families and refresh tokens in the store: the few statements that the token endpoint
//! runs, in one place.

use comity_model::{
    id::Id,
    secret::Hashed,
    sign_in::{CodeGrant, TokenGrant},
    tenant::Tenant,
    time::Utc,
};
use comity_oauth::client_assertion::Accepted;
use comity_store::{
    Tx,
    code::Redeemed,
    token_family::{Family, FamilyToken, NewFamily},
};
use uuid::Uuid;

use super::{Failure, Refused};
use crate::{context::Context, error::Result};

/// What an unused code stands for.
pub(super) async fn find_code(
    cx: &Context,
    hash: &Hashed,
) -> Result<Option<(Id<Tenant>, CodeGrant)>> {
    Ok(cx.app.store().read().cloud().find_code(hash).await?)
}

/// A code that is no longer good: if it was used, what it gave dies (O-06).
pub(super) async fn punish_reuse(cx: &Context, hash: &Hashed) -> Result<Refused> {
    // A stranger's invented code takes no writer. One that exists does: whoever uses it at this very
    // moment is waited for.
    if !cx.app.store().read().cloud().is_code(hash).await? {
        return Ok(unknown_code());
    }
    let tx = cx.app.store().begin().await?;
    let Some(used) = tx.cloud().find_used_code(hash).await? else {
        tx.rollback().await;
        return Ok(unknown_code());
    };
    if let Some(family) = used.family {
        tx.cloud().token_families().revoke(family, cx.now).await?;
        tracing::warn!(correlation_id = %cx.correlation_id, %family, "a code was used twice; its tokens are revoked");
    }
    tx.commit().await?;
    Ok(Refused::new(
        "invalid_grant",
        54_005,
        "the code was redeemed already: its tokens are revoked",
    ))
}

fn unknown_code() -> Refused {
    Refused::new(
        "invalid_grant",
        70_000,
        "the code is not valid or has expired: sign in again",
    )
}

/// Uses an assertion's identifier, in the transaction of what it is good for (O-21).
pub(super) async fn use_assertion(
    tx: &Tx,
    client: Uuid,
    once: Option<&Accepted>,
) -> std::result::Result<(), Failure> {
    let Some(accepted) = once else { return Ok(()) };
    let until = Utc::from_seconds(accepted.exp.saturating_add(comity_oauth::SKEW));
    let fresh = tx
        .cloud()
        .used_ids()
        .use_once(
            "client-assertion",
            &client.to_string(),
            &accepted.jti,
            until,
        )
        .await?;
    if fresh {
        Ok(())
    } else {
        Err(Refused::new(
            "invalid_client",
            700_027,
            "the client assertion was used before: make one for each request",
        )
        .into())
    }
}

/// What a code gives rise to.
pub(super) struct Birth<'a> {
    pub code: &'a Hashed,
    pub tenant: Id<Tenant>,
    pub family: Uuid,
    pub expires: Utc,
    /// The first refresh token; of nobody if none was asked for, for the family is also what kills
    /// an access token.
    pub token: &'a Hashed,
    pub grant: &'a TokenGrant,
}

/// Uses the code and starts its family. `false`: another request was faster, or it has expired.
pub(super) async fn begin_family(cx: &Context, tx: &Tx, birth: &Birth<'_>) -> Result<bool> {
    let codes = tx.tenant(birth.tenant).codes();
    if codes.redeem(birth.code, cx.now).await? == Redeemed::Unusable {
        return Ok(false);
    }
    let family = NewFamily {
        id: birth.family,
        tenant: birth.tenant,
        user: birth.grant.user,
        client: birth.grant.pair.client,
        created: cx.now,
        expires: birth.expires,
        grant: birth.grant,
    };
    tx.cloud()
        .token_families()
        .insert(&family, birth.token)
        .await?;
    codes.set_family(birth.code, birth.family).await?;
    Ok(true)
}

/// The family of a refresh token, with the token's own state.
pub(super) async fn find_refresh(cx: &Context, hash: &Hashed) -> Result<Option<FamilyToken>> {
    Ok(cx
        .app
        .store()
        .read()
        .cloud()
        .token_families()
        .find_by_hash(hash)
        .await?)
}

/// A family by its ID, as an access token names it.
pub(crate) async fn find_family(cx: &Context, family: Uuid) -> Result<Option<Family>> {
    Ok(cx
        .app
        .store()
        .read()
        .cloud()
        .token_families()
        .find(family)
        .await?)
}

/// Ends a family, in a transaction of its own.
pub(super) async fn revoke(cx: &Context, family: Uuid) -> Result<()> {
    let tx = cx.app.store().begin().await?;
    tx.cloud().token_families().revoke(family, cx.now).await?;
    tx.commit().await?;
    tracing::warn!(correlation_id = %cx.correlation_id, %family, "a refresh token was used again; its family is revoked");
    Ok(())
}
