//! A very large group: its lists are right, page by page, and while they are made other requests are
//! answered. `COMITY_CROWD` sets its size.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
};

use comity_model::{
    group::{Group, ObjectKind, ObjectRef},
    id::Id,
    tenant::Tenant,
    time::Utc,
    user::{User, UserType},
};
use comity_testkit::Engine;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::rig::{Rig, ok};

const GROUP: u128 = 0x1000_0000_0000_4000_8000_0000_0000_0000;
const NOW: Utc = Utc::from_micros(1_790_000_000_000_000);

fn size() -> usize {
    let set = std::env::var("COMITY_CROWD").ok();
    set.and_then(|n| n.parse().ok()).unwrap_or(1_200)
}

fn member(number: usize) -> User {
    let id = Id::new(Uuid::from_u128(GROUP + 1 + number as u128));
    User {
        id,
        upn: format!("m{number}@contoso.com"),
        // Two names in all, so that the key decides between equals.
        display_name: if number.is_multiple_of(2) {
            "Even"
        } else {
            "Odd"
        }
        .into(),
        mail: None,
        user_type: UserType::Member,
        account_enabled: true,
        external: None,
        sessions_valid_from: NOW,
        created: NOW,
        deleted: number.is_multiple_of(500).then_some(NOW),
        version: 1,
        properties: Map::new(),
    }
}

async fn gather(rig: &Rig, tenant: Id<Tenant>, members: usize) {
    let app = rig.world.app("global").unwrap();
    let group = Group {
        id: Id::new(Uuid::from_u128(GROUP)),
        display_name: "Everybody".into(),
        mail_nickname: "everybody".into(),
        mail_enabled: false,
        security_enabled: true,
        created: NOW,
        deleted: None,
        version: 1,
        properties: Map::new(),
    };
    let tx = app.store().begin().await.unwrap();
    let scoped = tx.tenant(tenant);
    scoped.groups().insert(&group).await.unwrap();
    for number in 0..members {
        let user = member(number);
        let reference = ObjectRef {
            kind: ObjectKind::User,
            id: user.id.uuid(),
        };
        scoped.users().insert(&user).await.unwrap();
        let groups = scoped.groups();
        assert!(groups.add_member(group.id, reference).await.unwrap());
    }
    tx.commit().await.unwrap();
}

fn path(rest: &str) -> String {
    format!("/groups/{}/{rest}", Uuid::from_u128(GROUP))
}

/// The IDs of all pages; each page is as long as it may be.
async fn pages(rig: &Rig, rest: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut page = ok(&rig.eventual(&path(rest)).await);
    loop {
        let ids = page["value"].as_array().unwrap().iter();
        all.extend(ids.map(|o| o["id"].as_str().unwrap().to_owned()));
        match page["@odata.nextLink"].as_str() {
            Some(next) => page = ok(&rig.get(next).await),
            None => return all,
        }
    }
}

async fn lists_are_right(rig: &Rig, members: usize) {
    let live = |number: &usize| !number.is_multiple_of(500);
    let name = |number: usize| member(number).id.to_string();
    let all: Vec<String> = (0..members).filter(live).map(name).collect();
    for relation in ["members", "transitiveMembers"] {
        assert_eq!(
            pages(rig, &format!("{relation}?$top=999&$select=id")).await,
            all
        );
        let even = format!("{relation}?$filter=displayName%20eq%20'Even'&$top=999&$select=id");
        let have: BTreeSet<String> = pages(rig, &even).await.into_iter().collect();
        let want = (0..members).filter(|n| live(n) && n.is_multiple_of(2));
        assert_eq!(have, want.map(name).collect(), "{relation}");
        let count = rig.eventual(&path(&format!("{relation}/$count"))).await;
        assert_eq!(count.text(), all.len().to_string());
    }
    let down = "members?$orderby=displayName%20desc&$top=999&$select=id";
    let odd = (0..members).filter(|n| !n.is_multiple_of(2));
    let even = (0..members).filter(|n| live(n) && n.is_multiple_of(2));
    let want: Vec<String> = odd.chain(even).map(name).collect();
    assert_eq!(pages(rig, down).await, want);
}

#[tokio::test]
async fn lists_of_a_very_large_group_are_right_and_hold_nobody_up() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let tenant = Id::parse(&rig.tenant("contoso.com").id).unwrap();
        let members = size();
        gather(&rig, tenant, members).await;
        // Walking through all pages of a much larger one takes too long for a test.
        if members <= 10_000 {
            lists_are_right(&rig, members).await;
        }
        // A server answers in an order of its own; it is SQLite that would keep the caller's thread.
        if engine == Engine::Sqlite {
            for rest in ["members?$top=1", "members?$orderby=displayName&$top=1"] {
                others_are_answered_meanwhile(&rig, &path(rest)).await;
            }
        }
    }
}

/// On one thread: a small request that is sent after the large one is answered before it.
async fn others_are_answered_meanwhile(rig: &Rig, large: &str) {
    let order = RefCell::new(Vec::new());
    let done = Cell::new(false);
    let big = async {
        let answer = rig.eventual(large).await;
        done.set(true);
        order.borrow_mut().push("large");
        ok(&answer)
    };
    let small = async {
        let mut answered = 0;
        while !done.get() {
            let found = rig.get("/organization?$select=id").await;
            order.borrow_mut().push("small");
            ok(&found);
            answered += 1;
        }
        answered
    };
    let (found, answered): (Value, usize) = futures_util::future::join(big, small).await;
    assert_eq!(found["value"].as_array().unwrap().len(), 1);
    assert_eq!(order.borrow()[0], "small", "{large}: {answered} meanwhile");
    println!("{large}: {answered} small requests meanwhile");
}
