//! Contoso and Northwind of the dev world, connected by their administrators as in the story.

use anyhow::Context as _;
use comity_demo::{
    Clock,
    browser::Browser,
    client::Client,
    graph::Graph,
    manifest::{Cloud, Manifest, Tenant},
    oauth::{self, Means, SignIn},
    walk::{self, Person},
};
use comity_testkit::World;
use serde_json::{Value, json};
use url::Url;

const POLICY: &str = "/v1.0/policies/crossTenantAccessPolicy";

pub struct Parties {
    pub global: Cloud,
    pub usgov: Cloud,
    pub contoso: Tenant,
    pub northwind: Tenant,
    means: Means,
}

impl Parties {
    pub fn of(world: &World) -> anyhow::Result<Self> {
        let manifest = Manifest::read(&world.manifest())?;
        let (global, usgov) = (manifest.cloud("global")?, manifest.cloud("usgov")?);
        let options = world.story();
        Ok(Self {
            contoso: global.tenant("contoso.com")?.clone(),
            northwind: usgov.tenant("northwind.us")?.clone(),
            global: global.clone(),
            usgov: usgov.clone(),
            means: Means {
                client: Client::through(world.transport()),
                clock: options.clock,
                chance: options.chance,
            },
        })
    }

    pub fn clock(&self) -> &Clock {
        &self.means.clock
    }

    pub fn token_endpoint(&self) -> anyhow::Result<Url> {
        let tenant = &self.contoso.id;
        Ok(Url::parse(&format!(
            "{}/{tenant}/oauth2/v2.0/token",
            self.global.login
        ))?)
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.means.client.clone(), self.means.clock.clone())
    }

    pub fn nora(&self) -> anyhow::Result<Person> {
        Person::of(self.northwind.user("nora@northwind.us")?, &self.usgov)
    }

    /// Ticks, adds, invites; nora redeems in the browser that is given back. Her session at home is
    /// in it.
    pub async fn connect(&self) -> anyhow::Result<Browser> {
        let ours = (&self.global, &self.contoso);
        let theirs = (&self.usgov, &self.northwind);
        let link = {
            self.admit(ours, theirs).await?;
            self.admit(theirs, ours).await?;
            self.invite().await?
        };
        let mut browser = self.browser();
        browser.open(&link).await?;
        let trip = walk::walk(&mut browser, &mut self.nora()?, &self.means.clock).await?;
        anyhow::ensure!(
            browser.page()?.status == 200 && browser.page()?.host().starts_with("myapps."),
            "nora does not get in: {}",
            trip.outcome(&browser)
        );
        Ok(browser)
    }

    async fn admit(
        &self,
        ours: (&Cloud, &Tenant),
        (cloud, tenant): (&Cloud, &Tenant),
    ) -> anyhow::Result<()> {
        let graph = self.graph(ours, "secadmin").await?;
        let ticked = json!({"allowedCloudEndpoints": [cloud.canonical_name]});
        graph.patch(POLICY, &ticked).await?;
        let added = json!({"tenantId": tenant.id});
        graph.post(&format!("{POLICY}/partners"), &added).await?;
        Ok(())
    }

    async fn invite(&self) -> anyhow::Result<String> {
        let graph = self.graph((&self.global, &self.contoso), "inviter").await?;
        let invitation = json!({
            "invitedUserEmailAddress": "nora@northwind.us",
            "inviteRedirectUrl": format!("{}/?tenantid={}", self.global.myapps, self.contoso.id),
        });
        let made = graph.post("/v1.0/invitations", &invitation).await?.body;
        let link = made.get("inviteRedeemUrl").and_then(Value::as_str);
        Ok(link.context("no link to redeem")?.to_owned())
    }

    async fn graph(&self, at: (&Cloud, &Tenant), name: &str) -> anyhow::Result<Graph> {
        let domain = at.1.domains.first().context("no domain")?;
        let mut person = Person::of(at.1.user(&format!("{name}@{domain}"))?, at.0)?;
        let mut browser = self.browser();
        match oauth::sign_in(&self.means, &mut browser, &mut person, at).await? {
            SignIn::Tokens(tokens, _) => Ok(Graph::new(
                self.means.client.clone(),
                &at.0.graph,
                &tokens.access_token,
            )),
            SignIn::Stopped(trip) => anyhow::bail!("{name}: {}", trip.outcome(&browser)),
        }
    }
}
