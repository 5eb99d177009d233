//! What a step expects, each with a message that says what was expected and what was seen.

use anyhow::{Result, bail, ensure};
use serde_json::Value;

use super::stage::{World, host};
use crate::browser::{Browser, Page};
use crate::graph::{self, Reply};
use crate::markup::Node;
use crate::walk::{End, Refused, Trip};

/// The claims that Expenses shows of the token it was given.
#[derive(Debug)]
pub(crate) struct Claims {
    pub iss: String,
    pub oid: String,
    pub idp: String,
    pub tid: String,
    pub name: String,
}

pub(crate) fn status(reply: Reply, expected: u16, call: &str) -> Result<Value> {
    ensure!(
        reply.status == expected,
        "{call}: expected status {expected}, saw {} with {}",
        reply.status.as_u16(),
        reply.body
    );
    Ok(reply.body)
}

pub(crate) fn refusal<T>(answer: Result<T, graph::Error>, call: &str) -> Result<graph::Refusal> {
    match answer {
        Ok(_) => bail!("{call}: expected a refusal, but it was accepted"),
        Err(error) => {
            let refusal = error.refusal()?;
            ensure!(
                (400..500).contains(&refusal.status),
                "{call}: expected a refusal that says why, saw {refusal}"
            );
            Ok(refusal)
        }
    }
}

/// The text holds each of these words, whatever their case.
pub(crate) fn says(text: &str, words: &[&str], what: &str) -> Result<()> {
    let lower = text.to_lowercase();
    for word in words {
        ensure!(
            lower.contains(&word.to_lowercase()),
            "{what}: expected it to say `{word}`, saw `{text}`"
        );
    }
    Ok(())
}

pub(crate) fn text<'a>(body: &'a Value, name: &str, call: &str) -> Result<&'a str> {
    match body.get(name).and_then(Value::as_str) {
        Some(text) => Ok(text),
        None => bail!("{call}: expected a text `{name}`, saw {body}"),
    }
}

/// The way ended at a page that is neither a refusal nor a question.
pub(crate) fn landed<'a>(trip: &Trip, browser: &'a Browser, where_to: &str) -> Result<&'a Page> {
    match &trip.end {
        End::Landed => browser.page(),
        _ => bail!(
            "expected to reach {where_to}; was asked {}; it ended with {}",
            trip.path(),
            trip.outcome(browser)
        ),
    }
}

/// My Apps of Contoso, with the names of its tiles.
pub(crate) fn my_apps(trip: &Trip, browser: &Browser, world: &World) -> Result<Vec<String>> {
    let page = landed(trip, browser, "My Apps")?;
    ensure!(
        is_my_apps(page, world),
        "expected My Apps of Contoso after {}, saw {}",
        trip.path(),
        page.describe()
    );
    Ok(tiles(page).map(|(name, _)| name).collect())
}

pub(crate) fn is_my_apps(page: &Page, world: &World) -> bool {
    page.host() == host(&world.global.myapps)
        && page.status == 200
        && page.html.text().contains(&world.contoso.display_name)
}

/// Name and place of every tile: the links that open an application.
pub(crate) fn tiles(page: &Page) -> impl Iterator<Item = (String, usize)> {
    page.html.nodes().filter_map(|node| {
        let url = page.url.join(node.attribute("href")?).ok()?;
        (node.tag() == "a" && url.path().starts_with("/signin/")).then(|| (node.text(), node.at()))
    })
}

pub(crate) fn tile(page: &Page, name: &str) -> Result<usize> {
    match tiles(page).find(|(words, _)| words.contains(name)) {
        Some((_, at)) => Ok(at),
        None => bail!(
            "expected a tile `{name}` in My Apps, saw {}",
            page.describe()
        ),
    }
}

/// Expenses has opened and shows the token's claims.
pub(crate) fn expenses(trip: &Trip, browser: &Browser) -> Result<Claims> {
    let page = landed(trip, browser, "Expenses")?;
    let claim = |name: &str| match shown_claim(page, name) {
        Some(value) => Ok(value),
        None => bail!(
            "expected Expenses to show the claim `{name}`, saw {}",
            page.describe()
        ),
    };
    Ok(Claims {
        iss: claim("iss")?,
        oid: claim("oid")?,
        idp: claim("idp")?,
        tid: claim("tid")?,
        name: claim("name")?,
    })
}

/// A claim by the id of its value, or by its row in the table `#claims`.
fn shown_claim(page: &Page, name: &str) -> Option<String> {
    page.text_of(&format!("claim-{name}")).or_else(|| {
        let mut cells = page.html.by_id("claims")?.inside();
        cells.find(|cell| cell.tag() == "th" && cell.text() == name)?;
        cells.find(|cell| cell.tag() == "td").map(Node::text)
    })
}

/// The page of a refusal with this number.
pub(crate) fn denied(trip: &Trip, browser: &Browser, code: u32) -> Result<Refused> {
    match &trip.end {
        End::Refused(refused) if refused.code.ends_with(&code.to_string()) => {
            ensure!(
                !refused.correlation_id.is_empty(),
                "the page of {code} shows no correlation ID"
            );
            Ok(refused.clone())
        }
        _ => bail!(
            "expected to be refused with {code}; was asked {}; it ended with {}",
            trip.path(),
            trip.outcome(browser)
        ),
    }
}

/// Two texts that must be the same.
pub(crate) fn same(what: &str, seen: &str, expected: &str) -> Result<()> {
    ensure!(
        seen == expected,
        "{what}: expected `{expected}`, saw `{seen}`"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browser::tests::{Fake, Table, browser, page};

    #[test]
    fn a_message_must_name_what_it_is_about() {
        let text = "Ask an administrator of Northwind Agency";
        assert!(says(text, &["northwind", "Administrator"], "the message").is_ok());
        let error = says(text, &["Contoso"], "the message")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`Contoso`") && error.contains(text),
            "{error}"
        );
    }

    #[test]
    fn an_accepted_call_is_no_refusal() {
        let error = refusal(Ok::<_, graph::Error>(()), "PATCH /x")
            .unwrap_err()
            .to_string();
        assert_eq!(error, "PATCH /x: expected a refusal, but it was accepted");
    }

    async fn show(body: &str) -> Browser {
        let row = page(body);
        let fake = Fake::start(|_| Table::from([("GET /", row)])).await;
        let mut browser = browser();
        browser
            .open(&fake.url("myapps.global.localhost", "/"))
            .await
            .unwrap();
        browser
    }

    fn ended(end: End) -> Trip {
        Trip {
            stops: Vec::new(),
            end,
        }
    }

    #[tokio::test]
    async fn claims_are_read_by_id_or_by_row() {
        let table = r#"<table id="claims"><tr><th>iss</th><td>i</td></tr><tr><th>oid</th><td>o</td></tr>
            <tr><th>idp</th><td>p</td></tr><tr><th>tid</th><td>t</td></tr></table><b id="claim-name">Nora</b>"#;
        let claims = expenses(&ended(End::Landed), &show(table).await).unwrap();
        assert_eq!((claims.iss.as_str(), claims.oid.as_str()), ("i", "o"));
        assert_eq!((claims.idp.as_str(), claims.tid.as_str()), ("p", "t"));
        assert_eq!(claims.name, "Nora");
        let without = table.replace(">oid<", ">old<");
        let error = expenses(&ended(End::Landed), &show(&without).await)
            .unwrap_err()
            .to_string();
        assert!(error.contains("the claim `oid`"), "{error}");
    }

    #[tokio::test]
    async fn tiles_are_the_links_that_open_an_application() {
        let browser =
            show(r#"<a href="/help">Help</a><a href="/signin/Expenses/1?tenantId=2">Expenses</a>"#)
                .await;
        let page = browser.page().unwrap();
        assert_eq!(
            tiles(page).map(|(name, _)| name).collect::<Vec<_>>(),
            ["Expenses"]
        );
        assert!(tile(page, "Expenses").is_ok());
        assert!(
            tile(page, "Library")
                .unwrap_err()
                .to_string()
                .contains("a tile `Library`")
        );
    }

    #[tokio::test]
    async fn a_refusal_must_carry_its_number_and_a_correlation_id() {
        let browser = show("<title>x</title>").await;
        let refused = |code: &str, id: &str| {
            ended(End::Refused(Refused {
                host: String::new(),
                title: String::new(),
                code: code.to_owned(),
                message: String::new(),
                correlation_id: id.to_owned(),
            }))
        };
        assert!(denied(&refused("AADSTS53000", "c"), &browser, 53_000).is_ok());
        assert!(denied(&refused("AADSTS53003", "c"), &browser, 53_000).is_err());
        assert!(denied(&refused("AADSTS53000", ""), &browser, 53_000).is_err());
        assert!(denied(&ended(End::Landed), &browser, 53_000).is_err());
        assert!(landed(&refused("AADSTS53000", "c"), &browser, "My Apps").is_err());
    }
}
