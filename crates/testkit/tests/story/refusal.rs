//! The page of a refusal: it is at an address without code or state, for the browser that was refused
//! (security bars S-42, V-54), and leads on to another account where one may help (mock 08).

use comity_demo::walk::End;
use http::Method;
use serde_json::json;
use url::form_urlencoded;

use crate::rig::{
    Actor, CONDITIONAL, CONTOSO, NILS, NORA, NORTHWIND, PARTNERS, Rig, denied, half,
    on_every_engine, over_guests,
};

const ALEX: &str = "alex@contoso.com";
const INVITER: &str = "inviter@contoso.com";

/// The number of the sign-in whose page this is; nothing else is in the address.
fn number(actor: &Actor) -> String {
    let url = &actor.browser.page().unwrap().url;
    assert_eq!(url.query(), None, "{url}");
    let number = url.path().strip_prefix("/signin/").unwrap();
    assert!(number.parse::<u32>().is_ok(), "{url}");
    number.to_owned()
}

fn offers_another(actor: &Actor) -> bool {
    let page = actor.browser.page().unwrap();
    page.html.by_id("use-another-account").is_some()
}

/// Paired, and somebody of Northwind who was not invited has come back from home.
async fn uninvited(rig: &Rig) -> Actor {
    rig.nora().await;
    let mut nils = rig.actor(NILS);
    let mut trip = nils.go(&rig.direct("Expenses")).await;
    if !matches!(trip.end, End::Refused(_)) {
        trip = nils.walk().await;
    }
    denied(&trip, &nils.browser, 50_020);
    nils
}

#[tokio::test]
async fn s42_a_refusal_behind_home_leaves_no_code_and_no_state_in_the_address() {
    on_every_engine(async |rig| {
        let mut nils = uninvited(rig).await;
        number(&nils);
        let (url, text) = (nils.browser.page().unwrap().url.clone(), nils.text());
        let records = rig.sign_ins(CONTOSO).await.len();
        // Loaded again it says the same, and is no second attempt.
        let trip = nils.go(url.as_str()).await;
        denied(&trip, &nils.browser, 50_020);
        let leg = |text: &str| {
            text.split("Correlation ID")
                .nth(1)
                .map(|t| t[..40].to_owned())
        };
        assert_eq!(leg(&nils.text()), leg(&text));
        assert_eq!(rig.sign_ins(CONTOSO).await.len(), records);
        // It is this browser's, for as long as the sign-in would have been.
        let mut other = rig.actor(NILS);
        other.browser.open(url.as_str()).await.unwrap();
        assert_eq!(other.browser.page().unwrap().status, 400);
        rig.world.clock.forward(601);
        nils.browser.open(url.as_str()).await.unwrap();
        assert_eq!(nils.browser.page().unwrap().status, 400);
    })
    .await;
}

#[tokio::test]
async fn s42_an_answer_that_nobody_waits_for_leaves_the_address_as_well() {
    on_every_engine(async |rig| {
        let mut actor = rig.actor(NORA);
        let login = &rig.cloud_of(CONTOSO).login;
        let state = "A".repeat(43);
        for query in [
            format!("code=stolen&state={state}&iss=https://x.example"),
            "code=stolen&state=x&state=y".to_owned(),
            "code=%ff".to_owned(),
        ] {
            let url = format!("{login}/federation/callback?{query}");
            actor.browser.open(&url).await.unwrap();
            let page = actor.browser.page().unwrap();
            assert_eq!(page.status, 400, "{query}");
            assert!(
                page.html.title().contains("cannot go on"),
                "{}",
                page.describe()
            );
            assert_eq!((page.url.path(), page.url.query()), ("/signin/gone", None));
        }
    })
    .await;
}

#[tokio::test]
async fn s42_an_invitation_that_is_refused_at_once_leaves_no_ticket_in_the_address() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let link = rig.invite(NORA).await.link;
        let partner = format!("{PARTNERS}/{}", rig.id(NORTHWIND));
        rig.robot(CONTOSO).await.delete(&partner).await.unwrap();
        let mut nora = rig.actor(NORA);
        nora.denied(&link, 500_213).await;
        number(&nora);
        assert!(!offers_another(&nora), "an invitation is for one person");
    })
    .await;
}

#[tokio::test]
async fn somebody_else_goes_on_from_a_refusal_in_an_attempt_of_her_own() {
    on_every_engine(async |rig| {
        let mut nils = uninvited(rig).await;
        let refused = nils.text();
        assert!(offers_another(&nils));
        let mut nora = rig.actor(NORA);
        nora.browser = nils.browser.clone();
        nora.browser.link("#use-another-account").await.unwrap();
        let page = nora.browser.page().unwrap();
        let name = page.html.by_id("username").unwrap();
        assert_eq!(
            name.attribute("value").unwrap_or_default(),
            "",
            "nobody is meant yet"
        );
        let trip = nora.walk().await;
        rig.at_expenses(&trip, &nora);
        let newest = &rig.sign_ins(CONTOSO).await[0];
        assert_eq!(newest["status"]["errorCode"], 0, "{newest}");
        let id = newest["correlationId"].as_str().unwrap();
        assert!(
            !refused.contains(id),
            "another attempt has another correlation ID"
        );
        // The refused browser's own copy is used up: one answer came of the request.
        nils.browser.link("#use-another-account").await.unwrap();
        assert_eq!(nils.browser.page().unwrap().status, 400);
    })
    .await;
}

/// Sends one form of this browser to an address of the sign-in.
async fn post(rig: &Rig, actor: &Actor, to: &str, fields: &[(&str, &str)]) -> u16 {
    let page = actor.browser.page().unwrap();
    let origin = page.url.origin().ascii_serialization();
    let mut inputs = page.html.nodes();
    let token = inputs.find(|n| n.attribute("name") == Some("form_token"));
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("form_token", token.unwrap().attribute("value").unwrap())
        .extend_pairs(fields)
        .finish();
    let cookies = actor.browser.jar().header(&page.url, rig.means.clock.now());
    let headers = [
        ("cookie", cookies.as_deref().unwrap()),
        ("origin", &origin),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let url = format!("{origin}/signin/{to}");
    let answer = rig
        .send(Method::POST, &url, &headers, body.as_bytes())
        .await;
    answer.status.as_u16()
}

#[tokio::test]
async fn nothing_but_somebody_else_goes_on_from_a_refusal() {
    on_every_engine(async |rig| {
        let mut nils = uninvited(rig).await;
        let n = number(&nils);
        nils.browser.link("#use-another-account").await.unwrap();
        for (form, fields) in [
            ("go", &[][..]),
            ("consent", &[("consent", "accept")]),
            ("account", &[]),
            ("code", &[("code", "123456")]),
            ("enrol", &[("code", "123456")]),
            ("password", &[("password", "x")]),
            ("new-password", &[("new-password", "rain on a slate roof")]),
        ] {
            assert_eq!(
                post(rig, &nils, &format!("{n}/{form}"), fields).await,
                400,
                "{form}"
            );
        }
        let name = [("username", NORA)];
        assert_eq!(post(rig, &nils, &format!("{n}/name"), &name).await, 303);
    })
    .await;
}

#[tokio::test]
async fn a_person_signed_in_alone_is_refused_and_may_be_another() {
    on_every_engine(async |rig| {
        let graph = rig.robot(CONTOSO).await;
        let app_id = &rig.app("Expenses").app_id;
        let path = format!("/v1.0/servicePrincipals(appId='{app_id}')");
        let principal = graph.get(&path).await.unwrap()["id"].clone();
        let body = json!({ "appRoleAssignmentRequired": true });
        graph.patch(&path, &body).await.unwrap();
        let body = json!({
            "principalId": rig.user(INVITER), "resourceId": principal,
            "appRoleId": "00000000-0000-0000-0000-000000000000",
        });
        let path = format!("{path}/appRoleAssignedTo");
        assert_eq!(graph.post(&path, &body).await.unwrap().status, 201);
        let mut alex = rig.actor(ALEX);
        let trip = alex.go(&rig.my_apps()).await;
        rig.at_my_apps(&trip, &alex);
        // He alone is signed in, so no page came before the refusal.
        alex.denied(&rig.direct("Expenses"), 50_105).await;
        assert!(offers_another(&alex));
        let mut inviter = rig.actor(INVITER);
        inviter.browser = alex.browser.clone();
        inviter.browser.link("#use-another-account").await.unwrap();
        let trip = inviter.walk().await;
        assert_eq!(rig.at_expenses(&trip, &inviter)["oid"], rig.user(INVITER));
    })
    .await;
}

#[tokio::test]
async fn another_account_is_not_offered_where_it_cannot_help() {
    on_every_engine(async |rig| {
        // An invitation is for one person.
        rig.pair().await;
        let link = rig.invite(NORA).await.link;
        let blocked = json!({ "b2bCollaborationInbound": {
            "usersAndGroups": half("blocked", "user", &["AllUsers"]),
            "applications": half("blocked", "application", &["AllApplications"]),
        }});
        rig.set(CONTOSO, NORTHWIND, &blocked).await;
        let mut nora = rig.actor(NORA);
        nora.denied(&link, 500_213).await;
        assert!(!offers_another(&nora));
        let url = nora.browser.page().unwrap().url.clone();
        nora.browser.open(&format!("{url}/name")).await.unwrap();
        assert!(nora.browser.page().unwrap().status.is_client_error());
        let open = json!({ "b2bCollaborationInbound": {
            "usersAndGroups": half("allowed", "user", &["AllUsers"]),
            "applications": half("allowed", "application", &["AllApplications"]),
        }});
        rig.set(CONTOSO, NORTHWIND, &open).await;
        // A device is asked of everybody.
        let (mut nora, _) = rig.guest(NORA).await;
        rig.require(&over_guests(&["All"], "compliantDevice")).await;
        nora.denied(&rig.direct("Expenses"), 53_000).await;
        assert!(!offers_another(&nora));
    })
    .await;
}

/// Rule of the pages: where nothing is asked any more, the page leads on.
#[tokio::test]
async fn a_page_whose_question_is_gone_leads_on() {
    on_every_engine(async |rig| {
        let policy = json!({
            "displayName": "Alex proves more",
            "state": "enabled",
            "conditions": {
                "clientAppTypes": ["all"],
                "applications": { "includeApplications": ["All"] },
                "users": { "includeUsers": [rig.user(ALEX)] }
            },
            "grantControls": { "operator": "OR", "builtInControls": ["mfa"] }
        });
        let id = rig.require(&policy).await;
        let mut alex = rig.actor(ALEX);
        alex.browser.open(&rig.my_apps()).await.unwrap();
        alex.browser.fill("#username", ALEX).unwrap();
        alex.browser.submit("#submit").await.unwrap();
        alex.type_password().await;
        let page = alex.browser.page().unwrap();
        assert!(
            page.html.by_id("totp-secret").is_some(),
            "{}",
            page.describe()
        );
        let url = page.url.clone();
        let graph = rig.robot(CONTOSO).await;
        graph.delete(&format!("{CONDITIONAL}/{id}")).await.unwrap();
        alex.browser.open(url.as_str()).await.unwrap();
        let page = alex.browser.page().unwrap();
        assert_eq!(page.html.heading(), "Go on", "{}", page.describe());
        assert!(page.html.by_id("username").is_none(), "{}", page.describe());
        let trip = alex.walk().await;
        rig.at_my_apps(&trip, &alex);
    })
    .await;
}
