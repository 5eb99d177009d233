#![expect(clippy::needless_pass_by_value, reason = "written in place")]
use comity_model::resource::{
    APPLICATION, DIRECTORY_OBJECT, GROUP, IP_NAMED_LOCATION, NAMED_LOCATION, SERVICE_PRINCIPAL,
    USER,
    address::{Key, Object},
};
use serde_json::json;

use super::*;
use crate::odata::asked::select;

fn map(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn view(metadata: Metadata) -> View<'static> {
    View {
        metadata,
        root: "https://g",
        tenant: Uuid::nil(),
    }
}

fn minimal(declared: &'static ResourceType, object: Value, names: Option<&str>) -> Value {
    let select = select(names, declared).unwrap();
    Value::Object(view(Metadata::Minimal).object(
        declared,
        &map(object),
        select.as_deref(),
        &Map::new(),
    ))
}

#[test]
fn the_usual_properties_of_a_user_are_ten() {
    let user = minimal(
        &USER,
        json!({"id": "1", "displayName": "A", "city": "B", "passwordHash": "x"}),
        None,
    );
    let names: Vec<&str> = user
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        names,
        [
            "id",
            "businessPhones",
            "displayName",
            "givenName",
            "jobTitle",
            "mail",
            "mobilePhone",
            "officeLocation",
            "preferredLanguage",
            "surname",
            "userPrincipalName"
        ]
    );
    assert_eq!(user["businessPhones"], json!([]));
    assert_eq!(user["mail"], Value::Null);
}

#[test]
fn selection_gives_the_key_and_the_names_in_their_order() {
    let user = minimal(
        &USER,
        json!({"id": "1", "displayName": "A", "city": "B"}),
        Some("city,displayname"),
    );
    assert_eq!(
        user.to_string(),
        r#"{"id":"1","city":"B","displayName":"A"}"#
    );
}

#[test]
fn secrets_are_never_served() {
    let secret = json!({"id": "1", "passwordProfile": {"password": "x", "forceChangePasswordNextSignIn": true}});
    let user = minimal(&USER, secret, Some("passwordProfile"));
    assert_eq!(user["passwordProfile"]["password"], Value::Null);
    assert_eq!(
        user["passwordProfile"]["forceChangePasswordNextSignIn"],
        json!(true)
    );
    let app = json!({"id": "1", "passwordCredentials": [{"keyId": "k", "secretText": "x", "secretHash": "y"}],
        "keyCredentials": [{"keyId": "k", "key": "x"}]});
    let app = minimal(&APPLICATION, app, None).to_string();
    assert!(!app.contains("\"x\"") && !app.contains("\"y\""), "{app}");
}

#[test]
fn unset_members_get_their_initial_values() {
    let app = minimal(
        &APPLICATION,
        json!({"id": "1", "web": {"redirectUris": ["a"]}}),
        Some("web,spa"),
    );
    assert_eq!(
        app["web"]["implicitGrantSettings"]["enableIdTokenIssuance"],
        json!(false)
    );
    assert_eq!(app["web"]["redirectUris"], json!(["a"]));
    assert_eq!(app["spa"]["redirectUris"], json!([]));
}

#[test]
fn types_are_named_where_they_differ_from_the_declared_one() {
    let group = json!({"@odata.type": "#microsoft.graph.group", "id": "1", "displayName": "G"});
    assert_eq!(
        minimal(&DIRECTORY_OBJECT, group.clone(), None)["@odata.type"],
        "#microsoft.graph.group"
    );
    assert_eq!(
        minimal(&DIRECTORY_OBJECT, group.clone(), None)["mailEnabled"],
        Value::Null
    );
    assert_eq!(
        minimal(&GROUP, group.clone(), None).get("@odata.type"),
        None
    );
    let none =
        view(Metadata::None).object(&DIRECTORY_OBJECT, &map(group.clone()), None, &Map::new());
    assert_eq!(none.get("@odata.type"), None);
    let full = view(Metadata::Full).object(&GROUP, &map(group), None, &Map::new());
    assert_eq!(full["@odata.type"], "#microsoft.graph.group");
    assert!(
        full["@odata.id"]
            .as_str()
            .unwrap()
            .ends_with("/1/Microsoft.DirectoryServices.Group")
    );
    let location =
        json!({"@odata.type": "#microsoft.graph.ipNamedLocation", "id": "1", "ipRanges": []});
    let location = minimal(&NAMED_LOCATION, location, None);
    assert_eq!(
        location["@odata.type"],
        format!("#{}", IP_NAMED_LOCATION.full_name())
    );
    assert_eq!(location["isTrusted"], json!(false));
}

#[test]
fn contexts() {
    let place = Place::of(&USER);
    let names = select(Some("displayName,id"), &USER).unwrap();
    assert_eq!(list_context(&place, None, &[]), "users");
    assert_eq!(
        list_context(&place, names.as_deref(), &[]),
        "users(displayName,id)"
    );
    assert_eq!(
        entity_context(&place, names.as_deref(), &[]),
        "users(displayName,id)/$entity"
    );
    let owner = Object {
        place: Place::of(&SERVICE_PRINCIPAL),
        key: Key::Id("x".into()),
    };
    let behind = Place::behind(
        &owner,
        SERVICE_PRINCIPAL.navigation("appRoleAssignedTo").unwrap(),
    );
    assert_eq!(
        list_context(&behind, None, &[]),
        "servicePrincipals('x')/appRoleAssignedTo"
    );
    assert_eq!(
        entity_context(&behind, None, &[]),
        "servicePrincipals('x')/appRoleAssignedTo/$entity"
    );
    let members = Place::behind(
        &Object::by_id(&GROUP, "x"),
        GROUP.navigation("members").unwrap(),
    );
    assert_eq!(list_context(&members, None, &[]), "directoryObjects");
    let expand = [Expand {
        navigation: GROUP.navigation("members").unwrap(),
        select: None,
    }];
    assert_eq!(
        list_context(&Place::of(&GROUP), None, &expand),
        "groups(members())"
    );
    assert_eq!(
        entity_context(&Place::of(&NAMED_LOCATION), None, &[]),
        "namedLocations/$entity"
    );
}

#[test]
fn the_level_of_metadata_is_read_from_accept() {
    for (accept, want) in [
        ("", Metadata::Minimal),
        ("application/json", Metadata::Minimal),
        ("application/json;odata.metadata=none", Metadata::None),
        ("application/json; odata=nometadata", Metadata::None),
        (
            "application/json; charset=utf-8; IEEE754Compatible=false; odata.metadata=full",
            Metadata::Full,
        ),
    ] {
        assert_eq!(Metadata::from_accept(accept), want, "{accept}");
    }
}
