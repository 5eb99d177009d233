//! What cargo resolved: packages by name and their ordinary dependencies.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// Names of packages and what each uses. Two versions of one package count as one.
#[derive(Debug, Default)]
pub struct Graph {
    members: BTreeSet<String>,
    uses: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    kind: Option<String>,
}

impl Graph {
    /// Reads the answer of `cargo metadata --format-version 1`.
    pub fn parse(json: &str) -> Result<Self> {
        let metadata: Metadata =
            serde_json::from_str(json).context("cannot read the answer of `cargo metadata`")?;
        let names: BTreeMap<&str, &str> = metadata
            .packages
            .iter()
            .map(|package| (package.id.as_str(), package.name.as_str()))
            .collect();
        let name = |id: &str| {
            names
                .get(id)
                .map(|name| (*name).to_owned())
                .with_context(|| format!("`cargo metadata` names no package `{id}`"))
        };
        let mut graph = Self::default();
        for id in &metadata.workspace_members {
            graph.members.insert(name(id)?);
        }
        for node in &metadata.resolve.nodes {
            let used = graph.uses.entry(name(&node.id)?).or_default();
            for dependency in &node.deps {
                // An ordinary dependency has no kind; the others are `dev` and `build`.
                if dependency.dep_kinds.iter().any(|kind| kind.kind.is_none()) {
                    used.insert(name(&dependency.pkg)?);
                }
            }
        }
        Ok(graph)
    }

    /// A graph from pairs; names that begin as ours do are members.
    #[cfg(test)]
    pub fn of(edges: &[(&str, &str)]) -> Self {
        let mut graph = Self::default();
        for (user, used) in edges {
            for name in [user, used] {
                if name.starts_with("comity-") || *name == "xtask" {
                    graph.members.insert((*name).to_owned());
                }
            }
            graph
                .uses
                .entry((*user).to_owned())
                .or_default()
                .insert((*used).to_owned());
        }
        graph
    }

    pub fn members(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(String::as_str)
    }

    pub fn is_member(&self, name: &str) -> bool {
        self.members.contains(name)
    }

    pub fn direct(&self, name: &str) -> impl Iterator<Item = &str> {
        self.uses
            .get(name)
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// The shortest way from one package to another, both ends included.
    pub fn path(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let mut seen = BTreeSet::from([from]);
        let mut open = VecDeque::from([vec![from]]);
        while let Some(way) = open.pop_front() {
            for next in self.direct(way.last()?) {
                if !seen.insert(next) {
                    continue;
                }
                let mut longer = way.clone();
                longer.push(next);
                if next == to {
                    return Some(longer.into_iter().map(str::to_owned).collect());
                }
                open.push_back(longer);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{
        "packages": [
            {"id": "a 1", "name": "comity-a"}, {"id": "b 1", "name": "b"},
            {"id": "c 1", "name": "c"}, {"id": "d 1", "name": "d"}
        ],
        "workspace_members": ["a 1"],
        "resolve": {"nodes": [
            {"id": "a 1", "deps": [
                {"pkg": "b 1", "dep_kinds": [{"kind": null}, {"kind": "dev"}]},
                {"pkg": "c 1", "dep_kinds": [{"kind": "dev"}]},
                {"pkg": "d 1", "dep_kinds": [{"kind": "build"}]}
            ]},
            {"id": "b 1", "deps": []}
        ]}
    }"#;

    #[test]
    fn ordinary_dependencies_count_and_those_of_tests_and_builds_do_not() {
        let graph = Graph::parse(ANSWER).unwrap();
        assert_eq!(graph.direct("comity-a").collect::<Vec<_>>(), ["b"]);
        assert_eq!(graph.members().collect::<Vec<_>>(), ["comity-a"]);
        assert!(!graph.is_member("b"));
    }

    #[test]
    fn an_answer_that_names_an_unknown_package_is_refused() {
        let broken = ANSWER.replace(r#"{"pkg": "b 1""#, r#"{"pkg": "x 1""#);
        assert!(Graph::parse(&broken).is_err());
        assert!(Graph::parse("{}").is_err());
    }

    #[test]
    fn the_shortest_way_is_found_and_circles_end() {
        let graph = Graph::of(&[("a", "b"), ("b", "c"), ("c", "a"), ("a", "d"), ("d", "b")]);
        assert_eq!(graph.path("a", "c").unwrap(), ["a", "b", "c"]);
        assert_eq!(graph.path("a", "z"), None);
    }
}
