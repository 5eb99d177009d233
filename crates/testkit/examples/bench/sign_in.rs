//! Complete sign-ins of a guest across two clouds: her session at home exists, none at the
//! resource. Both clouds' work is counted, and so is the visitor's.

use anyhow::Context as _;
use comity_crypto::{base64url, sha256};
use comity_demo::manifest::Application;
use comity_testkit::{Engine, World};
use url::Url;

use crate::{
    figure::{Bounds, Figure, median},
    meter::{count, processor_seconds},
    parties::Parties,
    visitor::Visitor,
};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXkdBjftJeZ4CVP";
const ROUNDS: usize = 5;
const VISITORS: usize = 64;
/// Sign-ins of each visitor in a round.
const EACH: usize = 8;

/// Where a sign-in counts as done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// The application has the code.
    Code,
    /// The application has redeemed the code and has the tokens.
    Tokens,
}

struct Scene {
    world: World,
    parties: Parties,
    expenses: Application,
    home: Url,
    /// Nora's cookies at home.
    cookies: String,
}

pub async fn measure() -> anyhow::Result<Vec<Figure>> {
    let scene = Scene::set().await?;
    let mut visitor = scene.visitor();
    scene.sign_in(&mut visitor, Until::Tokens).await?;
    let requests = visitor.requests;
    let calls = scene.calls_of_one().await?;
    let mut figures = Vec::new();
    for (until, name, end) in [
        (Until::Code, "to the code", "the application has its code"),
        (
            Until::Tokens,
            "to the tokens",
            "the application has redeemed its code (with two more RS256 signatures, id token and \
             access token)",
        ),
    ] {
        let per_core = scene.rate(until).await?;
        let bounds = (until == Until::Code).then(|| Bounds::at_least(700.0, 200.0));
        figures.push(Figure {
            name: format!("cross-cloud guest sign-ins {name}, on one core"),
            unit: "/s",
            bounds,
            value: per_core,
            method: method(end, requests, calls),
        });
    }
    Ok(figures)
}

fn method(end: &str, requests: usize, calls: usize) -> String {
    format!(
        "From the authorization request at the resource until {end}: push, home's sign-on, code \
         and assertion between the clouds, guest, session and records on both sides. Session and \
         consent at home exist. In one process without TLS, each cloud's SQLite store in a file \
         and synced at every commit, all pinned to one core, {VISITORS} visitors at once; up to {requests} requests of \
         the browser and the application and {calls} calls between the clouds each; per second of \
         processor time of all threads, visitors included; median of {ROUNDS} rounds of {}.",
        VISITORS * EACH
    )
}

impl Scene {
    async fn set() -> anyhow::Result<Self> {
        let world = World::start(Engine::Files).await?;
        let parties = Parties::of(&world)?;
        let browser = parties.connect().await?;
        let home = Url::parse(&parties.usgov.login)?;
        let cookies = browser.jar().header(&home, parties.clock().now());
        Ok(Self {
            expenses: parties.contoso.application("Expenses")?.clone(),
            cookies: cookies.context("no session at home")?,
            home,
            parties,
            world,
        })
    }

    /// Somebody with a session at home and none at the resource.
    fn visitor(&self) -> Visitor {
        let mut visitor = Visitor::new(&self.world);
        visitor.keep(&self.home, &self.cookies);
        visitor
    }

    async fn calls_of_one(&self) -> anyhow::Result<usize> {
        self.world.wire.clear();
        self.sign_in(&mut self.visitor(), Until::Tokens).await?;
        Ok(self.world.wire.exchanges().len())
    }

    fn request(&self, redirect: &str) -> anyhow::Result<Url> {
        let place = format!(
            "{}/{}/oauth2/v2.0/authorize",
            self.parties.global.login, self.parties.contoso.id
        );
        let challenge = base64url::encode(sha256(VERIFIER));
        Ok(Url::parse_with_params(
            &place,
            [
                ("client_id", self.expenses.app_id.as_str()),
                ("response_type", "code"),
                ("redirect_uri", redirect),
                ("scope", "openid profile"),
                ("login_hint", "nora@northwind.us"),
                ("state", "state"),
                ("nonce", "nonce"),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ],
        )?)
    }

    async fn sign_in(&self, visitor: &mut Visitor, until: Until) -> anyhow::Result<()> {
        let redirect = self.expenses.redirect_uris.first();
        let redirect = redirect.context("no redirect URI")?;
        let landed = visitor.walk(self.request(redirect)?, redirect).await?;
        let code = landed.query_pairs().find(|(name, _)| name == "code");
        let (_, code) = code.with_context(|| format!("no code in `{landed}`"))?;
        if until == Until::Code {
            return Ok(());
        }
        let secret = self.expenses.client_secret.as_ref();
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", self.expenses.app_id.as_str()),
            ("client_secret", secret.context("no secret")?.expose()),
            ("code", &code),
            ("redirect_uri", redirect),
            ("code_verifier", VERIFIER),
        ];
        let answer = visitor
            .post(&self.parties.token_endpoint()?, &fields)
            .await?;
        anyhow::ensure!(answer.status == 200, "no tokens: {}", answer.text());
        Ok(())
    }

    async fn rate(&self, until: Until) -> anyhow::Result<f64> {
        let mut per_core = Vec::new();
        self.round(until).await?;
        for _ in 0..ROUNDS {
            let begun = processor_seconds()?;
            self.round(until).await?;
            per_core.push(count(VISITORS * EACH) / (processor_seconds()? - begun));
        }
        Ok(median(per_core))
    }

    async fn round(&self, until: Until) -> anyhow::Result<()> {
        self.world.wire.clear();
        let visits = (0..VISITORS).map(|_| async {
            for _ in 0..EACH {
                self.sign_in(&mut self.visitor(), until).await?;
            }
            anyhow::Ok(())
        });
        futures_util::future::try_join_all(visits).await?;
        Ok(())
    }
}
