//! Proofs of possession by applications (O-12, O-23 outside of the leg between clouds): not offered.
//! Nothing says that they are, and who sends one all the same gets what is called a bearer token and
//! is one (RFC 9449 §5, §7.1).

use comity_crypto::{SigningAlgorithm, SigningKey};
use comity_demo::client::Ask;
use comity_oauth::dpop;
use http::{Method, header};
use serde_json::Value;
use url::Url;

use super::rig::{CLI, LOOPBACK, Rig, VERIFIER, claims, ok, param};

fn proof(rig: &Rig, key: &SigningKey, url: &str, jti: &str) -> String {
    let target = dpop::Target {
        method: "POST",
        url,
        access_token: None,
        nonce: None,
    };
    dpop::make(key, &target, jti, rig.world.clock.time().seconds()).unwrap()
}

/// Says what it is: no binding in name or in claims.
fn is_bearer(tokens: &Value) {
    assert_eq!(tokens["token_type"], "Bearer");
    assert!(claims(&tokens["access_token"]).get("cnf").is_none());
}

#[tokio::test]
async fn o23_no_metadata_offers_proofs_to_applications() {
    let rig = Rig::start().await;
    let login = &rig.global().login;
    for tenant in [rig.contoso().id.as_str(), "common", "organizations"] {
        let url = format!("{login}/{tenant}/v2.0/.well-known/openid-configuration");
        let document = rig.get(&url).await.json().unwrap();
        let names = document.as_object().unwrap().keys();
        let offered: Vec<_> = names
            .filter(|n| n.contains("dpop") || n.contains("mtls"))
            .collect();
        assert!(offered.is_empty(), "{offered:?}");
        assert!(
            document
                .get("tls_client_certificate_bound_access_tokens")
                .is_none()
        );
    }
}

#[tokio::test]
async fn o23_whoever_proves_a_key_gets_a_bearer_token_that_says_so() {
    let rig = Rig::start().await;
    let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let jkt = key.public_key().thumbprint().to_owned();
    let url = rig.endpoint(&rig.contoso().id, "token");
    let mut browser = rig.browser();
    let request = rig.request(&[("dpop_jkt", &jkt)]);
    let trip = rig.walk(&mut browser, "alex@contoso.com", &request).await;
    let comity_demo::walk::End::Away(back) = &trip.end else {
        panic!("{}", trip.outcome(&browser))
    };
    let code = param(back, "code").unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", CLI),
        ("code", &code),
        ("redirect_uri", LOOPBACK),
        ("code_verifier", VERIFIER),
    ];
    let first = proof(&rig, &key, &url, "a-proof-of-sixteen");
    let tokens = ok(&rig.post(&url, &fields, &[("dpop", &first)]).await);
    is_bearer(&tokens);
    let token = tokens["refresh_token"].as_str().unwrap();
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", CLI),
        ("refresh_token", token),
    ];
    let second = proof(&rig, &key, &url, "another-of-sixteen");
    is_bearer(&ok(&rig.post(&url, &fields, &[("dpop", &second)]).await));
}

#[tokio::test]
async fn o12_a_bearer_token_is_used_as_one_and_not_as_a_bound_one() {
    let rig = Rig::start().await;
    let tokens = rig.tokens("alex@contoso.com").await;
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(rig.userinfo(token).await.status, 200);
    let url = format!("{}/oidc/userinfo", rig.global().graph);
    for scheme in ["DPoP", "PoP", "MAC"] {
        let ask = Ask::new(Method::GET, Url::parse(&url).unwrap());
        let ask = ask.header(header::AUTHORIZATION, &format!("{scheme} {token}"));
        let answer = rig.client.send(ask.unwrap()).await.unwrap();
        assert_eq!(answer.status, 401, "{scheme}: {}", answer.text());
    }
}
