//! The operations of the original Graph API: which exist, their success code, and the scopes that
//! suffice (graph/endpoints.md). Data in `operations.txt`; read once.
//!
//! A path is written as a template: `/groups/{}/members/{}/$ref`, own names in their case.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

/// Alternatives, each a list of scopes needed together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(Vec<Vec<&'static str>>);

/// One operation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// `GET`, …
    pub method: &'static str,
    /// The template, in the original's case.
    pub path: &'static str,
    /// The code of success.
    pub status: u16,
    /// For tokens with a person; `None` = not for them.
    pub delegated: Option<&'static Scopes>,
    /// For tokens of an application alone; `None` = not for them.
    pub application: Option<&'static Scopes>,
}

/// Whether a token holds a person or only an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Scopes in `scp`.
    Delegated,
    /// Permissions in `roles`.
    Application,
}

impl Scopes {
    /// Whether what is held suffices.
    pub fn satisfied_by(&self, held: &BTreeSet<String>) -> bool {
        self.0
            .iter()
            .any(|all| all.iter().all(|s| held.contains(*s)))
    }

    /// The alternatives.
    pub fn alternatives(&self) -> impl Iterator<Item = &[&'static str]> {
        self.0.iter().map(Vec::as_slice)
    }
}

impl Operation {
    /// Whether a token with these scopes (or application permissions) may ask for this at all.
    /// What a role or an ownership adds or takes is for the use case.
    pub fn permits(&self, kind: TokenKind, held: &BTreeSet<String>) -> bool {
        let scopes = match kind {
            TokenKind::Delegated => self.delegated,
            TokenKind::Application => self.application,
        };
        scopes.is_some_and(|s| s.satisfied_by(held))
    }
}

struct Table {
    by_path: BTreeMap<String, Vec<Operation>>,
    /// Every path and every path above one.
    prefixes: BTreeSet<String>,
}

static TEXT: &str = include_str!("operations.txt");

static SETS: LazyLock<Vec<Scopes>> = LazyLock::new(|| {
    TEXT.lines()
        .filter_map(|line| line.strip_prefix("s "))
        .filter_map(|line| line.split_once(' '))
        .map(|(_, names)| {
            Scopes(
                names
                    .split(' ')
                    .map(|all| all.split('+').collect())
                    .collect(),
            )
        })
        .collect()
});

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut by_path: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
    let mut prefixes = BTreeSet::new();
    for operation in TEXT.lines().filter_map(parse) {
        let key = operation.path.to_lowercase();
        for (at, _) in key.match_indices('/').skip(1) {
            prefixes.insert(key.get(..at).unwrap_or_default().to_owned());
        }
        prefixes.insert(key.clone());
        by_path.entry(key).or_default().push(operation);
    }
    Table { by_path, prefixes }
});

fn parse(line: &'static str) -> Option<Operation> {
    if line.starts_with(['#', 's']) {
        return None;
    }
    let mut words = line.split(' ');
    let (method, status, path) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
    let mut set = || {
        words
            .next()
            .and_then(|n| SETS.get(n.parse::<usize>().ok()?))
    };
    Some(Operation {
        method,
        path,
        status,
        delegated: set(),
        application: set(),
    })
}

/// All operations of a path; the template's case does not matter.
pub fn operations(template: &str) -> &'static [Operation] {
    TABLE
        .by_path
        .get(&template.to_lowercase())
        .map_or(&[], Vec::as_slice)
}

/// Every operation of the table.
pub fn all() -> impl Iterator<Item = &'static Operation> {
    TABLE.by_path.values().flatten()
}

/// The operation that decides about the scopes of a request: the exact one, or for reading the
/// one of the nearest path above (`/$count`, a cast, a property as resource).
pub fn find(method: &str, template: &str) -> Option<&'static Operation> {
    let mut path = template;
    loop {
        if let Some(found) = operations(path).iter().find(|o| o.method == method) {
            return Some(found);
        }
        let at = path.rfind('/').filter(|at| *at > 0)?;
        if method != "GET" {
            return None;
        }
        path = path.get(..at)?;
    }
}

/// Whether the original has this path or one below it, whatever we have built. Segments are as
/// sent; a key is found where the original has one.
pub fn is_known(segments: &[&str]) -> bool {
    !segments.is_empty() && walk("", segments)
}

fn walk(path: &str, rest: &[&str]) -> bool {
    let Some((first, rest)) = rest.split_first() else {
        return TABLE.prefixes.contains(path);
    };
    let lower = first.to_lowercase();
    let named = match lower.split_once('(') {
        Some((name, inner)) if inner != ")" => format!("{path}/{name}/{{}}"),
        _ => format!("{path}/{lower}"),
    };
    // A name that the original uses there wins over a key: `/users/delta`.
    for candidate in [named.clone(), format!("{named}()"), format!("{path}/{{}}")] {
        if TABLE.prefixes.contains(&candidate) && walk(&candidate, rest) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn scopes_that_suffice_and_scopes_that_do_not() {
        use TokenKind::{Application, Delegated};
        let cases: &[(&str, &str, TokenKind, &[&str], bool)] = &[
            ("GET", "/users", Delegated, &["User.ReadBasic.All"], true),
            ("GET", "/users", Delegated, &["User.Read"], false),
            ("PATCH", "/users/{}", Delegated, &["User.Read.All"], false),
            (
                "POST",
                "/identity/conditionalAccess/policies",
                Delegated,
                &["Policy.ReadWrite.ConditionalAccess"],
                false,
            ),
            (
                "POST",
                "/identity/conditionalAccess/policies",
                Application,
                &["Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"],
                true,
            ),
            ("GET", "/me", Application, &["User.Read.All"], false),
            ("GET", "/me", Delegated, &["User.Read"], true),
            (
                "GET",
                "/servicePrincipals/{}/appRoles",
                Delegated,
                &["Application.Read.All"],
                true,
            ),
        ];
        for (method, path, kind, scopes, want) in cases {
            let operation = find(method, path).unwrap();
            assert_eq!(
                operation.permits(*kind, &held(scopes)),
                *want,
                "{method} {path} {scopes:?}"
            );
        }
    }

    #[test]
    fn writing_never_borrows_the_scopes_of_another_path() {
        assert!(find("DELETE", "/organization").is_none());
        assert!(find("POST", "/users/{}/nothing").is_none());
    }

    #[test]
    fn the_original_surface_is_known_with_keys_casts_and_functions() {
        for path in [
            "/users/42/manager/$ref",
            "/Users/x@y.z/memberOf/graph.group",
            "/users/delta",
            "/users/delta()",
            "/groups(uniqueName='x')/members",
            "/directory/deletedItems/microsoft.graph.group",
            "/subscriptions/1",
            "/$batch",
        ] {
            let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
            assert!(is_known(&segments), "{path}");
        }
        for path in ["nothing", "users/1/nothing", "groups/1/2/3"] {
            let segments: Vec<&str> = path.split('/').collect();
            assert!(!is_known(&segments), "{path}");
        }
    }
}
