//! How to trust the dev CA, by client family, and its installation where that is possible
//! (`comity dev trust`).

use std::{path::Path, process::Command};

use anyhow::Context as _;

/// Where Debian and its kin look for local authorities.
const SYSTEM: &str = "/usr/local/share/ca-certificates";

/// Name of the authority wherever it is installed.
const NAME: &str = "comity-dev-world";

/// What to do, per client family.
pub fn instructions(ca: &Path) -> String {
    let ca = ca.display();
    format!(
        "The dev world's certificate authority is `{ca}`. It can vouch for localhost names only.\n\
         \n\
         curl               curl --cacert {ca} ...\n\
         Python             export REQUESTS_CA_BUNDLE={ca} SSL_CERT_FILE={ca}\n\
         Node.js            export NODE_EXTRA_CA_CERTS={ca}\n\
         Go, Ruby, OpenSSL  export SSL_CERT_FILE={ca}\n\
         Java               keytool -importcert -noprompt -alias {NAME} -file {ca} -cacerts\n\
         .NET, the system   sudo cp {ca} {SYSTEM}/{NAME}.crt && sudo update-ca-certificates\n\
         Chrome, Chromium   certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n {NAME} -i {ca}\n\
         Firefox            certutil -d sql:PROFILE -A -t C,, -n {NAME} -i {ca}\n\
         \n\
         `comity dev trust --install` does the system and Chrome where it can.\n"
    )
}

/// Installs where possible; one line per store that says what happened.
pub fn install(ca: &Path, home: Option<&Path>) -> Vec<String> {
    let mut told = vec![outcome("the system", system(ca, Path::new(SYSTEM)))];
    if let Some(home) = home {
        told.push(outcome(
            "Chrome and Chromium",
            browser(ca, &home.join(".pki/nssdb")),
        ));
    }
    told
}

fn outcome(what: &str, result: anyhow::Result<()>) -> String {
    match result {
        Ok(()) => format!("{what}: trusted now"),
        Err(error) => format!("{what}: not changed: {error:#}"),
    }
}

fn system(ca: &Path, folder: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        folder.is_dir(),
        "`{}` does not exist on this system",
        folder.display()
    );
    let target = folder.join(format!("{NAME}.crt"));
    std::fs::copy(ca, &target)
        .with_context(|| format!("cannot write `{}`: run this as root", target.display()))?;
    run(&mut Command::new("update-ca-certificates"))
}

fn browser(ca: &Path, store: &Path) -> anyhow::Result<()> {
    crate::file::private_folder(store)?;
    let store = format!("sql:{}", store.display());
    if run(Command::new("certutil").args(["-d", &store, "-L"])).is_err() {
        run(Command::new("certutil").args(["-d", &store, "-N", "--empty-password"]))?;
    }
    run(Command::new("certutil")
        .args(["-d", &store, "-A", "-t", "C,,", "-n", NAME, "-i"])
        .arg(ca))
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("cannot run `{name}`: is it installed?"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "`{name}` failed: {}", said.trim());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{instructions, system};
    use std::path::Path;

    #[test]
    fn the_file_is_named_for_every_family() {
        let text = instructions(Path::new("dir/tls/ca.pem"));
        for family in [
            "curl", "Python", "Node.js", "Java", ".NET", "Chrome", "Firefox",
        ] {
            let line = text.lines().find(|line| line.contains(family)).unwrap();
            assert!(line.contains("dir/tls/ca.pem"), "{line}");
        }
    }

    #[test]
    fn a_system_without_the_folder_is_not_changed() {
        let folder = tempfile::tempdir().unwrap();
        let error = system(Path::new("ca.pem"), &folder.path().join("none")).unwrap_err();
        assert!(error.to_string().contains("does not exist on this system"));
    }
}
