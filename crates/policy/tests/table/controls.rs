//! *Methods* and *Controls*.

use serde_json::{Value, json};

use crate::support::{Change, Row, ca, check, set};

const TRUST: &str = "resource.policy.partners.0.inboundTrust";
const HERE: &str = "challenge mfa@resource | failure";
const AT_HOME: &str = "challenge mfa@home | failure";
const OK: &str = "allow | success";
const NO: &str = "deny resource conditionalAccess 53003 | failure";
const NO_DEVICE: &str = "deny resource conditionalAccess 53000 | failure";
const NOT_JOINED: &str = "deny resource conditionalAccess 53001 | failure";

fn trust(member: &str) -> Change {
    (TRUST, json!({member: true}))
}

fn home(methods: &[&str]) -> Change {
    ("request.signIn.homeMethods", json!(methods))
}

fn here(methods: &[&str]) -> Change {
    ("request.signIn.resourceMethods", json!(methods))
}

fn kind(word: &str) -> Change {
    ("request.user.type", json!(word))
}

/// One policy with these grant controls.
fn grants(controls: Value) -> Change {
    let mut policy = ca("mfa");
    policy["grantControls"] = controls;
    ("resource.conditionalAccess", json!([policy]))
}

fn wanting(controls: &[&str], operator: &str) -> Change {
    grants(json!({"operator": operator, "builtInControls": controls}))
}

fn mfa() -> Change {
    wanting(&["mfa"], "OR")
}

#[test]
fn multi_factor() {
    let trusted = || trust("isMfaAccepted");
    let two = &["password", "softwareOath"];
    let rows: Vec<Row> = vec![
        ("earned at the resource without trust", vec![mfa()], HERE),
        ("earned at home with trust", vec![mfa(), trusted()], AT_HOME),
        (
            "two factors at home count with trust",
            vec![mfa(), trusted(), home(two)],
            OK,
        ),
        ("not without", vec![mfa(), home(two)], HERE),
        (
            "the default's trust is inherited",
            vec![
                mfa(),
                (
                    "resource.policy.default.inboundTrust.isMfaAccepted",
                    json!(true),
                ),
                home(two),
            ],
            OK,
        ),
        (
            "the partner's false beats the default's true",
            vec![
                mfa(),
                (
                    "resource.policy.default.inboundTrust.isMfaAccepted",
                    json!(true),
                ),
                (TRUST, json!({"isMfaAccepted": false})),
                home(two),
            ],
            HERE,
        ),
        (
            "per member: the partner's other members do not hide it",
            vec![
                mfa(),
                (
                    "resource.policy.default.inboundTrust.isMfaAccepted",
                    json!(true),
                ),
                (
                    TRUST,
                    json!({"isMfaAccepted": null, "isCompliantDeviceAccepted": true}),
                ),
                home(two),
            ],
            OK,
        ),
        (
            "device trust is no MFA trust",
            vec![mfa(), trust("isCompliantDeviceAccepted"), home(two)],
            HERE,
        ),
        (
            "multi-factor by itself",
            vec![mfa(), trusted(), home(&["fido2"])],
            OK,
        ),
        (
            "two of one kind are one",
            vec![mfa(), trusted(), home(&["softwareOath", "sms"])],
            AT_HOME,
        ),
        (
            "the rest counts for nothing",
            vec![mfa(), trusted(), home(&["password", "qrCodePin"])],
            AT_HOME,
        ),
        (
            "a sign-in at home is the knowledge method here",
            vec![mfa(), here(&["softwareOath"])],
            OK,
        ),
        (
            "whatever the trust",
            vec![mfa(), trusted(), here(&["sms"])],
            OK,
        ),
        (
            "email alone is a sign-in at home",
            vec![mfa(), home(&["email"]), here(&["sms"])],
            OK,
        ),
        (
            "though no factor",
            vec![mfa(), trusted(), home(&["email"])],
            AT_HOME,
        ),
        (
            "without a sign-in at home",
            vec![mfa(), home(&[]), here(&["sms"])],
            HERE,
        ),
        (
            "not for internal guests",
            vec![mfa(), kind("internalGuest"), here(&["sms"])],
            HERE,
        ),
        (
            "who have a password here",
            vec![mfa(), kind("internalGuest"), here(&["password", "sms"])],
            OK,
        ),
        (
            "methods of one place do not mix with the other's",
            vec![mfa(), home(&["sms"]), here(&["password"])],
            HERE,
        ),
        (
            "members by collaboration like guests",
            vec![mfa(), kind("b2bCollaborationMember"), here(&["voice"])],
            OK,
        ),
        (
            "a service provider is judged like anyone",
            vec![mfa(), kind("serviceProvider"), home(two)],
            HERE,
        ),
    ];
    check(rows);
}

#[test]
fn direct_connect_earns_nothing_at_the_resource() {
    let open = |name: &str| {
        let all = json!({"usersAndGroups": crate::support::users("allowed", "AllUsers"),
            "applications": crate::support::apps("allowed", "AllApplications")});
        json!({name: all})
    };
    let direct = |mut more: Vec<Change>| {
        let mut changes = vec![
            ("home.cloud", json!(crate::support::COM)),
            kind("b2bDirectConnectUser"),
            ("home.policy.default", open("b2bDirectConnectOutbound")),
            ("resource.policy.default", open("b2bDirectConnectInbound")),
        ];
        changes.append(&mut more);
        changes
    };
    let trusted = || {
        (
            "resource.policy.default.inboundTrust.isMfaAccepted",
            json!(true),
        )
    };
    let terms = || grants(json!({"operator": "AND", "termsOfUse": ["t"]}));
    check(vec![
        ("in", direct(vec![]), "allow"),
        ("MFA without trust", direct(vec![mfa()]), NO),
        ("MFA with trust", direct(vec![mfa(), trusted()]), AT_HOME),
        ("terms of use", direct(vec![terms()]), NO),
    ]);
}

#[test]
fn devices() {
    let claim = |compliant: Value, joined: Value| {
        (
            "request.signIn.device",
            json!({"isCompliant": compliant, "isHybridJoined": joined}),
        )
    };
    let compliant = || wanting(&["compliantDevice"], "OR");
    let joined = || wanting(&["domainJoinedDevice"], "OR");
    let (c, j) = (
        "isCompliantDeviceAccepted",
        "isHybridAzureADJoinedDeviceAccepted",
    );
    check(vec![
        (
            "compliant and trusted",
            vec![compliant(), trust(c), claim(json!(true), Value::Null)],
            OK,
        ),
        (
            "not trusted",
            vec![compliant(), claim(json!(true), Value::Null)],
            NO_DEVICE,
        ),
        (
            "the other trust",
            vec![compliant(), trust(j), claim(json!(true), Value::Null)],
            NO_DEVICE,
        ),
        (
            "only true counts",
            vec![compliant(), trust(c), claim(json!(false), Value::Null)],
            NO_DEVICE,
        ),
        ("no claim", vec![compliant(), trust(c)], NO_DEVICE),
        (
            "joined and trusted",
            vec![joined(), trust(j), claim(Value::Null, json!(true))],
            OK,
        ),
        (
            "the other claim",
            vec![joined(), trust(j), claim(json!(true), Value::Null)],
            NOT_JOINED,
        ),
        (
            "the other trust",
            vec![joined(), trust(c), claim(Value::Null, json!(true))],
            NOT_JOINED,
        ),
    ]);
}

fn strength(id: &str, combinations: &[&str]) -> Change {
    grants(json!({"operator": "OR", "authenticationStrength":
        {"id": id, "allowedCombinations": combinations}}))
}

#[test]
fn strengths() {
    const S_HERE: &str = "challenge authenticationStrength@resource | failure";
    const S_HOME: &str = "challenge authenticationStrength@home | failure";
    let (any, resistant) = (
        "00000000-0000-0000-0000-000000000002",
        "00000000-0000-0000-0000-000000000004",
    );
    let trusted = || trust("isMfaAccepted");
    let offered = |methods: Value| ("resource.offeredToGuests", methods);
    check(vec![
        (
            "at home with trust",
            vec![strength(resistant, &[]), trusted(), home(&["fido2"])],
            OK,
        ),
        (
            "not without",
            vec![strength(resistant, &[]), home(&["fido2"])],
            NO,
        ),
        (
            "at the resource",
            vec![strength(resistant, &[]), here(&["fido2"])],
            OK,
        ),
        (
            "earned at home",
            vec![strength(resistant, &[]), trusted()],
            S_HOME,
        ),
        (
            "earned here only by what is offered",
            vec![strength(any, &[]), home(&["password"])],
            S_HERE,
        ),
        (
            "not what is not offered",
            vec![strength(resistant, &[])],
            NO,
        ),
        (
            "unless it is",
            vec![strength(resistant, &[]), offered(json!(["fido2"]))],
            S_HERE,
        ),
        (
            "[] offers nothing",
            vec![strength(any, &[]), offered(json!([]))],
            NO,
        ),
        (
            "null is the usual list",
            vec![strength(any, &[]), offered(Value::Null)],
            S_HERE,
        ),
        (
            "password counts as offered",
            vec![strength("x", &["password,sms"]), offered(json!(["sms"]))],
            S_HERE,
        ),
        (
            "not to internal guests",
            vec![
                strength("x", &["password,sms"]),
                offered(json!(["sms"])),
                kind("internalGuest"),
            ],
            NO,
        ),
        (
            "the sign-in at home is the password of a combination",
            vec![
                strength("x", &["password, softwareOath"]),
                here(&["softwareOath"]),
            ],
            OK,
        ),
        (
            "not the federated factor",
            vec![
                strength("x", &["federatedSingleFactor,softwareOath"]),
                here(&["softwareOath"]),
            ],
            NO,
        ),
        (
            "places do not mix",
            vec![
                strength("x", &["fido2,sms"]),
                trusted(),
                home(&["fido2"]),
                here(&["sms"]),
            ],
            S_HOME,
        ),
        (
            "combinations given win over a built-in ID",
            vec![strength(any, &["fido2"]), here(&["sms"])],
            NO,
        ),
        (
            "an unknown ID without combinations is never satisfied",
            vec![strength("x", &[]), here(&["fido2"])],
            NO,
        ),
        (
            "nor one that is no GUID with trust",
            vec![strength("x", &[]), trusted(), home(&["fido2"])],
            NO,
        ),
        (
            "passwordless",
            vec![
                strength("00000000-0000-0000-0000-000000000003", &[]),
                here(&["deviceBasedPush"]),
            ],
            OK,
        ),
        (
            "password with a certificate",
            vec![strength(any, &[]), here(&["x509CertificateSingleFactor"])],
            OK,
        ),
    ]);
}

#[test]
fn operators() {
    let no_terms = "challenge mfa@resource termsOfUse@resource | failure";
    let with_terms = |operator: &str, controls: &[&str]| {
        grants(json!({"operator": operator, "builtInControls": controls, "termsOfUse": ["t", "u"]}))
    };
    let custom = |operator: &str| {
        grants(
            json!({"operator": operator, "builtInControls": ["mfa"], "customAuthenticationFactors": ["x"]}),
        )
    };
    check(vec![
        (
            "AND needs all",
            vec![wanting(&["mfa", "compliantDevice"], "AND")],
            NO_DEVICE,
        ),
        (
            "OR any",
            vec![wanting(&["mfa", "compliantDevice"], "or ")],
            HERE,
        ),
        (
            "OR, one satisfied",
            vec![wanting(&["mfa", "compliantDevice"], "OR"), here(&["fido2"])],
            OK,
        ),
        (
            "AND, one satisfied",
            vec![
                wanting(&["mfa", "compliantDevice"], "AND"),
                here(&["fido2"]),
            ],
            NO_DEVICE,
        ),
        (
            "terms of use are earned at the resource, each once",
            vec![with_terms("AND", &["mfa"])],
            no_terms,
        ),
        (
            "under OR all that can be earned are listed",
            vec![with_terms("OR", &["mfa", "compliantDevice"])],
            no_terms,
        ),
        (
            "AND: what is satisfied is not listed",
            vec![with_terms("AND", &["mfa"]), here(&["fido2"])],
            "challenge termsOfUse@resource | failure",
        ),
        ("custom factors are never earned", vec![custom("AND")], NO),
        ("under OR they do not matter", vec![custom("OR")], HERE),
        (
            "no operator: all",
            vec![grants(
                json!({"builtInControls": ["mfa", "compliantDevice"]}),
            )],
            NO_DEVICE,
        ),
        ("no controls at all", vec![grants(Value::Null)], OK),
        (
            "an operator alone",
            vec![grants(json!({"operator": "OR", "builtInControls": []}))],
            OK,
        ),
        (
            "block beside others",
            vec![wanting(&["mfa", "block"], "OR"), here(&["fido2"])],
            NO,
        ),
    ]);
    for control in [
        "approvedApplication",
        "compliantApplication",
        "passwordChange",
        "riskRemediation",
        "unknownFutureValue",
    ] {
        check(vec![
            (
                "missing and not to be earned",
                vec![wanting(&[control], "OR")],
                NO,
            ),
            (
                "beside what can be earned",
                vec![wanting(&[control, "mfa"], "OR")],
                HERE,
            ),
        ]);
    }
}

fn several(policies: &[(&str, &str)]) -> Change {
    let policy = |(control, state): &(&str, &str)| {
        let mut policy = ca(control);
        set(&mut policy, "state", json!(state));
        policy
    };
    (
        "resource.conditionalAccess",
        Value::Array(policies.iter().map(policy).collect()),
    )
}

#[test]
fn several_policies() {
    let on = "enabled";
    let (off, report) = ("disabled", "enabledForReportingButNotEnforced");
    let deny = |code: &str| format!("deny resource conditionalAccess {code} | failure failure");
    let rows: [(&[(&str, &str)], String); 12] = [
        (&[("mfa", on), ("block", on)], deny("53003")),
        (&[("compliantDevice", on), ("block", on)], deny("53003")),
        (
            &[("domainJoinedDevice", on), ("compliantDevice", on)],
            deny("53000"),
        ),
        (
            &[("domainJoinedDevice", on), ("passwordChange", on)],
            deny("53001"),
        ),
        (&[("passwordChange", on), ("mfa", on)], deny("53003")),
        (
            &[("mfa", on), ("mfa", on)],
            "challenge mfa@resource | failure failure".into(),
        ),
        (
            &[("mfa", on), ("block", off)],
            "challenge mfa@resource | failure notEnabled".into(),
        ),
        (&[("block", report)], "allow | reportOnlyFailure".into()),
        (&[("mfa", report)], "allow | reportOnlyFailure".into()),
        (&[("block", off)], "allow | notEnabled".into()),
        (
            &[("mfa", on), ("block", report)],
            "challenge mfa@resource | failure reportOnlyFailure".into(),
        ),
        (&[], "allow".into()),
    ];
    for (policies, expected) in rows {
        let found = crate::support::answer(&crate::support::with(&[several(policies)]));
        assert_eq!(crate::support::short(&found), expected, "{policies:?}");
    }
}

#[test]
fn report_only() {
    let tried = |change: &dyn Fn(&mut Value)| {
        let mut policy = ca("mfa");
        set(
            &mut policy,
            "state",
            json!("enabledForReportingButNotEnforced"),
        );
        change(&mut policy);
        vec![("resource.conditionalAccess", json!([policy]))]
    };
    let nobody = tried(&|p| set(p, "conditions.users.includeUsers", json!(["None"])));
    let nothing = tried(&|p| p["grantControls"] = Value::Null);
    let mut satisfied = tried(&|_| {});
    satisfied.push(here(&["fido2"]));
    check(vec![
        ("not applied", nobody, "allow | reportOnlyNotApplied"),
        (
            "without grant controls",
            nothing,
            "allow | reportOnlySuccess",
        ),
        ("satisfied", satisfied, "allow | reportOnlySuccess"),
    ]);
}
