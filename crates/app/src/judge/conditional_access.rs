//! Conditional Access of one tenant: from rows and facts to the pure judge, and back to words.

use std::collections::BTreeSet;

use comity_model::{
    conditional_access::{ClientAppType, ConditionalAccessPolicy, MethodSet, Platform},
    decision::{AppliedResult, Outcome, RequiredControls},
    facts::{DecidingSide, Facts},
    guest_type::GuestType,
    named_location::{NamedLocation, parse_address},
    session::{MethodUse, Place},
};
use comity_policy::{
    conditional_access::{Applied, CompiledAccess, Device, Signals},
    sign_in::AccessVerdict,
    trust::Trust,
};
use comity_store::snapshot::SnapshotRows;
use serde_json::Value;
use uuid::Uuid;

use super::{Access, PolicyResult};
use crate::error::{Error, Result};

/// The policies with what the record shows of them.
#[derive(Debug)]
pub(super) struct AccessPolicies {
    compiled: CompiledAccess,
    /// ID and display name, in the order of the compiled policies.
    names: Vec<(Uuid, String)>,
}

impl AccessPolicies {
    /// Compiles what the store holds. A policy that cannot be read is a defect, never a gap.
    pub(super) fn compile(rows: &SnapshotRows) -> Result<Self> {
        let document = |text: &str| serde_json::from_str::<Value>(text).map_err(Error::internal);
        let policy = |text: &str| {
            ConditionalAccessPolicy::from_graph(&document(text)?)
                .map_err(|e| Error::internal(e.to_string()))
        };
        let location = |text: &str, id: Uuid| {
            let mut location = NamedLocation::from_graph(&document(text)?)
                .map_err(|e| Error::internal(e.to_string()))?;
            location.id = Some(id);
            Ok::<_, Error>(location)
        };
        let policies: Result<Vec<_>> = rows
            .conditional_access_policies
            .iter()
            .map(|row| policy(&row.document))
            .collect();
        let locations: Result<Vec<_>> = rows
            .named_locations
            .iter()
            .map(|row| location(&row.document, row.id))
            .collect();
        let names = rows.conditional_access_policies.iter();
        Ok(Self {
            compiled: CompiledAccess::compile(policies?, locations?),
            names: names
                .map(|row| (row.id, row.display_name.clone()))
                .collect(),
        })
    }

    pub(super) fn groups(&self) -> BTreeSet<Uuid> {
        self.compiled.groups_mentioned()
    }

    pub(super) fn looks_at_devices(&self) -> bool {
        self.compiled.looks_at_devices()
    }

    /// Judges the facts with the deciding tenant's trust in the person's home.
    pub(super) fn evaluate(&self, facts: &Facts, trust: Trust) -> Access {
        let is_guest_here = facts.side == DecidingSide::Resource;
        // A member's methods are those of the own tenant: nothing is earned elsewhere.
        let trust = if is_guest_here {
            trust
        } else {
            Trust {
                mfa: false,
                ..trust
            }
        };
        let device = facts.device.as_ref().map(|device| Device {
            is_compliant: Some(device.is_compliant),
            is_hybrid_joined: Some(device.is_hybrid_joined),
            attributes: Some(&device.attributes),
        });
        let decision = self.compiled.evaluate(&Signals {
            kind: kind(&facts.user_kind),
            home_tenant: facts.home.as_ref().map(|home| home.tenant.uuid()),
            user: facts.user,
            groups: &facts.own_groups,
            roles: &facts.own_roles,
            application: facts.pair.map(|pair| pair.resource),
            client_app_type: ClientAppType::parse(&facts.client_app_type),
            platform: facts.platform.as_deref().and_then(Platform::parse),
            address: facts.ip_address.as_deref().and_then(parse_address),
            country: facts.country.as_deref(),
            sign_in_risk: None,
            user_risk: None,
            home_methods: if is_guest_here {
                methods(&facts.home_methods)
            } else {
                MethodSet::default()
            },
            resource_methods: methods(&facts.own_methods),
            device,
            trust,
            offered: MethodSet::OFFERED_TO_GUESTS,
        });
        let results = self
            .names
            .iter()
            .zip(&decision.policies)
            .map(|(name, applied)| shown(name, applied));
        Access {
            results: results.collect(),
            verdict: verdict(decision.outcome, decision.code, decision.controls),
        }
    }
}

/// `member` is no kind of guest; a word nobody knows is a guest, the stricter reading.
fn kind(word: &str) -> GuestType {
    if word == "member" {
        return GuestType::None;
    }
    GuestType::parse(word).unwrap_or(GuestType::B2bCollaborationGuest)
}

fn methods(uses: &[MethodUse]) -> MethodSet {
    MethodSet::of_words(uses.iter().map(|used| used.method.as_str()))
}

fn verdict(outcome: Outcome, code: Option<u32>, controls: RequiredControls) -> AccessVerdict {
    let at = |wanted: Place| controls.iter().any(|(_, place)| place == wanted);
    match outcome {
        Outcome::Allow => AccessVerdict::Allow,
        Outcome::Challenge => AccessVerdict::Challenge {
            at_home: at(Place::Home),
            here: at(Place::Resource),
        },
        Outcome::Deny => AccessVerdict::Deny(code.unwrap_or(comity_model::decision::code::BLOCKED)),
    }
}

fn shown((id, name): &(Uuid, String), applied: &Applied) -> PolicyResult {
    let wanted = applied
        .controls
        .iter()
        .map(|(control, _)| control.as_str().to_owned());
    let result: AppliedResult = applied.result;
    PolicyResult {
        id: *id,
        name: name.clone(),
        result: result.as_str().to_owned(),
        controls: wanted.chain(applied.missing.map(str::to_owned)).collect(),
    }
}
