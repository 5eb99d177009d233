//! The SQL of a query gives what the model's evaluator gives, for every shape of query and page by
//! page (`model::query` is the reference).

use std::collections::BTreeMap;

use comity_model::{
    id::Id,
    query::{Comparison, Filter, Literal, Order, Part, Path, Query, Search},
    resource::{DIRECTORY_AUDIT, USER},
    time::Utc,
    user::{ExternalIdentity, ExternalLink, ExternalUserState, User, UserType},
};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{contract, fixture};
use crate::{Store, listing::Object};

const NAMES: [&str; 8] = [
    "Anna",
    "anna",
    "Änne",
    "Bob",
    "bo'b",
    "Zoë \"%_\" 漢字",
    "",
    "annabel Lee",
];

fn user(number: u32) -> User {
    let pick = |n: u32| {
        NAMES
            .get(number as usize % n as usize)
            .copied()
            .unwrap_or("x")
    };
    let mut user = fixture::user(number);
    user.display_name = pick(8).to_owned();
    user.mail = (!number.is_multiple_of(3)).then(|| format!("{}@Contoso.com", number % 5));
    user.account_enabled = !number.is_multiple_of(4);
    user.created = Utc::from_micros(i64::from(number % 7) * 1_000_001);
    user.properties.insert(
        "city".into(),
        [json!("Oslo"), json!("Rome"), Json::Null][number as usize % 3].clone(),
    );
    if number.is_multiple_of(2) {
        user.user_type = UserType::Guest;
        user.external = Some(ExternalLink {
            identity: ExternalIdentity {
                cloud: "there".into(),
                tenant: Id::new(Uuid::from_u128(7)),
                object: Id::new(user.id.uuid()),
            },
            state: if number.is_multiple_of(4) {
                ExternalUserState::Accepted
            } else {
                ExternalUserState::PendingAcceptance
            },
            state_changed: Utc::from_seconds(i64::from(number % 5)),
            home_upn: "x@y.z".into(),
        });
    }
    user
}

fn render(user: &User) -> Object {
    let state = user.external.as_ref();
    let mut object = user.properties.clone();
    for (name, value) in [
        ("id", json!(user.id)),
        ("userPrincipalName", json!(user.upn)),
        ("displayName", json!(user.display_name)),
        ("mail", json!(user.mail)),
        ("userType", json!(user.user_type.as_str())),
        ("accountEnabled", json!(user.account_enabled)),
        ("externalUserState", json!(state.map(|e| e.state.as_str()))),
        (
            "externalUserStateChangeDateTime",
            json!(state.map(|e| e.state_changed)),
        ),
        ("createdDateTime", json!(user.created)),
        ("deletedDateTime", Json::Null),
    ] {
        object.insert(name.into(), value);
    }
    object
}

async fn fill(store: &Store) -> Vec<User> {
    let tx = store.begin().await.unwrap();
    tx.cloud().insert_tenant(&fixture::tenant(1)).await.unwrap();
    tx.cloud().insert_tenant(&fixture::tenant(2)).await.unwrap();
    let users: Vec<User> = (1..=40).map(user).collect();
    for user in &users {
        tx.tenant(fixture::tenant(1).id)
            .users()
            .insert(user)
            .await
            .unwrap();
    }
    // Neither another tenant's people nor deleted ones are listed.
    tx.tenant(fixture::tenant(2).id)
        .users()
        .insert(&user(1))
        .await
        .unwrap();
    let gone = user(99);
    tx.tenant(fixture::tenant(1).id)
        .users()
        .insert(&gone)
        .await
        .unwrap();
    tx.tenant(fixture::tenant(1).id)
        .users()
        .soft_delete(gone.id, Utc::default())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    users
}

fn path(name: &str) -> Path {
    Path::of(USER.property(name).unwrap())
}

fn atoms() -> Vec<Filter> {
    use Comparison::{AtLeast, AtMost, Equal, Greater, Less, NotEqual};
    let text = |t: &str| Literal::Text(t.into());
    let compare = |name: &str, op, literal| Filter::Compare(path(name), op, literal);
    let starts = |name: &str, t: &str| Filter::Text(path(name), Part::Start, t.into());
    let id = Literal::Guid(user(5).id.uuid());
    vec![
        compare("displayName", Equal, text("ANNA")),
        compare("displayName", NotEqual, text("anna")),
        compare("displayName", AtLeast, text("B")),
        compare("displayName", AtMost, text("b")),
        compare("mail", Equal, text("1@contoso.COM")),
        compare("mail", NotEqual, text("1@contoso.com")),
        compare("mail", Equal, Literal::Null),
        compare("mail", NotEqual, Literal::Null),
        compare("mail", AtLeast, text("2")),
        compare("userType", Equal, text("guest")),
        compare("userType", NotEqual, text("Member")),
        compare("externalUserState", NotEqual, text("Accepted")),
        compare("externalUserState", Equal, Literal::Null),
        compare("accountEnabled", Equal, Literal::Bool(false)),
        compare(
            "createdDateTime",
            Greater,
            Literal::Time(Utc::from_micros(3_000_003)),
        ),
        compare(
            "createdDateTime",
            Less,
            Literal::Time(Utc::from_micros(3_000_003)),
        ),
        compare("city", Equal, text("oslo")),
        compare("city", Equal, Literal::Null),
        compare("id", Equal, id.clone()),
        compare("displayName", Equal, text("a\0b")),
        Filter::In(path("id"), vec![id, Literal::Guid(user(6).id.uuid())]),
        Filter::In(path("displayName"), vec![text("bob"), text("änne")]),
        starts("displayName", "AN"),
        starts("displayName", "zoë \"%_"),
        starts("displayName", ""),
        starts("mail", "1"),
        Filter::Text(path("mail"), Part::End, "@contoso.com".into()),
        Filter::And(vec![]),
        Filter::Or(vec![]),
    ]
}

fn filters() -> Vec<Option<Filter>> {
    let atoms = atoms();
    let mut filters: Vec<Option<Filter>> = vec![None];
    for (position, atom) in atoms.iter().enumerate() {
        let other = atoms[(position * 7 + 3) % atoms.len()].clone();
        let third = atoms[(position * 5 + 1) % atoms.len()].clone();
        filters.push(Some(atom.clone()));
        filters.push(Some(Filter::Not(Box::new(atom.clone()))));
        filters.push(Some(Filter::And(vec![atom.clone(), other.clone()])));
        filters.push(Some(Filter::Or(vec![atom.clone(), other.clone()])));
        filters.push(Some(Filter::Not(Box::new(Filter::And(vec![
            Filter::Or(vec![atom.clone(), third]),
            Filter::Not(Box::new(other)),
        ])))));
    }
    filters
}

fn orders() -> Vec<Vec<Order>> {
    let by = |name: &str, descending| Order {
        property: USER.property(name).unwrap(),
        descending,
    };
    vec![
        vec![],
        vec![by("displayName", false)],
        vec![by("displayName", true)],
        vec![by("mail", true), by("createdDateTime", false)],
        vec![by("accountEnabled", false), by("mail", false)],
        vec![by("city", true)],
    ]
}

async fn compare(store: &Store, users: &[User], query: &Query) {
    let expected = query.apply(users.iter().map(render));
    let read = store.read();
    let found = read
        .tenant(fixture::tenant(1).id)
        .users()
        .list(query, render)
        .await
        .unwrap();
    let said = query.filter.as_ref().map(ToString::to_string);
    assert_eq!(found, expected, "{said:?} {:?}", query.order);
}

contract!(sql_and_memory_agree, store, {
    let users = fill(&store).await;
    let orders = orders();
    for (number, filter) in filters().into_iter().enumerate() {
        let order = orders[number % orders.len()].clone();
        let mut query = Query {
            filter,
            order,
            count: number % 3 == 0,
            ..Query::all(&USER)
        };
        compare(&store, &users, &query).await;
        query.page.size = 5;
        query.page.skip = number % 4;
        compare(&store, &users, &query).await;
    }
});

contract!(pages_join_to_the_whole, store, {
    let users = fill(&store).await;
    let wide = Filter::Compare(
        path("city"),
        Comparison::NotEqual,
        Literal::Text("Rome".into()),
    );
    for (order, filter) in orders()
        .into_iter()
        .flat_map(|o| [(o.clone(), None), (o, Some(wide.clone()))])
    {
        let mut query = Query {
            filter,
            order,
            ..Query::all(&USER)
        };
        let whole = query.apply(users.iter().map(render)).items;
        query.page.size = 7;
        let mut joined = Vec::new();
        loop {
            let read = store.read();
            let page = read
                .tenant(fixture::tenant(1).id)
                .users()
                .list(&query, render)
                .await
                .unwrap();
            query.page.after = page.items.last().map(|last| query.position(last));
            joined.extend(page.items);
            if !page.more {
                break;
            }
        }
        assert_eq!(joined, whole, "{:?}", query.order);
    }
});

contract!(search_is_judged_in_memory, store, {
    let users = fill(&store).await;
    let property = USER.property("displayName").unwrap();
    let search = Some(Search::Term {
        property,
        text: "lee".into(),
    });
    let query = Query {
        search,
        count: true,
        ..Query::all(&USER)
    };
    compare(&store, &users, &query).await;
    assert!(query.apply(users.iter().map(render)).count > Some(0));
});

contract!(records_come_newest_first, store, {
    let tx = store.begin().await.unwrap();
    let records: Vec<_> = (1..=9).map(fixture::audit_record).collect();
    for record in &records {
        tx.tenant(fixture::tenant(1).id)
            .audit_records()
            .insert(record)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let render = |r: &comity_model::audit_record::AuditRecord| -> Object {
        let object = json!({"id": r.id, "activityDateTime": r.created, "category": r.category,
            "activityDisplayName": r.activity, "result": r.result, "correlationId": r.correlation_id});
        object.as_object().unwrap().clone()
    };
    let property = |name: &str| DIRECTORY_AUDIT.property(name).unwrap();
    let is = |name: &str, text: &str| {
        Filter::Compare(
            Path::of(property(name)),
            Comparison::Equal,
            Literal::Text(text.into()),
        )
    };
    for filter in [
        None,
        Some(is("category", "POLICY")),
        Some(is("result", "failure")),
    ] {
        let order = vec![Order {
            property: property("activityDateTime"),
            descending: true,
        }];
        let mut query = Query {
            filter,
            order,
            count: true,
            ..Query::all(&DIRECTORY_AUDIT)
        };
        let whole = query.apply(records.iter().map(render));
        assert!(!whole.items.is_empty());
        let read = store.read();
        let audits = read.tenant(fixture::tenant(1).id);
        assert_eq!(
            audits.audit_records().list(&query, render).await.unwrap(),
            whole
        );
        query.page.size = 2;
        query.page.after = whole.items.first().map(|first| query.position(first));
        query.count = false;
        let expected = query.apply(records.iter().map(render));
        assert_eq!(
            audits.audit_records().list(&query, render).await.unwrap(),
            expected
        );
    }
});

#[test]
fn the_test_data_have_every_kind_of_user() {
    let mut seen: BTreeMap<(bool, bool, bool), usize> = BTreeMap::new();
    for user in (1..=40).map(user) {
        *seen
            .entry((
                user.mail.is_some(),
                user.external.is_some(),
                user.account_enabled,
            ))
            .or_default() += 1;
    }
    assert!(seen.len() >= 6, "{seen:?}");
}
