//! Conditional Access policies (`/identity/conditionalAccess/policies`), semantics.md §6:
//! the same types are stored, served, imported and judged, with Graph's names.

use serde_json::{Map, Value};

use crate::document::{DocumentError, Mode, Node, Read, Within, configured, words};

pub use conditions::{
    Applications, ClientAppType, Conditions, Locations, Platform, Platforms, RiskLevel,
};
pub use enforce::Unenforceable;
pub use entry::{ApplicationKeyword, Entry, LocationKeyword, NoKeyword, UserKeyword, read_entries};
pub use grant::{
    AuthenticationStrength, BuiltInControl, Combination, GrantControls, GrantOperator,
};
pub use method::{Method, MethodSet};
pub use users::{ExternalTenants, GuestsOrExternalUsers, Users};
pub use validate::ValidationContext;

mod conditions;
mod enforce;
mod entry;
mod grant;
mod method;
mod users;
mod validate;

words! {
    /// Whether a policy decides, is tried out, or sleeps.
    pub enum PolicyState("a state: `enabled`, `disabled` or `enabledForReportingButNotEnforced`") {
        Enabled = "enabled",
        Disabled = "disabled",
        ReportOnly = "enabledForReportingButNotEnforced",
    }
}

/// One policy.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionalAccessPolicy {
    pub id: Option<String>,
    pub display_name: String,
    pub state: PolicyState,
    pub conditions: Conditions,
    pub grant_controls: Option<GrantControls>,
    /// Stored and served; not enforced yet.
    pub session_controls: Option<Map<String, Value>>,
    /// `description`, `createdDateTime` and the like.
    pub rest: Map<String, Value>,
}

const NAMES: [&str; 4] = ["id", "state", "conditions", "grantControls"];
const STORED: [&str; 2] = ["displayName", "sessionControls"];
const SESSION_CONTROLS: [&str; 9] = [
    "applicationEnforcedRestrictions",
    "cloudAppSecurity",
    "signInFrequency",
    "persistentBrowser",
    "disableResilienceDefaults",
    "secureSignInSession",
    "continuousAccessEvaluation",
    "networkAccessSecurity",
    "globalSecureAccessFilteringProfile",
];

impl ConditionalAccessPolicy {
    /// Reads a policy.
    pub fn read(node: Node<'_, '_>, mode: Mode) -> Read<Self> {
        let [id, state, conditions, grants] = node.members(NAMES)?.values;
        let id = id.map(Node::text).transpose().within("id")?;
        let state = state.ok_or_else(|| DocumentError::missing("state"))?;
        let mut policy = Self {
            id: id.map(str::to_owned),
            display_name: String::new(),
            state: PolicyState::read(state).within("state")?,
            conditions: conditions
                .map(|node| Conditions::read(node, mode))
                .transpose()
                .within("conditions")?
                .unwrap_or_default(),
            grant_controls: configured(grants)
                .map(|node| GrantControls::read(node, mode))
                .transpose()
                .within("grantControls")?,
            session_controls: None,
            rest: Map::new(),
        };
        if mode == Mode::Strict {
            policy.read_stored(node)?;
        }
        Ok(policy)
    }

    fn read_stored(&mut self, node: Node<'_, '_>) -> Read<()> {
        let [name, session] = node.members(STORED)?.values;
        let name = name.map(Node::text).transpose().within("displayName")?;
        name.unwrap_or_default().clone_into(&mut self.display_name);
        if let Some(session) = session {
            let known = session
                .members(SESSION_CONTROLS)
                .within("sessionControls")?;
            known.known(Mode::Strict).within("sessionControls")?;
            self.session_controls = Some(session.to_map());
        }
        self.rest = node
            .children()
            .filter(|m| !NAMES.contains(&m.name()) && !STORED.contains(&m.name()))
            .filter(|m| !m.name().contains(['@', '#']))
            .map(|m| (m.name().to_owned(), m.to_value()))
            .collect();
        Ok(())
    }

    /// Reads Graph's form as the interface does.
    pub fn from_graph(value: &Value) -> Read<Self> {
        let document = crate::document::Document::from_value(value)
            .map_err(|error| DocumentError::new(error.to_string()))?;
        Self::read(document.root(), Mode::Strict)
    }

    /// The policy after a PATCH: conditions and controls merge member by member, lists are
    /// replaced whole, `null` clears.
    pub fn patched(&self, body: &Map<String, Value>) -> Read<Self> {
        let mut merged = Value::Object(self.to_graph());
        merge(&mut merged, &Value::Object(body.clone()));
        Self::from_graph(&merged)
    }

    /// Graph's form: conditions complete, empty lists as `[]`, unset blocks as `null`.
    pub fn to_graph(&self) -> Map<String, Value> {
        let mut map = Map::new();
        if let Some(id) = &self.id {
            map.insert("id".into(), id.clone().into());
        }
        map.insert("displayName".into(), self.display_name.clone().into());
        map.insert("state".into(), self.state.as_str().into());
        map.insert("conditions".into(), self.conditions.to_graph());
        let grants = self.grant_controls.as_ref().map(GrantControls::to_graph);
        map.insert("grantControls".into(), grants.unwrap_or_default());
        let session = self.session_controls.clone().map(Value::Object);
        map.insert("sessionControls".into(), session.unwrap_or_default());
        map.extend(self.rest.clone());
        map
    }
}

fn merge(current: &mut Value, body: &Value) {
    match (current, body) {
        (Value::Object(current), Value::Object(body)) => {
            for (name, value) in body {
                merge(current.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (current, body) => *current = body.clone(),
    }
}

impl serde::Serialize for ConditionalAccessPolicy {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_graph().serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for ConditionalAccessPolicy {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::from_graph(&value).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
