use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use super::{Config, Front, Security, check::read_and_check, pair};
use crate::{dev::authority, file, key_file, random::SystemRandom};

const KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

const GOOD: &str = r#"
key_file = "keys"
listen = ["127.0.0.1:8443", "[::1]:8443"]

[cloud]
key = "andor"
canonical_name = "example.gov"
name = "Andor"
hue = 240
initial_domain_suffix = ".tenants.example.gov"
allow_invites_from = "adminsAndGuestInviters"
[cloud.hosts]
login = "login.andor.localhost"
graph = "https://graph.andor.localhost:8443"
portal = "portal.andor.localhost"
myapps = "myapps.andor.localhost"
device = "device.andor.localhost"

[store]
url = "sqlite:comity.db"

[tls]
cert = "tls.pem"
key = "tls.key"

[smtp]
host = "mail.example.gov"
from = "invites@example.gov"

[[pair]]
canonical_name = "example.org"
entity = "https://login.example.org"
issuer_template = "https://login.example.org/{tenant}/v2.0"
initial_domain_suffix = ".tenants.example.org"
addresses = ["192.0.2.0/24", "2001:db8::7"]
pinned_key = '''@KEY@'''
[pair.hosts]
login = "login.example.org"
graph = "graph.example.org"
portal = "portal.example.org"
myapps = "myapps.example.org"
device = "device.example.org"
"#;

fn good() -> String {
    GOOD.replace("@KEY@", KEY)
}

fn parse(text: &str) -> Result<Config, Vec<String>> {
    Config::parse(text, Path::new("etc")).map_err(|problems| {
        let show = |problem: super::Problem| match problem.line {
            Some(line) => format!("{line}: {}", problem.text),
            None => problem.text,
        };
        problems.into_iter().map(show).collect()
    })
}

#[test]
fn a_whole_configuration_becomes_a_registry() {
    let config = parse(&good()).unwrap();
    let own = &config.registry.own;
    assert_eq!(own.entity, "https://login.andor.localhost");
    assert_eq!(
        own.issuer_template,
        "https://login.andor.localhost/{tenant}/v2.0"
    );
    assert_eq!(own.hosts.graph, "https://graph.andor.localhost:8443");
    assert_eq!(config.registry.allow_invites_from, "adminsAndGuestInviters");
    assert!(config.registry.is_paired("example.org"));
    let other = config.registry.find("example.org").unwrap();
    assert_eq!(other.addresses, ["192.0.2.0/24", "2001:db8::7/128"]);
    assert_eq!(other.pinned_key.as_deref(), Some(KEY));
    assert_eq!(config.key_file, Path::new("etc/keys"));
    assert_eq!(config.listen.len(), 2);
    assert!(matches!(&config.front, Front::Tls { cert, .. } if cert == Path::new("etc/tls.pem")));
    assert_eq!(config.smtp.unwrap().security, Security::StartTls);
}

#[test]
fn unknown_keys_are_refused_with_their_line() {
    let text = good()
        .replace("hue = 240", "hue = 240\ncolour = 1")
        .replace("[store]", "[stores]\n[store]")
        .replace("[pair.hosts]", "trusted = true\n[pair.hosts]")
        .replace("host = \"mail", "to = \"x\"\nhost = \"mail");
    let problems = parse(&text).unwrap_err();
    let expected = [
        "10: `cloud.colour` is not a key",
        "20: `stores` is not a key",
        "29: `smtp.to` is not a key",
        "40: `pair.trusted` is not a key",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem}");
    }
}

/// One change of the good file each, and what must be said.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("key_file = \"keys\"", "", "`key_file` is missing"),
    (
        "key_file = \"keys\"",
        "key_file = 7",
        "2: `key_file` must be a text",
    ),
    ("\"[::1]:8443\"", "\"8443\"", "3: `listen` has `8443`"),
    (
        "listen = [\"127.0.0.1:8443\", \"[::1]:8443\"]",
        "",
        "`listen` is missing",
    ),
    ("hue = 240", "hue = 100", "from 195 to 350"),
    (
        "[store]",
        "[limits]\nnetwork_per_minute = 9\n[store]",
        "`limits.network_per_minute` must be 10 or more",
    ),
    (
        "[store]",
        "[limits]\nnetworks = 9\n[store]",
        "`limits.networks`",
    ),
    (
        "hue = 240",
        "hue = \"blue\"",
        "`cloud.hue` must be a number",
    ),
    (
        "name = \"Andor\"",
        "name = \"A cloud of many words\"",
        "one to three words",
    ),
    ("key = \"andor\"", "key = \"An dor\"", "`cloud.key` must be"),
    (
        "canonical_name = \"example.gov\"",
        "canonical_name = \"Example.gov\"",
        "lower case",
    ),
    (
        "login = \"login.andor.localhost\"",
        "login = \"http://login.andor.localhost\"",
        "is not a host",
    ),
    (
        "login = \"login.andor.localhost\"",
        "login = \"login.andor.localhost/x\"",
        "is not a host",
    ),
    (
        "portal = \"portal.andor.localhost\"",
        "",
        "`cloud.hosts.portal` is missing",
    ),
    (
        "\".tenants.example.gov\"",
        "\"tenants.example.gov\"",
        "dot before it",
    ),
    (
        "\"adminsAndGuestInviters\"",
        "\"somebody\"",
        "must be one of `none`",
    ),
    (
        "sqlite:comity.db",
        "mysql://root:pw@host",
        "must begin with `sqlite:`",
    ),
    (
        "[tls]\ncert = \"tls.pem\"\nkey = \"tls.key\"",
        "",
        "neither `tls` nor `behind_proxy`",
    ),
    (
        "[smtp]",
        "[behind_proxy]\naddresses = [\"10.0.0.1\"]\n[smtp]",
        "exclude each other",
    ),
    (
        "[tls]\ncert = \"tls.pem\"\nkey = \"tls.key\"",
        "[behind_proxy]\naddresses = []",
        "`behind_proxy.addresses` is missing",
    ),
    (
        "from = \"invites@example.gov\"",
        "from = \"nobody\"",
        "not a mail address",
    ),
    (
        "host = \"mail.example.gov\"",
        "host = \"mail.example.gov\"\nsecurity = \"none\"",
        "on this machine",
    ),
    (
        "host = \"mail.example.gov\"",
        "host = \"mail.example.gov\"\nusername = \"x\"",
        "go together",
    ),
    (
        "entity = \"https://login.example.org\"",
        "entity = \"https://login.example.org/\"",
        "not an entity URL",
    ),
    (
        "entity = \"https://login.example.org\"",
        "entity = \"http://login.example.org\"",
        "not an entity URL",
    ),
    ("{tenant}", "", "exactly once"),
    ("\"192.0.2.0/24\"", "\"192.0.2.0/40\"", "not a network"),
    (
        "pinned_key = '''@KEY@'''",
        "",
        "`pair.pinned_key` is missing: ask the other operator",
    ),
    ("@KEY@", "{}", "must be the public JWK"),
    ("@KEY@", r#"{"kty":"EC","d":"x"}"#, "is a private key"),
    (
        "[[pair]]",
        "[[pair]]\nca_file = \"none.pem\"",
        "names `etc/none.pem`",
    ),
    ("[[pair]]", "[pair]", "must be tables"),
    (
        "canonical_name = \"example.org\"",
        "canonical_name = \"example.gov\"",
        "itself",
    ),
    (
        "login = \"login.example.org\"",
        "login = \"LOGIN.andor.localhost\"",
        "share the host",
    ),
    (
        ".tenants.example.org",
        ".tenants.example.gov",
        "share the initial domain suffix",
    ),
    (
        "entity = \"https://login.example.org\"",
        "entity = \"https://login.andor.localhost\"",
        "share the entity URL",
    ),
    ("[store]", "[store", "29: "),
];

#[test]
fn each_mistake_has_its_message() {
    for (from, to, message) in MISTAKES {
        assert!(GOOD.contains(from), "{from}");
        let problems = parse(&GOOD.replace(from, to).replace("@KEY@", KEY)).unwrap_err();
        if !message.starts_with("29") {
            assert!(
                problems.iter().any(|problem| problem.contains(message)),
                "{message}: {problems:#?}"
            );
        }
        assert!(!problems.iter().any(|problem| problem.contains("root:pw")));
    }
}

#[test]
fn a_cloud_that_is_paired_twice_is_refused() {
    let good = good();
    let pair = good.split_once("[[pair]]").unwrap().1;
    let problems = parse(&format!("{good}\n[[pair]]{pair}")).unwrap_err();
    assert!(
        problems
            .iter()
            .any(|problem| problem.contains("`example.org` is paired twice")),
        "{problems:#?}"
    );
}

#[test]
fn everything_wrong_is_told_at_once() {
    let text = good()
        .replace("hue = 240", "hue = 1")
        .replace("key = \"andor\"", "")
        .replace("{tenant}", "");
    assert_eq!(parse(&text).unwrap_err().len(), 3);
}

#[test]
fn what_pair_show_prints_is_read_as_it_was_meant() {
    let own = parse(&good()).unwrap().registry.own;
    let shown = pair::show(&own, KEY);
    let partner = good()
        .replace("andor", "other")
        .replace(
            "canonical_name = \"example.gov\"",
            "canonical_name = \"other.example\"",
        )
        .replace(".tenants.example.gov", ".other.example");
    let config = parse(&format!("{partner}\n{shown}")).unwrap();
    let read = config.registry.find("example.gov").unwrap();
    let expected = comity_model::cloud::CloudEntry {
        pinned_key: Some(KEY.into()),
        ..own
    };
    assert_eq!(*read, expected);
}

/// A folder in which everything is right.
fn installed() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let hosts = ["login", "graph", "portal", "myapps", "device"]
        .map(|site| format!("{site}.andor.localhost"));
    let names = authority::tests::names(&hosts.each_ref().map(String::as_str));
    authority::tests::make(&at("made"), &names);
    fs::copy(at("made/global.pem"), at("tls.pem")).unwrap();
    fs::copy(at("made/global.key"), at("tls.key")).unwrap();
    key_file::create(&at("keys"), &SystemRandom).unwrap();
    let text = good().replace(
        "sqlite:comity.db",
        &format!("sqlite:{}", at("comity.db").display()),
    );
    file::write_public(&at("comity.toml"), text.as_bytes()).unwrap();
    folder
}

#[test]
fn r34_check_passes_and_names_everything_that_is_wrong() {
    let folder = installed();
    let at = |name: &str| folder.path().join(name);
    let check = || {
        read_and_check(&at("comity.toml"))
            .map(drop)
            .map_err(|problems| problems.to_string())
    };
    assert_eq!(check(), Ok(()));
    fs::set_permissions(at("keys"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(at("tls.key"), fs::Permissions::from_mode(0o640)).unwrap();
    let wrong = check().unwrap_err();
    assert_eq!(wrong.lines().count(), 2, "{wrong}");
    assert!(
        wrong.contains("keys` can be read by others")
            && wrong.contains("tls.key` can be read by others")
    );
    fs::set_permissions(at("keys"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(at("tls.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let text = fs::read_to_string(at("comity.toml")).unwrap();
    fs::write(
        at("comity.toml"),
        text.replace("portal.andor.localhost", "portal.andor2.localhost"),
    )
    .unwrap();
    assert!(
        check()
            .unwrap_err()
            .contains("not for the host `portal.andor2.localhost`")
    );
    fs::write(
        at("comity.toml"),
        text.replace(
            "[store]\nurl = \"sqlite:",
            "[store]\nurl = \"sqlite:/no-such-folder",
        ),
    )
    .unwrap();
    assert!(check().unwrap_err().contains("does not exist"));
    fs::write(
        at("comity.toml"),
        text.replace("comity.db", "x.db")
            .replace("sqlite:", "postgres://u:pw@db/"),
    )
    .unwrap();
    let wrong = check().unwrap_err();
    assert!(
        wrong.contains("holds the password of the store") && !wrong.contains(":pw@"),
        "{wrong}"
    );
    assert!(
        read_and_check(&at("none.toml"))
            .unwrap_err()
            .to_string()
            .contains("cannot read the file")
    );
}

/// The first `toml` block of the operators' document that begins so, without its fence.
fn of_the_documents(beginning: &str) -> String {
    let documents = include_str!("../../../../docs/operators.md");
    let blocks = documents.split("```toml\n").skip(1);
    let mut blocks = blocks.filter_map(|block| block.split("```").next());
    let found = blocks.find(|block| block.starts_with(beginning));
    found.unwrap().to_owned()
}

#[test]
fn the_examples_of_the_documents_are_understood() {
    let example = of_the_documents("key_file");
    let own = parse(&example).unwrap();
    assert_eq!(own.registry.own.canonical_name, "example.gov");
    let key: serde_json::Value = serde_json::from_str(KEY).unwrap();
    let [x, y] = ["x", "y"].map(|name| key[name].as_str().unwrap().to_owned());
    let entry = of_the_documents("[[pair]]")
        .replace("\"x\":\"…\"", &format!("\"x\":\"{x}\""))
        .replace("\"y\":\"…\"", &format!("\"y\":\"{y}\""));
    let other = parse(
        &(good()
            .split("[[pair]]")
            .next()
            .unwrap()
            .replace("example.gov", "example.net")
            + &entry),
    );
    assert!(other.unwrap().registry.is_paired("example.gov"));
    // What a cloud shows is what the document shows.
    let shown = super::pair::show(&own.registry.own, "{}");
    let names = |text: &str| -> Vec<String> {
        text.lines()
            .map(|line| line.split('=').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&shown), names(&entry));
}

#[test]
fn a_cloud_says_how_its_own_hosts_are_reached() {
    let open = parse(&good()).unwrap().registry.own;
    assert_eq!((open.ca_pem, open.addresses), (None, Vec::new()));
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["login.example.gov".to_owned()]).unwrap();
    std::fs::write(folder.path().join("ca.pem"), made.cert.pem()).unwrap();
    let private = "[cloud]\nca_file = \"ca.pem\"\naddresses = [\"10.1.0.0/16\"]";
    let text = good().replace("[cloud]", private);
    let own = Config::parse(&text, folder.path()).unwrap().registry.own;
    assert_eq!(own.ca_pem, Some(made.cert.pem()));
    assert_eq!(own.addresses, ["10.1.0.0/16"]);
    let missing = parse(&text).unwrap_err().concat();
    assert!(missing.contains("cloud.ca_file"), "{missing}");
}
