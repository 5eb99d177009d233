//! Addresses that a lying partner, a careless caller or a person could write: none of them is asked
//! (S-75).

use std::sync::{Arc, atomic::Ordering};

use super::{LIMITS, PARTNER, Partner, answer, ask, client, ok};
use crate::port::OutboundError;

/// What a lying partner or a careless caller could put in a URL; `PORT` is the port of the partner.
const REFUSED: [&str; 44] = [
    "http://login.partner.localhost:PORT/",
    "https://login.partner.localhost/",
    "https://login.partner.localhost:1/",
    "https://user@login.partner.localhost:PORT/",
    "https://user:pw@login.partner.localhost:PORT/",
    "https://login.partner.localhost:PORT@evil.example/",
    "https://login.partner.localhost.evil.example:PORT/",
    "https://login.partner.localhost.:PORT/",
    "https://evil.example#login.partner.localhost:PORT/",
    "https://login.partner.localhost:PORT/#fragment",
    "https://evil.example/",
    "https://evil.example:PORT/",
    "https://own.localhost:PORT/",
    "https://localhost:PORT/",
    "https://127.0.0.1:PORT/",
    "https://127.1:PORT/",
    "https://0x7f.1:PORT/",
    "https://0x7f000001:PORT/",
    "https://2130706433:PORT/",
    "https://0177.0.0.1:PORT/",
    "https://017700000001:PORT/",
    "https://127.0.0.1.:PORT/",
    "https://0.0.0.0:PORT/",
    "https://0:PORT/",
    "https://[::]:PORT/",
    "https://[::1]:PORT/",
    "https://[::ffff:127.0.0.1]:PORT/",
    "https://[::ffff:7f00:1]:PORT/",
    "https://[::ffff:169.254.169.254]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1%25eth0]:PORT/",
    "https://169.254.169.254/latest/meta-data/",
    "https://metadata.google.internal/",
    "https://100.100.100.200/",
    "https://①②⑦.⓪.⓪.①:PORT/",
    "https://login。evil.example:PORT/",
    "file:///etc/passwd",
    "ftp://login.partner.localhost:PORT/",
    "gopher://login.partner.localhost:PORT/",
    "//login.partner.localhost:PORT/",
    "login.partner.localhost:PORT",
    "https:///",
    "",
];

/// Addresses that people may write somewhere; before each, where it may be kept
/// (`testkit/tests/story/address.rs`).
const WRITTEN: &str = include_str!("../addresses.txt");

#[tokio::test]
async fn s75_nothing_that_people_write_is_asked() {
    let partner = Partner::start(|stream| answer(stream, ok("hello"))).await;
    let client = client(&partner.entry, &Arc::default(), LIMITS);
    assert!(WRITTEN.lines().count() >= 120);
    for line in WRITTEN.lines() {
        let url = line.split_once(' ').unwrap().1;
        let error = ask(&client, PARTNER, url).await.unwrap_err();
        assert!(
            matches!(error, OutboundError::NotAllowed(_)),
            "{url}: {error}"
        );
    }
    assert_eq!(partner.connections.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn s75_only_the_hosts_of_the_registry_are_asked() {
    let partner = Partner::start(|stream| answer(stream, ok("hello"))).await;
    let client = client(&partner.entry, &Arc::default(), LIMITS);
    let port = partner.entry.hosts.login.rsplit(':').next().unwrap();
    for template in REFUSED {
        let url = template.replace("PORT", port);
        let error = ask(&client, PARTNER, &url).await.unwrap_err();
        assert!(
            matches!(error, OutboundError::NotAllowed(_)),
            "{url}: {error}"
        );
    }
    assert_eq!(partner.connections.load(Ordering::Relaxed), 0);
    for url in [
        partner.url(),
        partner.url().to_uppercase().replacen("HTTPS", "https", 1),
        partner.url() + "?a=b",
    ] {
        ask(&client, PARTNER, &url).await.unwrap();
    }
}
