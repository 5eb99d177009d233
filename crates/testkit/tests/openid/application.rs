//! Client credentials and client authentication (O-03, O-21).

use comity_crypto::base64url;
use comity_model::{signing_key::KeyPurpose, well_known};
use comity_oauth::{client_assertion, token::ASSERTION_TYPE};

use super::rig::{CLI, Rig, claims, ok, refused};

#[tokio::test]
async fn an_application_gets_the_permissions_it_holds_and_nothing_is_written() {
    let rig = Rig::start().await;
    let automation = &rig.contoso().automation;
    let scope = format!("{}/.default", rig.global().graph);
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", automation.client_id.as_str()),
        ("client_secret", automation.client_secret.expose()),
        ("scope", scope.as_str()),
    ];
    let app = rig.world.app("global").unwrap();
    ok(&rig.token(&fields).await);
    let before = app.store().transactions_begun();
    let tokens = ok(&rig.token(&fields).await);
    assert_eq!(
        app.store().transactions_begun(),
        before,
        "a success by secret writes nothing"
    );
    let access = claims(&tokens["access_token"]);
    assert_eq!(
        (access["idtyp"].as_str(), access["azpacr"].as_str()),
        (Some("app"), Some("1"))
    );
    assert_eq!(access["sub"], access["oid"]);
    assert!(
        access["roles"]
            .as_array()
            .unwrap()
            .iter()
            .any(|r| r == "User.Read.All")
    );
    assert!(access.get("scp").is_none());
    for absent in ["id_token", "refresh_token", "client_info"] {
        assert!(tokens.get(absent).is_none(), "{absent}");
    }
    let by_domain = rig
        .post(&rig.endpoint("Contoso.com", "token"), &fields, &[])
        .await;
    assert_eq!(
        claims(&ok(&by_domain)["access_token"])["tid"],
        rig.contoso().id
    );
    assert_eq!(
        rig.userinfo(tokens["access_token"].as_str().unwrap())
            .await
            .status,
        403
    );
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn what_an_application_is_refused_for() {
    let rig = Rig::start().await;
    let automation = &rig.contoso().automation;
    let scope = format!("{}/.default", rig.global().graph);
    let good = [
        ("grant_type", "client_credentials"),
        ("client_id", automation.client_id.as_str()),
        ("client_secret", automation.client_secret.expose()),
        ("scope", scope.as_str()),
    ];
    let with = |name: &'static str, value: Option<&'static str>| -> Vec<(&str, &str)> {
        let kept = good.iter().filter(|(n, _)| *n != name).copied();
        kept.chain(value.map(|v| (name, v))).collect()
    };
    for (fields, error, number) in [
        (
            with("client_secret", Some("wrong")),
            "invalid_client",
            7_000_215,
        ),
        (with("client_secret", None), "invalid_client", 7_000_218),
        (
            with("client_id", Some("6fa459ea-ee8a-3ca4-894e-db77e160355e")),
            "unauthorized_client",
            700_016,
        ),
        (with("client_id", Some(CLI)), "invalid_client", 7_000_215),
        (with("client_id", None), "invalid_request", 900_144),
        (
            with("grant_type", Some("password")),
            "unsupported_grant_type",
            70_003,
        ),
        (with("grant_type", None), "invalid_request", 900_144),
        (with("scope", Some("User.Read")), "invalid_scope", 1_002_012),
        (with("scope", None), "invalid_scope", 1_002_012),
        (
            with("scope", Some("api://unknown/.default")),
            "invalid_target",
            500_011,
        ),
    ] {
        assert_eq!(
            refused(&rig.token(&fields).await),
            (error.to_owned(), number),
            "{fields:?}"
        );
    }
    let mut twice = good.to_vec();
    twice.push(("client_id", automation.client_id.as_str()));
    assert_eq!(
        refused(&rig.token(&twice).await),
        ("invalid_request".to_owned(), 9_002_313),
        "o03"
    );
    let url = rig.endpoint(&rig.contoso().id, "token");
    let basic = |id: &str, secret: &str| {
        use base64::Engine as _;
        let joined = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
        format!("Basic {joined}")
    };
    let header = basic(&automation.client_id, automation.client_secret.expose());
    let both = rig.post(&url, &good, &[("authorization", &header)]).await;
    assert_eq!(refused(&both).0, "invalid_request", "one way only");
    let bare = [
        ("grant_type", "client_credentials"),
        ("scope", scope.as_str()),
    ];
    ok(&rig.post(&url, &bare, &[("authorization", &header)]).await);
    let wrong = rig
        .post(
            &url,
            &bare,
            &[("authorization", &basic(&automation.client_id, "x"))],
        )
        .await;
    assert_eq!(wrong.status, 401);
    let common = rig.post(&rig.endpoint("common", "token"), &good, &[]).await;
    assert_eq!(refused(&common).1, 9_001_023);
    for (tenant, number) in [
        ("6fa459ea-ee8a-3ca4-894e-db77e160355e", 90_002),
        ("unknown.example", 90_002),
        ("x", 900_023),
    ] {
        let unknown = rig.post(&rig.endpoint(tenant, "token"), &good, &[]).await;
        assert_eq!(
            refused(&unknown),
            ("invalid_tenant".to_owned(), number),
            "{tenant}"
        );
    }
    let fabrikam = rig
        .post(&rig.endpoint(&rig.fabrikam().id, "token"), &good, &[])
        .await;
    assert_eq!(
        refused(&fabrikam),
        ("unauthorized_client".to_owned(), 700_016),
        "of another organization"
    );
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn o21_an_assertion_is_for_this_issuer_and_works_once() {
    let rig = Rig::start().await;
    let app = rig.world.app("global").unwrap();
    let keys = app.keys().current();
    let key = keys.active(KeyPurpose::ClientAssertion).unwrap();
    let client = well_known::MY_APPS.to_string();
    let issuer = format!("{}/{}/v2.0", rig.global().login, rig.contoso().id);
    let now = rig.world.clock.time().seconds();
    let make = |audience: &str, jti: &str, now| {
        client_assertion::make(key, &client, audience, jti, now).unwrap()
    };
    let scope = format!("{}/.default", rig.global().graph);
    let ask = async |assertion: &str| {
        rig.token(&[
            ("grant_type", "client_credentials"),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion),
            ("scope", scope.as_str()),
        ])
        .await
    };
    let good = make(&issuer, "one", now);
    let tokens = ok(&ask(&good).await);
    assert_eq!(claims(&tokens["access_token"])["azpacr"], "2");
    assert!(claims(&tokens["access_token"]).get("roles").is_none());
    assert_eq!(
        refused(&ask(&good).await),
        ("invalid_client".to_owned(), 700_027),
        "replayed"
    );
    let other = rig.manifest.cloud("usgov").unwrap();
    let token_endpoint = rig.endpoint(&rig.contoso().id, "token");
    let hs256 = {
        let head = base64url::encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let rest = good.split_once('.').unwrap().1;
        format!("{head}.{rest}")
    };
    for (assertion, why) in [
        (
            make(&token_endpoint, "two", now),
            "the token endpoint is no issuer for this client",
        ),
        (
            make(
                &format!("{}/{}/v2.0", rig.global().login, rig.fabrikam().id),
                "three",
                now,
            ),
            "another tenant",
        ),
        (
            make(
                &format!("{}/{}/v2.0", other.login, rig.contoso().id),
                "four",
                now,
            ),
            "another cloud",
        ),
        (make(&format!("{issuer}/"), "five", now), "another spelling"),
        (make(&issuer, "six", now - 61), "expired"),
        (make(&issuer, "seven", now + 3600), "from the future"),
        (make(&issuer, "", now), "no jti"),
        (hs256, "a symmetric algorithm"),
        (format!("{good}x"), "another signature"),
    ] {
        assert_eq!(refused(&ask(&assertion).await).0, "invalid_client", "{why}");
    }
    let foreign = rig.world.app("usgov").unwrap().keys().current();
    let foreign = foreign.active(KeyPurpose::ClientAssertion).unwrap();
    let forged = client_assertion::make(foreign, &client, &issuer, "eight", now).unwrap();
    assert_eq!(
        refused(&ask(&forged).await).0,
        "invalid_client",
        "s08: a key of another cloud"
    );
    let token_key = keys.active(KeyPurpose::Answer).unwrap();
    let forged = client_assertion::make(token_key, &client, &issuer, "nine", now).unwrap();
    assert_eq!(
        refused(&ask(&forged).await).0,
        "invalid_client",
        "s08: a key of another purpose"
    );
}
