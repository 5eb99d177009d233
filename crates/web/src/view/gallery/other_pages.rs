//! My Apps, signing out, the mail of the dev world, and Expenses.

use comity_edge::ui::{Account, Icon, Page};
use maud::Markup;

use super::super::{
    DevMail, DevMailRow, Expenses, MyApps, OrgLink, Outcome, SignOut, SignedOut, StillIn, Tile,
    dev_mail, dev_mail_list, expenses, my_apps, sign_out, signed_out,
};
use super::{Specimen, World};
use crate::mail::{FactorMail, InvitationMail, factor_added, invitation};

pub(super) fn pages(world: &World<'_>) -> Vec<Specimen> {
    let mut pages = apps(world);
    pages.extend(ends(world));
    pages.extend(mails(world));
    pages.extend(application(world));
    pages
}

fn tile(world: &World<'_>, name: &str, icon: Icon, about: &str) -> Tile {
    Tile {
        name: world.text(name),
        href: world.text("https://expenses.localhost:8443/"),
        icon,
        about: world.some(about),
        opened: (icon == Icon::Receipt).then(|| world.text("Opened today, 09:12")),
    }
}

fn apps(world: &World<'_>) -> Vec<Specimen> {
    let link = |org, relation: &str, current| OrgLink {
        org,
        href: world.text("/?tenantid=1"),
        relation: world.text(relation),
        current,
    };
    let account = Account {
        name: world.text("nora@northwind.us"),
        sign_out: world.some("/sign-out"),
    };
    let plain = MyApps {
        account,
        tiles: vec![
            tile(
                world,
                "Expenses",
                Icon::Receipt,
                "Hand in and approve travel costs",
            ),
            tile(world, "Library", Icon::Folder, "Documents and files"),
            tile(
                world,
                "Insights",
                Icon::Chart,
                "Reports on the joint project",
            ),
        ],
        organizations: Vec::new(),
        stay: Vec::new(),
        is_guest: true,
    };
    let rich = MyApps {
        organizations: vec![
            link(world.northwind(), "Home", false),
            link(world.contoso(), "Guest, you are here", true),
        ],
        stay: vec![
            (world.text("Guest since"), world.text("3 Nov 2026")),
            (world.text("Invited by"), world.text("inviter@contoso.com")),
        ],
        ..plain.clone()
    };
    let empty = MyApps {
        tiles: Vec::new(),
        ..plain.clone()
    };
    let member = MyApps {
        is_guest: false,
        ..empty.clone()
    };
    let page = Page {
        cloud: world.cloud("global", "myapps"),
        ..world.contoso_page()
    };
    vec![
        ("09-my-apps", my_apps(&page, &plain)),
        ("09-my-apps-guest", my_apps(&page, &rich)),
        ("09-my-apps-empty", my_apps(&page, &empty)),
        ("09-my-apps-empty-member", my_apps(&page, &member)),
    ]
}

fn ends(world: &World<'_>) -> Vec<Specimen> {
    let question = SignOut {
        action: world.text("/sign-out"),
        account: world.text("nora@northwind.us"),
        home: Some(world.northwind()),
        stay: world.some("/"),
    };
    let still = StillIn {
        org: world.northwind(),
        sign_out: world.some("https://login.usgov.localhost/out"),
    };
    let guest = SignedOut {
        still_in: Some(still),
        sign_in: world.some("/"),
    };
    let page = world.contoso_page();
    vec![
        ("09-sign-out", sign_out(&page, &question)),
        ("09b-signed-out", signed_out(&page, &guest)),
        (
            "09b-signed-out-plain",
            signed_out(&world.page("global", "login"), &SignedOut::default()),
        ),
    ]
}

fn invitation_of(world: &World<'_>) -> InvitationMail {
    InvitationMail {
        organization: world.text("Contoso"),
        domain: world.text("contoso.com"),
        cloud: world.text("Commercial cloud"),
        hue: 258,
        inviter: world.some("inviter@contoso.com"),
        message: world.some(
            "Hello Nora, please use Expenses for the costs of the joint project. Alex is your contact here.",
        ),
        link: world.text("https://login.global.localhost:8443/redeem?tenant=t&user=u&ticket=k&ver=2.0"),
        guest: world.text("nora@northwind.us"),
        home_cloud: world.some("US Government cloud"),
        home_host: world.text("login.usgov.localhost:8443"),
        app: world.some("Expenses"),
        my_apps: world.text("https://myapps.global.localhost:8443/"),
        privacy: world.some("https://www.contoso.com/privacy"),
        block: world.some("https://login.global.localhost:8443/invitations/block"),
    }
}

/// The invitation as mail clients draw it; its style is inline, so it is no page.
pub fn invitation_mail() -> String {
    invitation(&invitation_of(&World {
        fill: &str::to_owned,
    }))
    .html
}

/// The notice of a new second factor, likewise.
pub fn factor_mail() -> String {
    factor_added(&FactorMail {
        organization: "Contoso".to_owned(),
        cloud: "Commercial cloud".to_owned(),
        hue: 258,
        account: "nora@northwind.us".to_owned(),
        when: World::when().text,
    })
    .html
}

fn mails(world: &World<'_>) -> Vec<Specimen> {
    let mail = invitation(&invitation_of(world));
    let row = DevMailRow {
        to: world.text("nora@northwind.us"),
        subject: mail.subject.clone(),
        at: World::when(),
        href: world.text("/dev/mail/1"),
    };
    let message = DevMail {
        from: world.text("inviter@contoso.com via Contoso <invites@contoso.onmicrosoft.com>"),
        to: world.text("nora@northwind.us"),
        subject: mail.subject,
        at: World::when(),
        text: mail.text,
        html: world.some("/dev/mail/1/html"),
        list: world.text("/dev/mail"),
    };
    let page = world.page("global", "portal");
    vec![
        (
            "19-dev-mail-list",
            dev_mail_list(&page, &[row.clone(), row]),
        ),
        ("19-dev-mail-list-empty", dev_mail_list(&page, &[])),
        ("19-dev-mail", dev_mail(&page, &message)),
    ]
}

fn application(world: &World<'_>) -> Vec<Specimen> {
    let page = |outcome| -> Markup {
        expenses(&Expenses {
            name: world.text("Expenses"),
            organization: world.text("Contoso"),
            cloud: world.text("Commercial cloud"),
            outcome,
        })
    };
    let claim = |name: &str, value: &str| (world.text(name), world.text(value));
    let signed_in = Outcome::SignedIn {
        name: world.text("Nora"),
        home_cloud: world.some("US Government cloud"),
        home: world
            .some("https://login.usgov.localhost:8443/f9f28fa0-43dc-506e-8466-8e94fbb69334/v2.0"),
        claims: vec![
            claim(
                "iss",
                "https://login.global.localhost:8443/bba8b689-8fc1-5159-a51e-6f23ff9cf175/v2.0",
            ),
            claim("oid", "4dda6c6e-5b93-58a3-b594-7d60cc884ffe"),
            claim(
                "idp",
                "https://login.usgov.localhost:8443/f9f28fa0-43dc-506e-8466-8e94fbb69334/v2.0",
            ),
            claim("amr", "[\"pwd\",\"mfa\"]"),
        ],
        sign_out: world.some("/sign-out"),
    };
    let refused = Outcome::Refused {
        error: world.text("access_denied"),
        description: world.text("AADSTS500213: Contoso’s settings do not admit this account."),
        again: world.text("/sign-in"),
    };
    vec![
        ("expenses", page(signed_in)),
        (
            "expenses-signed-out",
            page(Outcome::SignedOut {
                sign_in: world.text("/sign-in"),
            }),
        ),
        ("expenses-refused", page(refused)),
    ]
}
