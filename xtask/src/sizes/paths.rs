//! Documents that drift: every path, crate and link that a document names exists.
//!
//! A path is a word in backticks that begins with a folder at the top of the repository
//! (`crates/app/src`), with a crate (`web/sign_in.rs` is `crates/web/src/sign_in.rs`), or is a file
//! name with an ending that only ours have. `::function` behind a path is not looked at. Accepted decision
//! records are history and are left alone.

use crate::finding::Finding;
use crate::tree::has_ending;

/// Endings by which a bare file name is meant as one of ours; an operator's `comity.toml` is not.
const ENDINGS: &[&str] = &[".rs", ".md", ".svg", ".css"];

pub fn applies(file: &str) -> bool {
    let written_here = !file.contains('/') || file.starts_with("docs/");
    has_ending(file, "md")
        && written_here
        && !file.starts_with("docs/adr/")
        && file != "CHANGELOG.md"
}

pub fn check(file: &str, text: &str, files: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut fenced = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        if fenced {
            continue;
        }
        let place = || format!("{file}:{number}");
        for word in quoted(line).filter(|word| !exists(word, files)) {
            findings.push(Finding::new(
                place(),
                format!("names `{word}`, which does not exist"),
            ));
        }
        for target in links(line).filter(|target| !link_exists(file, target, files)) {
            findings.push(Finding::new(
                place(),
                format!("links to `{target}`, which does not exist"),
            ));
        }
    }
    findings
}

/// The words between backticks.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The relative targets of links and pictures.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let targets = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ', '#']).next());
    let sources = line
        .split("src=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    targets
        .chain(sources)
        .filter(|target| !target.is_empty() && !target.contains(':'))
}

/// False only for a word that is meant as a path of ours and is none.
fn exists(word: &str, files: &[String]) -> bool {
    let word = word
        .split("::")
        .next()
        .unwrap_or(word)
        .trim_end_matches('/');
    if let Some(name) = word.strip_prefix("comity-") {
        return !is_name(name) || is_path(&format!("crates/{name}"), files);
    }
    if !word
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c))
    {
        return true;
    }
    let Some((first, rest)) = word.split_once('/') else {
        let ours = ENDINGS
            .iter()
            .any(|ending| word.strip_suffix(ending).is_some_and(is_name));
        return !ours
            || files
                .iter()
                .any(|file| file.rsplit('/').next() == Some(word));
    };
    if is_path(&format!("crates/{first}"), files) && !rest.is_empty() {
        return is_path(&format!("crates/{first}/src/{rest}"), files)
            || is_path(&format!("crates/{first}/{rest}"), files);
    }
    !is_path(first, files) || is_path(word, files)
}

fn is_name(word: &str) -> bool {
    !word.is_empty()
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// A committed file, or a folder with one in it.
fn is_path(path: &str, files: &[String]) -> bool {
    files.iter().any(|file| {
        file.strip_prefix(path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

fn link_exists(file: &str, target: &str, files: &[String]) -> bool {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return false;
                }
            }
            name => parts.push(name),
        }
    }
    is_path(&parts.join("/"), files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(file: &str, line: &str) -> usize {
        let files = [
            "README.md",
            "deny.toml",
            "crates/web/src/sign_in.rs",
            "crates/testkit/tests/story.rs",
            "docs/operators.md",
            "docs/img/two.svg",
        ]
        .map(str::to_owned);
        check(file, line, &files).len()
    }

    #[test]
    fn what_exists_passes() {
        for line in [
            "`crates/web/src/sign_in.rs` and `crates/web`",
            "`web/sign_in.rs`",
            "`deny.toml`",
            "`web/sign_in.rs::draw`",
            "`comity-web`",
            "`testkit/tests/story.rs`",
            "`docs/`",
            "[operators](docs/operators.md#pairing)",
            "![two](docs/img/two.svg)",
            "<img src=\"docs/img/two.svg\">",
        ] {
            assert_eq!(found("README.md", line), 0, "{line}");
        }
        assert_eq!(
            found(
                "docs/operators.md",
                "[back](../README.md) ![x](img/two.svg)"
            ),
            0
        );
    }

    #[test]
    fn what_does_not_exist_is_found() {
        for line in [
            "`crates/web/src/none.rs`",
            "`web/none.rs`",
            "`none.md`",
            "`comity-none`",
            "`docs/none.md`",
            "[x](docs/none.md)",
            "![x](none.svg)",
            "[x](../README.md)",
            "<img src=\"docs/img/none.svg\">",
        ] {
            assert_eq!(found("README.md", line), 1, "{line}");
        }
    }

    #[test]
    fn what_is_no_path_of_ours_passes() {
        for line in [
            "`application/json`",
            "`/policies/crossTenantAccessPolicy`",
            "`cargo xtask test`",
            "`https://example.org/a.md`",
            "[site](https://example.org)",
            "`and/or`",
            "`v1.0`",
            "`{tenant}/oauth2`",
            "`comity-assertion+jwt`",
        ] {
            assert_eq!(found("README.md", line), 0, "{line}");
        }
        assert_eq!(found("README.md", "```\n`web/none.rs`\n```"), 0);
    }

    #[test]
    fn decision_records_are_left_alone() {
        assert!(applies("README.md"));
        assert!(applies("docs/operators.md"));
        assert!(!applies("docs/adr/0001-layers.md"));
        assert!(!applies("crates/web/src/sign_in.rs"));
    }
}
