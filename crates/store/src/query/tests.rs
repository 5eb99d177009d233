#![expect(clippy::too_many_lines, reason = "tables of cases")]
use comity_model::{
    query::{Comparison, Filter, Literal, Part, Path, Query},
    resource::USER,
};

use super::{Column, Compiler, Condition, Kind, behind, column, order_by};

static COLUMNS: &[Column] = &[
    column("id", "id", Kind::Guid),
    column("displayName", "display_name_key", Kind::Key),
    column("mail", "mail_key", Kind::Key).nullable(),
    column("userType", "user_type", Kind::Word(&["Member", "Guest"])),
    column("accountEnabled", "account_enabled", Kind::Bool),
    column("createdDateTime", "created", Kind::Time),
];

fn path(name: &str) -> Path {
    Path::of(USER.property(name).unwrap())
}

fn is(name: &str, text: &str) -> Filter {
    Filter::Compare(path(name), Comparison::Equal, Literal::Text(text.into()))
}

fn compiled(filter: Filter) -> (Condition, usize) {
    let mut compiler = Compiler::new(COLUMNS);
    let query = Query {
        filter: Some(filter),
        ..Query::all(&USER)
    };
    let condition = compiler.condition(&query);
    (condition, compiler.into_values().len())
}

#[test]
fn conditions_as_text() {
    use Comparison::{AtLeast, Equal, Greater, NotEqual};
    let text = |t: &str| Literal::Text(t.into());
    let compare = |name: &str, op, literal| Filter::Compare(path(name), op, literal);
    let city = || is("city", "Oslo");
    let cases = [
        (
            is("displayName", "Anna"),
            Some("display_name_key = $2"),
            true,
            1,
        ),
        (
            compare("displayName", AtLeast, text("a")),
            Some("display_name_key >= $2"),
            true,
            1,
        ),
        (
            is("mail", "a@b.c"),
            Some("mail_key IS NOT NULL AND mail_key = $2"),
            true,
            1,
        ),
        (
            compare("mail", NotEqual, text("x")),
            Some("mail_key IS NULL OR mail_key <> $2"),
            true,
            1,
        ),
        (
            compare("mail", Equal, Literal::Null),
            Some("mail_key IS NULL"),
            true,
            0,
        ),
        (
            compare("mail", Greater, Literal::Null),
            Some("1 = 0"),
            true,
            0,
        ),
        (is("userType", "guest"), Some("user_type = $2"), true, 1),
        (is("userType", "robot"), Some("1 = 0"), true, 0),
        (
            compare("userType", NotEqual, text("robot")),
            Some("1 = 1"),
            true,
            0,
        ),
        (compare("userType", AtLeast, text("Guest")), None, false, 0),
        (
            Filter::Text(path("displayName"), Part::Start, "An".into()),
            Some("display_name_key >= $2 AND display_name_key < $3"),
            true,
            2,
        ),
        (
            Filter::Text(path("displayName"), Part::End, "a".into()),
            None,
            false,
            0,
        ),
        (
            Filter::Not(Box::new(is("displayName", "x"))),
            Some("NOT (display_name_key = $2)"),
            true,
            1,
        ),
        (Filter::Not(Box::new(city())), None, false, 0),
        // Rule 3.
        (
            Filter::And(vec![city(), is("displayName", "x")]),
            Some("(display_name_key = $2)"),
            false,
            1,
        ),
        (
            Filter::Or(vec![is("displayName", "x"), city()]),
            None,
            false,
            0,
        ),
        (Filter::And(vec![city()]), None, false, 0),
        (
            Filter::In(path("displayName"), vec![]),
            Some("1 = 0"),
            true,
            0,
        ),
        (
            Filter::In(path("displayName"), vec![text("a"), text("b")]),
            Some("(display_name_key = $2) OR (display_name_key = $3)"),
            true,
            2,
        ),
    ];
    for (filter, sql, exact, values) in cases {
        let said = filter.to_string();
        let expected = Condition {
            sql: sql.map(str::to_owned),
            exact,
        };
        assert_eq!(compiled(filter), (expected, values), "{said}");
    }
}

#[test]
fn not_of_a_condition_that_is_too_wide_is_not_said() {
    let wide = Filter::And(vec![is("city", "Oslo"), is("displayName", "x")]);
    assert_eq!(
        compiled(Filter::Not(Box::new(wide))).0,
        Condition {
            sql: None,
            exact: false
        }
    );
}

#[test]
fn a_range_ends_behind_everything_with_that_beginning() {
    for (key, end) in [
        ("a", Some("b")),
        ("az", Some("a{")),
        ("\u{D7FF}", Some("\u{E000}")),
        ("a\u{10FFFF}", Some("b")),
        ("\u{10FFFF}", None),
        ("", None),
    ] {
        assert_eq!(behind(key).as_deref(), end, "{key:?}");
    }
}

#[test]
fn order_ends_with_the_key_and_has_nulls_last() {
    let by = |name: &str, descending| comity_model::query::Order {
        property: USER.property(name).unwrap(),
        descending,
    };
    let order = |list: Vec<_>| {
        let query = Query {
            order: list,
            ..Query::all(&USER)
        };
        Compiler::new(COLUMNS).order(&query).map(|o| order_by(&o))
    };
    assert_eq!(order(vec![]).as_deref(), Some("id"));
    assert_eq!(
        order(vec![by("mail", true)]).as_deref(),
        Some("mail_key DESC NULLS LAST, id"),
    );
    assert_eq!(order(vec![by("city", false)]), None);
    assert_eq!(order(vec![by("userType", false)]), None);
}
