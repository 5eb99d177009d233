//! *Conditional Access* (8): named locations.

use serde_json::{Value, json};

use crate::{
    conditions::row,
    support::{Change, HIT, MISSED, NORA, OTHER, Row, check},
};

const PLACE: &str = "99999999-9999-9999-9999-99999999999c";
const LAND: &str = "99999999-9999-9999-9999-99999999999d";
const UNKNOWN: &str = "99999999-9999-9999-9999-99999999999e";

fn located(
    name: &'static str,
    include: Value,
    exclude: Value,
    facts: &[Change],
    expected: &'static str,
) -> Row {
    let conditions = [(
        "locations",
        json!({"includeLocations": include, "excludeLocations": exclude}),
    )];
    let mut row = row(name, &conditions, facts, expected);
    row.1.push(("resource.namedLocations", json!([
        {"@odata.type": "#microsoft.graph.ipNamedLocation", "id": PLACE, "isTrusted": true,
            "ipRanges": [{"cidrAddress": "203.0.113.77/24"}, {"cidrAddress": "2001:db8::1/32"}]},
        {"id": LAND, "countriesAndRegions": ["US", "CA"]},
        {"@odata.type": "#microsoft.graph.countryNamedLocation", "id": UNKNOWN,
            "countriesAndRegions": ["FR"], "includeUnknownCountriesAndRegions": true},
        {"id": OTHER, "isTrusted": false, "ipRanges": [
            {"@odata.type": "#microsoft.graph.iPv4Range", "lowerAddress": "198.51.100.1", "upperAddress": "198.51.100.9"}]},
    ])));
    row
}

#[test]
fn locations() {
    let ip = |address: &str| [("request.signIn.ipAddress", json!(address))];
    let country = |code: &str| [("request.signIn.country", json!(code))];
    let all = || json!(["All"]);
    let rows = vec![
        located("All matches always", all(), json!([]), &[], HIT),
        located(
            "a range, host bits do not count",
            json!([PLACE]),
            json!([]),
            &ip("203.0.113.1"),
            HIT,
        ),
        located(
            "outside",
            json!([PLACE]),
            json!([]),
            &ip("203.0.114.1"),
            MISSED,
        ),
        located(
            "IPv6",
            json!([PLACE]),
            json!([]),
            &ip("2001:db8:ffff::9"),
            HIT,
        ),
        located(
            "IPv4 written as IPv6",
            json!([PLACE]),
            json!([]),
            &ip("::ffff:203.0.113.1"),
            HIT,
        ),
        located(
            "lower and upper",
            json!([OTHER]),
            json!([]),
            &ip("198.51.100.9"),
            HIT,
        ),
        located(
            "above",
            json!([OTHER]),
            json!([]),
            &ip("198.51.100.10"),
            MISSED,
        ),
        located("address absent", json!([PLACE]), json!([]), &[], MISSED),
        located(
            "AllTrusted",
            json!(["AllTrusted"]),
            json!([]),
            &ip("203.0.113.1"),
            HIT,
        ),
        located(
            "not trusted",
            json!(["AllTrusted"]),
            json!([]),
            &ip("198.51.100.5"),
            MISSED,
        ),
        located(
            "trusted, address absent",
            json!(["AllTrusted"]),
            json!([]),
            &[],
            MISSED,
        ),
        located(
            "excluded",
            all(),
            json!(["AllTrusted"]),
            &ip("203.0.113.1"),
            MISSED,
        ),
        located(
            "what cannot be judged exempts nobody",
            all(),
            json!(["AllTrusted", PLACE, LAND]),
            &[],
            HIT,
        ),
        located("a country", json!([LAND]), json!([]), &country("US"), HIT),
        located(
            "countries are compared exactly",
            json!([LAND]),
            json!([]),
            &country("us"),
            MISSED,
        ),
        located("country absent", json!([LAND]), json!([]), &[], MISSED),
        located(
            "absent, unknown included",
            json!([UNKNOWN]),
            json!([]),
            &[],
            HIT,
        ),
        located(
            "unknown included is not any country",
            json!([UNKNOWN]),
            json!([]),
            &country("DE"),
            MISSED,
        ),
        located(
            "absent, unknown excluded",
            all(),
            json!([UNKNOWN]),
            &[],
            MISSED,
        ),
        located(
            "a location nobody knows",
            json!([NORA]),
            json!([]),
            &ip("203.0.113.1"),
            MISSED,
        ),
        located(
            "excluding one exempts nobody",
            all(),
            json!([NORA, "Office"]),
            &ip("203.0.113.1"),
            HIT,
        ),
        located(
            "only exclude reaches nobody",
            json!([]),
            json!([PLACE]),
            &ip("9.9.9.9"),
            MISSED,
        ),
        located("nothing configured", json!([]), json!([]), &[], HIT),
    ];
    check(rows);
}
