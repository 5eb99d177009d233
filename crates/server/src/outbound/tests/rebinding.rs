//! A name that means another address a moment later (S-75): the addresses of each connection are
//! asked for once, checked, and those checked are connected to. `127.0.0.2` stands for the partner's
//! network, `127.0.0.1` for what is inside; both have the same port.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use comity_model::cloud::{CloudEntry, Registry};
use tokio::net::TcpListener;

use super::{
    HttpsOutbound, LIMITS, PARTNER, TestClock, answer, ask, certificates, entry, entry_of_ours,
};
use crate::{
    dev::authority::Certificates,
    outbound::connector::Resolver,
    port::OutboundError,
    tls::{ClientCertificate, Names},
};

const HOST: &str = "login.partner.localhost";
const OUTSIDE: &str = "127.0.0.2";
const INSIDE: &str = "127.0.0.1";
/// The next call needs another connection.
const LAST: &[u8] = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi";

/// A partner at a public name, and a canary beside it.
struct Place {
    entry: CloudEntry,
    partner: Arc<AtomicUsize>,
    canary: Arc<AtomicUsize>,
    _folder: tempfile::TempDir,
}

impl Place {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let Certificates { ca_pem, leaves, .. } =
            certificates::make(folder.path(), &certificates::names(&[HOST]));
        let mut names = Names::new().unwrap();
        names
            .add(
                &[HOST.to_owned()],
                &leaves["global"],
                ClientCertificate::NotAsked,
            )
            .unwrap();
        let outside = TcpListener::bind((OUTSIDE, 0)).await.unwrap();
        let port = outside.local_addr().unwrap().port();
        let inside = TcpListener::bind((INSIDE, port)).await.unwrap();
        let [partner, canary] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
        let (served, hits) = (Arc::clone(&partner), Arc::clone(&canary));
        tokio::spawn(async move {
            while let Ok((stream, _)) = outside.accept().await {
                served.fetch_add(1, Ordering::SeqCst);
                if let Ok(accepted) = names.accept(stream).await {
                    tokio::spawn(answer(accepted.stream, LAST.to_vec()));
                }
            }
        });
        tokio::spawn(async move {
            while inside.accept().await.is_ok() {
                hits.fetch_add(1, Ordering::SeqCst);
            }
        });
        let mut entry = entry("partner", port, &ca_pem);
        entry.hosts.login = format!("https://{HOST}:{port}");
        entry.entity.clone_from(&entry.hosts.login);
        Self {
            entry,
            partner,
            canary,
            _folder: folder,
        }
    }
}

impl Place {
    /// A client of this partner, in whose entry these networks are listed, and which is told these
    /// addresses one after the other; how often it asked for some.
    fn client(&self, networks: &[&str], told: &[&[&str]]) -> (HttpsOutbound, Arc<AtomicUsize>) {
        let entry = CloudEntry {
            addresses: networks.iter().map(ToString::to_string).collect(),
            ..self.entry.clone()
        };
        let address = |text: &&str| text.parse::<IpAddr>().unwrap();
        let told: Vec<Vec<IpAddr>> = told
            .iter()
            .map(|addresses| addresses.iter().map(address).collect())
            .collect();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let resolver: Resolver = Arc::new(move |host, port| {
            let turn = count.fetch_add(1, Ordering::SeqCst);
            let found = told[turn % told.len()].clone();
            Box::pin(async move {
                assert_eq!(host, HOST);
                Ok(found
                    .into_iter()
                    .map(|ip| SocketAddr::new(ip, port))
                    .collect())
            })
        });
        let registry = Registry {
            own: entry_of_ours(&entry),
            allow_invites_from: "everyone".into(),
            others: [(PARTNER.to_owned(), entry.clone())].into(),
            pairs: [PARTNER.to_owned()].into(),
        };
        let clock = Arc::new(TestClock::default());
        let client = HttpsOutbound::resolving(&registry, clock, LIMITS, &resolver).unwrap();
        (client, asked)
    }

    fn hits(&self) -> (usize, usize) {
        let read = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        (read(&self.partner), read(&self.canary))
    }

    fn url(&self) -> String {
        format!("{}/x", self.entry.hosts.login)
    }
}

#[tokio::test]
async fn s75_a_name_that_moves_inside_is_not_followed() {
    let place = Place::start().await;
    let (client, asked) = place.client(&["127.0.0.2/32"], &[&[OUTSIDE], &[INSIDE]]);
    for turn in 1..=4 {
        let answered = ask(&client, PARTNER, &place.url()).await;
        if turn % 2 == 1 {
            assert_eq!(answered.unwrap().body, b"hi", "{turn}");
        } else {
            let refused = OutboundError::NotAllowed(HOST.into());
            assert_eq!(answered.unwrap_err(), refused, "{turn}");
        }
        // Never a second question between the check and the connection.
        assert_eq!(asked.load(Ordering::SeqCst), turn);
    }
    assert_eq!(place.hits(), (2, 0));
}

#[tokio::test]
async fn s75_of_several_addresses_only_those_allowed_are_connected_to() {
    let place = Place::start().await;
    let (client, _) = place.client(&["127.0.0.2/32"], &[&[INSIDE, "10.0.0.1", OUTSIDE]]);
    ask(&client, PARTNER, &place.url()).await.unwrap();
    assert_eq!(place.hits(), (1, 0));
    // The same name without the network in the entry: nothing of it is public.
    let (client, _) = place.client(&[], &[&[INSIDE, "10.0.0.1", OUTSIDE]]);
    let error = ask(&client, PARTNER, &place.url()).await.unwrap_err();
    assert_eq!(error, OutboundError::NotAllowed(HOST.into()));
    assert_eq!(place.hits(), (1, 0));
}

#[tokio::test]
async fn s75_an_address_inside_another_is_not_connected_to() {
    let place = Place::start().await;
    for inner in [
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::169.254.169.254",
        "2002:7f00:1::1",
        "::1",
        "fd00:ec2::254",
        "fe80::1",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",
    ] {
        for networks in [&[][..], &["127.0.0.2/32"]] {
            let (client, _) = place.client(networks, &[&[inner]]);
            let error = ask(&client, PARTNER, &place.url()).await.unwrap_err();
            assert_eq!(error, OutboundError::NotAllowed(HOST.into()), "{inner}");
        }
    }
    assert_eq!(place.hits(), (0, 0));
}
