//! Letters as messages: the renderings of `web` with the addresses of the queue.

use comity_app::{
    App,
    mail::{Content, Letter},
    port::Mail,
};
use comity_edge::{page, ui::When};
use comity_model::{id::Id, tenant::Tenant};
use comity_web::mail;

/// Writes the letters of a cloud.
pub fn letter_writer(app: &App) -> impl Fn(&Letter, Id<Tenant>) -> Mail + Send + Sync + use<> {
    let own = app.registry().own.clone();
    let cloud = page::cloud(&own, &own.hosts.login).long_name();
    move |letter, _| {
        let written = match &letter.content {
            Content::Invitation(invited) => mail::invitation(&mail::InvitationMail {
                organization: invited.organization.clone(),
                domain: invited.domain.clone(),
                cloud: cloud.clone(),
                hue: own.hue,
                inviter: invited.inviter.clone(),
                message: invited.message.clone(),
                link: invited.link.clone(),
                guest: invited.guest.clone(),
                home_cloud: invited
                    .home_cloud
                    .as_ref()
                    .map(|name| format!("{name} cloud")),
                home_host: invited.home_host.clone(),
                app: invited.app.clone(),
                my_apps: invited.my_apps.clone(),
                privacy: invited.privacy.clone(),
                block: None,
            }),
            Content::FactorAdded {
                organization,
                user,
                at,
                ..
            } => mail::factor_added(&mail::FactorMail {
                organization: organization.clone(),
                cloud: cloud.clone(),
                hue: own.hue,
                account: user.clone(),
                when: When::of(*at).text,
            }),
            Content::CodesRefused {
                organization,
                user,
                at,
            } => mail::codes_refused(&mail::FactorMail {
                organization: organization.clone(),
                cloud: cloud.clone(),
                hue: own.hue,
                account: user.clone(),
                when: When::of(*at).text,
            }),
        };
        Mail {
            from_name: written.from_name,
            from: letter.from.clone(),
            reply_to: letter.reply_to.clone(),
            to: letter.to.clone(),
            cc: letter.cc.iter().cloned().collect(),
            subject: written.subject,
            text: written.text,
            html: written.html,
        }
    }
}
