//! A world, and callers of its Graph with tokens of real sign-ins.

use comity_demo::{
    browser::Browser,
    client::{Answer, Ask, Client},
    manifest::{Manifest, Tenant},
    oauth::{self, Means, SignIn},
    walk::Person,
};
use comity_testkit::{Engine, World};
use http::{HeaderName, Method, header};
use serde_json::Value;
use url::Url;

pub struct Rig {
    /// Lives as long as its data is used.
    pub world: World,
    pub manifest: Manifest,
    means: Means,
    /// The token of Contoso's global administrator.
    pub admin: String,
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
        let mut rig = Self {
            world,
            manifest,
            means,
            admin: String::new(),
        };
        rig.admin = rig.token("contoso.com", "admin").await;
        rig
    }

    pub fn tenant(&self, domain: &str) -> &Tenant {
        self.manifest
            .cloud("global")
            .unwrap()
            .tenant(domain)
            .unwrap()
    }

    /// A delegated token for Graph of a person of the global cloud.
    pub async fn token(&self, domain: &str, name: &str) -> String {
        self.token_at("global", domain, name).await
    }

    /// The same of any cloud.
    pub async fn token_at(&self, cloud: &str, domain: &str, name: &str) -> String {
        let cloud = self.manifest.cloud(cloud).unwrap();
        let tenant = cloud.tenant(domain).unwrap();
        let user = tenant.user(&format!("{name}@{domain}")).unwrap();
        let mut person = Person::of(user, cloud).unwrap();
        let mut browser = Browser::new(self.means.client.clone(), self.means.clock.clone());
        let place = (cloud, tenant);
        match oauth::sign_in(&self.means, &mut browser, &mut person, place).await {
            Ok(SignIn::Tokens(tokens, _)) => tokens.access_token,
            Ok(SignIn::Stopped(trip)) => panic!("{name}: {}", trip.outcome(&browser)),
            Err(error) => panic!("{name}: {error:#}"),
        }
    }

    /// A token of an application alone, at Contoso.
    pub async fn application(&self, client_id: &str, secret: &str) -> String {
        let cloud = self.manifest.cloud("global").unwrap();
        let contoso = &self.tenant("contoso.com").id;
        let discovery = oauth::discover(&self.means.client, cloud, contoso)
            .await
            .unwrap();
        let scope = format!("{}/.default", cloud.graph);
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_secret", secret),
            ("scope", &scope),
        ];
        let url = Url::parse(&discovery.token_endpoint).unwrap();
        let ask = Ask::new(Method::POST, url).form(&fields);
        let answer = self.means.client.send(ask).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let body = answer.json().unwrap();
        body["access_token"].as_str().unwrap().to_owned()
    }

    /// A request with a body, as whoever holds the token.
    pub async fn as_holder(&self, token: &str, call: (&str, &str), body: &Value) -> Answer {
        let bytes = body.to_string();
        self.ask(token, call, &[], Some(bytes.as_bytes())).await
    }

    /// A request with a token (none if empty), as sent.
    pub async fn ask(
        &self,
        token: &str,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        let graph = &self.manifest.cloud("global").unwrap().graph;
        let url = match path.strip_prefix("https://") {
            Some(_) => path.to_owned(),
            None => format!("{graph}/v1.0{path}"),
        };
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut ask = Ask::new(method, Url::parse(&url).unwrap());
        if !token.is_empty() {
            ask = ask
                .header(header::AUTHORIZATION, &format!("Bearer {token}"))
                .unwrap();
        }
        if let Some(body) = body {
            ask = ask
                .header(header::CONTENT_TYPE, "application/json")
                .unwrap();
            ask.body = body.to_vec().into();
        }
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            ask = ask.header(name, value).unwrap();
        }
        self.means.client.send(ask).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(&self.admin, ("GET", path), &[], None).await
    }

    pub async fn eventual(&self, path: &str) -> Answer {
        let headers = [("consistencylevel", "eventual")];
        self.ask(&self.admin, ("GET", path), &headers, None).await
    }

    pub async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = body.to_string();
        self.ask(&self.admin, (method, path), &[], Some(body.as_bytes()))
            .await
    }

    /// Makes an object, which must work; answers it.
    pub async fn make(&self, path: &str, body: &Value) -> Value {
        let answer = self.send("POST", path, body).await;
        assert!(
            answer.status.is_success(),
            "POST {path} {body}: {} {}",
            answer.status,
            answer.text()
        );
        answer.json().unwrap_or_default()
    }
}

/// The body of a success.
pub fn ok(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().unwrap()
}

/// Status, code and message of a refusal in Graph's envelope (odata-conventions.md §5).
pub fn refused(answer: &Answer) -> (u16, String, String) {
    let text = answer.text();
    let status = answer.status.as_u16();
    assert!((400..600).contains(&status), "{status} {text}");
    let body = answer.json().unwrap();
    let error = &body["error"];
    let inner = &error["innerError"];
    for name in ["date", "request-id", "client-request-id"] {
        assert!(inner[name].is_string(), "{name}: {text}");
    }
    assert_eq!(
        inner["request-id"],
        answer
            .header(&HeaderName::from_static("request-id"))
            .unwrap(),
        "{text}"
    );
    let word = |name: &str| error[name].as_str().unwrap().to_owned();
    (status, word("code"), word("message"))
}
