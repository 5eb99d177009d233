//! What one object says of another: registrations and their service principals, domains and
//! partners, guests and who they are at home.

use comity_app::tenant::{self, NewTenant};
use comity_model::{id::Id, name::DomainName};
use comity_testkit::Engine;
use serde_json::{Value, json};

use super::{
    fixture::Fixture,
    rig::{Rig, ok, refused},
};

#[tokio::test]
async fn an_application_and_its_service_principal_are_renamed_together() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let fixture = Fixture::make(&rig).await;
        let [app, program] = ["APPLICATION", "PROGRAM"].map(|n| fixture.get(n));
        let shown = async || {
            let path = format!("/servicePrincipals/{program}");
            let found = ok(&rig.get(&path).await);
            let name = |n: &str| found[n].as_str().unwrap().to_owned();
            (name("displayName"), name("appDisplayName"))
        };
        let before = "a Web application".to_owned();
        assert_eq!(shown().await, (before.clone(), before.clone()));
        let patch = async |path: String, body: Value| {
            let answer = rig.send("PATCH", &path, &body).await;
            assert_eq!(answer.status, 204, "{}", answer.text());
        };
        let app = format!("/applications/{app}");
        patch(app.clone(), json!({"description": "other"})).await;
        assert_eq!(shown().await.0, before, "another change renames nothing");
        // A name of its own is the service principal's alone, until the registration is renamed.
        let own = json!({"displayName": "Ours"});
        patch(format!("/servicePrincipals/{program}"), own).await;
        assert_eq!(shown().await, ("Ours".into(), before));
        patch(app, json!({"displayName": "Claims"})).await;
        assert_eq!(shown().await, ("Claims".into(), "Claims".into()));
    }
}

/// S-29: a domain that somebody here has verified is no partner's name any more.
#[tokio::test]
async fn a_domain_verified_here_is_taken_from_the_partner_that_published_it() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        Fixture::make(&rig).await;
        let app = rig.world.app("global").unwrap();
        let contoso = Id::parse(&rig.tenant("contoso.com").id).unwrap();
        let known = async || {
            let read = app.store().read();
            let partners = read.tenant(contoso).cross_tenant().partners().await;
            partners.unwrap().remove(0).domains
        };
        let version = async || {
            let read = app.store().read();
            read.tenant(contoso)
                .versions()
                .await
                .unwrap()
                .unwrap()
                .policy
        };
        let start = async |domain: &str| {
            let new = NewTenant {
                id: None,
                display_name: domain.into(),
                domain: DomainName::parse(domain).unwrap(),
                initial_label: Some(format!("x{}", domain.len())),
            };
            tenant::create_empty(app, &new).await.unwrap();
        };
        let published = known().await;
        assert!(published.contains(&"northwind.us".to_owned()));
        let before = version().await;
        start("litware.com").await;
        assert_eq!(known().await, published, "another name changes nothing");
        assert_eq!(version().await, before);
        start("northwind.us").await;
        let rest: Vec<String> = published
            .into_iter()
            .filter(|d| d != "northwind.us")
            .collect();
        assert_eq!(known().await, rest);
        assert!(version().await > before, "every process reads it again");
        let path = "/auditLogs/directoryAudits?$filter=startswith(activityDisplayName,'Update%20a%20partner')";
        let records = ok(&rig.get(path).await)["value"].to_string();
        assert!(records.contains("northwind.us"), "{records}");
    }
}

async fn invite(rig: &Rig, name: &str) -> Result<String, (u16, String)> {
    let body = json!({"invitedUserEmailAddress": name, "sendInvitationMessage": false,
        "inviteRedirectUrl": "https://contoso.example/"});
    let answer = rig.send("POST", "/invitations", &body).await;
    if answer.status == 201 {
        let made = answer.json().unwrap();
        return Ok(made["invitedUser"]["id"].as_str().unwrap().to_owned());
    }
    let (status, _, message) = refused(&answer);
    Err((status, message))
}

/// Within one cloud as across clouds: a guest is who she is at home, whatever she is called.
#[tokio::test]
async fn a_guest_of_the_same_cloud_is_found_by_who_she_is() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let home = rig.token("fabrikam.com", "admin").await;
        let fay = rig.tenant("fabrikam.com").user("fay@fabrikam.com");
        let fay = fay.unwrap().id.clone();
        let at_home = async |method: &str, path: &str, body: Value| {
            let bytes = body.to_string();
            let answer = rig
                .ask(&home, (method, path), &[], Some(bytes.as_bytes()))
                .await;
            assert!(answer.status.is_success(), "{path}: {}", answer.text());
        };
        let guest = invite(&rig, "fay@fabrikam.com").await.unwrap();
        assert_eq!(invite(&rig, "fay@fabrikam.com").await.unwrap(), guest);
        let renamed = json!({"userPrincipalName": "faye@fabrikam.com"});
        at_home("PATCH", &format!("/users/{fay}"), renamed).await;
        assert_eq!(
            invite(&rig, "faye@fabrikam.com").await.unwrap(),
            guest,
            "renamed at home"
        );
        let heir = json!({"accountEnabled": true, "displayName": "F", "mailNickname": "f",
            "userPrincipalName": "fay@fabrikam.com",
            "passwordProfile": {"password": "Kranich-7-Wolke-Tisch"}});
        at_home("POST", "/users", heir).await;
        let (status, told) = invite(&rig, "fay@fabrikam.com").await.unwrap_err();
        assert_eq!(status, 400);
        assert!(
            told.contains(&guest) && told.contains("somebody else"),
            "{told}"
        );
        let path = format!("/users/{guest}");
        assert_eq!(rig.send("DELETE", &path, &Value::Null).await.status, 204);
        let (status, told) = invite(&rig, "faye@fabrikam.com").await.unwrap_err();
        assert_eq!(status, 400);
        assert!(told.contains("deleted guest"), "{told}");
    }
}
