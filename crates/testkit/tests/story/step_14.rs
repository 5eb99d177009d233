//! Step 14: Northwind and Tailspin cannot pair: refused with the reason, and nothing is written.

use serde_json::json;

use crate::rig::{
    CHINA, GLOBAL, NORTHWIND, PARTNERS, POLICY, TAILSPIN, USGOV, on_every_engine, refused, says,
};

const SIDES: [(&str, &str, &str, &str); 2] = [
    (NORTHWIND, "secadmin@northwind.us", CHINA, TAILSPIN),
    (TAILSPIN, "admin@tailspin.cn", USGOV, NORTHWIND),
];

#[tokio::test]
async fn ticking_is_refused_with_the_reason_on_both_sides() {
    on_every_engine(async |rig| {
        for (domain, upn, cloud, _) in SIDES {
            let before = rig.stored(domain).await;
            let graph = rig.graph(upn).await;
            for list in [json!([cloud]), json!([GLOBAL, cloud])] {
                let body = json!({ "allowedCloudEndpoints": list });
                let refusal = refused(graph.patch(POLICY, &body).await);
                says(&refusal, 400, &["allowedCloudEndpoints", cloud, "pair"]);
            }
            assert_eq!(rig.stored(domain).await, before);
        }
    })
    .await;
}

#[tokio::test]
async fn adding_and_inviting_are_refused_and_nobody_is_asked() {
    on_every_engine(async |rig| {
        rig.world.wire.clear();
        for (domain, upn, cloud, other) in SIDES {
            rig.tick(domain, &[GLOBAL]).await;
            let before = rig.stored(domain).await;
            let graph = rig.graph(upn).await;
            let body = json!({ "tenantId": rig.id(other), "cloud": cloud });
            let refusal = refused(graph.post(PARTNERS, &body).await);
            says(&refusal, 400, &["cloud", cloud]);
            let body = json!({
                "invitedUserEmailAddress": rig.tenant(other).users[0].user_principal_name,
                "inviteRedirectUrl": "https://www.example.com/",
            });
            let robot = rig.robot(domain).await;
            let refusal = refused(robot.post("/v1.0/invitations", &body).await);
            assert!(matches!(refusal.status, 400 | 403), "{refusal}");
            assert_eq!(rig.stored(domain).await, before);
        }
        let between =
            |e: &comity_testkit::Exchange| e.from != GLOBAL && e.to != GLOBAL && e.from != e.to;
        assert!(!rig.world.wire.exchanges().iter().any(between));
    })
    .await;
}

#[tokio::test]
async fn each_of_them_pairs_with_the_commercial_cloud() {
    on_every_engine(async |rig| {
        rig.tick(NORTHWIND, &[GLOBAL]).await;
        rig.tick(TAILSPIN, &[GLOBAL]).await;
        rig.tick(crate::rig::CONTOSO, &[USGOV, CHINA]).await;
        rig.add(TAILSPIN, crate::rig::CONTOSO).await;
        rig.add(crate::rig::CONTOSO, TAILSPIN).await;
    })
    .await;
}
