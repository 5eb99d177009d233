//! The push and the pushed request (§3.1, §3.12, §3.13).

use comity_demo::walk::End;
use comity_model::signing_key::KeyPurpose;
use comity_oauth::params::Params;
use http::HeaderName;
use serde_json::{Value, json};
use uuid::Uuid;

use super::rig::{Rig, Signature, detail, field, told, unsigned, with};

const PAIR: (&str, &str) = ("global", "usgov");

/// A genuine push: its address and form.
async fn genuine(rig: &Rig) -> (String, Params) {
    rig.at_home().await;
    let sent = rig.sent("/par").pop().unwrap();
    assert_eq!(sent.status, 201);
    (sent.url.clone(), unsigned(&sent))
}

#[tokio::test]
async fn every_swapped_value_is_refused_at_home() {
    let rig = Rig::paired().await;
    let (url, form) = genuine(&rig).await;
    let answer = rig.call(PAIR, &url, &form).await;
    assert_eq!(answer.status, 201, "unchanged: {}", answer.text());
    let elsewhere = format!("{}/federation/callback", rig.cloud("china").login);
    let somebody = r#"{"id_token":{"sub":{"value":"nora"}}}"#;
    let other = Uuid::from_u128(7).to_string();
    let forms = [
        with(&form, "redirect_uri", Some(&elsewhere)),
        with(&form, "response_mode", Some("form_post")),
        with(&form, "state", None),
        with(&form, "nonce", Some("short")),
        with(&form, "code_challenge", None),
        with(&form, "code_challenge_method", Some("plain")),
        with(&form, "dpop_jkt", Some(&"A".repeat(43))),
        with(&form, "prompt", Some("consent")),
        with(&form, "request_uri", Some("urn:x")),
        with(&form, "claims", Some(somebody)),
        detail(&form, "home_tenant", json!(other)),
    ];
    for (number, form) in forms.iter().enumerate() {
        let answer = told(&rig.call(PAIR, &url, form).await);
        assert_eq!(
            answer,
            (400, "invalid_request".into(), None),
            "row {number}"
        );
    }
}

#[tokio::test]
async fn what_home_does_not_know_or_cannot_do_is_refused_in_its_word() {
    let rig = Rig::paired().await;
    let (url, form) = genuine(&rig).await;
    let other = Uuid::from_u128(7).to_string();
    let strong =
        r#"{"id_token":{"acr":{"essential":true,"values":["urn:comity:acr:phishing-resistant"]}}}"#;
    let rows = [
        (
            detail(&form, "resource_tenant", json!(other)),
            ("access_denied", Some(500_212)),
        ),
        (
            detail(&form, "consent", json!(true)),
            ("invalid_authorization_details", None),
        ),
        (
            with(&form, "claims", Some(strong)),
            ("unmet_authentication_requirements", None),
        ),
    ];
    for (form, (error, code)) in rows {
        let answer = told(&rig.call(PAIR, &url, &form).await);
        assert_eq!(answer, (400, error.to_owned(), code));
    }
}

#[tokio::test]
async fn only_a_paired_cloud_with_its_own_fresh_proof_is_heard() {
    let rig = Rig::paired().await;
    let (url, form) = genuine(&rig).await;
    let nonce = rig
        .call(PAIR, &url, &form)
        .await
        .header(&HeaderName::from_static("dpop-nonce"))
        .map(str::to_owned);
    let with_nonce = |signature: Signature| Signature {
        nonce: nonce.clone(),
        ..signature
    };
    let client = |answer: &comity_demo::client::Answer| (told(answer).0, told(answer).1);
    let refused = (401, "invalid_client".to_owned());
    let entity = |cloud: &str| Some(rig.app(cloud).registry().own.entity.clone());
    let by = |key| Signature {
        key,
        ..Signature::default()
    };
    let of = |client| Signature {
        client,
        ..Signature::default()
    };
    let to = |audience| Signature {
        audience,
        ..Signature::default()
    };
    let wrong = [
        by(KeyPurpose::Assertion),
        by(KeyPurpose::Question),
        of(entity("china")),
        of(entity("usgov")),
        to(entity("china")),
        to(Some(url.clone())),
    ];
    for (number, signature) in wrong.into_iter().enumerate() {
        let answer = rig.signed(PAIR, &url, &form, &with_nonce(signature)).await;
        assert_eq!(client(&answer), refused, "row {number}");
    }
    // China is no pair of US Government, however well it signs.
    let plain = with_nonce(Signature::default());
    let answer = rig.signed(("china", "usgov"), &url, &form, &plain).await;
    assert_eq!(client(&answer), refused);
    let other_place = Signature {
        htu: Some(url.replace("/par", "/token")),
        ..Signature::default()
    };
    let answer = rig
        .signed(PAIR, &url, &form, &with_nonce(other_place))
        .await;
    assert_eq!(told(&answer).1, "invalid_dpop_proof");
    let answer = rig.signed(PAIR, &url, &form, &Signature::default()).await;
    assert_eq!(told(&answer).1, "use_dpop_nonce");
    rig.forward(301);
    let answer = rig
        .signed(PAIR, &url, &form, &with_nonce(Signature::default()))
        .await;
    assert_eq!(told(&answer).1, "use_dpop_nonce", "five minutes old");
}

#[tokio::test]
async fn a_push_is_good_once() {
    let rig = Rig::paired().await;
    rig.at_home().await;
    let sent = rig.sent("/par").pop().unwrap();
    let whole = url::Url::parse(&format!("x:?{}", sent.body)).unwrap();
    let proof = sent.headers.iter().find(|(n, _)| n == "dpop").unwrap();
    let again = rig
        .post(
            &sent.url,
            &Params::from_pairs(whole.query_pairs()),
            &[("dpop", &proof.1)],
        )
        .await;
    assert_eq!(told(&again), (401, "invalid_client".into(), None));
}

#[tokio::test]
async fn a_pushed_request_works_once_for_its_cloud_and_tenant() {
    let rig = Rig::paired().await;
    let (url, form) = genuine(&rig).await;
    let entity = rig.app("global").registry().own.entity.clone();
    let push = async || {
        let answer = rig.call(PAIR, &url, &form).await;
        answer.json().unwrap()["request_uri"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let address = |tenant: &str, client: &str, reference: &str| {
        let query = Params::from_pairs([("client_id", client), ("request_uri", reference)]);
        format!(
            "{}/{tenant}/oauth2/v2.0/authorize?{}",
            rig.cloud("usgov").login,
            query.encode()
        )
    };
    let opened = async |url: String| {
        let mut browser = rig.browser();
        browser.open(&url).await.unwrap();
        let page = browser.page().unwrap();
        (page.status.as_u16(), page.html.by_id("username").is_some())
    };
    let reference = push().await;
    let home = &rig.northwind().id;
    let woodgrove = &rig.tenant("usgov", "woodgrove.us").id;
    let china = rig.app("china").registry().own.entity.clone();
    for wrong in [
        address(woodgrove, &entity, &reference),
        address("common", &entity, &reference),
        address(home, &china, &reference),
        address(home, &entity, &format!("{reference}x")),
    ] {
        assert_eq!(opened(wrong.clone()).await, (400, false), "{wrong}");
    }
    let right = address(home, &entity, &reference);
    assert_eq!(opened(right.clone()).await, (200, true));
    assert_eq!(opened(right).await, (400, false), "the second time");
    let late = address(home, &entity, &push().await);
    rig.forward(91);
    assert_eq!(opened(late).await, (400, false), "after its life");
}

#[tokio::test]
async fn an_entity_may_not_ask_in_any_other_way() {
    let rig = Rig::paired().await;
    let (url, form) = genuine(&rig).await;
    let token = url.replace("/par", "/token");
    let grant = Params::from_pairs([("grant_type", "client_credentials")]);
    let answer = rig.call(PAIR, &token, &grant).await;
    assert_eq!(told(&answer), (400, "unauthorized_client".into(), None));
    let query = with(&form, "dpop_jkt", None).encode();
    let mut browser = rig.browser();
    let direct = url.replace("/par", "/authorize");
    browser.open(&format!("{direct}?{query}")).await.unwrap();
    assert_eq!(browser.page().unwrap().status, 400, "without a push");
}

#[tokio::test]
async fn closed_gates_and_the_switch_are_told_by_number_and_recorded() {
    let rig = Rig::paired().await;
    let (url, form) = genuine(&rig).await;
    let nowhere = url.replace(&rig.northwind().id, &Uuid::from_u128(9).to_string());
    let form_nowhere = detail(&form, "home_tenant", json!(Uuid::from_u128(9)));
    let unticked = (400, "access_denied".to_owned(), Some(1_000_104));
    let answer = rig.call(PAIR, &nowhere, &form_nowhere).await;
    assert_eq!(told(&answer), unticked, "a tenant that is not there");
    rig.tick("usgov", "northwind.us", &[]).await;
    assert_eq!(told(&rig.call(PAIR, &url, &form).await), unticked);
    rig.tick("usgov", "northwind.us", &["microsoftonline.com"])
        .await;
    assert_eq!(
        rig.call(PAIR, &url, &form).await.status,
        201,
        "ticked again"
    );
    let app = rig.app("usgov");
    let tenant = comity_model::id::Id::parse(&rig.northwind().id).unwrap();
    let read = app.store().read();
    let mut own = read.tenant(tenant).find_self().await.unwrap().unwrap();
    own.worker_enabled = false;
    let tx = app.store().begin().await.unwrap();
    tx.tenant(tenant).update_self(&own).await.unwrap();
    tx.tenant(tenant).bump_policy_version().await.unwrap();
    tx.commit().await.unwrap();
    let switched = (400, "access_denied".to_owned(), Some(500_212));
    assert_eq!(told(&rig.call(PAIR, &url, &form).await), switched);
    let id = Uuid::parse_str(
        serde_json::from_str::<Value>(&field(&form, "authorization_details")).unwrap()[0]
            ["correlation_id"]
            .as_str()
            .unwrap(),
    );
    let records = read.tenant(tenant).sign_in_records();
    let kept = records.by_correlation(id.unwrap()).await.unwrap();
    let mut codes: Vec<_> = kept.iter().map(|r| r.error_code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [500_212, 1_000_104]);
    for record in &kept {
        let resource = record.resource_tenant.as_ref().unwrap();
        assert_eq!(resource.cloud, "microsoftonline.com");
        assert_eq!(resource.tenant.to_string(), rig.contoso().id);
    }
}

/// To the asker as if it had ticked nothing; to itself as what it is.
#[tokio::test]
async fn a_disabled_tenant_records_a_push_as_refused_because_it_is_disabled() {
    let rig = Rig::paired().await;
    let (url, form) = genuine(&rig).await;
    let app = rig.app("usgov");
    let tenant = comity_model::id::Id::parse(&rig.northwind().id).unwrap();
    let read = app.store().read();
    let set = async |enabled: bool| {
        let mut own = read.tenant(tenant).find_self().await.unwrap().unwrap();
        own.enabled = enabled;
        let tx = app.store().begin().await.unwrap();
        tx.tenant(tenant).update_self(&own).await.unwrap();
        tx.tenant(tenant).bump_policy_version().await.unwrap();
        tx.commit().await.unwrap();
    };
    set(false).await;
    let unticked = (400, "access_denied".to_owned(), Some(1_000_104));
    assert_eq!(told(&rig.call(PAIR, &url, &form).await), unticked);
    let details: Value = serde_json::from_str(&field(&form, "authorization_details")).unwrap();
    let leg = Uuid::parse_str(details[0]["correlation_id"].as_str().unwrap()).unwrap();
    let records = read.tenant(tenant).sign_in_records();
    let kept = records.by_correlation(leg).await.unwrap();
    let seen: Vec<_> = kept
        .iter()
        .map(|r| (r.error_code, r.facts.is_some()))
        .collect();
    assert_eq!(seen, [(90_002, false)], "no policy decided it");
    set(true).await;
    assert_eq!(
        rig.call(PAIR, &url, &form).await.status,
        201,
        "enabled again"
    );
}

#[tokio::test]
async fn a_leg_with_a_session_writes_three_times_at_home() {
    let (rig, mut browser) = Rig::guest().await;
    let begun = |cloud: &str| rig.app(cloud).store().transactions_begun();
    let before = (begun("global"), begun("usgov"));
    let trip = {
        let url = format!(
            "{}/signin/Expenses/{}?tenantId={}",
            rig.cloud("global").myapps,
            rig.contoso().application("Expenses").unwrap().app_id,
            rig.contoso().id
        );
        browser.open(&url).await.unwrap();
        rig.walk(&mut browser).await
    };
    assert!(
        matches!(trip.end, End::Landed),
        "{}",
        trip.outcome(&browser)
    );
    assert!(trip.stops.is_empty(), "silently: {}", trip.path());
    assert_eq!(begun("usgov") - before.1, 3, "push, complete, redeem");
    assert!(begun("global") - before.0 <= 3, "begin, complete, redeem");
}

#[tokio::test]
async fn a_name_that_is_markup_is_shown_as_what_it_calls_itself() {
    let rig = Rig::paired().await;
    let (url, form) = genuine(&rig).await;
    for name in ["Ex\u{202e}penses", "Expenses\u{7}", &"x".repeat(65)] {
        let answer = rig
            .call(PAIR, &url, &detail(&form, "app_name", json!(name)))
            .await;
        assert_eq!(told(&answer).1, "invalid_authorization_details", "{name}");
    }
    let name = "<img src=x onerror=alert(1)>";
    let form = detail(&form, "app_name", json!(name));
    let answer = rig.call(PAIR, &url, &form).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let reference = answer.json().unwrap()["request_uri"].clone();
    let query = Params::from_pairs([
        (
            "client_id",
            rig.app("global").registry().own.entity.as_str(),
        ),
        ("request_uri", reference.as_str().unwrap()),
    ]);
    let address = url.replace("/par", "/authorize");
    let mut browser = rig.browser();
    browser
        .open(&format!("{address}?{}", query.encode()))
        .await
        .unwrap();
    let page = browser.page().unwrap();
    assert!(page.html.text().contains(name), "{}", page.describe());
    assert!(page.html.nodes().all(|n| n.attribute("onerror").is_none()));
}
