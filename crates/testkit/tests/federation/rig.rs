//! Two paired organizations, their people, what a cloud can sign, and what an attack may not change.

use comity_app::App;
use comity_crypto::{SigningKey, base64url};
use comity_demo::{
    browser::Browser,
    client::{Answer, Ask, Client},
    graph::Graph,
    mail::Mailbox,
    manifest::{Cloud, Manifest, Tenant, User as ManifestUser},
    oauth::{self, Means, SignIn, Tokens},
    walk::{self, End, Person, Trip},
};
use comity_model::{
    federation::ApplicationPair, id::Id, sign_in_record::SignInRecord, signing_key::KeyPurpose,
    tenant::Tenant as TenantRow, user::ExternalIdentity, user::User,
};
use comity_oauth::{client_assertion, dpop, params::Params};
use comity_testkit::{Engine, Exchange, Hostile, World};
use http::{HeaderName, Method};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

pub const NORA: &str = "nora@northwind.us";
const POLICY: &str = "/v1.0/policies/crossTenantAccessPolicy";

pub struct Rig {
    pub world: World,
    pub manifest: Manifest,
    pub means: Means,
}

impl Rig {
    /// The dev world as it is filled: nobody has ticked anything.
    pub async fn start() -> Self {
        Self::on(Engine::Sqlite).await
    }

    pub async fn on(engine: Engine) -> Self {
        let world = World::start(engine).await.unwrap();
        let manifest = Manifest::read(&world.manifest()).unwrap();
        let story = world.story();
        let means = Means {
            client: Client::through(world.transport()),
            clock: story.clock,
            chance: story.chance,
        };
        Self {
            world,
            manifest,
            means,
        }
    }

    /// Contoso and Northwind have added one another.
    pub async fn paired() -> Self {
        Self::paired_on(Engine::Sqlite).await
    }

    pub async fn paired_on(engine: Engine) -> Self {
        let rig = Self::on(engine).await;
        rig.tick("global", "contoso.com", &["microsoftonline.us"])
            .await;
        rig.tick("usgov", "northwind.us", &["microsoftonline.com"])
            .await;
        let contoso = rig.graph("global", "contoso.com", "secadmin").await;
        let northwind = rig.graph("usgov", "northwind.us", "secadmin").await;
        add(&contoso, &rig.northwind().id).await;
        add(&northwind, &rig.contoso().id).await;
        rig
    }

    /// Nora is a guest of Contoso and signed in; her browser.
    pub async fn guest() -> (Self, Browser) {
        Self::guest_on(Engine::Sqlite).await
    }

    pub async fn guest_on(engine: Engine) -> (Self, Browser) {
        let rig = Self::paired_on(engine).await;
        let link = rig.invite(NORA).await;
        let mut browser = rig.browser();
        browser.open(&link).await.unwrap();
        let trip = rig.walk(&mut browser).await;
        assert!(
            matches!(trip.end, End::Landed),
            "{}",
            trip.outcome(&browser)
        );
        assert!(browser.page().unwrap().host().starts_with("myapps."));
        (rig, browser)
    }

    pub async fn tick(&self, cloud: &str, domain: &str, clouds: &[&str]) {
        let graph = self.graph(cloud, domain, "secadmin").await;
        let body = json!({ "allowedCloudEndpoints": clouds });
        assert_eq!(graph.patch(POLICY, &body).await.unwrap().status, 204);
    }

    pub fn cloud(&self, key: &str) -> &Cloud {
        self.manifest.cloud(key).unwrap()
    }

    pub fn tenant(&self, cloud: &str, domain: &str) -> &Tenant {
        self.cloud(cloud).tenant(domain).unwrap()
    }

    pub fn contoso(&self) -> &Tenant {
        self.tenant("global", "contoso.com")
    }

    pub fn northwind(&self) -> &Tenant {
        self.tenant("usgov", "northwind.us")
    }

    pub fn app(&self, cloud: &str) -> &App {
        self.world.app(cloud).unwrap()
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.means.client.clone(), self.means.clock.clone())
    }

    pub fn nora(&self) -> Person {
        Person::of(self.northwind().user(NORA).unwrap(), self.cloud("usgov")).unwrap()
    }

    /// Nora in front of the pages.
    pub async fn walk(&self, browser: &mut Browser) -> Trip {
        walk::walk(browser, &mut self.nora(), &self.means.clock)
            .await
            .unwrap()
    }

    /// Somebody of Northwind in front of the pages.
    pub async fn walk_as(&self, upn: &str, browser: &mut Browser) -> Trip {
        let user = self.northwind().user(upn).unwrap();
        let mut person = Person::of(user, self.cloud("usgov")).unwrap();
        walk::walk(browser, &mut person, &self.means.clock)
            .await
            .unwrap()
    }

    /// Graph, called by `name` with a token of a real sign-in.
    pub async fn graph(&self, cloud: &str, domain: &str, name: &str) -> Graph {
        let (place, tenant) = (self.cloud(cloud), self.tenant(cloud, domain));
        let mut person =
            Person::of(tenant.user(&format!("{name}@{domain}")).unwrap(), place).unwrap();
        let signed = oauth::sign_in(
            &self.means,
            &mut self.browser(),
            &mut person,
            (place, tenant),
        )
        .await;
        let SignIn::Tokens(tokens, _) = signed.unwrap() else {
            panic!("{name} does not get in")
        };
        Graph::new(
            self.means.client.clone(),
            &place.graph,
            &tokens.access_token,
        )
    }

    /// Invites by user principal name; the link of the mail.
    pub async fn invite(&self, upn: &str) -> String {
        self.invited_by(("contoso.com", "inviter"), upn).await
    }

    pub async fn invited_by(&self, (domain, inviter): (&str, &str), upn: &str) -> String {
        let graph = self.graph("global", domain, inviter).await;
        let reply = graph
            .post("/v1.0/invitations", &self.invitation(upn))
            .await
            .unwrap();
        assert_eq!(reply.status, 201, "{}", reply.body);
        let mails = Mailbox::new(self.world.manifest().parent().unwrap().join("mail"));
        let mail = mails.to(upn).unwrap().pop().unwrap();
        mail.link("/redeem").unwrap()
    }

    pub fn invitation(&self, upn: &str) -> Value {
        json!({
            "invitedUserEmailAddress": upn,
            "inviteRedirectUrl": self.my_apps(),
            "sendInvitationMessage": true,
        })
    }

    pub fn my_apps(&self) -> String {
        let tenant = &self.contoso().id;
        format!("{}/?tenantid={tenant}", self.cloud("global").myapps)
    }

    /// Tokens of a guest for Contoso's Graph, as a tool gets them.
    pub async fn tokens(&self, browser: &mut Browser) -> Tokens {
        let place = (self.cloud("global"), self.contoso());
        let signed = oauth::sign_in(&self.means, browser, &mut self.nora(), place).await;
        match signed.unwrap() {
            SignIn::Tokens(tokens, _) => *tokens,
            SignIn::Stopped(trip) => panic!("{}", trip.outcome(browser)),
        }
    }

    pub async fn refresh(&self, tokens: &Tokens) -> Result<Tokens, oauth::Error> {
        oauth::refresh(&self.means, tokens).await
    }

    /// A browser of nora's that is at home, sent there by Contoso, and will stop on its way back.
    pub async fn at_home(&self) -> Browser {
        let mut browser = self.browser();
        browser.open(&self.my_apps()).await.unwrap();
        browser.fill("#username", NORA).unwrap();
        browser.submit("#submit").await.unwrap();
        assert!(browser.page().unwrap().host().starts_with("login.global"));
        browser.submit("#submit").await.unwrap();
        assert!(browser.page().unwrap().host().starts_with("login.usgov"));
        browser.stop_at(Some(self.cloud("global").login.clone()));
        browser
    }

    /// Signs nora in at home; the address that home sends her back to.
    pub async fn back(&self, browser: &mut Browser) -> Url {
        let trip = self.walk(browser).await;
        browser.stop_at(None);
        match trip.end {
            End::Away(url) => url,
            _ => panic!("{}", trip.outcome(browser)),
        }
    }

    pub fn forward(&self, seconds: i64) {
        self.world.clock.forward(seconds);
    }

    /// Exchanges between clouds so far whose address ends so.
    pub fn sent(&self, tail: &str) -> Vec<Exchange> {
        let all = self.world.wire.exchanges().into_iter();
        all.filter(|e| e.from != e.to && e.url.ends_with(tail))
            .collect()
    }

    pub async fn post(&self, url: &str, form: &Params, headers: &[(&'static str, &str)]) -> Answer {
        let mut ask = Ask::new(Method::POST, Url::parse(url).unwrap());
        ask.body = form.encode().into_bytes().into();
        let kind = ("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers.iter().chain([&kind]) {
            ask = ask.header(HeaderName::from_static(name), value).unwrap();
        }
        self.means.client.send(ask).await.unwrap()
    }

    /// A call of one cloud at another, newly signed, with the nonce of an earlier answer.
    pub async fn call(&self, (from, to): (&str, &str), url: &str, form: &Params) -> Answer {
        let first = self
            .signed((from, to), url, form, &Signature::default())
            .await;
        let nonce = first
            .header(&HeaderName::from_static("dpop-nonce"))
            .map(str::to_owned);
        let signature = Signature {
            nonce,
            ..Signature::default()
        };
        self.signed((from, to), url, form, &signature).await
    }

    pub async fn signed(
        &self,
        (from, to): (&str, &str),
        url: &str,
        form: &Params,
        signature: &Signature,
    ) -> Answer {
        let app = self.app(from);
        let keys = app.keys().current();
        let own = &app.registry().own;
        let there = &self.app(to).registry().own;
        let now = self.world.clock.time().seconds();
        let jti = || base64url::encode(self.means.chance.bytes::<16>());
        let assertion = client_assertion::make(
            keys.active(signature.key).unwrap(),
            signature.client.as_deref().unwrap_or(&own.entity),
            signature.audience.as_deref().unwrap_or(&there.entity),
            &jti(),
            now,
        );
        let target = dpop::Target {
            method: "POST",
            url: signature.htu.as_deref().unwrap_or(url),
            access_token: None,
            nonce: signature.nonce.as_deref(),
        };
        let own = keys.active(KeyPurpose::Dpop).unwrap();
        let key = signature.proof.as_ref().unwrap_or(own);
        let proof = dpop::make(key, &target, &jti(), now);
        let mut form = form.clone();
        form.push("client_assertion_type", comity_oauth::token::ASSERTION_TYPE);
        form.push("client_assertion", assertion.unwrap());
        self.post(url, &form, &[("dpop", &proof.unwrap())]).await
    }
}

/// What an attack may not change: the guest, her standing at an application, the browser's session.
#[derive(Debug, PartialEq)]
pub struct Standing {
    pub guest: Option<User>,
    pub lease: bool,
    pub session: Option<String>,
}

impl Rig {
    /// US Government in hostile hands.
    pub fn hostile(&self) -> Hostile {
        Hostile::new(self.app("usgov"))
    }

    /// Nora, as everybody names her.
    pub fn identity(&self) -> ExternalIdentity {
        ExternalIdentity {
            cloud: "microsoftonline.us".into(),
            tenant: id_of(self.northwind()),
            object: Id::parse(&self.nora().id).unwrap(),
        }
    }

    /// The address in My Apps that opens *Expenses*.
    pub fn expenses(&self) -> String {
        let app = &self.contoso().application("Expenses").unwrap().app_id;
        let tenant = &self.contoso().id;
        let host = &self.cloud("global").myapps;
        format!("{host}/signin/Expenses/{app}?tenantId={tenant}")
    }

    pub async fn standing(&self, browser: &Browser) -> Standing {
        let read = self.app("global").store().read();
        let scoped = read.tenant(id_of(self.contoso()));
        let guest = scoped.users().find_external(&self.identity()).await;
        let guest = guest.unwrap();
        let client = &self.contoso().application("Expenses").unwrap().app_id;
        let client = Uuid::parse_str(client).unwrap();
        let pair = ApplicationPair {
            client,
            resource: comity_model::well_known::GRAPH,
        };
        let lease = match &guest {
            Some(guest) => scoped.leases().latest(guest.id, pair).await.unwrap(),
            None => None,
        };
        let session = browser
            .jar()
            .find("login.global.localhost", "__Host-session");
        Standing {
            guest,
            lease: lease.is_some(),
            session: session.map(|cookie| cookie.value.clone()),
        }
    }

    /// Goes nora's way until the page with the yes to Contoso's permissions.
    pub async fn until_review(&self, browser: &mut Browser) {
        let nora = self.northwind().user(NORA).unwrap();
        self.until_review_of(nora, browser).await;
    }

    pub async fn until_review_of(&self, person: &ManifestUser, browser: &mut Browser) {
        let there = |browser: &Browser| {
            let page = browser.page().unwrap();
            let asks = page.html.by_id("consent-accept").is_some();
            asks && page.html.title().contains("Review")
        };
        for _ in 0..8 {
            if there(browser) {
                return;
            }
            let page = browser.page().unwrap();
            for (id, text) in [
                ("username", person.user_principal_name.as_str()),
                ("password", person.password.expose()),
            ] {
                if page.html.by_id(id).is_some() {
                    browser.fill(&format!("#{id}"), text).unwrap();
                    break;
                }
            }
            browser.submit("#submit").await.unwrap();
        }
        panic!("{}", browser.page().unwrap().describe());
    }

    /// What a tenant has written about a leg.
    pub async fn records(&self, cloud: &str, tenant: &Tenant, leg: &str) -> Vec<SignInRecord> {
        let read = self.app(cloud).store().read();
        let records = read.tenant(id_of(tenant)).sign_in_records();
        let leg = Uuid::parse_str(leg).unwrap();
        records.by_correlation(leg).await.unwrap()
    }

    /// The number that the page's leg was recorded under at Contoso.
    pub async fn recorded(&self, browser: &Browser) -> u32 {
        let page = browser.page().unwrap();
        let leg = page.text_of("correlation-id");
        let leg = leg.unwrap_or_else(|| panic!("{}", page.describe()));
        let records = self.records("global", self.contoso(), &leg).await;
        assert_eq!(records.len(), 1, "one record of the leg");
        assert_eq!(
            records[0].home.as_ref().unwrap().cloud,
            "microsoftonline.us"
        );
        records[0].error_code
    }
}

/// How a call is signed.
pub struct Signature {
    pub key: KeyPurpose,
    pub client: Option<String>,
    pub audience: Option<String>,
    pub htu: Option<String>,
    pub nonce: Option<String>,
    /// Another key than the cloud's own for the proof.
    pub proof: Option<SigningKey>,
}

impl Default for Signature {
    fn default() -> Self {
        Self {
            key: KeyPurpose::ClientAssertion,
            client: None,
            audience: None,
            htu: None,
            nonce: None,
            proof: None,
        }
    }
}

pub fn id_of(tenant: &Tenant) -> Id<TenantRow> {
    Id::parse(&tenant.id).unwrap()
}

/// The address of a step of the sign-in whose page is shown.
pub fn step(browser: &Browser, tail: &str) -> String {
    let page = browser.page().unwrap();
    let action = page.html.nodes().find_map(|node| {
        let action = node.attribute("action")?;
        action.starts_with("/signin/").then_some(action)
    });
    let number = action.unwrap().split('/').nth(2).unwrap();
    let origin = page.url.origin().ascii_serialization();
    format!("{origin}/signin/{number}{tail}")
}

pub async fn add(graph: &Graph, tenant: &str) {
    let path = format!("{POLICY}/partners");
    let reply = graph.post(&path, &json!({ "tenantId": tenant })).await;
    let reply = reply.unwrap();
    assert_eq!(reply.status, 201, "{}", reply.body);
}

/// The form of an exchange without what signs it.
pub fn unsigned(exchange: &Exchange) -> Params {
    let params = Url::parse(&format!("x:?{}", exchange.body)).unwrap();
    let pairs = params.query_pairs();
    Params::from_pairs(pairs.filter(|(name, _)| !name.starts_with("client_assertion")))
}

/// The same form with another value, or without one.
pub fn with(form: &Params, name: &str, value: Option<&str>) -> Params {
    let encoded = Url::parse(&format!("x:?{}", form.encode())).unwrap();
    let others = encoded.query_pairs().filter(|(n, _)| n != name);
    let mut changed = Params::from_pairs(others);
    changed.push_some(name, value);
    changed
}

/// The form with one member of its details changed.
pub fn detail(form: &Params, name: &str, value: Value) -> Params {
    let mut details: Value = serde_json::from_str(&field(form, "authorization_details")).unwrap();
    details[0][name] = value;
    with(form, "authorization_details", Some(&details.to_string()))
}

/// A parameter of a form.
pub fn field(form: &Params, name: &str) -> String {
    let encoded = Url::parse(&format!("x:?{}", form.encode())).unwrap();
    let found = encoded.query_pairs().find(|(n, _)| n == name);
    found.unwrap().1.into_owned()
}

/// `error` and number of an answer between clouds, which has nothing else.
pub fn told(answer: &Answer) -> (u16, String, Option<u64>) {
    let body = answer.json().unwrap();
    let object = body.as_object().unwrap();
    assert!(
        object.keys().all(|k| k == "error" || k == "comity_error"),
        "{body}"
    );
    (
        answer.status.as_u16(),
        body["error"].as_str().unwrap().to_owned(),
        body["comity_error"]["code"].as_u64(),
    )
}
