//! `cargo xtask layering`: which crate uses which, checked against what cargo resolved.
//!
//! The table of `layering/rule.rs` is the one of ADR 1. Judged are ordinary dependencies:
//! development dependencies do not reach the product, and tests may use what they like.

mod graph;
mod rule;

use anyhow::{Context as _, Result};

use crate::finding::Finding;
use crate::tree::{Tree, output};
use graph::Graph;
use rule::{FORBIDDEN, OWNERS, RULES, Rule};

const PREFIX: &str = "comity-";

pub fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut rustc = tree.command("rustc");
    rustc.arg("-vV");
    let version = output(rustc)?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("`rustc -vV` names no host; install a complete toolchain")?;
    let mut cargo = tree.cargo();
    cargo.args([
        "metadata",
        "--format-version",
        "1",
        "--filter-platform",
        host,
    ]);
    Ok(judge(&Graph::parse(&output(cargo)?)?))
}

fn judge(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in graph.members() {
        match RULES.iter().find(|rule| full_name(rule.name) == member) {
            Some(rule) => judge_crate(graph, rule, member, &mut findings),
            None => findings.push(Finding::new(
                member,
                "this crate is not in the table of layers; give it a row in xtask/src/layering/rule.rs",
            )),
        }
    }
    findings.sort();
    findings
}

fn judge_crate(graph: &Graph, rule: &Rule, member: &str, findings: &mut Vec<Finding>) {
    for used in graph.direct(member) {
        if graph.is_member(used) {
            judge_ours(rule, member, used, findings);
        } else {
            judge_foreign(rule, member, used, findings);
        }
    }
    for banned in rule.never.iter().chain(FORBIDDEN) {
        if let Some(path) = graph.path(member, banned) {
            let way = path.join("` → `");
            findings.push(Finding::new(
                member,
                format!("uses `{banned}`, which may not be reached from here: `{way}`"),
            ));
        }
    }
}

fn judge_ours(rule: &Rule, member: &str, used: &str, findings: &mut Vec<Finding>) {
    if rule.ours.iter().any(|ours| full_name(ours) == used) {
        return;
    }
    let allowed: Vec<String> = rule.ours.iter().map(|ours| full_name(ours)).collect();
    let allowed = if allowed.is_empty() {
        "none of ours".to_owned()
    } else {
        allowed.join(", ")
    };
    findings.push(Finding::new(
        member,
        format!("uses `{used}`, a layer it may not use; allowed: {allowed}"),
    ));
}

fn judge_foreign(rule: &Rule, member: &str, used: &str, findings: &mut Vec<Finding>) {
    if rule.only.is_some_and(|only| !only.contains(&used)) {
        findings.push(Finding::new(
            member,
            format!(
                "uses `{used}`; this crate takes nothing from outside but {}",
                rule.only.unwrap_or_default().join(", ")
            ),
        ));
    }
    if rule.not.contains(&used) {
        findings.push(Finding::new(
            member,
            format!("names `{used}`; {}", rule.because),
        ));
    }
    let owner = OWNERS.iter().find(|owner| owner.library == used);
    if let Some(owner) = owner.filter(|owner| !owner.crates.contains(&rule.name)) {
        findings.push(Finding::new(
            member,
            format!(
                "names `{used}`, which is left to {}; ask that crate instead",
                owner.crates.join(", ")
            ),
        ));
    }
}

fn full_name(short: &str) -> String {
    if short == "xtask" {
        short.to_owned()
    } else {
        format!("{PREFIX}{short}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the findings say about a workspace in which `user` uses `used`.
    fn found(edges: &[(&str, &str)]) -> Vec<String> {
        judge(&Graph::of(edges))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn the_workspace_keeps_to_its_layers() {
        let findings = check(&Tree::open().unwrap()).unwrap();
        assert_eq!(findings, [], "layering");
    }

    #[test]
    fn what_the_table_allows_is_no_finding() {
        for (user, used) in [
            ("comity-oauth", "comity-crypto"),
            ("comity-policy", "comity-model"),
            ("comity-policy", "serde"),
            ("comity-store", "comity-model"),
            ("comity-store", "sqlx"),
            ("comity-crypto", "aws-lc-rs"),
            ("comity-app", "comity-store"),
            ("comity-web", "comity-edge"),
            ("comity-server", "comity-demo"),
            ("comity-server", "rustls"),
            ("comity-testkit", "comity-server"),
            ("comity-testkit", "comity-demo"),
            ("comity-policy", "uuid"),
            ("comity-demo", "aws-lc-rs"),
            ("xtask", "anyhow"),
        ] {
            assert_eq!(
                found(&[(user, used)]),
                Vec::<String>::new(),
                "{user} → {used}"
            );
        }
    }

    #[test]
    fn what_the_table_forbids_is_named() {
        for (user, used) in [
            ("comity-crypto", "comity-model"),
            ("comity-oauth", "comity-model"),
            ("comity-model", "comity-crypto"),
            ("comity-policy", "comity-store"),
            ("comity-policy", "tracing"),
            ("comity-store", "comity-policy"),
            ("comity-store", "axum"),
            ("comity-app", "axum"),
            ("comity-app", "hyper"),
            ("comity-app", "sqlx"),
            ("comity-edge", "comity-web"),
            ("comity-oidc", "comity-graph"),
            ("comity-graph", "comity-web"),
            ("comity-web", "comity-oidc"),
            ("comity-web", "comity-store"),
            ("comity-web", "comity-policy"),
            ("comity-server", "comity-testkit"),
            ("comity-server", "sqlx"),
            ("comity-server", "aws-lc-rs"),
            ("comity-demo", "comity-model"),
            ("xtask", "comity-model"),
            ("comity-model", "tokio"),
            ("comity-model", "rand"),
            ("comity-web", "lettre"),
            ("comity-app", "anyhow"),
        ] {
            let findings = found(&[(user, used)]);
            let named = findings
                .iter()
                .any(|line| line.starts_with(user) && line.contains(used));
            assert!(named, "{user} → {used}: {findings:?}");
        }
    }

    #[test]
    fn a_ban_reaches_through_other_libraries_and_shows_the_way() {
        let findings = found(&[("comity-oauth", "some-client"), ("some-client", "tokio")]);
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0].contains("`comity-oauth` → `some-client` → `tokio`"),
            "{findings:?}"
        );
        assert!(found(&[("comity-app", "some-client"), ("some-client", "tokio")]).is_empty());
    }

    #[test]
    fn libraries_that_nobody_may_use_are_found_at_any_depth() {
        let findings = found(&[("comity-server", "some-client"), ("some-client", "openssl")]);
        assert!(
            findings.iter().any(|line| line.contains("openssl")),
            "{findings:?}"
        );
    }

    #[test]
    fn a_crate_without_a_row_is_a_finding() {
        let findings = found(&[("comity-extra", "serde")]);
        assert!(findings[0].contains("not in the table"), "{findings:?}");
    }
}
