//! This cloud's own entry, as another operator puts it into a configuration (`comity pair show`).

use std::fmt::Write as _;

use comity_model::cloud::CloudEntry;

/// The `[[pair]]` table for `own`, whose entity key (a public JWK) is `entity_key`. The other
/// operator adds nothing to it where our certificate comes from a public authority and our hosts
/// have public addresses.
pub fn show(own: &CloudEntry, entity_key: &str) -> String {
    let mut text = String::from("[[pair]]\n");
    for (key, value) in [
        ("canonical_name", &own.canonical_name),
        ("key", &own.key),
        ("name", &own.name),
        ("entity", &own.entity),
        ("issuer_template", &own.issuer_template),
        ("initial_domain_suffix", &own.initial_domain_suffix),
        ("pinned_key", &entity_key.to_owned()),
    ] {
        line(&mut text, key, value);
    }
    let _ = writeln!(text, "hue = {}", own.hue);
    text.push_str(
        "# ca_file = \"partner-ca.pem\" # if its certificates are not from a public authority\n",
    );
    text.push_str("# addresses = [\"10.1.0.0/16\"] # if its hosts are not at public addresses\n");
    text.push_str("[pair.hosts]\n");
    let hosts = &own.hosts;
    for (key, value) in [
        ("login", &hosts.login),
        ("graph", &hosts.graph),
        ("portal", &hosts.portal),
        ("myapps", &hosts.myapps),
        ("device", &hosts.device),
    ] {
        line(&mut text, key, value);
    }
    text
}

fn line(text: &mut String, key: &str, value: &str) {
    let _ = writeln!(text, "{key} = {}", toml::Value::from(value));
}
