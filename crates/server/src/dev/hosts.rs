//! Hosts-file lines for clients that do not resolve `*.localhost` (`comity dev hosts`).

use std::{fmt::Write as _, path::Path};

use anyhow::Context as _;

const BEGIN: &str = "# comity dev world: begin";
const END: &str = "# comity dev world: end";

/// The lines, between two marks by which they are found again.
pub fn lines<'a>(hosts: impl IntoIterator<Item = &'a String>) -> String {
    let names: Vec<&str> = hosts.into_iter().map(String::as_str).collect();
    let mut text = format!("{BEGIN}\n");
    for address in ["127.0.0.1", "::1"] {
        for name in &names {
            let _ = writeln!(text, "{address} {name}");
        }
    }
    text + END + "\n"
}

/// The file's text with our lines in it, once.
pub fn merge(current: &str, lines: &str) -> String {
    let mut text = String::new();
    let mut ours = false;
    for line in current.lines() {
        match line.trim() {
            BEGIN => ours = true,
            END if ours => ours = false,
            _ if ours => {}
            _ => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text + lines
}

/// Writes the lines into the hosts file; in place, because it may be a mount.
pub fn install(file: &Path, lines: &str) -> anyhow::Result<()> {
    let current = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read `{}`", file.display()))?;
    std::fs::write(file, merge(&current, lines))
        .with_context(|| format!("cannot write `{}`: run this as root", file.display()))
}

#[cfg(test)]
mod tests {
    use super::{install, lines, merge};

    #[test]
    fn the_lines_are_written_once_and_the_rest_stays() {
        let first = lines(&["a.localhost".to_owned()]);
        assert!(
            first.contains("\n127.0.0.1 a.localhost\n::1 a.localhost\n"),
            "{first}"
        );
        let second = lines(&["b.localhost".to_owned()]);
        let once = merge("127.0.0.1 localhost\n", &first);
        let twice = merge(&once, &second);
        assert_eq!(twice, format!("127.0.0.1 localhost\n{second}"));
        assert_eq!(merge("no newline", &first), format!("no newline\n{first}"));
    }

    #[test]
    fn a_file_is_changed_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hosts");
        assert!(install(&file, "x").is_err());
        std::fs::write(&file, "127.0.0.1 localhost\n").unwrap();
        install(&file, &lines(&["a.localhost".to_owned()])).unwrap();
        assert!(
            std::fs::read_to_string(&file)
                .unwrap()
                .starts_with("127.0.0.1 localhost\n# comity")
        );
    }
}
