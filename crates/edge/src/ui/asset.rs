//! Style sheets, logos and the one script, served from memory.
//!
//! The address of a file contains a hash of its content, so that it may be kept for ever and a
//! new version has a new address. Tab icons are drawn from the shape and the hue in their address.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::LazyLock;

use super::{Cloud, Shape};

/// The `Cache-Control` of every asset.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// The hues an operator may give a cloud (design/ui/guide.md).
const HUES: std::ops::RangeInclusive<u16> = 195..=350;

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// A file that pages refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// The name without the hash: `comity.css`.
    pub name: &'static str,
    /// The path on every host: `/assets/comity.0123456789abcdef.css`.
    pub path: String,
    pub content_type: &'static str,
    pub bytes: Cow<'static, [u8]>,
    /// A strong entity tag, with its quotes.
    pub etag: String,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    vec![
        file("comity.css", CSS, Cow::Owned(stylesheet().into_bytes())),
        file(
            "form-post.js",
            JS,
            Cow::Borrowed(include_bytes!("../../assets/form-post.js")),
        ),
        file(
            "expenses.css",
            CSS,
            css(include_str!("../../assets/expenses.css")),
        ),
        file(
            "contoso.css",
            CSS,
            css(include_str!("../../assets/tenants/contoso.css")),
        ),
        file(
            "northwind.css",
            CSS,
            css(include_str!("../../assets/tenants/northwind.css")),
        ),
        file(
            "contoso.svg",
            SVG,
            Cow::Borrowed(include_bytes!("../../assets/logos/contoso.svg")),
        ),
        file(
            "expenses.svg",
            SVG,
            Cow::Borrowed(include_bytes!("../../assets/logos/expenses.svg")),
        ),
        file(
            "fabrikam.svg",
            SVG,
            Cow::Borrowed(include_bytes!("../../assets/logos/fabrikam.svg")),
        ),
        file(
            "northwind.svg",
            SVG,
            Cow::Borrowed(include_bytes!("../../assets/logos/northwind.svg")),
        ),
        file(
            "woodgrove.svg",
            SVG,
            Cow::Borrowed(include_bytes!("../../assets/logos/woodgrove.svg")),
        ),
    ]
});

/// Every file with a fixed content.
pub fn assets() -> &'static [Asset] {
    &ASSETS
}

/// The file at a path (`/assets/…`): one of [`assets`], or a tab icon.
pub fn asset(path: &str) -> Option<Asset> {
    assets()
        .iter()
        .find(|asset| asset.path == path)
        .cloned()
        .or_else(|| tab_icon(path))
}

/// The path of a file by its name; `#` for a name that does not exist.
pub fn asset_url(name: &str) -> &'static str {
    assets()
        .iter()
        .find(|asset| asset.name == name)
        .map_or("#", |asset| &asset.path)
}

/// The path of the tab icon of a cloud.
pub fn tab_icon_url(cloud: &Cloud) -> String {
    format!("/assets/tab-{}-{}.svg", cloud.shape().word(), cloud.hue)
}

fn tab_icon(path: &str) -> Option<Asset> {
    let rest = path.strip_prefix("/assets/tab-")?.strip_suffix(".svg")?;
    let (shape, hue) = rest.split_once('-')?;
    let shape = Shape::parse(shape)?;
    let number = hue
        .parse::<u16>()
        .ok()
        .filter(|number| HUES.contains(number))?;
    if number.to_string() != hue {
        return None;
    }
    let svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><path d="{}" fill="oklch(0.43 0.125 {number})"/><g transform="translate(4.4 6.5) scale(.35)" fill="none" stroke="#fff" stroke-width="3.4" stroke-linecap="round"><path d="M13.98 14.18a6.5 6.5 0 1 1 0-8.36M18.02 5.82a6.5 6.5 0 1 1 0 8.36"/></g></svg>"##,
        shape.path()
    );
    let etag = format!("\"{:016x}\"", fingerprint(svg.as_bytes()));
    let bytes = Cow::Owned(svg.into_bytes());
    Some(Asset {
        name: "tab.svg",
        path: path.to_owned(),
        content_type: SVG,
        bytes,
        etag,
    })
}

fn file(name: &'static str, content_type: &'static str, bytes: Cow<'static, [u8]>) -> Asset {
    let hash = fingerprint(&bytes);
    let path = match name.rsplit_once('.') {
        Some((stem, ending)) => format!("/assets/{stem}.{hash:016x}.{ending}"),
        None => format!("/assets/{name}.{hash:016x}"),
    };
    Asset {
        name,
        path,
        content_type,
        bytes,
        etag: format!("\"{hash:016x}\""),
    }
}

/// One sheet for all pages, so that the first paint waits for one request.
fn stylesheet() -> String {
    let mut sheet = strip(include_str!("../../assets/tokens.css"));
    for hue in HUES {
        // Writing to a String cannot fail.
        let _ = writeln!(sheet, "[data-hue=\"{hue}\"]{{--cloud-hue:{hue}}}");
    }
    sheet.push_str(&strip(include_str!("../../assets/base.css")));
    sheet.push_str(&strip(include_str!("../../assets/components.css")));
    sheet
}

fn css(source: &str) -> Cow<'static, [u8]> {
    Cow::Owned(strip(source).into_bytes())
}

/// Without comments and indentation: what is left is what the browser needs.
fn strip(source: &str) -> String {
    let mut bare = String::with_capacity(source.len());
    let mut rest = source;
    while let Some((before, after)) = rest.split_once("/*") {
        bare.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, behind)| behind);
    }
    bare.push_str(rest);
    let lines: Vec<&str> = bare
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n") + "\n"
}

/// FNV-1a, 64 bits: tells versions of our own files apart, nothing else.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_the_hash_of_the_content_and_finds_it() {
        for known in assets() {
            let hash = format!("{:016x}", fingerprint(&known.bytes));
            assert!(known.path.contains(&hash), "{}", known.path);
            assert_eq!(known.etag, format!("\"{hash}\""));
            assert_eq!(asset(&known.path).as_ref(), Some(known));
            assert_eq!(asset_url(known.name), known.path);
        }
        assert_eq!(asset("/assets/comity.0000000000000000.css"), None);
        assert_eq!(asset("/assets/../tokens.css"), None);
        assert_eq!(asset_url("missing.css"), "#");
    }

    #[test]
    fn fingerprint_is_fnv_1a() {
        assert_eq!(fingerprint(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fingerprint(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn tab_icons_exist_for_every_shape_and_allowed_hue_only() {
        for good in [
            "circle-258",
            "shield-342",
            "square-202",
            "diamond-195",
            "hexagon-350",
        ] {
            let icon = asset(&format!("/assets/tab-{good}.svg")).unwrap();
            assert_eq!(icon.content_type, SVG);
        }
        for bad in [
            "circle-194",
            "circle-351",
            "circle-0258",
            "star-258",
            "circle-+258",
            "circle",
        ] {
            assert_eq!(asset(&format!("/assets/tab-{bad}.svg")), None, "{bad}");
        }
    }

    #[test]
    fn the_first_paint_stays_light_even_without_compression() {
        let sheet = stylesheet();
        assert!(sheet.len() < 42_000, "{}", sheet.len());
        assert!(!sheet.contains("/*") && !sheet.contains("url("));
        assert_eq!(sheet.matches('{').count(), sheet.matches('}').count());
    }
}
