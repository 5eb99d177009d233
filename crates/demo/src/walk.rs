//! A person in front of the pages: reads what is shown, types what belongs there, and stops where nothing is asked.
//!
//! The rules of a careful person are built in: a password is typed only on the login host of the cloud that keeps
//! the account, and never twice; nobody signs in under a name that somebody else's page has filled in.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use url::Url;

use crate::browser::{Browser, Page};
use crate::form;
use crate::manifest::{Cloud, Secret, User};
use crate::markup::Node;
use crate::options::Clock;
use crate::totp::Authenticator;

const MOST_PAGES: usize = 30;

/// Somebody with an account.
#[derive(Clone)]
pub struct Person {
    pub upn: String,
    pub id: String,
    pub name: String,
    password: Secret,
    /// The login host of the cloud that keeps the account.
    home: String,
    /// One-time code applications by the login host that they were enrolled at.
    authenticators: BTreeMap<String, Authenticator>,
}

/// What a page asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The crossing notice, or another page that only wants a press of its button.
    Notice,
    Username,
    Password,
    /// The page speaks to somebody else; the way out is taken.
    SomebodyElse,
    Accounts,
    Code,
    Enrolment,
    Consent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    pub host: String,
    pub kind: Kind,
}

#[derive(Debug, Clone)]
pub enum End {
    /// A page that asks nothing.
    Landed,
    Refused(Refused),
    /// A page that asks what this person does not give.
    Stuck(String),
    /// Sent to a script's own address.
    Away(Url),
}

/// The page of a refusal.
#[derive(Debug, Clone)]
pub struct Refused {
    pub host: String,
    pub title: String,
    pub code: String,
    pub message: String,
    pub correlation_id: String,
}

/// What was asked on the way, and how it ended.
#[derive(Debug, Clone)]
pub struct Trip {
    pub stops: Vec<Stop>,
    pub end: End,
}

impl Person {
    pub fn of(user: &User, cloud: &Cloud) -> Result<Self> {
        let login = Url::parse(&cloud.login)?;
        let home = login
            .host_str()
            .context("the login origin has no host")?
            .to_owned();
        let mut authenticators = BTreeMap::new();
        if let Some(secret) = &user.totp_secret {
            authenticators.insert(home.clone(), Authenticator::new(secret.expose())?);
        }
        Ok(Self {
            upn: user.user_principal_name.clone(),
            id: user.id.clone(),
            name: user.display_name.clone(),
            password: user.password.clone(),
            home,
            authenticators,
        })
    }

    /// The login host of home.
    pub fn home(&self) -> &str {
        &self.home
    }
}

impl Trip {
    pub fn count(&self, host: &str, kind: Kind) -> usize {
        self.stops
            .iter()
            .filter(|stop| stop.host == host && stop.kind == kind)
            .count()
    }

    pub fn asked(&self, host: &str, kind: Kind) -> bool {
        self.count(host, kind) > 0
    }

    /// `password at login.usgov.localhost, consent at …`, for messages.
    pub fn path(&self) -> String {
        let stops: Vec<String> = self
            .stops
            .iter()
            .map(|stop| {
                format!(
                    "{} at {}",
                    format!("{:?}", stop.kind).to_lowercase(),
                    stop.host
                )
            })
            .collect();
        if stops.is_empty() {
            "nothing".to_owned()
        } else {
            stops.join(", ")
        }
    }

    /// In a few words, for people.
    pub fn outcome(&self, browser: &Browser) -> String {
        match &self.end {
            End::Refused(refused) => format!("{}: {}", refused.code, refused.message),
            End::Stuck(why) => why.clone(),
            End::Away(url) => format!("sent to {}", url.origin().ascii_serialization()),
            End::Landed => browser.page().map_or_else(
                |error| error.to_string(),
                |page| format!("page `{}` at {}", page.html.title(), page.host()),
            ),
        }
    }
}

/// Goes on from the page that is shown until one asks nothing.
pub async fn walk(browser: &mut Browser, person: &mut Person, clock: &Clock) -> Result<Trip> {
    let mut stops: Vec<Stop> = Vec::new();
    for _ in 0..MOST_PAGES {
        if let Some(url) = browser.away() {
            let end = End::Away(url.clone());
            return Ok(Trip { stops, end });
        }
        let page = browser.page()?;
        let kind = match look(page, person) {
            Ok(kind) => kind,
            Err(end) => return Ok(Trip { stops, end: *end }),
        };
        let stop = Stop {
            host: page.host().to_owned(),
            kind,
        };
        if stops.iter().filter(|seen| **seen == stop).count() >= most(kind) {
            let end = End::Stuck(format!("asked again and again: {}", page.describe()));
            return Ok(Trip { stops, end });
        }
        stops.push(stop);
        act(browser, person, kind, clock).await?;
    }
    bail!(
        "more than {MOST_PAGES} pages on the way: {}",
        browser.page()?.describe()
    )
}

/// How often a page of one kind is answered on one host before it counts as a loop.
fn most(kind: Kind) -> usize {
    match kind {
        Kind::Password | Kind::Code | Kind::Enrolment | Kind::SomebodyElse => 1,
        Kind::Username | Kind::Accounts | Kind::Consent => 2,
        Kind::Notice => 3,
    }
}

/// What the page asks of this person, or how the way ends here.
fn look(page: &Page, person: &Person) -> Result<Kind, Box<End>> {
    let has = |id: &str| page.html.by_id(id).is_some();
    let stuck = |why: String| Err(Box::new(End::Stuck(why)));
    if has("error-code") {
        return Err(Box::new(End::Refused(refused(page))));
    }
    if has("consent-accept") {
        return Ok(Kind::Consent);
    }
    if has("totp-secret") {
        return Ok(Kind::Enrolment);
    }
    if has("code") {
        if person.authenticators.contains_key(page.host()) {
            return Ok(Kind::Code);
        }
        return stuck(format!(
            "asked for a one-time code at {}, where {} has none",
            page.host(),
            person.upn
        ));
    }
    if has("password") {
        return match addressee(page) {
            Some(name) if !name.eq_ignore_ascii_case(&person.upn) => match way_out(page) {
                Some(_) => Ok(Kind::SomebodyElse),
                None => stuck(format!("{} asks for the password of `{name}`", page.host())),
            },
            _ if page.host() != person.home => stuck(format!(
                "asked for a password at {}, which does not keep the account of {}",
                page.host(),
                person.upn
            )),
            _ => Ok(Kind::Password),
        };
    }
    if has("account-list") {
        return Ok(Kind::Accounts);
    }
    if has("username") {
        return Ok(Kind::Username);
    }
    if is_notice(page) {
        Ok(Kind::Notice)
    } else {
        Err(Box::new(End::Landed))
    }
}

/// A page of a login host with a button and nothing to type.
fn is_notice(page: &Page) -> bool {
    let Some(button) = page.html.by_id("submit") else {
        return false;
    };
    let Some(form) = form::owner(&page.html, button) else {
        return false;
    };
    page.host().starts_with("login.") && !form::controls(&page.html, form).any(form::is_typed)
}

/// Whose password the page asks for, as far as it says so.
fn addressee(page: &Page) -> Option<String> {
    let named = |name: &str| {
        page.html
            .nodes()
            .find(|node| node.tag() == "input" && node.attribute("name") == Some(name))
            .and_then(|node| node.attribute("value"))
    };
    named("username")
        .filter(|value| !value.is_empty())
        .map(str::to_owned)
}

/// The link or button to another account.
fn way_out(page: &Page) -> Option<Node<'_>> {
    page.html
        .by_id("use-another-account")
        .or_else(|| page.link_named("change"))
        .or_else(|| page.link_named("use another account"))
}

fn refused(page: &Page) -> Refused {
    let text = |id: &str| page.text_of(id).unwrap_or_default();
    Refused {
        host: page.host().to_owned(),
        title: page.html.title(),
        code: text("error-code"),
        message: text("error-message"),
        correlation_id: text("correlation-id"),
    }
}

async fn act(browser: &mut Browser, person: &mut Person, kind: Kind, clock: &Clock) -> Result<()> {
    match kind {
        Kind::Notice => browser.submit("#submit").await,
        Kind::Consent => browser.submit("#consent-accept").await,
        Kind::Username => {
            browser.fill("#username", &person.upn)?;
            browser.submit("#submit").await
        }
        Kind::Password => {
            browser.fill("#password", person.password.expose())?;
            browser.submit("#submit").await
        }
        Kind::Code => {
            let host = browser.page()?.host().to_owned();
            let authenticator = person
                .authenticators
                .get_mut(&host)
                .context("there is no authenticator")?;
            let code = authenticator.next(clock).await?;
            browser.fill("#code", &code)?;
            browser.submit("#submit").await
        }
        Kind::Enrolment => enrol(browser, person, clock).await,
        Kind::SomebodyElse => {
            let at = way_out(browser.page()?)
                .context("there is no way to another account")?
                .at();
            browser.press(at).await
        }
        Kind::Accounts => {
            let at = account(browser.page()?, person).context("the person is not in the list")?;
            browser.press(at).await
        }
    }
}

/// Reads the secret beside the QR code, keeps it, and proves it with a code.
async fn enrol(browser: &mut Browser, person: &mut Person, clock: &Clock) -> Result<()> {
    let page = browser.page()?;
    let host = page.host().to_owned();
    let node = page
        .html
        .by_id("totp-secret")
        .context("the page shows no secret")?;
    let secret = node
        .attribute("value")
        .map_or_else(|| node.text(), str::to_owned);
    let mut authenticator = Authenticator::new(&secret)?;
    let code = authenticator.next(clock).await?;
    person.authenticators.insert(host, authenticator);
    browser.fill("#code", &code)?;
    browser.submit("#submit").await
}

/// The person's own entry in the account picker, else the way to another account.
fn account(page: &Page, person: &Person) -> Option<usize> {
    let upn = person.upn.to_lowercase();
    let own = page.html.by_id("account-list").and_then(|list| {
        list.inside().find(|node| {
            matches!(node.tag(), "a" | "button") && node.text().to_lowercase().contains(&upn)
        })
    });
    own.or_else(|| way_out(page)).map(Node::at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browser::tests::{Fake, Table, browser, page};
    use crate::manifest::{Manifest, tests::SAMPLE};

    fn alex() -> Person {
        let manifest: Manifest = serde_json::from_str(SAMPLE).unwrap();
        let cloud = manifest.cloud("global").unwrap();
        Person::of(
            cloud
                .tenant("contoso.com")
                .unwrap()
                .user("alex@contoso.com")
                .unwrap(),
            cloud,
        )
        .unwrap()
    }

    fn clock() -> Clock {
        Clock::new(|| std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(59))
    }

    fn ask(path: &str, input: &str) -> (u16, Vec<(&'static str, String)>, String) {
        page(&format!(
            r#"<form method="post" action="{path}">{input}<button id="submit">Next</button></form>"#
        ))
    }

    async fn play(host: &str, table: Table) -> (Browser, Trip, Fake) {
        let fake = Fake::start(|_| table).await;
        let mut browser = browser();
        browser.open(&fake.url(host, "/")).await.unwrap();
        let trip = walk(&mut browser, &mut alex(), &clock()).await.unwrap();
        (browser, trip, fake)
    }

    #[tokio::test]
    async fn a_whole_way_through_the_pages() {
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let table = Table::from([
            (
                "GET /",
                ask("/1", r#"<input id="username" name="username" required>"#),
            ),
            (
                "POST /1",
                ask(
                    "/2",
                    r#"<input type="hidden" name="username" value="Alex@contoso.com"><input id="password" name="password" type="password">"#,
                ),
            ),
            (
                "POST /2",
                ask(
                    "/3",
                    &format!(
                        r#"<code id="totp-secret">{secret}</code><input id="code" name="code">"#
                    ),
                ),
            ),
            (
                "POST /3",
                ask("/4", r#"<input type="checkbox" name="skip">"#),
            ),
            (
                "POST /4",
                page(
                    r#"<form method="post" action="/5"><button id="consent-accept" name="consent" value="accept">Accept</button></form>"#,
                ),
            ),
            ("POST /5", page("<title>My Apps</title>")),
        ]);
        let (browser, trip, fake) = play("login.global.localhost", table).await;
        let kinds: Vec<Kind> = trip.stops.iter().map(|stop| stop.kind).collect();
        let expected = [
            Kind::Username,
            Kind::Password,
            Kind::Enrolment,
            Kind::Notice,
            Kind::Consent,
        ];
        assert_eq!(kinds, expected);
        assert!(matches!(trip.end, End::Landed));
        assert_eq!(browser.page().unwrap().html.title(), "My Apps");
        assert_eq!(
            fake.seen("POST /2").body,
            "username=Alex%40contoso.com&password=p"
        );
        assert_eq!(fake.seen("POST /3").body, "code=287082");
    }

    #[tokio::test]
    async fn no_password_on_a_strange_host_and_none_for_somebody_else() {
        let table = Table::from([(
            "GET /",
            ask("/1", r#"<input id="password" name="password">"#),
        )]);
        let (_, trip, _) = play("login.usgov.localhost", table).await;
        let End::Stuck(why) = trip.end else {
            panic!("{trip:?}")
        };
        assert!(
            why.contains("login.usgov.localhost, which does not keep"),
            "{why}"
        );

        let table = Table::from([
            (
                "GET /",
                ask(
                    "/1",
                    r#"<a href="/other">Change account</a><input type="hidden" name="username" value="nora@northwind.us"><input id="password" name="password">"#,
                ),
            ),
            (
                "GET /other",
                page(
                    "<p id=error-code>AADSTS50020</p><p id=error-message>not you</p><p id=correlation-id>c</p>",
                ),
            ),
        ]);
        let (_, trip, _) = play("login.global.localhost", table).await;
        assert_eq!(trip.path(), "somebodyelse at login.global.localhost");
        let End::Refused(refused) = trip.end else {
            panic!("{trip:?}")
        };
        assert_eq!(
            (refused.code.as_str(), refused.correlation_id.as_str()),
            ("AADSTS50020", "c")
        );
    }

    #[tokio::test]
    async fn a_password_that_is_not_taken_is_not_typed_again() {
        let again = ask("/", r#"<input id="password" name="password">"#);
        let table = Table::from([("GET /", again.clone()), ("POST /", again)]);
        let (_, trip, _) = play("login.global.localhost", table).await;
        assert_eq!(trip.count("login.global.localhost", Kind::Password), 1);
        assert!(matches!(trip.end, End::Stuck(_)));
    }

    #[tokio::test]
    async fn the_account_picker_offers_oneself_or_another_account() {
        let list = r#"<ul id="account-list"><li><a href="/fay">fay@fabrikam.com</a><li><a href="/alex">Alex alex@contoso.com</a></ul>"#;
        let table = Table::from([
            ("GET /", page(list)),
            ("GET /alex", page("<title>A</title>")),
        ]);
        let (browser, trip, _) = play("login.global.localhost", table).await;
        assert!(matches!(trip.end, End::Landed));
        assert_eq!(browser.page().unwrap().html.title(), "A");
    }
}
