//! Device filters of Conditional Access: `device.NAME -operator VALUE`, `-and`, `-or`, `-not`,
//! brackets (policy-cases.md, *Conditional Access* and *Corner cases*).
//!
//! 1. `-not` binds closest, then `-and`, then `-or`.
//! 2. Operators and `True`/`False` are read without case.
//! 3. `-in` and `-notIn` take a list, the others one value.
//! 4. A rule that does not parse is malformed, never ignored.

use serde_json::{Value, json};

use crate::document::{DocumentError, Mode, Node, Read, Within, words};

mod parse;

words! {
    /// Whether devices that match are meant, or those that do not.
    pub enum FilterMode("a filter mode: `include` or `exclude`") {
        Include = "include",
        Exclude = "exclude",
    }
}

/// A comparison; a negative operator is its positive twin, negated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equals,
    StartsWith,
    EndsWith,
    Contains,
    In,
}

/// What an attribute is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    Bool(bool),
    Text(String),
    List(Vec<String>),
}

/// A parsed rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Compare {
        /// The name behind `device.`, as written.
        attribute: String,
        comparison: Comparison,
        negated: bool,
        operand: Operand,
    },
}

impl Expression {
    /// Parses a rule.
    pub fn parse(rule: &str) -> Result<Self, DocumentError> {
        parse::rule(rule)
    }
}

/// A filter as stored, with its rule parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceFilter {
    pub mode: FilterMode,
    pub rule: String,
    pub expression: Expression,
}

impl DeviceFilter {
    /// Reads `{mode, rule}`.
    pub fn read(node: Node<'_, '_>, mode: Mode) -> Read<Self> {
        let [filter_mode, rule] = node.members(["mode", "rule"])?.known(mode)?;
        let filter_mode = filter_mode.ok_or_else(|| DocumentError::missing("mode"))?;
        let rule = rule.ok_or_else(|| DocumentError::missing("rule"))?;
        let rule = rule.text().within("rule")?;
        Ok(Self {
            mode: FilterMode::read(filter_mode).within("mode")?,
            rule: match mode {
                Mode::Strict => rule.to_owned(),
                Mode::Lenient => String::new(),
            },
            expression: Expression::parse(rule).within("rule")?,
        })
    }

    /// Graph's form.
    pub fn to_graph(&self) -> Value {
        json!({"mode": self.mode.as_str(), "rule": self.rule})
    }
}
