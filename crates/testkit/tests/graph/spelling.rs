//! Spellings of a tenant's ID (security bar S-27) in bodies, keys, functions and filters: lower case
//! with dashes, or upper case, which becomes lower; everything else is no ID. One tenant is one row.

use comity_demo::client::Answer;
use comity_testkit::Engine;
use serde_json::{Value, json};

use super::rig::{Rig, ok, refused};

const PARTNERS: &str = "/policies/crossTenantAccessPolicy/partners";

/// What stands around it: `ID` is the ID, `PLAIN` the ID without dashes.
const FORMS: [&str; 41] = [
    "{ID}",
    "(ID)",
    "[ID]",
    "\"ID\"",
    "'ID'",
    "`ID`",
    "<ID>",
    "urn:uuid:ID",
    "urn:uuid:PLAIN",
    "uuid:ID",
    "guid'ID'",
    "PLAIN",
    "{PLAIN}",
    "0xPLAIN",
    " ID",
    "ID ",
    "\tID",
    "ID\t",
    "ID\n",
    "ID\r\n",
    "\u{a0}ID",
    "ID\u{a0}",
    "\u{feff}ID",
    "ID\u{200b}",
    "\u{202e}ID",
    "\u{200d}ID",
    "ID.",
    ".ID",
    "ID,",
    "ID;",
    "ID/",
    "ID\\",
    "ID#",
    "ID?x=1",
    "ID%20",
    "%7BID%7D",
    "IDID",
    "ID,ID",
    "ID\u{301}",
    "ID-",
    "-ID",
];

/// Fifty spellings that look like the ID, or are read as it elsewhere.
fn spellings(id: &str) -> Vec<String> {
    let plain = id.replace('-', "");
    let wide = |from: char| {
        id.replace(
            from,
            &char::from_u32(u32::from(from) + 0xfee0)
                .unwrap()
                .to_string(),
        )
    };
    // Full-width and Arabic-Indic digits.
    let digits = |by: u32| {
        id.chars()
            .map(|c| match c {
                '0'..='9' => char::from_u32(u32::from(c) + by).unwrap(),
                other => other,
            })
            .collect::<String>()
    };
    let mut all: Vec<String> = FORMS
        .iter()
        .map(|form| form.replace("ID", id).replace("PLAIN", &plain))
        .collect();
    all.extend([
        id.replace('-', "\u{2010}"),
        id.replace('-', "\u{2212}"),
        id.replace('-', "_"),
        id.replace('-', "--"),
        id.replacen('-', "", 1),
        id.replace('-', "%2d"),
        wide('-'),
        digits(0xfee0),
        digits(0x630),
        id[..id.len() - 1].to_owned(),
        format!("{id}0"),
    ]);
    all.retain(|spelling| spelling != id);
    all
}

/// As a part of an address: everything but letters, digits and dashes is encoded.
fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    text.bytes()
        .map(|b| match b {
            b if plain(b) => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect()
}

async fn rows(rig: &Rig) -> Vec<Value> {
    let list = ok(&rig.get(PARTNERS).await);
    list["value"].as_array().unwrap().clone()
}

#[tokio::test]
async fn s27_fifty_spellings_of_a_tenant_id_are_none() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let id = rig.tenant("fabrikam.com").id.clone();
        let all = spellings(&id);
        assert!(all.len() >= 50, "{}", all.len());
        let none = |answer: &Answer, what: &str, spelling: &str| {
            let status = answer.status.as_u16();
            assert!(matches!(status, 400 | 404), "{what} {spelling:?}: {status}");
        };
        for spelling in &all {
            let body = json!({ "tenantId": spelling });
            let (status, _, message) = refused(&rig.send("POST", PARTNERS, &body).await);
            assert_eq!(status, 400, "{spelling:?}: {message}");
            assert!(message.contains("tenantId"), "{spelling:?}: {message}");
        }
        assert_eq!(rows(&rig).await, Vec::<Value>::new());
        rig.make(PARTNERS, &json!({ "tenantId": id })).await;
        let before = rows(&rig).await;
        let find = "/tenantRelationships/findTenantInformationByTenantId(tenantId=";
        for spelling in &all {
            let part = encoded(spelling);
            // In an address `(ID)` is the ID: a key in parentheses.
            if !spelling.starts_with('(') {
                let key = format!("{PARTNERS}/{part}");
                none(&rig.get(&key).await, "key", spelling);
                let trust = json!({ "inboundTrust": { "isMfaAccepted": true } });
                none(&rig.send("PATCH", &key, &trust).await, "change", spelling);
                none(&rig.send("DELETE", &key, &json!({})).await, "end", spelling);
            }
            let call = format!("{find}'{}')", part.replace("%27", "%27%27"));
            none(&rig.get(&call).await, "function", spelling);
        }
        assert_eq!(rows(&rig).await, before);
    }
}

#[tokio::test]
async fn s27_upper_case_is_the_same_tenant_and_no_second_row() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let id = rig.tenant("fabrikam.com").id.clone();
        let upper = id.to_uppercase();
        let made = rig.make(PARTNERS, &json!({ "tenantId": upper })).await;
        assert_eq!(made["tenantId"], id.as_str());
        for spelling in [&id, &upper] {
            let again = rig
                .send("POST", PARTNERS, &json!({ "tenantId": spelling }))
                .await;
            assert_eq!(refused(&again).0, 409, "{spelling}");
            let found = ok(&rig.get(&format!("{PARTNERS}/{spelling}")).await);
            assert_eq!(found["tenantId"], id.as_str());
        }
        assert_eq!(rows(&rig).await.len(), 1);
    }
}

#[tokio::test]
async fn s27_a_filter_finds_a_tenant_by_its_id_only() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let id = rig.tenant("contoso.com").id.clone();
        let found = async |spelling: &str| {
            let literal = encoded(&spelling.replace('\'', "''"));
            let filter = format!("homeTenantId%20eq%20%27{literal}%27");
            let answer = rig
                .get(&format!("/auditLogs/signIns?$filter={filter}"))
                .await;
            match answer.status.as_u16() {
                400 => 0,
                _ => ok(&answer)["value"].as_array().unwrap().len(),
            }
        };
        let all = found(&id).await;
        assert!(all > 0, "the administrator signed in");
        assert_eq!(found(&id.to_uppercase()).await, all);
        for spelling in spellings(&id) {
            assert_eq!(found(&spelling).await, 0, "{spelling:?}");
        }
    }
}
