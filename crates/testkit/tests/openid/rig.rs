//! A world, a browser, and requests of a client.

use comity_crypto::{base64url, sha256};
use comity_demo::{
    Clock,
    browser::Browser,
    client::{Answer, Ask, Client},
    manifest::{Application, Cloud, Manifest, Tenant},
    walk::{self, End, Person, Trip},
};
use comity_testkit::{Engine, World};
use http::{HeaderName, Method};
use serde_json::Value;
use url::Url;

pub const CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
pub const LOOPBACK: &str = "http://localhost:8400";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXkdBjftJeZ4CVP";

pub struct Rig {
    pub world: World,
    pub manifest: Manifest,
    pub client: Client,
    pub clock: Clock,
}

impl Rig {
    pub async fn start() -> Self {
        Self::on(Engine::Sqlite).await
    }

    /// On this engine, and each request answered by another process than the one before.
    pub async fn on_two_nodes(engine: Engine) -> Self {
        let mut rig = Self::on(engine).await;
        rig.client = Client::through(rig.world.two_nodes().await.unwrap());
        rig
    }

    async fn on(engine: Engine) -> Self {
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

    pub fn global(&self) -> &Cloud {
        self.manifest.cloud("global").unwrap()
    }

    pub fn contoso(&self) -> &Tenant {
        self.global().tenant("contoso.com").unwrap()
    }

    pub fn fabrikam(&self) -> &Tenant {
        self.global().tenant("fabrikam.com").unwrap()
    }

    pub fn expenses(&self) -> &Application {
        self.contoso().application("Expenses").unwrap()
    }

    pub fn endpoint(&self, tenant: &str, tail: &str) -> String {
        format!("{}/{tenant}/oauth2/v2.0/{tail}", self.global().login)
    }

    pub async fn get(&self, url: &str) -> Answer {
        self.client.get(url).await.unwrap()
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

    /// The token endpoint of Contoso.
    pub async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        self.post(&self.endpoint(&self.contoso().id, "token"), fields, &[])
            .await
    }

    pub fn browser(&self) -> Browser {
        let mut browser = Browser::new(self.client.clone(), self.clock.clone());
        browser.stop_at(Some(LOOPBACK.to_owned()));
        browser
    }

    pub fn person(&self, upn: &str) -> Person {
        Person::of(self.contoso().user(upn).unwrap(), self.global()).unwrap()
    }

    /// An authorization request of the command line at Contoso.
    pub fn request(&self, more: &[(&str, &str)]) -> String {
        self.request_of(
            CLI,
            LOOPBACK,
            &format!(
                "{}/.default openid profile offline_access",
                self.global().graph
            ),
            more,
        )
    }

    pub fn request_of(
        &self,
        client: &str,
        redirect: &str,
        scope: &str,
        more: &[(&str, &str)],
    ) -> String {
        let mut url = Url::parse(&self.endpoint(&self.contoso().id, "authorize")).unwrap();
        url.query_pairs_mut().extend_pairs([
            ("client_id", client),
            ("response_type", "code"),
            ("redirect_uri", redirect),
            ("scope", scope),
            ("state", "st"),
            ("nonce", "no"),
            ("code_challenge", &challenge()),
            ("code_challenge_method", "S256"),
        ]);
        url.query_pairs_mut().extend_pairs(more);
        url.into()
    }

    /// Opens an address and goes through the pages.
    pub async fn walk(&self, browser: &mut Browser, upn: &str, url: &str) -> Trip {
        browser.open(url).await.unwrap();
        walk::walk(browser, &mut self.person(upn), &self.clock)
            .await
            .unwrap()
    }

    /// A code of the command line for a person.
    pub async fn code(&self, browser: &mut Browser, upn: &str) -> String {
        let trip = self.walk(browser, upn, &self.request(&[])).await;
        let End::Away(url) = &trip.end else {
            panic!("{}", trip.outcome(browser))
        };
        param(url, "code").unwrap()
    }

    pub async fn redeem(&self, code: &str) -> Answer {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("client_id", CLI),
            ("code", code),
            ("redirect_uri", LOOPBACK),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    pub async fn tokens(&self, upn: &str) -> Value {
        let code = self.code(&mut self.browser(), upn).await;
        ok(&self.redeem(&code).await)
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        self.token(&[
            ("grant_type", "refresh_token"),
            ("client_id", CLI),
            ("refresh_token", token),
        ])
        .await
    }

    pub async fn userinfo(&self, access_token: &str) -> Answer {
        let url = format!("{}/oidc/userinfo", self.global().graph);
        let ask = Ask::new(Method::GET, Url::parse(&url).unwrap());
        let ask = ask
            .header(
                http::header::AUTHORIZATION,
                &format!("Bearer {access_token}"),
            )
            .unwrap();
        self.client.send(ask).await.unwrap()
    }
}

pub fn challenge() -> String {
    base64url::encode(sha256(VERIFIER))
}

pub fn param(url: &Url, name: &str) -> Option<String> {
    url.query_pairs()
        .find(|(n, _)| n == name)
        .map(|(_, v)| v.into_owned())
}

/// The body of a success.
pub fn ok(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().unwrap()
}

/// `error` and number of a refusal in its shape (semantics §5.4).
pub fn refused(answer: &Answer) -> (String, u64) {
    assert!(
        answer.status.is_client_error(),
        "{} {}",
        answer.status,
        answer.text()
    );
    let body = answer.json().unwrap();
    let number = body["error_codes"][0].as_u64().unwrap();
    let description = body["error_description"].as_str().unwrap();
    assert!(
        description.starts_with(&format!("AADSTS{number}: ")),
        "{description}"
    );
    for member in ["timestamp", "trace_id", "correlation_id", "error_uri"] {
        assert!(body[member].is_string(), "{member}: {body}");
    }
    (body["error"].as_str().unwrap().to_owned(), number)
}

/// The claims of a token, unverified.
pub fn claims(token: &Value) -> Value {
    let middle = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&base64url::decode(middle).unwrap()).unwrap()
}

/// The header of a token.
pub fn header(token: &Value) -> Value {
    let first = token.as_str().unwrap().split('.').next().unwrap();
    serde_json::from_slice(&base64url::decode(first).unwrap()).unwrap()
}

impl Rig {
    /// Changes the registration of *Expenses*, as an administrator would.
    pub async fn register(&self, change: impl FnOnce(&mut serde_json::Map<String, Value>)) {
        use comity_model::id::Id;
        let app = self.world.app("global").unwrap();
        let tenant = Id::parse(&self.contoso().id).unwrap();
        let id = Id::parse(&self.expenses().id).unwrap();
        let mut found = app
            .store()
            .read()
            .tenant(tenant)
            .applications()
            .find(id)
            .await
            .unwrap()
            .unwrap();
        change(&mut found.properties);
        let tx = app.store().begin().await.unwrap();
        tx.tenant(tenant)
            .applications()
            .update(&found)
            .await
            .unwrap();
        tx.tenant(tenant).bump_policy_version().await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A code of *Expenses*, where it registered this redirect URI.
    pub async fn code_of_expenses(&self, redirect: &str, scope: &str) -> Result<String, String> {
        let mut browser = self.browser();
        let origin = Url::parse(redirect).unwrap().origin().ascii_serialization();
        browser.stop_at(Some(origin));
        let url = self.request_of(&self.expenses().app_id, redirect, scope, &[]);
        let trip = self.walk(&mut browser, "alex@contoso.com", &url).await;
        match &trip.end {
            End::Away(url) => Ok(param(url, "code").unwrap()),
            End::Refused(refused) => Err(refused.code.clone()),
            _ => panic!("{}", trip.outcome(&browser)),
        }
    }

    /// Redeems a code of *Expenses* with its secret.
    pub async fn redeem_for_expenses(&self, code: &str, redirect: &str) -> Answer {
        let app = self.expenses();
        self.token(&[
            ("grant_type", "authorization_code"),
            ("client_id", &app.app_id),
            (
                "client_secret",
                app.client_secret.as_ref().unwrap().expose(),
            ),
            ("code", code),
            ("redirect_uri", redirect),
            ("code_verifier", VERIFIER),
        ])
        .await
    }
}
