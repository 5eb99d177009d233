//! Codes and the tokens they give (O-04, O-06, O-13, O-28; semantics §5.3).

use comity_demo::walk::End;
use comity_model::{id::Id, time::Utc};
use comity_testkit::Engine;
use futures_util::future::join_all;

use super::rig::{CLI, LOOPBACK, Rig, VERIFIER, claims, header, ok, param, refused};

#[tokio::test]
async fn tokens_of_a_member() {
    let rig = Rig::start().await;
    let tokens = rig.tokens("alex@contoso.com").await;
    let alex = rig.contoso().user("alex@contoso.com").unwrap();
    let issuer = format!("{}/{}/v2.0", rig.global().login, rig.contoso().id);
    let (id, access) = (claims(&tokens["id_token"]), claims(&tokens["access_token"]));
    for token in [&id, &access] {
        assert_eq!(token["iss"], issuer);
        assert_eq!(token["tid"], rig.contoso().id);
        assert_eq!(token["oid"], alex.id);
        assert_eq!(token["acct"], 0);
        assert!(token.get("idp").is_none(), "a member's home is the issuer");
        assert_eq!(token["sub"], id["sub"]);
        assert_ne!(token["sub"], alex.id.as_str(), "pairwise");
        assert_eq!(token["amr"], serde_json::json!(["pwd"]));
    }
    assert_eq!(
        (id["aud"].as_str(), id["nonce"].as_str()),
        (Some(CLI), Some("no"))
    );
    assert!(id.get("scp").is_none() && id.get("wids").is_none(), "o28");
    assert_eq!(header(&tokens["access_token"])["typ"], "at+jwt");
    assert_eq!(header(&tokens["id_token"])["typ"], "JWT");
    assert_eq!(access["aud"], rig.global().graph.as_str());
    assert!(
        access["scp"]
            .as_str()
            .unwrap()
            .split(' ')
            .any(|s| s == "User.Read")
    );
    let life = access["exp"].as_i64().unwrap() - access["iat"].as_i64().unwrap();
    assert!((3600..=4500).contains(&life), "{life}");
    assert_eq!(tokens["expires_in"], life);
    assert!(tokens["refresh_token"].is_string());
    let userinfo = ok(&rig.userinfo(tokens["access_token"].as_str().unwrap()).await);
    assert_eq!(userinfo["sub"], id["sub"]);
    assert_eq!(userinfo["preferred_username"], "alex@contoso.com");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn o06_a_code_is_bound_and_works_once() {
    let rig = Rig::start().await;
    let mut browser = rig.browser();
    let code = rig.code(&mut browser, "alex@contoso.com").await;
    let good = [
        ("grant_type", "authorization_code"),
        ("client_id", CLI),
        ("code", code.as_str()),
        ("redirect_uri", LOOPBACK),
        ("code_verifier", VERIFIER),
    ];
    let with = |name: &str, value: Option<&'static str>| {
        let kept = good.iter().filter(|(n, _)| *n != name).copied();
        kept.chain(value.map(|v| {
            if name == "code" {
                ("code", v)
            } else if name == "redirect_uri" {
                ("redirect_uri", v)
            } else {
                ("code_verifier", v)
            }
        }))
        .collect::<Vec<_>>()
    };
    let other_verifier = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    for (fields, number) in [
        (with("code_verifier", None), 50_148),
        (with("code_verifier", Some(other_verifier)), 501_491),
        (with("code_verifier", Some("short")), 501_491),
        (with("redirect_uri", None), 500_112),
        (with("redirect_uri", Some("http://localhost:8401")), 500_112),
        (
            with("code", Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
            70_000,
        ),
    ] {
        assert_eq!(
            refused(&rig.token(&fields).await),
            ("invalid_grant".to_owned(), number),
            "{fields:?}"
        );
    }
    let elsewhere = rig
        .post(&rig.endpoint(&rig.fabrikam().id, "token"), &good, &[])
        .await;
    assert_eq!(refused(&elsewhere), ("invalid_grant".to_owned(), 700_005));
    let stranger = &rig.expenses();
    let mut foreign = good.to_vec();
    foreign[1] = ("client_id", stranger.app_id.as_str());
    foreign.push((
        "client_secret",
        stranger.client_secret.as_ref().unwrap().expose(),
    ));
    assert_eq!(
        refused(&rig.token(&foreign).await),
        ("invalid_grant".to_owned(), 70_000)
    );

    let tokens = ok(&rig.token(&good).await);
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    assert_eq!(rig.userinfo(&access).await.status, 200);
    assert_eq!(
        refused(&rig.token(&good).await),
        ("invalid_grant".to_owned(), 54_005)
    );
    assert_eq!(
        rig.userinfo(&access).await.status,
        401,
        "the second use kills what the first gave"
    );
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(
        refused(&rig.refresh(refresh).await),
        ("invalid_grant".to_owned(), 50_173)
    );
}

#[tokio::test]
async fn o06_of_sixty_four_redemptions_on_two_nodes_one_succeeds_and_its_tokens_die() {
    for engine in Engine::available() {
        let rig = Rig::on_two_nodes(engine).await;
        let code = rig.code(&mut rig.browser(), "alex@contoso.com").await;
        let answers = join_all((0..64).map(|_| rig.redeem(&code))).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.status == 200);
        assert_eq!(won.len(), 1);
        for answer in lost {
            assert_eq!(refused(answer), ("invalid_grant".to_owned(), 54_005));
        }
        let tokens = ok(won[0]);
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(rig.userinfo(access).await.status, 401);
        let refresh = tokens["refresh_token"].as_str().unwrap();
        assert_eq!(
            refused(&rig.refresh(refresh).await),
            ("invalid_grant".to_owned(), 50_173)
        );
    }
}

#[tokio::test]
async fn o06_a_code_is_whole_and_of_its_cloud() {
    let rig = Rig::start().await;
    let code = rig.code(&mut rig.browser(), "alex@contoso.com").await;
    assert!(code.len() >= 43, "256 bits: {code}");
    let shorter = &code[..code.len() - 1];
    let unknown = ("invalid_grant".to_owned(), 70_000);
    for wrong in [
        shorter,
        &format!("{code}A"),
        &format!(" {code}"),
        &code.to_lowercase(),
    ] {
        assert_eq!(refused(&rig.redeem(wrong).await), unknown, "{wrong}");
    }
    let usgov = rig.manifest.cloud("usgov").unwrap();
    let northwind = &usgov.tenant("northwind.us").unwrap().id;
    let there = format!("{}/{northwind}/oauth2/v2.0/token", usgov.login);
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", CLI),
        ("code", code.as_str()),
        ("redirect_uri", LOOPBACK),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(refused(&rig.post(&there, &fields, &[]).await), unknown);
    ok(&rig.redeem(&code).await);
}

#[tokio::test]
async fn o06_a_code_lives_a_minute() {
    let rig = Rig::start().await;
    let code = rig.code(&mut rig.browser(), "alex@contoso.com").await;
    rig.world.clock.forward(61);
    assert_eq!(
        refused(&rig.redeem(&code).await),
        ("invalid_grant".to_owned(), 70_000)
    );
}

#[tokio::test]
async fn single_sign_on_needs_no_page_and_login_asks_again() {
    let rig = Rig::start().await;
    let mut browser = rig.browser();
    rig.code(&mut browser, "alex@contoso.com").await;
    for more in [
        &[("prompt", "none")][..],
        &[("prompt", "none"), ("login_hint", "Alex@contoso.com")],
        &[],
    ] {
        let trip = rig
            .walk(&mut browser, "alex@contoso.com", &rig.request(more))
            .await;
        let End::Away(url) = &trip.end else {
            panic!("{}", trip.outcome(&browser))
        };
        assert!(param(url, "code").is_some(), "{more:?}: {url}");
        assert_eq!(trip.stops.len(), 0, "{more:?}: {}", trip.path());
    }
    let other = rig
        .walk(
            &mut browser,
            "bo@contoso.com",
            &rig.request(&[("prompt", "none"), ("login_hint", "bo@contoso.com")]),
        )
        .await;
    let End::Away(url) = &other.end else {
        panic!("{}", other.outcome(&browser))
    };
    assert_eq!(param(url, "error").as_deref(), Some("login_required"));
    for more in [[("prompt", "login")], [("max_age", "0")]] {
        let again = rig
            .walk(&mut browser, "alex@contoso.com", &rig.request(&more))
            .await;
        assert!(!again.stops.is_empty(), "{more:?} asks again");
    }
    rig.world.clock.forward(100);
    let old = rig
        .walk(
            &mut browser,
            "alex@contoso.com",
            &rig.request(&[("max_age", "50")]),
        )
        .await;
    assert!(!old.stops.is_empty(), "the proof is older than wanted");
    let young = rig
        .walk(
            &mut browser,
            "alex@contoso.com",
            &rig.request(&[("max_age", "5000")]),
        )
        .await;
    assert!(young.stops.is_empty());
}

#[tokio::test]
async fn the_answer_of_a_request_with_client_info() {
    let rig = Rig::start().await;
    let mut browser = rig.browser();
    let trip = rig
        .walk(
            &mut browser,
            "alex@contoso.com",
            &rig.request(&[("client_info", "1")]),
        )
        .await;
    let End::Away(url) = &trip.end else {
        panic!("{}", trip.outcome(&browser))
    };
    let in_answer = param(url, "client_info").unwrap();
    let tokens = ok(&rig.redeem(&param(url, "code").unwrap()).await);
    assert_eq!(tokens["client_info"], in_answer.as_str());
    let info: serde_json::Value =
        serde_json::from_slice(&comity_crypto::base64url::decode(&in_answer).unwrap()).unwrap();
    assert_eq!(info["utid"], rig.contoso().id);
}

#[tokio::test]
async fn s01_every_guard_is_asked_when_a_code_is_redeemed_and_when_a_token_is_used() {
    let rig = Rig::start().await;
    let app = rig.world.app("global").unwrap().clone();
    let tenant = Id::parse(&rig.contoso().id).unwrap();
    let alex = Id::parse(&rig.contoso().user("alex@contoso.com").unwrap().id).unwrap();
    let mut browser = rig.browser();
    let code = rig.code(&mut browser, "alex@contoso.com").await;
    let access = rig.tokens("alex@contoso.com").await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(rig.userinfo(&access).await.status, 200);

    let mut user = app
        .store()
        .read()
        .tenant(tenant)
        .users()
        .find(alex)
        .await
        .unwrap()
        .unwrap();
    user.account_enabled = false;
    let tx = app.store().begin().await.unwrap();
    tx.tenant(tenant).users().update(&user).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        refused(&rig.redeem(&code).await),
        ("invalid_grant".to_owned(), 50_057)
    );
    assert_eq!(rig.userinfo(&access).await.status, 401);

    let mut user = app
        .store()
        .read()
        .tenant(tenant)
        .users()
        .find(alex)
        .await
        .unwrap()
        .unwrap();
    user.account_enabled = true;
    user.sessions_valid_from = Utc::from_micros(rig.world.clock.time().micros());
    let tx = app.store().begin().await.unwrap();
    tx.tenant(tenant).users().update(&user).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        refused(&rig.redeem(&code).await),
        ("invalid_grant".to_owned(), 50_173),
        "proven before"
    );
    assert_eq!(rig.userinfo(&access).await.status, 401);
}

#[tokio::test]
async fn o13_only_graphs_access_token_is_one() {
    let rig = Rig::start().await;
    let tokens = rig.tokens("alex@contoso.com").await;
    let access = tokens["access_token"].as_str().unwrap();
    let (signed, _) = access.rsplit_once('.').unwrap();
    let mut other: Vec<&str> = access.split('.').collect();
    let none = comity_crypto::base64url::encode(r#"{"alg":"none","typ":"at+jwt","kid":"x"}"#);
    other[0] = &none;
    for bad in [
        tokens["id_token"].as_str().unwrap().to_owned(),
        tokens["refresh_token"].as_str().unwrap().to_owned(),
        format!("{signed}."),
        other.join("."),
        format!("{access}x"),
        String::new(),
        "a.b.c".to_owned(),
        "x".repeat(20_000),
    ] {
        let answer = rig.userinfo(&bad).await;
        assert_eq!(answer.status, 401, "{}", answer.text());
        assert!(answer.header(&http::header::WWW_AUTHENTICATE).is_some());
    }
}
