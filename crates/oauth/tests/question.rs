//! Questions and answers of the back channel: the exact wire form, every member required, nothing
//! beyond what was asked (cross-cloud-federation.md §4 and §7).
#![expect(clippy::unwrap_used, reason = "tests")]

use comity_crypto::{SigningAlgorithm, SigningKey};
use comity_oauth::jws::{self, JwsError};
use comity_oauth::keys::KeySet;
use comity_oauth::question::{
    self, ANSWER_TYPE, Ask, Expected, Gate, GateState, Question, QuestionError, Refused, Reply,
    TYPE, answer,
};
use serde_json::{Map, Value, json};

const NOW: i64 = 1_700_000_000;
const ASKER: &str = "https://login.global.localhost";
const ASKED: &str = "https://login.usgov.localhost";
const TENANT: &str = "22222222-2222-4222-8222-222222222222";
const PERSON: &str = "77777777-7777-4777-8777-777777777777";
const GROUP: &str = "55555555-5555-4555-8555-555555555555";
const OTHER: &str = "99999999-9999-4999-8999-999999999999";
const JTI: &str = "0123456789abcdef01234";

struct Channel {
    key: SigningKey,
    keys: KeySet,
}

impl Channel {
    fn new() -> Self {
        let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
        let keys = [key.public_key().clone()].into_iter().collect();
        Self { key, keys }
    }

    fn ask(&self, claims: &Value) -> Result<Question, QuestionError> {
        let token = jws::sign(TYPE, claims, &self.key).unwrap();
        let expected = Expected {
            issuer: ASKER,
            audience: ASKED,
            now: NOW,
        };
        question::verify(&token, &self.keys, &expected)
    }

    fn answer(&self, claims: &Value, ask: &Ask) -> Result<Reply, QuestionError> {
        let token = jws::sign(ANSWER_TYPE, claims, &self.key).unwrap();
        let expected = Expected {
            issuer: ASKED,
            audience: ASKER,
            now: NOW,
        };
        answer::verify(&token, &self.keys, &expected, JTI, ask)
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature is the callers'"
)]
fn merged(head: Value, extra: &Value) -> Value {
    let mut map: Map<String, Value> = head.as_object().unwrap().clone();
    for (name, value) in extra.as_object().unwrap() {
        match value {
            Value::Null => drop(map.shift_remove(name)),
            value => drop(map.insert(name.clone(), value.clone())),
        }
    }
    Value::Object(map)
}

fn asked(extra: &Value) -> Value {
    let head = json!({
        "iss": ASKER, "aud": ASKED, "iat": NOW, "exp": NOW + 60, "jti": JTI,
        "tid": "11111111-1111-4111-8111-111111111111",
        "correlation_id": "66666666-6666-4666-8666-666666666666",
    });
    merged(head, extra)
}

fn answered(extra: &Value) -> Value {
    let head = json!({ "iss": ASKED, "aud": ASKER, "iat": NOW, "exp": NOW + 60, "jti": JTI });
    merged(head, extra)
}

fn asks() -> [Value; 4] {
    [
        json!({ "tenant": { "id": TENANT } }),
        json!({ "invitee": { "tenantId": TENANT, "upn": "nora@northwind.us", "groups": [GROUP] } }),
        json!({ "readiness": { "tenantId": TENANT, "role": "home" } }),
        json!({ "readiness": { "tenantId": TENANT, "role": "resource", "application": OTHER, "group": GROUP } }),
    ]
}

fn ask(index: usize) -> Ask {
    let claims = asked(asks().get(index).unwrap());
    serde_json::from_value::<Question>(claims).unwrap().ask
}

#[test]
fn questions_have_the_form_of_section_7() {
    let channel = Channel::new();
    for extra in asks() {
        let question = channel.ask(&asked(&extra)).unwrap();
        assert_eq!(serde_json::to_value(&question).unwrap(), asked(&extra));
        assert_eq!(question.ask.tenant().to_string(), TENANT);
        let token = question::sign(&question, &channel.key).unwrap();
        assert_eq!(question::claimed_issuer(&token).as_deref(), Ok(ASKER));
    }
}

#[test]
fn questions_that_are_refused() {
    use QuestionError as E;
    let channel = Channel::new();
    let tenant = asks().into_iter().next().unwrap();
    for (change, expected) in [
        (json!({ "iss": "https://login.china.localhost" }), E::Issuer),
        (
            json!({ "aud": "https://login.china.localhost" }),
            E::Audience,
        ),
        (json!({ "exp": NOW }), E::Expired),
        (json!({ "exp": NOW + 61 }), E::TooLong),
        (
            json!({ "iat": NOW + 61, "exp": NOW + 90 }),
            E::FromTheFuture,
        ),
        (json!({ "jti": "short" }), E::Id),
        (json!({ "jti": "j".repeat(129) }), E::Id),
    ] {
        let claims = merged(asked(&tenant), &change);
        assert_eq!(channel.ask(&claims), Err(expected), "{change}");
    }
    let long = json!({ "invitee": { "tenantId": TENANT, "upn": "a".repeat(321), "groups": [] } });
    assert_eq!(channel.ask(&asked(&long)), Err(E::Bounds("upn")));
}

#[test]
fn questions_of_another_shape() {
    let channel = Channel::new();
    let is_shape = |claims: &Value| {
        let result = channel.ask(claims);
        assert!(
            matches!(result, Err(QuestionError::Jws(JwsError::Json { .. }))),
            "{claims}"
        );
    };
    let [tenant, invitee, ..] = asks();
    is_shape(&asked(&json!({})));
    is_shape(&merged(asked(&tenant), &invitee));
    for change in [
        json!({ "sub": PERSON }),
        json!({ "tid": null }),
        json!({ "correlation_id": null }),
        json!({ "tid": "11111111111141118111111111111111" }),
        json!({ "aud": [ASKED] }),
        json!({ "tenant": { "domain": "northwind.us" } }),
        json!({ "tenant": { "id": TENANT, "domain": "northwind.us" } }),
    ] {
        is_shape(&merged(asked(&tenant), &change));
    }
    for bad in [
        json!({ "invitee": { "tenantId": TENANT, "upn": "a@b" } }),
        json!({ "invitee": { "tenantId": TENANT, "upn": "a@b", "groups": [GROUP, GROUP] } }),
        json!({ "readiness": { "tenantId": TENANT, "role": "both" } }),
        json!({ "readiness": { "tenantId": TENANT, "role": "home", "user": PERSON } }),
        json!({ "readiness": { "tenantId": TENANT, "role": "home", "group": null } }),
    ] {
        is_shape(&asked(&bad));
    }
}

fn tenant_answer() -> Value {
    json!({
        "tenantId": TENANT, "displayName": "Northwind Agency", "defaultDomainName": "northwind.us",
        "domains": ["northwind.us", "northwind.onmicrosoft.us"],
    })
}

fn invitee_answer() -> Value {
    json!({
        "tenantId": TENANT, "objectId": PERSON, "userPrincipalName": "Nora@northwind.us",
        "groups": { "evaluated": [GROUP], "member": [GROUP] },
    })
}

#[test]
fn answers_have_the_form_of_section_7() {
    let channel = Channel::new();
    let gates = json!({ "gates": [{ "gate": "cloud", "state": "open" }, { "gate": "partner", "state": "unknown" }] });
    for (index, reply) in [
        (0, tenant_answer()),
        (1, invitee_answer()),
        (2, gates),
        (0, json!({ "refused": "unknown" })),
        (1, json!({ "refused": "switch" })),
    ] {
        let claims = answered(&reply);
        let accepted = channel.answer(&claims, &ask(index)).unwrap();
        let typed: question::Answer = serde_json::from_value(claims.clone()).unwrap();
        assert_eq!(typed.reply, accepted);
        assert_eq!(serde_json::to_value(&typed).unwrap(), claims);
    }
    let refused = channel.answer(&answered(&json!({ "refused": "switch" })), &ask(1));
    assert_eq!(refused, Ok(Reply::Refused(Refused::Switch)));
}

#[test]
fn an_answer_answers_what_was_asked() {
    let channel = Channel::new();
    let other = QuestionError::OtherAnswer;
    let gates = json!({ "gates": [{ "gate": "cloud", "state": "open" }] });
    let twice = json!({ "gates": [{ "gate": "cloud", "state": "open" }, { "gate": "cloud", "state": "closed" }] });
    for (index, reply) in [
        (0, invitee_answer()),
        (0, gates.clone()),
        (1, tenant_answer()),
        (1, gates),
        (2, tenant_answer()),
        (2, twice),
        (0, merged(tenant_answer(), &json!({ "tenantId": OTHER }))),
        (1, merged(invitee_answer(), &json!({ "tenantId": OTHER }))),
        (
            1,
            merged(
                invitee_answer(),
                &json!({ "userPrincipalName": "nils@northwind.us" }),
            ),
        ),
    ] {
        let result = channel.answer(&answered(&reply), &ask(index));
        assert_eq!(result, Err(other.clone()), "{index} {reply}");
    }
    let stale = merged(
        answered(&tenant_answer()),
        &json!({ "jti": "another-question-0001" }),
    );
    assert_eq!(
        channel.answer(&stale, &ask(0)),
        Err(QuestionError::OtherQuestion)
    );
}

#[test]
fn answers_of_another_cloud_time_or_shape() {
    use QuestionError as E;
    let channel = Channel::new();
    for (change, expected) in [
        (json!({ "iss": ASKER }), E::Issuer),
        (json!({ "aud": ASKED }), E::Audience),
        (json!({ "exp": NOW }), E::Expired),
        (json!({ "exp": null }), E::Expired),
        (json!({ "iat": NOW - 1, "exp": NOW + 60 }), E::TooLong),
        (
            json!({ "displayName": " \u{202e}" }),
            E::Bounds("displayName"),
        ),
        (
            json!({ "defaultDomainName": "<b>.us" }),
            E::Bounds("defaultDomainName"),
        ),
        (
            json!({ "domains": ["northwind.us", "localhost"] }),
            E::Bounds("domains"),
        ),
        (json!({ "domains": ["Northwind.us"] }), E::Bounds("domains")),
        (
            json!({ "domains": vec!["a.us"; 1001] }),
            E::Bounds("domains"),
        ),
    ] {
        let claims = merged(answered(&tenant_answer()), &change);
        assert_eq!(channel.answer(&claims, &ask(0)), Err(expected), "{change}");
    }
    for change in [
        json!({ "refused": "unknown" }),
        json!({ "groups": { "evaluated": [], "member": [] } }),
        json!({ "users": [] }),
        json!({ "domains": null }),
    ] {
        let claims = merged(answered(&tenant_answer()), &change);
        let result = channel.answer(&claims, &ask(0));
        assert!(
            matches!(result, Err(E::Jws(JwsError::Json { .. }))),
            "{change}"
        );
    }
}

#[test]
fn what_is_shown_is_cleaned_and_groups_not_asked_are_dropped() {
    let channel = Channel::new();
    let name = format!("<i>North\u{202e}wind\n{}", "x".repeat(100));
    let claims = answered(&merged(tenant_answer(), &json!({ "displayName": name })));
    let Ok(Reply::Tenant(tenant)) = channel.answer(&claims, &ask(0)) else {
        unreachable!("a tenant was asked");
    };
    assert!(tenant.display_name.starts_with("<i>Northwindxx"));
    assert_eq!(tenant.display_name.chars().count(), 64);
    let more = json!({ "groups": { "evaluated": [GROUP, OTHER], "member": [OTHER] } });
    let claims = answered(&merged(invitee_answer(), &more));
    let Ok(Reply::Invitee(invitee)) = channel.answer(&claims, &ask(1)) else {
        unreachable!("an invitee was asked");
    };
    assert_eq!(
        (invitee.groups.evaluated.len(), invitee.groups.member.len()),
        (1, 0)
    );
}

#[test]
fn questions_and_answers_are_not_exchangeable() {
    let channel = Channel::new();
    let expected = Expected {
        issuer: ASKER,
        audience: ASKED,
        now: NOW,
    };
    let [tenant, ..] = asks();
    for typ in [
        ANSWER_TYPE,
        "JWT",
        "comity-assertion+jwt",
        "client-authentication+jwt",
    ] {
        let token = jws::sign(typ, &asked(&tenant), &channel.key).unwrap();
        let result = question::verify(&token, &channel.keys, &expected);
        assert_eq!(
            result,
            Err(JwsError::Type {
                expected: TYPE.into()
            }
            .into()),
            "{typ}"
        );
    }
    let rsa = SigningKey::generate(SigningAlgorithm::Rs256).unwrap();
    let keys = [rsa.public_key().clone()].into_iter().collect();
    let token = jws::sign(TYPE, &asked(&tenant), &rsa).unwrap();
    let result = question::verify(&token, &keys, &expected);
    assert_eq!(result, Err(JwsError::AlgorithmOfKey.into()));
    assert_eq!(GateState::Open, GateState::Open);
    assert!(Gate::Cloud < Gate::Partner);
}
