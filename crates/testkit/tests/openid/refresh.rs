//! Refresh tokens (O-10, O-11).

use std::{collections::BTreeSet, net::Ipv4Addr};

use comity_demo::client::Client;
use comity_model::id::Id;
use comity_testkit::Engine;
use futures_util::future::join_all;

use super::rig::{CLI, Rig, claims, ok, refused};

fn refresh_token(tokens: &serde_json::Value) -> String {
    tokens["refresh_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn o10_each_is_used_once_and_reuse_ends_the_family() {
    let rig = Rig::start().await;
    let first = rig.tokens("alex@contoso.com").await;
    let second = ok(&rig.refresh(&refresh_token(&first)).await);
    assert_ne!(refresh_token(&first), refresh_token(&second));
    assert!(claims(&second["id_token"]).get("nonce").is_none());
    assert_eq!(
        claims(&first["id_token"])["sub"],
        claims(&second["id_token"])["sub"]
    );
    rig.world.clock.forward(11);
    assert_eq!(
        refused(&rig.refresh(&refresh_token(&first)).await),
        ("invalid_grant".to_owned(), 50_173)
    );
    assert_eq!(
        refused(&rig.refresh(&refresh_token(&second)).await),
        ("invalid_grant".to_owned(), 50_173)
    );
    assert_eq!(
        rig.userinfo(second["access_token"].as_str().unwrap())
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn o11_a_lost_answer_is_given_again_for_ten_seconds() {
    let rig = Rig::start().await;
    let first = rig.tokens("alex@contoso.com").await;
    let second = ok(&rig.refresh(&refresh_token(&first)).await);
    rig.world.clock.forward(8);
    assert_eq!(
        ok(&rig.refresh(&refresh_token(&first)).await),
        second,
        "the same answer, nothing new"
    );
    assert!(ok(&rig.refresh(&refresh_token(&second)).await)["refresh_token"].is_string());
}

#[tokio::test]
async fn o10_of_thirty_two_at_once_on_two_nodes_one_rotates() {
    for engine in Engine::available() {
        let rig = Rig::on_two_nodes(engine).await;
        let mut token = refresh_token(&rig.tokens("alex@contoso.com").await);
        for round in 0..4 {
            let answers = join_all((0..32).map(|_| rig.refresh(&token))).await;
            let mut next: BTreeSet<_> = answers.iter().map(|a| refresh_token(&ok(a))).collect();
            assert_eq!(next.len(), 1, "round {round}: all saw the one successor");
            token = next.pop_first().unwrap();
        }
    }
}

#[tokio::test]
async fn o10_what_one_node_rotated_the_other_gives_again_for_a_while_and_then_ends() {
    for engine in Engine::available() {
        let rig = Rig::on_two_nodes(engine).await;
        let first = refresh_token(&rig.tokens("alex@contoso.com").await);
        let second = ok(&rig.refresh(&first).await);
        rig.world.clock.forward(1);
        assert_eq!(ok(&rig.refresh(&first).await), second, "nothing new");
        rig.world.clock.forward(10);
        let ended = ("invalid_grant".to_owned(), 50_173);
        assert_eq!(refused(&rig.refresh(&first).await), ended);
        for _ in 0..2 {
            let heir = rig.refresh(&refresh_token(&second)).await;
            assert_eq!(refused(&heir), ended, "on both nodes");
        }
    }
}

#[tokio::test]
async fn o11_from_another_address_a_used_token_ends_its_family_at_once() {
    let mut rig = Rig::start().await;
    let first = refresh_token(&rig.tokens("alex@contoso.com").await);
    let second = refresh_token(&ok(&rig.refresh(&first).await));
    let here = rig.client.clone();
    let elsewhere = Ipv4Addr::new(203, 0, 113, 7).into();
    rig.client = Client::through(rig.world.transport_from(elsewhere));
    let ended = ("invalid_grant".to_owned(), 50_173);
    assert_eq!(refused(&rig.refresh(&first).await), ended);
    rig.client = here;
    assert_eq!(refused(&rig.refresh(&second).await), ended);
}

#[tokio::test]
async fn o10_bound_to_its_client_tenant_and_scopes() {
    let rig = Rig::start().await;
    let token = refresh_token(&rig.tokens("alex@contoso.com").await);
    let app = rig.expenses();
    let foreign = [
        ("grant_type", "refresh_token"),
        ("client_id", app.app_id.as_str()),
        (
            "client_secret",
            app.client_secret.as_ref().unwrap().expose(),
        ),
        ("refresh_token", token.as_str()),
    ];
    assert_eq!(refused(&rig.token(&foreign).await).0, "invalid_grant");
    let own = [
        ("grant_type", "refresh_token"),
        ("client_id", CLI),
        ("refresh_token", token.as_str()),
    ];
    let elsewhere = rig
        .post(&rig.endpoint(&rig.fabrikam().id, "token"), &own, &[])
        .await;
    assert_eq!(refused(&elsewhere), ("invalid_grant".to_owned(), 700_005));
    let mut wider = own.to_vec();
    let scope = format!("{}/access", app.app_id);
    wider.push(("scope", &scope));
    assert_eq!(refused(&rig.token(&wider).await).0, "invalid_grant");
    let mut secret = own.to_vec();
    secret.push(("client_secret", "x"));
    assert_eq!(
        refused(&rig.token(&secret).await),
        ("invalid_client".to_owned(), 700_025)
    );
    let mut narrower = own.to_vec();
    let scope = format!("{}/User.Read", rig.global().graph);
    narrower.push(("scope", &scope));
    let narrowed = ok(&rig.token(&narrower).await);
    assert_eq!(claims(&narrowed["access_token"])["scp"], "User.Read");
}

#[tokio::test]
async fn o10_everything_means_everything_that_was_granted() {
    let rig = Rig::start().await;
    let mut browser = rig.browser();
    let url = rig.request_of(
        CLI,
        super::rig::LOOPBACK,
        "openid offline_access User.Read",
        &[],
    );
    let trip = rig.walk(&mut browser, "alex@contoso.com", &url).await;
    let comity_demo::walk::End::Away(back) = &trip.end else {
        panic!("{}", trip.outcome(&browser))
    };
    let tokens = ok(&rig.redeem(&super::rig::param(back, "code").unwrap()).await);
    let scope = format!(
        "{}/.default openid profile offline_access",
        rig.global().graph
    );
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", CLI),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("scope", scope.as_str()),
    ];
    let again = ok(&rig.token(&fields).await);
    assert_eq!(claims(&again["access_token"])["scp"], "User.Read openid");
}

#[tokio::test]
async fn s01_every_guard_is_asked_at_each_use_and_a_gate_that_opens_again_restores() {
    let rig = Rig::start().await;
    let app = rig.world.app("global").unwrap().clone();
    let tenant = Id::parse(&rig.contoso().id).unwrap();
    let token = refresh_token(&rig.tokens("alex@contoso.com").await);
    let cli = comity_model::id::parse_uuid(CLI).unwrap();
    let switch = async |enabled: bool| {
        let snapshot = app.store().read();
        let all = snapshot
            .tenant(tenant)
            .service_principals()
            .all()
            .await
            .unwrap();
        let found = all.into_iter().find(|p| p.app_id == cli).unwrap();
        let changed = comity_model::service_principal::ServicePrincipal {
            account_enabled: enabled,
            ..found
        };
        let tx = app.store().begin().await.unwrap();
        tx.tenant(tenant)
            .service_principals()
            .update(&changed)
            .await
            .unwrap();
        tx.tenant(tenant).bump_policy_version().await.unwrap();
        tx.commit().await.unwrap();
    };
    switch(false).await;
    assert_eq!(
        refused(&rig.refresh(&token).await),
        ("unauthorized_client".to_owned(), 7_000_112)
    );
    switch(true).await;
    assert!(ok(&rig.refresh(&token).await)["access_token"].is_string());
}

#[tokio::test]
async fn a_family_ends_after_ninety_days() {
    let rig = Rig::start().await;
    let token = refresh_token(&rig.tokens("alex@contoso.com").await);
    rig.world.clock.forward(90 * 24 * 3600 + 1);
    assert_eq!(
        refused(&rig.refresh(&token).await),
        ("invalid_grant".to_owned(), 700_082)
    );
}
