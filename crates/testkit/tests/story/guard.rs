//! Routes and who may use them. Every operation of the Graph description is tried without a token,
//! with a token for somebody else, and without a scope; the writing ones also without a role, as a
//! guest, and from another tenant.

use std::collections::BTreeSet;

use comity_demo::client::Answer;
use comity_model::resource::operation;
use http::{HeaderName, Method};
use serde_json::{Value, json};

use crate::rig::{
    CONDITIONAL, CONTOSO, FABRIKAM, NOBODY, NORTHWIND, PARTNERS, POLICY, Rig, on_every_engine,
};

const TEXT: &str = include_str!("../../../model/src/resource/operations.txt");

/// Method and path of every operation of the original.
fn operations() -> Vec<(Method, String)> {
    let rows = TEXT.lines().filter(|line| !line.starts_with(['#', 's']));
    rows.filter_map(|line| {
        let mut words = line.split(' ');
        let method = Method::from_bytes(words.next()?.as_bytes()).ok()?;
        Some((method, words.nth(1)?.to_owned()))
    })
    .collect()
}

async fn ask(rig: &Rig, method: &Method, path: &str, token: Option<&str>) -> Answer {
    let url = format!("{}/v1.0{path}", rig.cloud_of(CONTOSO).graph);
    let bearer = format!("Bearer {}", token.unwrap_or_default());
    let mut headers = vec![("content-type", "application/json")];
    if token.is_some() {
        headers.push(("authorization", &bearer));
    }
    rig.send(method.clone(), &url, &headers, b"{}").await
}

fn code(answer: &Answer) -> String {
    let body = answer.json().unwrap_or(Value::Null);
    body["error"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// A token for Graph that holds no permission: *Expenses* was granted none.
async fn powerless(rig: &Rig) -> String {
    let app = rig.app("Expenses");
    let secret = app.client_secret.as_ref().unwrap().clone();
    let automation = comity_demo::manifest::Automation {
        client_id: app.app_id.clone(),
        client_secret: secret,
    };
    let cloud = rig.cloud_of(CONTOSO);
    let client = &rig.means.client;
    let discovery = comity_demo::oauth::discover(client, cloud, rig.id(CONTOSO))
        .await
        .unwrap();
    let tokens =
        comity_demo::oauth::client_credentials(&rig.means, cloud, &discovery, &automation).await;
    tokens.unwrap().access_token
}

#[tokio::test]
async fn every_operation_wants_a_token_for_this_api_and_a_scope() {
    on_every_engine(async |rig| {
        let powerless = powerless(rig).await;
        let elsewhere = rig.robot_token(NORTHWIND).await;
        let mut scoped = BTreeSet::new();
        let all = operations();
        assert!(all.len() > 400, "{}", all.len());
        for (method, template) in all {
            let path = template.replace("{}", NOBODY);
            assert!(
                operation::find(method.as_str(), &template).is_some(),
                "{template}"
            );
            for token in [None, Some(elsewhere.as_str()), Some("x")] {
                let answer = ask(rig, &method, &path, token).await;
                assert_eq!(answer.status, 401, "{method} {path}: {}", answer.text());
                assert_eq!(
                    code(&answer),
                    "InvalidAuthenticationToken",
                    "{method} {path}"
                );
            }
            let answer = ask(rig, &method, &path, Some(&powerless)).await;
            match answer.status.as_u16() {
                403 => drop(scoped.insert(format!("{method} {template}"))),
                // Not built: says so, whoever asks.
                400 | 404 | 405 | 501 => assert!(!code(&answer).is_empty(), "{method} {path}"),
                other => panic!("{method} {path} without a scope: {other} {}", answer.text()),
            }
        }
        let table: BTreeSet<String> = include_str!("operations.txt")
            .lines()
            .map(str::to_owned)
            .collect();
        let missing: Vec<_> = scoped.difference(&table).collect();
        let gone: Vec<_> = table.difference(&scoped).collect();
        assert!(
            missing.is_empty() && gone.is_empty(),
            "add {missing:#?}, remove {gone:#?}"
        );
    })
    .await;
}

/// What needs a role: method, path and a body that would be taken from an administrator.
fn writes(rig: &Rig, guest: &str) -> Vec<(Method, String, Value)> {
    let mut all = policies(rig);
    all.extend(directory(rig, guest));
    all
}

fn policies(rig: &Rig) -> Vec<(Method, String, Value)> {
    let partner = format!("{PARTNERS}/{}", rig.id(NORTHWIND));
    let location = json!({ "@odata.type": "#microsoft.graph.countryNamedLocation", "displayName": "x",
        "countriesAndRegions": ["US"], "includeUnknownCountriesAndRegions": false });
    let trust = json!({ "inboundTrust": { "isMfaAccepted": true } });
    let everyone = json!({ "allowInvitesFrom": "everyone" });
    let policy = crate::rig::over_guests(&["All"], "mfa");
    let reset = format!("{POLICY}/default/resetToSystemDefault");
    let fabrikam = json!({ "tenantId": rig.id(FABRIKAM) });
    let at = |path: &str| format!("/v1.0{path}");
    let locations = at("/identity/conditionalAccess/namedLocations");
    let authorization = at("/policies/authorizationPolicy");
    let (post, patch) = (Method::POST, Method::PATCH);
    vec![
        (
            patch.clone(),
            POLICY.to_owned(),
            json!({ "allowedCloudEndpoints": [] }),
        ),
        (patch.clone(), format!("{POLICY}/default"), trust.clone()),
        (post.clone(), reset, json!({})),
        (post.clone(), PARTNERS.to_owned(), fabrikam),
        (patch.clone(), partner.clone(), trust),
        (Method::DELETE, partner, json!({})),
        (patch, authorization, everyone),
        (post.clone(), CONDITIONAL.to_owned(), policy),
        (post, locations, location),
    ]
}

fn directory(rig: &Rig, guest: &str) -> Vec<(Method, String, Value)> {
    let bo = format!("/v1.0/users/{}", rig.user("bo@contoso.com"));
    let app = format!("/v1.0/applications/{}", rig.app("Expenses").id);
    let user = json!({ "accountEnabled": true, "displayName": "X", "mailNickname": "x",
        "userPrincipalName": "x@contoso.com", "passwordProfile": { "password": "Kranich-7-Wolke-Tisch" } });
    let role = json!({ "principalId": guest, "directoryScopeId": "/",
        "roleDefinitionId": "62e90394-69f5-4237-9190-012177145e10" });
    let roles = "/v1.0/roleManagement/directory/roleAssignments".to_owned();
    let renamed = json!({ "displayName": "X" });
    vec![
        (Method::POST, "/v1.0/users".to_owned(), user),
        (Method::PATCH, bo.clone(), renamed.clone()),
        (Method::DELETE, bo, json!({})),
        (Method::PATCH, app.clone(), renamed),
        (Method::POST, format!("{app}/addPassword"), json!({})),
        (Method::DELETE, app, json!({})),
        (Method::POST, roles, role),
    ]
}

async fn refuses(rig: &Rig, domain: &str, token: &str, guest: &str, who: &str, allowed: &[u16]) {
    let before = rig.stored(domain).await;
    let mut refusals = Vec::new();
    for (method, path, body) in writes(rig, guest) {
        let url = format!("{}{path}", rig.cloud_of(CONTOSO).graph);
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let body = body.to_string();
        let answer = rig
            .send(method.clone(), &url, &headers, body.as_bytes())
            .await;
        let seen = answer.status.as_u16();
        assert!(
            allowed.contains(&seen),
            "{who}: {method} {path}: {seen} {}",
            answer.text()
        );
        if seen == 403 {
            let id = HeaderName::from_static("request-id");
            refusals.push(answer.header(&id).unwrap().to_owned());
        }
    }
    assert_eq!(rig.stored(domain).await, before, "{who} wrote");
    let kept = rig.refusals(domain).await;
    for refusal in refusals {
        let records = kept.iter().filter(|(_, id, _)| *id == refusal).count();
        assert_eq!(records, 1, "{who}: a refusal without a record (law 6)");
    }
}

/// A flood of refusals is one record an hour for each actor and operation.
#[tokio::test]
async fn refusals_are_recorded_once_an_hour_for_each_who_and_what() {
    on_every_engine(async |rig| {
        let alex = rig.graph("alex@contoso.com").await;
        let bo = rig.graph("bo@contoso.com").await;
        let body = json!({ "allowedCloudEndpoints": [] });
        let known = rig.refusals(CONTOSO).await.len();
        let fresh = async || rig.refusals(CONTOSO).await.len() - known;
        for _ in 0..30 {
            let many = (0..4).map(|_| alex.patch(POLICY, &body));
            for answer in futures_util::future::join_all(many).await {
                assert_eq!(crate::rig::refused(answer).status, 403);
            }
        }
        assert_eq!(fresh().await, 1, "of a hundred and twenty");
        crate::rig::refused(bo.patch(POLICY, &body).await);
        assert_eq!(fresh().await, 2, "another person");
        let trust = json!({ "inboundTrust": { "isMfaAccepted": true } });
        crate::rig::refused(alex.patch(&format!("{POLICY}/default"), &trust).await);
        assert_eq!(fresh().await, 3, "another operation");
        let kept = rig.refusals(CONTOSO).await;
        let of = |name: &str| {
            let mine = kept.iter().filter(|(what, ..)| what == name);
            mine.map(|(.., who)| who["user"]["userPrincipalName"].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            of("PATCH /policies/crossTenantAccessPolicy/default"),
            ["alex@contoso.com"]
        );
        // What is allowed is no refusal, and a refused read is one.
        alex.get("/v1.0/me").await.unwrap();
        assert_eq!(fresh().await, 3);
        crate::rig::refused(alex.get("/v1.0/auditLogs/signIns").await);
        assert_eq!(fresh().await, 4);
        rig.world.clock.forward(3600);
        rig.forget_tokens();
        let alex = rig.graph("alex@contoso.com").await;
        crate::rig::refused(alex.patch(POLICY, &body).await);
        assert_eq!(fresh().await, 5, "an hour later");
    })
    .await;
}

#[tokio::test]
async fn without_the_role_nothing_is_written_whatever_the_scopes() {
    on_every_engine(async |rig| {
        let (mut nora, guest) = rig.nora().await;
        for upn in [
            "alex@contoso.com",
            "reader@contoso.com",
            "inviter@contoso.com",
        ] {
            let token = rig.token(upn).await;
            refuses(rig, CONTOSO, &token, &guest, upn, &[403]).await;
        }
        let token = rig.script(&mut nora, CONTOSO).await.access_token;
        refuses(rig, CONTOSO, &token, &guest, "the guest", &[403]).await;
        let token = powerless(rig).await;
        refuses(rig, CONTOSO, &token, &guest, "an application", &[403]).await;
        let token = rig.token("admin@northwind.us").await;
        refuses(rig, CONTOSO, &token, &guest, "home's administrator", &[401]).await;
    })
    .await;
}

#[tokio::test]
async fn another_tenants_objects_are_as_unknown_as_no_objects() {
    on_every_engine(async |rig| {
        rig.nora().await;
        let before = rig.stored(CONTOSO).await;
        let graph = rig.graph("admin@fabrikam.com").await;
        let alex = rig.user("alex@contoso.com");
        let app = &rig.app("Expenses").id;
        for (kind, id) in [
            ("users", alex),
            ("applications", app.as_str()),
            ("groups", alex),
        ] {
            let mut said = Vec::new();
            for id in [id, NOBODY] {
                let path = format!("/v1.0/{kind}/{id}");
                let read = crate::rig::refused(graph.get(&path).await);
                let write =
                    crate::rig::refused(graph.patch(&path, &json!({ "displayName": "X" })).await);
                let gone = crate::rig::refused(graph.delete(&path).await);
                let all = [read, write, gone];
                said.push(all.map(|r| (r.status, r.code, r.message.replace(id, "ID"))));
            }
            assert_eq!(said[0], said[1], "{kind}: another tenant's object shows");
            assert_eq!(said[0][0].0, 404, "{kind}");
        }
        assert_eq!(rig.stored(CONTOSO).await, before);
    })
    .await;
}
