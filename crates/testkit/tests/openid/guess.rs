//! Passwords tried at once are no more than passwords tried in turn (security bar S-43), and a right
//! one waits for its turn instead of being refused.

use std::{future::poll_fn, task::Poll};

use comity_demo::browser::Browser;
use comity_model::id::Id;
use futures_util::future::join_all;

use super::rig::Rig;

const ALEX: &str = "alex@contoso.com";

/// So many browsers in front of alex's password.
async fn at_the_password(rig: &Rig, many: usize) -> Vec<Browser> {
    let mut all = Vec::new();
    for _ in 0..many {
        let mut browser = rig.browser();
        browser.open(&rig.request(&[])).await.unwrap();
        browser.fill("#username", ALEX).unwrap();
        browser.submit("#submit").await.unwrap();
        all.push(browser);
    }
    all
}

async fn type_all(browsers: &mut [Browser], password: &str) {
    let typed = browsers.iter_mut().map(|browser| async move {
        browser.fill("#password", password).unwrap();
        browser.submit("#submit").await.unwrap();
    });
    join_all(typed).await;
}

/// How often a wrong password was told.
async fn told_wrong(rig: &Rig) -> usize {
    let read = rig.world.app("global").unwrap().store().read();
    let tenant = Id::parse(&rig.contoso().id).unwrap();
    let records = read.tenant(tenant).sign_in_records().all().await.unwrap();
    records.iter().filter(|r| r.error_code == 50_126).count()
}

/// Wrong passwords that are counted for alex; as many as there may be, once they block.
async fn failures(rig: &Rig) -> i64 {
    let user = &rig.contoso().user(ALEX).unwrap().id;
    let key = format!("password/{}/{user}", rig.contoso().id);
    let read = rig.world.app("global").unwrap().store().read();
    let found = read.cloud().throttles().find(&key).await.unwrap();
    found.map_or(0, |throttle| match throttle.blocked_until {
        Some(_) => 10,
        None => throttle.failures,
    })
}

fn password(rig: &Rig) -> String {
    let user = rig.contoso().user(ALEX).unwrap();
    user.password.expose().to_owned()
}

#[tokio::test]
async fn of_many_at_once_ten_are_judged() {
    let rig = Rig::start().await;
    let mut browsers = at_the_password(&rig, 24).await;
    type_all(&mut browsers, "not her password").await;
    assert_eq!(told_wrong(&rig).await, 10);
    let mut right = at_the_password(&rig, 1).await;
    type_all(&mut right, &password(&rig)).await;
    assert!(right[0].away().is_none(), "the account waits");
    rig.world.clock.forward(61);
    let mut right = at_the_password(&rig, 1).await;
    type_all(&mut right, &password(&rig)).await;
    assert!(right[0].away().is_some());
}

#[tokio::test]
async fn many_right_ones_at_once_all_get_in() {
    let rig = Rig::start().await;
    let mut browsers = at_the_password(&rig, 12).await;
    type_all(&mut browsers, &password(&rig)).await;
    assert!(browsers.iter().all(|b| b.away().is_some()));
    assert_eq!(told_wrong(&rig).await, 0);
}

/// Sends a password and hangs up soon after.
async fn hang_up(browser: &mut Browser, password: &str) {
    browser.fill("#password", password).unwrap();
    let mut sent = std::pin::pin!(browser.submit("#submit"));
    for _ in 0..20 {
        let ready = poll_fn(|cx| Poll::Ready(sent.as_mut().poll(cx).is_ready()));
        if ready.await {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_hangs_up_has_guessed_all_the_same() {
    let rig = Rig::start().await;
    for (told, mut browser) in (1..).zip(at_the_password(&rig, 10).await) {
        hang_up(&mut browser, "not her password").await;
        // Whoever hangs up while waiting for a turn has not guessed: the next one waits for this.
        for turn in 0.. {
            if failures(&rig).await >= told {
                break;
            }
            assert!(turn < 100_000, "attempt {told} was not counted");
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(told_wrong(&rig).await, 0, "nobody waited for an answer");
    let mut right = at_the_password(&rig, 1).await;
    type_all(&mut right, &password(&rig)).await;
    assert!(right[0].away().is_none(), "the account waits");
    rig.world.clock.forward(61);
    let mut right = at_the_password(&rig, 1).await;
    type_all(&mut right, &password(&rig)).await;
    assert!(right[0].away().is_some());
}
