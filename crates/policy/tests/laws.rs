//! Laws that hold for every case: a denial wins, order does not matter, more blocking never
//! admits, what is unknown exempts nobody, and a document written back decides the same.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use comity_model::{
    conditional_access::ConditionalAccessPolicy, cross_tenant::CrossTenantAccessPolicy,
    document::Document,
};
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

const CLOUDS: [&str; 2] = ["microsoftonline.com", "microsoftonline.us"];

/// A few IDs, so that they meet often.
fn id(n: u8) -> String {
    format!("00000000-0000-0000-0000-0000000000{n:02x}")
}

fn ids(n: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec((0_u8..6).prop_map(id), 0..n)
}

fn half(kinds: &'static [&'static str], keyword: &'static str) -> impl Strategy<Value = Value> {
    let target = prop_oneof![
        3 => (0_u8..6).prop_map(id),
        1 => Just(keyword.to_owned()),
        1 => Just("nobody at all".to_owned()),
    ];
    let target = (target, select(kinds))
        .prop_map(|(target, kind)| json!({"target": target, "targetType": kind}));
    let targets = prop::collection::vec(target, 1..5);
    (select(&["allowed", "blocked"][..]), targets)
        .prop_map(|(access, targets)| json!({"accessType": access, "targets": targets}))
}

fn setting() -> impl Strategy<Value = Value> {
    let users = prop::option::of(half(&["user", "group"], "AllUsers"));
    let applications = prop::option::of(half(&["application"], "AllApplications"));
    (users, applications)
        .prop_map(|(users, apps)| json!({"usersAndGroups": users, "applications": apps}))
}

fn settings() -> impl Strategy<Value = Value> {
    let trust = (
        any::<Option<bool>>(),
        any::<Option<bool>>(),
        any::<Option<bool>>(),
    );
    (setting(), setting(), trust).prop_map(|(inbound, outbound, (mfa, compliant, hybrid))| {
        json!({
            "b2bCollaborationInbound": inbound,
            "b2bCollaborationOutbound": outbound,
            "inboundTrust": {
                "isMfaAccepted": mfa,
                "isCompliantDeviceAccepted": compliant,
                "isHybridAzureADJoinedDeviceAccepted": hybrid,
            },
        })
    })
}

fn policy(other: u8) -> impl Strategy<Value = Value> {
    (settings(), settings(), settings()).prop_map(move |(default, mut partner, mut stranger)| {
        partner["tenantId"] = id(other).into();
        stranger["tenantId"] = id(99).into();
        json!({
            "allowedCloudEndpoints": CLOUDS,
            "default": default,
            "partners": [partner, stranger],
        })
    })
}

fn access_policy() -> impl Strategy<Value = Value> {
    let states = [
        "enabled",
        "enabled",
        "disabled",
        "enabledForReportingButNotEnforced",
    ];
    let controls = [
        "mfa",
        "compliantDevice",
        "domainJoinedDevice",
        "passwordChange",
    ];
    let lists = (ids(2), ids(2), ids(2), ids(2));
    let platforms = prop::collection::vec(select(&["linux", "windows", "all"][..]), 0..2);
    (
        select(states.to_vec()),
        any::<bool>(),
        lists,
        (platforms.clone(), platforms),
        prop::collection::vec(select(controls.to_vec()), 0..3),
        select(&["AND", "OR"][..]),
    )
        .prop_map(|(state, everybody, lists, (include, exclude), controls, operator)| {
            let (users, not_users, groups, apps) = lists;
            let users = if everybody { vec!["All".to_owned()] } else { users };
            let apps = if apps.is_empty() { vec!["All".to_owned()] } else { apps };
            json!({
                "id": "p", "displayName": "p", "state": state,
                "conditions": {
                    "clientAppTypes": ["all"],
                    "users": {"includeUsers": users, "excludeUsers": not_users, "includeGroups": groups},
                    "applications": {"includeApplications": apps},
                    "platforms": {"includePlatforms": include, "excludePlatforms": exclude}},
                "grantControls": {"operator": operator, "builtInControls": controls}})
        })
}

fn sign_in() -> impl Strategy<Value = Value> {
    let methods = || {
        let words = ["password", "softwareOath", "fido2", "email"];
        prop::collection::vec(select(words.to_vec()), 0..3)
    };
    let platform = prop::option::of(select(&["linux", "windows"][..]));
    (
        methods(),
        methods(),
        platform,
        any::<Option<bool>>(),
        any::<Option<bool>>(),
    )
        .prop_map(|(home, resource, platform, compliant, joined)| {
            json!({"homeMethods": home, "resourceMethods": resource, "platform": platform,
                "device": {"isCompliant": compliant, "isHybridJoined": joined}})
        })
}

fn case() -> impl Strategy<Value = Value> {
    let kinds = [
        "b2bCollaborationGuest",
        "b2bCollaborationMember",
        "internalGuest",
        "otherExternalUser",
    ];
    let user = (0_u8..6, ids(3), select(kinds.to_vec()), ids(3)).prop_map(
        |(user, groups, kind, resource_groups)| {
            json!({"id": id(user), "groups": groups, "type": kind,
                "resourceUserId": id(user), "resourceGroups": resource_groups})
        },
    );
    let application = prop::option::weighted(0.8, (0_u8..6, 0_u8..6)).prop_map(|pair| {
        pair.map(|(client, resource)| json!({"appId": id(client), "resourceAppId": id(resource)}))
    });
    (
        (select(CLOUDS.to_vec()), policy(2), policy(1)),
        prop::collection::vec(access_policy(), 0..3),
        (user, application, sign_in()),
    )
        .prop_map(
            |((home_cloud, resource, home), access, (user, application, sign_in))| {
                json!({
                "id": 1,
                "resource": {"cloud": CLOUDS[0], "tenantId": id(1), "policy": resource,
                    "conditionalAccess": access},
                "home": {"cloud": home_cloud, "tenantId": id(2), "policy": home},
                "request": {"user": user, "application": application, "signIn": sign_in}})
            },
        )
}

/// The answer without what is for people.
fn answer(case: &Value) -> Value {
    let mut out = Vec::new();
    comity_policy::result::answer(case.to_string().as_bytes(), &mut out);
    let mut answer: Value = serde_json::from_slice(&out).unwrap();
    assert!(answer.get("error").is_none(), "{answer}\n{case}");
    answer.as_object_mut().unwrap().remove("because");
    answer
}

fn rank(answer: &Value) -> u8 {
    match answer["decision"].as_str().unwrap() {
        "allow" => 0,
        "challenge" => 1,
        _ => 2,
    }
}

/// Reverses every list of policies, partners, targets and IDs.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Array(values) => Value::Array(values.iter().rev().map(reversed).collect()),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), reversed(value)))
            .collect(),
        other => other.clone(),
    }
}

/// Pointers to every half of a case's policies.
fn halves(case: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for side in ["resource", "home"] {
        for place in ["default", "partners/0"] {
            for setting in ["b2bCollaborationInbound", "b2bCollaborationOutbound"] {
                for half in ["usersAndGroups", "applications"] {
                    let pointer = format!("/{side}/policy/{place}/{setting}/{half}");
                    if case.pointer(&pointer).is_some_and(Value::is_object) {
                        found.push(pointer);
                    }
                }
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_does_not_matter(case in case()) {
        let (mut straight, mut back) = (answer(&case), answer(&reversed(&case)));
        let results = |a: &mut Value| a["conditionalAccess"].take().as_array().unwrap().clone();
        let (straight_results, mut back_results) = (results(&mut straight), results(&mut back));
        back_results.reverse();
        prop_assert_eq!(straight, back);
        prop_assert_eq!(straight_results, back_results);
    }

    #[test]
    fn an_answer_is_consistent_in_itself(case in case()) {
        let answer = answer(&case);
        let denied = answer["decision"] == "deny";
        for name in ["side", "gate", "code"] {
            prop_assert_eq!(answer[name].is_null(), !denied);
        }
        let controls = answer["controls"].as_array().unwrap();
        prop_assert_eq!(controls.is_empty(), answer["decision"] != "challenge");
    }

    #[test]
    fn a_further_blocking_policy_never_admits(case in case(), policy in access_policy()) {
        let mut more = case.clone();
        let mut policy = policy;
        policy["grantControls"] = json!({"operator": "OR", "builtInControls": ["block"]});
        more["resource"]["conditionalAccess"].as_array_mut().unwrap().push(policy);
        prop_assert!(rank(&answer(&more)) >= rank(&answer(&case)));
    }

    #[test]
    fn a_further_policy_never_admits(case in case(), policy in access_policy()) {
        let mut more = case.clone();
        more["resource"]["conditionalAccess"].as_array_mut().unwrap().insert(0, policy);
        prop_assert!(rank(&answer(&more)) >= rank(&answer(&case)));
    }

    #[test]
    fn blocking_everybody_from_everything_admits_nobody(case in case(), at_home in any::<bool>()) {
        let mut closed = case;
        let (side, setting) = if at_home {
            ("home", "b2bCollaborationOutbound")
        } else {
            ("resource", "b2bCollaborationInbound")
        };
        closed[side]["policy"]["partners"][0][setting] = json!({
            "usersAndGroups": {"accessType": "blocked",
                "targets": [{"target": "AllUsers", "targetType": "user"}]},
            "applications": {"accessType": "blocked",
                "targets": [{"target": "AllApplications", "targetType": "application"}]}});
        prop_assert_eq!(&answer(&closed)["decision"], "deny");
    }

    #[test]
    fn longer_blocked_and_shorter_allowed_lists_never_admit(
        case in case(), place in any::<prop::sample::Index>(), extra in 0_u8..6,
    ) {
        let halves = halves(&case);
        prop_assume!(!halves.is_empty());
        let pointer = place.get(&halves);
        let mut harder = case.clone();
        let half = harder.pointer_mut(pointer).unwrap();
        let kind = if pointer.ends_with("applications") { "application" } else { "group" };
        let targets = half["targets"].as_array().unwrap().clone();
        if half["accessType"] == "blocked" {
            half["targets"].as_array_mut().unwrap()
                .push(json!({"target": id(extra), "targetType": kind}));
        } else if targets.len() > 1 {
            half["targets"].as_array_mut().unwrap().pop();
        }
        prop_assert!(rank(&answer(&harder)) >= rank(&answer(&case)));
    }

    #[test]
    fn trust_never_skips_a_policy(case in case()) {
        let mut trusted = case.clone();
        trusted["resource"]["policy"]["partners"][0]["inboundTrust"] = json!({
            "isMfaAccepted": true, "isCompliantDeviceAccepted": true,
            "isHybridAzureADJoinedDeviceAccepted": true});
        let applied = |a: &Value| -> Vec<bool> {
            let results = a["conditionalAccess"].as_array().unwrap();
            results.iter().map(|r| r["result"].as_str().unwrap().ends_with("otApplied")).collect()
        };
        prop_assert_eq!(applied(&answer(&trusted)), applied(&answer(&case)));
    }

    #[test]
    fn what_is_unknown_exempts_nobody(case in case()) {
        let mut known = case.clone();
        // Only exclusions look at the platform: leaving it out never makes a policy go away.
        for policy in known["resource"]["conditionalAccess"].as_array_mut().unwrap() {
            policy["conditions"]["platforms"]["includePlatforms"] = json!(["all"]);
        }
        let mut unknown = known.clone();
        unknown["request"]["signIn"]["platform"] = Value::Null;
        prop_assert!(rank(&answer(&unknown)) >= rank(&answer(&known)));
    }

    #[test]
    fn a_document_written_back_decides_the_same(case in case()) {
        let mut again = case.clone();
        for side in ["resource", "home"] {
            let policy = CrossTenantAccessPolicy::from_graph(&case[side]["policy"]).unwrap();
            again[side]["policy"] = Value::Object(policy.to_graph());
        }
        let policies = case["resource"]["conditionalAccess"].as_array().unwrap();
        let written = policies.iter().map(|policy| {
            Value::Object(ConditionalAccessPolicy::from_graph(policy).unwrap().to_graph())
        });
        again["resource"]["conditionalAccess"] = Value::Array(written.collect());
        prop_assert_eq!(answer(&again), answer(&case));
    }

    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,200}") {
        let mut out = Vec::new();
        comity_policy::result::answer(text.as_bytes(), &mut out);
        prop_assert!(serde_json::from_slice::<Value>(&out).is_ok());
    }

    #[test]
    fn a_damaged_case_has_an_answer(case in case(), cut in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = case.to_string().into_bytes();
        let place = cut.index(bytes.len());
        bytes[place] = byte;
        let mut out = Vec::new();
        comity_policy::result::answer(&bytes, &mut out);
        prop_assert!(serde_json::from_slice::<Value>(&out).is_ok());
    }

    #[test]
    fn documents_are_read_as_any_reader_reads_json(
        case in case(), cut in any::<prop::sample::Index>(), put in "[ -~\\n\u{e9}]{0,3}",
    ) {
        let mut text = case.to_string();
        let place = cut.index(text.len());
        text.replace_range(place..=place, &put);
        let ours = Document::parse(text.as_bytes()).map(|d| d.root().to_value());
        let theirs = serde_json::from_str::<Value>(&text);
        prop_assert_eq!(ours.ok(), theirs.ok());
    }
}
