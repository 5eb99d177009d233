//! Step 7: she opens Expenses. The token's issuer is Contoso, `oid` the guest's, `idp` her home.

use comity_demo::walk::Kind;
use serde_json::json;

use crate::rig::{CONTOSO, NILS, NORA, NORTHWIND, WOODGROVE, contains, on_every_engine, refused};

#[tokio::test]
async fn the_token_is_contosos_for_the_guest_from_her_home() {
    on_every_engine(async |rig| {
        let (mut nora, guest) = rig.nora().await;
        let trip = nora.go(&rig.direct("Expenses")).await;
        let claims = rig.at_expenses(&trip, &nora);
        let issuer =
            |domain: &str| format!("{}/{}/v2.0", rig.cloud_of(domain).login, rig.id(domain));
        assert_eq!(claims["iss"], issuer(CONTOSO));
        assert_eq!(claims["idp"], issuer(NORTHWIND));
        assert_eq!(claims["oid"], guest);
        assert_eq!(claims["tid"], rig.id(CONTOSO));
        // An address that Contoso has not verified is in no token, and no factor that it does not
        // take over from home (federation §5.7).
        assert!(!claims.contains_key("email") && !claims.contains_key("xms_edov"));
        assert_eq!(
            rig.asked(&trip, NORTHWIND, Kind::Password),
            0,
            "single sign-on: {}",
            trip.path()
        );
    })
    .await;
}

#[tokio::test]
async fn who_was_not_invited_is_refused_by_contoso() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let before = rig.stored(CONTOSO).await;
        let mut nils = rig.actor(NILS);
        let mut trip = nils.go(&rig.direct("Expenses")).await;
        if nils
            .browser
            .page()
            .unwrap()
            .html
            .by_id("username")
            .is_some()
        {
            trip = nils.walk().await;
        }
        let (_, text) = crate::rig::denied(&trip, &nils.browser, 50_020);
        contains(&text, &["administrator of Contoso"]);
        assert_eq!(rig.stored(CONTOSO).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_pair_opens_nothing_to_a_neighbour_of_the_partner() {
    on_every_engine(async |rig| {
        rig.nora().await;
        let before = rig.stored(CONTOSO).await;
        let mut will = rig.actor("will@woodgrove.us");
        let trip = will.go(&rig.direct("Expenses")).await;
        assert_eq!(
            rig.asked(&trip, WOODGROVE, Kind::Consent),
            0,
            "{}",
            trip.path()
        );
        let end = trip.outcome(&will.browser);
        assert!(!matches!(trip.end, comity_demo::walk::End::Landed), "{end}");
        assert_eq!(rig.stored(CONTOSO).await, before);
    })
    .await;
}

#[tokio::test]
async fn where_assignment_is_required_the_guest_needs_one() {
    on_every_engine(async |rig| {
        let (mut nora, guest) = rig.nora().await;
        let graph = rig.robot(CONTOSO).await;
        let app_id = &rig.app("Expenses").app_id;
        let path = format!("/v1.0/servicePrincipals(appId='{app_id}')");
        let principal = graph.get(&path).await.unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let path = format!("/v1.0/servicePrincipals/{principal}");
        let body = json!({ "appRoleAssignmentRequired": true });
        graph.patch(&path, &body).await.unwrap();
        let (_, text) = nora.denied(&rig.direct("Expenses"), 50_105).await;
        contains(&text, &["administrator of Contoso", "Users and groups"]);
        let body = json!({
            "principalId": guest, "resourceId": principal,
            "appRoleId": "00000000-0000-0000-0000-000000000000",
        });
        let path = format!("{path}/appRoleAssignedTo");
        assert_eq!(graph.post(&path, &body).await.unwrap().status, 201);
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
    })
    .await;
}

#[tokio::test]
async fn a_token_of_another_kind_audience_or_signature_opens_no_graph() {
    on_every_engine(async |rig| {
        let (mut nora, guest) = rig.nora().await;
        let tokens = rig.script(&mut nora, CONTOSO).await;
        let me = rig.graph_with(CONTOSO, &tokens.access_token);
        assert_eq!(me.get("/v1.0/me").await.unwrap()["id"], guest);
        let mut forged = tokens.access_token.clone();
        let last = if forged.ends_with('A') { 'B' } else { 'A' };
        forged.replace_range(forged.len() - 8..forged.len() - 7, &last.to_string());
        let (head, signature) = tokens.access_token.rsplit_once('.').unwrap();
        let (head, claims) = head.split_once('.').unwrap();
        let unsigned = format!("eyJhbGciOiJub25lIn0.{claims}.");
        let mixed = format!("{head}.{claims}x.{signature}");
        for token in [
            tokens.id_token.as_deref().unwrap(),
            tokens.refresh_token.as_deref().unwrap(),
            &forged,
            &unsigned,
            &mixed,
            "x",
        ] {
            let graph = rig.graph_with(CONTOSO, token);
            let refusal = refused(graph.get("/v1.0/me").await);
            assert_eq!(
                (refusal.status, refusal.code.as_str()),
                (401, "InvalidAuthenticationToken"),
                "{token}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn the_guest_has_no_password_at_contoso() {
    on_every_engine(async |rig| {
        let (_, guest) = rig.nora().await;
        let graph = rig.robot(CONTOSO).await;
        let before = rig.stored(CONTOSO).await;
        let body = json!({ "passwordProfile": { "password": "Kranich-7-Wolke-Tisch" } });
        let refusal = refused(graph.patch(&format!("/v1.0/users/{guest}"), &body).await);
        assert!(matches!(refusal.status, 400 | 403), "{refusal}");
        assert_eq!(rig.stored(CONTOSO).await, before);
        assert_ne!(guest, rig.user(NORA));
    })
    .await;
}
