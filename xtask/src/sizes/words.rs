//! No committed text names the machine that it was written on.

use crate::finding::Finding;

/// Put together from halves, so that this file does not find itself.
const FORBIDDEN: &[(&str, &str)] = &[
    (
        concat!("/wo", "rk/"),
        "a folder of one machine; use a path relative to the repository",
    ),
    (
        concat!("/ro", "ot/"),
        "a folder of one machine; use a path relative to the repository",
    ),
    (
        concat!("/tmp/", "bash"),
        "a folder of one machine; use a temporary folder made at run time",
    ),
    (
        concat!("artifac", "tory"),
        "the host of one machine's package mirror; leave it to that machine's settings",
    ),
];

pub fn check(file: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for (word, why) in FORBIDDEN {
            if contains(line, word) {
                findings.push(Finding::new(
                    format!("{file}:{number}"),
                    format!("names `{word}`: {why}"),
                ));
            }
        }
    }
    findings
}

/// A path counts only where it starts: `https://host/network/` and `docs/work/` are something else.
fn contains(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|start| start.chars().next_back());
        !word.starts_with('/')
            || !before.is_some_and(|c| c.is_alphanumeric() || c == '.' || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_path_is_found_with_its_line() {
        for (word, _) in FORBIDDEN {
            let text = format!("first\nsecond {word}main\n");
            let findings = check("a.md", &text);
            assert_eq!(findings.len(), 1, "{word}");
            assert_eq!(findings[0].place, "a.md:2");
        }
    }

    #[test]
    fn words_that_only_look_like_one_pass() {
        for text in [
            "a network/",
            "../shared/design",
            "https://example.com/at/work",
            "docs/rework/x",
            concat!("https://example.com/wo", "rk/items"),
            "the root of the tree",
        ] {
            assert_eq!(check("a.md", text), [], "{text}");
        }
    }
}
