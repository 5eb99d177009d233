//! Clients whose requests a test makes itself, and a device that changes its place and its name.

use std::sync::{Arc, Mutex};

use comity_crypto::{base64url, sha256};
use comity_demo::{
    client::{Answer, Ask, Client, Transport},
    manifest::Application,
    oauth::{AZURE_CLI, Means},
    walk::End,
};
use http::Method;
use serde_json::Value;
use url::Url;

use crate::rig::{Actor, CONTOSO, Rig};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXkdBjftJeZ4CVP";
const LOOPBACK: &str = "http://localhost:8400";

/// A place of the office's network, which the world's other requests do not come from.
pub const OFFICE: &str = "198.51.100.7";
pub const OFFICE_RANGE: &str = "198.51.100.0/24";
/// A place of nobody's.
pub const ABROAD: &str = "203.0.113.9";
pub const ABROAD_RANGE: &str = "203.0.113.0/24";

/// Where a device is, and how its browser calls itself.
#[derive(Clone)]
pub struct Device {
    at: Arc<Mutex<(String, String)>>,
}

impl Device {
    pub fn is_at(&self, address: &str) {
        address.clone_into(&mut self.at.lock().unwrap().0);
    }

    pub fn calls_itself(&self, agent: &str) {
        agent.clone_into(&mut self.at.lock().unwrap().1);
    }
}

/// Ways into the world from a device, which is in the office at first.
pub fn device(rig: &Rig) -> (Means, Device) {
    let device = Device {
        at: Arc::new(Mutex::new((OFFICE.to_owned(), String::new()))),
    };
    let ways = [OFFICE, ABROAD].map(|address| {
        let way = rig.world.transport_from(address.parse().unwrap());
        (address, Client::through(way))
    });
    let seen = device.clone();
    let transport = Transport::new(move |ask: Ask| {
        let (address, agent) = seen.at.lock().unwrap().clone();
        let way = ways.iter().find(|(at, _)| *at == address).unwrap();
        let client = way.1.clone();
        Box::pin(async move {
            let ask = if agent.is_empty() {
                ask
            } else {
                ask.header(http::header::USER_AGENT, &agent)?
            };
            client.send(ask).await
        })
    });
    let means = Means {
        client: Client::through(transport),
        ..rig.means.clone()
    };
    (means, device)
}

/// A client of Contoso's.
pub struct Relying<'r> {
    rig: &'r Rig,
    pub app_id: String,
    secret: Option<String>,
    redirect: String,
    pub scope: String,
}

impl<'r> Relying<'r> {
    /// A web application: its server calls the token endpoint.
    pub fn expenses(rig: &'r Rig) -> Self {
        Self::of(rig, rig.app("Expenses"))
    }

    pub fn of(rig: &'r Rig, app: &Application) -> Self {
        Self {
            rig,
            app_id: app.app_id.clone(),
            secret: app.client_secret.as_ref().map(|s| s.expose().to_owned()),
            redirect: app.redirect_uris[0].clone(),
            scope: "openid profile offline_access".to_owned(),
        }
    }

    /// An installed one.
    pub fn command_line(rig: &'r Rig) -> Self {
        Self {
            rig,
            app_id: AZURE_CLI.to_owned(),
            secret: None,
            redirect: LOOPBACK.to_owned(),
            scope: "openid profile offline_access".to_owned(),
        }
    }

    fn endpoint(&self, tail: &str) -> Url {
        let cloud = self.rig.cloud_of(CONTOSO);
        let url = format!(
            "{}/{}/oauth2/v2.0/{tail}",
            cloud.login,
            self.rig.id(CONTOSO)
        );
        Url::parse(&url).unwrap()
    }

    /// The code of a sign-in, or the number under which it was refused.
    pub async fn code(&self, actor: &mut Actor) -> Result<String, String> {
        let mut url = self.endpoint("authorize");
        url.query_pairs_mut().extend_pairs([
            ("client_id", self.app_id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", &self.redirect),
            ("scope", &self.scope),
            ("state", "st"),
            ("nonce", "no"),
            ("code_challenge", &base64url::encode(sha256(VERIFIER))),
            ("code_challenge_method", "S256"),
        ]);
        let origin = Url::parse(&self.redirect).unwrap().origin();
        actor.browser.stop_at(Some(origin.ascii_serialization()));
        let trip = actor.go(url.as_str()).await;
        actor.browser.stop_at(None);
        match &trip.end {
            End::Away(url) => {
                let code = url.query_pairs().find(|(name, _)| name == "code");
                Ok(code.unwrap().1.into_owned())
            }
            End::Refused(refused) => Err(refused.code.clone()),
            _ => panic!("{}: {}", trip.path(), trip.outcome(&actor.browser)),
        }
    }

    async fn token(&self, client: &Client, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("client_id", self.app_id.as_str())];
        all.extend(self.secret.as_ref().map(|s| ("client_secret", s.as_str())));
        all.extend(fields);
        let ask = Ask::new(Method::POST, self.endpoint("token")).form(&all);
        client.send(ask).await.unwrap()
    }

    pub async fn redeem(&self, client: &Client, code: &str) -> Value {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect),
            ("code_verifier", VERIFIER),
        ];
        let answer = self.token(client, &fields).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json().unwrap()
    }

    /// The tokens of a sign-in that works.
    pub async fn tokens(&self, actor: &mut Actor, client: &Client) -> Value {
        let code = self.code(actor).await.unwrap();
        self.redeem(client, &code).await
    }

    /// Renews: the next tokens, or the number of the refusal.
    pub async fn refresh(&self, client: &Client, tokens: &Value) -> Result<Value, u64> {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ];
        let answer = self.token(client, &fields).await;
        let body = answer.json().unwrap();
        if answer.status == 200 {
            return Ok(body);
        }
        Err(body["error_codes"][0].as_u64().unwrap())
    }
}

/// The claims of a token, unverified.
pub fn claims(token: &Value) -> Value {
    let middle = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&base64url::decode(middle).unwrap()).unwrap()
}
