//! `model::query` as SQL: text and values, nothing of a driver. What SQL cannot say exactly it says
//! too widely, and [`crate::listing`] judges the rest in memory.
//!
//! 1. Every condition is two-valued, so that `not` is its exact opposite: a comparison with NULL is
//!    false, `ne` is its opposite.
//! 2. Text compares by its `_key` column; `startsWith` is a range over it, never `LIKE`.
//! 3. An `and` may leave a part out, an `or` and a `not` may not: the result only grows.
//! 4. Order is total (the key comes last) and has NULLs last; a page begins behind a position.

use comity_model::{
    id::parse_uuid,
    name,
    query::{Comparison, Filter, Literal, Part, Path, Position, Query},
    time::Utc,
};

use crate::value::Value;

/// A Graph property that is a column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// Graph's name, with members: `status/errorCode`.
    pub(crate) property: &'static str,
    pub(crate) sql: &'static str,
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
}

/// What a column holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// `name::key` of the text.
    Key,
    /// One of these words, exactly.
    Word(&'static [&'static str]),
    Guid,
    Int,
    Bool,
    Time,
}

/// A column that is never NULL.
pub(crate) const fn column(property: &'static str, sql: &'static str, kind: Kind) -> Column {
    Column {
        property,
        sql,
        kind,
        nullable: false,
    }
}

impl Column {
    /// It may be NULL.
    pub(crate) const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }
}

/// A condition, or as much of it as SQL can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    /// Without a part that would not narrow anything: `None` = everything.
    pub(crate) sql: Option<String>,
    /// Whether it says all that was asked; else it admits more.
    pub(crate) exact: bool,
}

const FALSE: &str = "1 = 0";
const TRUE: &str = "1 = 1";

/// Builds the text and collects the values; the first value is the tenant.
pub(crate) struct Compiler {
    columns: &'static [Column],
    values: Vec<Value>,
}

impl Compiler {
    /// `taken` values come before those of the query.
    pub(crate) const fn new(columns: &'static [Column]) -> Self {
        Self {
            columns,
            values: Vec::new(),
        }
    }

    /// The values after the tenant, in the order of their numbers.
    pub(crate) fn into_values(self) -> Vec<Value> {
        self.values
    }

    /// Adds a value and names it.
    pub(crate) fn bind(&mut self, value: Value) -> String {
        self.values.push(value);
        // `$1` is the tenant.
        format!("${}", self.values.len() + 1)
    }

    fn column(&self, property: &str) -> Option<&'static Column> {
        self.columns.iter().find(|c| c.property == property)
    }

    /// Filter and search of a query.
    pub(crate) fn condition(&mut self, query: &Query) -> Condition {
        let filter = query.filter.as_ref().map_or(
            Condition {
                sql: None,
                exact: true,
            },
            |filter| {
                let (sql, exact) = self.filter(filter);
                Condition { sql, exact }
            },
        );
        Condition {
            exact: filter.exact && query.search.is_none(),
            ..filter
        }
    }

    /// Rule 3: the text and whether it is exact.
    fn filter(&mut self, filter: &Filter) -> (Option<String>, bool) {
        let before = self.values.len();
        let result = match filter {
            Filter::And(list) => self.all(list),
            Filter::Or(list) => self.any(list),
            Filter::Not(inner) => match self.filter(inner) {
                (Some(sql), true) => (Some(format!("NOT ({sql})")), true),
                _ => (None, false),
            },
            Filter::Compare(path, op, literal) => exactly(self.compare(path, *op, literal)),
            Filter::In(path, list) => exactly(self.one_of(path, list)),
            Filter::Text(path, Part::Start, text) => exactly(self.starts_with(path, text)),
            _ => (None, false),
        };
        if result.0.is_none() {
            self.values.truncate(before);
        }
        result
    }

    fn all(&mut self, list: &[Filter]) -> (Option<String>, bool) {
        let parts: Vec<_> = list.iter().map(|f| self.filter(f)).collect();
        let exact = parts.iter().all(|(_, exact)| *exact);
        let texts: Vec<String> = parts
            .into_iter()
            .filter_map(|(sql, _)| sql)
            .map(|sql| format!("({sql})"))
            .collect();
        match (texts.is_empty(), exact) {
            (true, true) => (Some(TRUE.to_owned()), true),
            (true, false) => (None, false),
            _ => (Some(texts.join(" AND ")), exact),
        }
    }

    fn any(&mut self, list: &[Filter]) -> (Option<String>, bool) {
        let mut texts = Vec::new();
        let mut exact = true;
        for filter in list {
            let (Some(sql), whole) = self.filter(filter) else {
                return (None, false);
            };
            texts.push(format!("({sql})"));
            exact &= whole;
        }
        if texts.is_empty() {
            return (Some(FALSE.to_owned()), true);
        }
        (Some(texts.join(" OR ")), exact)
    }

    fn compare(&mut self, path: &Path, op: Comparison, literal: &Literal) -> Option<String> {
        let column = self.column(&path.text())?;
        let sql = column.sql;
        let word = match op {
            Comparison::Equal => "=",
            Comparison::NotEqual => "<>",
            Comparison::AtLeast => ">=",
            Comparison::AtMost => "<=",
            Comparison::Greater => ">",
            Comparison::Less => "<",
        };
        let equality = matches!(op, Comparison::Equal | Comparison::NotEqual);
        let value = match column.literal(literal)? {
            Operand::Null if op == Comparison::Equal => return Some(format!("{sql} IS NULL")),
            Operand::Null if op == Comparison::NotEqual => {
                return Some(format!("{sql} IS NOT NULL"));
            }
            Operand::Null => return Some(FALSE.to_owned()),
            Operand::Impossible if op == Comparison::NotEqual => return Some(TRUE.to_owned()),
            Operand::Impossible if equality => return Some(FALSE.to_owned()),
            Operand::Impossible => return None,
            Operand::Value(_) if !equality && matches!(column.kind, Kind::Word(_)) => return None,
            Operand::Value(value) => self.bind(value),
        };
        Some(match (column.nullable, op) {
            (false, _) => format!("{sql} {word} {value}"),
            (true, Comparison::NotEqual) => format!("{sql} IS NULL OR {sql} <> {value}"),
            (true, _) => format!("{sql} IS NOT NULL AND {sql} {word} {value}"),
        })
    }

    fn one_of(&mut self, path: &Path, list: &[Literal]) -> Option<String> {
        let mut parts = Vec::new();
        for literal in list {
            parts.push(format!(
                "({})",
                self.compare(path, Comparison::Equal, literal)?
            ));
        }
        Some(if parts.is_empty() {
            FALSE.to_owned()
        } else {
            parts.join(" OR ")
        })
    }

    /// Rule 2.
    fn starts_with(&mut self, path: &Path, text: &str) -> Option<String> {
        let column = self
            .column(&path.text())
            .filter(|c| matches!(c.kind, Kind::Key))?;
        let sql = column.sql;
        if text.contains('\0') {
            return Some(FALSE.to_owned());
        }
        let key = name::key(text);
        let mut parts = vec![];
        if column.nullable {
            parts.push(format!("{sql} IS NOT NULL"));
        }
        if !key.is_empty() {
            parts.push(format!("{sql} >= {}", self.bind(Value::from(key.as_str()))));
        }
        if let Some(end) = behind(&key) {
            parts.push(format!("{sql} < {}", self.bind(Value::from(end))));
        }
        Some(if parts.is_empty() {
            TRUE.to_owned()
        } else {
            parts.join(" AND ")
        })
    }

    /// Rule 4: `ORDER BY` and the columns it names; `None` if one of them is no column.
    pub(crate) fn order(&self, query: &Query) -> Option<Vec<(&'static Column, bool)>> {
        let mut order = Vec::new();
        for wanted in &query.order {
            let column = self.column(wanted.property.name)?;
            // The order of words in SQL is that of their spelling, not of their keys.
            if matches!(column.kind, Kind::Word(_)) {
                return None;
            }
            order.push((column, wanted.descending));
        }
        // Keys of records grow with time: where the newest come first, the key runs down too.
        let newest = query.order.first().is_some_and(|o| o.descending);
        order.push((
            self.column(query.resource.key)?,
            newest && query.resource.listing.descending,
        ));
        Some(order)
    }

    /// Rule 4: what comes behind a position.
    pub(crate) fn after(
        &mut self,
        order: &[(&'static Column, bool)],
        position: &Position,
    ) -> String {
        let mut cases = Vec::new();
        let mut same: Vec<String> = Vec::new();
        for ((column, descending), value) in order.iter().zip(&position.0) {
            let sql = column.sql;
            let Some(value) = column.json(value) else {
                // NULLs are last: nothing comes behind but other NULLs.
                same.push(format!("{sql} IS NULL"));
                continue;
            };
            let value = self.bind(value);
            let sign = if *descending { "<" } else { ">" };
            let mut behind = format!("{sql} {sign} {value}");
            if column.nullable {
                behind = format!("({behind} OR {sql} IS NULL)");
            }
            let case = same
                .iter()
                .chain(std::iter::once(&behind))
                .cloned()
                .collect::<Vec<_>>();
            cases.push(format!("({})", case.join(" AND ")));
            same.push(format!("{sql} = {value}"));
        }
        if cases.is_empty() {
            FALSE.to_owned()
        } else {
            format!("({})", cases.join(" OR "))
        }
    }
}

/// The text of `ORDER BY`.
pub(crate) fn order_by(order: &[(&'static Column, bool)]) -> String {
    let parts: Vec<String> = order
        .iter()
        .map(|(column, descending)| {
            let direction = if *descending { " DESC" } else { "" };
            let nulls = if column.nullable { " NULLS LAST" } else { "" };
            format!("{}{direction}{nulls}", column.sql)
        })
        .collect();
    parts.join(", ")
}

fn exactly(sql: Option<String>) -> (Option<String>, bool) {
    let exact = sql.is_some();
    (sql, exact)
}

enum Operand {
    Null,
    /// A value that the column cannot hold.
    Impossible,
    Value(Value),
}

impl Column {
    /// A literal as the column keeps it; `None` if only memory knows how these compare.
    fn literal(&self, literal: &Literal) -> Option<Operand> {
        Some(Operand::Value(match (self.kind, literal) {
            (_, Literal::Null) => return Some(Operand::Null),
            (Kind::Key, Literal::Text(text)) if text.contains('\0') => {
                return Some(Operand::Impossible);
            }
            (Kind::Key, Literal::Text(text)) => name::key(text).into(),
            (Kind::Word(words), Literal::Text(text)) => {
                let same = |word: &&&str| name::key(word) == name::key(text);
                match words.iter().find(same) {
                    Some(word) => (*word).into(),
                    None => return Some(Operand::Impossible),
                }
            }
            (Kind::Guid, Literal::Guid(id)) => (*id).into(),
            (Kind::Guid, Literal::Text(text)) => parse_uuid(text)?.into(),
            (Kind::Int, Literal::Int(number)) => (*number).into(),
            (Kind::Bool, Literal::Bool(flag)) => (*flag).into(),
            (Kind::Time, Literal::Time(time)) => (*time).into(),
            _ => return None,
        }))
    }

    /// A value of a position as the column keeps it; `None` is NULL.
    fn json(&self, value: &serde_json::Value) -> Option<Value> {
        match self.kind {
            Kind::Key => value.as_str().map(|text| name::key(text).into()),
            Kind::Word(_) => value.as_str().map(Value::from),
            Kind::Guid => value.as_str().and_then(parse_uuid).map(Value::from),
            Kind::Int => value.as_i64().map(Value::from),
            Kind::Bool => value.as_bool().map(Value::from),
            Kind::Time => value.as_str().and_then(Utc::parse).map(Value::from),
        }
    }
}

/// The first text behind all that begin with `key`; `None` if there is none.
fn behind(key: &str) -> Option<String> {
    let mut letters: Vec<char> = key.chars().collect();
    while let Some(last) = letters.pop() {
        let next = match u32::from(last) {
            // Between these two lie the surrogates, which are no characters.
            0xD7FF => Some('\u{E000}'),
            code => char::from_u32(code + 1),
        };
        if let Some(next) = next {
            letters.push(next);
            return Some(letters.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests;
