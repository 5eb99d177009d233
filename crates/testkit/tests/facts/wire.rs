//! The wire between the clouds over the whole story: what it may carry, and nothing else.
//!
//! 1. The groups asked are those that a policy of the asking side names for this partner.
//! 2. The groups answered are some of those asked.
//! 3. No policy text: no name or ID of a policy, a rule, a location.
//! 4. No other membership and no other group.
//! 5. Nothing about a person before her yes: she is named by home in an assertion only, which is not
//!    older than her yes to that tenant; an answer to an invitation tells an object ID for the name
//!    it was asked with.
//! 6. Only the exchanges of the protocol, and no secret in an address.

use std::collections::{BTreeMap, BTreeSet};

use comity_app::App;
use comity_model::{id::Id, tenant::Tenant, user::User};
use comity_testkit::{Engine, World};
use serde_json::{Value, json};

use crate::{
    capture::{self, Message, named, texts},
    played,
};

/// What the clouds keep to themselves, and what their policies name.
struct Known {
    /// Names and IDs of Conditional Access policies, by cloud.
    policies: BTreeMap<String, BTreeSet<String>>,
    /// Every group's ID and name, by cloud.
    groups: BTreeMap<String, BTreeSet<String>>,
    /// Group IDs that cross-tenant policies have ever named, by the tenant of the policy.
    mentioned: BTreeMap<String, BTreeSet<String>>,
    /// When somebody said yes: her object ID, the resource's cloud and tenant.
    yes: BTreeMap<(String, String, String), i64>,
    /// Object IDs of people, with their names, by cloud.
    people: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

fn texts_of(value: &Value, name: &str) -> Vec<String> {
    let text = |v: &Value| v.as_str().map(str::to_lowercase);
    named(value, name).into_iter().filter_map(text).collect()
}

async fn known(world: &World) -> Known {
    let mut known = Known {
        policies: BTreeMap::new(),
        groups: BTreeMap::new(),
        mentioned: BTreeMap::new(),
        yes: BTreeMap::new(),
        people: BTreeMap::new(),
    };
    for (_, app) in &world.apps {
        let cloud = app.registry().own.canonical_name.clone();
        let read = app.store().read();
        for tenant in read.cloud().list_tenants().await.unwrap() {
            let scoped = read.tenant(tenant.id);
            let version = tenant.policy_version;
            for number in 0..=version {
                for past in scoped.policy_history().at(number).await.unwrap() {
                    let document: Value = serde_json::from_str(&past.document).unwrap();
                    if past.kind.starts_with("crossTenant") {
                        let groups = targets(&document, "group");
                        known
                            .mentioned
                            .entry(tenant.id.to_string())
                            .or_default()
                            .extend(groups);
                    } else {
                        let mut names = texts_of(&document, "displayName");
                        names.push(past.key.to_lowercase());
                        names.retain(|n| !n.is_empty());
                        known
                            .policies
                            .entry(cloud.clone())
                            .or_default()
                            .extend(names);
                    }
                }
            }
            for group in scoped.groups().all().await.unwrap() {
                let names = [group.id.to_string(), group.display_name.to_lowercase()];
                known.groups.entry(cloud.clone()).or_default().extend(names);
            }
            for user in scoped.users().all().await.unwrap() {
                let names = vec![user.upn.to_lowercase()];
                let people = known.people.entry(cloud.clone()).or_default();
                people.insert(user.id.to_string(), names);
                known.yes.extend(yes(world, app, tenant.id, &user).await);
            }
        }
    }
    known
}

type Yes = ((String, String, String), i64);

/// Whom a person's home may tell of her, and since when.
async fn yes(world: &World, home: &App, tenant: Id<Tenant>, user: &User) -> Vec<Yes> {
    let mut said = Vec::new();
    for (_, app) in &world.apps {
        let cloud = &app.registry().own.canonical_name;
        for resource in app.store().read().cloud().list_tenants().await.unwrap() {
            let read = home.store().read();
            let releases = read.tenant(tenant).releases();
            let at = releases.find(user.id, cloud, resource.id).await.unwrap();
            let key = (user.id.to_string(), cloud.clone(), resource.id.to_string());
            said.extend(at.map(|at| (key, at.seconds())));
        }
    }
    said
}

/// IDs of the targets of one type in a cross-tenant document.
fn targets(document: &Value, kind: &str) -> BTreeSet<String> {
    let lists = named(document, "targets");
    let targets = lists.iter().filter_map(|l| l.as_array()).flatten();
    targets
        .filter(|t| t["targetType"] == kind)
        .filter_map(|t| t["target"].as_str().map(str::to_lowercase))
        .collect()
}

/// The groups that a message asks about.
fn asked(content: &Value) -> BTreeSet<String> {
    let lists = named(content, "groups");
    let ids = lists.iter().filter_map(|l| l.as_array()).flatten();
    ids.filter_map(|v| v.as_str().map(str::to_lowercase))
        .collect()
}

fn list(value: &Value) -> BTreeSet<String> {
    let ids = value.as_array().into_iter().flatten();
    ids.filter_map(|v| v.as_str().map(str::to_lowercase))
        .collect()
}

/// Everything on the wire that must not be there.
fn faults(known: &Known, wire: &[Message]) -> Vec<String> {
    let mut faults = Vec::new();
    let empty = BTreeSet::new();
    let of = |map: &BTreeMap<String, BTreeSet<String>>, cloud: &str| map.get(cloud).cloned();
    for message in wire {
        let mut fault = |text: String| faults.push(format!("{}: {text}", message.about));
        // The pushes and questions name groups of the other side, which answers for them.
        let may_name = of(&known.mentioned, &message.asking).unwrap_or_default();
        for group in asked(&message.content) {
            if !may_name.contains(&group) {
                fault(format!("asks about {group}, which no policy names"));
            }
        }
        for answer in named(&message.content, "groups")
            .iter()
            .filter(|g| g.is_object())
        {
            let (evaluated, member) = (list(&answer["evaluated"]), list(&answer["member"]));
            if !member.is_subset(&evaluated) || !evaluated.is_subset(&may_name) {
                fault(format!("answers groups beyond the question: {answer}"));
            }
        }
        let said: Vec<String> = texts(&message.content)
            .iter()
            .map(|t| t.to_lowercase())
            .collect();
        let secret = known.policies.get(&message.from).unwrap_or(&empty);
        let groups = known.groups.get(&message.from).unwrap_or(&empty);
        for text in &said {
            if secret.contains(text) {
                fault(format!("says `{text}` of a policy"));
            }
            if groups.contains(text) && !may_name.contains(text) {
                fault(format!("names the group `{text}`"));
            }
        }
        faults.extend(people(known, message, &said));
    }
    faults
}

/// Rule 5.
fn people(known: &Known, message: &Message, said: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    let is_answer = message.about.starts_with("answer to ");
    let assertion = message.content.get("id_token");
    let assertion =
        assertion.filter(|_| is_answer && message.about.ends_with("/oauth2/v2.0/token"));
    let is_invitee = message.content.get("objectId").is_some();
    let Some(people) = known.people.get(&message.from) else {
        return faults;
    };
    for (id, names) in people {
        let about_her = said.iter().any(|t| t == id || names.contains(t));
        if !about_her || is_invitee {
            continue;
        }
        let key = (id.clone(), message.to.clone(), message.asking.clone());
        let released = known.yes.get(&key);
        let made = assertion.and_then(|a| a["iat"].as_i64());
        match (released, made) {
            (Some(released), Some(made)) if *released <= made => {}
            _ => faults.push(format!("{}: tells of {names:?}", message.about)),
        }
    }
    faults
}

const PATHS: [&str; 5] = [
    "/.well-known/openid-federation",
    "/federation/v1/ask",
    "/oauth2/v2.0/par",
    "/oauth2/v2.0/token",
    "/federation/v1/nonce",
];

#[tokio::test]
async fn the_wire_carries_what_the_protocol_names_and_nothing_else() {
    for engine in Engine::available() {
        let world = played(engine).await;
        let known = known(&world).await;
        let wire = capture::capture(&world);
        assert_eq!(faults(&known, &wire), Vec::<String>::new());
        let exchanges = world.wire.exchanges();
        for exchange in exchanges.iter().filter(|e| e.from != e.to) {
            let url = url::Url::parse(&exchange.url).unwrap();
            assert!(
                PATHS.iter().any(|end| url.path().ends_with(end)) && url.query().is_none(),
                "{}",
                exchange.url
            );
        }
        // The capture is not empty of what it is about.
        let pushed = wire.iter().filter(|m| m.about.ends_with("/par"));
        let groups: BTreeSet<_> = pushed.flat_map(|m| asked(&m.content)).collect();
        assert_eq!(groups.len(), 1, "step 11 asks about one group");
        let assertions = wire.iter().filter(|m| m.content.get("id_token").is_some());
        assert!(assertions.count() > 10);
    }
}

/// The message with other content.
fn doctored(message: &Message, content: Value) -> Message {
    Message {
        content,
        ..message.clone()
    }
}

/// An assertion before her yes, of somebody who said none, and for a tenant to which she said none.
fn untimely(known: &Known, wire: &[Message]) -> Vec<Message> {
    let told = wire
        .iter()
        .find(|m| m.content.get("id_token").is_some())
        .unwrap();
    assert_eq!(
        faults(known, std::slice::from_ref(told)),
        Vec::<String>::new()
    );
    let subject = told.content["id_token"]["sub"].as_str().unwrap();
    let yes = known.yes[&(subject.to_owned(), told.to.clone(), told.asking.clone())];
    let mut silent = known.people[&told.from].keys();
    let silent = silent.find(|id| !known.yes.keys().any(|(who, _, _)| who == *id));
    let claim = |name: &str, value: Value| {
        let mut content = told.content.clone();
        content["id_token"][name] = value;
        doctored(told, content)
    };
    let elsewhere = Message {
        asking: "5f0a0f4e-0000-4000-8000-000000000002".into(),
        ..told.clone()
    };
    vec![
        claim("iat", json!(yes - 1)),
        claim("sub", json!(silent.unwrap())),
        elsewhere,
    ]
}

#[tokio::test]
async fn a_doctored_capture_is_seen() {
    const UNKNOWN: &str = "5f0a0f4e-0000-4000-8000-000000000001";
    let world = played(Engine::Sqlite).await;
    let known = known(&world).await;
    let wire = capture::capture(&world);
    let is_answer = |m: &Message| m.about.starts_with("answer");
    let mut pushes = wire.iter().filter(|m| m.about.ends_with("/par"));
    let push = pushes.clone().find(|m| !is_answer(m)).unwrap();
    let answer = pushes.find(|m| is_answer(m)).unwrap();
    let (id, names) = known.people[&answer.from].iter().next().unwrap();
    let policy = known.policies[&push.from].iter().next().unwrap();
    let mentioned = known.mentioned.get(&answer.asking);
    let mut groups = known.groups[&answer.from].iter();
    let group = groups.find(|g| !mentioned.is_some_and(|m| m.contains(*g)));
    let member = json!({"groups": {"evaluated": [], "member": [UNKNOWN]}});
    let mut all = vec![
        doctored(push, json!({"groups": [UNKNOWN]})),
        doctored(push, json!({ "note": policy })),
        doctored(answer, json!({ "sub": id })),
        doctored(answer, json!({ "hint": names[0] })),
        doctored(answer, json!({ "also": group.unwrap() })),
        doctored(answer, member),
    ];
    all.extend(untimely(&known, &wire));
    // A group that another tenant's policy names, and this one's does not.
    let (asking, group) = named_elsewhere(&known);
    all.push(Message {
        asking,
        ..doctored(push, json!({ "groups": [group] }))
    });
    for message in all {
        let content = message.content.clone();
        assert_ne!(
            faults(&known, &[message]),
            Vec::<String>::new(),
            "{content}"
        );
    }
}

/// A group that some tenant's policy names, and a tenant whose policies do not.
fn named_elsewhere(known: &Known) -> (String, String) {
    let (holder, groups) = known.mentioned.iter().find(|(_, g)| !g.is_empty()).unwrap();
    let group = groups.first().unwrap().clone();
    let others = known.mentioned.iter().filter(|(t, _)| *t != holder);
    let mut without = others.filter(|(_, g)| !g.contains(&group));
    (without.next().unwrap().0.clone(), group)
}
