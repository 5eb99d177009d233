//! The back channel under attack (§4, §5.1): forged and repeated questions, lying answers, names,
//! identifiers and domains of honest tenants.

use comity_demo::{
    client::Ask,
    graph::{Error, Graph},
};
use comity_model::signing_key::KeyPurpose;
use comity_oauth::question;
use comity_testkit::{Hostile, Lie};
use http::Method;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::rig::Rig;

const POLICY: &str = "/v1.0/policies/crossTenantAccessPolicy";
pub const HOSTILE: &str = "microsoftonline.us";

/// A question of Contoso's cloud to US Government.
pub fn asked(rig: &Rig, number: u128, ask: (&str, Value)) -> Value {
    let now = rig.world.clock.time().seconds();
    let mut claims = json!({
        "iss": rig.app("global").registry().own.entity,
        "aud": rig.app("usgov").registry().own.entity,
        "iat": now,
        "exp": now + 60,
        "jti": format!("question-{number:016}"),
        "tid": rig.contoso().id,
        "correlation_id": Uuid::from_u128(number).to_string(),
    });
    claims[ask.0] = ask.1;
    claims
}

pub async fn sent(rig: &Rig, text: String) -> (u16, String) {
    let url = format!(
        "{}{}",
        rig.app("usgov").registry().own.entity,
        question::PATH
    );
    let mut ask = Ask::new(Method::POST, Url::parse(&url).unwrap());
    ask.body = text.into_bytes().into();
    let answer = rig.means.client.send(ask).await.unwrap();
    (answer.status.as_u16(), answer.text())
}

pub(super) async fn signed(rig: &Rig, by: &str, claims: &Value) -> (u16, String) {
    let cloud = Hostile::new(rig.app(by));
    let text = cloud.sign(KeyPurpose::Question, question::TYPE, claims);
    sent(rig, text.unwrap()).await
}

pub(super) fn reply(answer: &str) -> Value {
    comity_testkit::hostile::claims(answer).unwrap()
}

#[tokio::test]
async fn a_question_is_its_clouds_own_fresh_and_asked_once() {
    let rig = Rig::paired().await;
    let tenant = ("tenant", json!({ "id": rig.northwind().id }));
    let good = |number| asked(&rig, number, tenant.clone());
    let now = rig.world.clock.time().seconds();
    let changes = [
        ("iss", json!(rig.app("china").registry().own.entity)),
        ("iss", json!(rig.app("usgov").registry().own.entity)),
        ("aud", json!(rig.app("china").registry().own.entity)),
        ("aud", json!(rig.app("usgov").registry().own.hosts.graph)),
        ("exp", json!(now + 120)),
        ("exp", json!(now)),
        ("iat", json!(now + 90)),
        ("jti", json!("short")),
        ("tid", json!("contoso.com")),
        (
            "invitee",
            json!({"tenantId": rig.northwind().id, "upn": "nora@northwind.us", "groups": []}),
        ),
        ("policy", json!(true)),
        (
            "tenant",
            json!({"id": rig.northwind().id, "domain": "northwind.us"}),
        ),
        ("tenant", json!({"domain": "northwind.us"})),
    ];
    for (number, (member, value)) in changes.into_iter().enumerate() {
        let mut claims = good(number as u128);
        claims[member] = value;
        let answer = signed(&rig, "global", &claims).await;
        assert_eq!(
            answer,
            (400, r#"{"error":"invalid_request"}"#.into()),
            "{member}"
        );
    }
    let cloud = Hostile::new(rig.app("global"));
    for (key, typ) in [
        (KeyPurpose::Answer, question::TYPE),
        (KeyPurpose::ClientAssertion, question::TYPE),
        (KeyPurpose::Question, question::ANSWER_TYPE),
        (KeyPurpose::Question, "JWT"),
    ] {
        let text = cloud.sign(key, typ, &good(50)).unwrap();
        assert_eq!(sent(&rig, text).await.0, 400, "{key:?} {typ}");
    }
    // China is no pair of US Government, in its own name or in another's.
    let mut claims = good(60);
    assert_eq!(signed(&rig, "china", &claims).await.0, 400);
    claims["iss"] = json!(rig.app("china").registry().own.entity);
    assert_eq!(signed(&rig, "china", &claims).await.0, 400);
    let (status, answer) = signed(&rig, "global", &good(70)).await;
    assert_eq!(
        (status, reply(&answer)["displayName"].as_str()),
        (200, Some("Northwind Agency"))
    );
    assert_eq!(
        signed(&rig, "global", &good(70)).await.0,
        400,
        "asked again"
    );
}

#[tokio::test]
async fn whoever_cannot_be_invited_looks_the_same() {
    let rig = Rig::paired().await;
    let woodgrove = rig.tenant("usgov", "woodgrove.us").id.clone();
    let northwind = rig.northwind().id.clone();
    let mut seen = Vec::new();
    let rows = [
        (&northwind, "nobody@northwind.us"),
        (&northwind, "nadia@northwind.us"),
        (&northwind, "will@woodgrove.us"),
        (&woodgrove, "will@woodgrove.us"),
        (&Uuid::from_u128(9).to_string(), "nora@northwind.us"),
    ];
    for (number, (tenant, upn)) in rows.into_iter().enumerate() {
        let ask = json!({"tenantId": tenant, "upn": upn, "groups": []});
        let claims = asked(&rig, 100 + number as u128, ("invitee", ask));
        let (status, answer) = signed(&rig, "global", &claims).await;
        let mut answered = reply(&answer);
        assert_eq!(answered["refused"], "unknown", "{upn}");
        for varies in ["jti", "iat", "exp"] {
            answered.as_object_mut().unwrap().remove(varies);
        }
        seen.push((status, answer.len(), answered));
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:?}");
    let ask = json!({"tenantId": northwind, "upn": "nora@northwind.us", "groups": []});
    let (_, answer) = signed(&rig, "global", &asked(&rig, 200, ("invitee", ask))).await;
    assert_eq!(reply(&answer)["objectId"], rig.nora().id);
    // Home's own log tells them apart.
    let mut codes = Vec::new();
    for number in [100_u128, 101, 102, 200] {
        let leg = Uuid::from_u128(number).to_string();
        let records = rig.records("usgov", rig.northwind(), &leg).await;
        codes.extend(records.iter().map(|r| r.error_code));
    }
    assert_eq!(codes, [50_034, 50_057, 50_034, 0]);
}

/// Contoso's security administrator, with clouds ticked.
pub async fn ticked(rig: &Rig, clouds: &[&str]) -> Graph {
    rig.tick("global", "contoso.com", clouds).await;
    rig.graph("global", "contoso.com", "secadmin").await
}

pub async fn partners(graph: &Graph) -> usize {
    let list = graph.get(&format!("{POLICY}/partners")).await.unwrap();
    list["value"].as_array().unwrap().len()
}

pub async fn added(rig: &Rig, graph: &Graph, body: &Value, lie: Option<Lie>) -> (u16, Value) {
    rig.world.wire.twist(HOSTILE, lie);
    let posted = posted(graph, &format!("{POLICY}/partners"), body).await;
    rig.world.wire.twist(HOSTILE, None);
    posted
}

/// Status and body, or status and message of a refusal.
async fn posted(graph: &Graph, path: &str, body: &Value) -> (u16, Value) {
    match graph.post(path, body).await {
        Ok(reply) => (reply.status.as_u16(), reply.body),
        Err(Error::Refused { refusal, .. }) => (refusal.status, json!(refusal.message)),
        Err(Error::Failed(error)) => panic!("{error:#}"),
    }
}

async fn invited(graph: &Graph, invitation: &Value) -> (u16, Value) {
    posted(graph, "/v1.0/invitations", invitation).await
}

#[tokio::test]
async fn lying_answers_add_no_organization() {
    let rig = Rig::start().await;
    let graph = ticked(&rig, &[HOSTILE]).await;
    let now = rig.world.clock.time().seconds();
    let body = json!({ "tenantId": rig.northwind().id });
    let hostile = rig.hostile();
    let told = |member: &'static str, value: Value| {
        hostile.answers(move |claims| claims[member] = value.clone())
    };
    let own = hostile.clone();
    let wrong_key = Hostile::at(question::PATH, move |answer| {
        let claims = reply(&String::from_utf8_lossy(&answer.body));
        let text = own.sign(KeyPurpose::Question, question::ANSWER_TYPE, &claims);
        answer.body = text.unwrap().into_bytes();
    });
    let rows = [
        (
            "tenant",
            told("tenantId", json!(rig.tenant("usgov", "woodgrove.us").id)),
        ),
        ("name", told("displayName", json!("\u{202e}\u{200b}"))),
        ("domain", told("domains", json!(["north wind.us"]))),
        (
            "default",
            told("defaultDomainName", json!("<b>northwind.us</b>")),
        ),
        ("jti", told("jti", json!("question-of-another-one"))),
        (
            "aud",
            told("aud", json!(rig.app("china").registry().own.entity)),
        ),
        (
            "iss",
            told("iss", json!(rig.app("china").registry().own.entity)),
        ),
        ("ahead", told("iat", json!(now + 900))),
        ("long", told("exp", json!(now + 3600))),
        ("more", told("policy", json!({"inbound": []}))),
        ("other", told("objectId", json!(rig.nora().id))),
        ("key", wrong_key),
        (
            "huge",
            Hostile::at(question::PATH, |a| a.body = vec![b'a'; 257 * 1024]),
        ),
        ("redirect", Hostile::at(question::PATH, |a| a.status = 307)),
        ("silent", Hostile::at(question::PATH, |a| a.status = 503)),
    ];
    for (name, lie) in rows {
        let (status, answer) = added(&rig, &graph, &body, Some(lie)).await;
        assert_eq!(status, 503, "{name}: {answer}");
        assert_eq!(partners(&graph).await, 0, "{name}");
    }
    let name = "<script>alert(1)</script>\u{202e}".repeat(9);
    let lie = hostile.answers(move |claims| claims["displayName"] = json!(name));
    let (status, answer) = added(&rig, &graph, &body, Some(lie)).await;
    assert_eq!((status, partners(&graph).await), (201, 1), "{answer}");
    assert!(!answer.to_string().contains('\u{202e}'), "{answer}");
}

#[tokio::test]
async fn an_identifier_that_two_clouds_claim_is_asked_for_by_cloud() {
    let rig = Rig::start().await;
    let china = "partner.microsoftonline.cn";
    let graph = ticked(&rig, &[HOSTILE, china]).await;
    let id = rig.northwind().id.clone();
    let claimed = id.clone();
    let lie = Hostile::new(rig.app("china")).answers(move |claims| {
        let object = claims.as_object_mut().unwrap();
        object.remove("refused");
        object.insert("tenantId".into(), json!(claimed));
        object.insert("displayName".into(), json!("Northwind Agency"));
        object.insert("defaultDomainName".into(), json!("northwind.us"));
        object.insert("domains".into(), json!(["northwind.us"]));
    });
    rig.world.wire.twist(china, Some(lie));
    let (status, answer) = added(&rig, &graph, &json!({ "tenantId": id }), None).await;
    assert_eq!(status, 400, "{answer}");
    assert!(answer.to_string().contains(china), "{answer}");
    assert_eq!(partners(&graph).await, 0);
    let named = json!({ "tenantId": id, "cloud": HOSTILE });
    let (status, answer) = added(&rig, &graph, &named, None).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(answer["cloud"], HOSTILE);
}

#[tokio::test]
async fn a_domain_of_an_honest_tenant_stays_that_tenants() {
    let rig = Rig::paired().await;
    let graph = ticked(&rig, &[HOSTILE]).await;
    let path = format!("{POLICY}/partners/{}", rig.northwind().id);
    assert_eq!(graph.delete(&path).await.unwrap().status, 204);
    let lie = rig.hostile().answers(|claims| {
        claims["domains"] = json!(["northwind.us", "contoso.com", "fabrikam.com"]);
    });
    let body = json!({ "tenantId": rig.northwind().id });
    assert_eq!(added(&rig, &graph, &body, Some(lie)).await.0, 201);
    let read = rig.app("global").store().read();
    let partners = read.tenant(super::rig::id_of(rig.contoso())).cross_tenant();
    let partner = partners
        .partner(super::rig::id_of(rig.northwind()))
        .await
        .unwrap();
    let published = partner.unwrap().domains;
    assert!(
        published.iter().all(|d| d.contains("northwind")),
        "{published:?}"
    );
    assert!(published.contains(&"northwind.us".to_owned()));
    rig.world.wire.clear();
    let inviter = rig.graph("global", "contoso.com", "inviter").await;
    for address in ["alex@contoso.com", "fay@fabrikam.com"] {
        invited(&inviter, &rig.invitation(address)).await;
    }
    assert!(
        rig.sent(question::PATH).is_empty(),
        "nobody asked Northwind"
    );
    let mut browser = rig.browser();
    browser.open(&rig.my_apps()).await.unwrap();
    browser.fill("#username", "alex@contoso.com").unwrap();
    browser.submit("#submit").await.unwrap();
    let page = browser.page().unwrap();
    assert!(page.host().starts_with("login.global"));
    assert!(page.html.by_id("password").is_some(), "{}", page.describe());
    // What it published rightly still leads to it.
    rig.invite(super::rig::NORA).await;
    assert!(!rig.sent(question::PATH).is_empty());
}

#[tokio::test]
async fn an_answer_about_an_invitee_is_about_her() {
    let rig = Rig::paired().await;
    let graph = rig.graph("global", "contoso.com", "inviter").await;
    let hostile = rig.hostile();
    let northwind = rig.northwind().id.clone();
    let told = |member: &'static str, value: Value| {
        hostile.answers(move |claims| {
            if !claims["objectId"].is_null() {
                claims[member] = value.clone();
            }
        })
    };
    let invitation = rig.invitation(super::rig::NORA);
    for (name, lie) in [
        (
            "name",
            told("userPrincipalName", json!("nils@northwind.us")),
        ),
        (
            "tenant",
            told("tenantId", json!(rig.tenant("usgov", "woodgrove.us").id)),
        ),
        ("other kind", told("displayName", json!("Northwind"))),
        (
            "gates",
            hostile.answers(|claims| claims["gates"] = json!([])),
        ),
    ] {
        rig.world.wire.twist(HOSTILE, Some(lie));
        let (status, answer) = invited(&graph, &invitation).await;
        assert_eq!(status, 503, "{name}: {answer}");
        let standing = rig.standing(&rig.browser()).await;
        assert_eq!(standing.guest, None, "{name}");
    }
    rig.world.wire.twist(HOSTILE, None);
    assert_eq!(northwind, rig.northwind().id);
    rig.invite(super::rig::NORA).await;
    assert!(rig.standing(&rig.browser()).await.guest.is_some());
}

#[tokio::test]
async fn a_name_that_now_belongs_to_somebody_else_binds_nobody_anew() {
    let rig = Rig::paired().await;
    rig.invite(super::rig::NORA).await;
    let before = rig.standing(&rig.browser()).await;
    let graph = rig.graph("global", "contoso.com", "inviter").await;
    let nils = rig
        .northwind()
        .user("nils@northwind.us")
        .unwrap()
        .id
        .clone();
    let lie = rig.hostile().answers(move |claims| {
        if !claims["objectId"].is_null() {
            claims["objectId"] = json!(nils);
        }
    });
    rig.world.wire.twist(HOSTILE, Some(lie));
    let invitation = rig.invitation(super::rig::NORA);
    let (status, answer) = invited(&graph, &invitation).await;
    assert_eq!(status, 400, "{answer}");
    assert_eq!(rig.standing(&rig.browser()).await, before);
    rig.world.wire.twist(HOSTILE, None);
    let (status, answer) = invited(&graph, &invitation).await;
    assert_eq!(status, 201, "the same person: {answer}");
}

#[tokio::test]
async fn a_guest_is_known_by_its_name_at_home_whatever_it_is_called_here() {
    let rig = Rig::paired().await;
    rig.invite(super::rig::NORA).await;
    let guest = rig.standing(&rig.browser()).await.guest.unwrap();
    let admin = rig.graph("global", "contoso.com", "admin").await;
    let path = format!("/v1.0/users/{}", guest.id);
    let renamed = comity_model::user::User {
        upn: "gast@contoso.com".into(),
        ..guest.clone()
    };
    let tx = rig.app("global").store().begin().await.unwrap();
    let users = tx.tenant(super::rig::id_of(rig.contoso())).users();
    users.update(&renamed).await.unwrap();
    tx.commit().await.unwrap();
    let nils = rig
        .northwind()
        .user("nils@northwind.us")
        .unwrap()
        .id
        .clone();
    let lie = || {
        let nils = nils.clone();
        rig.hostile().answers(move |claims| {
            if !claims["objectId"].is_null() {
                claims["objectId"] = json!(nils);
            }
        })
    };
    let invitation = rig.invitation("Nora@Northwind.us");
    rig.world.wire.twist(HOSTILE, Some(lie()));
    let (status, answer) = invited(&admin, &invitation).await;
    assert_eq!(status, 400, "{answer}");
    assert!(answer.to_string().contains("somebody else"), "{answer}");
    assert!(answer.to_string().contains(&guest.id.to_string()));
    rig.world.wire.twist(HOSTILE, None);
    let (status, answer) = invited(&admin, &invitation).await;
    let again = (status, answer["invitedUser"]["id"].as_str());
    assert_eq!(again, (201, Some(guest.id.to_string().as_str())));
    // The same of a guest that is deleted: it is neither doubled nor brought back unasked.
    assert_eq!(admin.delete(&path).await.unwrap().status, 204);
    for twisted in [Some(lie()), None] {
        rig.world.wire.twist(HOSTILE, twisted);
        let (status, answer) = invited(&admin, &invitation).await;
        assert_eq!(status, 400, "{answer}");
        assert!(answer.to_string().contains("restore"), "{answer}");
    }
    let left = admin
        .get("/v1.0/users?$filter=userType%20eq%20'Guest'")
        .await;
    assert_eq!(left.unwrap()["value"], json!([]));
}

#[tokio::test]
async fn guessing_has_an_end_in_the_store() {
    let rig = Rig::paired().await;
    let ask = |upn: &str| json!({"tenantId": rig.northwind().id, "upn": upn, "groups": []});
    let nora = |number| asked(&rig, number, ("invitee", ask("nora@northwind.us")));
    for number in 0..50 {
        let upn = format!("guess{number}@northwind.us");
        let claims = asked(&rig, 1000 + number, ("invitee", ask(&upn)));
        let (_, answer) = signed(&rig, "global", &claims).await;
        assert_eq!(reply(&answer)["refused"], "unknown");
    }
    let (_, answer) = signed(&rig, "global", &nora(2000)).await;
    assert_eq!(reply(&answer)["refused"], "unknown", "fifty misses");
    // Another tenant of that cloud is counted by itself.
    let mut other = asked(&rig, 2001, ("tenant", json!({"id": rig.northwind().id})));
    other["tid"] = json!(rig.tenant("global", "fabrikam.com").id);
    let (_, answer) = signed(&rig, "global", &other).await;
    assert_eq!(reply(&answer)["defaultDomainName"], "northwind.us");
    rig.forward(3600);
    let (_, answer) = signed(&rig, "global", &nora(2002)).await;
    assert_eq!(reply(&answer)["objectId"], rig.nora().id, "an hour later");
}
