//! Ranges, types and what is refused.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::{AddressRange, LocationKind, NamedLocation, parse_address};

fn holds(range: &str, address: &str) -> bool {
    let address: IpAddr = address.parse().unwrap();
    AddressRange::parse_cidr(range).unwrap().contains(address)
}

#[test]
fn host_bits_do_not_count() {
    assert!(holds("12.34.221.11/22", "12.34.220.1"));
    assert!(holds("12.34.221.11/22", "12.34.223.255"));
    assert!(!holds("12.34.221.11/22", "12.34.224.0"));
    assert!(holds("2001:0:9d38:90d6:0:0:0:0/63", "2001:0:9d38:90d7::1"));
    assert!(!holds("2001:0:9d38:90d6:0:0:0:0/63", "2001:0:9d38:90d8::1"));
    assert!(holds("203.0.113.7", "203.0.113.7") && !holds("203.0.113.7", "203.0.113.8"));
    assert!(holds("0.0.0.0/0", "255.255.255.255") && holds("::/0", "ffff::1"));
}

#[test]
fn families_do_not_mix_but_mapped_addresses_are_ipv4() {
    assert!(!holds("::/0", "203.0.113.7"));
    assert!(!holds("0.0.0.0/0", "2001::1"));
    assert!(holds("203.0.113.0/24", "::ffff:203.0.113.7"));
    assert!(holds("::ffff:203.0.113.0/120", "203.0.113.7"));
    assert_eq!(parse_address("::ffff:1.2.3.4"), "1.2.3.4".parse().ok());
    assert_eq!(parse_address("1.2.3"), None);
}

#[test]
fn ranges_that_are_none() {
    for bad in [
        "",
        "1.2.3.4/33",
        "1.2.3.4/-1",
        "1.2.3.4/+8",
        "1.2.3/8",
        "::/129",
        "x/8",
        "1.2.3.4/",
    ] {
        assert!(AddressRange::parse_cidr(bad).is_none(), "{bad}");
    }
    assert!(AddressRange::parse_bounds("10.0.0.1", "10.0.0.9").is_some());
    assert!(AddressRange::parse_bounds("10.0.0.9", "10.0.0.1").is_none());
    assert!(AddressRange::parse_bounds("10.0.0.1", "::1").is_none());
}

#[test]
fn locations_come_back_as_given() {
    let ip = json!({
        "@odata.type": "#microsoft.graph.ipNamedLocation",
        "isTrusted": true,
        "ipRanges": [
            {"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "12.34.221.11/22"},
            {"@odata.type": "#microsoft.graph.iPv6CidrRange", "cidrAddress": "2001:0:9d38:90d6:0:0:0:0/63"},
            {"@odata.type": "#microsoft.graph.iPv4Range", "lowerAddress": "1.1.1.1", "upperAddress": "1.1.1.9"}],
        "id": "0854951d-5fc0-4eb1-b392-9b2c9d7949c2",
        "displayName": "Untrusted IP named location",
        "createdDateTime": "2019-09-04T01:11:34.9387578Z"});
    let country = json!({
        "@odata.type": "#microsoft.graph.countryNamedLocation",
        "countriesAndRegions": ["US", "GB"],
        "includeUnknownCountriesAndRegions": true,
        "countryLookupMethod": "clientIpAddress",
        "id": "1c4427fd-0885-4a3d-8b23-09a899ffa959",
        "displayName": "Named location"});
    for given in [ip, country] {
        let location = NamedLocation::from_graph(&given).unwrap();
        assert_eq!(Value::Object(location.to_graph()), given);
        assert_eq!(location.validate(), Ok(()));
    }
}

#[test]
fn what_is_refused() {
    let rules = |body: Value| match NamedLocation::from_graph(&body) {
        Err(_) => vec!["malformed"],
        Ok(l) => l
            .validate()
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|v| v.rule)
            .collect(),
    };
    let range = json!([{"cidrAddress": "1.2.3.0/24"}]);
    assert_eq!(
        rules(json!({"displayName": "x", "ipRanges": range})),
        Vec::<&str>::new()
    );
    assert_eq!(rules(json!({"ipRanges": range})), ["name"]);
    assert_eq!(
        rules(json!({"displayName": "x", "isTrusted": true})),
        ["entries"]
    );
    assert_eq!(
        rules(json!({"displayName": "x", "countriesAndRegions": ["usa"]})),
        ["country"]
    );
    assert_eq!(rules(json!({"displayName": "x"})), ["type"]);
    assert_eq!(
        rules(json!({"displayName": "x", "ipRanges": [{"cidrAddress": "1/2"}]})),
        ["malformed"]
    );
    assert_eq!(
        rules(json!({"displayName": "x", "ipRanges": [{"cidr": "1.2.3.0/24"}]})),
        ["malformed"]
    );
    assert_eq!(
        rules(json!({"displayName": "x", "IpRanges": range})),
        ["malformed"]
    );
}

#[test]
fn a_patch_keeps_the_type() {
    let given = json!({"displayName": "x", "ipRanges": [{"cidrAddress": "1.2.3.0/24"}]});
    let location = NamedLocation::from_graph(&given).unwrap();
    let patch = |body: Value| location.patched(body.as_object().unwrap());
    let trusted = patch(json!({"isTrusted": true})).unwrap();
    assert!(
        matches!(trusted.kind, LocationKind::Ip { is_trusted: true, ref ranges } if ranges.len() == 1)
    );
    assert!(patch(json!({"@odata.type": "#microsoft.graph.countryNamedLocation"})).is_err());
}
