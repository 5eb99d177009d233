//! Rule 7, what a push asks, trust and automatic redemption over compiled policies. The other
//! rules are in the table of cases.

use std::collections::BTreeSet;

use comity_model::{
    cross_tenant::{CrossTenantAccessPolicy, Setting},
    federation::{ApplicationPair, GroupAnswer},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CompiledPolicy, Groups, Subject, Target, TenantKey, admit};

const HOME: TenantKey<'_> = TenantKey {
    cloud: "us",
    tenant: Uuid::from_u128(1),
};
const GROUP: Uuid = Uuid::from_u128(2);
const OTHER_GROUP: Uuid = Uuid::from_u128(3);
const PERSON: Uuid = Uuid::from_u128(4);
const APP: Uuid = Uuid::from_u128(5);

fn compiled(policy: &Value) -> CompiledPolicy {
    CompiledPolicy::compile(&CrossTenantAccessPolicy::from_graph(policy).unwrap())
}

fn half(access: &str, targets: &[(Uuid, &str)]) -> Value {
    let targets = targets
        .iter()
        .map(|(id, kind)| json!({"target": id, "targetType": kind}));
    json!({"accessType": access, "targets": targets.collect::<Vec<_>>()})
}

fn partner(inbound: &Value) -> CompiledPolicy {
    compiled(&json!({"partners": [{"tenantId": HOME.tenant, "b2bCollaborationInbound": inbound}]}))
}

/// Whether the person is admitted, and whether another leg is asked for.
fn judged(inbound: &Value, evaluated: &[Uuid], member: &[Uuid]) -> (bool, bool) {
    let answer = GroupAnswer {
        evaluated: evaluated.iter().copied().collect(),
        member: member.iter().copied().collect(),
    };
    let policy = partner(inbound);
    let subject = Subject {
        user: PERSON,
        groups: Groups::Answered(&answer),
    };
    let target = Target::Known(ApplicationPair {
        client: APP,
        resource: APP,
    });
    let effective = policy.effective(Setting::B2bCollaborationInbound, HOME);
    let admission = admit(&effective, &subject, target);
    (admission.admitted, admission.needs_another_leg)
}

fn users(access: &str, targets: &[(Uuid, &str)]) -> Value {
    json!({"usersAndGroups": half(access, targets)})
}

/// Admitted, needs another leg.
type Answer = (bool, bool);
const IN: Answer = (true, false);
const OUT: Answer = (false, false);
const ASK: Answer = (false, true);

fn check(inbound: &Value, rows: &[(&str, &[Uuid], &[Uuid], Answer)]) {
    for (name, evaluated, member, expected) in rows {
        assert_eq!(judged(inbound, evaluated, member), *expected, "{name}");
    }
}

#[test]
fn a_group_not_asked_about_is_not_matched_in_an_allowed_list() {
    let one = users("allowed", &[(GROUP, "group")]);
    check(
        &one,
        &[
            ("asked, member", &[GROUP], &[GROUP], IN),
            ("asked, no member", &[GROUP], &[], OUT),
            ("not asked", &[], &[], ASK),
            (
                "an answer that was not asked is dropped",
                &[],
                &[GROUP],
                ASK,
            ),
        ],
    );
    let two = users("allowed", &[(GROUP, "group"), (OTHER_GROUP, "group")]);
    check(
        &two,
        &[
            ("one of two suffices", &[GROUP], &[GROUP], IN),
            ("the other is not known", &[GROUP], &[], ASK),
        ],
    );
    let named = users("allowed", &[(PERSON, "user"), (GROUP, "group")]);
    check(&named, &[("named in person", &[], &[], IN)]);
}

#[test]
fn a_group_not_asked_about_is_matched_in_a_blocked_list() {
    let one = users("blocked", &[(GROUP, "group")]);
    check(
        &one,
        &[
            (
                "asked, member of a list beside all applications",
                &[GROUP],
                &[GROUP],
                OUT,
            ),
            ("asked, no member", &[GROUP], &[], IN),
            ("not asked", &[], &[], ASK),
            ("asked about another", &[OTHER_GROUP], &[OTHER_GROUP], ASK),
        ],
    );
}

#[test]
fn another_leg_is_asked_for_only_if_it_can_change_the_answer() {
    let no_application = json!({
        "usersAndGroups": half("allowed", &[(GROUP, "group")]),
        "applications": half("blocked", &[(APP, "application")])});
    check(&no_application, &[("closed anyway", &[], &[], OUT)]);
    let other_application = json!({
        "usersAndGroups": half("blocked", &[(GROUP, "group")]),
        "applications": half("blocked", &[(PERSON, "application")])});
    check(&other_application, &[("open anyway", &[], &[], IN)]);
}

#[test]
fn a_push_asks_the_groups_that_the_effective_policy_names() {
    let own = partner(&users(
        "blocked",
        &[(GROUP, "group"), (PERSON, "user"), (OTHER_GROUP, "group")],
    ));
    assert_eq!(
        own.groups_mentioned(HOME),
        BTreeSet::from([GROUP, OTHER_GROUP])
    );
    let elsewhere = TenantKey {
        tenant: PERSON,
        ..HOME
    };
    assert_eq!(own.groups_mentioned(elsewhere), BTreeSet::new());
    let outbound = compiled(&json!({
        "default": {"b2bCollaborationOutbound": users("blocked", &[(GROUP, "group")])},
        "partners": [{"tenantId": HOME.tenant}]}));
    assert_eq!(outbound.own_groups_mentioned(HOME), BTreeSet::from([GROUP]));
    assert_eq!(outbound.groups_mentioned(HOME), BTreeSet::new());
}

#[test]
fn automatic_redemption_is_the_partners_own() {
    let of = |consent: Value| {
        let policy = compiled(&json!({
            "partners": [{"tenantId": HOME.tenant, "cloud": "us",
                "automaticUserConsentSettings": consent}]}));
        (
            policy.redeems_automatically(HOME),
            policy.releases_automatically(HOME),
        )
    };
    assert_eq!(of(Value::Null), (false, false));
    assert_eq!(
        of(json!({"inboundAllowed": true, "outboundAllowed": null})),
        (true, false)
    );
    assert_eq!(
        of(json!({"inboundAllowed": false, "outboundAllowed": true})),
        (false, true)
    );
}

#[test]
fn partners_are_told_apart_by_cloud() {
    let policy = compiled(&json!({"allowedCloudEndpoints": ["us"], "partners": [
        {"tenantId": HOME.tenant, "cloud": "us", "inboundTrust": {"isMfaAccepted": true}},
        {"tenantId": PERSON, "cloud": "us"}, {"tenantId": GROUP}]}));
    let there = TenantKey {
        cloud: "cn",
        ..HOME
    };
    assert!(policy.allows_cloud("us") && !policy.allows_cloud("cn"));
    assert!(policy.has_partner(HOME) && !policy.has_partner(there));
    assert!(policy.trust(HOME).mfa && !policy.trust(there).mfa);
    let anywhere = TenantKey {
        tenant: GROUP,
        ..there
    };
    assert!(policy.has_partner(anywhere));
    let listed: BTreeSet<_> = policy.partners().collect();
    let us = Some("us");
    assert_eq!(
        listed,
        BTreeSet::from([(HOME.tenant, us), (PERSON, us), (GROUP, None)])
    );
}
