//! Guessing one-time codes through the page: counted per person over all sessions and processes,
//! then no code is judged for a while, and the person is told (security bars S-43, S-44).

use comity_crypto::totp;
use comity_demo::oauth::Means;
use comity_model::id::Id;
use futures_util::future::join_all;

use crate::{
    race::codes_for_expenses,
    rig::{Actor, CONTOSO, Rig, on_every_engine},
};

const ALEX: &str = "alex@contoso.com";

/// Expenses wants a second factor, and this member of Contoso has one.
pub async fn with_a_factor(rig: &Rig, upn: &str) -> Actor {
    codes_for_expenses(rig).await;
    let mut actor = rig.actor(upn);
    let trip = actor.go(&rig.direct("Expenses")).await;
    rig.at_expenses(&trip, &actor);
    actor
}

/// The same person at another browser, signed in with the password alone.
pub async fn signed_in(rig: &Rig, actor: &Actor, means: &Means) -> Actor {
    let mut fresh = rig.actor_over(&actor.person.upn, means);
    let trip = fresh.go(&rig.my_apps()).await;
    rig.at_my_apps(&trip, &fresh);
    fresh
}

/// The person's code, so many steps from now.
pub async fn code(rig: &Rig, upn: &str, later: i64) -> String {
    let app = rig.world.app("global").unwrap();
    let tenant = Id::parse(rig.id(CONTOSO)).unwrap();
    let user = Id::parse(rig.user(upn)).unwrap();
    let read = app.store().read();
    let factors = read.tenant(tenant).factors().list(user).await.unwrap();
    let context = format!("{tenant}/{user}");
    let sealed = &factors[0].sealed_secret;
    let secret = app.sealer().open("totp", context.as_bytes(), sealed);
    let step = rig.world.clock.time().seconds() / 30 + later;
    totp::code(&secret.unwrap(), u64::try_from(step).unwrap())
}

/// Codes that are none now or soon.
async fn wrong(rig: &Rig, upn: &str, number: usize) -> Vec<String> {
    let mut right = Vec::new();
    for later in -1..=1 {
        right.push(code(rig, upn, later).await);
    }
    let all = (0..1_000_000).map(|n| format!("{n:06}"));
    all.filter(|code| !right.contains(code))
        .take(number)
        .collect()
}

/// Enters a code; the number of the error that the page shows.
async fn enter(actor: &mut Actor, code: &str) -> Option<String> {
    actor.browser.fill("#code", code).unwrap();
    actor.browser.submit("#submit").await.unwrap();
    let page = actor.browser.page().unwrap();
    assert!(!page.status.is_server_error(), "{}", page.describe());
    page.html.by_id("code")?;
    let refused = page.html.text().contains("Too many wrong attempts");
    Some(if refused { "50053" } else { "wrong" }.to_owned())
}

/// Wrong codes of a person that were judged.
async fn judged(rig: &Rig, upn: &str) -> usize {
    let read = rig.world.app("global").unwrap().store().read();
    let tenant = Id::parse(rig.id(CONTOSO)).unwrap();
    let records = read.tenant(tenant).sign_in_records().all().await.unwrap();
    let of = |r: &&comity_model::sign_in_record::SignInRecord| {
        r.error_code == 50_074 && r.user.is_some_and(|user| user.to_string() == rig.user(upn))
    };
    records.iter().filter(of).count()
}

fn told(rig: &Rig, upn: &str) -> usize {
    let mails = rig.mails(upn);
    mails
        .iter()
        .filter(|mail| mail.subject.contains("Wrong one-time codes"))
        .count()
}

#[tokio::test]
async fn s43_of_five_hundred_codes_in_fifty_sessions_ten_are_judged() {
    on_every_engine(async |rig| {
        let alex = with_a_factor(rig, ALEX).await;
        rig.world.clock.forward(60);
        let means = rig.two_nodes().await;
        let fresh = signed_in(rig, &alex, &means).await;
        let mut sessions: Vec<Actor> = (0..50).map(|_| fresh.twin()).collect();
        let direct = rig.direct("Expenses");
        join_all(sessions.iter_mut().map(|a| a.browser.open(&direct))).await;
        let codes = wrong(rig, ALEX, 10).await;
        let attack = sessions.iter_mut().map(async |session| {
            let mut last = None;
            for code in &codes {
                last = enter(session, code).await;
            }
            last
        });
        for last in join_all(attack).await {
            assert_eq!(last.as_deref(), Some("50053"));
        }
        assert_eq!(judged(rig, ALEX).await, 10);
        assert_eq!(told(rig, ALEX), 1, "the person is told, once");
        // Also the right one is not judged now, in whatever session.
        let mut own = signed_in(rig, &alex, &means).await;
        own.browser.open(&direct).await.unwrap();
        let right = code(rig, ALEX, 0).await;
        assert_eq!(enter(&mut own, &right).await.as_deref(), Some("50053"));
        rig.world.clock.forward(301);
        let right = code(rig, ALEX, 0).await;
        assert_eq!(enter(&mut own, &right).await, None, "{}", own.text());
        assert_eq!(told(rig, ALEX), 1);
    })
    .await;
}

#[tokio::test]
async fn s43_another_persons_codes_are_not_refused_and_nobody_is_told_of_nine() {
    on_every_engine(async |rig| {
        let alex = with_a_factor(rig, ALEX).await;
        let bo = rig.actor("bo@contoso.com");
        rig.world.clock.forward(60);
        let direct = rig.direct("Expenses");
        let mut session = signed_in(rig, &alex, &rig.means).await;
        session.browser.open(&direct).await.unwrap();
        let codes = wrong(rig, ALEX, 12).await;
        for code in &codes[..9] {
            assert_eq!(enter(&mut session, code).await.as_deref(), Some("wrong"));
        }
        assert_eq!(told(rig, ALEX), 0);
        assert_eq!(
            enter(&mut session, &codes[9]).await.as_deref(),
            Some("wrong")
        );
        assert_eq!(
            enter(&mut session, &codes[10]).await.as_deref(),
            Some("50053")
        );
        assert_eq!(told(rig, ALEX), 1);
        let mut bo = bo;
        let trip = bo.go(&direct).await;
        rig.at_expenses(&trip, &bo);
    })
    .await;
}

#[tokio::test]
async fn s44_a_used_code_is_not_taken_in_another_spelling_and_each_try_counts() {
    on_every_engine(async |rig| {
        let alex = with_a_factor(rig, ALEX).await;
        rig.world.clock.forward(60);
        let direct = rig.direct("Expenses");
        let code = code(rig, ALEX, 0).await;
        let wide: String = code
            .chars()
            .map(|c| char::from_u32(u32::from(c) - 0x30 + 0xff10).unwrap())
            .collect();
        let mut first = signed_in(rig, &alex, &rig.means).await;
        first.browser.open(&direct).await.unwrap();
        assert_eq!(enter(&mut first, &code).await, None, "{}", first.text());
        let mut second = signed_in(rig, &alex, &rig.means).await;
        second.browser.open(&direct).await.unwrap();
        let spellings = [
            code.clone(),
            format!(" {code}"),
            format!("{code} "),
            format!("{} {}", &code[..3], &code[3..]),
            wide,
            format!("0{code}"),
            format!("+{code}"),
            format!("{code}\t"),
            "0".to_owned(),
            format!("\u{200b}{code}"),
        ];
        for spelling in &spellings {
            let seen = enter(&mut second, spelling).await;
            assert_eq!(seen.as_deref(), Some("wrong"), "{spelling:?}");
        }
        assert_eq!(judged(rig, ALEX).await, spellings.len());
        let seen = enter(&mut second, &code).await;
        assert_eq!(seen.as_deref(), Some("50053"), "they count as one another");
    })
    .await;
}
