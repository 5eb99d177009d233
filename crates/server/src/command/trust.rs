//! `comity dev trust`.

use std::{path::Path, process::ExitCode};

use crate::dev::trust;

/// Prints what to do, or does what is possible.
pub fn run(data: &Path, install: bool) -> anyhow::Result<ExitCode> {
    let ca = std::path::absolute(data.join("tls/ca.pem"))?;
    anyhow::ensure!(
        ca.exists(),
        "`{}` does not exist yet: start `comity dev` once",
        ca.display()
    );
    if install {
        let home = std::env::var_os("HOME");
        for line in trust::install(&ca, home.as_deref().map(Path::new)) {
            println!("{line}");
        }
    } else {
        print!("{}", trust::instructions(&ca));
    }
    Ok(ExitCode::SUCCESS)
}
