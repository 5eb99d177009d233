//! Guests of Contoso, from another tenant of its cloud and from another cloud, and the ways in
//! which a guest is served.

use comity_demo::{
    browser::Browser,
    client::{Ask, Client},
    graph::{Error, Graph, Reply},
    mail::Mailbox,
    manifest::{Cloud, Manifest, Tenant},
    oauth::{self, Means, SignIn, Tokens},
    walk::{self, End, Person, Trip},
};
use comity_testkit::{Engine, World};
use http::{Method, header};
use serde_json::{Value, json};
use url::Url;

pub const POLICY: &str = "/v1.0/policies/crossTenantAccessPolicy";
/// Cloud, domain, name of a guest of Contoso.
pub type Who = (&'static str, &'static str, &'static str);
pub const NORA: Who = ("usgov", "northwind.us", "nora");
pub const FAY: Who = ("global", "fabrikam.com", "fay");

pub struct Rig {
    pub world: World,
    pub manifest: Manifest,
    pub means: Means,
}

impl Rig {
    pub async fn start(engine: Engine) -> Self {
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
    pub async fn paired(engine: Engine) -> Self {
        let rig = Self::start(engine).await;
        rig.tick("global", "contoso.com", &["microsoftonline.us"])
            .await;
        rig.tick("usgov", "northwind.us", &["microsoftonline.com"])
            .await;
        for (cloud, domain, other) in [
            ("global", "contoso.com", rig.tenant("usgov", "northwind.us")),
            ("usgov", "northwind.us", rig.tenant("global", "contoso.com")),
        ] {
            let graph = rig.graph(cloud, domain, "secadmin").await;
            let body = json!({ "tenantId": other.id });
            let reply = graph.post(&format!("{POLICY}/partners"), &body).await;
            assert_eq!(reply.unwrap().status, 201);
        }
        rig
    }

    pub async fn tick(&self, cloud: &'static str, domain: &'static str, clouds: &[&str]) {
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

    pub fn browser(&self) -> Browser {
        Browser::new(self.means.client.clone(), self.means.clock.clone())
    }

    pub fn person(&self, (cloud, domain, name): Who) -> Person {
        let user = self
            .tenant(cloud, domain)
            .user(&format!("{name}@{domain}"))
            .unwrap();
        Person::of(user, self.cloud(cloud)).unwrap()
    }

    pub async fn graph(
        &self,
        cloud: &'static str,
        domain: &'static str,
        name: &'static str,
    ) -> Graph {
        let place = (self.cloud(cloud), self.tenant(cloud, domain));
        let mut person = self.person((cloud, domain, name));
        let signed = oauth::sign_in(&self.means, &mut self.browser(), &mut person, place).await;
        let SignIn::Tokens(tokens, _) = signed.unwrap() else {
            panic!("{name} does not get in")
        };
        Graph::new(
            self.means.client.clone(),
            &self.cloud(cloud).graph,
            &tokens.access_token,
        )
    }

    pub fn my_apps(&self) -> String {
        let tenant = &self.contoso().id;
        format!("{}/?tenantid={tenant}", self.cloud("global").myapps)
    }

    /// Invited, redeemed, in My Apps, and with tokens for Graph.
    pub async fn guest(&self, who: Who) -> Guest {
        let upn = self.person(who).upn;
        let inviter = self.graph("global", "contoso.com", "inviter").await;
        let invitation = json!({
            "invitedUserEmailAddress": upn,
            "inviteRedirectUrl": self.my_apps(),
            "sendInvitationMessage": true,
        });
        let reply = inviter.post("/v1.0/invitations", &invitation).await;
        assert_eq!(reply.unwrap().status, 201);
        let mails = Mailbox::new(self.world.manifest().parent().unwrap().join("mail"));
        let mail = mails.to(&upn).unwrap().pop().unwrap();
        let mut browser = self.browser();
        browser.open(&mail.link("/redeem").unwrap()).await.unwrap();
        let trip = self.walk(who, &mut browser).await;
        assert!(
            matches!(trip.end, End::Landed),
            "{}",
            trip.outcome(&browser)
        );
        let place = (self.cloud("global"), self.contoso());
        let mut person = self.person(who);
        let signed = oauth::sign_in(&self.means, &mut browser, &mut person, place).await;
        match signed.unwrap() {
            SignIn::Tokens(tokens, _) => Guest {
                browser,
                tokens: *tokens,
            },
            SignIn::Stopped(trip) => panic!("{}", trip.outcome(&browser)),
        }
    }

    pub async fn walk(&self, who: Who, browser: &mut Browser) -> Trip {
        walk::walk(browser, &mut self.person(who), &self.means.clock)
            .await
            .unwrap()
    }

    pub fn forward(&self, seconds: i64) {
        self.world.clock.forward(seconds);
    }

    /// Changes a person's account at home.
    pub async fn enable(&self, who: Who, enabled: bool) {
        let (cloud, domain, _) = who;
        let admin = self.graph(cloud, domain, "admin").await;
        let path = format!("/v1.0/users/{}", self.person(who).id);
        let body = json!({ "accountEnabled": enabled });
        assert_eq!(admin.patch(&path, &body).await.unwrap().status, 204);
    }
}

pub struct Guest {
    pub browser: Browser,
    pub tokens: Tokens,
}

impl Guest {
    /// What each way of being served answers: refresh, Graph, userinfo, My Apps.
    pub async fn served(&mut self, rig: &Rig) -> [u16; 4] {
        let graph = rig.cloud("global").graph.clone();
        let me = self.call(rig, &format!("{graph}/v1.0/me")).await;
        let userinfo = self.call(rig, &format!("{graph}/oidc/userinfo")).await;
        let page = self.page(rig).await;
        let refreshed = match oauth::refresh(&rig.means, &self.tokens).await {
            Ok(tokens) => {
                self.tokens = tokens;
                200
            }
            Err(oauth::Error::Refused(refusal)) => refusal.status,
            Err(oauth::Error::Failed(error)) => panic!("{error:#}"),
        };
        [refreshed, me, userinfo, page]
    }

    async fn call(&self, rig: &Rig, url: &str) -> u16 {
        let bearer = format!("Bearer {}", self.tokens.access_token);
        let ask = Ask::new(Method::GET, Url::parse(url).unwrap());
        let ask = ask.header(header::AUTHORIZATION, &bearer).unwrap();
        rig.means.client.send(ask).await.unwrap().status.as_u16()
    }

    /// My Apps, without signing in anew.
    async fn page(&self, rig: &Rig) -> u16 {
        let url = Url::parse(&rig.my_apps()).unwrap();
        let cookie = self
            .browser
            .jar()
            .find(url.host_str().unwrap(), "__Host-app")
            .unwrap();
        let ask = Ask::new(Method::GET, url);
        let cookie = format!("__Host-app={}", cookie.value);
        let ask = ask.header(header::COOKIE, &cookie).unwrap();
        rig.means.client.send(ask).await.unwrap().status.as_u16()
    }
}

/// Status and message of a call of Graph.
pub fn answer(result: Result<Reply, Error>) -> (u16, Value) {
    match result {
        Ok(reply) => (reply.status.as_u16(), reply.body),
        Err(error) => {
            let refusal = error.refusal().unwrap();
            (refusal.status, json!(refusal.message))
        }
    }
}
