//! Paging with sealed skip tokens (odata-conventions.md §7), over the store.

use std::collections::BTreeSet;

use comity_testkit::Engine;

use super::rig::{Rig, ok, refused};

#[tokio::test]
async fn pages_hold_every_object_once() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        for path in ["/users", "/servicePrincipals", "/auditLogs/directoryAudits"] {
            let all = ok(&rig.get(&format!("{path}?$top=999")).await);
            let all = all["value"].as_array().unwrap().len();
            let mut link = format!("{path}?$top=2");
            let mut seen = BTreeSet::new();
            loop {
                let page = ok(&rig.get(&link).await);
                let list = page["value"].as_array().unwrap();
                assert!(list.len() <= 2);
                for object in list {
                    let id = object["id"].as_str().unwrap().to_owned();
                    assert!(seen.insert(id), "{path}: twice");
                }
                match page["@odata.nextLink"].as_str() {
                    Some(next) => next.clone_into(&mut link),
                    None => break,
                }
            }
            assert_eq!(seen.len(), all, "{path}");
            assert!(all > 2, "{path} needs pages");
        }
    }
}

#[tokio::test]
async fn a_token_opens_for_its_own_query_and_tenant_only() {
    let rig = Rig::start(Engine::Sqlite).await;
    let page = ok(&rig.get("/users?$top=2").await);
    let link = page["@odata.nextLink"].as_str().unwrap();
    assert_eq!(rig.get(link).await.status, 200);
    let start = link.find("$skiptoken=").unwrap() + "$skiptoken=".len();
    let token = &link[start..];
    let mut tampered = link.to_owned();
    let last = if link.as_bytes()[start + 20] == b'A' {
        "B"
    } else {
        "A"
    };
    tampered.replace_range(start + 20..=start + 20, last);
    for bad in [
        tampered,
        format!("{link}A"),
        link.replace("/users", "/groups"),
        link.replace("$top=2", "$top=3"),
        format!("/users?$skiptoken={token}&$filter=accountEnabled%20eq%20true"),
        "/users?$skiptoken=".to_owned(),
    ] {
        let (status, code, _) = refused(&rig.get(&bad).await);
        assert_eq!(
            (status, code.as_str()),
            (400, "Directory_ExpiredPageToken"),
            "{bad}"
        );
    }
    let other = rig.token("fabrikam.com", "admin").await;
    let answer = rig.ask(&other, ("GET", link), &[], None).await;
    assert_eq!(refused(&answer).1, "Directory_ExpiredPageToken");
}
