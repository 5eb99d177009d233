//! Addresses that people write (security bar S-75): where one may be kept, and that nothing of them
//! is ever fetched. The corpus is the one that the way out refuses; the letters before a row say
//! whether it may be a redirect URI, a link, or where an invitation ends.

use comity_demo::graph::{Error, Graph};
use serde_json::{Value, json};

use crate::rig::{CONTOSO, NILS, NORA, Rig, on_every_engine};

const WRITTEN: &str = include_str!("../../../server/src/outbound/addresses.txt");

/// What a property is, and the body that writes it.
type Place = (char, &'static str, fn(&str) -> Value);

const APPLICATION: [Place; 7] = [
    (
        'R',
        "web/redirectUris",
        |url| json!({ "web": { "redirectUris": [url] } }),
    ),
    (
        'R',
        "spa/redirectUris",
        |url| json!({ "spa": { "redirectUris": [url] } }),
    ),
    (
        'R',
        "publicClient/redirectUris",
        |url| json!({ "publicClient": { "redirectUris": [url] } }),
    ),
    (
        'R',
        "web/logoutUrl",
        |url| json!({ "web": { "logoutUrl": url } }),
    ),
    (
        'L',
        "web/homePageUrl",
        |url| json!({ "web": { "homePageUrl": url } }),
    ),
    (
        'L',
        "info/logoUrl",
        |url| json!({ "info": { "logoUrl": url } }),
    ),
    (
        'L',
        "info/privacyStatementUrl",
        |url| json!({ "info": { "privacyStatementUrl": url } }),
    ),
];
const PRINCIPAL: [Place; 3] = [
    ('R', "logoutUrl", |url| json!({ "logoutUrl": url })),
    ('L', "homepage", |url| json!({ "homepage": url })),
    ('L', "loginUrl", |url| json!({ "loginUrl": url })),
];
const ORGANIZATION: [Place; 1] = [(
    'L',
    "privacyProfile/statementUrl",
    |url| json!({ "privacyProfile": { "statementUrl": url } }),
)];

fn rows() -> impl Iterator<Item = (&'static str, String)> {
    WRITTEN.lines().map(|line| {
        let (may, url) = line.split_once(' ').unwrap();
        (may, url.replace('␉', "\t").replace('␊', "\n"))
    })
}

/// Kept where it may be, and elsewhere refused by the name of the property.
fn judged(answer: Result<(), Error>, may: bool, place: &str, url: &str) {
    match answer {
        Ok(()) => assert!(may, "{place} takes {url:?}"),
        Err(error) => {
            let refusal = error.refusal().unwrap();
            assert!(!may, "{place} of {url:?}: {refusal}");
            assert_eq!(refusal.status, 400, "{place} of {url:?}");
            let name = place.split('/').next_back().unwrap();
            assert!(refusal.message.contains(name), "{url:?}: {refusal}");
        }
    }
}

async fn written(graph: &Graph, at: &str, places: &[Place]) {
    for (may, url) in rows() {
        for (kind, place, body) in places {
            let answer = graph.patch(at, &body(&url)).await.map(|_| ());
            judged(answer, may.contains(*kind), place, &url);
        }
    }
}

#[tokio::test]
async fn s75_what_people_write_is_a_web_address_and_is_never_fetched() {
    on_every_engine(async |rig| {
        let graph = rig.robot(CONTOSO).await;
        let app = rig.app("Expenses");
        let principal = format!("/v1.0/servicePrincipals(appId='{}')", app.app_id);
        let organization = format!("/v1.0/organization/{}", rig.id(CONTOSO));
        written(
            &graph,
            &format!("/v1.0/applications/{}", app.id),
            &APPLICATION,
        )
        .await;
        written(&graph, &principal, &PRINCIPAL).await;
        written(&graph, &organization, &ORGANIZATION).await;
        // A person is sent where the owner of the application says; the server goes nowhere.
        let inside = "https://169.254.169.254/latest/meta-data/";
        graph
            .patch(&principal, &json!({ "homepage": inside }))
            .await
            .unwrap();
        let mut alex = rig.actor("alex@contoso.com");
        let trip = alex.go(&rig.my_apps()).await;
        rig.at_my_apps(&trip, &alex);
        alex.browser
            .stop_at(Some("https://169.254.169.254".to_owned()));
        alex.browser.open(&rig.direct("Expenses")).await.unwrap();
        assert_eq!(alex.browser.away().unwrap().as_str(), inside);
        assert_eq!(rig.world.wire.strays(), [] as [String; 0]);
    })
    .await;
}

async fn invited(rig: &Rig, graph: &Graph, (upn, url): (&str, &str)) -> Result<(), Error> {
    let mut body = rig.invitation(upn);
    body["inviteRedirectUrl"] = json!(url);
    body["sendInvitationMessage"] = json!(false);
    graph.post("/v1.0/invitations", &body).await.map(|_| ())
}

#[tokio::test]
async fn s75_an_invitation_ends_at_a_web_address_that_is_never_fetched() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let graph = rig.robot(CONTOSO).await;
        for (number, (may, url)) in rows().enumerate() {
            let upn = [NORA, NILS][number % 2];
            let answer = invited(rig, &graph, (upn, &url)).await;
            judged(answer, may.contains('I'), "inviteRedirectUrl", &url);
        }
        assert_eq!(rig.world.wire.strays(), [] as [String; 0]);
    })
    .await;
}
