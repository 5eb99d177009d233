//! SQL is never put together from text: a value that reaches a statement is a parameter.
//!
//! A search, not a parser: it looks for a formatting macro whose text begins with a statement's
//! verb and has a place for a value. The compiler of queries in `store` joins fixed pieces; where
//! such a piece needs `format!`, a comment `// sql: why this is safe` on a line before says why.
//!
//! Whatever the search does not see must pass two gates that are not searched for but counted
//! (security bar S-67): the drivers take a text that is not fixed through a few words only, and a
//! statement that is not of `statements!` is a literal `Sql { … }`. They stand in the places of
//! [`GATES`], nowhere else.

use crate::finding::Finding;
use crate::tree::has_ending;

const MACROS: &[&str] = &["format!(", "write!(", "writeln!(", "concat!("];
const VERBS: &[&str] = &[
    "SELECT ",
    "INSERT ",
    "UPDATE ",
    "DELETE ",
    "WITH ",
    "CREATE ",
    "DROP ",
    "ALTER ",
    "TRUNCATE ",
    "WHERE ",
    "ORDER BY ",
    "AND ",
];
/// What lets a text that is not fixed through, the files where it may stand, and how often: the one
/// runner, migrations, the schema of PostgreSQL, and lists put together from fixed pieces.
const GATES: &[(&str, &[(&str, usize)])] = &[
    (
        "AssertSqlSafe(",
        &[
            ("crates/store/src/run.rs", 1),
            ("crates/store/src/postgres.rs", 1),
            ("crates/store/src/migration.rs", 2),
        ],
    ),
    ("raw_sql(", &[("crates/store/src/migration.rs", 1)]),
    (
        ".prepare(",
        &[
            ("crates/store/src/sqlite/connection.rs", 2),
            ("crates/store/src/sqlite/readers.rs", 1),
            ("crates/store/src/db.rs", 2),
        ],
    ),
    (
        ".prepare_cached(",
        &[("crates/store/src/sqlite/connection.rs", 2)],
    ),
    (
        "execute_batch(",
        &[("crates/store/src/sqlite/connection.rs", 1)],
    ),
    (
        ".control(",
        &[
            ("crates/store/src/sqlite/connection.rs", 3),
            ("crates/store/src/sqlite/readers.rs", 1),
            ("crates/store/src/migration.rs", 5),
        ],
    ),
    (
        "Sql {",
        &[
            ("crates/store/src/statement.rs", 3),
            ("crates/store/src/listing.rs", 2),
        ],
    ),
    ("Sql::compiled(", &[("crates/store/src/listing.rs", 1)]),
];
const EXCUSE: &str = "// sql:";
/// How many lines above the macro the excuse may stand.
const REACH: usize = 3;

/// Tests make and drop schemas by name; what ships does not.
pub fn applies(file: &str) -> bool {
    let is_test =
        file.contains("/tests/") || file.ends_with("tests.rs") || file.contains("contract");
    file.starts_with("crates/") && has_ending(file, "rs") && !is_test
}

pub fn check(file: &str, text: &str) -> Vec<Finding> {
    let product = text
        .find("#[cfg(test)]\nmod ")
        .and_then(|end| text.get(..end))
        .unwrap_or(text);
    let mut findings = Vec::new();
    for name in MACROS {
        for (at, _) in product.match_indices(name) {
            let Some(rest) = product.get(at + name.len()..) else {
                continue;
            };
            let line = product
                .get(..at)
                .map_or(0, |before| before.matches('\n').count());
            if first_text(rest).is_some_and(is_statement) && !excused(product, line) {
                findings.push(Finding::new(
                    format!("{file}:{}", line + 1),
                    "puts a value into the text of a statement; pass it as a parameter, or say why it is safe in a comment `// sql: …`",
                ));
            }
        }
    }
    findings.extend(gates(file, product));
    findings
}

/// Texts that are not fixed, where none may be.
fn gates(file: &str, product: &str) -> Vec<Finding> {
    let drives = ["sqlx", "rusqlite"].iter().any(|d| product.contains(d));
    if !file.starts_with("crates/store/") && !drives {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (gate, places) in GATES {
        let may = places
            .iter()
            .find(|(place, _)| *place == file)
            .map_or(0, |(_, times)| *times);
        for (at, _) in product.match_indices(gate).skip(may) {
            let before = product.get(..at).unwrap_or_default();
            findings.push(Finding::new(
                format!("{file}:{}", before.matches('\n').count() + 1),
                "hands the driver a text that is not fixed; use a statement of `statements!`, or `listing` for lists",
            ));
        }
    }
    findings
}

/// The first string of a macro's arguments, as far as it is on the same few lines.
fn first_text(arguments: &str) -> Option<&str> {
    let (_, rest) = arguments.split_once('"')?;
    let before = arguments.len() - rest.len();
    if arguments.get(..before)?.contains([';', ')']) {
        return None;
    }
    rest.split('"').next()
}

fn is_statement(text: &str) -> bool {
    let begins = VERBS.iter().any(|verb| text.trim_start().starts_with(verb));
    begins && text.replace("{{", "").contains('{')
}

fn excused(text: &str, line: usize) -> bool {
    let first = line.saturating_sub(REACH);
    text.lines()
        .skip(first)
        .take(line - first + 1)
        .any(|line| line.contains(EXCUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        check("a.rs", text)
            .into_iter()
            .map(|finding| finding.place)
            .collect()
    }

    #[test]
    fn a_value_in_a_statement_is_found() {
        for text in [
            r#"let s = format!("SELECT * FROM users WHERE id = {id}");"#,
            "let s = format!(\n    \"DELETE FROM {table}\"\n);",
            r#"write!(out, "ORDER BY {column}")"#,
            r#"format!(" UPDATE users SET name = '{}'", name)"#,
        ] {
            assert_eq!(lines(text), ["a.rs:1"], "{text}");
        }
    }

    #[test]
    fn fixed_statements_and_other_texts_pass() {
        for text in [
            r#"sql("SELECT id FROM users WHERE id = $1")"#,
            r#"format!("{name} is unknown; SELECT one")"#,
            r#"format!("SELECT 1")"#,
            r#"format!("SELECT '{{}}'")"#,
            r#"format!("Selecting {thing}")"#,
        ] {
            assert_eq!(lines(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_reason_excuses_the_lines_right_below_it_and_no_others() {
        let near = "// sql: the table is one of ours\nlet s = format!(\"DELETE FROM {table}\");";
        assert_eq!(lines(near), Vec::<String>::new());
        let far = near.replacen('\n', "\n\n\n\n\n", 1);
        assert_eq!(lines(&far), ["a.rs:6"]);
    }

    #[test]
    fn a_text_that_is_not_fixed_reaches_the_driver_in_named_places_only() {
        let once = "sqlx::query(sqlx::AssertSqlSafe(text))";
        let places = |file: &str, text: &str| check(file, text).len();
        assert_eq!(places("crates/store/src/run.rs", once), 0);
        assert_eq!(places("crates/store/src/user.rs", once), 1);
        assert_eq!(places("crates/app/src/home.rs", once), 1);
        assert_eq!(places("crates/store/src/run.rs", &once.repeat(2)), 1);
        assert_eq!(places("crates/store/src/user.rs", "Sql { table, text }"), 1);
        assert_eq!(places("crates/store/src/user.rs", "sqlx::raw_sql(text)"), 1);
        assert_eq!(places("crates/store/src/user.rs", "c.prepare(&text)"), 1);
        assert_eq!(
            places("crates/server/src/a.rs", "rusqlite::c.execute_batch(t)"),
            1
        );
        // Elsewhere a text is only a text.
        assert_eq!(places("crates/app/src/home.rs", "Sql { table, text }"), 0);
    }

    #[test]
    fn tests_are_left_alone() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { format!(\"DROP TABLE {t}\"); } }";
        assert_eq!(lines(text), Vec::<String>::new());
        assert!(!applies("crates/store/tests/kill.rs"));
        assert!(!applies("xtask/src/main.rs"));
        assert!(applies("crates/store/src/query.rs"));
    }
}
