#![expect(
    clippy::too_many_lines,
    clippy::needless_pass_by_value,
    reason = "tables of cases"
)]
use serde_json::{Map, Value, json};

use super::*;
use crate::resource::{DIRECTORY_OBJECT, SIGN_IN, USER};

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn path(name: &str) -> Path {
    Path::of(USER.property(name).unwrap())
}

fn text(value: &str) -> Literal {
    Literal::Text(value.into())
}

fn element() -> Path {
    Path {
        property: None,
        field: None,
        kind: Kind::Text,
    }
}

#[test]
fn conditions_hold_or_do_not() {
    use Comparison::{AtLeast, AtMost, Equal, Greater, Less, NotEqual};
    let user = object(
        json!({"displayName": "Adele Vance", "city": null, "accountEnabled": true,
        "otherMails": ["a@b.c"], "createdDateTime": "2026-01-01T00:00:00Z"}),
    );
    let time = |t: &str| Literal::Time(crate::time::Utc::parse(t).unwrap());
    let compare = |p: &str, op, value| Filter::Compare(path(p), op, value);
    let any = |inner| Filter::Any(path("otherMails"), Some(Box::new(inner)));
    let cases = [
        (compare("displayName", Equal, text("ADELE vance")), true),
        (compare("displayName", Equal, text("Adele")), false),
        (compare("displayName", NotEqual, text("x")), true),
        (compare("city", Equal, Literal::Null), true),
        (compare("city", NotEqual, text("x")), true),
        (compare("city", AtLeast, text("a")), false),
        (compare("city", AtMost, text("z")), false),
        (
            Filter::Not(Box::new(compare("city", Equal, text("x")))),
            true,
        ),
        (compare("surname", Equal, Literal::Null), true),
        (compare("accountEnabled", Equal, Literal::Bool(true)), true),
        (
            compare("accountEnabled", NotEqual, Literal::Bool(true)),
            false,
        ),
        (
            compare(
                "createdDateTime",
                AtLeast,
                time("2026-01-01T01:00:00+01:00"),
            ),
            true,
        ),
        (
            compare("createdDateTime", Greater, time("2026-01-01T00:00:00Z")),
            false,
        ),
        (
            compare("createdDateTime", Less, time("2026-01-02T00:00:00Z")),
            true,
        ),
        (
            Filter::Text(path("displayName"), Part::Start, "adele".into()),
            true,
        ),
        (
            Filter::Text(path("displayName"), Part::Start, "vance".into()),
            false,
        ),
        (
            Filter::Text(path("displayName"), Part::End, "VANCE".into()),
            true,
        ),
        (
            Filter::Text(path("displayName"), Part::Anywhere, "le va".into()),
            true,
        ),
        (
            Filter::Text(path("city"), Part::Anywhere, String::new()),
            false,
        ),
        (
            Filter::In(path("displayName"), vec![text("x"), text("adele vance")]),
            true,
        ),
        (Filter::In(path("displayName"), vec![text("x")]), false),
        (any(Filter::Compare(element(), Equal, text("A@B.C"))), true),
        (any(Filter::Compare(element(), Equal, text("x"))), false),
        (Filter::Any(path("businessPhones"), None), false),
        (Filter::Any(path("otherMails"), None), true),
        (
            Filter::All(path("businessPhones"), Box::new(Filter::Or(vec![]))),
            true,
        ),
        (Filter::Count(path("otherMails"), Equal, 1), true),
        (Filter::Count(path("otherMails"), NotEqual, 0), true),
        (Filter::IsOf(&USER), false),
    ];
    for (filter, want) in cases {
        assert_eq!(matches(&filter, &user), want, "{filter}");
    }
}

/// Members are of several types: what a type does not have is missing, and has not the initial value
/// that another type gives it.
#[test]
fn a_property_of_another_derived_type_is_missing() {
    let property = DIRECTORY_OBJECT
        .property("appRoleAssignmentRequired")
        .unwrap();
    let off = Filter::Compare(Path::of(property), Comparison::Equal, Literal::Bool(false));
    for (type_name, holds) in [
        ("servicePrincipal", true),
        ("user", false),
        ("group", false),
    ] {
        let typed = format!("#microsoft.graph.{type_name}");
        let member = object(json!({"@odata.type": typed}));
        assert_eq!(matches(&off, &member), holds, "{type_name}");
        let not = Filter::Not(Box::new(off.clone()));
        assert_eq!(matches(&not, &member), !holds, "{type_name}");
    }
}

#[test]
fn members_below_a_property_compare() {
    let status = SIGN_IN.property("status").unwrap();
    let field = status.fields.first().unwrap();
    let path = Path {
        property: Some(status),
        field: Some(field),
        kind: field.kind,
    };
    let filter = Filter::Compare(path, Comparison::Equal, Literal::Int(53003));
    assert!(matches(
        &filter,
        &object(json!({"status": {"errorCode": 53003}}))
    ));
    assert!(!matches(
        &filter,
        &object(json!({"status": {"errorCode": 0}}))
    ));
    assert!(!matches(&filter, &object(json!({}))));
    assert_eq!(filter.to_string(), "status/errorCode eq 53003");
}

fn users() -> Vec<Map<String, Value>> {
    ["dora", "Anna", "carl", "anna", "berta"]
        .iter()
        .enumerate()
        .map(|(i, name)| object(json!({"id": format!("00000000-0000-0000-0000-00000000000{i}"), "displayName": name})))
        .collect()
}

fn names(listing: &Listing) -> Vec<&str> {
    listing
        .items
        .iter()
        .filter_map(|o| o["displayName"].as_str())
        .collect()
}

fn by_name(descending: bool) -> Query {
    Query {
        order: vec![Order {
            property: USER.property("displayName").unwrap(),
            descending,
        }],
        page: Page {
            size: 2,
            skip: 0,
            after: None,
        },
        count: true,
        ..Query::all(&USER)
    }
}

#[test]
fn pages_follow_one_another_without_gap_or_repetition() {
    for (descending, want) in [
        (false, ["Anna", "anna", "berta", "carl", "dora"]),
        (true, ["dora", "carl", "berta", "Anna", "anna"]),
    ] {
        let mut query = by_name(descending);
        let mut seen = Vec::new();
        loop {
            let listing = query.apply(users());
            assert_eq!(listing.count, Some(5));
            seen.extend(names(&listing).into_iter().map(str::to_owned));
            if !listing.more {
                break;
            }
            query.page.after = listing.items.last().map(|o| query.position(o));
        }
        assert_eq!(seen, want);
    }
}

#[test]
fn rows_that_come_and_go_do_not_move_the_rest() {
    let mut query = by_name(false);
    let first = query.apply(users());
    query.page.after = first.items.last().map(|o| query.position(o));
    let mut changed = users();
    changed.retain(|o| o["displayName"] != "anna");
    changed.push(object(
        json!({"id": "00000000-0000-0000-0000-000000000009", "displayName": "aaron"}),
    ));
    assert_eq!(names(&query.apply(changed)), ["berta", "carl"]);
}

#[test]
fn missing_values_come_last_in_either_direction() {
    let rows = || {
        vec![
            object(json!({"id": "1"})),
            object(json!({"id": "2", "displayName": "a"})),
        ]
    };
    for descending in [false, true] {
        let listing = by_name(descending).apply(rows());
        assert_eq!(listing.items[0]["id"], "2", "{descending}");
    }
}

#[test]
fn words_are_found_by_their_beginning() {
    let term = |property: &str, text: &str| Search::Term {
        property: USER.property(property).unwrap(),
        text: text.into(),
    };
    let user =
        object(json!({"displayName": "HelloWorld2 Oscar-Ward", "mail": "oscarward@contoso.com"}));
    for (search, want) in [
        (term("displayName", "wa"), true),
        (term("displayName", "ard"), false),
        (term("displayName", "world"), true),
        (term("displayName", "helloworld"), true),
        (term("displayName", "2"), true),
        (term("displayName", "oscar hello"), true),
        (term("displayName", "oscar nobody"), false),
        (term("displayName", "-"), false),
        (term("mail", "OSCAR"), true),
        (term("mail", "ward"), false),
        (
            Search::And(vec![term("displayName", "wa"), term("mail", "x")]),
            false,
        ),
        (
            Search::Or(vec![term("displayName", "wa"), term("mail", "x")]),
            true,
        ),
    ] {
        assert_eq!(search.matches(&user), want, "{search:?}");
    }
}
