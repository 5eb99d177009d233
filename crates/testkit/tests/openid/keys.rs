//! Whose key signed it, for what, and whether it still counts (S-07, S-08, S-77, O-34).

use comity_crypto::{SigningAlgorithm, SigningKey, base64url};
use comity_model::signing_key::KeyPurpose;
use comity_oauth::{access_token, token::ASSERTION_TYPE};
use serde_json::json;

use super::rig::{Rig, claims, ok, refused};

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn s08_only_a_token_key_of_this_cloud_makes_a_token() {
    let rig = Rig::start().await;
    let tokens = rig.tokens("alex@contoso.com").await;
    let token: access_token::AccessToken =
        serde_json::from_value(claims(&tokens["access_token"])).unwrap();
    let own = rig.world.app("global").unwrap().keys().current();
    let other = rig.world.app("usgov").unwrap().keys().current();
    let again = access_token::sign(&token, own.active(KeyPurpose::Token).unwrap()).unwrap();
    assert_eq!(
        rig.userinfo(&again).await.status,
        200,
        "what we would sign is accepted"
    );
    let mut bad = vec![
        (
            "another cloud's key",
            access_token::sign(&token, other.active(KeyPurpose::Token).unwrap()).unwrap(),
        ),
        (
            "a stranger's key",
            access_token::sign(
                &token,
                &SigningKey::generate(SigningAlgorithm::Rs256).unwrap(),
            )
            .unwrap(),
        ),
        (
            "another type",
            comity_oauth::jws::sign("JWT", &token, own.active(KeyPurpose::Token).unwrap()).unwrap(),
        ),
    ];
    let others = KeyPurpose::ALL.into_iter();
    for purpose in others.filter(|purpose| *purpose != KeyPurpose::Token) {
        bad.push((
            "a key of another purpose",
            access_token::sign(&token, own.active(purpose).unwrap()).unwrap(),
        ));
    }
    let key = own.active(KeyPurpose::Token).unwrap();
    for (why, change) in [
        ("another tenant", json!({"tid": rig.fabrikam().id})),
        (
            "another issuer",
            json!({"iss": format!("{}/{}/v2.0", rig.global().login, rig.fabrikam().id)}),
        ),
        (
            "another audience",
            json!({"aud": "https://graph.usgov.localhost:8443"}),
        ),
        ("an audience list", json!({"aud": [rig.global().graph]})),
        ("expired", json!({"exp": token.iat})),
        ("not yet valid", json!({"nbf": token.iat + 3600})),
        (
            "another person",
            json!({"oid": rig.contoso().user("bo@contoso.com").unwrap().id}),
        ),
        ("another client", json!({"appid": rig.expenses().app_id})),
        ("no grant", json!({"rh": null})),
        ("another grant", json!({"rh": base64url::encode([7; 16])})),
        ("bound to a key", json!({"cnf": {"jkt": "x"}})),
    ] {
        let mut changed = claims(&tokens["access_token"]);
        for (name, value) in change.as_object().unwrap() {
            changed[name] = value.clone();
        }
        if changed["rh"].is_null() {
            changed.as_object_mut().unwrap().remove("rh");
        }
        bad.push((
            why,
            comity_oauth::jws::sign(access_token::TYPE, &changed, key).unwrap(),
        ));
    }
    for (why, token) in bad {
        assert_eq!(rig.userinfo(&token).await.status, 401, "{why}");
    }
}

#[tokio::test]
async fn s77_a_key_name_is_only_ever_compared() {
    let rig = Rig::start().await;
    let tokens = rig.tokens("alex@contoso.com").await;
    let good = tokens["access_token"].as_str().unwrap();
    let rest = good.split_once('.').unwrap().1;
    for kid in [
        "../../dev/null",
        "' OR 1=1 --",
        "https://evil.example/keys",
        "",
        &"k".repeat(5000),
    ] {
        let head = json!({"alg": "RS256", "typ": "at+jwt", "kid": kid}).to_string();
        let token = format!("{}.{rest}", base64url::encode(head));
        assert_eq!(rig.userinfo(&token).await.status, 401, "{kid:.40}");
    }
    for member in ["jku", "x5u", "jwk", "x5c", "crit", "b64", "zip"] {
        let mut head = json!({"alg": "RS256", "typ": "at+jwt", "kid": "x"});
        head[member] = json!("x");
        let token = format!("{}.{rest}", base64url::encode(head.to_string()));
        assert_eq!(rig.userinfo(&token).await.status, 401, "{member}");
    }
}

#[tokio::test]
async fn a_revoked_key_is_dead_at_once_and_a_retired_one_is_not() {
    let rig = Rig::start().await;
    let app = rig.world.app("global").unwrap();
    let first = rig.tokens("alex@contoso.com").await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let rotate = || comity_app::key::rotate(app, &[KeyPurpose::Token], false);
    rotate().await.unwrap();
    rotate().await.unwrap();
    assert_eq!(
        rig.userinfo(&first).await.status,
        200,
        "published until it has expired"
    );
    let second = rig.tokens("alex@contoso.com").await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let kid = |token: &str| {
        super::rig::header(&json!(token))["kid"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_ne!(kid(&first), kid(&second));
    comity_app::key::revoke(app, &kid(&first)).await.unwrap();
    assert_eq!(rig.userinfo(&first).await.status, 401);
    assert_eq!(rig.userinfo(&second).await.status, 200);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn o21_an_application_proves_itself_by_a_certificate() {
    let rig = Rig::start().await;
    let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let pair = rcgen::KeyPair::try_from(key.to_pkcs8().unwrap().to_vec()).unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["app.example".to_owned()])
        .unwrap()
        .self_signed(&pair)
        .unwrap();
    let encoded = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(certificate.der())
    };
    rig.register(|properties| {
        properties.insert(
            "keyCredentials".into(),
            json!([{"type": "AsymmetricX509Cert", "usage": "Verify", "key": encoded}]),
        );
    })
    .await;
    let app_id = rig.expenses().app_id.clone();
    let endpoint = rig.endpoint(&rig.contoso().id, "token");
    let by_domain = rig.endpoint("contoso.com", "token");
    let issuer = format!("{}/{}/v2.0", rig.global().login, rig.contoso().id);
    let now = rig.world.clock.time().seconds();
    let thumbprint = base64url::encode(comity_crypto::sha256(certificate.der()));
    let sign = |aud: &str, jti: &str, signer: &SigningKey| {
        let head = json!({"alg": "ES256", "typ": "JWT", "x5t#S256": thumbprint});
        let body = json!({"iss": app_id, "sub": app_id, "aud": aud, "jti": jti, "exp": now + 500, "iat": now});
        let signed = format!(
            "{}.{}",
            base64url::encode(head.to_string()),
            base64url::encode(body.to_string())
        );
        let signature = base64url::encode(signer.sign(signed.as_bytes()).unwrap());
        format!("{signed}.{signature}")
    };
    let scope = format!("{}/.default", rig.global().graph);
    let ask = async |assertion: &str| {
        rig.token(&[
            ("grant_type", "client_credentials"),
            ("client_id", app_id.as_str()),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion),
            ("scope", scope.as_str()),
        ])
        .await
    };
    for (number, audience) in [&issuer, &endpoint, &by_domain].into_iter().enumerate() {
        let tokens = ok(&ask(&sign(audience, &format!("j{number}"), &key)).await);
        assert_eq!(claims(&tokens["access_token"])["azpacr"], "2", "{audience}");
    }
    assert_eq!(
        refused(&ask(&sign(&issuer, "j0", &key)).await).1,
        700_027,
        "once"
    );
    let stranger = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    assert_eq!(
        refused(&ask(&sign(&issuer, "j9", &stranger)).await).0,
        "invalid_client"
    );
    let fabrikam = rig.endpoint(&rig.fabrikam().id, "token");
    assert_eq!(
        refused(&ask(&sign(&fabrikam, "j8", &key)).await).0,
        "invalid_client",
        "another tenant's endpoint"
    );
}
