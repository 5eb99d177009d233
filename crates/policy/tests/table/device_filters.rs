//! Device filters.

use serde_json::{Value, json};

use crate::support::{Change, HIT, MISSED, Row, blocking, check};

fn filter(mode: &str, rule: &str) -> Change {
    blocking(&[(
        "devices",
        json!({"deviceFilter": {"mode": mode, "rule": rule}}),
    )])
}

fn trusted() -> Change {
    (
        "resource.policy.partners.0.inboundTrust",
        json!({"isCompliantDeviceAccepted": true}),
    )
}

fn device() -> Change {
    (
        "request.signIn.device",
        json!({"isCompliant": true, "isHybridJoined": false, "attributes": {
        "displayName": "SAW-7", "extensionAttribute1": "Secure", "isManaged": true,
        "systemLabels": ["M365Managed", "x"], "osVersion": "10.0", "nothing": null}}),
    )
}

fn over(rule: &'static str, expected: &'static str) -> Row {
    (
        rule,
        vec![filter("include", rule), trusted(), device()],
        expected,
    )
}

#[test]
fn operators() {
    check(vec![
        over(r#"device.displayName -eq "saw-7""#, HIT),
        over(r#"device.displayName -eq "saw""#, MISSED),
        over(r#"device.displayName -ne "saw""#, HIT),
        over(r#"device.displayName -ne "SAW-7""#, MISSED),
        over(r#"device.displayName -startsWith "saw""#, HIT),
        over(r#"device.displayName -notStartsWith "saw""#, MISSED),
        over(r#"device.displayName -endsWith "-7""#, HIT),
        over(r#"device.displayName -notEndsWith "-8""#, HIT),
        over(r#"device.displayName -contains "W-""#, HIT),
        over(r#"device.displayName -notContains "W-""#, MISSED),
        over(r#"device.displayName -in ["a", "saw-7"]"#, HIT),
        over(r#"device.displayName -notIn ["a", "b"]"#, HIT),
        over(r#"device.systemLabels -contains "M365Managed""#, HIT),
        over(r#"device.systemLabels -notContains "M365Managed""#, MISSED),
        over("device.isManaged -eq True", HIT),
        over("device.isManaged -eq False", MISSED),
        over(r"Device.DISPLAYNAME -EQ 'saw-7'", HIT),
    ]);
}

#[test]
fn claims() {
    let joined = || ("request.signIn.device", json!({"isHybridJoined": true}));
    let rule = r#"device.trustType -eq "ServerAD""#;
    check(vec![
        over("device.isCompliant -eq True", HIT),
        over("device.isCompliant -ne True", MISSED),
        over("device.isCompliant -eq False", MISSED),
        over(rule, MISSED),
        (
            "hybrid joined",
            vec![filter("include", rule), trusted(), joined()],
            HIT,
        ),
        (
            "not while it is false",
            vec![
                filter("include", r#"device.trustType -ne "ServerAD""#),
                trusted(),
                device(),
            ],
            HIT,
        ),
    ]);
}

#[test]
fn precedence() {
    let (yes, no) = ("device.isManaged -eq True", "device.isManaged -eq False");
    let rows = [
        (format!("{yes} -or {yes} -and {no}"), HIT),
        (format!("({yes} -or {yes}) -and {no}"), MISSED),
        (format!("-not {no} -and {yes}"), HIT),
        (format!("-not ({no} -or {yes})"), MISSED),
        (format!("{no} -or {no}"), MISSED),
    ];
    for (rule, expected) in rows {
        check(vec![(
            "precedence",
            vec![filter("include", &rule), trusted(), device()],
            expected,
        )]);
    }
}

#[test]
fn modes_trust_and_absent_attributes() {
    let positive = r#"device.extensionAttribute1 -eq "Secure""#;
    let negative = r#"device.extensionAttribute1 -ne "Secure""#;
    let other_trust = || {
        (
            "resource.policy.partners.0.inboundTrust",
            json!({"isHybridAzureADJoinedDeviceAccepted": true}),
        )
    };
    let mfa_trust = || {
        (
            "resource.policy.partners.0.inboundTrust",
            json!({"isMfaAccepted": true}),
        )
    };
    let empty: Change = (
        "request.signIn.device",
        json!({"attributes": {"displayName": "x"}}),
    );
    check(vec![
        (
            "include, matched",
            vec![filter("include", positive), trusted(), device()],
            HIT,
        ),
        (
            "exclude, matched",
            vec![filter("exclude", positive), trusted(), device()],
            MISSED,
        ),
        (
            "exclude, not matched",
            vec![filter("exclude", negative), trusted(), device()],
            HIT,
        ),
        (
            "either trust suffices",
            vec![filter("include", positive), other_trust(), device()],
            HIT,
        ),
        (
            "no trust: no device",
            vec![filter("include", positive), device()],
            MISSED,
        ),
        (
            "MFA trust is not enough",
            vec![filter("include", positive), mfa_trust(), device()],
            MISSED,
        ),
        (
            "no trust, negative",
            vec![filter("include", negative), device()],
            HIT,
        ),
        (
            "no device, positive",
            vec![filter("include", positive), trusted()],
            MISSED,
        ),
        (
            "no device, negative",
            vec![filter("include", negative), trusted()],
            HIT,
        ),
        (
            "no device, exclude positive",
            vec![filter("exclude", positive), trusted()],
            HIT,
        ),
        (
            "no device, exclude negative",
            vec![filter("exclude", negative), trusted()],
            MISSED,
        ),
        (
            "no device, claim",
            vec![filter("include", "device.isCompliant -ne True"), trusted()],
            HIT,
        ),
        (
            "attribute absent",
            vec![filter("include", negative), trusted(), empty],
            HIT,
        ),
        (
            "null is absent",
            vec![
                filter("include", r#"device.nothing -notIn ["a"]"#),
                trusted(),
                device(),
            ],
            HIT,
        ),
        (
            "a filter that is not configured",
            vec![blocking(&[(
                "devices",
                json!({"deviceFilter": {"mode": Value::Null, "rule": Value::Null}}),
            )])],
            HIT,
        ),
        (
            "an unknown member beside it",
            vec![blocking(&[("devices", json!({"includeDevices": ["All"]}))])],
            MISSED,
        ),
    ]);
}
