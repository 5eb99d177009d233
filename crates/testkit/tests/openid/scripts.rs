//! Single-page applications: cross-origin redemption, and which scripts may read what (clients.md
//! §3.8).

use http::header::ACCESS_CONTROL_ALLOW_ORIGIN;
use serde_json::json;

use super::rig::{Rig, VERIFIER, ok, refused};

const PAGE: &str = "https://spa.example/app";
const ORIGIN: &str = "https://spa.example";

#[tokio::test]
async fn tokens_of_a_single_page_application_go_to_its_origin_only() {
    let rig = Rig::start().await;
    rig.register(|properties| {
        properties.insert("spa".into(), json!({"redirectUris": [PAGE]}));
    })
    .await;
    let code = rig
        .code_of_expenses(PAGE, "openid offline_access")
        .await
        .unwrap();
    let url = rig.endpoint(&rig.contoso().id, "token");
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", rig.expenses().app_id.as_str()),
        ("code", code.as_str()),
        ("redirect_uri", PAGE),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(refused(&rig.post(&url, &fields, &[]).await).1, 9_002_327);
    let evil = rig
        .post(&url, &fields, &[("origin", "https://evil.example")])
        .await;
    assert_eq!(refused(&evil).1, 9_002_326);
    assert_eq!(evil.header(&ACCESS_CONTROL_ALLOW_ORIGIN), None);
    let good = rig.post(&url, &fields, &[("origin", ORIGIN)]).await;
    let tokens = ok(&good);
    assert_eq!(good.header(&ACCESS_CONTROL_ALLOW_ORIGIN), Some(ORIGIN));
    let again = rig.post(&url, &fields, &[("origin", ORIGIN)]).await;
    assert_eq!(refused(&again).1, 54_005);

    let code = rig
        .code_of_expenses(PAGE, "openid offline_access")
        .await
        .unwrap();
    let mut fields = fields;
    fields[2] = ("code", &code);
    let tokens_again = ok(&rig.post(&url, &fields, &[("origin", ORIGIN)]).await);
    assert_ne!(tokens, tokens_again);
    rig.world.clock.forward(24 * 3600 + 1);
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", rig.expenses().app_id.as_str()),
        (
            "refresh_token",
            tokens_again["refresh_token"].as_str().unwrap(),
        ),
    ];
    let late = rig.post(&url, &refresh, &[("origin", ORIGIN)]).await;
    assert_eq!(refused(&late).1, 700_084, "a day, no longer");
    assert_eq!(
        late.header(&ACCESS_CONTROL_ALLOW_ORIGIN),
        Some(ORIGIN),
        "errors are readable, too"
    );
}

#[tokio::test]
async fn metadata_is_for_every_script_and_no_cookie_goes_with_it() {
    let rig = Rig::start().await;
    let login = &rig.global().login;
    for path in [
        "v2.0/.well-known/openid-configuration",
        "discovery/v2.0/keys",
    ] {
        let answer = rig
            .get(&format!("{login}/{}/{path}", rig.contoso().id))
            .await;
        assert_eq!(
            answer.header(&ACCESS_CONTROL_ALLOW_ORIGIN),
            Some("*"),
            "{path}"
        );
        assert_eq!(
            answer.header(&http::header::ACCESS_CONTROL_ALLOW_CREDENTIALS),
            None
        );
        assert_eq!(answer.header(&http::header::SET_COOKIE), None);
    }
}
