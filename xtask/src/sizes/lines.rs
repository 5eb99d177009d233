//! Length of source files: over 600 lines fails, over 300 is counted.

use crate::finding::Finding;
use crate::tree::has_ending;

const LIMIT: usize = 600;
const AIM: usize = 300;

/// Lengths of the files seen so far.
#[derive(Debug, Default)]
pub struct Counts {
    lengths: Vec<usize>,
}

pub fn applies(file: &str) -> bool {
    has_ending(file, "rs")
}

impl Counts {
    pub fn add(&mut self, file: &str, text: &str) -> Option<Finding> {
        let length = text.lines().count();
        self.lengths.push(length);
        (length > LIMIT).then(|| {
            Finding::new(
                file,
                format!(
                    "has {length} lines; split it by noun, {LIMIT} are the limit and {AIM} the aim"
                ),
            )
        })
    }

    pub fn summary(&self) -> String {
        let mut sorted = self.lengths.clone();
        sorted.sort_unstable();
        let long = sorted.iter().filter(|length| **length > AIM).count();
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
        format!(
            "{} source files, median {median} lines, {long} over {AIM}",
            sorted.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_hundred_lines_pass_and_one_more_does_not() {
        let mut counts = Counts::default();
        assert_eq!(counts.add("a.rs", &"x\n".repeat(600)), None);
        let finding = counts.add("b.rs", &"x\n".repeat(601)).unwrap();
        assert!(finding.message.contains("601 lines"));
    }

    #[test]
    fn long_files_are_counted_above_the_aim_only() {
        let mut counts = Counts::default();
        for length in [10, 300, 301] {
            counts.add("a.rs", &"x\n".repeat(length));
        }
        assert_eq!(
            counts.summary(),
            "3 source files, median 300 lines, 1 over 300"
        );
        assert_eq!(
            Counts::default().summary(),
            "0 source files, median 0 lines, 0 over 300"
        );
    }

    #[test]
    fn only_rust_is_measured() {
        assert!(applies("crates/app/src/app.rs"));
        assert!(!applies("crates/edge/assets/components.css"));
    }
}
