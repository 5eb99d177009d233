//! Step 9: Contoso requires a second factor of guests. Without trust nora is asked by Contoso and
//! enrols there; with trust her home's counts; nils, who did none, is sent home for it.

use comity_demo::walk::{Kind, Trip};
use serde_json::{Value, json};

use crate::rig::{CONTOSO, NILS, NORA, NORTHWIND, Rig, on_every_engine, over_guests};

fn factors(rig: &Rig, trip: &Trip, domain: &str) -> usize {
    rig.asked(trip, domain, Kind::Code) + rig.asked(trip, domain, Kind::Enrolment)
}

async fn trust(rig: &Rig, trust: Value) {
    rig.set(CONTOSO, NORTHWIND, &json!({ "inboundTrust": trust }))
        .await;
}

#[tokio::test]
async fn without_trust_contoso_has_her_enrol_once_and_then_asks_its_own_code() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        rig.require(&over_guests(&["All"], "mfa")).await;
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
        assert_eq!(
            rig.asked(&trip, CONTOSO, Kind::Enrolment),
            1,
            "{}",
            trip.path()
        );
        assert_eq!(factors(rig, &trip, NORTHWIND), 0, "{}", trip.path());
        nora.fresh();
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
        assert_eq!(
            rig.asked(&trip, CONTOSO, Kind::Enrolment),
            0,
            "{}",
            trip.path()
        );
        assert_eq!(rig.asked(&trip, CONTOSO, Kind::Code), 1, "{}", trip.path());
    })
    .await;
}

#[tokio::test]
async fn with_trust_homes_code_counts_and_contoso_asks_none() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        rig.require(&over_guests(&["All"], "mfa")).await;
        trust(rig, json!({ "isMfaAccepted": true })).await;
        nora.fresh();
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
        assert_eq!(
            rig.asked(&trip, NORTHWIND, Kind::Code),
            1,
            "{}",
            trip.path()
        );
        assert_eq!(factors(rig, &trip, CONTOSO), 0, "{}", trip.path());
    })
    .await;
}

#[tokio::test]
async fn with_trust_nils_is_sent_home_to_enrol() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let (mut nils, _) = rig.guest(NILS).await;
        rig.require(&over_guests(&["All"], "mfa")).await;
        trust(rig, json!({ "isMfaAccepted": true })).await;
        let trip = nils.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nils);
        assert_eq!(
            rig.asked(&trip, NORTHWIND, Kind::Enrolment),
            1,
            "{}",
            trip.path()
        );
        assert_eq!(factors(rig, &trip, CONTOSO), 0, "{}", trip.path());
    })
    .await;
}

#[tokio::test]
async fn trust_in_devices_is_no_trust_in_factors() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        rig.require(&over_guests(&["All"], "mfa")).await;
        let devices = json!({ "isCompliantDeviceAccepted": true, "isHybridAzureADJoinedDeviceAccepted": true });
        trust(rig, devices).await;
        nora.fresh();
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
        assert_eq!(rig.asked(&trip, CONTOSO, Kind::Enrolment), 1, "{}", trip.path());
    })
    .await;
}

#[tokio::test]
async fn the_partners_own_word_beats_the_default_and_null_inherits_it() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        rig.require(&over_guests(&["All"], "mfa")).await;
        let default = "/v1.0/policies/crossTenantAccessPolicy/default";
        let body = json!({ "inboundTrust": { "isMfaAccepted": true } });
        rig.robot(CONTOSO)
            .await
            .patch(default, &body)
            .await
            .unwrap();
        nora.fresh();
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
        assert_eq!(
            factors(rig, &trip, CONTOSO),
            0,
            "inherited: {}",
            trip.path()
        );
        trust(rig, json!({ "isMfaAccepted": false })).await;
        nora.fresh();
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
        assert_eq!(
            rig.asked(&trip, CONTOSO, Kind::Enrolment),
            1,
            "own: {}",
            trip.path()
        );
    })
    .await;
}

#[tokio::test]
async fn a_policy_that_does_not_apply_or_does_not_count_asks_nothing() {
    on_every_engine(async |rig| {
        let (mut nora, guest) = rig.nora().await;
        let library = rig.app("Library").app_id.clone();
        let mut report = over_guests(&["All"], "mfa");
        report["state"] = json!("enabledForReportingButNotEnforced");
        let mut off = over_guests(&["All"], "mfa");
        off["state"] = json!("disabled");
        let mut excluded = over_guests(&["All"], "mfa");
        excluded["conditions"]["users"]["excludeUsers"] = json!([guest]);
        let mut elsewhere = over_guests(&["All"], "mfa");
        elsewhere["conditions"]["users"]["includeGuestsOrExternalUsers"]["externalTenants"] = json!({
            "@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
            "membershipKind": "enumerated", "members": [rig.id(CONTOSO)],
        });
        for policy in [over_guests(&[&library], "mfa"), report, off, excluded, elsewhere] {
            rig.require(&policy).await;
        }
        nora.fresh();
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
        assert_eq!(factors(rig, &trip, CONTOSO), 0, "{}", trip.path());
        assert_eq!(factors(rig, &trip, NORTHWIND), 0, "{}", trip.path());
        // The same person, the application that the first policy names.
        let trip = nora.go(&rig.direct("Library")).await;
        assert_eq!(rig.asked(&trip, CONTOSO, Kind::Enrolment), 1, "{}", trip.path());
    })
    .await;
}

#[tokio::test]
async fn a_member_of_contoso_is_not_asked_for_what_is_asked_of_guests() {
    on_every_engine(async |rig| {
        rig.require(&over_guests(&["All"], "mfa")).await;
        let mut alex = rig.actor("alex@contoso.com");
        let trip = alex.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &alex);
        assert_eq!(factors(rig, &trip, CONTOSO), 0, "{}", trip.path());
        assert!(rig.user(NORA) != rig.user(NILS));
    })
    .await;
}
