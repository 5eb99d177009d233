//! U+0000 is text that PostgreSQL cannot keep: it is refused where it comes in, by the name of the
//! field, on either engine, and never becomes a 500.

use comity_demo::client::Ask;
use comity_testkit::Engine;
use http::{HeaderName, Method};
use serde_json::{Value, json};
use url::Url;

use super::rig::{Rig, answer};

/// Address, body, and the field that the message names. `~` stands for U+0000.
fn bodies() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        (
            "/v1.0/users",
            json!({"displayName": "A~", "accountEnabled": true, "mailNickname": "a",
                   "userPrincipalName": "a@contoso.com",
                   "passwordProfile": {"password": "Long-enough-1!"}}),
            "displayName",
        ),
        (
            "/v1.0/users",
            json!({"displayName": "A", "accountEnabled": true, "mailNickname": "a",
                   "userPrincipalName": "a~@contoso.com",
                   "passwordProfile": {"password": "Long-enough-1!"}}),
            "userPrincipalName",
        ),
        (
            "/v1.0/groups",
            json!({"displayName": "G~", "mailNickname": "g", "mailEnabled": false,
                   "securityEnabled": true}),
            "displayName",
        ),
        (
            "/v1.0/groups",
            json!({"displayName": "G", "description": "~", "mailNickname": "g",
                   "mailEnabled": false, "securityEnabled": true}),
            "description",
        ),
        (
            "/v1.0/applications",
            json!({"displayName": "A~"}),
            "displayName",
        ),
        (
            "/v1.0/applications",
            json!({"displayName": "A", "web": {"redirectUris": ["https://a.example/~"]}}),
            "edirectUris",
        ),
        (
            "/v1.0/invitations",
            json!({"invitedUserEmailAddress": "fay~@fabrikam.com",
                   "inviteRedirectUrl": "https://a.example/"}),
            "invitedUserEmailAddress",
        ),
        (
            "/v1.0/invitations",
            json!({"invitedUserEmailAddress": "fay@fabrikam.com",
                   "inviteRedirectUrl": "https://a.example/",
                   "invitedUserMessageInfo": {"customizedMessageBody": "~"}}),
            "ustomizedMessageBody",
        ),
        (
            "/v1.0/identity/conditionalAccess/namedLocations",
            json!({"@odata.type": "#microsoft.graph.countryNamedLocation", "displayName": "~",
                   "countriesAndRegions": ["DE"], "includeUnknownCountriesAndRegions": false}),
            "displayName",
        ),
    ]
}

/// The answer says which field it is, and what is wrong with it.
fn names(text: &str, field: &str) {
    let named = text.contains(&format!("`{field}`")) && text.contains("control character");
    assert!(named, "{field}: {text}");
}

/// Puts the character where `~` stands.
fn with_nul(value: &Value) -> Value {
    serde_json::from_str(&value.to_string().replace('~', "\\u0000")).unwrap()
}

fn without(value: &Value) -> Value {
    serde_json::from_str(&value.to_string().replace('~', "")).unwrap()
}

#[tokio::test]
async fn bodies_of_graph() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let graph = rig.graph("global", "contoso.com", "admin").await;
        for (path, body, field) in bodies() {
            let (status, message) = answer(graph.post(path, &with_nul(&body)).await);
            assert_eq!(status, 400, "{path} {body}: {message}");
            assert!(message.to_string().contains(field), "{field}: {message}");
        }
        // The same without the character is taken, so that nothing else was refused.
        let (path, body, _) = &bodies()[0];
        let (status, message) = answer(graph.post(path, &without(body)).await);
        assert_eq!(status, 201, "{message}");
    }
}

#[tokio::test]
async fn questions_and_keys_of_graph() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let graph = rig.graph("global", "contoso.com", "admin").await;
        for path in [
            "/v1.0/users?$filter=displayName%20eq%20'a%00'",
            "/v1.0/users?$filter=startswith(displayName,'%00')",
            "/v1.0/users?$search=%22displayName:a%00%22",
            "/v1.0/groups?$filter=displayName%20in%20('%00')",
            "/v1.0/users/a%00@contoso.com",
            "/v1.0/users/%00",
            "/v1.0/auditLogs/signIns?$filter=userDisplayName%20eq%20'%00'",
            "/v1.0/tenantRelationships/findTenantInformationByDomainName(domainName='a%00')",
        ] {
            let status = match graph.get(path).await {
                Ok(_) => 200,
                Err(error) => error.refusal().unwrap().status,
            };
            assert!(matches!(status, 400 | 404), "{path}: {status}");
        }
        assert!(
            graph
                .get("/v1.0/users?$filter=displayName%20eq%20'a'")
                .await
                .is_ok()
        );
    }
}

#[tokio::test]
async fn parameters_and_forms() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let login = &rig.cloud("global").login;
        let tenant = &rig.contoso().id;
        let endpoint = |tail: &str| format!("{login}/{tenant}/oauth2/v2.0/{tail}");
        for field in [
            "client_id",
            "redirect_uri",
            "scope",
            "state",
            "nonce",
            "login_hint",
            "claims",
            "prompt",
        ] {
            let url = format!("{}?response_type=code&{field}=a%00", endpoint("authorize"));
            let answer = rig.means.client.get(&url).await.unwrap();
            assert_eq!(answer.status.as_u16(), 400, "authorize {field}");
            names(&answer.text(), field);
        }
        for field in [
            "grant_type",
            "client_id",
            "code",
            "refresh_token",
            "client_secret",
            "scope",
        ] {
            let mut ask = Ask::new(Method::POST, Url::parse(&endpoint("token")).unwrap());
            ask.body = format!("{field}=a%00").into_bytes().into();
            let kind = HeaderName::from_static("content-type");
            let ask = ask
                .header(kind, "application/x-www-form-urlencoded")
                .unwrap();
            let answer = rig.means.client.send(ask).await.unwrap();
            let status = answer.status.as_u16();
            assert!(matches!(status, 400 | 401), "token {field}: {status}");
            names(&answer.text(), field);
        }
        for (name, status) in [("a\0@contoso.com", 400), ("a@contoso.com", 200)] {
            let mut browser = rig.browser();
            browser.open(&rig.my_apps()).await.unwrap();
            browser.fill("#username", name).unwrap();
            browser.submit("#submit").await.unwrap();
            let page = browser.page().unwrap();
            assert_eq!(page.status.as_u16(), status, "{}", page.describe());
            if status == 400 {
                names(&page.html.text(), "username");
                assert!(!page.html.text().contains("too old"), "{}", page.describe());
            }
        }
    }
}
