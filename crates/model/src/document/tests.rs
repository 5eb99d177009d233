//! The rules of the module, one by one.

use super::{Document, Mode, parse_guid};

fn parse(json: &str) -> Document<'_> {
    Document::parse(json.as_bytes()).unwrap()
}

#[test]
fn what_is_not_configured() {
    for empty in [
        "null",
        "[]",
        "{}",
        r#"{"a":null,"b":[]}"#,
        r#"{"a":{"b":[]}}"#,
        r##"{"@odata.type":"#x","a":null}"##,
    ] {
        assert!(!parse(empty).root().is_configured(), "{empty}");
    }
    for set in ["false", "0", r#""""#, "[null]", "[[]]", r#"{"a":false}"#] {
        assert!(parse(set).root().is_configured(), "{set}");
    }
}

#[test]
fn members_by_name() {
    let json = r##"{"state":"x","b@odata.type":"#y","#act":{},"other":1,"empty":[],"gone":null}"##;
    let document = parse(json);
    let members = document
        .root()
        .members(["state", "gone", "absent"])
        .unwrap();
    let [state, gone, absent] = members.values;
    assert_eq!(state.unwrap().text().unwrap(), "x");
    assert!(gone.is_none() && absent.is_none());
    assert_eq!(members.unknown().unwrap().name(), "other");
    assert!(members.known(Mode::Lenient).is_ok());
    let refused = members.known(Mode::Strict).unwrap_err();
    assert_eq!(refused.message, "`other` is not a property of this type");
}

#[test]
fn a_name_in_other_case_names_both() {
    let document = parse(r#"{"State":"x"}"#);
    let error = document.root().members(["state"]).unwrap_err();
    assert_eq!(
        error.message,
        "`State` differs from `state` only in case: write `state`"
    );
    let kelvin = parse("{\"\u{212a}ind\":1}");
    assert!(kelvin.root().members(["kind"]).is_err());
    assert!(parse(r#"{"stat":1}"#).root().members(["state"]).is_ok());
}

#[test]
fn a_name_twice_is_an_error() {
    let document = parse(r#"{"state":"enabled","state":"disabled"}"#);
    assert!(document.root().members(["state"]).is_err());
}

#[test]
fn list_answers() {
    let list = parse(r#"{"@odata.context":"x","value":[1,2]}"#);
    assert_eq!(
        list.root()
            .answer_list()
            .unwrap()
            .unwrap()
            .children()
            .count(),
        2
    );
    assert!(parse(r#"{"values":[1]}"#).root().answer_list().is_err());
    assert!(parse("{}").root().answer_list().is_err());
    assert!(
        parse(r#"{"value":null}"#)
            .root()
            .answer_list()
            .unwrap()
            .is_none()
    );
    assert!(parse("[]").root().answer_list().unwrap().is_some());
}

#[test]
fn values_survive() {
    let json =
        r#"{"a":[1,-2,1.5,"q\"\u00e9",{"b":{"c":[]}}],"d":true,"e":null,"f":18446744073709551615}"#;
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(parse(json).root().to_value(), value);
    assert_eq!(
        Document::from_value(&value).unwrap().root().to_value(),
        value
    );
}

#[test]
fn broken_json_is_an_error() {
    let deep = "[".repeat(5000);
    for bad in [
        "",
        "{",
        r#"{"a":}"#,
        "[1,]",
        "1 2",
        "{\"a\":\"\u{1}\"}",
        &deep,
    ] {
        assert!(Document::parse(bad.as_bytes()).is_err(), "{bad}");
    }
    assert!(Document::parse(b"\"\xff\"").is_err());
}

#[test]
fn guids() {
    let good = "6FA459EA-ee8a-3ca4-894e-db77e160355e";
    assert!(parse_guid(&format!(" {good}\t")).is_some());
    for bad in [
        "",
        "All",
        "{6fa459ea-ee8a-3ca4-894e-db77e160355e}",
        "6fa459eaee8a3ca4894edb77e160355e",
    ] {
        assert!(parse_guid(bad).is_none(), "{bad}");
    }
}
