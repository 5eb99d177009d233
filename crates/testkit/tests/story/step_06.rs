//! Step 6: the link opens the door and proves nothing. It redeems for nora alone, who signs in at
//! home, consents once and lands in Contoso's My Apps.

use comity_demo::walk::{End, Kind};

use crate::rig::{Actor, CONTOSO, Invited, NILS, NORA, NORTHWIND, Rig, on_every_engine};

async fn invited(rig: &Rig) -> Invited {
    rig.pair().await;
    rig.invite(NORA).await
}

/// Nothing was redeemed, and whoever tried is not in.
async fn not_redeemed(rig: &Rig, invited: &Invited, actor: &mut Actor) {
    assert_eq!(rig.state_of(&invited.guest).await, "PendingAcceptance");
    if actor.person.upn.ends_with(CONTOSO) {
        return;
    }
    let trip = actor.go(&rig.my_apps()).await;
    let at_home = rig.cloud_of(CONTOSO).myapps.clone();
    let page = actor.browser.page().unwrap();
    let landed = matches!(trip.end, End::Landed);
    let in_my_apps = landed && page.url.origin().ascii_serialization() == at_home;
    assert!(
        !in_my_apps,
        "{} is in: {}",
        actor.person.upn,
        page.describe()
    );
}

#[tokio::test]
async fn nora_signs_in_at_home_consents_once_and_lands_in_my_apps() {
    on_every_engine(async |rig| {
        let invited = invited(rig).await;
        let mut nora = rig.actor(NORA);
        let trip = nora.go(&invited.link).await;
        let tiles = rig.at_my_apps(&trip, &nora);
        assert!(
            tiles.iter().any(|tile| tile.contains("Expenses")),
            "{tiles:?}"
        );
        assert_eq!(
            rig.asked(&trip, NORTHWIND, Kind::Password),
            1,
            "{}",
            trip.path()
        );
        assert_eq!(
            rig.asked(&trip, CONTOSO, Kind::Password),
            0,
            "{}",
            trip.path()
        );
        assert_eq!(
            rig.asked(&trip, CONTOSO, Kind::Consent),
            1,
            "{}",
            trip.path()
        );
        assert_eq!(rig.state_of(&invited.guest).await, "Accepted");
    })
    .await;
}

#[tokio::test]
async fn opened_by_a_colleague_at_home_it_redeems_nothing() {
    on_every_engine(async |rig| {
        let invited = invited(rig).await;
        let before = rig.stored(CONTOSO).await;
        let mut nils = rig.actor(NILS);
        nils.go(&rig.home_apps()).await;
        nils.go(&invited.link).await;
        not_redeemed(rig, &invited, &mut nils).await;
        // Without a session at home, too.
        nils.fresh();
        nils.go(&invited.link).await;
        not_redeemed(rig, &invited, &mut nils).await;
        assert_eq!(rig.stored(CONTOSO).await, before);
    })
    .await;
}

#[tokio::test]
async fn opened_by_a_member_of_contoso_it_redeems_nothing() {
    on_every_engine(async |rig| {
        let invited = invited(rig).await;
        let mut alex = rig.actor("alex@contoso.com");
        let trip = alex.go(&rig.my_apps()).await;
        rig.at_my_apps(&trip, &alex);
        let before = rig.stored(CONTOSO).await;
        let trip = alex.go(&invited.link).await;
        assert!(
            !matches!(trip.end, End::Landed),
            "{}",
            trip.outcome(&alex.browser)
        );
        assert_eq!(
            rig.asked(&trip, NORTHWIND, Kind::Consent),
            0,
            "{}",
            trip.path()
        );
        not_redeemed(rig, &invited, &mut alex).await;
        assert_eq!(rig.stored(CONTOSO).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_forged_link_is_unknown_whatever_is_wrong_with_it() {
    on_every_engine(async |rig| {
        let invited = invited(rig).await;
        let before = rig.stored(CONTOSO).await;
        let mut pages = Vec::new();
        for (name, value) in [
            ("ticket", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            ("ticket", ""),
            ("ticket", &"a".repeat(5000)),
            ("user", rig.id(CONTOSO)),
            ("tenant", rig.id(NORTHWIND)),
        ] {
            let mut url = url::Url::parse(&invited.link).unwrap();
            let pairs: Vec<(String, String)> = url
                .query_pairs()
                .map(|(n, v)| {
                    let v = if n == name { value.into() } else { v };
                    (n.into_owned(), v.into_owned())
                })
                .collect();
            url.query_pairs_mut().clear().extend_pairs(pairs);
            let mut nora = rig.actor(NORA);
            nora.browser.open(url.as_str()).await.unwrap();
            let page = nora.browser.page().unwrap();
            assert_eq!(page.status, 404, "{name}: {}", page.describe());
            pages.push((page.html.title(), page.text_of("error-message")));
        }
        pages.dedup();
        assert_eq!(pages.len(), 1, "what was wrong shows: {pages:?}");
        assert_eq!(rig.stored(CONTOSO).await, before);
        assert_eq!(rig.state_of(&invited.guest).await, "PendingAcceptance");
    })
    .await;
}

#[tokio::test]
async fn an_invitation_does_not_expire_but_a_sign_in_that_was_begun_does() {
    on_every_engine(async |rig| {
        let invited = invited(rig).await;
        let mut nora = rig.actor(NORA);
        nora.browser.open(&invited.link).await.unwrap();
        rig.world.clock.forward(11 * 60);
        rig.forget_tokens();
        let trip = nora.walk().await;
        assert!(
            !matches!(trip.end, End::Landed),
            "{}",
            trip.outcome(&nora.browser)
        );
        assert_eq!(rig.state_of(&invited.guest).await, "PendingAcceptance");
        rig.world.clock.forward(90 * 24 * 3600);
        rig.forget_tokens();
        nora.fresh();
        let trip = nora.go(&invited.link).await;
        rig.at_my_apps(&trip, &nora);
    })
    .await;
}

#[tokio::test]
async fn what_one_browser_began_another_cannot_go_on_with() {
    on_every_engine(async |rig| {
        let invited = invited(rig).await;
        let mut nora = rig.actor(NORA);
        nora.browser.open(&invited.link).await.unwrap();
        let here = nora.browser.page().unwrap().url.to_string();
        assert!(
            !here.contains("ticket"),
            "the ticket stays in the address bar: {here}"
        );
        let mut other = rig.actor(NORA);
        other.browser.open(&here).await.unwrap();
        let page = other.browser.page().unwrap();
        assert!(page.status.is_client_error(), "{}", page.describe());
        assert_eq!(
            page.text_of("error-code").as_deref(),
            Some("invalid_request")
        );
        assert_eq!(rig.state_of(&invited.guest).await, "PendingAcceptance");
        // The one that began goes on undisturbed.
        let trip = nora.walk().await;
        rig.at_my_apps(&trip, &nora);
    })
    .await;
}

#[tokio::test]
async fn a_second_use_admits_nobody_else_and_asks_no_second_consent() {
    on_every_engine(async |rig| {
        let invited = invited(rig).await;
        let mut nora = rig.actor(NORA);
        let trip = nora.go(&invited.link).await;
        rig.at_my_apps(&trip, &nora);
        let after = rig.stored(CONTOSO).await;
        nora.fresh();
        let trip = nora.go(&invited.link).await;
        rig.at_my_apps(&trip, &nora);
        assert_eq!(
            rig.asked(&trip, CONTOSO, Kind::Consent),
            0,
            "{}",
            trip.path()
        );
        let mut nils = rig.actor(NILS);
        nils.go(&invited.link).await;
        let trip = nils.go(&rig.my_apps()).await;
        assert!(
            !matches!(trip.end, End::Landed),
            "{}",
            trip.outcome(&nils.browser)
        );
        assert_eq!(rig.stored(CONTOSO).await, after, "it was redeemed twice");
    })
    .await;
}

#[tokio::test]
async fn who_declines_is_no_guest_and_may_think_better_of_it() {
    on_every_engine(async |rig| {
        let invited = invited(rig).await;
        let before = rig.stored(CONTOSO).await;
        let mut nora = rig.actor(NORA);
        nora.browser.open(&invited.link).await.unwrap();
        decline(&mut nora, &rig.cloud_of(CONTOSO).login).await;
        assert!(nora.text().contains("65004"), "{}", nora.text());
        assert_eq!(rig.state_of(&invited.guest).await, "PendingAcceptance");
        assert_eq!(rig.stored(CONTOSO).await, before);
        let trip = nora.go(&invited.link).await;
        rig.at_my_apps(&trip, &nora);
    })
    .await;
}

/// Goes on to the consent page at this login host and says no.
async fn decline(actor: &mut Actor, login: &str) {
    for _ in 0..10 {
        let page = actor.browser.page().unwrap();
        let here = page.url.origin().ascii_serialization() == login;
        let has = |id: &str| page.html.by_id(id).is_some();
        let step = if has("consent-decline") && here {
            return actor.browser.submit("#consent-decline").await.unwrap();
        } else if has("consent-accept") {
            "#consent-accept"
        } else {
            if has("password") {
                actor.type_password().await;
                continue;
            }
            "#submit"
        };
        actor.browser.submit(step).await.unwrap();
    }
    panic!("no consent was asked: {}", actor.text());
}

#[tokio::test]
async fn a_guest_who_was_deleted_cannot_come_by_the_old_link() {
    on_every_engine(async |rig| {
        let invited = invited(rig).await;
        let path = format!("/v1.0/users/{}", invited.guest);
        let graph = rig.robot(CONTOSO).await;
        assert_eq!(graph.delete(&path).await.unwrap().status, 204);
        let mut nora = rig.actor(NORA);
        let trip = nora.go(&invited.link).await;
        assert!(
            !matches!(trip.end, End::Landed),
            "{}",
            trip.outcome(&nora.browser)
        );
        let trip = nora.go(&rig.my_apps()).await;
        assert!(
            !matches!(trip.end, End::Landed),
            "{}",
            trip.outcome(&nora.browser)
        );
    })
    .await;
}
