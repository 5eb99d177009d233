//! Discovery, keys, instance discovery (clients.md §3.2, §3.3; O-29, S-27, S-49).

use super::rig::{Rig, refused};

#[tokio::test]
async fn metadata_names_the_tenant_by_its_id_however_it_is_asked() {
    let rig = Rig::start().await;
    let (login, id) = (&rig.global().login, &rig.contoso().id);
    let mut documents = Vec::new();
    for segment in [
        id.as_str(),
        "contoso.com",
        "CONTOSO.com",
        &id.to_uppercase(),
    ] {
        let url = format!("{login}/{segment}/v2.0/.well-known/openid-configuration");
        let document = rig.get(&url).await.json().unwrap();
        assert_eq!(
            document["issuer"],
            format!("{login}/{id}/v2.0"),
            "{segment}"
        );
        assert_eq!(
            document["token_endpoint"],
            format!("{login}/{id}/oauth2/v2.0/token")
        );
        documents.push(document);
    }
    assert!(documents.windows(2).all(|w| w[0] == w[1]));
    let document = &documents[0];
    assert_eq!(document["cloud_instance_name"], "microsoftonline.com");
    assert_eq!(
        document["subject_types_supported"],
        serde_json::json!(["pairwise"])
    );
    assert_eq!(
        document["response_types_supported"],
        serde_json::json!(["code"])
    );
    assert_eq!(
        document["authorization_response_iss_parameter_supported"],
        true
    );
    let common = rig
        .get(&format!(
            "{login}/common/v2.0/.well-known/openid-configuration"
        ))
        .await
        .json()
        .unwrap();
    assert_eq!(common["issuer"], format!("{login}/{{tenantid}}/v2.0"));
    assert_eq!(
        common["token_endpoint"],
        format!("{login}/common/oauth2/v2.0/token")
    );
}

#[tokio::test]
async fn s27_other_spellings_are_no_tenant() {
    let rig = Rig::start().await;
    let id = &rig.contoso().id;
    let simple = id.replace('-', "");
    for (segment, number) in [
        (format!("{{{id}}}"), 900_023),
        (simple, 900_023),
        (format!("{id}%20"), 900_023),
        ("6fa459ea-ee8a-3ca4-894e-db77e160355e".to_owned(), 90_002),
        ("unknown.example".to_owned(), 90_002),
        ("consumers".to_owned(), 900_023),
        ("contoso.com.".to_owned(), 900_023),
    ] {
        let segment = segment.replace('{', "%7B").replace('}', "%7D");
        let url = format!(
            "{}/{segment}/v2.0/.well-known/openid-configuration",
            rig.global().login
        );
        let (error, found) = refused(&rig.get(&url).await);
        assert_eq!(
            (error.as_str(), found),
            ("invalid_tenant", number),
            "{segment}"
        );
    }
}

#[tokio::test]
async fn keys_are_those_of_tokens_and_no_others() {
    let rig = Rig::start().await;
    let login = &rig.global().login;
    let keys = rig
        .get(&format!("{login}/{}/discovery/v2.0/keys", rig.contoso().id))
        .await
        .json()
        .unwrap();
    let keys = keys["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    for (member, expected) in [
        ("kty", "RSA"),
        ("use", "sig"),
        ("alg", "RS256"),
        ("e", "AQAB"),
    ] {
        assert_eq!(keys[0][member], expected);
    }
    assert!(keys[0].get("d").is_none());
    let other = rig.manifest.cloud("usgov").unwrap();
    let url = format!(
        "{}/{}/discovery/v2.0/keys",
        other.login, other.tenants[0].id
    );
    assert_ne!(
        rig.get(&url).await.json().unwrap()["keys"][0]["kid"],
        keys[0]["kid"],
        "each cloud its own"
    );
}

#[tokio::test]
async fn instance_discovery_knows_this_cloud_only() {
    let rig = Rig::start().await;
    let login = &rig.global().login;
    let ask = |endpoint: &str| {
        format!(
            "{login}/common/discovery/instance?api-version=1.1&authorization_endpoint={endpoint}"
        )
    };
    let found = rig
        .get(&ask(
            "https%3A%2F%2Flogin.global.localhost%2Fcontoso.com%2Foauth2%2Fv2.0%2Fauthorize",
        ))
        .await;
    let found = found.json().unwrap();
    assert_eq!(
        found["tenant_discovery_endpoint"],
        format!("{login}/contoso.com/v2.0/.well-known/openid-configuration")
    );
    let aliases = found["metadata"][0]["aliases"].as_array().unwrap();
    assert!(aliases.iter().any(|a| a == "login.global.localhost"));
    let (error, number) = refused(
        &rig.get(&ask("https%3A%2F%2Flogin.example%2Fx%2Fauthorize"))
            .await,
    );
    assert_eq!((error.as_str(), number), ("invalid_instance", 50_049));
    let realm = rig
        .get(&format!(
            "{login}/common/UserRealm/nobody@contoso.com?api-version=1.0"
        ))
        .await
        .json()
        .unwrap();
    let known = rig
        .get(&format!(
            "{login}/common/userrealm/alex@contoso.com?api-version=1.0"
        ))
        .await
        .json()
        .unwrap();
    assert_eq!(realm, known, "s37: known and unknown names look the same");
}
