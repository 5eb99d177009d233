//! Where a person is when a grant is renewed: her own address where the client is on her device,
//! that of her sign-in where the client is a server, and the browser's in My Apps.

use comity_demo::client::Client;
use serde_json::{Value, json};

use crate::{
    relying::{ABROAD, ABROAD_RANGE, OFFICE, OFFICE_RANGE, Relying, device},
    rig::{CONDITIONAL, CONTOSO, Rig, on_every_engine},
};

const ALEX: &str = "alex@contoso.com";
const LOCATIONS: &str = "/v1.0/identity/conditionalAccess/namedLocations";

pub async fn location(rig: &Rig, range: &str, is_trusted: bool) -> String {
    let body = json!({
        "@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": range,
        "isTrusted": is_trusted,
        "ipRanges": [{"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": range}],
    });
    let made = rig
        .robot(CONTOSO)
        .await
        .post(LOCATIONS, &body)
        .await
        .unwrap();
    made.body["id"].as_str().unwrap().to_owned()
}

/// A policy that blocks everybody everywhere under these conditions.
pub fn block(conditions: &Value) -> Value {
    let mut all = json!({
        "clientAppTypes": ["all"],
        "applications": {"includeApplications": ["All"]},
        "users": {"includeUsers": ["All"]},
    });
    for (name, value) in conditions.as_object().unwrap() {
        all[name] = value.clone();
    }
    json!({
        "displayName": "Under test", "state": "enabled", "conditions": all,
        "grantControls": {"operator": "OR", "builtInControls": ["block"]},
    })
}

async fn bar(rig: &Rig, range: &str) -> String {
    let location = location(rig, range, false).await;
    let conditions = json!({"locations": {"includeLocations": [location]}});
    rig.require(&block(&conditions)).await
}

async fn lift(rig: &Rig, policy: &str) {
    let path = format!("{CONDITIONAL}/{policy}");
    rig.robot(CONTOSO).await.delete(&path).await.unwrap();
}

#[tokio::test]
async fn an_installed_client_renews_where_it_is() {
    on_every_engine(async |rig| {
        let (means, place) = device(rig);
        let mut alex = rig.actor_over(ALEX, &means);
        let cli = Relying::command_line(rig);
        let tokens = cli.tokens(&mut alex, &means.client).await;
        bar(rig, ABROAD_RANGE).await;
        place.is_at(ABROAD);
        assert_eq!(
            cli.refresh(&means.client, &tokens).await.err(),
            Some(53_003)
        );
        place.is_at(OFFICE);
        let tokens = cli.refresh(&means.client, &tokens).await.unwrap();
        assert!(cli.refresh(&means.client, &tokens).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn a_web_application_renews_for_where_she_signed_in() {
    on_every_engine(async |rig| {
        let (means, place) = device(rig);
        let mut alex = rig.actor_over(ALEX, &means);
        let server = Client::through(rig.world.transport_from(ABROAD.parse().unwrap()));
        let expenses = Relying::expenses(rig);
        let abroad = bar(rig, ABROAD_RANGE).await;
        let tokens = expenses.tokens(&mut alex, &server).await;
        let tokens = expenses.refresh(&server, &tokens).await.unwrap();
        // She herself would be refused there.
        place.is_at(ABROAD);
        assert_eq!(
            expenses.code(&mut alex).await,
            Err("AADSTS53003".to_owned())
        );
        lift(rig, &abroad).await;
        bar(rig, OFFICE_RANGE).await;
        assert_eq!(expenses.refresh(&server, &tokens).await.err(), Some(53_003));
    })
    .await;
}

#[tokio::test]
async fn my_apps_is_where_the_browser_is() {
    on_every_engine(async |rig| {
        let (means, place) = device(rig);
        let mut alex = rig.actor_over(ALEX, &means);
        let trip = alex.go(&rig.my_apps()).await;
        rig.at_my_apps(&trip, &alex);
        bar(rig, ABROAD_RANGE).await;
        place.is_at(ABROAD);
        alex.browser.open(&rig.my_apps()).await.unwrap();
        let page = alex.browser.page().unwrap();
        assert!(page.html.text().contains("53003"), "{}", page.describe());
        place.is_at(OFFICE);
        let trip = alex.go(&rig.my_apps()).await;
        rig.at_my_apps(&trip, &alex);
    })
    .await;
}
