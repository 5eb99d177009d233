//! Time from exec to the first answer, from the second start on: everything is made already.

use crate::{
    figure::{Bounds, Figure, median},
    process::{Installed, Kind},
};

const STARTS: usize = 11;

pub fn measure() -> anyhow::Result<Vec<Figure>> {
    let bounds = Bounds::at_most(50.0, 150.0);
    Ok(vec![
        starts("`comity serve`, one cloud", Kind::OneCloud, Some(bounds))?,
        starts("`comity dev`, three clouds", Kind::ThreeClouds, None)?,
    ])
}

fn starts(what: &str, kind: Kind, bounds: Option<Bounds>) -> anyhow::Result<Figure> {
    let installed = Installed::new(kind)?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let (started, seconds) = installed.timed()?;
        times.push(seconds * 1000.0);
        started.stop()?;
    }
    Ok(Figure {
        name: format!("second start, {what}"),
        unit: "ms",
        bounds,
        value: median(times),
        method: format!(
            "From exec until an organization's OpenID configuration has been read over HTTPS \
             (which needs store, keys and certificate; the client's TLS handshake is in it), store \
             and certificates made by an earlier start; median of {STARTS} starts."
        ),
    })
}
