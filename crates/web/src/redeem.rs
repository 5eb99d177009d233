//! The link of an invitation (cross-cloud-federation.md §5.2, §7): it opens the door but is no
//! proof. The ticket is exchanged at once for a sign-in bound to this browser, by 303, and leaves
//! the address bar.

use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use comity_app::{
    App, Context, Error,
    context::hash_bearer,
    sign_in::{self, Begin, Browser},
};
use comity_edge::{Chain, Cookies, Cx, Site, outcome::Answer, refused, ui::Trouble};
use comity_model::{
    federation::HomeTenant,
    invitation::InvitationStatus,
    sign_in::{Purpose, Subject},
};
use http::StatusCode;
use serde::Deserialize;

/// The route, at the login host.
pub fn router() -> Router<App> {
    Router::new().route("/redeem", get(redeem))
}

#[derive(Debug, Deserialize)]
struct Link {
    tenant: Option<String>,
    user: Option<String>,
    ticket: Option<String>,
}

async fn redeem(
    State(_): State<App>,
    Cx(cx): Cx,
    site: Site,
    cookies: Cookies,
    Query(link): Query<Link>,
) -> Response {
    let begin = match begin(&cx, &link).await {
        Ok(begin) => begin,
        // Wrong, withdrawn and never issued look the same.
        Err(Error::NotFound) => {
            return refused::trouble(&cx, &site, Trouble::InvitationGone, StatusCode::NOT_FOUND);
        }
        Err(error) => return refused::error(&cx, &site, &error),
    };
    let result = async {
        let browser = Browser::load(&cx, cookies.session()).await?;
        sign_in::begin(&cx, begin, browser).await
    };
    match result.await {
        Ok((active, outcome)) => {
            let answer = Answer {
                cx: &cx,
                site: &site,
                cookies: &cookies,
                number: None,
                // A link is opened, no form was sent.
                chain: Chain::Kept,
            };
            answer.render_elsewhere(&active, outcome).await
        }
        Err(error) => refused::error(&cx, &site, &error),
    }
}

async fn begin(cx: &Context, link: &Link) -> Result<Begin, Error> {
    let ticket = link
        .ticket
        .as_deref()
        .filter(|t| t.len() <= 128)
        .ok_or(Error::NotFound)?;
    let read = cx.app.store().read();
    let (tenant, id) = read
        .cloud()
        .owner_of_ticket(&hash_bearer(ticket))
        .await?
        .ok_or(Error::NotFound)?;
    let named = |text: &Option<String>, id: String| {
        text.as_deref().is_none_or(|t| t.eq_ignore_ascii_case(&id))
    };
    if !named(&link.tenant, tenant.to_string()) || !named(&link.user, id.to_string()) {
        return Err(Error::NotFound);
    }
    let invitation = read
        .tenant(tenant)
        .invitations()
        .find(id)
        .await?
        .ok_or(Error::NotFound)?;
    if invitation.status == InvitationStatus::Withdrawn {
        return Err(Error::NotFound);
    }
    let invited = &invitation.invited;
    Ok(Begin {
        purpose: Purpose::Redemption { invitation: id },
        tenant: Some(tenant),
        login_hint: Some(invitation.email.clone()),
        domain_hint: None,
        correlation_id: cx.correlation_id,
        subject: Some(Subject::External {
            home: HomeTenant {
                cloud: invited.cloud.clone(),
                tenant: invited.tenant,
            },
            expected: Some(invited.object),
        }),
        pushed: None,
    })
}
