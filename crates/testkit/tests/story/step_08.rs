//! Step 8: the other doors: the common endpoint with the organization's name, My Apps by tenant ID
//! and by domain, the direct link. Nobody is asked to consent a second time.

use comity_demo::walk::{End, Kind, Trip};

use crate::rig::{
    Actor, CONTOSO, FABRIKAM, NILS, NOBODY, NORTHWIND, Rig, contains, on_every_engine,
};

/// *Sign-in options*, then the organization's name.
async fn by_name(rig: &Rig, actor: &mut Actor, name: &str) -> Trip {
    let url = format!("{}/", rig.cloud_of(CONTOSO).myapps);
    actor.browser.open(&url).await.unwrap();
    actor.browser.link("#sign-in-options").await.unwrap();
    actor.browser.fill("#organization", name).unwrap();
    actor.browser.submit("#submit").await.unwrap();
    actor.walk().await
}

#[tokio::test]
async fn every_door_leads_to_the_same_place() {
    on_every_engine(async |rig| {
        let (mut nora, guest) = rig.nora().await;
        nora.fresh();
        let trip = by_name(rig, &mut nora, CONTOSO).await;
        rig.at_my_apps(&trip, &nora);
        assert_eq!(
            rig.asked(&trip, CONTOSO, Kind::Consent),
            0,
            "{}",
            trip.path()
        );
        let myapps = &rig.cloud_of(CONTOSO).myapps;
        for door in [
            rig.my_apps(),
            format!("{myapps}/{CONTOSO}"),
            format!("{myapps}/{}", rig.id(CONTOSO)),
        ] {
            nora.fresh();
            let trip = nora.go(&door).await;
            rig.at_my_apps(&trip, &nora);
            assert_eq!(
                rig.asked(&trip, CONTOSO, Kind::Consent),
                0,
                "{door}: {}",
                trip.path()
            );
        }
        nora.fresh();
        let trip = nora.go(&rig.direct("Expenses")).await;
        assert_eq!(rig.at_expenses(&trip, &nora)["oid"], guest);
    })
    .await;
}

#[tokio::test]
async fn each_door_redeems_when_it_comes_first() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let nora = rig.invite(crate::rig::NORA).await;
        let mut actor = rig.actor(crate::rig::NORA);
        let trip = by_name(rig, &mut actor, CONTOSO).await;
        rig.at_my_apps(&trip, &actor);
        assert_eq!(
            rig.asked(&trip, CONTOSO, Kind::Consent),
            1,
            "{}",
            trip.path()
        );
        assert_eq!(rig.state_of(&nora.guest).await, "Accepted");
        let nils = rig.invite(NILS).await;
        let mut actor = rig.actor(NILS);
        let trip = actor.go(&rig.my_apps()).await;
        rig.at_my_apps(&trip, &actor);
        assert_eq!(rig.state_of(&nils.guest).await, "Accepted");
    })
    .await;
}

#[tokio::test]
async fn a_name_that_is_no_organization_here_is_not_guessed() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        let url = format!("{}/", rig.cloud_of(CONTOSO).myapps);
        for name in [
            "contoso",
            "nowhere.example",
            NOBODY,
            "<b>contoso.com</b>",
            NORTHWIND,
        ] {
            nora.fresh();
            nora.browser.open(&url).await.unwrap();
            nora.browser.link("#sign-in-options").await.unwrap();
            nora.browser.fill("#organization", name).unwrap();
            nora.browser.submit("#submit").await.unwrap();
            let page = nora.browser.page().unwrap();
            assert!(
                !page.status.is_server_error(),
                "{name}: {}",
                page.describe()
            );
            assert!(
                page.html.by_id("organization").is_some(),
                "{name}: {}",
                page.describe()
            );
        }
    })
    .await;
}

#[tokio::test]
async fn another_organization_of_the_cloud_knows_no_such_guest() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        let before = rig.stored(FABRIKAM).await;
        nora.fresh();
        let trip = by_name(rig, &mut nora, FABRIKAM).await;
        assert!(
            !matches!(trip.end, End::Landed),
            "{}",
            trip.outcome(&nora.browser)
        );
        let url = format!("{}/{FABRIKAM}", rig.cloud_of(CONTOSO).myapps);
        let trip = nora.go(&url).await;
        assert!(
            !matches!(trip.end, End::Landed),
            "{}",
            trip.outcome(&nora.browser)
        );
        assert_eq!(rig.stored(FABRIKAM).await, before);
    })
    .await;
}

#[tokio::test]
async fn addresses_that_name_nothing_are_no_pages() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        let myapps = &rig.cloud_of(CONTOSO).myapps;
        let app_id = &rig.app("Expenses").app_id;
        for url in [
            format!("{myapps}/{NORTHWIND}"),
            format!("{myapps}/?tenantid={NOBODY}"),
            format!("{myapps}/?tenantid=%00"),
            format!("{myapps}/?tenantid=%ff%fe"),
            format!(
                "{myapps}/signin/Expenses/{NOBODY}?tenantId={}",
                rig.id(CONTOSO)
            ),
            format!("{myapps}/signin/Expenses/{app_id}"),
            format!(
                "{myapps}/signin/Expenses/{app_id}?tenantId={}",
                rig.id(NORTHWIND)
            ),
            format!(
                "{myapps}/signin/Expenses/not-an-id?tenantId={}",
                rig.id(CONTOSO)
            ),
        ] {
            nora.browser.open(&url).await.unwrap();
            let page = nora.browser.page().unwrap();
            assert!(page.status.is_client_error(), "{url}: {}", page.describe());
        }
        // What the name in the link says is of no account, only the IDs are.
        let url = format!(
            "{myapps}/signin/Library/{app_id}?tenantId={}",
            rig.id(CONTOSO)
        );
        let trip = nora.go(&url).await;
        rig.at_expenses(&trip, &nora);
    })
    .await;
}

#[tokio::test]
async fn a_known_guest_of_a_closed_pair_is_told_whose_move_it_is() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        rig.tick(NORTHWIND, &[]).await;
        nora.fresh();
        let trip = by_name(rig, &mut nora, CONTOSO).await;
        let (_, text) = crate::rig::denied(&trip, &nora.browser, 1_000_104);
        contains(&text, &["administrator of Northwind"]);
    })
    .await;
}
