//! One row a number: who acts, on what, and that nothing else is told.

use super::*;

fn names() -> Names {
    Names {
        resource: "Contoso".to_owned(),
        home: "Northwind Agency".to_owned(),
        resource_cloud: "Commercial cloud".to_owned(),
        home_cloud: "US Government cloud".to_owned(),
        person: Some("nils@northwind.us".to_owned()),
        app: Some(AppName::Ours("Expenses".to_owned())),
    }
}

fn within() -> Names {
    Names {
        home: "Contoso".to_owned(),
        home_cloud: "Commercial cloud".to_owned(),
        ..names()
    }
}

const RESOURCE: Who = Who::Administrator(Side::Resource);
const HOME: Who = Who::Administrator(Side::Home);

type Row = (u32, Side, Who, &'static str);

const POLICY: &[Row] = &[
    (
        500_212,
        Side::Resource,
        HOME,
        "Cross-tenant access settings, Contoso, Outbound access",
    ),
    (
        500_213,
        Side::Home,
        RESOURCE,
        "Cross-tenant access settings, Northwind Agency, Inbound access",
    ),
    (
        1_000_104,
        Side::Resource,
        HOME,
        "Cross-tenant access settings, Microsoft cloud settings, Commercial cloud",
    ),
    (
        90_038,
        Side::Resource,
        Who::Operators,
        "The pairs in the configuration of both clouds",
    ),
    (50_020, Side::Home, RESOURCE, "Users, Invite external user"),
    (53_003, Side::Resource, RESOURCE, "Conditional Access"),
    (53_003, Side::Home, HOME, "Conditional Access"),
    (
        53_000,
        Side::Resource,
        RESOURCE,
        "Conditional Access; for guests also Cross-tenant access settings, Northwind Agency, Trust settings, Trust compliant devices",
    ),
    (
        53_001,
        Side::Resource,
        RESOURCE,
        "Conditional Access; for guests also Cross-tenant access settings, Northwind Agency, Trust settings, Trust hybrid joined devices",
    ),
    (50_057, Side::Resource, RESOURCE, "Users, Account enabled"),
    (50_057, Side::Home, HOME, "Users, Account enabled"),
    (
        50_105,
        Side::Home,
        RESOURCE,
        "Enterprise applications, Users and groups",
    ),
    (
        65_001,
        Side::Home,
        RESOURCE,
        "Enterprise applications, Permissions",
    ),
    (
        700_016,
        Side::Resource,
        Who::Developer,
        "App registrations, Application (client) ID",
    ),
    (
        50_011,
        Side::Resource,
        Who::Developer,
        "App registrations, Authentication, Redirect URIs",
    ),
];

#[test]
fn every_policy_number_names_the_administrator_and_the_setting() {
    for (code, side, who, setting) in POLICY {
        let refusal = refusal(*code, *side, &names());
        assert_eq!(refusal.code, format!("AADSTS{code}"));
        assert_eq!(&refusal.who, who, "{code}");
        assert_eq!(refusal.setting.as_deref(), Some(*setting), "{code}");
    }
}

#[test]
fn what_the_reader_can_do_is_said_instead_of_a_setting() {
    for code in [
        50_034, 50_126, 50_053, 65_004, 90_002, 500_141, 50_058, 70_008, 50_076,
    ] {
        let refusal = refusal(code, Side::Resource, &names());
        let Who::You(advice) = &refusal.who else {
            panic!("{code}: {:?}", refusal.who)
        };
        assert!(advice.ends_with('.'), "{code}");
        assert_eq!(refusal.setting, None, "{code}");
    }
}

#[test]
fn the_sentences_read_as_written() {
    let rows = [
        (
            500_212,
            Side::Home,
            "Northwind Agency’s settings for Contoso do not let nils@northwind.us go to Expenses there.",
        ),
        (
            500_213,
            Side::Resource,
            "Contoso’s settings for guests from Northwind Agency do not admit nils@northwind.us to Expenses.",
        ),
        (
            1_000_104,
            Side::Home,
            "Northwind Agency has not turned on the Commercial cloud, where Contoso is.",
        ),
        (
            53_003,
            Side::Home,
            "Northwind Agency’s Conditional Access does not admit nils@northwind.us to Expenses in this way.",
        ),
        (50_034, Side::Home, "No such user name at Northwind Agency."),
        (
            90_002,
            Side::Resource,
            "The Commercial cloud has no organization with the name or ID in this address.",
        ),
    ];
    for (code, side, text) in rows {
        assert_eq!(refusal(code, side, &names()).text, text);
    }
}

const ALL: [u32; 26] = [
    500_212, 500_213, 1_000_104, 90_038, 50_020, 50_034, 53_003, 53_000, 53_001, 50_057, 50_126,
    50_053, 50_105, 65_001, 65_004, 90_002, 700_016, 50_011, 500_141, 50_058, 70_008, 50_074,
    50_076, 50_079, 900_144, 90_014,
];

const TROUBLES: [Trouble; 11] = [
    Trouble::HomeSilent,
    Trouble::HomeRefused,
    Trouble::OtherPerson,
    Trouble::InvitationGone,
    Trouble::LinkGone,
    Trouble::SignInGone,
    Trouble::StaleForm,
    Trouble::Unreadable,
    Trouble::NotFound,
    Trouble::TooMany,
    Trouble::Internal,
];

fn every() -> Vec<Refusal> {
    let mut all = Vec::new();
    for names in [
        names(),
        within(),
        Names {
            person: None,
            app: None,
            ..names()
        },
    ] {
        for side in [Side::Resource, Side::Home] {
            all.extend(
                ALL.iter()
                    .chain(&[1])
                    .map(|code| refusal(*code, side, &names)),
            );
        }
        all.extend(TROUBLES.iter().map(|kind| trouble(*kind, &names)));
    }
    all
}

#[test]
fn every_sentence_is_whole_and_in_the_words_of_the_guide() {
    for refusal in every() {
        let advice = if let Who::You(advice) = &refusal.who {
            advice.as_str()
        } else {
            ""
        };
        let parts = [refusal.title.as_str(), &refusal.text, advice]
            .into_iter()
            .chain(refusal.setting.as_deref())
            .chain(refusal.after.as_deref());
        for text in parts {
            assert!(!text.contains(['{', '}', '!']), "{text}");
            assert!(!text.contains("  ") && text.trim() == text, "{text}");
            let lower = format!(" {} ", text.to_lowercase());
            for word in [
                " please ",
                " sorry ",
                " oops ",
                "successfully",
                " he ",
                " she ",
                " his ",
            ] {
                assert!(!lower.contains(word), "{text}");
            }
        }
        assert!(refusal.text.ends_with('.'), "{}", refusal.text);
        assert!(!refusal.title.ends_with('.'), "{}", refusal.title);
        assert!(
            refusal.text.starts_with(char::is_uppercase),
            "{}",
            refusal.text
        );
    }
}

#[test]
fn an_unknown_number_keeps_its_number_and_gets_a_general_text() {
    let refusal = refusal(999_999, Side::Resource, &names());
    assert_eq!(refusal.code, "AADSTS999999");
    assert_eq!(refusal.who, Who::Developer);
}

#[test]
fn within_one_organization_nothing_speaks_of_guests_or_of_another_one() {
    let device = refusal(53_000, Side::Resource, &within());
    assert_eq!(device.setting.as_deref(), Some("Conditional Access"));
    assert_eq!(refusal(50_105, Side::Resource, &within()).after, None);
    assert!(refusal(50_105, Side::Resource, &names()).after.is_some());
}

#[test]
fn a_name_with_braces_is_only_a_name() {
    let odd = Names {
        resource: "{home}".to_owned(),
        home: "{".to_owned(),
        ..names()
    };
    let text = refusal(500_213, Side::Resource, &odd).text;
    assert_eq!(
        text,
        "{home}’s settings for guests from { do not admit nils@northwind.us to Expenses."
    );
}

#[test]
fn a_refusal_of_home_without_a_number_tells_nothing_of_its_reason() {
    let refused = trouble(Trouble::HomeRefused, &names());
    assert_eq!(refused.code, "access_denied");
    assert_eq!(refused.who, HOME);
    assert_eq!(
        refused.text,
        "Northwind Agency ended the sign-in. The reason is known there only."
    );
}

#[test]
fn an_application_named_by_the_other_side_calls_itself_so() {
    let theirs = Names {
        app: Some(AppName::Theirs("Payroll\u{202e}".to_owned())),
        ..names()
    };
    assert_eq!(
        refusal(500_212, Side::Home, &theirs).text,
        "Northwind Agency’s settings for Contoso do not let nils@northwind.us go to an application \
         that calls itself “Payroll” there."
    );
}
