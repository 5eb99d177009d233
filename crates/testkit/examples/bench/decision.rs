//! One decision, all eight gates, at 10, 1,000 and 10,000 partners with 100 targets each.
//!
//! Both sides' policies have that many partners; every partner names 50 groups and 50 people, and
//! 100 applications. Decisions are about a few partners of the many, which shows what the number
//! costs, and about all of them in an order that jumps, which shows what memory costs.

use std::{collections::BTreeSet, hint::black_box};

use comity_model::{
    conditional_access::{ConditionalAccessPolicy, MethodSet},
    cross_tenant::CrossTenantAccessPolicy,
    decision::Outcome,
    document::{Document, Mode},
    federation::ApplicationPair,
    guest_type::GuestType,
};
use comity_policy::{
    case::{Case, SideOfCase, SignInOfCase, UserOfCase},
    conditional_access::CompiledAccess,
    cross_tenant::{CompiledPolicy, Target, TenantKey},
    decide::decide,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    figure::{Bounds, Figure, median},
    meter::{Stopwatch, count},
};

const GLOBAL: &str = "microsoftonline.com";
const US: &str = "microsoftonline.us";
const TARGETS: usize = 100;
const DECISIONS: usize = 200_000;
const ROUNDS: usize = 7;
/// Steps that meet every partner: a prime that divides none of the sizes.
const JUMP: usize = 7919;

/// Partners that decisions are about while memory is to play no part.
const BUSY: usize = 10;

pub fn measure() -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for partners in [10, 1_000, 10_000] {
        let scene = Scene::new(partners)?;
        figures.push(scene.figure(BUSY)?);
        if partners > BUSY {
            figures.push(scene.figure(partners)?);
        }
    }
    Ok(figures)
}

/// Policies of that size, and what the decisions are about.
struct Scene {
    case: Case<'static>,
    turns: Vec<Turn>,
}

impl Scene {
    fn new(partners: usize) -> anyhow::Result<Self> {
        Ok(Self {
            case: case(partners)?,
            turns: turns(partners),
        })
    }

    fn figure(&self, busy: usize) -> anyhow::Result<Figure> {
        let partners = self.turns.len();
        let (name, order) = if busy == partners {
            let text = if busy == BUSY { "" } else { ", each in turn" };
            (
                text,
                "every partner in turn, in jumps, so that most come out of memory".to_owned(),
            )
        } else {
            (
                ", some busy",
                format!("about {busy} of them, again and again"),
            )
        };
        let turns = self.turns.iter().take(busy);
        Ok(Figure {
            name: format!("one decision, {partners} partners{name}"),
            unit: "µs",
            bounds: Some(Bounds::at_most(1.0, 5.0)),
            value: nanoseconds(self.case.clone(), turns.cloned().collect())? / 1000.0,
            method: format!(
                "All eight gates of `comity_policy::decide` for a guest from another cloud, both \
                 sides compiled with {partners} partners of {TARGETS} user and group targets and \
                 {TARGETS} application targets each, one Conditional Access policy that applies; \
                 {order}; median of {ROUNDS} rounds of {DECISIONS} decisions, one thread."
            ),
        })
    }
}

fn id(kind: &str, partner: usize, number: usize) -> Uuid {
    let name = format!("{kind}/{partner}/{number}");
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
}

fn tenant(number: usize) -> Uuid {
    id("tenant", number, 0)
}

/// The person's group and the application are the last that their partner names.
fn group(partner: usize) -> Uuid {
    id("group", partner, TARGETS - 2)
}

fn application(partner: usize) -> Uuid {
    id("application", partner, TARGETS - 1)
}

fn setting(partner: usize) -> Value {
    let person = |n: usize| {
        let kind = if n.is_multiple_of(2) { "group" } else { "user" };
        json!({"target": id(kind, partner, n), "targetType": kind})
    };
    let application =
        |n: usize| json!({"target": id("application", partner, n), "targetType": "application"});
    json!({
        "usersAndGroups": {"accessType": "allowed",
            "targets": (0..TARGETS).map(person).collect::<Vec<_>>()},
        "applications": {"accessType": "allowed",
            "targets": (0..TARGETS).map(application).collect::<Vec<_>>()},
    })
}

fn compile(cloud: &str, setting_name: &str, partners: usize) -> anyhow::Result<CompiledPolicy> {
    let partner = |n: usize| {
        json!({"tenantId": tenant(n), "cloud": cloud, setting_name: setting(n),
            "inboundTrust": {"isMfaAccepted": true}})
    };
    let document = json!({
        "allowedCloudEndpoints": [cloud],
        "partners": (0..partners).map(partner).collect::<Vec<_>>(),
    });
    let text = document.to_string();
    drop(document);
    let parsed = Document::parse(text.as_bytes())?;
    let policy = CrossTenantAccessPolicy::read(parsed.root(), Mode::Lenient)?;
    Ok(CompiledPolicy::compile(&policy))
}

fn access() -> anyhow::Result<CompiledAccess> {
    let policy = json!({
        "id": id("policy", 0, 0), "displayName": "MFA of guests", "state": "enabled",
        "conditions": {
            "users": {"includeUsers": ["GuestsOrExternalUsers"]},
            "applications": {"includeApplications": ["All"]},
            "clientAppTypes": ["all"],
        },
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
    });
    let text = policy.to_string();
    let parsed = Document::parse(text.as_bytes())?;
    let policy = ConditionalAccessPolicy::read(parsed.root(), Mode::Lenient)?;
    Ok(CompiledAccess::compile(vec![policy], Vec::new()))
}

/// Many people of one home, each with the resource that she wants to reach. The home policy has
/// the resource as a partner; so both sides look among as many.
fn case(partners: usize) -> anyhow::Result<Case<'static>> {
    let key = |cloud, tenant| TenantKey { cloud, tenant };
    Ok(Case {
        resource: SideOfCase {
            tenant: key(GLOBAL, tenant(0)),
            policy: compile(US, "b2bCollaborationInbound", partners)?,
        },
        home: SideOfCase {
            tenant: key(US, tenant(0)),
            policy: compile(GLOBAL, "b2bCollaborationOutbound", partners)?,
        },
        is_paired: true,
        access: access()?,
        offered: MethodSet::OFFERED_TO_GUESTS,
        user: UserOfCase {
            id: id("nobody", 0, 0),
            groups: Vec::new(),
            kind: GuestType::B2bCollaborationGuest,
            resource_user: Some(id("guest", 0, 0)),
            resource_groups: BTreeSet::new(),
            resource_roles: BTreeSet::new(),
        },
        target: Target::Unknown,
        sign_in: SignInOfCase {
            home_methods: MethodSet::of_word("password").and(MethodSet::of_word("softwareOath")),
            ..SignInOfCase::default()
        },
    })
}

/// Everything that changes from one decision to the next.
#[derive(Clone)]
struct Turn {
    tenant: Uuid,
    groups: Vec<Uuid>,
    pair: ApplicationPair,
}

fn turns(partners: usize) -> Vec<Turn> {
    let turn = |n: usize| {
        let mut groups = vec![id("other", n, 0), group(n), id("other", n, 1)];
        groups.sort_unstable();
        Turn {
            tenant: tenant(n),
            groups,
            pair: ApplicationPair {
                client: application(n),
                resource: application(n),
            },
        }
    };
    (0..partners).map(|n| turn(n * JUMP % partners)).collect()
}

fn nanoseconds(mut case: Case<'static>, mut turns: Vec<Turn>) -> anyhow::Result<f64> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let watch = Stopwatch::start();
        let mut done = 0;
        while done < DECISIONS {
            for turn in &mut turns {
                case.home.tenant.tenant = turn.tenant;
                case.resource.tenant.tenant = turn.tenant;
                case.target = Target::Known(turn.pair);
                std::mem::swap(&mut case.user.groups, &mut turn.groups);
                let decision = decide(black_box(&case));
                std::mem::swap(&mut case.user.groups, &mut turn.groups);
                anyhow::ensure!(
                    black_box(decision.outcome) == Outcome::Allow,
                    "a decision refuses: {:?}",
                    decision.denial
                );
                done += 1;
            }
        }
        rounds.push(watch.seconds() * 1e9 / count(done));
    }
    Ok(median(rounds))
}
