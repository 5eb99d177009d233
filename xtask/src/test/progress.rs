//! What of a test run is shown: one line for each set of tests, and everything about failures.

use super::tally::Tally;

/// Reads a test run line by line.
#[derive(Debug, Default)]
pub struct Progress {
    set: String,
    tally: Tally,
}

impl Progress {
    /// Takes the next line; gives what to print for it.
    pub fn feed(&mut self, line: &str) -> Option<String> {
        if let Some(tally) = Tally::parse(line) {
            self.tally += tally;
            let Tally {
                passed,
                failed,
                skipped,
            } = tally;
            return (tally != Tally::default()).then(|| {
                format!(
                    "   {}: {passed} passed, {failed} failed, {skipped} skipped",
                    self.set
                )
            });
        }
        if let Some(set) = set_name(line) {
            self.set = set;
            return None;
        }
        (!is_quiet(line)).then(|| line.to_owned())
    }

    pub fn tally(&self) -> Tally {
        self.tally
    }
}

/// `Running unittests src/lib.rs (target/debug/deps/comity_policy-0123)` and `Doc-tests comity_policy`.
fn set_name(line: &str) -> Option<String> {
    let line = line.trim_start();
    if let Some(name) = line.strip_prefix("Doc-tests ") {
        return Some(format!("{name} documentation"));
    }
    let (source, binary) = line.strip_prefix("Running ")?.split_once(" (")?;
    let file = binary.trim_end_matches(')').rsplit('/').next()?;
    let name = file.rsplit_once('-').map_or(file, |(name, _)| name);
    let source = source.strip_prefix("unittests ").unwrap_or(source);
    Some(format!("{name} {source}"))
}

fn is_quiet(line: &str) -> bool {
    let is_count = |rest: &str| rest.ends_with(" test") || rest.ends_with(" tests");
    let is_done = |rest: &str| {
        rest.ends_with(" ... ok")
            || rest.contains(" ... ignored")
            || rest.ends_with(" - should panic ... ok")
    };
    line.is_empty()
        || line.strip_prefix("running ").is_some_and(is_count)
        || line.strip_prefix("test ").is_some_and(is_done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lines: &[&str]) -> (Vec<String>, Tally) {
        let mut progress = Progress::default();
        let shown = lines
            .iter()
            .filter_map(|line| progress.feed(line))
            .collect();
        (shown, progress.tally())
    }

    #[test]
    fn a_good_run_is_one_line_a_set() {
        let (shown, tally) = shown(&[
            "   Compiling comity-policy v0.1.0",
            "     Running unittests src/lib.rs (target/debug/deps/comity_policy-0123456789abcdef)",
            "",
            "running 2 tests",
            "test cross_tenant::tests::a ... ok",
            "test cross_tenant::tests::slow ... ignored, takes long",
            "",
            "test result: ok. 1 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "     Running unittests src/main.rs (target/debug/deps/comity-0123456789abcdef)",
            "running 0 tests",
            "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "   Doc-tests comity_policy",
            "running 1 test",
            "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        ]);
        assert_eq!(
            shown,
            [
                "   Compiling comity-policy v0.1.0",
                "   comity_policy src/lib.rs: 1 passed, 0 failed, 1 skipped",
                "   comity_policy documentation: 1 passed, 0 failed, 0 skipped",
            ]
        );
        assert_eq!(
            tally,
            Tally {
                passed: 2,
                failed: 0,
                skipped: 1
            }
        );
    }

    #[test]
    fn failures_are_shown_whole() {
        let lines = [
            "test a::b ... FAILED",
            "failures:",
            "---- a::b stdout ----",
            "thread 'a::b' panicked at crates/a/src/lib.rs:1:1:",
            "test a::c has been running for over 60 seconds",
            "error: test failed, to rerun pass `-p a --lib`",
        ];
        assert_eq!(shown(&lines).0, lines);
    }

    #[test]
    fn no_line_of_a_set_looks_like_the_closing_line() {
        let (shown, _) = shown(&["test result: FAILED. 1 passed; 1 failed; 0 ignored"]);
        assert!(!shown[0].contains("test result:"));
    }
}
