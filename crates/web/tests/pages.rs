//! What holds for every people's page: structure, names, forms, and that text stays text
//! (design/ui/guide.md "Accessibility"; dev-world.md "Stable names on pages"; S-68, S-69).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests stop at the first surprise"
)]

use std::collections::BTreeSet;

use comity_web::view::gallery;

fn pages() -> Vec<(&'static str, String)> {
    filled(&str::to_owned)
}

fn filled(fill: &dyn Fn(&str) -> String) -> Vec<(&'static str, String)> {
    gallery::pages(fill)
        .into_iter()
        .map(|(name, page)| (name, page.into_string()))
        .collect()
}

fn page(name: &str) -> String {
    pages()
        .into_iter()
        .find(|(known, _)| *known == name)
        .unwrap()
        .1
}

/// The start tags of a page: name and attributes. Refuses what the pages never produce, so that a
/// quote that breaks out of an attribute is seen.
fn tags(html: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let end = tag_end(after);
        let (inside, behind) = after.split_at(end);
        rest = behind;
        if inside.starts_with('/') || inside.starts_with('!') {
            continue;
        }
        found.push(parse_tag(inside.strip_suffix('/').unwrap_or(inside)));
    }
    found
}

fn tag_end(text: &str) -> usize {
    let mut quoted = false;
    for (index, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '>' if !quoted => return index,
            _ => {}
        }
    }
    panic!("a tag without an end: {text:.80}");
}

fn parse_tag(inside: &str) -> (String, Vec<(String, String)>) {
    let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
    let mut attributes = Vec::new();
    while !rest.trim_start().is_empty() {
        rest = rest.trim_start();
        let name_end = rest.find(['=', ' ']).unwrap_or(rest.len());
        let (attribute, after) = rest.split_at(name_end);
        assert!(
            attribute
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-'),
            "odd attribute `{attribute}` in <{inside}>"
        );
        if let Some(quoted) = after.strip_prefix("=\"") {
            let (value, behind) = quoted.split_once('"').unwrap();
            attributes.push((attribute.to_owned(), value.to_owned()));
            rest = behind;
        } else {
            attributes.push((attribute.to_owned(), String::new()));
            rest = after;
        }
    }
    (name.to_owned(), attributes)
}

fn attribute<'a>(tag: &'a (String, Vec<(String, String)>), name: &str) -> Option<&'a str> {
    tag.1
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

#[test]
fn every_page_has_one_h1_one_main_a_title_and_a_skip_link() {
    for (name, html) in pages() {
        for once in [
            "<h1",
            "<main",
            "<title>",
            "class=\"skip\"",
            "<!DOCTYPE html>",
        ] {
            assert_eq!(html.matches(once).count(), 1, "{once} on {name}");
        }
        assert!(html.contains("<html lang=\"en\""), "{name}");
    }
}

#[test]
fn no_heading_level_is_skipped() {
    for (name, html) in pages() {
        let mut last = 0;
        for (tag, _) in tags(&html) {
            let level = match tag.as_str() {
                "h1" => 1,
                "h2" => 2,
                "h3" => 3,
                _ => continue,
            };
            assert!(level <= last + 1, "<{tag}> after h{last} on {name}");
            last = level;
        }
    }
}

#[test]
fn every_page_of_ours_says_which_cloud_it_is() {
    for (name, html) in pages() {
        if name.starts_with("expenses") {
            assert!(
                !html.contains("class=\"band\""),
                "{name} has a look of its own"
            );
            continue;
        }
        let all = tags(&html);
        let root = all.iter().find(|(tag, _)| tag == "html").unwrap();
        assert!(attribute(root, "data-cloud").is_some() && attribute(root, "data-hue").is_some());
        assert_eq!(html.matches("class=\"band\"").count(), 1, "{name}");
        assert!(html.contains("cloud</title>"), "{name}");
    }
}

#[test]
fn nothing_is_inline_and_no_script_but_ours_for_form_post() {
    for (name, html) in pages() {
        for tag in tags(&html) {
            for (attribute, value) in &tag.1 {
                assert!(attribute != "style", "style on {name}");
                assert!(!attribute.starts_with("on"), "{attribute} on {name}");
                assert!(
                    !value.to_ascii_lowercase().starts_with("javascript:"),
                    "{name}"
                );
            }
            assert!(
                tag.0 != "style" && tag.0 != "iframe" && tag.0 != "object",
                "{name}"
            );
            if tag.0 == "script" {
                assert_eq!(name, "form-post");
                assert!(
                    attribute(&tag, "src")
                        .unwrap()
                        .starts_with("/assets/form-post.")
                );
            }
        }
        assert!(!html.contains("<script>"), "{name}");
    }
}

#[test]
fn every_form_posts_with_a_token_and_says_what_may_be_completed() {
    for (name, html) in pages() {
        for form in html.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            assert!(form.contains("method=\"post\""), "{name}");
            assert!(form.contains("autocomplete=\"o"), "{name}");
            let token = form.contains("name=\"form_token\" value=\"f0rm-t0ken\"");
            // The answer to an application must not carry our token to it.
            assert_eq!(token, name != "form-post", "{name}");
        }
        for tag in tags(&html) {
            let kind = attribute(&tag, "type");
            if tag.0 == "input" && matches!(kind, Some("text" | "password" | "search")) {
                assert!(
                    attribute(&tag, "autocomplete").is_some(),
                    "{tag:?} on {name}"
                );
            }
        }
    }
}

#[test]
fn every_input_has_a_label_and_every_reference_a_target() {
    for (name, html) in pages() {
        let all = tags(&html);
        let ids: Vec<&str> = all.iter().filter_map(|tag| attribute(tag, "id")).collect();
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "an id twice on {name}: {ids:?}");
        for tag in &all {
            for reference in ["for", "aria-describedby", "aria-labelledby"] {
                for target in attribute(tag, reference)
                    .unwrap_or_default()
                    .split_whitespace()
                {
                    assert!(unique.contains(target), "{reference}={target} on {name}");
                }
            }
            if tag.0 == "input" && attribute(tag, "type") != Some("hidden") {
                let id = attribute(tag, "id").unwrap();
                assert!(
                    html.contains(&format!("<label for=\"{id}\"")),
                    "{id} on {name}"
                );
            }
            if let Some(target) = attribute(tag, "href").and_then(|href| href.strip_prefix('#')) {
                assert!(unique.contains(target), "#{target} on {name}");
            }
        }
    }
}

const STABLE_NAMES: &[(&str, &[&str])] = &[
    ("01-sign-in", &["username", "submit", "sign-in-options"]),
    (
        "01-sign-in-error",
        &[
            "username",
            "submit",
            "error-code",
            "error-message",
            "correlation-id",
        ],
    ),
    (
        "02-password",
        &[
            "password",
            "submit",
            "keep",
            "use-another-account",
            "sign-in-options",
        ],
    ),
    (
        "02-password-error",
        &["password", "submit", "error-code", "error-message"],
    ),
    ("02-set-password", &["password", "submit"]),
    ("02-go-on", &["submit"]),
    (
        "02-new-password-error",
        &["new-password", "submit", "error-message"],
    ),
    (
        "02-account-picker",
        &["account-list", "use-another-account"],
    ),
    ("03-sign-in-options", &["organization", "submit"]),
    (
        "03-sign-in-options-error",
        &["organization", "submit", "error-message"],
    ),
    ("04-crossing", &["submit", "use-another-account"]),
    ("05-home-user-name", &["username", "submit"]),
    ("05-home-sign-in", &["password", "submit"]),
    ("05-release", &["consent-accept", "consent-decline"]),
    ("06-code", &["code", "submit"]),
    ("06-enrol", &["code", "submit", "totp-secret"]),
    (
        "07-review-permissions",
        &["consent-accept", "consent-decline"],
    ),
    (
        "08-denied",
        &[
            "error-code",
            "error-message",
            "correlation-id",
            "use-another-account",
        ],
    ),
    (
        "08-home-silent",
        &["error-code", "error-message", "correlation-id"],
    ),
    ("09-sign-out", &["submit"]),
    ("09b-signed-out", &["logged-out"]),
    ("form-post", &["submit"]),
];

#[test]
fn stable_names_are_where_the_documents_say() {
    for (name, ids) in STABLE_NAMES {
        let html = page(name);
        for id in *ids {
            assert!(html.contains(&format!("id=\"{id}\"")), "#{id} on {name}");
        }
    }
}

#[test]
fn what_is_not_offered_is_not_drawn() {
    assert!(!page("02-password-error").contains("id=\"keep\""));
    assert!(!page("01-sign-in").contains("id=\"error-message\""));
    assert!(!page("09b-signed-out-plain").contains("Sign out there too"));
    assert!(!page("09-my-apps").contains("Your organizations"));
    assert!(page("09-my-apps-guest").contains("Your organizations"));
    assert!(page("09-my-apps-empty").contains("No applications yet"));
    assert!(!page("04-crossing").contains("Do not show this again"));
    assert!(page("04-crossing-plain").contains("Do not show this again"));
}

#[test]
fn an_error_takes_the_focus_and_begins_the_title() {
    let html = page("02-password-error");
    assert!(html.contains("<title>Error: Enter password · Contoso · Commercial cloud</title>"));
    assert!(html.contains("role=\"alert\" tabindex=\"-1\" autofocus"));
    assert!(html.contains("aria-invalid=\"true\" aria-describedby=\"error-message\""));
    assert!(!page("02-password").contains("<title>Error"));
}

#[test]
fn the_totp_secret_is_one_word_and_the_code_is_drawn() {
    let html = page("06-enrol");
    let (_, after) = html.split_once("id=\"totp-secret\">").unwrap();
    let secret = after
        .split("</code>")
        .next()
        .unwrap()
        .replace("<span>", "")
        .replace("</span>", "");
    assert_eq!(secret, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP");
    assert!(html.contains("<svg class=\"qr\""));
}

#[test]
fn a_refusal_names_the_acting_organization_and_its_setting() {
    let here = page("08-denied");
    assert!(here.contains("An administrator of Contoso"));
    assert!(here.contains("AADSTS500213"));
    assert!(here.contains("Cross-tenant access settings, Northwind Agency, Inbound access"));
    assert!(!here.contains("An administrator of Northwind Agency"));
    let there = page("08-denied-500212");
    assert!(there.contains("An administrator of Northwind Agency"));
    assert!(!there.contains("An administrator of Contoso"));
    assert!(page("08-denied-1000104").contains("Microsoft cloud settings"));
}

#[test]
fn the_crossing_notice_shows_both_hosts_and_every_item_of_the_list() {
    let html = page("04-crossing");
    for part in [
        "login.global.localhost:8443",
        "login.usgov.localhost:8443",
        "that you want to open Expenses there",
        "that a second factor is wanted",
        "which 2 groups it is asked about",
        "8a0a5a7e-1de0-5f7a-8a64-0e0a9be1b6b1",
        "until when you are signed in",
    ] {
        assert!(html.contains(part), "{part}");
    }
    let plain = page("04-crossing-plain");
    assert!(plain.contains("learns</strong> that you come from Contoso.</p>"));
    assert!(!plain.contains("second factor") && !plain.contains("groups"));
}

/// Hostile text of the kinds that S-68 lists.
const PAYLOADS: [&str; 20] = [
    "<script>alert(1)</script>",
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)",
    "' onfocus='alert(1)' autofocus='",
    "</title><script>alert(1)</script>",
    "</textarea><svg onload=alert(1)>",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "//evil.example/x",
    "<!--><svg/onload=alert(1)>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#x3c;script&#x3e;",
    "{{constructor.constructor('alert(1)')()}}",
    "\u{202e}<b>\u{2066}\0",
    "<style>*{display:none}</style>",
    "x\" style=\"position:fixed\" y=\"",
];

#[test]
fn hostile_text_in_any_field_stays_text() {
    let shape: Vec<_> = pages()
        .iter()
        .map(|(name, html)| (*name, structure(html)))
        .collect();
    for payload in PAYLOADS {
        let attacked = filled(&|text| format!("{payload}{}", text.len()));
        let bare = filled(&|_| payload.to_owned());
        for (name, html) in attacked.iter().chain(&bare) {
            let known = &shape.iter().find(|(known, _)| known == name).unwrap().1;
            for tag in tags(html) {
                assert!(known.contains(&tag.0), "<{}> on {name} by {payload}", tag.0);
                for (attribute, value) in &tag.1 {
                    assert!(
                        attribute != "style" && !attribute.starts_with("on"),
                        "{name} {payload}"
                    );
                    if matches!(attribute.as_str(), "href" | "action" | "src") {
                        let safe = ["/", "#", "?", "https://", "mailto:"]
                            .iter()
                            .any(|s| value.starts_with(s));
                        assert!(
                            safe && !value.starts_with("//"),
                            "{attribute}={value} on {name}"
                        );
                    }
                }
            }
            let scripts = html.matches("<script").count();
            assert_eq!(
                scripts,
                usize::from(*name == "form-post"),
                "{name} by {payload}"
            );
        }
    }
}

/// The element names of an honest page, with those of its optional parts.
fn structure(html: &str) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = tags(html).into_iter().map(|(name, _)| name).collect();
    names.extend(["span", "svg", "path", "a", "img"].map(str::to_owned));
    names
}

#[test]
fn the_first_paint_fits_into_50_kilobytes_without_compression() {
    let sheet = comity_edge::ui::assets()
        .iter()
        .find(|asset| asset.name == "comity.css")
        .unwrap();
    for (name, html) in pages() {
        assert!(
            html.len() + sheet.bytes.len() < 50_000,
            "{name}: {}",
            html.len()
        );
    }
}
