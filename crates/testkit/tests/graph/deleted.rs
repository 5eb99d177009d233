//! Deleted users and groups (semantics.md §4.5): kept for 30 days, restored as who they were, or
//! ended for good.

use comity_app::directory::deleted_item::purge_old;
use comity_testkit::Engine;
use serde_json::{Value, json};

use super::{
    fixture::Fixture,
    rig::{Rig, ok, refused},
};

const ITEMS: &str = "/directory/deletedItems";

async fn delete(rig: &Rig, path: &str) -> u16 {
    let answer = rig.send("DELETE", path, &Value::Null).await;
    answer.status.as_u16()
}

async fn ids(rig: &Rig, path: &str) -> Vec<String> {
    let list = ok(&rig.get(path).await);
    let list = list["value"].as_array().unwrap().iter();
    list.map(|o| o["id"].as_str().unwrap().to_owned()).collect()
}

async fn restore(rig: &Rig, id: &str) -> comity_demo::client::Answer {
    rig.send("POST", &format!("{ITEMS}/{id}/restore"), &json!({}))
        .await
}

#[tokio::test]
async fn a_deleted_user_comes_back_as_she_was() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let fixture = Fixture::make(&rig).await;
        let user = fixture.get("USER");
        let groups = format!("/users/{user}/memberOf");
        let before = ok(&rig.get(&format!("/users/{user}")).await);
        let member = ids(&rig, &groups).await;
        assert_eq!(refused(&rig.get(&format!("{ITEMS}/{user}")).await).0, 404);
        assert_eq!(refused(&restore(&rig, user).await).0, 404, "not deleted");
        assert_eq!(delete(&rig, &format!("/users/{user}")).await, 204);
        let all = format!("{ITEMS}/microsoft.graph.user");
        assert!(ids(&rig, &all).await.contains(&user.to_owned()));
        let groups_only = ids(&rig, &format!("{ITEMS}/graph.group")).await;
        assert!(!groups_only.contains(&user.to_owned()));
        let found = ok(&rig.get(&format!("{ITEMS}/{user}")).await);
        assert_eq!(found["@odata.type"], "#microsoft.graph.user");
        assert_eq!(found["id"], *user);
        let answer = restore(&rig, user).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let after = ok(&rig.get(&format!("/users/{user}")).await);
        assert_eq!(after, before);
        assert_eq!(ids(&rig, &groups).await, member);
        assert!(!ids(&rig, &all).await.contains(&user.to_owned()));
    }
}

#[tokio::test]
async fn a_name_that_is_taken_meanwhile_keeps_her_deleted() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let fixture = Fixture::make(&rig).await;
        let user = fixture.get("USER");
        let upn = ok(&rig.get(&format!("/users/{user}")).await)["userPrincipalName"].clone();
        assert_eq!(delete(&rig, &format!("/users/{user}")).await, 204);
        let heir = json!({"accountEnabled": true, "displayName": "Heir", "mailNickname": "heir",
            "userPrincipalName": upn, "passwordProfile": {"password": "Kranich-7-Wolke-Tisch"}});
        rig.make("/users", &heir).await;
        let (status, _, message) = refused(&restore(&rig, user).await);
        assert_eq!(status, 400);
        assert!(message.contains("userPrincipalName"), "{message}");
        assert!(
            ids(&rig, &format!("{ITEMS}/graph.user"))
                .await
                .contains(&user.to_owned())
        );
    }
}

/// A guest that is restored is the same person, and one that was purged is nobody.
#[tokio::test]
async fn a_guest_keeps_who_she_is_until_she_is_purged() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let invitation = json!({"invitedUserEmailAddress": "fay@fabrikam.com",
            "inviteRedirectUrl": "https://contoso.example/"});
        let invite = async || {
            let answer = rig.send("POST", "/invitations", &invitation).await;
            let made = answer.json().unwrap_or_default();
            (answer.status.as_u16(), made["invitedUser"]["id"].clone())
        };
        let (_, guest) = invite().await;
        let id = guest.as_str().unwrap();
        assert_eq!(delete(&rig, &format!("/users/{id}")).await, 204);
        assert_eq!(invite().await.0, 400, "a deleted guest is in the way");
        assert_eq!(restore(&rig, id).await.status, 200);
        assert_eq!(invite().await, (201, guest.clone()));
        let group = json!({"displayName": "G", "mailEnabled": false, "mailNickname": "g",
            "securityEnabled": true});
        let group = rig.make("/groups", &group).await;
        let members = format!("/groups/{}/members", group["id"].as_str().unwrap());
        let url = format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}");
        let reference = json!({"@odata.id": url});
        rig.make(&format!("{members}/$ref"), &reference).await;
        assert_eq!(delete(&rig, &format!("{ITEMS}/{id}")).await, 404, "alive");
        assert_eq!(delete(&rig, &format!("/users/{id}")).await, 204);
        assert_eq!(delete(&rig, &format!("{ITEMS}/{id}")).await, 204);
        assert_eq!(refused(&restore(&rig, id).await).0, 404);
        assert_eq!(ids(&rig, &members).await, Vec::<String>::new());
        let (status, again) = invite().await;
        assert_eq!(status, 201);
        assert_ne!(again, guest, "somebody new");
        let log = "/auditLogs/directoryAudits?$filter=category%20eq%20'UserManagement'";
        let log = ok(&rig.get(log).await)["value"].to_string();
        assert!(log.contains("Restore user") && log.contains("Hard Delete user"));
    }
}

#[tokio::test]
async fn a_group_is_restored_with_its_members() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let fixture = Fixture::make(&rig).await;
        let group = fixture.get("GROUP");
        let members = format!("/groups/{group}/members");
        let before = ids(&rig, &members).await;
        assert_eq!(delete(&rig, &format!("/groups/{group}")).await, 204);
        assert_eq!(refused(&rig.get(&members).await).0, 404);
        let newest = format!("{ITEMS}/graph.group?$orderby=deletedDateTime%20desc&$count=true");
        let found = ok(&rig.eventual(&newest).await);
        assert_eq!(
            found["@odata.count"],
            found["value"].as_array().unwrap().len()
        );
        assert_eq!(restore(&rig, group).await.status, 200);
        assert_eq!(ids(&rig, &members).await, before);
    }
}

#[tokio::test]
async fn without_the_role_nothing_is_restored_or_purged() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let fixture = Fixture::make(&rig).await;
        let user = fixture.get("USER");
        assert_eq!(delete(&rig, &format!("/users/{user}")).await, 204);
        let gone = fixture.get("GONE");
        for name in ["alex", "reader", "secadmin"] {
            let token = rig.token("contoso.com", name).await;
            for id in [user, gone] {
                let path = format!("{ITEMS}/{id}");
                let restore = format!("{path}/restore");
                for call in [("POST", restore.as_str()), ("DELETE", path.as_str())] {
                    let body = Some(b"{}".as_slice());
                    let answer = rig.ask(&token, call, &[], body).await;
                    assert_eq!(refused(&answer).0, 403, "{name} {call:?}");
                }
            }
        }
        assert!(
            ids(&rig, &format!("{ITEMS}/graph.user"))
                .await
                .contains(&user.to_owned())
        );
    }
}

#[tokio::test]
async fn after_thirty_days_nothing_is_left() {
    for engine in Engine::available() {
        let mut rig = Rig::start(engine).await;
        let fixture = Fixture::make(&rig).await;
        let user = fixture.get("USER").to_owned();
        let app = rig.world.app("global").unwrap().clone();
        let all = format!("{ITEMS}/graph.user");
        let day = 24 * 3600;
        rig.world.clock.forward(20 * day);
        rig.admin = rig.token("contoso.com", "admin").await;
        assert_eq!(delete(&rig, &format!("/users/{user}")).await, 204);
        assert_eq!(purge_old(&app).await.unwrap(), 0);
        rig.world.clock.forward(11 * day);
        // What the fixture deleted is older by twenty days.
        assert!(purge_old(&app).await.unwrap() >= 2);
        rig.admin = rig.token("contoso.com", "admin").await;
        assert_eq!(ids(&rig, &all).await, std::slice::from_ref(&user));
        rig.world.clock.forward(19 * day);
        assert_eq!(purge_old(&app).await.unwrap(), 1);
        assert_eq!(purge_old(&app).await.unwrap(), 0);
        rig.admin = rig.token("contoso.com", "admin").await;
        assert_eq!(ids(&rig, &all).await, Vec::<String>::new());
    }
}
