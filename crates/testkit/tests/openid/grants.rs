//! Scopes, consent, audiences (O-13; semantics §5.4, 65001).

use comity_model::id::Id;
use serde_json::json;

use super::rig::{Rig, claims, ok, refused};

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn a_missing_grant_is_65001_at_sign_in_and_at_every_token() {
    let rig = Rig::start().await;
    let redirect = rig.expenses().redirect_uris[0].clone();
    let wanted = format!("openid {}/Group.Read.All", rig.global().graph);
    assert_eq!(
        rig.code_of_expenses(&redirect, &wanted).await,
        Err("AADSTS65001".to_owned())
    );
    let code = rig
        .code_of_expenses(&redirect, "openid offline_access User.Read")
        .await
        .unwrap();
    let tokens = ok(&rig.redeem_for_expenses(&code, &redirect).await);
    let access = claims(&tokens["access_token"]);
    assert_eq!(access["scp"], "User.Read openid");
    assert_eq!(access["azpacr"], "1");
    assert_eq!(
        access["aud"],
        rig.global().graph.as_str(),
        "a bare name is Graph's"
    );
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(rig.userinfo(token).await.status, 200);

    let app = rig.world.app("global").unwrap();
    let tenant = Id::parse(&rig.contoso().id).unwrap();
    let snapshot = app
        .store()
        .read()
        .tenant(tenant)
        .snapshot()
        .load()
        .await
        .unwrap()
        .unwrap();
    let expenses = comity_model::id::parse_uuid(&rig.expenses().app_id).unwrap();
    let principal = snapshot
        .service_principals
        .iter()
        .find(|p| p.app_id == expenses)
        .unwrap()
        .id;
    let grant = snapshot
        .permission_grants
        .iter()
        .find(|g| g.client == principal)
        .unwrap()
        .id;
    let tx = app.store().begin().await.unwrap();
    tx.tenant(tenant)
        .permission_grants()
        .delete(grant)
        .await
        .unwrap();
    tx.tenant(tenant).bump_policy_version().await.unwrap();
    tx.commit().await.unwrap();
    let client = rig.expenses();
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", client.app_id.as_str()),
        (
            "client_secret",
            client.client_secret.as_ref().unwrap().expose(),
        ),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    assert_eq!(
        refused(&rig.token(&refresh).await),
        ("invalid_grant".to_owned(), 65_001)
    );
    assert_eq!(
        rig.userinfo(token).await.status,
        401,
        "a withdrawn grant ends the token at our own API"
    );
}

#[tokio::test]
async fn an_application_asks_for_its_own_api() {
    let rig = Rig::start().await;
    rig.register(|properties| {
        properties.insert(
            "identifierUris".into(),
            json!(["api://expenses.contoso.com"]),
        );
        properties.insert(
            "api".into(),
            json!({"oauth2PermissionScopes": [{"value": "Claims.Read"}]}),
        );
    })
    .await;
    let redirect = rig.expenses().redirect_uris[0].clone();
    let app_id = rig.expenses().app_id.clone();
    for (scope, scp) in [
        (format!("{app_id}/.default"), "Claims.Read"),
        (format!("api://{app_id}/Claims.Read openid"), "Claims.Read"),
        (
            "api://expenses.contoso.com/Claims.Read".to_owned(),
            "Claims.Read",
        ),
    ] {
        let code = rig.code_of_expenses(&redirect, &scope).await.unwrap();
        let tokens = ok(&rig.redeem_for_expenses(&code, &redirect).await);
        let access = claims(&tokens["access_token"]);
        assert_eq!(
            (access["aud"].as_str(), access["scp"].as_str()),
            (Some(app_id.as_str()), Some(scp)),
            "{scope}"
        );
        let token = tokens["access_token"].as_str().unwrap();
        assert_eq!(
            rig.userinfo(token).await.status,
            401,
            "o13: a token for another API"
        );
    }
}

#[tokio::test]
async fn without_offline_access_there_is_no_refresh_token_and_reuse_still_kills() {
    let rig = Rig::start().await;
    let redirect = rig.expenses().redirect_uris[0].clone();
    let code = rig
        .code_of_expenses(&redirect, "openid email profile")
        .await
        .unwrap();
    let tokens = ok(&rig.redeem_for_expenses(&code, &redirect).await);
    assert!(tokens.get("refresh_token").is_none());
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(rig.userinfo(token).await.status, 200);
    assert_eq!(
        refused(&rig.redeem_for_expenses(&code, &redirect).await).1,
        54_005
    );
    assert_eq!(rig.userinfo(token).await.status, 401);
}

#[tokio::test]
async fn the_subject_is_a_name_for_one_client() {
    let rig = Rig::start().await;
    let redirect = rig.expenses().redirect_uris[0].clone();
    let code = rig.code_of_expenses(&redirect, "openid").await.unwrap();
    let here = claims(&ok(&rig.redeem_for_expenses(&code, &redirect).await)["id_token"]);
    let there = claims(&rig.tokens("alex@contoso.com").await["id_token"]);
    assert_eq!(here["oid"], there["oid"]);
    assert_ne!(here["sub"], there["sub"]);
    assert!(here.get("email").is_none(), "nobody asked for it");
}

#[tokio::test]
async fn the_profile_basic_needs_no_challenge_and_no_other_does() {
    let rig = Rig::start().await;
    let redirect = rig.expenses().redirect_uris[0].clone();
    let without = |rig: &Rig| {
        let url = rig.request_of(&rig.expenses().app_id, &redirect, "openid", &[]);
        let mut url = url::Url::parse(&url).unwrap();
        let pairs: Vec<_> = url
            .query_pairs()
            .into_owned()
            .filter(|(n, _)| !n.starts_with("code_challenge"))
            .collect();
        url.query_pairs_mut().clear().extend_pairs(pairs);
        url.to_string()
    };
    let refused = rig.get(&without(&rig)).await;
    assert!(
        refused
            .header(&http::header::LOCATION)
            .unwrap()
            .contains("error=invalid_request")
    );
    rig.register(|properties| {
        properties.insert("securityProfile".into(), json!("basic"));
    })
    .await;
    let asked = rig.get(&without(&rig)).await;
    assert!(
        asked
            .header(&http::header::LOCATION)
            .unwrap()
            .contains("/signin/")
    );
}
