//! Writes every people's page in its states as HTML files, with the assets, into a directory:
//! `cargo run -p comity-web --example gallery -- DIR`.

use std::fs;
use std::io::{Error, Result};
use std::path::{Path, PathBuf};

use comity_edge::ui::{asset, assets};
use comity_web::view::gallery;

fn main() -> Result<()> {
    let directory = std::env::args_os()
        .nth(1)
        .map(PathBuf::from)
        .ok_or_else(|| Error::other("no directory given; name one to write into"))?;
    let mut index = String::from("<!doctype html><html lang=en><title>Gallery</title><ul>");
    for (name, page) in gallery::pages(&str::to_owned) {
        write_page(&directory, name, &page.into_string())?;
        index += &["<li><a href=\"", name, ".html\">", name, "</a>"].concat();
    }
    write_page(
        &directory,
        "19-invitation-mail",
        &gallery::invitation_mail(),
    )?;
    write_page(&directory, "19-factor-mail", &gallery::factor_mail())?;
    write(&directory.join("index.html"), index.as_bytes())?;
    let icons = [
        "circle-258",
        "shield-342",
        "square-202",
        "diamond-300",
        "hexagon-300",
        "triangle-300",
    ];
    let icons = icons
        .iter()
        .filter_map(|icon| asset(&format!("/assets/tab-{icon}.svg")));
    for file in assets().iter().cloned().chain(icons) {
        write(
            &directory.join(file.path.trim_start_matches('/')),
            &file.bytes,
        )?;
    }
    Ok(())
}

fn write_page(directory: &Path, name: &str, html: &str) -> Result<()> {
    write(&directory.join(format!("{name}.html")), html.as_bytes())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}
