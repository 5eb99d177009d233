//! How a sign-in is refused, and how the person goes on as somebody else.
//!
//! 1. A refusal is recorded, on both sides of a leg within this cloud: the resource's tenant has its
//!    own record, with what it may see of home's no.
//! 2. An application that wants nothing drawn, and a cloud that asked, are told. Everybody else gets
//!    a page. It is the sign-in's own: it has the address of its pages, without code or state (security
//!    bar S-42), for this browser, until the sign-in's time is over.
//! 3. From that page nothing goes on but another person's attempt, under a correlation ID of its own;
//!    it is offered where the refusal is about the account and the person may choose whom to sign in.

use comity_model::{
    id::Id,
    sign_in::{Prompt, Purpose, Refusal, SignInData},
    sign_in_record::SignInRecord,
    tenant::Tenant,
};

use super::{Active, Assessment, Outcome, Return, answer, assess, store, take_pushed, unwritten};
use crate::{
    context::Context,
    crossing::HOME_REFUSED,
    error::{Error, Result},
    rate::{self, Kind},
    record,
};

/// Rules 1 and 2.
pub(crate) async fn refused(
    cx: &Context,
    active: &mut Active,
    assessment: Assessment,
    refusal: Refusal,
) -> Result<Outcome> {
    let silent = |prompt| prompt == Prompt::None;
    let told = told(cx, &active.sign_in.data, refusal, silent);
    Box::pin(end(cx, active, assessment, refusal, told)).await
}

/// A person's no. Recorded like a refusal; whoever asked is told.
pub(super) async fn declined(
    cx: &Context,
    active: &mut Active,
    assessment: Assessment,
    refusal: Refusal,
) -> Result<Outcome> {
    let told = told(cx, &active.sign_in.data, refusal, |_| true);
    Box::pin(end(cx, active, assessment, refusal, told)).await
}

/// Rule 2: what goes back. An application is told where `hears` says so of its prompt.
fn told(
    cx: &Context,
    outermost: &SignInData,
    refusal: Refusal,
    hears: impl FnOnce(Prompt) -> bool,
) -> Option<Return> {
    match &outermost.purpose {
        Purpose::Application(request) if hears(request.prompt) => {
            let seen = answer::seen(outermost, refusal);
            Some(answer::error_response(cx, request, outermost, seen))
        }
        Purpose::Crossing {
            pushed,
            same_cloud: false,
        } => Some(answer::crossing_error(cx, pushed, refusal)),
        _ => None,
    }
}

async fn end(
    cx: &Context,
    active: &mut Active,
    assessment: Assessment,
    refusal: Refusal,
    told: Option<Return>,
) -> Result<Outcome> {
    let rows = records(cx, active, &assessment, refusal).await?;
    let tx = cx.app.store().begin().await?;
    take_pushed(cx, active, &tx).await?;
    unwritten::write(cx, &active.unwritten, &tx).await?;
    for (tenant, row) in rows {
        tx.tenant(tenant).sign_in_records().insert(&row).await?;
    }
    if told.is_none() {
        close(&mut active.sign_in.data, refusal);
        store(active, &tx).await?;
    } else if active.stored {
        tx.cloud()
            .sign_ins()
            .delete(active.sign_in.id, active.sign_in.version)
            .await?;
    }
    tx.commit().await?;
    Ok(match told {
        Some(to) => Outcome::Return { to, session: None },
        None => Outcome::Refused(Box::new(assessment), refusal),
    })
}

/// Rule 1.
async fn records(
    cx: &Context,
    active: &Active,
    assessment: &Assessment,
    refusal: Refusal,
) -> Result<Vec<(Id<Tenant>, SignInRecord)>> {
    let outermost = &active.sign_in.data;
    let data = outermost.active();
    if !is_somebody(data) && rate::take(cx, Kind::Record).is_err() {
        return Ok(Vec::new());
    }
    let mut rows = Vec::new();
    if let (Some(tenant), true) = (outermost.tenant, outermost.home_leg.is_some()) {
        let waiting = assess::assess_record(cx, outermost, &active.browser).await?;
        let seen = answer::seen(outermost, refusal);
        let row = record::sign_in(cx, outermost, &waiting, seen.code);
        rows.push((tenant, row));
    }
    if let Some(tenant) = data.tenant {
        let row = record::sign_in(cx, data, assessment, refusal.code);
        rows.push((tenant, row));
    }
    Ok(rows)
}

/// Whether anybody has proven anything, here or at home.
fn is_somebody(data: &SignInData) -> bool {
    data.session_sid.is_some() || !data.proven.is_empty() || data.assertion.is_some()
}

/// The record of a sign-in that only its page is left of: no grant of home is kept for it.
fn close(outermost: &mut SignInData, refusal: Refusal) {
    outermost.active_mut().sealed_grant.clear();
    outermost.refused = Some(refusal);
}

/// Rule 3: whether *Use another account* leads on from a refusal. `outermost` is the sign-in's record,
/// not that of a leg within it.
pub fn may_use_another(outermost: &SignInData, refusal: Refusal) -> bool {
    // An invitation is for one person; a cloud that asked is told, and asks again or not.
    let may_choose = matches!(outermost.purpose, Purpose::Application(_));
    may_choose && is_about_the_account(refusal.code)
}

/// Not those that the same person mends (a second factor, a no of hers, a silent home), and not those
/// that meet everybody alike (a device, a missing consent).
const fn is_about_the_account(code: u32) -> bool {
    matches!(
        code,
        HOME_REFUSED
            | 50_020
            | 50_034
            | 50_057
            | 50_105
            | 53_003
            | 90_038
            | 500_212
            | 500_213
            | 1_000_104
    )
}

/// Rule 3: a refused sign-in begins again, with nobody chosen; any other goes on as it is.
pub fn begin_again(cx: &Context, active: &mut Active) -> Result<()> {
    let data = &mut active.sign_in.data;
    let Some(refusal) = data.refused else {
        return Ok(());
    };
    if !may_use_another(data, refusal) {
        return Err(Error::NotFound);
    }
    data.forget();
    data.refused = None;
    data.home_leg = None;
    data.typed_name = None;
    data.another = true;
    data.correlation_id = cx.correlation_id;
    if !data.tenant_named {
        data.tenant = None;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use comity_model::{
        application::Platform,
        federation::ApplicationPair,
        id::Id,
        sign_in::{
            ApplicationRequest, OauthError, Prompt, Purpose, Refusal, ResponseMode, Side,
            SignInData,
        },
    };
    use uuid::Uuid;

    use super::may_use_another;

    fn data(purpose: Purpose) -> SignInData {
        SignInData::new(purpose, None, Uuid::nil())
    }

    fn application() -> Purpose {
        Purpose::Application(Box::new(ApplicationRequest {
            pair: ApplicationPair {
                client: Uuid::nil(),
                resource: Uuid::nil(),
            },
            redirect_uri: String::new(),
            platform: Platform::Web,
            response_mode: ResponseMode::Query,
            scopes: Vec::new(),
            audience: String::new(),
            state: None,
            nonce: None,
            code_challenge: None,
            prompt: Prompt::Auto,
            max_age: None,
            wants_mfa: false,
            client_info: false,
        }))
    }

    #[test]
    fn another_account_is_offered_where_it_helps() {
        let helps = [
            50_000, 50_020, 50_034, 50_057, 50_105, 53_003, 90_038, 500_212, 500_213, 1_000_104,
        ];
        let does_not = [
            16_000, 50_053, 50_058, 50_074, 50_076, 50_079, 50_126, 50_173, 53_000, 53_001, 65_001,
            65_004, 90_033, 500_141,
        ];
        let all = helps.map(|code| (code, true));
        for (code, expected) in all.into_iter().chain(does_not.map(|code| (code, false))) {
            let refusal = Refusal {
                code,
                side: Side::Resource,
                error: OauthError::AccessDenied,
            };
            assert_eq!(
                may_use_another(&data(application()), refusal),
                expected,
                "{code}"
            );
            let invited = Purpose::Redemption {
                invitation: Id::new(Uuid::nil()),
            };
            assert!(!may_use_another(&data(invited), refusal), "{code}");
        }
    }
}
