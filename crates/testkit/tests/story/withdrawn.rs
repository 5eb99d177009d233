//! What an administrator takes back is refused at the next use of what was given before: a code that
//! is not redeemed yet, a refresh token, an access token (security bars O-06, O-10, S-01). All of it
//! is done through Graph, and given back through Graph: a refusal changes nothing.

use comity_crypto::{base64url, sha256};
use comity_demo::{
    client::Answer,
    graph::Graph,
    manifest::{Secret, User},
};
use http::Method;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use crate::rig::{Actor, CONTOSO, Rig, on_every_engine};

const ALEX: &str = "alex@contoso.com";
const BACK: &str = "http://localhost:8400";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXkdBjftJeZ4CVP";
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
const SCOPES: &str = "User.Read openid profile offline_access";

/// An application that an administrator registered, granted and assigned to alex.
struct App {
    id: String,
    principal: String,
    assignment: Value,
    grant: Value,
}

async fn made(graph: &Graph, path: &str, body: &Value) -> Value {
    let reply = graph.post(path, body).await.unwrap();
    assert_eq!(reply.status, 201, "{path}: {}", reply.body);
    reply.body
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}

impl App {
    async fn register(rig: &Rig) -> Self {
        let graph = rig.robot(CONTOSO).await;
        let body = json!({ "displayName": "Tool", "publicClient": { "redirectUris": [BACK] } });
        let id = text(&made(&graph, "/v1.0/applications", &body).await, "appId");
        let body = json!({ "appId": id, "appRoleAssignmentRequired": true });
        let principal = text(&made(&graph, "/v1.0/servicePrincipals", &body).await, "id");
        let resource = format!("/v1.0/servicePrincipals(appId='{GRAPH}')");
        let resource = text(&graph.get(&resource).await.unwrap(), "id");
        let grant = json!({
            "clientId": principal, "consentType": "AllPrincipals", "resourceId": resource,
            "scope": SCOPES,
        });
        let assignment = json!({
            "principalId": rig.user(ALEX), "resourceId": principal,
            "appRoleId": "00000000-0000-0000-0000-000000000000",
        });
        let app = Self {
            id,
            principal,
            assignment,
            grant,
        };
        app.assign(&graph).await;
        app.consent(&graph).await;
        app
    }

    fn assignments(&self) -> String {
        format!(
            "/v1.0/servicePrincipals/{}/appRoleAssignedTo",
            self.principal
        )
    }

    async fn assign(&self, graph: &Graph) {
        made(graph, &self.assignments(), &self.assignment).await;
    }

    async fn consent(&self, graph: &Graph) {
        made(graph, "/v1.0/oauth2PermissionGrants", &self.grant).await;
    }

    async fn enable(&self, graph: &Graph, enabled: bool) {
        let path = format!("/v1.0/servicePrincipals/{}", self.principal);
        let body = json!({ "accountEnabled": enabled });
        graph.patch(&path, &body).await.unwrap();
    }

    /// Alex's code, in a browser where he is signed in or after his password.
    async fn code(&self, rig: &Rig, alex: &mut Actor) -> String {
        let login = &rig.cloud_of(CONTOSO).login;
        let mut url = Url::parse(&format!(
            "{login}/{}/oauth2/v2.0/authorize",
            rig.id(CONTOSO)
        ))
        .unwrap();
        url.query_pairs_mut().extend_pairs([
            ("client_id", self.id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", BACK),
            ("scope", SCOPES),
            ("state", "st"),
            ("code_challenge", &base64url::encode(sha256(VERIFIER))),
            ("code_challenge_method", "S256"),
        ]);
        alex.browser.stop_at(Some(BACK.to_owned()));
        let trip = alex.go(url.as_str()).await;
        let away = alex.browser.away();
        let away = away.unwrap_or_else(|| panic!("{}", trip.outcome(&alex.browser)));
        let code = away.query_pairs().find(|(name, _)| name == "code");
        code.unwrap_or_else(|| panic!("{away}")).1.into_owned()
    }

    async fn token(&self, rig: &Rig, more: &[(&str, &str)]) -> Answer {
        let login = &rig.cloud_of(CONTOSO).login;
        let url = format!("{login}/{}/oauth2/v2.0/token", rig.id(CONTOSO));
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("client_id", &self.id).extend_pairs(more);
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let body = form.finish();
        rig.send(Method::POST, &url, &[kind], body.as_bytes()).await
    }

    async fn redeem(&self, rig: &Rig, code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ];
        self.token(rig, &form).await
    }

    async fn refresh(&self, rig: &Rig, tokens: &Value) -> Answer {
        let token = text(tokens, "refresh_token");
        let form = [("grant_type", "refresh_token"), ("refresh_token", &token)];
        self.token(rig, &form).await
    }
}

async fn me(rig: &Rig, tokens: &Value) -> u16 {
    let url = format!("{}/v1.0/me", rig.cloud_of(CONTOSO).graph);
    let bearer = format!("Bearer {}", text(tokens, "access_token"));
    let headers = [("authorization", bearer.as_str())];
    rig.send(Method::GET, &url, &headers, b"")
        .await
        .status
        .as_u16()
}

fn tokens(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().unwrap()
}

fn refusal(answer: &Answer) -> (String, u64) {
    assert_eq!(answer.status, 400, "{}", answer.text());
    let body = answer.json().unwrap();
    (
        text(&body, "error"),
        body["error_codes"][0].as_u64().unwrap(),
    )
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Taken {
    Assignment,
    Consent,
    Application,
}

impl Taken {
    const ALL: [(Self, &'static str, u64); 3] = [
        (Self::Assignment, "invalid_grant", 50_105),
        (Self::Consent, "invalid_grant", 65_001),
        (Self::Application, "unauthorized_client", 7_000_112),
    ];

    async fn away(self, app: &App, graph: &Graph) {
        let of = async |list: &str, mine: (&str, &str)| {
            let found = graph.get(list).await.unwrap();
            let rows = found["value"].as_array().unwrap();
            let row = rows.iter().find(|row| row[mine.0] == mine.1).unwrap();
            text(row, "id")
        };
        let path = match self {
            Self::Assignment => {
                let list = app.assignments();
                let id = of(&list, ("resourceId", &app.principal)).await;
                format!("{list}/{id}")
            }
            Self::Consent => {
                let list = "/v1.0/oauth2PermissionGrants";
                let id = of(list, ("clientId", &app.principal)).await;
                format!("{list}/{id}")
            }
            Self::Application => return app.enable(graph, false).await,
        };
        assert_eq!(graph.delete(&path).await.unwrap().status, 204);
    }

    async fn back(self, app: &App, graph: &Graph) {
        match self {
            Self::Assignment => app.assign(graph).await,
            Self::Consent => app.consent(graph).await,
            Self::Application => app.enable(graph, true).await,
        }
    }
}

#[tokio::test]
async fn o06_o10_what_is_taken_back_ends_codes_and_tokens_until_it_is_given_again() {
    on_every_engine(async |rig| {
        let app = App::register(rig).await;
        let graph = rig.robot(CONTOSO).await;
        let mut alex = rig.actor(ALEX);
        let code = app.code(rig, &mut alex).await;
        let mut held = tokens(&app.redeem(rig, &code).await);
        assert_eq!(me(rig, &held).await, 200);
        for (taken, error, number) in Taken::ALL {
            let code = app.code(rig, &mut alex).await;
            taken.away(&app, &graph).await;
            let expected = (error.to_owned(), number);
            assert_eq!(
                refusal(&app.redeem(rig, &code).await),
                expected,
                "{taken:?}: code"
            );
            assert_eq!(
                refusal(&app.refresh(rig, &held).await),
                expected,
                "{taken:?}: refresh"
            );
            assert_eq!(me(rig, &held).await, 401, "{taken:?}: use");
            taken.back(&app, &graph).await;
            tokens(&app.redeem(rig, &code).await);
            held = tokens(&app.refresh(rig, &held).await);
            assert_eq!(me(rig, &held).await, 200, "{taken:?} given again");
        }
    })
    .await;
}

#[tokio::test]
async fn o06_o10_a_new_password_ends_codes_and_tokens_for_good() {
    on_every_engine(async |rig| {
        let app = App::register(rig).await;
        let graph = rig.robot(CONTOSO).await;
        let mut alex = rig.actor(ALEX);
        let code = app.code(rig, &mut alex).await;
        let held = tokens(&app.redeem(rig, &code).await);
        let code = app.code(rig, &mut alex).await;
        rig.world.clock.forward(1);
        let new = "Kranich-7-Wolke-Tisch";
        let profile = json!({ "password": new, "forceChangePasswordNextSignIn": false });
        let user = format!("/v1.0/users/{}", rig.user(ALEX));
        let body = json!({ "passwordProfile": profile });
        graph.patch(&user, &body).await.unwrap();
        let ended = ("invalid_grant".to_owned(), 50_173);
        for _ in 0..2 {
            assert_eq!(refusal(&app.redeem(rig, &code).await), ended, "code");
            assert_eq!(refusal(&app.refresh(rig, &held).await), ended, "refresh");
            assert_eq!(me(rig, &held).await, 401, "use");
        }
        let known = rig.tenant(CONTOSO).user(ALEX).unwrap();
        let known = User {
            password: Secret::new(new),
            ..known.clone()
        };
        let mut alex = Rig::actor_of(&known, rig.cloud_of(CONTOSO), &rig.means);
        let code = app.code(rig, &mut alex).await;
        assert_eq!(me(rig, &tokens(&app.redeem(rig, &code).await)).await, 200);
    })
    .await;
}
