//! Step 13: Contoso unticks the cloud: nora's next request for a token fails at once, without a
//! question to anybody; ticking it again restores her.

use comity_demo::oauth::{self, Refusal, Tokens};
use serde_json::json;

use crate::rig::{CONTOSO, GLOBAL, NORTHWIND, PARTNERS, Rig, USGOV, on_every_engine, refused};

async fn refresh(rig: &Rig, tokens: &Tokens) -> Result<Tokens, Refusal> {
    match oauth::refresh(&rig.means, tokens).await {
        Ok(next) => Ok(next),
        Err(oauth::Error::Refused(refusal)) => Err(refusal),
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
fn expect(answer: Result<Tokens, Refusal>, code: u64) -> Refusal {
    let Err(refusal) = answer else {
        panic!("expected {code}, a token was issued")
    };
    assert_eq!(refusal.codes, [code], "{refusal}");
    assert_eq!(refusal.status, 400, "{refusal}");
    refusal
}

#[tokio::test]
async fn unticked_is_out_at_once_and_ticked_again_is_in() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        let tokens = rig.script(&mut nora, CONTOSO).await;
        rig.tick(CONTOSO, &[]).await;
        rig.world.wire.clear();
        let refusal = expect(refresh(rig, &tokens).await, 500_213);
        assert!(rig.world.wire.exchanges().is_empty(), "home was asked");
        let graph = rig.graph_with(CONTOSO, &tokens.access_token);
        let answer = refused(graph.get("/v1.0/me").await);
        assert_eq!(answer.status, 401, "{answer}");
        let id = refusal.correlation_id.unwrap();
        let records = rig.records(CONTOSO, &id).await;
        assert!(
            records.iter().any(|r| r["status"]["errorCode"] == 500_213),
            "{records:?}"
        );
        assert!(
            rig.records(NORTHWIND, &id).await.is_empty(),
            "home was not asked"
        );
        rig.tick(CONTOSO, &[USGOV]).await;
        let next = refresh(rig, &tokens).await.unwrap();
        let graph = rig.graph_with(CONTOSO, &next.access_token);
        graph.get("/v1.0/me").await.unwrap();
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
    })
    .await;
}

#[tokio::test]
async fn without_the_partner_it_is_the_same() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        let tokens = rig.script(&mut nora, CONTOSO).await;
        let path = format!("{PARTNERS}/{}", rig.id(NORTHWIND));
        rig.robot(CONTOSO).await.delete(&path).await.unwrap();
        expect(refresh(rig, &tokens).await, 500_213);
        nora.denied(&rig.direct("Expenses"), 500_213).await;
        rig.add(CONTOSO, NORTHWIND).await;
        refresh(rig, &tokens).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_page_says_whose_move_it_is() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        rig.tick(CONTOSO, &[]).await;
        let (_, text) = nora.denied(&rig.direct("Expenses"), 500_213).await;
        crate::rig::contains(&text, &["administrator of Contoso"]);
        rig.tick(CONTOSO, &[USGOV]).await;
        rig.tick(NORTHWIND, &[]).await;
        nora.fresh();
        let (_, text) = nora.denied(&rig.direct("Expenses"), 1_000_104).await;
        crate::rig::contains(&text, &["administrator of Northwind"]);
    })
    .await;
}

#[tokio::test]
async fn homes_untick_counts_within_60_s() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        let tokens = rig.script(&mut nora, CONTOSO).await;
        rig.tick(NORTHWIND, &[]).await;
        rig.world.clock.forward(61);
        expect(refresh(rig, &tokens).await, 1_000_104);
        rig.tick(NORTHWIND, &[GLOBAL]).await;
        nora.fresh();
        rig.script(&mut nora, CONTOSO).await;
    })
    .await;
}

#[tokio::test]
async fn what_was_unticked_is_kept_and_other_people_stay() {
    on_every_engine(async |rig| {
        let (_, guest) = rig.nora().await;
        rig.tick(CONTOSO, &[]).await;
        let graph = rig.robot(CONTOSO).await;
        let partners = graph.get(PARTNERS).await.unwrap();
        assert_eq!(partners["value"][0]["tenantId"], json!(rig.id(NORTHWIND)));
        assert_eq!(rig.state_of(&guest).await, "Accepted");
        let mut alex = rig.actor("alex@contoso.com");
        let trip = alex.go(&rig.my_apps()).await;
        rig.at_my_apps(&trip, &alex);
    })
    .await;
}
