//! A guest whose home is in the same cloud: judged in this process, by the same rules, at once.

use comity_testkit::Engine;
use serde_json::json;

use super::rig::{FAY, POLICY, Rig};

const SERVED: [u16; 4] = [200; 4];

#[tokio::test]
async fn a_home_in_this_cloud_is_asked_for_as_long_as_its_session_lives() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let mut guest = rig.guest(FAY).await;
        for seconds in [0, 59, 2, 61, 300] {
            rig.forward(seconds);
            assert_eq!(guest.served(&rig).await, SERVED, "{seconds}");
        }
    }
}

#[tokio::test]
async fn a_home_in_this_cloud_ends_it_at_once() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let mut guest = rig.guest(FAY).await;
        assert_eq!(guest.served(&rig).await, SERVED);
        rig.enable(FAY, false).await;
        let ended = guest.served(&rig).await;
        assert_eq!(&ended[..3], [400, 401, 401], "{ended:?}");
        assert_ne!(ended[3], 200, "My Apps");
        rig.enable(FAY, true).await;
        let ended = guest.served(&rig).await;
        assert_eq!(ended[0], 400, "what ended needs a new sign-in");
        let again = rig.guest(FAY).await.served(&rig).await;
        assert_eq!(again, SERVED, "a new sign-in is served");
    }
}

#[tokio::test]
async fn outbound_settings_of_a_home_in_this_cloud_count_at_once() {
    let rig = Rig::start(Engine::Sqlite).await;
    let mut guest = rig.guest(FAY).await;
    assert_eq!(guest.served(&rig).await, SERVED);
    let admin = rig.graph("global", "fabrikam.com", "admin").await;
    let blocked = |target: &str, kind: &str| json!({"accessType": "blocked", "targets": [{"target": target, "targetType": kind}]});
    let body = json!({ "b2bCollaborationOutbound": {
        "usersAndGroups": blocked("AllUsers", "user"),
        "applications": blocked("AllApplications", "application"),
    }});
    let reply = admin.patch(&format!("{POLICY}/default"), &body).await;
    assert_eq!(reply.unwrap().status, 204);
    let ended = guest.served(&rig).await;
    assert!(ended.iter().all(|status| *status != 200), "{ended:?}");
    assert_eq!(ended[1..3], [401, 401]);
}
