//! Statements: written once, in the dialect that both engines share, and registered so that a test
//! can prepare every one of them on both.

use std::borrow::Cow;

/// A statement that is fixed when the program is built. `table` is for error messages.
#[derive(Debug, Clone, Copy)]
pub struct Statement {
    pub(crate) table: &'static str,
    pub(crate) text: &'static str,
}

/// The text of a statement on its way to the driver.
#[derive(Debug, Clone)]
pub(crate) struct Sql {
    pub(crate) table: &'static str,
    /// Borrowed texts are fixed and stay prepared; owned ones come from the query compiler.
    pub(crate) text: Cow<'static, str>,
    /// Whether it may walk over any number of rows: then SQLite does not run it on the caller's
    /// thread.
    pub(crate) long: bool,
}

impl Sql {
    /// A statement that is part of the program.
    pub(crate) const fn fixed(table: &'static str, text: &'static str) -> Self {
        Self {
            table,
            text: Cow::Borrowed(text),
            long: false,
        }
    }

    /// A statement that is part of the program and may walk over any number of rows.
    pub(crate) const fn long(statement: Statement) -> Self {
        let mut sql = Self::fixed(statement.table, statement.text);
        sql.long = true;
        sql
    }

    /// A statement that was compiled from a caller's query: as long as the caller likes.
    pub(crate) const fn compiled(table: &'static str, text: String) -> Self {
        Self {
            table,
            text: Cow::Owned(text),
            long: true,
        }
    }

    /// Whether it is part of the program, and not compiled from a caller's query.
    pub(crate) const fn is_fixed(&self) -> bool {
        matches!(self.text, Cow::Borrowed(_))
    }
}

impl From<Statement> for Sql {
    fn from(statement: Statement) -> Self {
        Self::fixed(statement.table, statement.text)
    }
}

/// Declares the statements of a table module and its `STATEMENTS`, which [`all`] collects:
/// `statements! { "users"; FIND = "SELECT …"; INSERT = "INSERT …"; }`.
macro_rules! statements {
    ($table:literal; $($name:ident = $text:expr;)*) => {
        $(const $name: $crate::statement::Statement =
            $crate::statement::Statement { table: $table, text: $text };)*
        #[cfg(test)]
        pub(crate) const STATEMENTS: &[$crate::statement::Statement] = &[$($name),*];
    };
}
pub(crate) use statements;

/// Every fixed statement of the crate.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = Statement> {
    crate::STATEMENTS
        .iter()
        .flat_map(|list| list.iter().copied())
}
