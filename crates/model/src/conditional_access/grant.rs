//! What a policy demands (semantics.md §6.1, §6.4, §6.5).

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::MethodSet;
use crate::document::{DocumentError, Mode, Node, Read, Within, configured, parse_guid, words};

words! {
    /// Controls by name.
    pub enum BuiltInControl("a word of `conditionalAccessGrantControl`") {
        Block = "block",
        Mfa = "mfa",
        CompliantDevice = "compliantDevice",
        DomainJoinedDevice = "domainJoinedDevice",
        ApprovedApplication = "approvedApplication",
        CompliantApplication = "compliantApplication",
        PasswordChange = "passwordChange",
        UnknownFutureValue = "unknownFutureValue",
        RiskRemediation = "riskRemediation",
    }
}

words! {
    /// Whether all controls are needed or any one.
    pub enum GrantOperator("an operator: `AND` or `OR`") {
        And = "AND",
        Or = "OR",
    }
}

/// A set of methods that together are strong enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Combination {
    pub methods: MethodSet,
    /// As given; empty if read by a judge.
    pub text: String,
}

/// An authentication strength as a policy names it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AuthenticationStrength {
    pub id: Option<Uuid>,
    pub allowed_combinations: Vec<Combination>,
    pub rest: Map<String, Value>,
}

/// The grant block.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GrantControls {
    /// Absent: all controls are needed.
    pub operator: Option<GrantOperator>,
    pub built_in_controls: Vec<BuiltInControl>,
    pub custom_authentication_factors: Vec<String>,
    pub terms_of_use: Vec<String>,
    pub authentication_strength: Option<AuthenticationStrength>,
}

impl GrantControls {
    pub(super) fn read(node: Node<'_, '_>, mode: Mode) -> Read<Self> {
        let names = [
            "operator",
            "builtInControls",
            "customAuthenticationFactors",
            "termsOfUse",
            "authenticationStrength",
        ];
        let [operator, built_in, custom, terms, strength] = node.members(names)?.known(mode)?;
        let texts = |node, name: &'static str| -> Read<Vec<String>> {
            let list =
                configured(node).map(|list| list.list_of(|text| text.text().map(str::to_owned)));
            Ok(list.transpose().within(name)?.unwrap_or_default())
        };
        Ok(Self {
            operator: operator
                .map(GrantOperator::read)
                .transpose()
                .within("operator")?,
            built_in_controls: configured(built_in)
                .map(|list| list.list_of(BuiltInControl::read))
                .transpose()
                .within("builtInControls")?
                .unwrap_or_default(),
            custom_authentication_factors: texts(custom, "customAuthenticationFactors")?,
            terms_of_use: texts(terms, "termsOfUse")?,
            authentication_strength: configured(strength)
                .map(|node| AuthenticationStrength::read(node, mode))
                .transpose()
                .within("authenticationStrength")?,
        })
    }

    pub(super) fn to_graph(&self) -> Value {
        let strength = self.authentication_strength.as_ref();
        json!({
            "operator": self.operator,
            "builtInControls": self.built_in_controls,
            "customAuthenticationFactors": self.custom_authentication_factors,
            "termsOfUse": self.terms_of_use,
            "authenticationStrength": strength.map(AuthenticationStrength::to_graph),
        })
    }

    /// Whether it demands nothing.
    pub fn is_empty(&self) -> bool {
        self.built_in_controls.is_empty()
            && self.custom_authentication_factors.is_empty()
            && self.terms_of_use.is_empty()
            && self.authentication_strength.is_none()
    }
}

impl AuthenticationStrength {
    fn read(node: Node<'_, '_>, mode: Mode) -> Read<Self> {
        let names = ["id", "allowedCombinations"];
        let [id, combinations] = node.members(names)?.values;
        let keep = mode == Mode::Strict;
        let id = id.map(Node::text).transpose().within("id")?;
        let combination = |node: Node<'_, '_>| {
            let text = node.text()?;
            Ok::<_, DocumentError>(Combination {
                methods: MethodSet::of_joined(text),
                text: if keep { text.to_owned() } else { String::new() },
            })
        };
        let rest = node
            .children()
            .filter(|m| keep && !names.contains(&m.name()));
        Ok(Self {
            id: id.and_then(parse_guid),
            allowed_combinations: configured(combinations)
                .map(|list| list.list_of(combination))
                .transpose()
                .within("allowedCombinations")?
                .unwrap_or_default(),
            rest: rest
                .filter(|m| !m.name().contains(['@', '#']))
                .map(|m| (m.name().to_owned(), m.to_value()))
                .collect(),
        })
    }

    fn to_graph(&self) -> Value {
        let mut map = self.rest.clone();
        if let Some(id) = self.id {
            map.insert("id".into(), id.to_string().into());
        }
        let texts: Vec<&str> = self
            .allowed_combinations
            .iter()
            .map(|c| c.text.as_str())
            .collect();
        map.insert("allowedCombinations".into(), json!(texts));
        Value::Object(map)
    }
}
