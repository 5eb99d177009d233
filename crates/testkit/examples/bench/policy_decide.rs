//! `comity policy decide` over a file of cases.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    process::Stdio,
};

use crate::{
    cases::case,
    figure::{Bounds, Figure, median},
    meter::{children_seconds, count},
    process::comity,
};

const CASES: usize = 100_000;
const ROUNDS: usize = 5;

pub fn measure() -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("cases.jsonl");
    let mut file = BufWriter::new(File::create(&path)?);
    let mut bytes = 0;
    for number in 0..CASES {
        let line = case(number);
        bytes += line.len() + 1;
        writeln!(file, "{line}")?;
    }
    file.into_inner()?.sync_all()?;
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let begun = children_seconds()?;
        let status = comity()?
            .args(["policy", "decide"])
            .stdin(File::open(&path)?)
            .stdout(Stdio::null())
            .status()?;
        anyhow::ensure!(status.success(), "`policy decide` fails: {status}");
        rates.push(count(CASES) / (children_seconds()? - begun));
    }
    Ok(vec![Figure {
        name: "`comity policy decide`, on one core".to_owned(),
        unit: "cases/s",
        bounds: Some(Bounds::at_least(100_000.0, 50_000.0)),
        value: median(rates),
        method: format!(
            "{CASES} cases of {} bytes on average, no two alike, in a file on standard input; both \
             policies, a Conditional Access policy and a named location in each; pinned to one core; per second of \
             processor time, the start of the program included; median of {ROUNDS} runs.",
            bytes / CASES
        ),
    }])
}
