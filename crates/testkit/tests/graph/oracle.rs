//! `$filter` as the store answers it is `$filter` as the rules read it (law 1 of queries, S-64): the
//! same conditions, made at random, over the same people, asked of each engine through the product
//! and of the evaluation in memory. And nothing hidden is told by a condition or an order.
//!
//! `COMITY_FILTER_CASES` sets how many conditions are tried.

use std::collections::BTreeSet;

use comity_app::port::Random as _;
use comity_graph::odata::filter::parse;
use comity_model::{query::matches, resource::USER};
use comity_testkit::{Engine, random::SeededRandom};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::rig::{Rig, ok, refused};

const CASES: usize = 150;
const SEEN: &str = "id,displayName,city,mail,otherMails,accountEnabled,userType";

/// Choices from a seed.
struct Chance(SeededRandom);

impl Chance {
    fn below(&self, end: usize) -> usize {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        usize::try_from(u32::from_be_bytes(bytes)).unwrap() % end
    }

    fn of<'t>(&self, list: &[&'t str]) -> &'t str {
        list[self.below(list.len())]
    }

    /// Short texts that often meet: quotes, wildcards, case, accents, nothing.
    fn text(&self) -> String {
        let letters = ["a", "A", "b", "ä", "Ä", "'", "%", "_", " ", "0", "\\"];
        (0..self.below(4)).map(|_| self.of(&letters)).collect()
    }

    fn quoted(&self) -> String {
        format!("'{}'", self.text().replace('\'', "''"))
    }

    fn leaf(&self) -> String {
        let text = self.quoted();
        let name = self.of(&["displayName", "city", "mail"]);
        match self.below(9) {
            0 | 1 => format!("{name} {} {text}", self.of(&["eq", "ne", "ge", "le"])),
            2 => format!("startsWith({}, {text})", self.of(&["displayName", "city"])),
            3 => format!("endswith(mail,{text})"),
            4 => format!("otherMails/any(x:x eq {text})"),
            5 => format!("city in ({text},{})", self.quoted()),
            6 => format!("accountEnabled eq {}", self.of(&["true", "false"])),
            7 => "city eq null".to_owned(),
            _ => format!("otherMails/$count {} 0", self.of(&["eq", "ne"])),
        }
    }

    fn condition(&self, depth: usize) -> String {
        if depth == 0 || self.below(3) == 0 {
            return self.leaf();
        }
        let inner = || self.condition(depth - 1);
        match self.below(5) {
            0 => format!("not ({})", inner()),
            1 | 2 => format!("({} and {})", inner(), inner()),
            _ => format!("({} OR {})", inner(), inner()),
        }
    }
}

async fn people(rig: &Rig, chance: &Chance) {
    for number in 0..24 {
        let mut name = chance.text();
        if name.trim().is_empty() {
            "a".clone_into(&mut name);
        }
        let mut body = json!({
            "displayName": name, "accountEnabled": chance.below(2) == 0,
            "mailNickname": format!("p{number}"),
            "userPrincipalName": format!("p{number}@contoso.com"),
            "passwordProfile": {"password": format!("Kranich-{number}-Wolke-Tisch")},
        });
        if chance.below(3) > 0 {
            body["city"] = chance.text().into();
        }
        if chance.below(2) == 0 {
            body["otherMails"] = json!([format!("{}@x.example", chance.of(&["a", "b"]))]);
        }
        rig.make("/users", &body).await;
    }
}

fn ids<'o>(objects: impl Iterator<Item = &'o Map<String, Value>>) -> BTreeSet<String> {
    objects
        .map(|o| o["id"].as_str().unwrap().to_owned())
        .collect()
}

fn objects(body: &Value) -> Vec<Map<String, Value>> {
    let all = body["value"].as_array().unwrap().iter();
    all.map(|o| o.as_object().unwrap().clone()).collect()
}

fn query(filter: &str) -> String {
    let options = [
        ("$filter", filter),
        ("$count", "true"),
        ("$top", "999"),
        ("$select", SEEN),
    ];
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(options)
        .finish()
        .replace('+', "%20")
}

#[tokio::test]
async fn the_store_answers_as_the_rules_read() {
    let cases = std::env::var("COMITY_FILTER_CASES").ok();
    let cases = cases.and_then(|n| n.parse().ok()).unwrap_or(CASES);
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let chance = Chance(SeededRandom::new(64));
        people(&rig, &chance).await;
        let all = objects(&ok(&rig
            .get(&format!("/users?$top=999&$select={SEEN}"))
            .await));
        assert!(all.len() > 24);
        let mut telling = 0;
        for _ in 0..cases {
            let text = chance.condition(3);
            let filter = parse(&text, &USER).unwrap().filter;
            let expected = ids(all.iter().filter(|o| matches(&filter, o)));
            let answer = rig.eventual(&format!("/users?{}", query(&text))).await;
            let body = ok(&answer);
            let found = objects(&body);
            assert_eq!(ids(found.iter()), expected, "{engine:?}: {text}");
            assert_eq!(body["@odata.count"], expected.len(), "{engine:?}: {text}");
            telling += usize::from(!expected.is_empty() && expected.len() < all.len());
        }
        // Conditions that all or nobody meets prove little.
        assert!(telling * 3 > cases, "{telling} of {cases} divide anything");
    }
}

/// What is kept of a person and not shown.
const HIDDEN: [&str; 10] = [
    "passwordHash",
    "password_hash",
    "password",
    "passwordProfile/password",
    "sessionsValidFrom",
    "sessions_valid_from",
    "sealedSecret",
    "version",
    "properties",
    "external/object",
];

#[tokio::test]
async fn what_is_hidden_neither_filters_nor_orders() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        for name in HIDDEN {
            for condition in [
                format!("{name} eq 'a'"),
                format!("startswith({name},'a')"),
                format!("{name} ne null"),
                format!("not ({name} ge '$argon2id')"),
                format!("displayName eq 'x' or {name} le 'z'"),
            ] {
                let path = format!("/users?{}", query(&condition));
                let (status, _, message) = refused(&rig.eventual(&path).await);
                assert_eq!(status, 400, "{condition}: {message}");
            }
            let path = format!("/users?$count=true&$orderby={name}");
            assert_eq!(refused(&rig.eventual(&path).await).0, 400, "{name}");
            let path = format!("/users?$select={name}");
            let answer = rig.get(&path).await;
            assert!(!answer.text().contains("argon2"), "{name}");
        }
        // The same with what is shown.
        ok(&rig
            .eventual(&format!("/users?{}", query("displayName ne null")))
            .await);
        ok(&rig
            .eventual("/users?$count=true&$orderby=displayName")
            .await);
        for (collection, name) in [
            (
                "/applications",
                "passwordCredentials/any(c:c/secretText eq 'a')",
            ),
            ("/applications", "secretText eq 'a'"),
            ("/servicePrincipals", "secretHash eq 'a'"),
            ("/auditLogs/signIns", "facts eq 'a'"),
            ("/invitations", "ticket eq 'a'"),
        ] {
            let filter: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
            let filter = filter.replace('+', "%20");
            let answer = rig.get(&format!("{collection}?$filter={filter}")).await;
            assert!(answer.status.is_client_error(), "{collection} {name}");
        }
    }
}
