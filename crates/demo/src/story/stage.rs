//! Where the story plays: the places of the manifest, the people with their browsers, and what is remembered
//! from one step to the next.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use url::Url;

use crate::browser::Browser;
use crate::client::Client;
use crate::graph::Graph;
use crate::mail::{Mail, Mailbox};
use crate::manifest::{Application, Cloud, Manifest, Tenant};
use crate::oauth::{self, Means, SignIn, Tokens};
use crate::options::{Clock, Options};
use crate::walk::{self, Person, Refused, Trip};

pub(crate) const CONTOSO: &str = "contoso.com";
pub(crate) const NORTHWIND: &str = "northwind.us";
pub(crate) const TAILSPIN: &str = "tailspin.cn";
pub(crate) const NORA: &str = "nora@northwind.us";
pub(crate) const NILS: &str = "nils@northwind.us";

/// The places of the story.
pub(crate) struct World {
    pub global: Cloud,
    pub usgov: Cloud,
    pub china: Cloud,
    pub contoso: Tenant,
    pub northwind: Tenant,
    pub tailspin: Tenant,
}

/// A person at a browser.
pub(crate) struct Actor {
    pub person: Person,
    pub browser: Browser,
    clock: Clock,
}

/// A refusal that both logs must show in the end.
pub(crate) struct Attempt {
    pub step: usize,
    pub code: u32,
    pub correlation_id: String,
    /// Whether home was asked: a gate of the resource's own that is closed refuses before anything is sent.
    pub home_was_asked: bool,
}

pub(crate) struct Stage {
    pub world: Arc<World>,
    pub means: Means,
    pub nora: Actor,
    pub nils: Actor,
    pub alex: Actor,
    /// Nora's guest object at Contoso and the link in her mail, once she is invited.
    pub guest: Option<String>,
    pub link: Option<String>,
    pub attempts: Vec<Attempt>,
    mailbox: Mailbox,
    tokens: BTreeMap<String, Tokens>,
}

impl World {
    fn of(manifest: &Manifest) -> Result<Self> {
        let (global, usgov) = (
            manifest.cloud("global")?.clone(),
            manifest.cloud("usgov")?.clone(),
        );
        let china = manifest.cloud("china")?.clone();
        Ok(Self {
            contoso: global.tenant(CONTOSO)?.clone(),
            northwind: usgov.tenant(NORTHWIND)?.clone(),
            tailspin: china.tenant(TAILSPIN)?.clone(),
            global,
            usgov,
            china,
        })
    }

    /// My Apps of Contoso.
    pub fn my_apps(&self) -> String {
        format!("{}/?tenantid={}", self.global.myapps, self.contoso.id)
    }

    pub fn app(&self, name: &str) -> Result<&Application> {
        self.contoso.application(name)
    }

    /// The direct link to one of Contoso's applications.
    pub fn direct_link(&self, name: &str) -> Result<String> {
        let app_id = &self.app(name)?.app_id;
        Ok(format!(
            "{}/signin/{name}/{app_id}?tenantId={}",
            self.global.myapps, self.contoso.id
        ))
    }

    /// Contoso's partner object for Northwind.
    pub fn partner_of_contoso(&self) -> String {
        format!("{PARTNERS}/{}", self.northwind.id)
    }

    /// Northwind's partner object for Contoso.
    pub fn partner_of_northwind(&self) -> String {
        format!("{PARTNERS}/{}", self.contoso.id)
    }
}

pub(crate) const POLICY: &str = "/v1.0/policies/crossTenantAccessPolicy";
pub(crate) const PARTNERS: &str = "/v1.0/policies/crossTenantAccessPolicy/partners";

pub(crate) fn host(origin: &str) -> String {
    Url::parse(origin)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_default()
}

impl Actor {
    /// Types an address and goes on from there.
    pub async fn go(&mut self, url: &str) -> Result<Trip> {
        self.browser.open(url).await?;
        self.walk().await
    }

    pub async fn press(&mut self, at: usize) -> Result<Trip> {
        self.browser.press(at).await?;
        self.walk().await
    }

    pub async fn walk(&mut self) -> Result<Trip> {
        walk::walk(&mut self.browser, &mut self.person, &self.clock).await
    }

    /// Puts the browser away and takes a new one, in which nobody is signed in.
    pub fn fresh(&mut self, client: &Client) {
        self.browser = Browser::new(client.clone(), self.clock.clone());
    }
}

impl Stage {
    pub fn set(options: &Options) -> Result<Self> {
        let manifest = Manifest::read(&options.manifest)?;
        let client = match &options.transport {
            Some(transport) => Client::through(transport.clone()),
            None => Client::trusting(&manifest.ca_file)?,
        };
        let world = World::of(&manifest)?;
        let clock = options.clock.clone();
        let actor = |upn: &str, cloud: &Cloud, tenant: &Tenant| -> Result<Actor> {
            let browser = Browser::new(client.clone(), clock.clone());
            let person = Person::of(tenant.user(upn)?, cloud)?;
            Ok(Actor {
                person,
                browser,
                clock: clock.clone(),
            })
        };
        let folder = options
            .manifest
            .parent()
            .context("the manifest lies in no folder")?;
        Ok(Self {
            nora: actor(NORA, &world.usgov, &world.northwind)?,
            nils: actor(NILS, &world.usgov, &world.northwind)?,
            alex: actor("alex@contoso.com", &world.global, &world.contoso)?,
            world: Arc::new(world),
            means: Means {
                client,
                clock,
                chance: options.chance.clone(),
            },
            guest: None,
            link: None,
            attempts: Vec::new(),
            mailbox: Mailbox::new(folder.join("mail")),
            tokens: BTreeMap::new(),
        })
    }

    /// Contoso's Graph, called by `name@contoso.com` with a token of a real sign-in.
    pub async fn contoso(&mut self, name: &str) -> Result<Graph> {
        let world = self.world.clone();
        self.graph(&world.global, &world.contoso, &format!("{name}@{CONTOSO}"))
            .await
    }

    pub async fn northwind(&mut self, name: &str) -> Result<Graph> {
        let world = self.world.clone();
        self.graph(
            &world.usgov,
            &world.northwind,
            &format!("{name}@{NORTHWIND}"),
        )
        .await
    }

    pub async fn tailspin(&mut self, name: &str) -> Result<Graph> {
        let world = self.world.clone();
        self.graph(&world.china, &world.tailspin, &format!("{name}@{TAILSPIN}"))
            .await
    }

    async fn graph(&mut self, cloud: &Cloud, tenant: &Tenant, upn: &str) -> Result<Graph> {
        let tokens = match self.tokens.remove(upn) {
            Some(tokens) if !tokens.is_stale(&self.means.clock) => tokens,
            Some(tokens) => oauth::refresh(&self.means, &tokens)
                .await
                .map_err(|error| anyhow::anyhow!("refreshing the token of {upn}: {error}"))?,
            None => self
                .script(cloud, tenant, upn)
                .await
                .with_context(|| format!("signing {upn} in"))?,
        };
        let graph = Graph::new(
            self.means.client.clone(),
            &cloud.graph,
            &tokens.access_token,
        );
        self.tokens.insert(upn.to_owned(), tokens);
        Ok(graph)
    }

    /// Signs an administrator in as a tool does, in a browser of its own.
    async fn script(&self, cloud: &Cloud, tenant: &Tenant, upn: &str) -> Result<Tokens> {
        let mut browser = self.browser();
        let mut person = Person::of(tenant.user(upn)?, cloud)?;
        match oauth::sign_in(&self.means, &mut browser, &mut person, (cloud, tenant)).await? {
            SignIn::Tokens(tokens, _) => Ok(*tokens),
            SignIn::Stopped(trip) => {
                bail!(
                    "no code came back after {}: {}",
                    trip.path(),
                    trip.outcome(&browser)
                )
            }
        }
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.means.client.clone(), self.means.clock.clone())
    }

    /// Nora signs in at Contoso as a tool would, in her own browser.
    pub async fn nora_as_script(&mut self) -> Result<Tokens> {
        let world = self.world.clone();
        let nora = &mut self.nora;
        let place = (&world.global, &world.contoso);
        match oauth::sign_in(&self.means, &mut nora.browser, &mut nora.person, place).await? {
            SignIn::Tokens(tokens, _) => Ok(*tokens),
            SignIn::Stopped(trip) => bail!(
                "nora got no token for Contoso's Graph after {}: {}",
                trip.path(),
                trip.outcome(&nora.browser)
            ),
        }
    }

    /// The newest mail to this address with a link to redeem; mail may arrive a moment after the answer.
    pub async fn invitation_mail(&self, address: &str) -> Result<(Mail, String)> {
        for _ in 0..40 {
            let mails = self.mailbox.to(address)?;
            let newest = mails.into_iter().rev().find_map(|mail| {
                let link = mail.link("/redeem")?;
                Some((mail, link))
            });
            if let Some(found) = newest {
                return Ok(found);
            }
            self.means.clock.wait(Duration::from_millis(250)).await;
        }
        bail!("no invitation for {address} came into the mail folder within 10 s")
    }

    pub fn guest(&self) -> Result<&str> {
        self.guest.as_deref().context("nora was not invited yet")
    }

    pub fn remember(&mut self, step: usize, code: u32, refused: &Refused) {
        self.attempts.push(Attempt {
            step,
            code,
            correlation_id: refused.correlation_id.clone(),
            home_was_asked: true,
        });
    }
}
