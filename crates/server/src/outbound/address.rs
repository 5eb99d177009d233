//! Which addresses a call may go to (S-75).
//!
//! 1. An entry that lists networks allows addresses in these networks and no others.
//! 2. An entry that lists none allows global unicast addresses: nothing private, loopback,
//!    link-local, shared, reserved, of documentation or multicast, no metadata service.
//! 3. An IPv6 address that carries an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo) is not
//!    global: it counts only where an IPv6 network that holds it is listed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Whether an entry that lists `networks` allows this address.
pub fn is_allowed(address: IpAddr, networks: &[IpNet]) -> bool {
    if networks.is_empty() {
        is_global(address)
    } else {
        networks.iter().any(|network| network.contains(&address))
    }
}

/// Whether the address is public.
pub fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !RESERVED_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address)
                && !RESERVED_V6.iter().any(|network| network.contains(&address))
        }
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), prefix)
}

/// The special-purpose registry (RFC 6890 and updates), and one metadata service at a public address.
const RESERVED_V4: [Ipv4Net; 17] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(168, 63, 129, 16, 32),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 31, 196, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
];

/// Everything outside is unassigned, local, mapped or NAT64.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 3);

const RESERVED_V6: [Ipv6Net; 4] = [
    v6(0x2001, 0, 23),
    v6(0x2001, 0xdb8, 32),
    v6(0x2002, 0, 16),
    v6(0x3fff, 0, 20),
];

#[cfg(test)]
mod tests {
    use super::{is_allowed, is_global};
    use ipnet::IpNet;
    use std::net::IpAddr;

    const NOT_GLOBAL: [&str; 52] = [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.1.2.3",
        "168.63.129.16",
        "169.254.0.1",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:8.8.8.8",
        "::ffff:0:127.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
    ];

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn s75_what_is_not_public_is_refused_unless_listed() {
        for text in NOT_GLOBAL {
            assert!(!is_global(ip(text)), "{text}");
            assert!(!is_allowed(ip(text), &[]), "{text}");
            let listed = [IpNet::from(ip(text))];
            assert!(is_allowed(ip(text), &listed), "{text}");
        }
    }

    #[test]
    fn public_addresses_are_allowed_unless_the_entry_lists_others() {
        let listed: Vec<IpNet> = vec!["198.51.100.0/24".parse().unwrap()];
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.32.0.1",
            "2606:4700::1111",
            "2a00::1",
            "2001:4860::1",
        ] {
            assert!(is_allowed(ip(text), &[]), "{text}");
            assert!(!is_allowed(ip(text), &listed), "{text}");
        }
    }

    #[test]
    fn s75_an_embedded_address_does_not_count_as_the_one_inside() {
        let listed: Vec<IpNet> = vec![
            "127.0.0.0/8".parse().unwrap(),
            "8.8.8.0/24".parse().unwrap(),
        ];
        for text in ["::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"] {
            assert!(!is_allowed(ip(text), &listed), "{text}");
        }
        assert!(is_allowed(ip("127.0.0.1"), &listed));
    }
}
