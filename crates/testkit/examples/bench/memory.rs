//! Resident memory of a server that has answered once and then had nothing to do.

use std::time::Duration;

use crate::{
    figure::{Bounds, Figure},
    process::{Installed, Kind},
};

const IDLE: Duration = Duration::from_secs(5);

pub fn measure() -> anyhow::Result<Vec<Figure>> {
    let bounds = Bounds::at_most(20.0, 40.0);
    let mut figures = idle("one cloud (`comity serve`)", Kind::OneCloud, Some(bounds))?;
    figures.extend(idle(
        "three clouds (`comity dev`)",
        Kind::ThreeClouds,
        None,
    )?);
    Ok(figures)
}

fn idle(what: &str, kind: Kind, bounds: Option<Bounds>) -> anyhow::Result<Vec<Figure>> {
    let installed = Installed::new(kind)?;
    let started = installed.start()?;
    std::thread::sleep(IDLE);
    let figure = |name: String, value, bounds, method: &str| Figure {
        name,
        unit: "MiB",
        bounds,
        value,
        method: method.to_owned(),
    };
    let all = started.mebibytes("VmRSS")?;
    let own = started.mebibytes("RssAnon")?;
    started.stop()?;
    Ok(vec![
        figure(
            format!("idle memory, {what}"),
            all,
            bounds,
            "`VmRSS` five seconds after the first answer, the pages of the program's file included.",
        ),
        figure(
            format!("of it not backed by a file, {what}"),
            own,
            None,
            "`RssAnon` at the same moment.",
        ),
    ])
}
