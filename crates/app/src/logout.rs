//! Signing out (OpenID Connect RP-Initiated Logout 1.0; sessions.md; cross-cloud-federation.md
//! §3.14).
//!
//! 1. The browser's session ends with everything that came of it: codes, token families, the leases
//!    under them, and at home the grants that other clouds hold. Sign-ins under way in that browser
//!    end too: one of them may have proven who was here.
//! 2. An application may have somebody signed out by an id token of ours; without one the person is
//!    asked first, for anybody can make a browser open an address.
//! 3. The way back is an address of the application that the id token is for, exactly.

use comity_model::{
    federation::HomeTenant,
    id::{Id, parse_uuid},
    session::{Session, SessionAccount},
    signing_key::KeyPurpose,
    tenant::Tenant,
};
use comity_oauth::{access_token::TENANT, id_token, logout::Request};
use comity_store::Tx;

use crate::{
    client::Client,
    context::{Context, hash_bearer},
    error::Result,
    sign_in::Browser,
};

/// What an application asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Rule 2: the id token is ours, so the session it names may end at once.
    Vouched {
        tenant: Id<Tenant>,
        /// The session that the id token is of.
        sid: Option<String>,
        /// Rule 3; `None` = our own page.
        location: Option<String>,
    },
    /// Ask the person.
    Unvouched,
}

/// Rules 2 and 3.
pub async fn read(cx: &Context, request: &Request) -> Result<Asked> {
    let Some(hint) = &request.id_token_hint else {
        return Ok(Asked::Unvouched);
    };
    let registry = cx.app.registry();
    let template = registry.own.issuer_template.replace("{tenant}", TENANT);
    let keys = crate::key::fresh(cx).await?.verifiers(KeyPurpose::Token);
    let Ok(token) = id_token::verify_hint(hint, &keys, &template) else {
        return Ok(Asked::Unvouched);
    };
    if request
        .client_id
        .as_ref()
        .is_some_and(|id| *id != token.aud)
    {
        return Ok(Asked::Unvouched);
    }
    let tenant = Id::new(token.tid);
    let snapshot = cx.app.snapshots().get(cx, tenant).await?;
    let client = parse_uuid(&token.aud).and_then(|id| Client::of(&snapshot, id));
    let wanted = request.post_logout_redirect_uri.as_deref();
    let known = match (client, wanted) {
        (Some(client), Some(uri)) => client.may_return_to(registry, uri),
        _ => false,
    };
    let location = if known { request.location() } else { None };
    Ok(Asked::Vouched {
        tenant,
        sid: token.sid,
        location,
    })
}

/// What a sign-out ended, for the page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ended {
    /// The accounts that were signed in.
    pub accounts: Vec<SessionAccount>,
    /// The homes where a guest is still signed in.
    pub homes: Vec<HomeTenant>,
}

/// Rule 1. `under_way` are the browser's binding cookies. Nothing to end is no error.
pub async fn end<'c>(
    cx: &Context,
    cookie: Option<&str>,
    under_way: impl Iterator<Item = &'c str>,
) -> Result<Ended> {
    let browser = Browser::load(cx, cookie).await?;
    let hashes: Vec<_> = under_way.map(hash_bearer).collect();
    if browser.session.is_none() && hashes.is_empty() {
        return Ok(Ended::default());
    }
    let tx = cx.app.store().begin().await?;
    for hash in &hashes {
        tx.cloud().sign_ins().forget(hash).await?;
    }
    let session = match &browser.session {
        Some((session, _)) => end_session(cx, &tx, session.id).await?,
        None => None,
    };
    tx.commit().await?;
    Ok(session.map(ended).unwrap_or_default())
}

/// The session goes first, then its codes: what is being redeemed meanwhile is waited for, and its
/// family is among those that end. By its ID: a sign-in that ended since may have given it another
/// cookie and accounts.
async fn end_session(cx: &Context, tx: &Tx, id: Id<Session>) -> Result<Option<Session>> {
    let Some(session) = tx.cloud().sessions().end(id).await? else {
        return Ok(None);
    };
    tx.cloud().withdraw_codes(session.id).await?;
    // Families are kept under the browser's session, whatever session IDs its accounts had since.
    tx.cloud()
        .token_families()
        .revoke_by_session(session.id, cx.now)
        .await?;
    for account in &session.accounts {
        // A lease is used through its family only, so it ends with it.
        let tenant = tx.tenant(account.tenant);
        tenant.revoke_families_by_sid(&account.sid, cx.now).await?;
        tenant
            .revoke_lease_grants_by_sid(&account.sid, cx.now)
            .await?;
    }
    Ok(Some(session))
}

fn ended(session: Session) -> Ended {
    let homes = session
        .accounts
        .iter()
        .filter_map(|a| a.home.as_ref())
        .map(|home| HomeTenant {
            cloud: home.identity.cloud.clone(),
            tenant: home.identity.tenant,
        })
        .collect();
    Ended {
        accounts: session.accounts,
        homes,
    }
}
