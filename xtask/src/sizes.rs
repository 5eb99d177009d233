//! `cargo xtask sizes`: what can be told from the text of the files alone.

mod lines;
mod paths;
mod sql;
mod words;

use anyhow::Result;

use crate::finding::Finding;
use crate::tree::Tree;

/// Prints how many files are long and gives what is wrong.
pub fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let files = tree.files()?;
    let mut findings = Vec::new();
    let mut counts = lines::Counts::default();
    for file in &files {
        let Some(text) = tree.text(file)? else {
            continue;
        };
        findings.extend(words::check(file, &text));
        if lines::applies(file) {
            findings.extend(counts.add(file, &text));
        }
        if sql::applies(file) {
            findings.extend(sql::check(file, &text));
        }
        if paths::applies(file) {
            findings.extend(paths::check(file, &text, &files));
        }
    }
    println!("{}", counts.summary());
    findings.sort();
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn each_check_is_asked_about_each_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("crates/store/src")).unwrap();
        let long = "// line\n".repeat(601);
        let machine = concat!("see /wo", "rk/main\n");
        for (file, text) in [
            ("crates/store/src/long.rs", long.as_str()),
            (
                "crates/store/src/sql.rs",
                "fn f() { format!(\"SELECT {x}\"); }\n",
            ),
            ("README.md", "look at `crates/none/src/lib.rs`\n"),
            ("notes.md", machine),
        ] {
            fs::write(folder.path().join(file), text).unwrap();
        }
        let places: Vec<String> = check(&Tree::at(folder.path()))
            .unwrap()
            .into_iter()
            .map(|f| f.place)
            .collect();
        assert_eq!(
            places,
            [
                "README.md:1",
                "crates/store/src/long.rs",
                "crates/store/src/sql.rs:1",
                "notes.md:1"
            ]
        );
    }
}
