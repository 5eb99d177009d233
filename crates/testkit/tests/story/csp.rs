//! Content security policies, judged by rules (security bar V-10): what Google's CSP Evaluator finds
//! in a policy, where it matters for one without nonces, and what the bar asks beyond it. `sweep.rs`
//! puts the policy of every route before it; the story, that of every page it leads through.
//!
//! 1. Everything that is not named is refused: `default-src 'none'`, which scripts, objects, frames
//!    and workers fall back to.
//! 2. Scripts come from ourselves or from nowhere: no inline code, no `eval`, no scheme, no wildcard,
//!    no other host.
//! 3. No `<base>`, no plug-in, and no frame around a page but the one that it is made for.
//! 4. Forms go to ourselves, to one `https` origin each, or to loopback.
//! 5. Code is never made of text: trusted types are required.
//! 6. Every directive is known and occurs once; every keyword is written as one.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use comity_demo::client::{Ask, Client, Transport};
use comity_testkit::{Engine, World};
use http::header::CONTENT_SECURITY_POLICY;

const KNOWN: [&str; 9] = [
    "default-src",
    "script-src",
    "style-src",
    "img-src",
    "object-src",
    "base-uri",
    "form-action",
    "frame-ancestors",
    "require-trusted-types-for",
];
/// Whose sources can run code.
const RUNS: [&str; 4] = ["script-src", "object-src", "base-uri", "default-src"];
const NONE: &[&str] = &["'none'"];

type Directives<'a> = BTreeMap<&'a str, Vec<&'a str>>;

/// What is wrong with a policy.
pub fn findings(policy: &str) -> Vec<String> {
    let mut found = Vec::new();
    let directives = parse(policy, &mut found);
    let default = directives.get("default-src").map(Vec::as_slice);
    let or_default = |name: &str| directives.get(name).map(Vec::as_slice).or(default);
    if default != Some(NONE) {
        found.push("1: what is not named is not refused".to_owned());
    }
    let scripts = or_default("script-src");
    if !scripts.is_some_and(|list| matches!(list, ["'self'" | "'none'"])) {
        found.push(format!("2: scripts from {scripts:?}"));
    }
    for (name, wanted) in [
        ("base-uri", directives.get("base-uri").map(Vec::as_slice)),
        ("object-src", or_default("object-src")),
    ] {
        if wanted != Some(NONE) {
            found.push(format!("3: {name} is {wanted:?}"));
        }
    }
    for name in RUNS {
        for source in directives.get(name).into_iter().flatten() {
            if !["'self'", "'none'"].contains(source) {
                found.push(format!("2: {source} in {name}"));
            }
        }
    }
    framed(&directives, &mut found);
    forms(&directives, &mut found);
    if directives
        .get("require-trusted-types-for")
        .map(Vec::as_slice)
        != Some(&["'script'"])
    {
        found.push("5: trusted types are not required".to_owned());
    }
    found
}

/// Rule 6.
fn parse<'a>(policy: &'a str, found: &mut Vec<String>) -> Directives<'a> {
    let mut directives = Directives::new();
    for part in policy.split(';').map(str::trim).filter(|p| !p.is_empty()) {
        let mut words = part.split_ascii_whitespace();
        let name = words.next().unwrap_or_default();
        let sources: Vec<_> = words.collect();
        if !KNOWN.contains(&name) {
            found.push(format!("6: unknown directive {name}"));
        }
        for source in &sources {
            let bare = source.trim_matches('\'');
            let keyword =
                ["none", "self", "script", "unsafe-inline", "unsafe-eval"].contains(&bare);
            if keyword && *source == bare || KNOWN.contains(source) || source.contains(',') {
                found.push(format!("6: {source} in {name} is no source"));
            }
        }
        if sources.is_empty() || directives.insert(name, sources).is_some() {
            found.push(format!("6: {name} is empty or twice"));
        }
    }
    directives
}

/// Rule 3.
fn framed(directives: &Directives<'_>, found: &mut Vec<String>) {
    let frames = directives.get("frame-ancestors").map(Vec::as_slice);
    if !frames.is_some_and(|list| list == NONE || matches!(list, [one] if is_origin(one))) {
        found.push(format!("3: frame-ancestors is {frames:?}"));
    }
}

/// Rule 4.
fn forms(directives: &Directives<'_>, found: &mut Vec<String>) {
    let targets = directives.get("form-action").map(Vec::as_slice);
    let fits = |one: &&str| *one == "'self'" || is_origin(one);
    if !targets.is_some_and(|list| list == NONE || list.iter().all(|one| fits(&one))) {
        found.push(format!("4: form-action is {targets:?}"));
    }
}

/// One `https` host, or loopback at any port.
fn is_origin(source: &str) -> bool {
    let loopback = ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"];
    let host = source.strip_prefix("https://");
    loopback.contains(&source)
        || host.is_some_and(|host| host.contains('.') && !host.contains(['*', '/', '\'', '?']))
}

const GOOD: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; \
    form-action 'self' https://app.example:8443; frame-ancestors 'none'; require-trusted-types-for 'script'";

#[test]
fn v10_the_rules_find_what_is_wrong() {
    assert_eq!(findings(GOOD), [] as [String; 0]);
    for (from, to, rule) in [
        ("default-src 'none'; ", "", '1'),
        ("default-src 'none'", "default-src 'self'", '1'),
        ("default-src 'none'", "default-src *", '2'),
        (
            "script-src 'self'",
            "script-src 'self' 'unsafe-inline'",
            '2',
        ),
        ("script-src 'self'", "script-src 'self' 'unsafe-eval'", '2'),
        (
            "script-src 'self'",
            "script-src 'self' 'wasm-unsafe-eval'",
            '2',
        ),
        (
            "script-src 'self'",
            "script-src 'unsafe-hashes' 'sha256-x'",
            '2',
        ),
        ("script-src 'self'", "script-src *", '2'),
        ("script-src 'self'", "script-src https:", '2'),
        ("script-src 'self'", "script-src 'self' data:", '2'),
        ("script-src 'self'", "script-src blob:", '2'),
        (
            "script-src 'self'",
            "script-src 'self' https://cdn.example",
            '2',
        ),
        ("script-src 'self'", "script-src 127.0.0.1", '2'),
        ("script-src 'self'", "script-src 'nonce-abc'", '2'),
        ("script-src 'self'", "object-src 'self'", '3'),
        ("base-uri 'none'; ", "", '3'),
        ("base-uri 'none'", "base-uri 'self'", '3'),
        ("frame-ancestors 'none'; ", "", '3'),
        ("frame-ancestors 'none'", "frame-ancestors *", '3'),
        (
            "frame-ancestors 'none'",
            "frame-ancestors https://*.example",
            '3',
        ),
        (
            "frame-ancestors 'none'",
            "frame-ancestors http://app.example",
            '3',
        ),
        ("form-action 'self' https://app.example:8443; ", "", '4'),
        ("form-action 'self'", "form-action 'self' *", '4'),
        ("form-action 'self'", "form-action https:", '4'),
        ("form-action 'self'", "form-action http://app.example", '4'),
        ("; require-trusted-types-for 'script'", "", '5'),
        ("img-src", "imgsrc", '6'),
        ("script-src 'self'", "script-src self", '6'),
        ("base-uri 'none'; ", "base-uri 'none' ", '6'),
        (
            "script-src 'self'; style-src",
            "script-src 'self', style-src",
            '6',
        ),
        (
            "script-src 'self'",
            "script-src 'self'; script-src 'self'",
            '6',
        ),
        ("script-src 'self'", "reflected-xss block", '6'),
    ] {
        let bad = GOOD.replace(from, to);
        assert_ne!(bad, GOOD, "{from}");
        let found = findings(&bad);
        assert!(
            found.iter().any(|f| f.starts_with(rule)),
            "{bad}: {found:?}"
        );
    }
}

/// The letter of the development world's mailbox keeps the style of a mail, and nothing else.
fn without_the_style_of_letters(path: &str, policy: &str) -> String {
    if path.starts_with("/dev/mail/") && path.ends_with("/html") {
        return policy.replace(" style-src 'unsafe-inline';", "");
    }
    policy.to_owned()
}

#[tokio::test]
async fn v10_no_page_of_the_story_has_a_policy_with_a_hole() {
    let world = World::start(Engine::Sqlite).await.unwrap();
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let (policies, client) = (Arc::clone(&seen), Client::through(world.transport()));
    let mut story = world.story();
    story.transport = Some(Transport::new(move |ask: Ask| {
        let (client, policies) = (client.clone(), Arc::clone(&policies));
        Box::pin(async move {
            let path = ask.url.path().to_owned();
            let answer = client.send(ask).await?;
            for policy in answer.headers.get_all(CONTENT_SECURITY_POLICY) {
                let policy = without_the_style_of_letters(&path, policy.to_str()?);
                policies.lock().unwrap().insert((policy, path.clone()));
            }
            Ok(answer)
        })
    }));
    let outcome = comity_demo::story::play(&story, &mut Vec::new())
        .await
        .unwrap();
    assert_eq!(outcome.failed, None);
    let seen = seen.lock().unwrap();
    assert!(seen.len() > 50, "{}", seen.len());
    for (policy, path) in seen.iter() {
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(findings(policy), [] as [String; 0], "{path}: {policy}");
    }
}
