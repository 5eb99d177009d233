//! A password hashed with weaker parameters than today's is hashed anew when it is next proven, and
//! only then (V-21).

use comity_app::Settings;
use comity_crypto::password::Parameters;
use comity_demo::{client::Client, walk::End};
use comity_model::{id::Id, user::PasswordCredential};
use comity_testkit::Engine;

use super::rig::{Rig, is_in};

const ALEX: &str = "alex@contoso.com";

async fn kept(rig: &Rig) -> PasswordCredential {
    let tenant = rig.contoso();
    let user = Id::parse(&tenant.user(ALEX).unwrap().id).unwrap();
    let read = rig.world.app("global").unwrap().store().read();
    let passwords = read.tenant(Id::parse(&tenant.id).unwrap()).passwords();
    passwords.find(user).await.unwrap().unwrap()
}

/// Signs in at My Apps over this client; how many write transactions that took.
async fn sign_in(rig: &Rig, client: &Client) -> u64 {
    let store = rig.world.app("global").unwrap().store();
    let before = store.transactions_begun();
    let mut browser = rig.browser_over(client);
    let url = format!("{}/contoso.com", rig.cloud("global").myapps);
    browser.open(&url).await.unwrap();
    let trip = rig.walk(&mut browser, "global", ALEX).await;
    assert!(
        matches!(trip.end, End::Landed),
        "{}",
        trip.outcome(&browser)
    );
    assert!(is_in(&browser));
    store.transactions_begun() - before
}

fn raised(settings: &mut Settings) {
    settings.password = Parameters::new(64 * 1024, 3, 1).unwrap();
}

#[tokio::test]
async fn v21_raised_parameters_reach_a_hash_at_the_next_sign_in() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let raised = Client::through(rig.world.another_node(raised).await.unwrap());
        let usual = sign_in(&rig, &rig.client).await;
        let old = kept(&rig).await;
        assert!(
            old.hash.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"),
            "{}",
            old.hash
        );
        // A wrong password changes nothing.
        let mut browser = rig.browser_over(&raised);
        let url = format!("{}/contoso.com", rig.cloud("global").myapps);
        browser.open(&url).await.unwrap();
        browser.fill("#username", ALEX).unwrap();
        browser.submit("#submit").await.unwrap();
        browser
            .fill("#password", "not the password of alex")
            .unwrap();
        browser.submit("#submit").await.unwrap();
        assert!(!is_in(&browser));
        assert_eq!(kept(&rig).await, old);
        // The right one is hashed anew, once.
        sign_in(&rig, &raised).await;
        let new = kept(&rig).await;
        assert!(
            new.hash.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"),
            "{}",
            new.hash
        );
        assert_eq!(
            (new.changed, new.must_change),
            (old.changed, old.must_change)
        );
        assert_eq!(
            sign_in(&rig, &raised).await,
            usual,
            "and costs nothing afterwards"
        );
        assert_eq!(kept(&rig).await, new);
    }
}
