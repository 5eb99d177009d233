//! `$filter` to a condition over described properties.
//!
//! 1. `expr := and ('or' and)*`, `and := not ('and' not)*`, `not := ['not'] ('(' expr ')' | pred)`.
//! 2. Operators and function names in any case; property names in their own, forgiving case.
//! 3. A property is compared only with what its description allows; under `not` it must allow that.
//! 4. Literals have the type of the property; GUIDs bare or quoted; `null` only where marked.
//! 5. At most 8,192 characters, 16 levels, 200 conditions, 15 values of `in`.
//! 6. What the original counts as an advanced query is noted for the caller to check.

use comity_model::{
    id::parse_uuid,
    query::{Comparison, Filter, Literal, Part, Path},
    resource::{self, Kind, Property, ResourceType, property::op},
    time::Utc,
};

use super::lexer::{Token, TokenKind, split};
use crate::error::{Failure, Result};

const MAX_LENGTH: usize = 8192;
const MAX_DEPTH: usize = 16;
const MAX_CONDITIONS: usize = 200;
const MAX_VALUES: usize = 15;

/// A condition that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The condition.
    pub filter: Filter,
    /// The first operator that makes it an advanced query.
    pub advanced: Option<&'static str>,
}

/// Reads `$filter` for a type.
pub fn parse(text: &str, resource: &'static ResourceType) -> Result<Parsed> {
    if text.chars().count() > MAX_LENGTH {
        return Err(Failure::bad_request(format!(
            "'$filter' is longer than {MAX_LENGTH} characters."
        )));
    }
    let tokens = split(text)?;
    let mut parser = Parser {
        text,
        resource,
        tokens: &tokens,
        at: 0,
        conditions: 0,
        advanced: None,
        element: None,
    };
    let filter = parser.any_of(0, false)?;
    match parser.tokens.get(parser.at) {
        Some(_) => Err(parser.syntax()),
        None => Ok(Parsed {
            filter,
            advanced: parser.advanced,
        }),
    }
}

/// The list whose elements a lambda speaks about.
#[derive(Clone)]
struct Element {
    variable: String,
    list: &'static Property,
}

struct Parser<'a> {
    text: &'a str,
    resource: &'static ResourceType,
    tokens: &'a [Token],
    at: usize,
    conditions: usize,
    advanced: Option<&'static str>,
    element: Option<Element>,
}

/// A path and what may be asked of it.
struct Subject {
    path: Path,
    ops: u16,
    list: bool,
}

impl Parser<'_> {
    fn syntax(&self) -> Failure {
        let end = self.text.chars().count();
        Failure::syntax(self.tokens.get(self.at).map_or(end, |t| t.at), self.text)
    }

    fn peek(&self) -> Option<&TokenKind> {
        self.tokens.get(self.at).map(|t| &t.kind)
    }

    fn take_mark(&mut self, mark: char) -> bool {
        let found = self.peek() == Some(&TokenKind::Mark(mark));
        self.at += usize::from(found);
        found
    }

    fn need_mark(&mut self, mark: char) -> Result<()> {
        if self.take_mark(mark) {
            Ok(())
        } else {
            Err(self.syntax())
        }
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(TokenKind::Name(n)) if n.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn name(&mut self) -> Result<String> {
        match self.peek() {
            Some(TokenKind::Name(name)) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.syntax()),
        }
    }

    fn note(&mut self, operator: &'static str) {
        self.advanced.get_or_insert(operator);
    }

    fn any_of(&mut self, depth: usize, negated: bool) -> Result<Filter> {
        if depth > MAX_DEPTH {
            return Err(Failure::bad_request(format!(
                "'$filter' nests deeper than {MAX_DEPTH} levels."
            )));
        }
        let mut list = vec![self.all_of(depth, negated)?];
        while self.take_word("or") {
            list.push(self.all_of(depth, negated)?);
        }
        Ok(one_or(list, Filter::Or))
    }

    fn all_of(&mut self, depth: usize, negated: bool) -> Result<Filter> {
        let mut list = vec![self.negation(depth, negated)?];
        while self.take_word("and") {
            list.push(self.negation(depth, negated)?);
        }
        Ok(one_or(list, Filter::And))
    }

    fn negation(&mut self, depth: usize, negated: bool) -> Result<Filter> {
        let not = self.take_word("not");
        if not {
            self.note("not");
        }
        let inner = if self.take_mark('(') {
            let inner = self.any_of(depth + 1, negated || not)?;
            self.need_mark(')')?;
            inner
        } else {
            self.condition(depth, negated || not)?
        };
        Ok(if not {
            Filter::Not(Box::new(inner))
        } else {
            inner
        })
    }

    fn condition(&mut self, depth: usize, negated: bool) -> Result<Filter> {
        self.conditions += 1;
        if self.conditions > MAX_CONDITIONS {
            return Err(Failure::bad_request(format!(
                "'$filter' has more than {MAX_CONDITIONS} conditions."
            )));
        }
        let start = self.at;
        let name = self.name()?;
        if self.take_mark('(') {
            return match name.to_ascii_lowercase().as_str() {
                "startswith" => self.text_function(Part::Start, op::STARTS, negated),
                "endswith" => self.text_function(Part::End, op::ENDS, negated),
                "contains" => self.text_function(Part::Anywhere, op::CONTAINS, negated),
                "isof" => self.is_of(),
                _ => {
                    self.at = start;
                    Err(Failure::bad_request(format!(
                        "Invalid filter clause: unknown function '{name}'."
                    )))
                }
            };
        }
        self.at = start;
        let subject = self.subject()?;
        self.allow(&subject, 0, negated)?;
        if let Some(filter) = self.lambda(&subject, depth, negated)? {
            return Ok(filter);
        }
        if self.take_word("in") {
            return self.in_list(&subject);
        }
        self.comparison(&subject)
    }

    /// Fails unless the description allows the operators (and `not`, where inside one).
    fn allow(&self, subject: &Subject, ops: u16, negated: bool) -> Result<()> {
        let needed = if negated { ops | op::NOT } else { ops };
        if subject.ops != 0 && subject.ops & needed == needed {
            Ok(())
        } else {
            Err(self.unsupported(&subject.path))
        }
    }

    fn unsupported(&self, path: &Path) -> Failure {
        let name = match (&self.element, path.property) {
            (Some(element), None) => element.list.name.to_owned(),
            _ => path.text(),
        };
        Failure::unsupported_filter(&name, self.resource)
    }

    /// `property`, `property/field`, `variable`, `variable/field`; stops before `any`, `all`, `$count`.
    fn subject(&mut self) -> Result<Subject> {
        let first = self.name()?;
        let mut rest: Vec<String> = Vec::new();
        while self.peek() == Some(&TokenKind::Mark('/')) && !self.collection_word_follows() {
            self.at += 1;
            rest.push(self.name()?);
        }
        let element = self.element.clone().filter(|e| e.variable == first);
        let (property, base, base_ops, many) = if let Some(element) = element {
            (element.list, None, element.list.filter, false)
        } else {
            let property = property(self.resource, &first)?;
            (property, Some(property), property.filter, property.many)
        };
        if rest.is_empty() {
            // A list of lists does not exist; a complex property compares by its members only.
            let ops = if many && !property.fields.is_empty() {
                op::COUNT | op::NOT
            } else {
                base_ops
            };
            let path = Path {
                property: base,
                field: None,
                kind: property.kind,
            };
            return Ok(Subject {
                path,
                ops,
                list: many,
            });
        }
        let field = property.fields.iter().find(|f| f.path == rest.join("/"));
        let field = field.filter(|_| !many).ok_or_else(|| {
            Failure::unsupported_filter(&format!("{first}/{}", rest.join("/")), self.resource)
        })?;
        let path = Path {
            property: base,
            field: Some(field),
            kind: field.kind,
        };
        Ok(Subject {
            path,
            ops: field.filter,
            list: false,
        })
    }

    fn collection_word_follows(&self) -> bool {
        matches!(
            self.tokens.get(self.at + 1).map(|t| &t.kind),
            Some(TokenKind::Name(n)) if ["any", "all", "$count"].iter().any(|w| n.eq_ignore_ascii_case(w))
        )
    }

    fn lambda(&mut self, subject: &Subject, depth: usize, negated: bool) -> Result<Option<Filter>> {
        if !self.take_mark('/') {
            if subject.list {
                return Err(self.unsupported(&subject.path));
            }
            return Ok(None);
        }
        let word = self.name()?.to_ascii_lowercase();
        let list = subject.path.property.filter(|_| subject.list);
        let list = list.ok_or_else(|| self.unsupported(&subject.path))?;
        if word == "$count" {
            return self.count(subject).map(Some);
        }
        self.need_mark('(')?;
        if self.element.is_some() {
            return Err(Failure::bad_request(
                "Invalid filter clause: 'any' inside 'any'.",
            ));
        }
        if word == "any" && self.take_mark(')') {
            self.allow(subject, op::COUNT, negated)?;
            return Ok(Some(Filter::Any(subject.path, None)));
        }
        let variable = self.name()?;
        self.need_mark(':')?;
        self.element = Some(Element { variable, list });
        let inner = self.any_of(depth + 1, negated);
        self.element = None;
        let inner = Box::new(inner?);
        self.need_mark(')')?;
        Ok(Some(match word.as_str() {
            "any" => Filter::Any(subject.path, Some(inner)),
            _ => Filter::All(subject.path, inner),
        }))
    }

    fn count(&mut self, subject: &Subject) -> Result<Filter> {
        self.note("$count");
        let comparison = self.operator()?;
        let fits = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if subject.ops & op::COUNT == 0 || !fits {
            return Err(self.unsupported(&subject.path));
        }
        match self.literal(Kind::Int)? {
            Literal::Int(n) => Ok(Filter::Count(subject.path, comparison, n)),
            _ => Err(self.unsupported(&subject.path)),
        }
    }

    fn operator(&mut self) -> Result<Comparison> {
        let failure = self.syntax();
        match self.name()?.to_ascii_lowercase().as_str() {
            "eq" => Ok(Comparison::Equal),
            "ne" => Ok(Comparison::NotEqual),
            "ge" => Ok(Comparison::AtLeast),
            "le" => Ok(Comparison::AtMost),
            "gt" => Ok(Comparison::Greater),
            "lt" => Ok(Comparison::Less),
            _ => Err(failure),
        }
    }

    fn comparison(&mut self, subject: &Subject) -> Result<Filter> {
        let comparison = self.operator()?;
        let bit = match comparison {
            Comparison::Equal => op::EQ,
            Comparison::NotEqual => op::NE,
            Comparison::AtLeast => op::GE,
            Comparison::AtMost => op::LE,
            Comparison::Greater => op::GT,
            Comparison::Less => op::LT,
        };
        self.allow(subject, bit, false)?;
        if comparison == Comparison::NotEqual {
            self.note("ne");
        }
        let value = self.literal(subject.path.kind)?;
        let null_fits = subject.ops & op::NULL != 0 && matches!(bit, op::EQ | op::NE);
        if value == Literal::Null && !null_fits {
            return Err(self.unsupported(&subject.path));
        }
        Ok(Filter::Compare(subject.path, comparison, value))
    }

    fn in_list(&mut self, subject: &Subject) -> Result<Filter> {
        self.allow(subject, op::IN, false)?;
        self.need_mark('(')?;
        let mut values = Vec::new();
        loop {
            values.push(self.literal(subject.path.kind)?);
            if values.len() > MAX_VALUES {
                return Err(Failure::bad_request(format!(
                    "Too many values of 'in': at most {MAX_VALUES}."
                )));
            }
            if self.take_mark(')') {
                break;
            }
            self.need_mark(',')?;
        }
        if values.contains(&Literal::Null) {
            return Err(self.unsupported(&subject.path));
        }
        Ok(Filter::In(subject.path, values))
    }

    fn text_function(&mut self, part: Part, bit: u16, negated: bool) -> Result<Filter> {
        let subject = self.subject()?;
        if subject.list || !matches!(subject.path.kind, Kind::Text) {
            return Err(self.unsupported(&subject.path));
        }
        self.allow(&subject, bit, negated)?;
        if part == Part::End {
            self.note("endsWith");
        }
        self.need_mark(',')?;
        let Literal::Text(text) = self.literal(Kind::Text)? else {
            return Err(self.unsupported(&subject.path));
        };
        self.need_mark(')')?;
        Ok(Filter::Text(subject.path, part, text))
    }

    fn is_of(&mut self) -> Result<Filter> {
        let Some(TokenKind::Text(name)) = self.peek().cloned() else {
            return Err(self.syntax());
        };
        self.at += 1;
        self.need_mark(')')?;
        let found = resource::find(&name).filter(|r| self.resource.derived.contains(r));
        found.map(Filter::IsOf).ok_or_else(|| {
            Failure::bad_request(format!(
                "Invalid filter clause: '{name}' is no type derived from '{}'.",
                self.resource.full_name()
            ))
        })
    }

    fn literal(&mut self, kind: Kind) -> Result<Literal> {
        let token = self.peek().cloned().ok_or_else(|| self.syntax())?;
        self.at += 1;
        let read = match (&token, kind) {
            (TokenKind::Name(n), _) if n.eq_ignore_ascii_case("null") => Some(Literal::Null),
            (TokenKind::Name(n), Kind::Bool) => {
                n.to_ascii_lowercase().parse().ok().map(Literal::Bool)
            }
            (TokenKind::Text(t), Kind::Text | Kind::Words(_)) => Some(Literal::Text(t.clone())),
            (TokenKind::Text(t), Kind::Enum(_, members)) => members
                .iter()
                .find(|m| m.eq_ignore_ascii_case(t))
                .map(|m| Literal::Text((*m).to_owned())),
            (TokenKind::Text(t) | TokenKind::Bare(t) | TokenKind::Name(t), Kind::Guid) => {
                parse_uuid(t).map(Literal::Guid)
            }
            (TokenKind::Bare(t), Kind::Int) => {
                t.parse::<i32>().ok().map(|n| Literal::Int(n.into()))
            }
            (TokenKind::Bare(t), Kind::Time) => time(t).map(Literal::Time),
            _ => None,
        };
        match (read, &token) {
            (Some(literal), _) => Ok(literal),
            (None, TokenKind::Mark(_)) => {
                self.at -= 1;
                Err(self.syntax())
            }
            (None, TokenKind::Name(t) | TokenKind::Text(t) | TokenKind::Bare(t)) => {
                Err(Failure::bad_request(format!(
                    "Invalid filter clause: '{t}' is no value of type '{}'.",
                    kind.type_name()
                )))
            }
        }
    }
}

/// A time; a bare date is its first moment.
fn time(text: &str) -> Option<Utc> {
    Utc::parse(text)
        .or_else(|| (text.len() == 10).then(|| Utc::parse(&format!("{text}T00:00:00Z")))?)
}

fn one_or(mut list: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match (list.pop(), list.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            list.extend(last);
            many(list)
        }
    }
}

/// A property by its name; another case is forgiven, as the original does in queries.
pub fn property(resource: &'static ResourceType, name: &str) -> Result<&'static Property> {
    let spelled = resource.spelled(name).unwrap_or(name);
    resource
        .property(name)
        .or_else(|| resource.property(spelled))
        .ok_or_else(|| Failure::unknown_property(name, resource))
}

#[cfg(test)]
mod tests;
