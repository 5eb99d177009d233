//! What an application knows about the person (`sign_in/hint.rs`): `login_hint` and `domain_hint`
//! lead where typing leads, and prove nothing.

use comity_demo::{browser::Page, walk::End};
use url::Url;

use crate::rig::{Actor, CONTOSO, NORA, Rig, on_every_engine};

/// The command line that every organization knows.
const COMMAND_LINE: (&str, &str) = (
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
    "http://localhost:8400",
);
const ALEX: &str = "alex@contoso.com";

/// What the first page asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asks {
    /// The user name, with what the field holds.
    Name(String),
    Password,
    /// The notice before one goes to another cloud.
    Crossing,
}

fn request(rig: &Rig, more: &[(&str, &str)]) -> String {
    let app = rig.app("Expenses");
    request_of(
        rig,
        rig.id(CONTOSO),
        (&app.app_id, &app.redirect_uris[0]),
        more,
    )
}

fn request_of(rig: &Rig, at: &str, client: (&str, &str), more: &[(&str, &str)]) -> String {
    let login = &rig.cloud_of(CONTOSO).login;
    let mut url = Url::parse(&format!("{login}/{at}/oauth2/v2.0/authorize")).unwrap();
    url.query_pairs_mut()
        .append_pair("client_id", client.0)
        .append_pair("redirect_uri", client.1)
        .append_pair("response_type", "code")
        .append_pair("scope", "openid profile")
        .append_pair("state", "s")
        .append_pair("nonce", "n")
        .append_pair(
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        )
        .append_pair("code_challenge_method", "S256")
        .extend_pairs(more);
    url.into()
}

fn asks(page: &Page) -> Asks {
    let html = &page.html;
    if let Some(field) = html.by_id("username") {
        return Asks::Name(field.attribute("value").unwrap_or_default().to_owned());
    }
    if html.by_id("password").is_some() {
        return Asks::Password;
    }
    assert!(
        html.by_id("use-another-account").is_some(),
        "{}",
        page.describe()
    );
    Asks::Crossing
}

async fn first_page(actor: &mut Actor, url: &str) -> Asks {
    actor.fresh();
    actor.browser.open(url).await.unwrap();
    asks(actor.browser.page().unwrap())
}

#[tokio::test]
async fn a_hint_leads_where_typing_leads() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        let name = |text: &str| Asks::Name(text.to_owned());
        let rows: [(&[(&str, &str)], Asks); 13] = [
            (&[("login_hint", NORA)], Asks::Crossing),
            (&[("login_hint", "  Nora@Northwind.US ")], Asks::Crossing),
            (&[("login_hint", "nobody@northwind.us")], Asks::Crossing),
            (&[("domain_hint", "northwind.us")], Asks::Crossing),
            (&[("login_hint", ALEX)], Asks::Password),
            (&[("login_hint", "nobody@contoso.com")], Asks::Password),
            (&[("login_hint", ALEX), ("prompt", "login")], Asks::Password),
            (
                &[("login_hint", ALEX), ("domain_hint", "northwind.us")],
                Asks::Password,
            ),
            // Rule 2.
            (
                &[("login_hint", "x@nowhere.example")],
                name("x@nowhere.example"),
            ),
            (&[("login_hint", "alex")], name("alex")),
            (&[("domain_hint", "organizations")], name("")),
            (&[("domain_hint", "contoso.com")], name("")),
            // Rule 3.
            (
                &[("login_hint", NORA), ("prompt", "select_account")],
                name(NORA),
            ),
        ];
        for (hints, expected) in rows {
            let url = request(rig, hints);
            assert_eq!(first_page(&mut nora, &url).await, expected, "{hints:?}");
        }
        let url = request(rig, &[("login_hint", NORA)]);
        first_page(&mut nora, &url).await;
        assert!(nora.text().contains(NORA), "{}", nora.text());
    })
    .await;
}

#[tokio::test]
async fn the_common_endpoint_goes_on_as_that_organization_s() {
    on_every_engine(async |rig| {
        rig.nora().await;
        let mut alex = rig.actor(ALEX);
        for (hint, expected) in [
            (("login_hint", ALEX), Asks::Password),
            (("domain_hint", CONTOSO), Asks::Name(String::new())),
            // A guest's organization is not hers: only its name leads there (federation §5.3).
            (("login_hint", NORA), Asks::Name(NORA.to_owned())),
            (("domain_hint", "northwind.us"), Asks::Name(String::new())),
        ] {
            let url = request_of(rig, "organizations", COMMAND_LINE, &[hint]);
            assert_eq!(first_page(&mut alex, &url).await, expected, "{hint:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_is_drawn_and_nobody_sent_where_the_application_wants_silence() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        for hint in [
            ("login_hint", NORA),
            ("domain_hint", "northwind.us"),
            ("login_hint", ALEX),
        ] {
            rig.world.wire.clear();
            nora.fresh();
            let back = Url::parse(&rig.app("Expenses").redirect_uris[0]).unwrap();
            nora.browser
                .stop_at(Some(back.origin().ascii_serialization()));
            let url = request(rig, &[hint, ("prompt", "none")]);
            let trip = nora.go(&url).await;
            let End::Away(url) = &trip.end else {
                panic!("{hint:?}: {}", trip.outcome(&nora.browser))
            };
            let error = url.query_pairs().find(|(name, _)| name == "error").unwrap();
            assert_eq!(error.1, "login_required", "{hint:?}");
            assert_eq!(rig.world.wire.exchanges().len(), 0, "{hint:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_hint_is_no_proof_and_another_account_may_be_used() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        let url = request(rig, &[("login_hint", ALEX)]);
        assert_eq!(first_page(&mut nora, &url).await, Asks::Password);
        let page = nora.browser.page().unwrap();
        let change = page.link_named("Change account").unwrap().at();
        nora.browser.press(change).await.unwrap();
        let page = nora.browser.page().unwrap();
        assert_eq!(asks(page), Asks::Name(ALEX.to_owned()));
    })
    .await;
}
