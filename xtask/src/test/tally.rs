//! Counts of tests, read from and written as a test runner's closing line.

use std::fmt;
use std::ops::AddAssign;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
}

impl Tally {
    /// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; …`; nothing for any other line.
    pub fn parse(line: &str) -> Option<Self> {
        let (verdict, counts) = line
            .trim()
            .strip_prefix("test result: ")?
            .split_once(". ")?;
        if !matches!(verdict, "ok" | "FAILED") {
            return None;
        }
        let mut tally = Self::default();
        for part in counts.split(';') {
            let mut words = part.split_whitespace();
            let count = words.next().and_then(|word| word.parse::<usize>().ok());
            match (count, words.next()) {
                (Some(count), Some("passed")) => tally.passed = count,
                (Some(count), Some("failed")) => tally.failed = count,
                (Some(count), Some("ignored" | "skipped")) => tally.skipped = count,
                _ => {}
            }
        }
        Some(tally)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.failed == 0 { "ok" } else { "FAILED" };
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        write!(
            out,
            "test result: {verdict}. {passed} passed; {failed} failed; {skipped} skipped"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_read() {
        for (line, passed, failed, skipped) in [
            (
                "test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 4 filtered out; finished in 0.01s",
                12,
                0,
                3,
            ),
            (
                "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
                1,
                2,
                0,
            ),
            ("  test result: ok. 5 passed; 0 failed; 1 skipped", 5, 0, 1),
        ] {
            assert_eq!(
                Tally::parse(line),
                Some(Tally {
                    passed,
                    failed,
                    skipped
                }),
                "{line}"
            );
        }
    }

    #[test]
    fn other_lines_are_not() {
        for line in [
            "",
            "test a ... ok",
            "test result: unknown. 1 passed",
            "said: test result: ok. 1 passed",
        ] {
            assert_eq!(Tally::parse(line), None, "{line}");
        }
    }

    #[test]
    fn what_is_written_can_be_read_again() {
        for failed in [0, 1] {
            let tally = Tally {
                passed: 7,
                failed,
                skipped: 2,
            };
            assert_eq!(Tally::parse(&tally.to_string()), Some(tally));
        }
        assert!(
            Tally::default()
                .to_string()
                .starts_with("test result: ok. 0 passed")
        );
        assert!(
            Tally {
                failed: 1,
                ..Tally::default()
            }
            .to_string()
            .contains("FAILED")
        );
    }
}
