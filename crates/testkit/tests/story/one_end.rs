//! The end of a leg at a home in this cloud is written with what comes of it, or not at all: a
//! sign-in that fails after it leaves the browser the session that it had (sessions.md, security
//! bar S-19).

use comity_app::sign_in;
use comity_crypto::password::Parameters;
use comity_demo::{
    client::{Answer, Client},
    oauth::{AZURE_CLI, Means},
};
use http::{Method, header::SET_COOKIE};
use url::{Url, form_urlencoded};

use crate::rig::{Actor, CONTOSO, FABRIKAM, Rig, on_every_engine};

const FAY: &str = "fay@fabrikam.com";
const ALEX: &str = "alex@contoso.com";
const LOGIN: &str = "login.global.localhost";

/// An application of Contoso asks who is there, whoever is signed in.
fn request(rig: &Rig) -> String {
    let login = &rig.cloud_of(CONTOSO).login;
    let base = format!("{login}/{}/oauth2/v2.0/authorize", rig.id(CONTOSO));
    let mut url = Url::parse(&base).unwrap();
    url.query_pairs_mut().extend_pairs([
        ("client_id", AZURE_CLI),
        ("response_type", "code"),
        ("redirect_uri", "http://localhost:8400"),
        ("scope", "openid"),
        ("code_challenge", &"A".repeat(43)),
        ("code_challenge_method", "S256"),
        ("prompt", "login"),
    ]);
    url.into()
}

/// Alex is signed in, and Fay, a guest of Contoso, is in front of home's password page.
async fn at_her_password(rig: &Rig) -> Actor {
    rig.guest(FAY).await;
    let mut actor = rig.actor(ALEX);
    let trip = actor.go(&rig.my_apps()).await;
    rig.at_my_apps(&trip, &actor);
    actor.browser.open(&request(rig)).await.unwrap();
    actor.browser.fill("#username", FAY).unwrap();
    actor.browser.submit("#submit").await.unwrap();
    let page = actor.browser.page().unwrap();
    assert!(page.html.by_id("password").is_some(), "{}", page.describe());
    assert!(page.html.text().contains("Fabrikam"), "{}", page.describe());
    actor
}

/// Sends one field of the form that is shown to another address of the sign-in.
async fn send(actor: &Actor, means: &Means, to: &str, field: (&str, &str)) -> Answer {
    let page = actor.browser.page().unwrap();
    let origin = page.url.origin().ascii_serialization();
    let mut inputs = page.html.nodes();
    let token = inputs.find(|n| n.attribute("name") == Some("form_token"));
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("form_token", token.unwrap().attribute("value").unwrap())
        .append_pair(field.0, field.1)
        .finish();
    let cookies = actor.browser.jar().header(&page.url, means.clock.now());
    let mut ask = comity_demo::client::Ask::new(
        Method::POST,
        Url::parse(&format!("{}/{to}", page.url)).unwrap(),
    );
    for (name, value) in [
        ("cookie", cookies.unwrap().as_str()),
        ("origin", &origin),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/x-www-form-urlencoded"),
    ] {
        ask = ask.header(name.parse().unwrap(), value).unwrap();
    }
    ask.body = body.into_bytes().into();
    means.client.send(ask).await.unwrap()
}

/// The session's cookie after an answer.
fn cookie_after(actor: &Actor, answer: &Answer) -> String {
    let set = answer.headers.get_all(SET_COOKIE).iter();
    let mut set = set.filter_map(|v| v.to_str().ok()?.strip_prefix("__Host-session="));
    let new = set.find_map(|v| v.split(';').next());
    let old = actor.browser.jar().find(LOGIN, "__Host-session");
    new.map_or_else(|| old.unwrap().value.clone(), str::to_owned)
}

/// Who is signed in under a cookie.
async fn signed_in(rig: &Rig, cookie: &str) -> Vec<String> {
    let read = rig.world.app("global").unwrap().store().read();
    let sessions = read.cloud().sessions();
    let found = sessions.find_by_hash(&sign_in::binding(cookie)).await;
    let accounts = found.unwrap().map(|(session, _)| session.accounts);
    let accounts = accounts.into_iter().flatten();
    accounts.map(|account| account.user.to_string()).collect()
}

/// Another process, in which a password takes so long that something else happens meanwhile.
async fn slowly(rig: &Rig) -> Means {
    let slow = rig.world.another_node(|settings| {
        settings.password = Parameters::new(64 * 1024, 3, 1).unwrap();
    });
    Means {
        client: Client::through(slow.await.unwrap()),
        ..rig.means.clone()
    }
}

#[tokio::test]
async fn a_sign_in_that_fails_behind_a_home_in_this_cloud_signs_nobody_out() {
    on_every_engine(async |rig| {
        let actor = at_her_password(rig).await;
        let slow = slowly(rig).await;
        let password = rig.tenant(FABRIKAM).user(FAY).unwrap().password.clone();
        let password = ("password", password.expose());
        let (late, first) = futures_util::future::join(
            send(&actor, &slow, "password", password),
            send(
                &actor,
                &rig.means,
                "name",
                ("username", "nobody@fabrikam.com"),
            ),
        )
        .await;
        assert_eq!(first.status, 303, "{}", first.text());
        assert_eq!(late.status, 400, "the sign-in has changed meanwhile");
        let there = signed_in(rig, &cookie_after(&actor, &late)).await;
        assert_eq!(there, [rig.user(ALEX)]);
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_that_goes_on_behind_a_home_in_this_cloud_has_both_in_its_session() {
    on_every_engine(async |rig| {
        let actor = at_her_password(rig).await;
        let password = rig.tenant(FABRIKAM).user(FAY).unwrap().password.clone();
        let password = ("password", password.expose());
        let old = actor.browser.jar().find(LOGIN, "__Host-session").unwrap();
        let old = old.value.clone();
        let store = rig.world.app("global").unwrap().store();
        let before = store.transactions_begun();
        let answer = send(&actor, &rig.means, "password", password).await;
        assert_eq!(store.transactions_begun() - before, 1, "law 7");
        assert!(answer.status.is_redirection(), "{}", answer.text());
        let new = cookie_after(&actor, &answer);
        assert_eq!(signed_in(rig, &old).await, Vec::<String>::new());
        let there = signed_in(rig, &new).await;
        for user in [ALEX, FAY] {
            assert!(
                there.contains(&rig.user(user).to_owned()),
                "{user}: {there:?}"
            );
        }
    })
    .await;
}
