//! Forwarding headers (O-19, V-18).
//!
//! 1. Nobody but a proxy on a listed network is believed; towards everybody else the headers are
//!    dropped before anything reads them, so that no handler can.
//! 2. The client's address is the last one in `X-Forwarded-For` that is not a listed proxy.
//! 3. A proxy that forwards plain HTTP is refused: all cookies and tokens need HTTPS.
//! 4. Behind a proxy nobody else is served: only `GET /healthz`.

use std::net::IpAddr;

use axum::body::Body;
use http::{HeaderMap, HeaderName, Request, header};
use ipnet::IpNet;

use crate::peer::Peer;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Headers that say something about the connection of somebody else.
const DROPPED: [HeaderName; 14] = [
    FOR,
    PROTO,
    header::FORWARDED,
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-prefix"),
    HeaderName::from_static("x-forwarded-client-cert"),
    HeaderName::from_static("x-client-cert"),
    HeaderName::from_static("x-ssl-cert"),
    HeaderName::from_static("x-ssl-client-cert"),
    HeaderName::from_static("client-cert"),
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("x-original-url"),
    HeaderName::from_static("x-rewrite-url"),
];

/// The networks of the operator's proxies.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// These networks.
    pub const fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    fn holds(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Sets the peer's address from the headers of a listed proxy and drops the headers; `proxies` is
/// absent where we speak TLS ourselves. The error is the text of a 403.
pub fn apply(
    proxies: Option<&Proxies>,
    request: &mut Request<Body>,
    peer: &mut Peer,
) -> Result<(), &'static str> {
    let client = match proxies {
        Some(proxies) => forwarded(proxies, request, peer),
        None => Ok(peer.address),
    };
    for name in DROPPED {
        request.headers_mut().remove(name);
    }
    peer.address = client?;
    Ok(())
}

fn forwarded(
    proxies: &Proxies,
    request: &Request<Body>,
    peer: &Peer,
) -> Result<IpAddr, &'static str> {
    if !proxies.holds(peer.address) {
        return match request.uri().path() {
            "/healthz" => Ok(peer.address),
            _ => Err("only the proxy may ask here\n"),
        };
    }
    let headers = request.headers();
    let is_https = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"https");
    if !headers.get_all(&PROTO).iter().all(is_https) {
        return Err("only https is served here\n");
    }
    Ok(client(proxies, headers).unwrap_or(peer.address))
}

fn client(proxies: &Proxies, headers: &HeaderMap) -> Option<IpAddr> {
    let values: Vec<&str> = headers
        .get_all(&FOR)
        .iter()
        .map(|value| value.to_str().unwrap_or(""))
        .collect();
    let mut last = None;
    for text in values.iter().rev().flat_map(|value| value.rsplit(',')) {
        // An entry that is no address was made up by somebody before the last proxy.
        let Ok(address) = text.trim().parse::<IpAddr>() else {
            break;
        };
        last = Some(address.to_canonical());
        if !proxies.holds(address) {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::{Proxies, apply};
    use crate::peer::Peer;
    use axum::body::Body;
    use http::Request;
    use std::net::IpAddr;

    fn proxies() -> Proxies {
        Proxies::new(vec![
            "10.0.0.0/8".parse().unwrap(),
            "fd00::/8".parse().unwrap(),
        ])
    }

    fn peer(address: &str) -> Peer {
        Peer {
            address: address.parse().unwrap(),
            server_name: None,
            client_certificate: None,
        }
    }

    fn address(from: &str, forwarded: &[&str]) -> IpAddr {
        let mut request = Request::get("/").header("x-forwarded-proto", "https");
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let mut peer = peer(from);
        apply(
            Some(&proxies()),
            &mut request.body(Body::empty()).unwrap(),
            &mut peer,
        )
        .unwrap();
        peer.address
    }

    #[test]
    fn o19_the_last_address_that_is_no_proxy_is_the_client() {
        for (forwarded, client) in [
            (&["203.0.113.9"][..], "203.0.113.9"),
            (&["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
            (&["1.1.1.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            (&["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
            (&["203.0.113.9, ::ffff:10.0.0.2"], "203.0.113.9"),
            (&["2001:db8::7"], "2001:db8::7"),
            (&["1.1.1.1, nonsense, 10.0.0.3"], "10.0.0.3"),
            (&["nonsense"], "10.0.0.1"),
            (&[], "10.0.0.1"),
        ] {
            assert_eq!(
                address("10.0.0.1", forwarded).to_string(),
                client,
                "{forwarded:?}"
            );
        }
    }

    #[test]
    fn v18_nobody_else_is_believed_and_the_headers_are_gone() {
        let mut request = Request::get("/")
            .header("x-forwarded-for", "1.1.1.1")
            .header("forwarded", "for=1.1.1.1")
            .header("x-real-ip", "1.1.1.1")
            .header("x-ssl-cert", "x")
            .header("x-forwarded-host", "evil.example")
            .header("accept", "text/html")
            .body(Body::empty())
            .unwrap();
        let mut peer = peer("203.0.113.1");
        apply(None, &mut request, &mut peer).unwrap();
        assert_eq!(peer.address.to_string(), "203.0.113.1");
        assert_eq!(request.headers().keys().collect::<Vec<_>>(), ["accept"]);
    }

    #[test]
    fn behind_a_proxy_only_the_proxy_asks_and_only_for_https() {
        let ask = |from: &str, path: &str, proto: &str| {
            let mut request = Request::get(path)
                .header("x-forwarded-proto", proto)
                .header("x-forwarded-for", "1.1.1.1")
                .body(Body::empty())
                .unwrap();
            let mut peer = peer(from);
            apply(Some(&proxies()), &mut request, &mut peer).map(|()| peer.address.to_string())
        };
        assert_eq!(ask("10.0.0.1", "/", "https"), Ok("1.1.1.1".into()));
        assert_eq!(ask("fd00::1", "/", "HTTPS"), Ok("1.1.1.1".into()));
        assert_eq!(
            ask("10.0.0.1", "/", "http"),
            Err("only https is served here\n")
        );
        assert_eq!(
            ask("203.0.113.1", "/", "https"),
            Err("only the proxy may ask here\n")
        );
        assert_eq!(
            ask("203.0.113.1", "/healthz", "https"),
            Ok("203.0.113.1".into())
        );
    }
}
