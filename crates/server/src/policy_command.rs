//! `comity policy decide` and `comity policy explain` (policy-cases.md): the policy engine over
//! documents, without a server.

use std::{
    fs,
    io::{self, BufRead, Write},
    path::Path,
};

mod explain;
mod text;

/// Output is handed on in pieces of about this size.
const BATCH: usize = 64 * 1024;

/// Reads cases as JSON Lines and writes one result line each, in order. A malformed case answers
/// with an error and does not stop the run; empty lines are no cases.
pub fn decide(mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    let mut out = Vec::with_capacity(2 * BATCH);
    let mut is_first = true;
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let mut case = line.as_slice();
        if std::mem::take(&mut is_first) {
            case = text::without_mark(case);
        }
        if !case.trim_ascii().is_empty() {
            comity_policy::result::answer(case, &mut out);
        }
        if out.len() >= BATCH {
            output.write_all(&out)?;
            out.clear();
        }
    }
    output.write_all(&out)?;
    output.flush()
}

/// Explains one case to people. The answer is false if the case is malformed.
pub fn explain(path: &Path, mut output: impl Write) -> io::Result<bool> {
    let bytes = fs::read(path)?;
    let (shown, is_case) = match text::decode(&bytes) {
        Ok(json) => explain::explain(&json),
        Err(problem) => (format!("This is no case: {problem}.\n"), false),
    };
    output.write_all(shown.as_bytes())?;
    output.flush()?;
    Ok(is_case)
}

#[cfg(test)]
mod tests;
