//! Bad input: a clear error that names the field, nothing written, no 500. One world for each
//! table, because nothing in it may change.

use comity_demo::graph::Refusal;
use comity_testkit::{Fault, Lie};
use http::Method;
use serde_json::{Value, json};

use crate::rig::{
    CHINA, CONDITIONAL, CONTOSO, NOBODY, NORA, NORTHWIND, PARTNERS, POLICY, Rig, TAILSPIN, USGOV,
    WOODGROVE, half, on_every_engine, over_guests, refused, says,
};

const DEFAULT: &str = "/v1.0/policies/crossTenantAccessPolicy/default";

/// A list of targets in one half, and a word of the message.
type Broken = (&'static str, Value, &'static str);

fn halves() -> Vec<Broken> {
    let mut all = lists();
    all.extend(words());
    all
}

/// Rules of a list and of both halves together.
fn lists() -> Vec<Broken> {
    let users = |half: Value| json!({ "usersAndGroups": half });
    let apps = |half: Value| json!({ "applications": half });
    let many: Vec<String> = (0..2001)
        .map(|n| format!("{n:08x}-0000-4000-8000-000000000000"))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    vec![
        (
            "empty",
            users(half("allowed", "user", &[])),
            "at least one target",
        ),
        (
            "too many",
            users(half("allowed", "user", &many)),
            "at most 2000",
        ),
        (
            "mixed users",
            users(half("allowed", "user", &["AllUsers", NOBODY])),
            "cannot stand beside",
        ),
        (
            "mixed apps",
            apps(half("allowed", "application", &["Office365", NOBODY])),
            "cannot stand beside",
        ),
        (
            "all users blocked alone",
            json!({
                "usersAndGroups": half("blocked", "user", &["AllUsers"]),
                "applications": half("allowed", "application", &["AllApplications"]),
            }),
            "all users are blocked",
        ),
        (
            "all applications blocked alone",
            json!({
                "usersAndGroups": half("allowed", "user", &["AllUsers"]),
                "applications": half("blocked", "application", &["AllApplications"]),
            }),
            "every application is blocked",
        ),
        (
            "against the inherited half",
            users(half("blocked", "user", &["AllUsers"])),
            "all users are blocked",
        ),
    ]
}

/// Rules of a target and of the words of a list.
fn words() -> Vec<Broken> {
    let users = |half: Value| json!({ "usersAndGroups": half });
    let apps = |half: Value| json!({ "applications": half });
    vec![
        (
            "application among users",
            users(half("allowed", "application", &[NOBODY])),
            "`user` or `group`",
        ),
        (
            "user among applications",
            apps(half("allowed", "user", &[NOBODY])),
            "`application`",
        ),
        (
            "all users as a group",
            users(half("allowed", "group", &["AllUsers"])),
            "`AllUsers` goes with",
        ),
        (
            "keyword of the other half",
            users(half("allowed", "user", &["AllApplications"])),
            "not a keyword",
        ),
        (
            "no ID",
            users(half("allowed", "user", &["nora"])),
            "neither an ID nor a keyword",
        ),
        (
            "portals",
            apps(half("allowed", "application", &["MicrosoftAdminPortals"])),
            "neither an ID",
        ),
        (
            "access type",
            users(half("maybe", "user", &["AllUsers"])),
            "accessType",
        ),
        (
            "target type",
            users(half("allowed", "robot", &[NOBODY])),
            "targetType",
        ),
    ]
}

#[tokio::test]
async fn each_broken_rule_of_a_setting_has_a_message_of_its_own() {
    on_every_engine(async |rig| {
        rig.open(CONTOSO, NORTHWIND).await;
        let graph = rig.robot(CONTOSO).await;
        let before = rig.stored(CONTOSO).await;
        let path = format!("{PARTNERS}/{}", rig.id(NORTHWIND));
        for setting in ["b2bCollaborationInbound", "b2bCollaborationOutbound"] {
            for (what, value, words) in halves() {
                let body = json!({ setting: value });
                for place in [&path, DEFAULT] {
                    let refusal = refused(graph.patch(place, &body).await);
                    assert_eq!(refusal.status, 400, "{what} at {place}: {refusal}");
                    says(&refusal, 400, &[setting, words]);
                }
                // The same at creation.
                let mut body = body;
                body["tenantId"] = json!(rig.id(WOODGROVE));
                let refusal = refused(graph.post(PARTNERS, &body).await);
                says(&refusal, 400, &[setting, words]);
            }
        }
        assert_eq!(rig.stored(CONTOSO).await, before);
    })
    .await;
}

#[tokio::test]
async fn what_the_default_cannot_say_is_said() {
    on_every_engine(async |rig| {
        let graph = rig.robot(CONTOSO).await;
        let before = rig.stored(CONTOSO).await;
        let providers = |fallback: &str, primary: &[&str]| {
            json!({ "invitationRedemptionIdentityProviderConfiguration": {
                "primaryIdentityProviderPrecedenceOrder": primary,
                "fallbackIdentityProvider": fallback,
            }})
        };
        let named = json!({ "usersAndGroups": half("allowed", "user", &[NOBODY]) });
        let rows = [
            (json!({ "b2bCollaborationInbound": named }), "AllUsers"),
            (
                json!({ "automaticUserConsentSettings": { "inboundAllowed": true } }),
                "per partner",
            ),
            (
                providers("azureActiveDirectory", &["azureActiveDirectory"]),
                "fallback",
            ),
            (
                providers("defaultConfiguredIdp", &["emailOneTimePasscode"]),
                "primary",
            ),
            (
                json!({ "inboundTrust": { "isMfaAccepted": "yes" } }),
                "isMfaAccepted",
            ),
            (json!({ "isServiceDefault": false }), "isServiceDefault"),
            (json!({ "inboundTrusts": {} }), "inboundTrusts"),
        ];
        for (body, words) in rows {
            let refusal = refused(graph.patch(DEFAULT, &body).await);
            says(&refusal, 400, &[words]);
        }
        assert_eq!(rig.stored(CONTOSO).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_partner_keeps_its_key_and_names_differing_in_case_are_named() {
    on_every_engine(async |rig| {
        rig.open(CONTOSO, NORTHWIND).await;
        let graph = rig.robot(CONTOSO).await;
        let before = rig.stored(CONTOSO).await;
        let path = format!("{PARTNERS}/{}", rig.id(NORTHWIND));
        let rows = [
            (json!({ "tenantId": NOBODY }), "tenantId"),
            (json!({ "cloud": CHINA }), "cloud"),
            (json!({ "isServiceProvider": true }), "isServiceProvider"),
            (
                json!({ "InboundTrust": { "isMfaAccepted": true } }),
                "InboundTrust",
            ),
            (
                json!({ "inboundTrust": { "IsMfaAccepted": true } }),
                "IsMfaAccepted",
            ),
            (json!({ "inboundTrust": [] }), "inboundTrust"),
            (
                json!({ "b2bCollaborationInbound": 7 }),
                "b2bCollaborationInbound",
            ),
        ];
        for (body, words) in rows {
            let answer = graph.patch(&path, &body).await;
            assert!(answer.is_err(), "{body} was taken");
            says(&refused(answer), 400, &[words]);
        }
        let nobody = format!("{PARTNERS}/{NOBODY}");
        let body = json!({ "inboundTrust": null });
        says(&refused(graph.patch(&nobody, &body).await), 404, &[NOBODY]);
        says(&refused(graph.delete(&nobody).await), 404, &[NOBODY]);
        assert_eq!(rig.stored(CONTOSO).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_conditional_access_policy_that_is_wrong_names_what() {
    on_every_engine(async |rig| {
        let graph = rig.robot(CONTOSO).await;
        let before = rig.stored(CONTOSO).await;
        let changed = |pointer: &str, value: Value| {
            let mut body = over_guests(&["All"], "mfa");
            *body.pointer_mut(pointer).unwrap() = value;
            body
        };
        let rows = [
            (changed("/state", json!("on")), "state"),
            (changed("/displayName", json!("")), "displayName"),
            (
                changed("/displayName", json!("x".repeat(300))),
                "displayName",
            ),
            (changed("/grantControls/operator", json!("XOR")), "operator"),
            (
                changed("/grantControls/builtInControls", json!(["password"])),
                "builtInControls",
            ),
            (
                changed("/conditions/clientAppTypes", json!(["telnet"])),
                "clientAppTypes",
            ),
            (
                changed(
                    "/conditions/applications/includeApplications",
                    json!(["Expenses"]),
                ),
                "includeApplications",
            ),
            (
                changed(
                    "/conditions/users/includeGuestsOrExternalUsers/guestOrExternalUserTypes",
                    json!("friend"),
                ),
                "guestOrExternalUserTypes",
            ),
            (changed("/conditions", json!(null)), "conditions"),
            (
                changed("/conditions/users", json!({ "IncludeUsers": ["All"] })),
                "IncludeUsers",
            ),
            (
                changed(
                    "/conditions/users",
                    json!({ "includeUsers": ["everybody"] }),
                ),
                "includeUsers",
            ),
            (changed("/grantControls", json!(null)), "grantControls"),
        ];
        for (body, words) in rows {
            let refusal = refused(graph.post(CONDITIONAL, &body).await);
            says(&refusal, 400, &[words]);
        }
        assert_eq!(rig.stored(CONTOSO).await, before);
    })
    .await;
}

#[tokio::test]
async fn bytes_that_are_no_request_are_refused_in_graphs_envelope() {
    on_every_engine(async |rig| {
        let token = rig.robot_token(CONTOSO).await;
        let before = rig.stored(CONTOSO).await;
        let bearer = format!("Bearer {token}");
        let graph = &rig.cloud_of(CONTOSO).graph;
        let json_type = ("content-type", "application/json");
        let deep = "[".repeat(20_000);
        let long = format!(r#"{{"displayName":"{}"}}"#, "x".repeat(2 << 20));
        let rows: [(&[u8], u16); 8] = [
            (b"", 400),
            (b"{", 400),
            (b"[]", 400),
            (b"\"text\"", 400),
            (b"{\"allowedCloudEndpoints\":[\"\xff\xfe\"]}", 400),
            (b"{\"allowedCloudEndpoints\":[],\"allowedCloudEndpoints\":[\"microsoftonline.us\"]}", 400),
            (deep.as_bytes(), 400),
            (long.as_bytes(), 413),
        ];
        for (body, status) in rows {
            let url = format!("{graph}{POLICY}");
            let headers = [("authorization", bearer.as_str()), json_type];
            let answer = rig.send(Method::PATCH, &url, &headers, body).await;
            let start: String = String::from_utf8_lossy(body).chars().take(60).collect();
            assert_eq!(answer.status, status, "{start}: {}", answer.text());
        }
        let form = [("authorization", bearer.as_str()), ("content-type", "text/plain")];
        let url = format!("{graph}{POLICY}");
        let answer = rig.send(Method::PATCH, &url, &form, b"{\"allowedCloudEndpoints\":[]}").await;
        assert!(matches!(answer.status.as_u16(), 400 | 415), "{}", answer.text());
        for path in ["/v1.0/users/%ff", "/v1.0/users/%00", "/v2.0/users", "/v1.0/nothing", "/"] {
            let answer = rig.send(Method::GET, &format!("{graph}{path}"), &[("authorization", &bearer)], b"").await;
            assert!(answer.status.is_client_error(), "{path}: {}", answer.text());
            assert!(answer.json().unwrap()["error"]["code"].is_string(), "{path}");
        }
        let far = format!("{graph}/v1.0/users?$filter={}", "x".repeat(20_000));
        assert_eq!(rig.send(Method::GET, &far, &[], b"").await.status, 414);
        assert_eq!(rig.stored(CONTOSO).await, before);
    })
    .await;
}

fn shout(rig: &Rig) -> Vec<(String, u16, u64)> {
    let login = &rig.cloud_of(CONTOSO).login;
    let contoso = rig.id(CONTOSO);
    let app = &rig.app("Expenses").app_id;
    let back = "https%3A%2F%2Fexpenses.contoso.localhost%3A8443%2Fcallback";
    let ask = |tenant: &str, app: &str, back: &str, scope: &str| {
        format!(
            "{login}/{tenant}/oauth2/v2.0/authorize?response_type=code&client_id={app}&redirect_uri={back}&scope={scope}\
                 &state=s&nonce=n&code_challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&code_challenge_method=S256"
        )
    };
    vec![
        (ask(NOBODY, app, back, "openid"), 400, 90_002),
        (ask("nowhere.example", app, back, "openid"), 400, 90_002),
        (ask(rig.id(NORTHWIND), app, back, "openid"), 400, 90_002),
        (ask(contoso, NOBODY, back, "openid"), 400, 700_016),
        (ask(contoso, "expenses", back, "openid"), 400, 700_016),
        (
            ask(contoso, app, "https%3A%2F%2Fevil.example%2F", "openid"),
            400,
            50_011,
        ),
        (
            ask(contoso, app, &format!("{back}%2F"), "openid"),
            400,
            50_011,
        ),
        (
            ask(contoso, app, &back.to_uppercase(), "openid"),
            400,
            50_011,
        ),
        (ask(contoso, app, "not-an-address", "openid"), 400, 50_011),
    ]
}

#[tokio::test]
async fn a_request_that_names_nobody_is_refused_on_our_own_page() {
    on_every_engine(async |rig| {
        let before = rig.stored(CONTOSO).await;
        for (url, status, code) in shout(rig) {
            let answer = rig.means.client.get(&url).await.unwrap();
            let text = answer.text();
            assert_eq!(answer.status, status, "{url}: {text}");
            assert!(
                text.contains(&format!("AADSTS{code}")),
                "{url}: expected {code}: {text}"
            );
            assert!(answer.headers.get("location").is_none(), "{url}");
        }
        assert_eq!(rig.stored(CONTOSO).await, before);
    })
    .await;
}

async fn add(rig: &Rig) -> Refusal {
    let graph = rig.robot(CONTOSO).await;
    let body = json!({ "tenantId": rig.id(NORTHWIND) });
    refused(graph.post(PARTNERS, &body).await)
}

#[tokio::test]
async fn a_partner_cloud_that_is_down_slow_or_talks_nonsense_is_named() {
    on_every_engine(async |rig| {
        rig.tick(CONTOSO, &[USGOV]).await;
        let nonsense = |status: u16, body: &str| Fault::Says {
            status,
            body: body.into(),
        };
        let before = rig.stored(CONTOSO).await;
        let big = "x".repeat(300_000);
        for fault in [
            Fault::Down,
            Fault::Slow,
            nonsense(500, "<h1>Oops</h1>"),
            nonsense(200, "<h1>Welcome</h1>"),
            nonsense(200, "eyJhbGciOiJub25lIn0.e30."),
            nonsense(200, ""),
            nonsense(200, &big),
            nonsense(302, ""),
        ] {
            rig.world.clock.forward(61);
            rig.world.wire.fail(USGOV, Some(fault.clone()));
            let refusal = add(rig).await;
            assert_eq!(refusal.status, 503, "{fault:?}: {refusal}");
            says(&refusal, 503, &["US Government"]);
            rig.world.wire.fail(USGOV, None);
        }
        assert_eq!(rig.stored(CONTOSO).await, before);
        rig.world.clock.forward(61);
        rig.add(CONTOSO, NORTHWIND).await;
    })
    .await;
}

#[tokio::test]
async fn an_invitation_asks_the_named_cloud_only_and_says_when_it_is_silent() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let graph = rig.robot(CONTOSO).await;
        let before = rig.stored(CONTOSO).await;
        for fault in [Fault::Down, Fault::Slow] {
            rig.world.wire.fail(USGOV, Some(fault));
            let refusal = refused(graph.post("/v1.0/invitations", &rig.invitation(NORA)).await);
            says(&refusal, 503, &["US Government"]);
            rig.world.clock.forward(61);
        }
        rig.world.wire.fail(USGOV, None);
        assert_eq!(rig.stored(CONTOSO).await, before);
        assert!(rig.mails(NORA).is_empty(), "mail went out");
        rig.invite(NORA).await;
        assert!(
            rig.world
                .wire
                .exchanges()
                .iter()
                .all(|e| e.to == USGOV || e.from == USGOV)
        );
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_was_changed_on_the_way_is_no_answer() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let before = rig.stored(CONTOSO).await;
        let lie: Lie = std::sync::Arc::new(|request, mut answer| {
            if request.url.ends_with("/ask") {
                // One character of the claims.
                let middle = answer.body.len() / 2;
                answer.body[middle] = if answer.body[middle] == b'A' {
                    b'B'
                } else {
                    b'A'
                };
            }
            answer
        });
        rig.world.wire.twist(USGOV, Some(lie));
        let graph = rig.robot(CONTOSO).await;
        let refusal = refused(graph.post("/v1.0/invitations", &rig.invitation(NORA)).await);
        says(&refusal, 503, &["US Government"]);
        rig.world.wire.twist(USGOV, None);
        assert_eq!(rig.stored(CONTOSO).await, before);
        assert!(rig.id(TAILSPIN) != rig.id(CONTOSO));
    })
    .await;
}
