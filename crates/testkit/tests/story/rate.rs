//! What a network may cause in a minute before anybody is proven: names read, people sent to another
//! cloud, refusals recorded. The next minute, and another network, begin anew.

use std::net::IpAddr;

use comity_demo::{
    client::{Answer, Ask, Client, Transport},
    oauth::Means,
};
use comity_model::id::Id;
use http::Method;
use url::Url;

use crate::rig::{Actor, CONTOSO, NORA, Rig, on_every_engine};

const BOUND: u32 = 20;
const HERE: [u8; 4] = [192, 0, 2, 7];

/// A process with a low bound, and browsers at an address.
async fn from(rig: &Rig, address: impl Into<IpAddr>) -> Means {
    let transport: Transport = rig
        .world
        .another_node_from(address.into(), |settings| {
            settings.network_per_minute = BOUND;
        })
        .await
        .unwrap();
    Means {
        client: Client::through(transport),
        ..rig.means.clone()
    }
}

async fn post(means: &Means, place: &str, fields: &[(&str, &str)]) -> Answer {
    let ask = Ask::new(Method::POST, Url::parse(place).unwrap()).form(fields);
    means.client.send(ask).await.unwrap()
}

async fn name(actor: &mut Actor, typed: &str) -> String {
    actor.browser.fill("#username", typed).unwrap();
    actor.browser.submit("#submit").await.unwrap();
    actor.browser.page().unwrap().html.text()
}

#[tokio::test]
async fn s37_names_are_read_so_often_in_a_minute() {
    on_every_engine(async |rig| {
        let means = from(rig, HERE).await;
        let mut stranger = rig.actor_over("alex@contoso.com", &means);
        stranger.browser.open(&rig.my_apps()).await.unwrap();
        // The organization in the address was looked up too.
        for number in 0..BOUND - 1 {
            let said = name(&mut stranger, &format!("x@domain{number}.example")).await;
            assert!(said.contains("domain"), "{said}");
        }
        for typed in ["x@northwind.us", "alex@contoso.com", "x@domain.example"] {
            let said = name(&mut stranger, typed).await;
            assert!(
                said.contains("Many people sign in from this network"),
                "{said}"
            );
        }
        rig.world.clock.forward(60);
        let said = name(&mut stranger, "alex@contoso.com").await;
        assert!(!said.contains("Many people"), "{said}");
    })
    .await;
}

/// Everybody else keeps what the two clouds have to do for one another.
#[tokio::test]
async fn a_stranger_presses_go_so_often_in_a_minute() {
    on_every_engine(async |rig| {
        rig.nora().await;
        let means = from(rig, HERE).await;
        rig.world.wire.clear();
        let mut stranger = rig.actor_over(NORA, &means);
        stranger.browser.open(&rig.my_apps()).await.unwrap();
        name(&mut stranger, NORA).await;
        let mut seen = Vec::new();
        for _ in 0..BOUND + 5 {
            let mut again = stranger.twin();
            again.browser.submit("#submit").await.unwrap();
            seen.push(again.browser.page().unwrap().status.as_u16());
        }
        let (served, refused) = seen.split_at(BOUND as usize);
        assert!(served.iter().all(|status| *status == 200), "{served:?}");
        assert_eq!(refused, [429; 5]);
        let pushed = rig.world.wire.exchanges();
        let pushed = pushed.iter().filter(|e| e.url.ends_with("/par"));
        // The first one was told the nonce to use.
        assert_eq!(pushed.count(), BOUND as usize + 1);
        // Another network is served meanwhile, and this one a minute later.
        let mut nora = rig.actor(NORA);
        let trip = nora.go(&rig.my_apps()).await;
        rig.at_my_apps(&trip, &nora);
        rig.world.clock.forward(60);
        stranger.browser.submit("#submit").await.unwrap();
        assert_eq!(stranger.browser.page().unwrap().status.as_u16(), 200);
    })
    .await;
}

#[tokio::test]
async fn refusals_of_strangers_do_not_fill_the_log() {
    on_every_engine(async |rig| {
        let means = from(rig, HERE).await;
        let place = format!(
            "{}/{}/oauth2/v2.0/token",
            rig.cloud_of(CONTOSO).login,
            rig.id(CONTOSO)
        );
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", "11111111-2222-3333-4444-555555555555"),
            ("client_secret", "guess"),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        let kept = async || {
            let read = rig.world.app("global").unwrap().store().read();
            let tenant = Id::parse(rig.id(CONTOSO)).unwrap();
            read.tenant(tenant)
                .sign_in_records()
                .all()
                .await
                .unwrap()
                .len()
        };
        let before = kept().await;
        for _ in 0..BOUND {
            let answer = post(&means, &place, &fields).await;
            assert!(answer.status.is_client_error());
        }
        assert_eq!(kept().await - before, BOUND as usize / 10);
        rig.world.clock.forward(60);
        post(&means, &place, &fields).await;
        assert_eq!(kept().await - before, BOUND as usize / 10 + 1);
        // Whoever proves who she is is served and recorded as ever.
        let mut alex = rig.actor_over("alex@contoso.com", &means);
        let trip = alex.go(&rig.my_apps()).await;
        rig.at_my_apps(&trip, &alex);
        assert!(kept().await - before > BOUND as usize / 10 + 1);
    })
    .await;
}
