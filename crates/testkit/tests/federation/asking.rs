//! An application of Contoso that asks who somebody is, and what the browser's session holds then.

use comity_app::sign_in;
use comity_demo::{
    browser::Browser,
    oauth,
    walk::{self, End, Kind, Person, Trip},
};
use comity_model::{session::Session, user::User};
use url::Url;

use super::rig::{Rig, id_of};

pub const LOOPBACK: &str = "http://localhost:8400";
pub const FAY: &str = "fay@fabrikam.com";
pub const ALEX: &str = "alex@contoso.com";
const LOGIN: &str = "login.global.localhost";

/// An authorization request of the command line at Contoso.
pub fn request(rig: &Rig, more: &[(&str, &str)]) -> String {
    let login = &rig.cloud("global").login;
    let base = format!("{login}/{}/oauth2/v2.0/authorize", rig.contoso().id);
    let mut url = Url::parse(&base).unwrap();
    url.query_pairs_mut()
        .extend_pairs([
            ("client_id", oauth::AZURE_CLI),
            ("response_type", "code"),
            ("redirect_uri", LOOPBACK),
            ("scope", "openid profile"),
            ("state", "st"),
            ("nonce", "no"),
            ("code_challenge", &"A".repeat(43)),
            ("code_challenge_method", "S256"),
        ])
        .extend_pairs(more);
    url.into()
}

pub fn person(rig: &Rig, upn: &str) -> Person {
    let domain = upn.split('@').nth(1).unwrap();
    let holds = |key: &&str| rig.cloud(key).tenant(domain).is_ok();
    let cloud = ["global", "usgov"].into_iter().find(holds).unwrap();
    let user = rig.tenant(cloud, domain).user(upn).unwrap();
    Person::of(user, rig.cloud(cloud)).unwrap()
}

pub fn browser(rig: &Rig) -> Browser {
    let mut browser = rig.browser();
    browser.stop_at(Some(LOOPBACK.to_owned()));
    browser
}

/// Opens an address and goes on from page to page.
pub async fn open(rig: &Rig, browser: &mut Browser, person: &mut Person, url: &str) -> Trip {
    browser.open(url).await.unwrap();
    go_on(rig, browser, person).await
}

pub async fn go_on(rig: &Rig, browser: &mut Browser, person: &mut Person) -> Trip {
    walk::walk(browser, person, &rig.means.clock).await.unwrap()
}

/// A parameter of the answer to the application.
pub fn answered(trip: &Trip, browser: &Browser, name: &str) -> Option<String> {
    let End::Away(url) = &trip.end else {
        panic!("{}: {}", trip.path(), trip.outcome(browser))
    };
    let found = url.query_pairs().find(|(n, _)| n == name);
    found.map(|(_, value)| value.into_owned())
}

pub fn is_code(trip: &Trip, browser: &Browser) {
    let url = &trip.end;
    assert!(answered(trip, browser, "code").is_some(), "{url:?}");
}

/// How often each was asked: password and one-time code, in any place.
pub fn asked(trip: &Trip) -> [usize; 2] {
    [Kind::Password, Kind::Code].map(|kind| trip.stops.iter().filter(|s| s.kind == kind).count())
}

/// The value of the session's cookie at a login host.
pub fn cookie(browser: &Browser, host: &str) -> String {
    let found = browser.jar().find(host, "__Host-session");
    found.unwrap().value.clone()
}

/// The browser's session in the commercial cloud.
pub async fn session(rig: &Rig, browser: &Browser) -> Session {
    let found = session_of(rig, "global", &cookie(browser, LOGIN)).await;
    found.unwrap()
}

pub async fn session_of(rig: &Rig, cloud: &str, cookie: &str) -> Option<Session> {
    let read = rig.app(cloud).store().read();
    let found = read.cloud().sessions();
    let found = found.find_by_hash(&sign_in::binding(cookie)).await;
    found.unwrap().map(|(session, _)| session)
}

/// Fay of Fabrikam is invited to Contoso; the link.
pub async fn invited_fay(rig: &Rig) -> String {
    rig.invite(FAY).await
}

/// My Apps of Fabrikam.
pub fn at_fabrikam(rig: &Rig) -> String {
    let tenant = &rig.tenant("global", "fabrikam.com").id;
    format!("{}/?tenantid={tenant}", rig.cloud("global").myapps)
}

/// Ends the sessions of a guest of Contoso now.
pub async fn end_sessions(rig: &Rig, home: &str, upn: &str) {
    let contoso = id_of(rig.contoso());
    let app = rig.app("global");
    let read = app.store().read();
    let identity = comity_model::user::ExternalIdentity {
        cloud: home.into(),
        object: comity_model::id::Id::parse(&person(rig, upn).id).unwrap(),
        tenant: match upn {
            FAY => id_of(rig.tenant("global", "fabrikam.com")),
            _ => id_of(rig.northwind()),
        },
    };
    let found = read.tenant(contoso).users().find_external(&identity).await;
    let guest = User {
        sessions_valid_from: rig.world.clock.time(),
        ..found.unwrap().unwrap()
    };
    let tx = app.store().begin().await.unwrap();
    tx.tenant(contoso).users().update(&guest).await.unwrap();
    tx.commit().await.unwrap();
}
