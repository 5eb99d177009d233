#![expect(clippy::too_many_lines, reason = "tables of cases")]
use std::collections::BTreeSet;

use uuid::Uuid;

use super::*;

const ID: &str = "0000000a-0000-0000-0000-000000000001";

fn caller() -> Caller {
    Caller {
        tenant: Uuid::from_u128(7),
        domains: vec!["contoso.com".into()],
        user: Some(Uuid::from_u128(0x0000_000a_0000_0000_0000_0000_0000_0001)),
        held: BTreeSet::new(),
    }
}

fn read(path: &str) -> Result<Address> {
    let (version, segments) = segments(path)?;
    resolve(version, &segments, &caller())
}

fn shape(path: &str) -> String {
    match read(path) {
        Err(failure) => format!("{} {}", failure.status, failure.code),
        Ok(address) => {
            let target = match &address.target {
                Target::Metadata => "metadata".to_owned(),
                Target::Collection(p) => format!("list {}", p.resource.name),
                Target::Count(p) => format!("count {}", p.resource.name),
                Target::References(p) => format!("refs {}", p.resource.name),
                Target::Reference(_, k) => format!("ref {}", k.text()),
                Target::Object(o) => format!("{} {}", o.place.resource.name, o.key.text()),
                Target::Property(_, p) => format!("property {}", p.name),
                Target::Action(_, a) => format!("action {}", a.name),
                Target::Function(_, v) => format!("function {v}"),
            };
            format!("{target} @ {}", address.template)
        }
    }
}

#[test]
fn spellings_of_the_same_address() {
    for (paths, want) in [
        (
            vec![
                "/v1.0/users",
                "/beta/Users/",
                "//v1.0//USERS",
                "/v1.0/myorganization/users",
                "/v1.0/contoso.com/users",
                "/v1.0/00000000-0000-0000-0000-000000000007/users",
            ],
            "list user @ /users".to_owned(),
        ),
        (
            vec![
                "/v1.0/users/0000000A-0000-0000-0000-000000000001",
                "/v1.0/users('0000000a-0000-0000-0000-000000000001')",
                "/v1.0/users(%270000000a-0000-0000-0000-000000000001%27)",
                "/v1.0/users(id='0000000a-0000-0000-0000-000000000001')",
                "/v1.0/users/('0000000a-0000-0000-0000-000000000001')",
            ],
            format!("user {ID} @ /users/{{}}"),
        ),
        (vec!["/v1.0/me", "/v1.0/ME/"], format!("user {ID} @ /me")),
        (
            vec![
                "/v1.0/users/nora_nw.us%23EXT%23@contoso.com",
                "/v1.0/users('nora_nw.us%23EXT%23@contoso.com')",
                "/v1.0/users(userPrincipalName='nora_nw.us%23EXT%23@contoso.com')",
            ],
            "user nora_nw.us#EXT#@contoso.com @ /users/{}".to_owned(),
        ),
        (
            vec![
                "/v1.0/users('$o''brien@contoso.com')",
                "/v1.0/users/$o'brien@contoso.com",
            ],
            "user $o'brien@contoso.com @ /users/{}".to_owned(),
        ),
        (
            vec![
                "/v1.0/groups/0000000a-0000-0000-0000-000000000001/members/microsoft.graph.user",
                "/v1.0/groups/0000000a-0000-0000-0000-000000000001/members/Microsoft.Graph.User/",
                "/v1.0/groups('0000000a-0000-0000-0000-000000000001')/members/graph.user",
            ],
            "list user @ /groups/{}/members/graph.user".to_owned(),
        ),
        (
            vec![
                "/v1.0/tenantRelationships/findTenantInformationByTenantId(tenantId='0000000A-0000-0000-0000-000000000001')",
                "/v1.0/tenantrelationships/findtenantinformationbytenantid(tenantId=%270000000a-0000-0000-0000-000000000001%27)",
            ],
            format!("function {ID} @ /tenantRelationships/findTenantInformationByTenantId()"),
        ),
    ] {
        for path in paths {
            assert_eq!(shape(path), want, "{path}");
        }
    }
}

#[test]
fn what_stands_behind_objects() {
    for (path, want) in [
        ("/v1.0/$metadata", "metadata @ /$metadata"),
        ("/v1.0/users/$count", "count user @ /users/$count"),
        (
            "/v1.0/groups/ID/members/$ref",
            "refs directoryObject @ /groups/{}/members/$ref",
        ),
        (
            "/v1.0/groups/ID/members/ID/$ref",
            "ref ID @ /groups/{}/members/{}/$ref",
        ),
        (
            "/v1.0/groups/ID/members/graph.user/$count",
            "count user @ /groups/{}/members/graph.user/$count",
        ),
        (
            "/v1.0/servicePrincipals/ID/appRoleAssignedTo/x_Y-1",
            "appRoleAssignment x_Y-1 @ /servicePrincipals/{}/appRoleAssignedTo/{}",
        ),
        (
            "/v1.0/servicePrincipals/ID/appRoles",
            "property appRoles @ /servicePrincipals/{}/appRoles",
        ),
        (
            "/v1.0/applications(appId='ID')/addPassword",
            "action addPassword @ /applications/{}/addPassword",
        ),
        (
            "/v1.0/applications/ID/removepassword",
            "action removePassword @ /applications/{}/removePassword",
        ),
        (
            "/v1.0/policies/crossTenantAccessPolicy",
            "crossTenantAccessPolicy  @ /policies/crossTenantAccessPolicy",
        ),
        (
            "/v1.0/policies/crosstenantaccesspolicy/default",
            "crossTenantAccessPolicyConfigurationDefault  @ /policies/crossTenantAccessPolicy/default",
        ),
        (
            "/v1.0/policies/crossTenantAccessPolicy/default/resetToSystemDefault",
            "action resetToSystemDefault @ /policies/crossTenantAccessPolicy/default/resetToSystemDefault",
        ),
        (
            "/v1.0/policies/crossTenantAccessPolicy/partners/ID",
            "crossTenantAccessPolicyConfigurationPartner ID @ /policies/crossTenantAccessPolicy/partners/{}",
        ),
        (
            "/v1.0/directoryRoles(roleTemplateId='ID')/members",
            "list directoryObject @ /directoryRoles/{}/members",
        ),
        (
            "/v1.0/domains/contoso.com",
            "domain contoso.com @ /domains/{}",
        ),
        (
            "/v1.0/users/ID/transitiveMemberOf/graph.group",
            "list group @ /users/{}/transitiveMemberOf/graph.group",
        ),
        ("/v1.0/me/memberOf", "list directoryObject @ /me/memberOf"),
        (
            "/v1.0/oAuth2PermissionGrants/l5eW7x0ga0-W",
            "oAuth2PermissionGrant l5eW7x0ga0-W @ /oauth2PermissionGrants/{}",
        ),
    ] {
        assert_eq!(
            shape(&path.replace("ID", ID)),
            want.replace("ID", ID),
            "{path}"
        );
    }
}

#[test]
fn what_is_not_there() {
    for (path, want) in [
        ("/", "400 BadRequest"),
        ("/v2.0/users", "400 BadRequest"),
        ("/v1.0", "404 NotFound"),
        ("/v1.0/nothing", "404 NotFound"),
        ("/v1.0/fabrikam.com/users", "404 NotFound"),
        ("/v1.0/users/ID/nothing", "400 BadRequest"),
        ("/v1.0/users/ID/memberOf/ID/nothing", "400 BadRequest"),
        ("/v1.0/users/ID/manager", "501 NotImplemented"),
        ("/v1.0/users/delta", "501 NotImplemented"),
        ("/v1.0/users/delta()", "501 NotImplemented"),
        ("/v1.0/devices", "501 NotImplemented"),
        ("/v1.0/$batch", "501 NotImplemented"),
        (
            "/v1.0/directory/deletedItems/microsoft.graph.application",
            "501 NotImplemented",
        ),
        ("/v1.0/subscriptions/x", "501 NotImplemented"),
        ("/v1.0/groups/ID/members/graph.device", "501 NotImplemented"),
        (
            "/v1.0/groups/ID/members/graph.application",
            "400 Request_UnsupportedQuery",
        ),
        (
            "/v1.0/groups/ID/members/graph.nothing",
            "400 Request_UnsupportedQuery",
        ),
        (
            "/v1.0/groups/ID/members/graph.user/graph.user",
            "400 Request_UnsupportedQuery",
        ),
        ("/v1.0/users/not-a-guid", "400 Request_BadRequest"),
        ("/v1.0/users/{ID}", "400 Request_BadRequest"),
        ("/v1.0/users('ID", "400 BadRequest"),
        ("/v1.0/users('a'b')", "400 BadRequest"),
        ("/v1.0/users(mail='x@y.z')", "400 BadRequest"),
        ("/v1.0/users/%ff", "400 BadRequest"),
        ("/v1.0/users/%0", "400 BadRequest"),
        ("/v1.0/users/a%00b@c.d", "400 BadRequest"),
        (
            "/v1.0/tenantRelationships/findTenantInformationByTenantId(tenantId='x')",
            "400 Request_BadRequest",
        ),
        (
            "/v1.0/tenantRelationships/findTenantInformationByTenantId",
            "400 BadRequest",
        ),
    ] {
        assert_eq!(shape(&path.replace("ID", ID)), want, "{path}");
    }
    let deep = format!("/v1.0/users{}", "/a".repeat(40));
    assert_eq!(shape(&deep), "400 BadRequest");
    assert_eq!(
        shape(&format!("/v1.0/users/{}", "a".repeat(5000))),
        "400 BadRequest"
    );
}

#[test]
fn an_application_alone_is_nobody() {
    let app = Caller {
        user: None,
        ..caller()
    };
    let (version, segments) = segments("/v1.0/me").unwrap();
    assert_eq!(
        resolve(version, &segments, &app).unwrap_err(),
        Failure::me_needs_a_user()
    );
}

#[test]
fn spellings_of_a_tenant_id_reach_the_same_object_or_none() {
    let canonical = ID.to_owned();
    for (spelling, found) in [
        (ID.to_uppercase(), true),
        (ID.replace('-', ""), false),
        (format!("{ID}%20"), false),
        (format!("%7B{ID}%7D"), false),
        (format!("urn:uuid:{ID}"), false),
        (ID.replace('1', "%EF%BC%91"), false),
        (ID.replace('a', "%61"), true),
    ] {
        let got = shape(&format!(
            "/v1.0/policies/crossTenantAccessPolicy/partners/{spelling}"
        ));
        assert_eq!(got.contains(&canonical), found, "{spelling}: {got}");
        assert!(found || got.starts_with("400"), "{spelling}: {got}");
    }
}
