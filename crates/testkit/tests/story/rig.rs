//! A world with what a test needs said in one line each: pair two tenants, invite and redeem a
//! guest, call Graph as a person or as a tenant's script, and compare what is stored.

use std::{collections::BTreeMap, sync::Mutex};

use comity_demo::{
    browser::Browser,
    client::{Answer, Ask, Client},
    graph::{self, Graph, Refusal},
    mail::{Mail, Mailbox},
    manifest::{Application, Cloud, Manifest, Tenant, User},
    oauth::{self, Means, SignIn, Tokens},
    walk::{self, End, Kind, Person, Refused, Trip},
};
use comity_testkit::{Engine, World};
use http::{HeaderName, Method};
use serde_json::{Value, json};
use url::Url;

pub const CONTOSO: &str = "contoso.com";
pub const FABRIKAM: &str = "fabrikam.com";
pub const NORTHWIND: &str = "northwind.us";
pub const WOODGROVE: &str = "woodgrove.us";
pub const TAILSPIN: &str = "tailspin.cn";
pub const NORA: &str = "nora@northwind.us";
pub const NILS: &str = "nils@northwind.us";
pub const GLOBAL: &str = "microsoftonline.com";
pub const USGOV: &str = "microsoftonline.us";
pub const CHINA: &str = "partner.microsoftonline.cn";
pub const NOBODY: &str = "3f0c9a52-77aa-4b6e-9d3e-0a4f5b6c7d8e";
pub const POLICY: &str = "/v1.0/policies/crossTenantAccessPolicy";
pub const PARTNERS: &str = "/v1.0/policies/crossTenantAccessPolicy/partners";
/// The activity of the audit log under which a refused permission stands.
pub const REFUSAL: &str = "Refuse operation";
pub const CONDITIONAL: &str = "/v1.0/identity/conditionalAccess/policies";

/// Runs a test in a world of its own on every engine that is here.
pub async fn on_every_engine(test: impl AsyncFn(&Rig)) {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        test(&rig).await;
    }
}

pub struct Rig {
    pub world: World,
    pub manifest: Manifest,
    pub means: Means,
    mailbox: Mailbox,
    tokens: Mutex<BTreeMap<String, String>>,
}

/// Somebody invited: the guest object and the link in the mail.
#[derive(Debug, Clone)]
pub struct Invited {
    pub guest: String,
    pub link: String,
}

/// A person at a browser of her own.
pub struct Actor {
    pub person: Person,
    pub browser: Browser,
    password: String,
    means: Means,
}

impl Actor {
    pub async fn go(&mut self, url: &str) -> Trip {
        self.browser.open(url).await.unwrap();
        self.walk().await
    }

    pub async fn walk(&mut self) -> Trip {
        walk::walk(&mut self.browser, &mut self.person, &self.means.clock)
            .await
            .unwrap()
    }

    /// The same person at a copy of her browser, with its cookies and its page.
    pub fn twin(&self) -> Self {
        Self {
            person: self.person.clone(),
            browser: self.browser.clone(),
            password: self.password.clone(),
            means: self.means.clone(),
        }
    }

    /// Another browser, in which nobody is signed in.
    pub fn fresh(&mut self) {
        self.browser = Browser::new(self.means.client.clone(), self.means.clock.clone());
    }

    /// The page of a refusal with this number; its whole text.
    pub async fn denied(&mut self, url: &str, code: u32) -> (Refused, String) {
        let trip = self.go(url).await;
        denied(&trip, &self.browser, code)
    }

    pub async fn type_password(&mut self) {
        self.browser.fill("#password", &self.password).unwrap();
        self.browser.submit("#submit").await.unwrap();
    }

    /// Everything the page says.
    pub fn text(&self) -> String {
        self.browser.page().unwrap().html.text()
    }
}

pub fn denied(trip: &Trip, browser: &Browser, code: u32) -> (Refused, String) {
    let End::Refused(refused) = &trip.end else {
        panic!(
            "expected {code}, asked {}, saw {}",
            trip.path(),
            trip.outcome(browser)
        )
    };
    assert_eq!(refused.code, format!("AADSTS{code}"), "{}", refused.message);
    assert!(!refused.correlation_id.is_empty(), "no correlation ID");
    (refused.clone(), browser.page().unwrap().html.text())
}

impl Rig {
    pub async fn start(engine: Engine) -> Self {
        let world = World::start(engine).await.unwrap();
        let manifest = Manifest::read(&world.manifest()).unwrap();
        let story = world.story();
        let mail = world.manifest().parent().unwrap().join("mail");
        Self {
            means: Means {
                client: Client::through(world.transport()),
                clock: story.clock,
                chance: story.chance,
            },
            mailbox: Mailbox::new(mail),
            tokens: Mutex::default(),
            manifest,
            world,
        }
    }

    pub fn cloud_of(&self, domain: &str) -> &Cloud {
        let holds = |cloud: &&Cloud| cloud.tenant(domain).is_ok();
        self.manifest.clouds.iter().find(holds).unwrap()
    }

    pub fn tenant(&self, domain: &str) -> &Tenant {
        self.cloud_of(domain).tenant(domain).unwrap()
    }

    pub fn id(&self, domain: &str) -> &str {
        &self.tenant(domain).id
    }

    pub fn user(&self, upn: &str) -> &str {
        let domain = upn.split('@').nth(1).unwrap();
        &self.tenant(domain).user(upn).unwrap().id
    }

    pub fn app(&self, name: &str) -> &Application {
        self.tenant(CONTOSO).application(name).unwrap()
    }

    pub fn group(&self) -> &str {
        &self.tenant(NORTHWIND).group("Contoso Project").unwrap().id
    }

    /// My Apps of Contoso, by tenant ID.
    pub fn my_apps(&self) -> String {
        let cloud = self.cloud_of(CONTOSO);
        format!("{}/?tenantid={}", cloud.myapps, self.id(CONTOSO))
    }

    pub fn home_apps(&self) -> String {
        let cloud = self.cloud_of(NORTHWIND);
        format!("{}/?tenantid={}", cloud.myapps, self.id(NORTHWIND))
    }

    /// The direct link to one of Contoso's applications.
    pub fn direct(&self, name: &str) -> String {
        let app_id = &self.app(name).app_id;
        let myapps = &self.cloud_of(CONTOSO).myapps;
        format!(
            "{myapps}/signin/{name}/{app_id}?tenantId={}",
            self.id(CONTOSO)
        )
    }

    pub fn actor(&self, upn: &str) -> Actor {
        self.actor_over(upn, &self.means)
    }

    /// A person whose browser takes another way into this world.
    pub fn actor_over(&self, upn: &str, means: &Means) -> Actor {
        let domain = upn.split('@').nth(1).unwrap();
        let cloud = self.cloud_of(domain);
        let user = cloud.tenant(domain).unwrap().user(upn).unwrap();
        Self::actor_of(user, cloud, means)
    }

    /// Somebody of a cloud, whom the manifest need not know.
    pub fn actor_of(user: &User, cloud: &Cloud, means: &Means) -> Actor {
        Actor {
            person: Person::of(user, cloud).unwrap(),
            password: user.password.expose().to_owned(),
            browser: Browser::new(means.client.clone(), means.clock.clone()),
            means: means.clone(),
        }
    }

    /// The way to two processes of every cloud.
    pub async fn two_nodes(&self) -> Means {
        let transport = self.world.two_nodes().await.unwrap();
        Means {
            client: Client::through(transport),
            ..self.means.clone()
        }
    }

    fn kept(&self, name: &str) -> Option<String> {
        self.tokens.lock().unwrap().get(name).cloned()
    }

    fn keep(&self, name: &str, token: &str) {
        let token = token.to_owned();
        self.tokens.lock().unwrap().insert(name.to_owned(), token);
    }

    /// Forgets the tokens of scripts and administrators: they are too old.
    pub fn forget_tokens(&self) {
        self.tokens.lock().unwrap().clear();
    }

    pub fn graph_with(&self, domain: &str, token: &str) -> Graph {
        Graph::new(
            self.means.client.clone(),
            &self.cloud_of(domain).graph,
            token,
        )
    }

    /// A tenant's script, which may do everything: for set-up and for looking.
    pub async fn robot(&self, domain: &str) -> Graph {
        let token = match self.kept(domain) {
            Some(token) => token,
            None => self.robot_token(domain).await,
        };
        self.graph_with(domain, &token)
    }

    pub async fn robot_token(&self, domain: &str) -> String {
        let (cloud, tenant) = (self.cloud_of(domain), self.tenant(domain));
        let discovery = oauth::discover(&self.means.client, cloud, &tenant.id)
            .await
            .unwrap();
        let tokens = oauth::client_credentials(&self.means, cloud, &discovery, &tenant.automation)
            .await
            .unwrap();
        self.keep(domain, &tokens.access_token);
        tokens.access_token
    }

    /// A person's own tenant, called with a token of a real sign-in.
    pub async fn graph(&self, upn: &str) -> Graph {
        let domain = upn.split('@').nth(1).unwrap();
        let token = self.token(upn).await;
        self.graph_with(domain, &token)
    }

    pub async fn token(&self, upn: &str) -> String {
        if let Some(token) = self.kept(upn) {
            return token;
        }
        let domain = upn.split('@').nth(1).unwrap();
        let tokens = self.script(&mut self.actor(upn), domain).await;
        self.keep(upn, &tokens.access_token);
        tokens.access_token
    }

    /// A person signs in at a tenant as a tool does.
    pub async fn script(&self, actor: &mut Actor, domain: &str) -> Tokens {
        match self.try_script(actor, domain).await {
            SignIn::Tokens(tokens, _) => *tokens,
            SignIn::Stopped(trip) => {
                panic!(
                    "no token: {}: {}",
                    trip.path(),
                    trip.outcome(&actor.browser)
                )
            }
        }
    }

    pub async fn try_script(&self, actor: &mut Actor, domain: &str) -> SignIn {
        let place = (self.cloud_of(domain), self.tenant(domain));
        oauth::sign_in(&self.means, &mut actor.browser, &mut actor.person, place)
            .await
            .unwrap()
    }

    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut ask = Ask::new(method, Url::parse(url).unwrap());
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            ask = ask.header(name, value).unwrap();
        }
        ask.body = body.to_vec().into();
        self.means.client.send(ask).await.unwrap()
    }
}

/// What leads to a story.
impl Rig {
    pub async fn tick(&self, domain: &str, clouds: &[&str]) {
        let body = json!({ "allowedCloudEndpoints": clouds });
        self.robot(domain).await.patch(POLICY, &body).await.unwrap();
    }

    pub async fn add(&self, domain: &str, other: &str) {
        let body = json!({ "tenantId": self.id(other) });
        let graph = self.robot(domain).await;
        assert_eq!(graph.post(PARTNERS, &body).await.unwrap().status, 201);
    }

    /// Ticks the other's cloud and adds it.
    pub async fn open(&self, domain: &str, other: &str) {
        self.tick(domain, &[&self.cloud_of(other).canonical_name])
            .await;
        self.add(domain, other).await;
    }

    /// Contoso and Northwind, each for itself.
    pub async fn pair(&self) {
        self.open(CONTOSO, NORTHWIND).await;
        self.open(NORTHWIND, CONTOSO).await;
    }

    pub fn invitation(&self, address: &str) -> Value {
        json!({
            "invitedUserEmailAddress": address,
            "inviteRedirectUrl": self.my_apps(),
            "sendInvitationMessage": true,
        })
    }

    pub async fn invite(&self, upn: &str) -> Invited {
        let graph = self.robot(CONTOSO).await;
        let reply = graph.post("/v1.0/invitations", &self.invitation(upn)).await;
        let body = reply.unwrap().body;
        let guest = body["invitedUser"]["id"].as_str().unwrap().to_owned();
        let link = self.mails(upn).last().unwrap().link("/redeem").unwrap();
        Invited { guest, link }
    }

    pub fn mails(&self, address: &str) -> Vec<Mail> {
        self.mailbox.to(address).unwrap()
    }

    /// Paired, invited and redeemed: the person in the browser that redeemed, and the guest object.
    pub async fn guest(&self, upn: &str) -> (Actor, String) {
        let invited = self.invite(upn).await;
        let mut actor = self.actor(upn);
        let trip = actor.go(&invited.link).await;
        self.at_my_apps(&trip, &actor);
        (actor, invited.guest)
    }

    /// `guest` with the pair before it.
    pub async fn nora(&self) -> (Actor, String) {
        self.pair().await;
        self.guest(NORA).await
    }

    pub async fn set(&self, domain: &str, other: &str, settings: &Value) {
        let path = format!("{PARTNERS}/{}", self.id(other));
        let graph = self.robot(domain).await;
        graph.patch(&path, settings).await.unwrap();
    }

    /// An enabled policy of Contoso over guests; its ID.
    pub async fn require(&self, body: &Value) -> String {
        let graph = self.robot(CONTOSO).await;
        let made = graph.post(CONDITIONAL, body).await.unwrap();
        made.body["id"].as_str().unwrap().to_owned()
    }

    pub async fn enable(&self, upn: &str, enabled: bool) {
        let domain = upn.split('@').nth(1).unwrap();
        let path = format!("/v1.0/users/{}", self.user(upn));
        let body = json!({ "accountEnabled": enabled });
        self.robot(domain).await.patch(&path, &body).await.unwrap();
    }

    pub async fn state_of(&self, guest: &str) -> String {
        let path = format!("/v1.0/users/{guest}?$select=id,externalUserState");
        let user = self.robot(CONTOSO).await.get(&path).await.unwrap();
        user["externalUserState"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// Where somebody landed.
impl Rig {
    /// My Apps of Contoso; the names of its tiles.
    pub fn at_my_apps(&self, trip: &Trip, actor: &Actor) -> Vec<String> {
        assert!(
            matches!(trip.end, End::Landed),
            "asked {}, saw {}",
            trip.path(),
            trip.outcome(&actor.browser)
        );
        let page = actor.browser.page().unwrap();
        let here = page.url.origin().ascii_serialization();
        assert_eq!(here, self.cloud_of(CONTOSO).myapps, "{}", page.describe());
        assert_eq!(page.status, 200, "{}", page.describe());
        assert!(page.html.text().contains("Contoso"), "{}", page.describe());
        let tiles = page.html.nodes().filter(|node| {
            node.attribute("href")
                .is_some_and(|href| href.contains("/signin/"))
        });
        tiles.map(comity_demo::markup::Node::text).collect()
    }

    /// Expenses, with the claims that it shows.
    pub fn at_expenses(&self, trip: &Trip, actor: &Actor) -> BTreeMap<String, String> {
        assert!(
            matches!(trip.end, End::Landed),
            "asked {}, saw {}",
            trip.path(),
            trip.outcome(&actor.browser)
        );
        let page = actor.browser.page().unwrap();
        let origin = page.url.origin().ascii_serialization();
        let mut back = self.tenant(CONTOSO).applications.iter();
        let ours = back.any(|app| app.redirect_uris.iter().any(|uri| uri.starts_with(&origin)));
        assert!(ours, "{}", page.describe());
        let claim = |name: &str| {
            let mut cells = page.html.by_id("claims").unwrap().inside();
            let found = cells
                .find(|cell| cell.tag() == "th" && cell.text() == name)
                .and_then(|_| cells.find(|cell| cell.tag() == "td"));
            found.map_or_else(String::new, comity_demo::markup::Node::text)
        };
        ["iss", "oid", "idp", "tid", "name"]
            .into_iter()
            .map(|name| (name.to_owned(), claim(name)))
            .collect()
    }

    pub fn asked(&self, trip: &Trip, domain: &str, kind: Kind) -> usize {
        let url = Url::parse(&self.cloud_of(domain).login).unwrap();
        trip.count(url.host_str().unwrap(), kind)
    }
}

/// What is stored.
impl Rig {
    /// Everything of a tenant that a refused request could have touched, with the audit log of
    /// what was done (that something was refused is in it too).
    pub async fn stored(&self, domain: &str) -> Value {
        const PLACES: [&str; 13] = [
            POLICY,
            "/v1.0/policies/crossTenantAccessPolicy/default",
            PARTNERS,
            "/v1.0/policies/authorizationPolicy",
            CONDITIONAL,
            "/v1.0/identity/conditionalAccess/namedLocations",
            "/v1.0/users?$select=id,userPrincipalName,displayName,accountEnabled,externalUserState",
            "/v1.0/groups",
            "/v1.0/applications",
            "/v1.0/servicePrincipals",
            "/v1.0/oauth2PermissionGrants",
            "/v1.0/roleManagement/directory/roleAssignments",
            "/v1.0/auditLogs/directoryAudits",
        ];
        let graph = self.robot(domain).await;
        let mut all = serde_json::Map::new();
        for place in PLACES {
            let mut found = graph.get(place).await.unwrap();
            assert!(found.get("@odata.nextLink").is_none(), "{place} has more");
            if let Some(rows) = found.get_mut("value").and_then(Value::as_array_mut) {
                rows.retain(|row| row["activityDisplayName"] != REFUSAL);
            }
            all.insert(place.to_owned(), found);
        }
        Value::Object(all)
    }

    /// What was refused in a tenant for want of a permission: operation, correlation ID, who.
    pub async fn refusals(&self, domain: &str) -> Vec<(String, String, Value)> {
        let graph = self.robot(domain).await;
        let filter = "activityDisplayName%20eq%20'Refuse%20operation'";
        let path = format!("/v1.0/auditLogs/directoryAudits?$filter={filter}");
        let found = graph.get(&path).await.unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let rows = found["value"].as_array().unwrap().iter().map(|row| {
            assert_eq!(row["result"], "failure");
            let operation = text(&row["targetResources"][0]["displayName"]);
            (
                operation,
                text(&row["correlationId"]),
                row["initiatedBy"].clone(),
            )
        });
        rows.collect()
    }

    /// Sign-in records, newest first.
    pub async fn sign_ins(&self, domain: &str) -> Vec<Value> {
        let graph = self.robot(domain).await;
        let path = "/v1.0/auditLogs/signIns?$top=200";
        let found = graph.get(path).await.unwrap();
        found["value"].as_array().unwrap().clone()
    }

    /// The records of one attempt.
    pub async fn records(&self, domain: &str, correlation_id: &str) -> Vec<Value> {
        let all = self.sign_ins(domain).await;
        let of = |record: &Value| record["correlationId"] == correlation_id;
        all.into_iter().filter(of).collect()
    }
}

/// A refusal by Graph: a 4xx with the envelope filled.
pub fn refused<T: std::fmt::Debug>(answer: Result<T, graph::Error>) -> Refusal {
    let refusal = match answer {
        Ok(seen) => panic!("expected a refusal, saw {seen:?}"),
        Err(error) => error.refusal().unwrap(),
    };
    assert!(refusal.request_id != "(none)", "{refusal}");
    assert!(refusal.code != "(none)", "{refusal}");
    refusal
}

/// The status and that the message holds these words, whatever their case.
pub fn says(refusal: &Refusal, status: u16, words: &[&str]) {
    assert_eq!(refusal.status, status, "{refusal}");
    contains(&refusal.message, words);
}

pub fn contains(text: &str, words: &[&str]) {
    let lower = text.to_lowercase();
    for word in words {
        assert!(lower.contains(&word.to_lowercase()), "no `{word}`: {text}");
    }
}

/// One half of a setting.
pub fn half(access: &str, kind: &str, targets: &[&str]) -> Value {
    let targets: Vec<Value> = targets
        .iter()
        .map(|target| json!({ "target": target, "targetType": kind }))
        .collect();
    json!({ "accessType": access, "targets": targets })
}

/// A policy over all guests of all organizations.
pub fn over_guests(applications: &[&str], control: &str) -> Value {
    json!({
        "displayName": "Over guests",
        "state": "enabled",
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": { "includeApplications": applications },
            "users": {
                "includeGuestsOrExternalUsers": {
                    "guestOrExternalUserTypes": "b2bCollaborationGuest",
                    "externalTenants": {
                        "@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants",
                        "membershipKind": "all"
                    }
                }
            }
        },
        "grantControls": { "operator": "OR", "builtInControls": [control] }
    })
}
