//! A world, browsers, and forms that no page of ours sent.

use comity_demo::{
    Clock,
    browser::Browser,
    client::{Answer, Ask, Client},
    manifest::{Cloud, Manifest, Tenant},
    walk::{self, Person, Trip},
};
use comity_testkit::{Engine, World};
use http::{HeaderName, Method};
use url::Url;

pub struct Rig {
    pub world: World,
    pub manifest: Manifest,
    pub client: Client,
    clock: Clock,
}

impl Rig {
    pub async fn start(engine: Engine) -> Self {
        let world = World::start(engine).await.unwrap();
        let manifest = Manifest::read(&world.manifest()).unwrap();
        let client = Client::through(world.transport());
        let clock = world.story().clock;
        Self {
            world,
            manifest,
            client,
            clock,
        }
    }

    pub fn cloud(&self, key: &str) -> &Cloud {
        self.manifest.cloud(key).unwrap()
    }

    pub fn contoso(&self) -> &Tenant {
        self.cloud("global").tenant("contoso.com").unwrap()
    }

    pub fn login(&self, path: &str) -> String {
        format!("{}{path}", self.cloud("global").login)
    }

    pub fn browser(&self) -> Browser {
        self.browser_over(&self.client)
    }

    pub fn browser_over(&self, client: &Client) -> Browser {
        Browser::new(client.clone(), self.clock.clone())
    }

    /// Goes through the pages from where the browser is.
    pub async fn walk(&self, browser: &mut Browser, cloud: &str, upn: &str) -> Trip {
        let cloud = self.cloud(cloud);
        let domain = upn.rsplit('@').next().unwrap();
        let user = cloud.tenant(domain).unwrap().user(upn).unwrap();
        let mut person = Person::of(user, cloud).unwrap();
        walk::walk(browser, &mut person, &self.clock).await.unwrap()
    }

    /// A browser in which Alex has opened My Apps of Contoso.
    pub async fn alex(&self) -> Browser {
        let mut browser = self.browser();
        self.my_apps(&mut browser).await;
        self.walk(&mut browser, "global", "alex@contoso.com").await;
        assert!(is_in(&browser), "{}", browser.page().unwrap().describe());
        browser
    }

    pub async fn my_apps(&self, browser: &mut Browser) {
        let url = format!("{}/{}", self.cloud("global").myapps, self.contoso().id);
        browser.open(&url).await.unwrap();
    }

    /// The cookies that this browser would send, also with a form of another site if `same_site` of
    /// each allowed it: the worst case.
    pub fn cookies(&self, browser: &Browser, url: &str) -> String {
        let url = Url::parse(url).unwrap();
        browser
            .jar()
            .header(&url, self.clock.now())
            .unwrap_or_default()
    }

    pub async fn get(&self, url: &str, headers: &[(&'static str, &str)]) -> Answer {
        let mut ask = Ask::new(Method::GET, Url::parse(url).unwrap());
        for (name, value) in headers {
            ask = ask.header(HeaderName::from_static(name), value).unwrap();
        }
        self.client.send(ask).await.unwrap()
    }

    pub async fn post(
        &self,
        url: &str,
        fields: &[(&str, &str)],
        headers: &[(&'static str, &str)],
    ) -> Answer {
        let mut ask = Ask::new(Method::POST, Url::parse(url).unwrap()).form(fields);
        for (name, value) in headers {
            ask = ask.header(HeaderName::from_static(name), value).unwrap();
        }
        self.client.send(ask).await.unwrap()
    }
}

/// Whether the browser shows My Apps.
pub fn is_in(browser: &Browser) -> bool {
    browser.page().unwrap().host().starts_with("myapps.")
}

/// The value of a hidden field on the page that is shown.
pub fn hidden(browser: &Browser, name: &str) -> String {
    let html = &browser.page().unwrap().html;
    let node = html
        .nodes()
        .find(|n| n.tag() == "input" && n.attribute("name") == Some(name));
    node.unwrap().attribute("value").unwrap().to_owned()
}

/// What it is, its headers, and whether it carries a form token.
type Forged = (&'static str, &'static [(&'static str, &'static str)], bool);

/// What a form of another site looks like to us, and one whose token is missing or another's.
pub const FORGED: [Forged; 5] = [
    ("no origin at all", &[], true),
    (
        "another origin",
        &[("origin", "https://evil.example")],
        true,
    ),
    ("nobody's origin", &[("origin", "null")], true),
    (
        "another site of the same world",
        &[
            ("origin", "https://login.global.localhost:8443"),
            ("sec-fetch-site", "same-site"),
        ],
        true,
    ),
    (
        "our origin without the token",
        &[
            ("origin", "https://login.global.localhost:8443"),
            ("sec-fetch-site", "same-origin"),
        ],
        false,
    ),
];
