//! Pinning to one core: this program starts itself again under `taskset`.

use std::process::Command;

use anyhow::Context as _;

/// Whether this process may use one core only.
pub fn is_one() -> anyhow::Result<bool> {
    let allowed = allowed()?;
    Ok(!allowed.contains([',', '-']))
}

/// Runs this program again, on one core.
pub fn run_on_one(name: &str) -> anyhow::Result<()> {
    let allowed = allowed()?;
    let last = allowed.rsplit([',', '-']).next().unwrap_or_default();
    let status = Command::new("taskset")
        .args(["--cpu-list", last])
        .arg(std::env::current_exe()?)
        .arg(name)
        .status()
        .context("cannot start `taskset`: install util-linux")?;
    anyhow::ensure!(status.success(), "on one core: {status}");
    Ok(())
}

/// As in `0-3,7`.
fn allowed() -> anyhow::Result<String> {
    let status = std::fs::read_to_string("/proc/self/status").context("`/proc` is needed")?;
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    Ok(list.context("no list of cores")?.trim().to_owned())
}
