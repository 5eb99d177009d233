//! What people and organizations write about themselves, and what anybody puts into an address, is
//! text on every page and in every letter (security bar S-68). The corpus is that of the suite in a
//! browser. A page drawn with a payload has the tags and attributes of the same page drawn with plain
//! words, one for one: nothing broke out, whatever it is.

use std::sync::{Arc, Mutex};

use comity_demo::{
    client::{Ask, Client, Transport},
    graph::Graph,
    oauth::Means,
};
use comity_testkit::Engine;
use http::{Method, header::CONTENT_TYPE};
use serde_json::json;
use url::Url;

use crate::rig::{Actor, CONTOSO, NILS, NORTHWIND, Rig};

const PARTS: &str = include_str!("../../../../tests/clients/chromium/payloads.txt");
const ALEX: &str = "alex@contoso.com";
const INVITER: &str = "inviter@contoso.com";
/// No name may be longer.
const LONGEST: usize = 250;
const PLAIN: &str = "plain words";

fn corpus() -> Vec<String> {
    let mut parts = PARTS.trim().split("\n\n").skip(1).map(str::lines);
    let runs: Vec<_> = parts.next().unwrap().collect();
    let ways = std::iter::once("").chain(parts.next().unwrap());
    let mut all: Vec<String> = ways
        .flat_map(|way| runs.iter().map(move |run| format!("{way}{run}")))
        .collect();
    all.extend(parts.next().unwrap().map(str::to_owned));
    all
}

/// The corpus in as few names as their length allows.
fn names() -> Vec<String> {
    let mut all = vec![String::new()];
    for text in corpus() {
        let last = all.last_mut().unwrap();
        if !last.is_empty() && last.len() + 1 + text.len() > LONGEST {
            all.push(text);
        } else {
            last.push(' ');
            last.push_str(&text);
        }
    }
    all
}

/// Every tag with the names of its attributes. Ours are written in lower case, with quotes.
fn structure(html: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let mut quoted = false;
        let end = rest.find(|c| {
            quoted ^= c == '"';
            !quoted && c == '>'
        });
        let tag = &rest[..end.unwrap_or(rest.len())];
        let names = tag.split('"').step_by(2);
        tags.push(names.collect::<Vec<_>>().join(""));
        rest = &rest[tag.len()..];
    }
    tags
}

/// Pages that a browser was shown, by their titles for messages.
type Shown = Arc<Mutex<Vec<String>>>;

fn recording(rig: &Rig) -> (Means, Shown) {
    let shown = Shown::default();
    let (pages, client) = (Arc::clone(&shown), Client::through(rig.world.transport()));
    let transport = Transport::new(move |ask: Ask| {
        let (client, pages) = (client.clone(), Arc::clone(&pages));
        Box::pin(async move {
            let answer = client.send(ask).await?;
            let kind = answer.header(&CONTENT_TYPE).unwrap_or_default();
            if kind.starts_with("text/html") {
                pages.lock().unwrap().push(answer.text());
            }
            Ok(answer)
        })
    });
    let means = Means {
        client: Client::through(transport),
        ..rig.means.clone()
    };
    (means, shown)
}

/// Writes this everywhere where a page or a letter shows what somebody wrote.
async fn write(rig: &Rig, [contoso, northwind]: [&Graph; 2], text: &str) {
    let named = json!({ "displayName": text });
    let app = rig.app("Expenses");
    let principal = format!("/v1.0/servicePrincipals(appId='{}')", app.app_id);
    let library = format!(
        "/v1.0/servicePrincipals(appId='{}')",
        rig.app("Library").app_id
    );
    let user = |upn: &str| format!("/v1.0/users/{}", rig.user(upn));
    let own = |domain: &str| format!("/v1.0/organization/{}", rig.id(domain));
    let described = json!({ "displayName": text, "description": text });
    for (graph, path, body) in [
        (contoso, own(CONTOSO), &named),
        (contoso, user(ALEX), &named),
        (contoso, user(INVITER), &named),
        (contoso, format!("/v1.0/applications/{}", app.id), &named),
        (contoso, principal, &described),
        (contoso, library, &described),
        (northwind, own(NORTHWIND), &named),
        (northwind, user(NILS), &named),
        (northwind, format!("/v1.0/groups/{}", rig.group()), &named),
    ] {
        graph.patch(&path, body).await.unwrap();
    }
}

/// People in front of every page that shows what somebody wrote, up to a yes that nobody gives.
struct People {
    alex: Actor,
    nils: Actor,
    means: Means,
    shown: Shown,
}

impl People {
    async fn start(rig: &Rig) -> Self {
        let (means, shown) = recording(rig);
        let mut alex = rig.actor_over(ALEX, &means);
        let trip = alex.go(&rig.my_apps()).await;
        rig.at_my_apps(&trip, &alex);
        let mut nils = rig.actor_over(NILS, &means);
        nils.go(&rig.home_apps()).await;
        Self {
            alex,
            nils,
            means,
            shown,
        }
    }

    /// The pages of one round, in order.
    async fn look(&mut self, rig: &Rig, inviter: &Graph, text: &str) -> Vec<String> {
        self.shown.lock().unwrap().clear();
        let mut stranger = rig.actor_over(ALEX, &self.means);
        stranger
            .browser
            .open(&rig.direct("Expenses"))
            .await
            .unwrap();
        stranger.browser.fill("#username", ALEX).unwrap();
        stranger.browser.submit("#submit").await.unwrap();
        let login = &rig.cloud_of(CONTOSO).login;
        let picker = format!(
            "{login}/{}/oauth2/v2.0/authorize?client_id={}&response_type=code&redirect_uri={}&scope=openid&prompt=select_account\
             &code_challenge={}&code_challenge_method=S256",
            rig.id(CONTOSO),
            rig.app("Expenses").app_id,
            rig.app("Expenses").redirect_uris[0],
            "A".repeat(43),
        );
        for url in [
            rig.my_apps(),
            picker,
            format!("{login}/sign-out"),
            rig.direct("Library"),
        ] {
            self.alex.browser.open(&url).await.unwrap();
        }
        let mut invitation = rig.invitation(NILS);
        invitation["invitedUserMessageInfo"] = json!({ "customizedMessageBody": text });
        invitation["invitedUserDisplayName"] = json!(text);
        let made = inviter
            .post("/v1.0/invitations", &invitation)
            .await
            .unwrap();
        let link = made.body["inviteRedeemUrl"].as_str().unwrap();
        self.nils.browser.open(link).await.unwrap();
        self.until_review().await;
        let mut pages = std::mem::take(&mut *self.shown.lock().unwrap());
        pages.push(rig.mails(NILS).pop().unwrap().html);
        pages
    }

    async fn until_review(&mut self) {
        for _ in 0..8 {
            let page = self.nils.browser.page().unwrap().clone();
            let has = |id: &str| page.html.by_id(id).is_some();
            if has("consent-accept") && page.html.title().contains("Review") {
                return;
            }
            if has("username") {
                self.nils.browser.fill("#username", NILS).unwrap();
            }
            let button = if has("consent-accept") {
                "#consent-accept"
            } else {
                "#submit"
            };
            self.nils.browser.submit(button).await.unwrap();
        }
        panic!("{}", self.nils.browser.page().unwrap().describe());
    }
}

#[tokio::test]
async fn s68_what_is_written_in_the_directory_is_text_on_every_page() {
    let rig = &Rig::start(Engine::Sqlite).await;
    rig.pair().await;
    let library = format!(
        "/v1.0/servicePrincipals(appId='{}')",
        rig.app("Library").app_id
    );
    let contoso = rig.robot(CONTOSO).await;
    let required = json!({ "appRoleAssignmentRequired": true });
    contoso.patch(&library, &required).await.unwrap();
    let northwind = rig.robot(NORTHWIND).await;
    let inviter = rig.graph(INVITER).await;
    let mut people = People::start(rig).await;
    write(rig, [&contoso, &northwind], PLAIN).await;
    // The first time a person is asked more than the next.
    people.look(rig, &inviter, PLAIN).await;
    let plain = people.look(rig, &inviter, PLAIN).await;
    assert!(plain.len() >= 9, "{}", plain.len());
    let told = plain.iter().filter(|page| page.contains(PLAIN)).count();
    assert!(
        told >= 8,
        "of {} pages {told} show what was written",
        plain.len()
    );
    let names = names();
    assert!(names.len() > 30);
    for name in names {
        write(rig, [&contoso, &northwind], &name).await;
        let pages = people.look(rig, &inviter, &name).await;
        assert_eq!(pages.len(), plain.len(), "{name}");
        for (page, twin) in pages.iter().zip(&plain) {
            assert_eq!(structure(page), structure(twin), "{name}: {page}");
        }
    }
}

/// Addresses in which anybody can write anything, with a place for it.
fn addresses(rig: &Rig) -> Vec<String> {
    let cloud = rig.cloud_of(CONTOSO);
    let (login, myapps, id) = (&cloud.login, &cloud.myapps, rig.id(CONTOSO));
    let app = rig.app("Expenses");
    let (redirect, app_id) = (&app.redirect_uris[0], &app.app_id);
    let errors = "error=X&error_description=X&error_uri=X&state=X";
    vec![
        format!("{redirect}?{errors}"),
        format!("{redirect}?code=X&state=X&iss=X"),
        format!("{myapps}/callback?{errors}"),
        format!("{login}/federation/callback?{errors}&iss=X"),
        format!("{login}/federation/callback?code=X&state=X&iss=X"),
        format!("{login}/error?code=X&error=X"),
        format!("{login}/redeem?ticket=X&link=X"),
        format!("{login}/set-password?link=X"),
        format!("{login}/sign-out?tenant=X"),
        format!("{login}/signed-out?state=X"),
        format!("{login}/X/oauth2/v2.0/authorize?client_id=X"),
        format!("{login}/{id}/oauth2/v2.0/authorize?client_id=X&redirect_uri=X&response_type=X"),
        format!("{login}/{id}/oauth2/v2.0/authorize?client_id={app_id}&redirect_uri=X"),
        format!(
            "{login}/{id}/oauth2/v2.0/logout?post_logout_redirect_uri=X&state=X&id_token_hint=X"
        ),
        format!("{login}/signin/X"),
        format!("{login}/no/such/X"),
        format!("{myapps}/?tenantid=X"),
        format!("{myapps}/X"),
        format!("{myapps}/signin/X/{app_id}?tenantId=X"),
        format!("{myapps}/signin/X/X?tenantId={id}"),
        format!("{}/dev/mail/X", cloud.portal),
        format!("{}/dev/mail/X/html", cloud.portal),
    ]
}

/// What an address answers: its status, its kind, and the structure of a page.
async fn answered(rig: &Rig, address: &str, text: &str) -> (u16, String, Vec<String>) {
    let escaped: String = text.bytes().map(|b| format!("%{b:02X}")).collect();
    let url = Url::parse(&address.replace('X', &escaped)).unwrap();
    let answer = rig.send(Method::GET, url.as_str(), &[], b"").await;
    let kind = answer.header(&CONTENT_TYPE).unwrap_or_default().to_owned();
    let tags = if kind.starts_with("text/html") {
        structure(&answer.text())
    } else {
        Vec::new()
    };
    (answer.status.as_u16(), kind, tags)
}

#[tokio::test]
async fn s68_what_is_written_in_an_address_is_text_on_every_page() {
    let rig = &Rig::start(Engine::Sqlite).await;
    let corpus = corpus();
    assert_eq!(corpus.len(), 300);
    let mut pages = 0;
    for address in addresses(rig) {
        let plain = answered(rig, &address, PLAIN).await;
        pages += usize::from(!plain.2.is_empty());
        for text in &corpus {
            let seen = answered(rig, &address, text).await;
            assert_eq!(seen, plain, "{address} with {text}");
        }
    }
    assert!(pages >= 15, "{pages} of the addresses answer with a page");
}

#[test]
fn a_tag_or_an_attribute_that_breaks_out_is_seen() {
    let page = |name: &str| format!(r#"<p title="{name}" class="a">{name}</p>"#);
    let plain = structure(&page("plain"));
    assert_eq!(plain, ["p title= class=", "/p"]);
    let escaped = page("&lt;b&gt; &quot; onload=&quot;x");
    assert_eq!(structure(&escaped), plain);
    for text in corpus().iter().filter(|text| text.contains(['<', '"'])) {
        assert_ne!(structure(&page(text)), plain, "{text}");
    }
}
