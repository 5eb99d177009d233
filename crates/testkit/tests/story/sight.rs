//! What a guest sees of other people (semantics.md §7): a name and an address, and nothing that a
//! filter, an order or a search could tell instead.

use http::Method;
use serde_json::{Value, json};

use crate::rig::{CONTOSO, Rig, on_every_engine};

const AUTHORIZATION: &str = "/v1.0/policies/authorizationPolicy";
const AS_MEMBERS: &str = "a0b1b346-4d3e-4e8b-98f8-753987be4970";
const RESTRICTED: &str = "2af84b1e-32c8-42b7-82bc-daa82404023b";

/// Contoso's Graph with one token; every answer as it is.
struct Seen<'a> {
    rig: &'a Rig,
    token: String,
}

impl Seen<'_> {
    async fn get(&self, path: &str) -> (u16, Value) {
        let url = format!("{}/v1.0{path}", self.rig.cloud_of(CONTOSO).graph);
        let bearer = format!("Bearer {}", self.token);
        let headers = [
            ("authorization", bearer.as_str()),
            ("consistencylevel", "eventual"),
        ];
        let answer = self.rig.send(Method::GET, &url, &headers, b"").await;
        (answer.status.as_u16(), answer.json().unwrap())
    }

    async fn ok(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }
}

/// A group with a member and a guest, both with something to hide; its ID.
async fn group(rig: &Rig, alex: &str, guest: &str) -> String {
    let graph = rig.robot(CONTOSO).await;
    let hidden = json!({"jobTitle": "Auditor", "mobilePhone": "+1 425 555 0100",
        "otherMails": ["private@example.org"], "department": "Audit"});
    graph
        .patch(&format!("/v1.0/users/{alex}"), &hidden)
        .await
        .unwrap();
    let own = json!({"jobTitle": "Visitor"});
    graph
        .patch(&format!("/v1.0/users/{guest}"), &own)
        .await
        .unwrap();
    let group = json!({"displayName": "Project", "mailEnabled": false, "mailNickname": "project",
        "securityEnabled": true});
    let made = graph.post("/v1.0/groups", &group).await.unwrap();
    let id = made.body["id"].as_str().unwrap().to_owned();
    for member in [alex, guest] {
        let url = format!("https://graph.microsoft.com/v1.0/directoryObjects/{member}");
        let path = format!("/v1.0/groups/{id}/members/$ref");
        graph.post(&path, &json!({"@odata.id": url})).await.unwrap();
    }
    id
}

async fn set_access(rig: &Rig, level: &str) {
    let body = json!({ "guestUserRoleId": level });
    let graph = rig.robot(CONTOSO).await;
    graph.patch(AUTHORIZATION, &body).await.unwrap();
}

/// Questions to a group's members that tell what cannot be read.
fn oracles(group: &str) -> Vec<String> {
    let members = format!("/groups/{group}/members/microsoft.graph.user");
    vec![
        format!("{members}?$count=true&$filter=jobTitle%20eq%20'Auditor'"),
        format!("{members}?$count=true&$filter=startswith(mobilePhone,'%2B1')"),
        format!("{members}?$count=true&$filter=department%20eq%20'Audit'"),
        format!("{members}?$count=true&$search=%22mobilePhone:%2B1%22"),
    ]
}

#[tokio::test]
async fn a_guest_sees_names_and_addresses_of_others() {
    on_every_engine(async |rig| {
        let (mut nora, guest) = rig.nora().await;
        let alex = rig.user("alex@contoso.com").to_owned();
        let group = group(rig, &alex, &guest).await;
        let token = rig.script(&mut nora, CONTOSO).await.access_token;
        let seen = Seen { rig, token };
        let whole = Seen {
            rig,
            token: rig.robot_token(CONTOSO).await,
        };
        let object = seen.ok(&format!("/users/{alex}")).await;
        assert_eq!(object["displayName"], "Alex Berg");
        assert_eq!(object["userPrincipalName"], "alex@contoso.com");
        for path in [
            format!("/users/{alex}"),
            format!(
                "/users/{alex}?$select=id,jobTitle,otherMails,accountEnabled,department,userType"
            ),
            format!("/groups/{group}/members"),
            format!("/groups/{group}/members?$select=id,jobTitle,mobilePhone,otherMails"),
            format!("/groups/{group}/transitiveMembers/microsoft.graph.user"),
            format!("/groups/{group}?$expand=members"),
        ] {
            let text = seen.ok(&path).await.to_string();
            for hidden in ["Auditor", "555 0100", "private@example.org"] {
                assert!(!text.contains(hidden), "{path}: {text}");
            }
            let text = whole.ok(&path).await.to_string();
            assert!(text.contains("Auditor"), "{path}: {text}");
        }
        for path in oracles(&group) {
            assert_eq!(seen.ok(&path).await["@odata.count"], 0, "{path}");
            assert_eq!(whole.ok(&path).await["@odata.count"], 1, "{path}");
        }
        // Her own object stays whole, wherever she meets it.
        assert_eq!(seen.ok("/me").await["jobTitle"], "Visitor");
        let members = seen.ok(&format!("/groups/{group}/members")).await;
        assert!(members.to_string().contains("Visitor"), "{members}");
    })
    .await;
}

#[tokio::test]
async fn the_level_decides_what_a_guest_sees() {
    on_every_engine(async |rig| {
        let (mut nora, guest) = rig.nora().await;
        let alex = rig.user("alex@contoso.com").to_owned();
        let group = group(rig, &alex, &guest).await;
        let token = rig.script(&mut nora, CONTOSO).await.access_token;
        let seen = Seen { rig, token };
        set_access(rig, AS_MEMBERS).await;
        let user = format!("/users/{alex}");
        assert_eq!(seen.ok(&user).await["jobTitle"], "Auditor");
        assert_eq!(
            seen.ok("/me/memberOf").await["value"][0]["displayName"],
            "Project"
        );
        // Herself, and that she is in a group.
        set_access(rig, RESTRICTED).await;
        assert_eq!(seen.ok("/me").await["jobTitle"], "Visitor");
        let groups = seen.ok("/me/memberOf").await;
        assert_eq!(groups["value"][0]["id"], group.as_str());
        assert_eq!(groups["value"][0]["displayName"], Value::Null, "{groups}");
        for path in [
            &user,
            &format!("/groups/{group}"),
            &format!("/groups/{group}/members"),
        ] {
            assert_eq!(seen.get(path).await.0, 403, "{path}");
        }
    })
    .await;
}
