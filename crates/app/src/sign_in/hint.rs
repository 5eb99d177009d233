//! What an application knows about the person: whose name (`login_hint`, OpenID Connect Core
//! §3.1.2.1) or which organization's domain (`domain_hint`) she would type.
//!
//! 1. A hint leads where typing it leads, and proves nothing.
//! 2. One that leads nowhere only fills the field; what is wrong with it is told when the person
//!    sends it.
//! 3. Where the application wants the person asked which account, or nothing drawn at all, nobody
//!    is chosen for her. Another cloud's hint only fills the field of her home (federation §3.3).
//! 4. A domain decides only where no account is signed in that could be meant.

use comity_model::{
    federation::HomeTenant,
    name::{DomainName, Upn},
    sign_in::{Prompt, Purpose, Subject},
};

use super::{Active, prompt_of, route, submit};
use crate::{
    context::Context,
    error::{Error, Result},
};

/// Follows the hints of a sign-in that just began.
pub(super) async fn follow(cx: &Context, active: &mut Active, domain: Option<&str>) -> Result<()> {
    let data = &active.sign_in.data;
    let is_open = data.subject.is_none()
        && matches!(data.purpose, Purpose::Application(_))
        && matches!(prompt_of(data), Prompt::Auto | Prompt::Login);
    if !is_open {
        return Ok(());
    }
    let followed = match (data.typed_name.clone(), domain) {
        (Some(name), _) => match Upn::parse(&name) {
            Ok(upn) => submit::take_name(cx, active, &upn).await,
            Err(_) => Ok(()),
        },
        (None, Some(domain)) => take_domain(cx, active, domain).await,
        (None, None) => Ok(()),
    };
    match followed {
        // Rule 2.
        Err(Error::Invalid { .. }) => Ok(()),
        other => other,
    }
}

/// Rule 4.
async fn take_domain(cx: &Context, active: &mut Active, domain: &str) -> Result<()> {
    let data = &active.sign_in.data;
    if active.browser.offered(data).next().is_some() {
        return Ok(());
    }
    let Ok(domain) = DomainName::parse(domain.trim()) else {
        return Ok(());
    };
    let snapshot = match data.tenant {
        Some(tenant) => Some(cx.app.snapshots().get(cx, tenant).await?),
        None => None,
    };
    let routed = route::route_domain(cx, snapshot.as_deref(), domain.as_str()).await?;
    let data = &mut active.sign_in.data;
    match routed {
        // As for a name: the common endpoint goes on as that organization's.
        route::Route::Own(tenant) => data.tenant = Some(tenant),
        route::Route::External(HomeTenant { cloud, tenant }) => {
            data.subject = Some(Subject::External {
                home: HomeTenant { cloud, tenant },
                expected: None,
            });
        }
    }
    Ok(())
}
