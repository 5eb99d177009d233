//! What the tokens tell of memberships (semantics §5.3): roles of the application and groups as its
//! registration asks, of a member and of a guest, and nothing else.

use std::collections::BTreeSet;

use comity_model::{
    group::{Group, ObjectKind, ObjectRef},
    id::Id,
    time::Utc,
};
use serde_json::{Value, json};

use crate::{
    conditions::nested,
    relying::{Relying, claims},
    rig::{Actor, CONTOSO, Rig, on_every_engine, refused, says},
};

const APPROVER: &str = "4d0c7a3e-5b7f-4b35-9b71-0d7c5f3a1c01";
const VIEWER: &str = "4d0c7a3e-5b7f-4b35-9b71-0d7c5f3a1c02";
const ALEX: &str = "alex@contoso.com";

async fn register(rig: &Rig, change: Value) {
    let path = format!("/v1.0/applications/{}", rig.app("Expenses").id);
    let graph = rig.robot(CONTOSO).await;
    graph.patch(&path, &change).await.unwrap();
}

async fn offer_roles(rig: &Rig) {
    let role = |id: &str, value: &str| {
        json!({"id": id, "value": value, "displayName": value, "description": value,
            "isEnabled": true, "allowedMemberTypes": ["User"]})
    };
    let roles = [role(APPROVER, "Approver"), role(VIEWER, "Viewer")];
    register(rig, json!({ "appRoles": roles })).await;
}

async fn principal(rig: &Rig) -> String {
    let app_id = &rig.app("Expenses").app_id;
    let path = format!("/v1.0/servicePrincipals(appId='{app_id}')");
    let found = rig.robot(CONTOSO).await.get(&path).await.unwrap();
    found["id"].as_str().unwrap().to_owned()
}

/// The path of the assignment.
async fn assign(rig: &Rig, who: &str, role: &str) -> String {
    let resource = principal(rig).await;
    let path = format!("/v1.0/servicePrincipals/{resource}/appRoleAssignedTo");
    let body = json!({"principalId": who, "resourceId": resource, "appRoleId": role});
    let graph = rig.robot(CONTOSO).await;
    let made = graph.post(&path, &body).await.unwrap();
    format!("{path}/{}", made.body["id"].as_str().unwrap())
}

/// Expenses, which asks for a token for itself.
fn expenses(rig: &Rig) -> Relying<'_> {
    let mut client = Relying::expenses(rig);
    client.scope = format!("{}/.default openid offline_access", client.app_id);
    client
}

fn list(claims: &Value, name: &str) -> BTreeSet<String> {
    let all = claims[name].as_array().into_iter().flatten();
    all.map(|v| v.as_str().unwrap().to_owned()).collect()
}

fn set(values: &[&str]) -> BTreeSet<String> {
    values.iter().map(|v| (*v).to_owned()).collect()
}

/// The same memberships in both tokens.
fn tells(tokens: &Value, roles: &[&str], groups: &[&str]) {
    for token in ["id_token", "access_token"] {
        let claims = claims(&tokens[token]);
        assert_eq!(list(&claims, "roles"), set(roles), "{token}: {claims}");
        assert_eq!(list(&claims, "groups"), set(groups), "{token}: {claims}");
        assert!(claims.get("_claim_names").is_none(), "{claims}");
    }
}

async fn tokens(rig: &Rig, actor: &mut Actor) -> Value {
    expenses(rig).tokens(actor, &rig.means.client).await
}

#[tokio::test]
async fn roles_are_those_she_holds_herself_or_through_a_group() {
    on_every_engine(async |rig| {
        let (mut nora, guest) = rig.nora().await;
        let mut alex = rig.actor(ALEX);
        offer_roles(rig).await;
        tells(&tokens(rig, &mut nora).await, &[], &[]);
        let outer = nested(rig, &guest).await;
        let own = assign(rig, &guest, APPROVER).await;
        assign(rig, &outer, VIEWER).await;
        let before = tokens(rig, &mut nora).await;
        tells(&before, &["Approver", "Viewer"], &[]);
        tells(&tokens(rig, &mut alex).await, &[], &[]);
        assign(rig, rig.user(ALEX), VIEWER).await;
        tells(&tokens(rig, &mut alex).await, &["Viewer"], &[]);
        // Those of now, at each renewal.
        rig.robot(CONTOSO).await.delete(&own).await.unwrap();
        let renewed = expenses(rig).refresh(&rig.means.client, &before).await;
        tells(&renewed.unwrap(), &["Viewer"], &[]);
        // A token for another application tells nothing of this one's.
        let mut for_graph = expenses(rig);
        for_graph.scope = "openid profile".to_owned();
        let tokens = for_graph.tokens(&mut nora, &rig.means.client).await;
        let access = claims(&tokens["access_token"]);
        assert_eq!(list(&access, "roles"), set(&[]), "{access}");
        assert_eq!(
            list(&claims(&tokens["id_token"]), "roles"),
            set(&["Viewer"])
        );
    })
    .await;
}

#[tokio::test]
async fn groups_are_told_as_the_registration_asks() {
    on_every_engine(async |rig| {
        let (mut nora, guest) = rig.nora().await;
        let outer = nested(rig, &guest).await;
        let graph = rig.robot(CONTOSO).await;
        let found = graph.get(&format!("/v1.0/groups/{outer}/members")).await;
        let inner = found.unwrap()["value"][0]["id"].clone();
        let inner = inner.as_str().unwrap();
        // A group that is for mail alone.
        let mailing = mailing(rig, &guest, "mailing").await;
        assign(rig, &outer, &uuid::Uuid::nil().to_string()).await;
        let all = [inner, &outer, &mailing];
        for (asked, told) in [
            (Value::Null, &[][..]),
            (json!("None"), &[]),
            (json!("DirectoryRole"), &[]),
            (json!("ApplicationGroup"), &[&*outer]),
            (json!("SecurityGroup"), &all[..2]),
            (json!("ApplicationGroup, SecurityGroup"), &all[..2]),
            (json!("All"), &all),
        ] {
            register(rig, json!({ "groupMembershipClaims": asked })).await;
            tells(&tokens(rig, &mut nora).await, &[], told);
        }
        // Groups at home are home's.
        assert!(!all.contains(&rig.group()));
    })
    .await;
}

async fn mailing(rig: &Rig, member: &str, name: &str) -> String {
    let group = Group {
        id: Id::new(uuid::Uuid::from_u128(0x77)),
        display_name: name.to_owned(),
        mail_nickname: name.to_owned(),
        mail_enabled: true,
        security_enabled: false,
        created: Utc::from_seconds(0),
        deleted: None,
        version: 1,
        properties: serde_json::Map::new(),
    };
    insert(rig, member, std::slice::from_ref(&group)).await;
    group.id.to_string()
}

async fn insert(rig: &Rig, member: &str, groups: &[Group]) {
    let app = rig.world.app("global").unwrap();
    let tenant = Id::parse(rig.id(CONTOSO)).unwrap();
    let tx = app.store().begin().await.unwrap();
    let member = ObjectRef {
        kind: ObjectKind::User,
        id: member.parse().unwrap(),
    };
    for group in groups {
        let table = tx.tenant(tenant).groups();
        table.insert(group).await.unwrap();
        table.add_member(group.id, member).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn of_more_than_two_hundred_groups_it_is_told_where_they_are() {
    on_every_engine(async |rig| {
        let mut alex = rig.actor(ALEX);
        register(rig, json!({ "groupMembershipClaims": "SecurityGroup" })).await;
        let own = claims(&tokens(rig, &mut alex).await["id_token"]);
        let has = list(&own, "groups").len();
        let group = |number: usize| Group {
            id: Id::new(uuid::Uuid::from_u128(number as u128 + 1)),
            display_name: format!("g{number}"),
            mail_nickname: format!("g{number}"),
            mail_enabled: false,
            security_enabled: true,
            created: Utc::from_seconds(0),
            deleted: None,
            version: 1,
            properties: serde_json::Map::new(),
        };
        let most: Vec<Group> = (0..200 - has).map(group).collect();
        insert(rig, rig.user(ALEX), &most).await;
        let claims_of = async |alex: &mut Actor| {
            let tokens = tokens(rig, alex).await;
            ["id_token", "access_token"].map(|token| claims(&tokens[token]))
        };
        for claims in claims_of(&mut alex).await {
            assert_eq!(list(&claims, "groups").len(), 200);
        }
        insert(rig, rig.user(ALEX), &[group(200 - has)]).await;
        for claims in claims_of(&mut alex).await {
            assert!(claims.get("groups").is_none(), "{claims}");
            assert_eq!(claims["_claim_names"], json!({"groups": "src1"}));
            let endpoint = claims["_claim_sources"]["src1"]["endpoint"]
                .as_str()
                .unwrap();
            let graph = &rig.cloud_of(CONTOSO).graph;
            let path = endpoint.strip_prefix(graph.as_str()).unwrap();
            let found = rig
                .robot(CONTOSO)
                .await
                .get(&format!("{path}?$top=999"))
                .await
                .unwrap();
            assert!(found["value"].as_array().unwrap().len() > 200);
        }
    })
    .await;
}

#[tokio::test]
async fn optional_claims_are_issued_or_refused() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        let mut alex = rig.actor(ALEX);
        let path = format!("/v1.0/applications/{}", rig.app("Expenses").id);
        let graph = rig.robot(CONTOSO).await;
        let claim = |name: &str| json!({"name": name, "essential": false});
        let upn = async |actor: &mut Actor| {
            let tokens = tokens(rig, actor).await;
            claims(&tokens["id_token"]).get("upn").cloned()
        };
        assert_eq!(upn(&mut alex).await, None);
        let asked = json!({"optionalClaims": {"idToken": [claim("upn"), claim("acct")],
            "accessToken": [], "saml2Token": []}});
        register(rig, asked).await;
        assert_eq!(upn(&mut alex).await, Some(json!(ALEX)));
        assert_eq!(upn(&mut nora).await, None);
        let before = graph.get(&path).await.unwrap();
        let mut spelled = claim("upn");
        spelled["additionalProperties"] = json!(["include_externally_authenticated_upn"]);
        let mut sourced = claim("extension");
        sourced["source"] = json!("user");
        for (token, claim) in [
            ("idToken", claim("ctry")),
            ("accessToken", claim("groups")),
            ("saml2Token", claim("acct")),
            ("idToken", spelled),
            ("idToken", sourced),
        ] {
            let body = json!({"optionalClaims": {token: [claim]}});
            let refusal = refused(graph.patch(&path, &body).await);
            says(&refusal, 400, &["optional", token]);
        }
        let body = json!({"groupMembershipClaims": "Everything"});
        let refusal = refused(graph.patch(&path, &body).await);
        says(&refusal, 400, &["groupMembershipClaims", "SecurityGroup"]);
        assert_eq!(graph.get(&path).await.unwrap(), before);
    })
    .await;
}
