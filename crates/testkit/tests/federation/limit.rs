//! Limits of the back channel (§4) hold for questions asked at once as for questions in turn, and
//! count misses only; both logs show what was asked.

use comity_demo::graph::{Error, Graph};
use comity_model::sign_in_record::SignInRecord;
use comity_oauth::question;
use comity_testkit::Engine;
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    question::{asked, reply, signed},
    rig::{NORA, Rig},
};

fn invitee(rig: &Rig, upn: &str, groups: &[&str]) -> (&'static str, Value) {
    let ask = json!({"tenantId": rig.northwind().id, "upn": upn, "groups": groups});
    ("invitee", ask)
}

/// Home's records of the questions with these numbers.
async fn kept(rig: &Rig, numbers: std::ops::Range<u128>) -> Vec<SignInRecord> {
    let mut all = Vec::new();
    for number in numbers {
        let leg = Uuid::from_u128(number).to_string();
        all.extend(rig.records("usgov", rig.northwind(), &leg).await);
    }
    all
}

/// Calls of one engine may follow one another without a pause; on the other they cross.
#[tokio::test]
async fn sixty_questions_at_once_are_fifty_guesses() {
    for engine in Engine::available() {
        sixty_at_once(&Rig::paired_on(engine).await).await;
    }
}

async fn sixty_at_once(rig: &Rig) {
    let all: Vec<Value> = (0..60)
        .map(|n| {
            asked(
                rig,
                3000 + n,
                invitee(rig, &format!("guess{n}@northwind.us"), &[]),
            )
        })
        .collect();
    let answers = join_all(all.iter().map(|claims| signed(rig, "global", claims))).await;
    for (status, answer) in &answers {
        assert_eq!(
            (*status, reply(answer)["refused"].as_str()),
            (200, Some("unknown"))
        );
    }
    let records = kept(rig, 3000..3060).await;
    let of = |code| records.iter().filter(|r| r.error_code == code).count();
    assert_eq!((of(50_034), of(50_196)), (50, 10), "judged and turned away");
    let nora = asked(rig, 3100, invitee(rig, NORA, &[]));
    let (_, answer) = signed(rig, "global", &nora).await;
    assert_eq!(reply(&answer)["refused"], "unknown");
}

#[tokio::test]
async fn what_is_answered_is_no_miss() {
    let rig = Rig::paired().await;
    // More than misses are allowed in an hour, and in a day.
    let all: Vec<Value> = (0..510)
        .map(|n| asked(&rig, 4000 + n, invitee(&rig, NORA, &[])))
        .collect();
    for claims in &all {
        let (_, answer) = signed(&rig, "global", claims).await;
        assert_eq!(reply(&answer)["objectId"], rig.nora().id);
    }
    // A question asked twice is not counted either.
    for _ in 0..60 {
        assert_eq!(signed(&rig, "global", &all[0]).await.0, 400);
    }
    let claims = asked(&rig, 4900, invitee(&rig, NORA, &[]));
    let (_, answer) = signed(&rig, "global", &claims).await;
    assert_eq!(reply(&answer)["objectId"], rig.nora().id);
}

async fn invited(graph: &Graph, invitation: &Value) -> u16 {
    match graph.post("/v1.0/invitations", invitation).await {
        Ok(reply) => reply.status.as_u16(),
        Err(Error::Refused { refusal, .. }) => refusal.status,
        Err(Error::Failed(error)) => panic!("{error:#}"),
    }
}

/// Questions about an invitee that left Contoso's cloud.
fn guesses(rig: &Rig) -> usize {
    let sent = rig.sent(question::PATH);
    let invitees = sent.iter().filter(|e| !reply(&e.body)["invitee"].is_null());
    invitees.count()
}

#[tokio::test]
async fn an_inviter_does_not_guess_more_by_guessing_at_once() {
    for engine in Engine::available() {
        guesses_at_once(&Rig::paired_on(engine).await).await;
    }
}

async fn guesses_at_once(rig: &Rig) {
    let graph = rig.graph("global", "contoso.com", "inviter").await;
    let names: Vec<Value> = (0..60)
        .map(|n| rig.invitation(&format!("guess{n}@northwind.us")))
        .collect();
    let seen = join_all(names.iter().map(|name| invited(&graph, name))).await;
    assert!(seen.iter().all(|s| matches!(s, 400 | 429)), "{seen:?}");
    let turned_away = seen.iter().filter(|s| **s == 429).count();
    assert!(turned_away >= 10 && guesses(rig) <= 50, "{turned_away}");
    // Places that were given back are there for the next guess, and no more than these.
    for n in 0..60 {
        let name = rig.invitation(&format!("more{n}@northwind.us"));
        assert!(matches!(invited(&graph, &name).await, 400 | 429));
    }
    assert_eq!(guesses(rig), 50);
    others(rig, &graph).await;
}

/// Another inviter is counted by herself; home counts the organization as one.
async fn others(rig: &Rig, graph: &Graph) {
    let admin = rig.graph("global", "contoso.com", "admin").await;
    assert_eq!(invited(graph, &rig.invitation(NORA)).await, 429);
    assert_eq!(invited(&admin, &rig.invitation(NORA)).await, 400);
    rig.forward(3600);
    let admin = rig.graph("global", "contoso.com", "admin").await;
    assert_eq!(invited(&admin, &rig.invitation(NORA)).await, 201);
}

#[tokio::test]
async fn an_inviter_who_knows_names_is_not_stopped() {
    let rig = Rig::paired().await;
    let graph = rig.graph("global", "contoso.com", "inviter").await;
    for _ in 0..55 {
        assert_eq!(invited(&graph, &rig.invitation(NORA)).await, 201);
    }
}

#[tokio::test]
async fn both_logs_show_which_groups_were_asked_about() {
    let rig = Rig::paired().await;
    let ours = rig.northwind().group("Contoso Project").unwrap().id.clone();
    let other = Uuid::from_u128(77).to_string();
    for (number, upn) in [(5000, NORA), (5001, "nobody@northwind.us")] {
        let claims = asked(&rig, number, invitee(&rig, upn, &[&ours, &other]));
        signed(&rig, "global", &claims).await;
        let records = kept(&rig, number..number + 1).await;
        let detail = records[0].properties["status"]["additionalDetails"].to_string();
        for group in [&ours, &other] {
            assert!(detail.contains(group.as_str()), "{upn}: {detail}");
        }
        assert!(!detail.contains("northwind.us"), "no names: {detail}");
    }
    let claims = asked(&rig, 5002, invitee(&rig, NORA, &[]));
    signed(&rig, "global", &claims).await;
    let records = kept(&rig, 5002..5003).await;
    let detail = &records[0].properties["status"]["additionalDetails"];
    assert_eq!(detail, "asked: invitee");
}
