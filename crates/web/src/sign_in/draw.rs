//! Steps as pages: fills the views with what the sign-in holds. Crossing and consent pages are
//! filled from the very list that is sent (cross-cloud-federation.md §3.15).

use axum::response::Response;
use comity_app::{
    Context,
    crossing::{self, Wanted},
    guest,
    sign_in::{self, Active, Assessment, next_step},
    snapshot::Snapshot,
};
use comity_edge::{
    Csp, Site,
    outcome::csp_of,
    page, refused,
    ui::{self, FormError, Icon, Journey, Stop},
};
use comity_model::{
    federation::{HomeTenant, PushedCrossing, WantedAcr},
    sign_in::{Purpose, SignInData, Step, Subject},
};
use http::StatusCode;
use maud::Markup;

use super::Shown;
use crate::view;

/// One page of a sign-in.
pub struct Drawing<'a> {
    pub cx: &'a Context,
    pub site: &'a Site,
    pub n: u32,
    pub token: String,
    pub error: Option<FormError>,
    pub typed: Option<String>,
}

impl Drawing<'_> {
    /// The page that is asked for.
    pub(super) async fn page(self, active: &Active, shown: Shown) -> Response {
        match shown {
            Shown::Options => self.options(active).await,
            Shown::Name => self.step(active, Some(Step::Identify)).await,
            Shown::Next => self.step(active, None).await,
        }
    }

    /// The page of the step that follows, or of the given one.
    async fn step(self, active: &Active, instead: Option<Step>) -> Response {
        let drawn = async {
            let assessment = sign_in::assess(self.cx, active).await?;
            let step = match instead {
                Some(step) => step,
                None => step_of(active, &assessment),
            };
            self.draw(active, &assessment, step).await
        };
        match drawn.await {
            Ok(response) => response,
            Err(error) => refused::error(self.cx, self.site, &error),
        }
    }

    async fn draw(
        &self,
        active: &Active,
        assessment: &Assessment,
        step: Step,
    ) -> Result<Response, comity_app::Error> {
        let data = active.sign_in.data.active();
        let markup = match step {
            Step::Identify => self.identify(data, assessment).await,
            Step::ChooseAccount => self.accounts(active, data, assessment).await,
            Step::Password => self.password(data, assessment).await,
            Step::NewPassword => self.new_password(data, assessment).await?,
            Step::Code => self.code(data, assessment).await,
            Step::Enrol => self.enrol(active, data, assessment).await?,
            Step::Crossing { home } => self.crossing(data, assessment, &home).await,
            Step::Release => self.release(data, assessment).await,
            Step::Review => self.review(data, assessment).await,
            Step::Complete | Step::Depart { .. } => self.go_on(data, assessment).await,
            Step::Refuse(refusal) => {
                let sign_in = (&active.sign_in.data, self.n);
                let page = refused::sign_in(self.cx, self.site, sign_in, assessment, refusal);
                return Ok(page.await);
            }
        };
        Ok(self.respond(&active.sign_in.data, markup))
    }

    /// *Sign in to an organization*.
    #[expect(clippy::unused_async, reason = "awaits once the other cloud is asked")]
    async fn options(self, active: &Active) -> Response {
        let data = active.sign_in.data.active();
        let frame = self.frame(None);
        let markup = view::options(
            &frame,
            &view::Options {
                action: self.action("organization"),
                organization: self.typed.clone(),
                back: self.action("name"),
                error: self.error.clone(),
            },
        );
        self.respond(data, markup)
    }

    fn respond(&self, data: &SignInData, markup: Markup) -> Response {
        let status = if self.error.is_some() {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::OK
        };
        let csp: Csp = csp_of(self.cx, data);
        csp.page(status, markup)
    }

    fn action(&self, what: &str) -> String {
        format!("/signin/{}/{what}", self.n)
    }

    fn frame(&self, snapshot: Option<&Snapshot>) -> ui::Page {
        page::page(&self.cx.app, self.site, snapshot, self.token.clone())
    }

    /// The way of a person between two organisations; none within one.
    async fn journey(&self, data: &SignInData, assessment: &Assessment) -> Option<Journey> {
        let snapshot = assessment.snapshot.as_deref();
        let at = match (&data.purpose, &data.subject) {
            (Purpose::Crossing { .. }, _) => Stop::Home,
            (_, Some(Subject::External { .. })) => Stop::Resource,
            _ => return None,
        };
        let (resource, home) = refused::sides(self.cx, data, snapshot).await;
        Some(Journey {
            resource: resource?,
            home: home?,
            app: refused::app_name(data, snapshot),
            icon: Icon::App,
            at,
        })
    }

    async fn identify(&self, data: &SignInData, assessment: &Assessment) -> Markup {
        let snapshot = assessment.snapshot.as_deref();
        let common = data.tenant.is_none();
        view::sign_in(
            &self.frame(snapshot),
            &view::SignIn {
                action: self.action("name"),
                app: refused::app_name(data, snapshot),
                username: self.typed.clone().or_else(|| data.typed_name.clone()),
                example: snapshot.map(|s| s.default_domain().to_owned()),
                options: common.then(|| self.action("options")),
                journey: self.journey(data, assessment).await,
                error: self.error.clone(),
            },
        )
    }

    async fn accounts(
        &self,
        active: &Active,
        data: &SignInData,
        assessment: &Assessment,
    ) -> Markup {
        let snapshot = assessment.snapshot.as_deref();
        let mut rows = Vec::new();
        for account in active.browser.offered(data) {
            let read = self.cx.app.store().read();
            let Ok(Some(user)) = read.tenant(account.tenant).users().find(account.user).await
            else {
                continue;
            };
            let Ok(own) = self.cx.app.snapshots().get(self.cx, account.tenant).await else {
                continue;
            };
            let username = account.home.as_ref().map_or(user.upn, |h| {
                guest::shown_name(self.cx, &own, &h.identity, &h.upn)
            });
            rows.push(view::AccountRow {
                value: account.sid.clone(),
                username,
                name: Some(user.display_name),
                org: None,
                signed: view::Signed::In,
            });
        }
        view::account_picker(
            &self.frame(snapshot),
            &view::AccountPicker {
                action: self.action("account"),
                app: refused::app_name(data, snapshot),
                accounts: rows,
                other: self.action("name"),
            },
        )
    }

    async fn password(&self, data: &SignInData, assessment: &Assessment) -> Markup {
        let snapshot = assessment.snapshot.as_deref();
        let releases = match &data.purpose {
            Purpose::Crossing { pushed, .. } => received(pushed),
            _ => Vec::new(),
        };
        view::password(
            &self.frame(snapshot),
            &view::Password {
                action: self.action("password"),
                account: self.account(data, assessment).await,
                change: self.may_change(data).then(|| self.action("name")),
                keep: true,
                options: None,
                journey: self.journey(data, assessment).await,
                releases,
                error: self.error.clone(),
            },
        )
    }

    /// Another account cannot be used where one person was asked for, or invited.
    #[expect(clippy::unused_self, reason = "keeps the call sites alike")]
    fn may_change(&self, data: &SignInData) -> bool {
        match &data.purpose {
            Purpose::Crossing { pushed, .. } => pushed.expected_sub.is_none(),
            Purpose::Redemption { .. } => false,
            Purpose::Application(_) => true,
        }
    }

    /// The name at the top of a page that asks for a secret: as typed, or the account's own.
    async fn account(&self, data: &SignInData, assessment: &Assessment) -> String {
        if let (Some(assertion), Some(snapshot)) = (&data.assertion, &assessment.snapshot) {
            return guest::shown_name(self.cx, snapshot, &assertion.identity, &assertion.upn);
        }
        if let (Some(Subject::Local { user: Some(user) }), Some(tenant)) =
            (&data.subject, data.tenant)
            && (data.typed_name.is_none() || data.session_sid.is_some())
        {
            let read = self.cx.app.store().read();
            if let Ok(Some(user)) = read.tenant(tenant).users().find(*user).await {
                return user.upn;
            }
        }
        data.typed_name
            .clone()
            .or_else(|| assessment.user.as_ref().map(|u| u.upn.clone()))
            .unwrap_or_default()
    }

    async fn new_password(
        &self,
        data: &SignInData,
        assessment: &Assessment,
    ) -> Result<Markup, comity_app::Error> {
        let (Some(snapshot), Some(user)) = (assessment.snapshot.as_deref(), &assessment.user)
        else {
            return Err(comity_app::Error::NotFound);
        };
        Ok(view::new_password(
            &self.frame(Some(snapshot)),
            &view::NewPassword {
                action: self.action("new-password"),
                account: user.upn.clone(),
                organization: snapshot.tenant.display_name.clone(),
                least: sign_in::least_characters(self.cx, snapshot, user).await?,
                journey: self.journey(data, assessment).await,
                error: self.error.clone(),
            },
        ))
    }

    async fn code(&self, data: &SignInData, assessment: &Assessment) -> Markup {
        let snapshot = assessment.snapshot.as_deref();
        let crossing = matches!(data.purpose, Purpose::Crossing { .. });
        let asked_by = match (&data.purpose, snapshot) {
            (Purpose::Crossing { pushed, .. }, Some(own)) => {
                let resource = HomeTenant {
                    cloud: pushed.resource_cloud.clone(),
                    tenant: pushed.details.resource_tenant,
                };
                Some(page::other_org(self.cx, own, &resource).await.name)
            }
            (_, Some(own)) => Some(own.tenant.display_name.clone()),
            _ => None,
        };
        view::code(
            &self.frame(snapshot),
            &view::Code {
                action: self.action("code"),
                account: self.account(data, assessment).await,
                change: self.may_change(data).then(|| self.action("name")),
                asked_by: asked_by
                    .filter(|_| crossing || matches!(data.subject, Some(Subject::External { .. }))),
                options: None,
                journey: self.journey(data, assessment).await,
                error: self.error.clone(),
            },
        )
    }

    async fn enrol(
        &self,
        active: &Active,
        data: &SignInData,
        assessment: &Assessment,
    ) -> Result<Markup, comity_app::Error> {
        let (secret, uri) = sign_in::enrolment(self.cx, active).await?;
        let snapshot = assessment.snapshot.as_deref();
        Ok(view::enrol(
            &self.frame(snapshot),
            &view::Enrol {
                action: self.action("enrol"),
                account: self.account(data, assessment).await,
                organization: snapshot
                    .map(|s| s.tenant.display_name.clone())
                    .unwrap_or_default(),
                secret,
                uri,
                journey: self.journey(data, assessment).await,
                error: self.error.clone(),
            },
        ))
    }

    /// The notice before one crosses; nothing has been sent.
    async fn crossing(
        &self,
        data: &SignInData,
        assessment: &Assessment,
        home: &HomeTenant,
    ) -> Markup {
        let Some(snapshot) = assessment.snapshot.as_deref() else {
            return self.go_on(data, assessment).await;
        };
        let app = match refused::app_name(data, Some(snapshot)) {
            Some(ui::AppName::Ours(name)) => Some(name),
            _ => None,
        };
        let wanted = crossing::wanted(data, snapshot, home, sign_in::notice_controls(data));
        let sent = sent(&wanted, app.clone());
        view::crossing(
            &self.frame(Some(snapshot)),
            &view::Crossing {
                action: self.action("go"),
                here: page::org(&self.cx.app, snapshot),
                there: page::other_org(self.cx, snapshot, home).await,
                account: data.typed_name.clone(),
                app,
                sent,
                received: received_of(&wanted.groups, wanted.device),
                other_account: self.may_change(data).then(|| self.action("name")),
                skip: false,
            },
        )
    }

    async fn release(&self, data: &SignInData, assessment: &Assessment) -> Markup {
        let snapshot = assessment.snapshot.as_deref();
        let (Some(journey), Some(user), Purpose::Crossing { pushed, .. }) = (
            self.journey(data, assessment).await,
            &assessment.user,
            &data.purpose,
        ) else {
            return self.go_on(data, assessment).await;
        };
        view::release(
            &self.frame(snapshot),
            &view::Release {
                action: self.action("consent"),
                journey,
                received: received(pushed),
                name: user.display_name.clone(),
                username: user.upn.clone(),
                identifier: user.id.to_string(),
                other_account: self.may_change(data).then(|| self.action("name")),
            },
        )
    }

    async fn review(&self, data: &SignInData, assessment: &Assessment) -> Markup {
        let (Some(snapshot), Some(assertion)) = (assessment.snapshot.as_deref(), &data.assertion)
        else {
            return self.go_on(data, assessment).await;
        };
        let home = HomeTenant {
            cloud: assertion.identity.cloud.clone(),
            tenant: assertion.identity.tenant,
        };
        let privacy = snapshot
            .tenant
            .properties
            .get("privacyProfile")
            .and_then(|p| p.get("statementUrl"));
        view::review(
            &self.frame(Some(snapshot)),
            &view::Review {
                action: self.action("consent"),
                organization: snapshot.tenant.display_name.clone(),
                domain: snapshot.default_domain().to_owned(),
                home: page::other_org(self.cx, snapshot, &home).await,
                name: assertion.name.clone(),
                username: guest::shown_name(self.cx, snapshot, &assertion.identity, &assertion.upn),
                identifier: assertion.identity.object.to_string(),
                privacy: privacy
                    .and_then(serde_json::Value::as_str)
                    .map(str::to_owned),
                other_account: self.may_change(data).then(|| self.action("name")),
            },
        )
    }

    /// Nothing is left to ask: another page of this browser has answered it, or nobody asks any more.
    /// Looking at a page ends no sign-in, so the person is asked to press on.
    async fn go_on(&self, data: &SignInData, assessment: &Assessment) -> Markup {
        let snapshot = assessment.snapshot.as_deref();
        view::go_on(
            &self.frame(snapshot),
            &view::GoOn {
                action: self.action("go"),
                account: self.account(data, assessment).await,
                app: refused::app_name(data, snapshot),
                journey: self.journey(data, assessment).await,
            },
        )
    }
}

/// What follows; of a refused sign-in, its refusal.
fn step_of(active: &Active, assessment: &Assessment) -> Step {
    let data = &active.sign_in.data;
    match data.refused {
        Some(refusal) => Step::Refuse(refusal),
        None => next_step(data.active(), &assessment.situation),
    }
}

/// What the push sends, in the words of the page.
fn sent(wanted: &Wanted, app: Option<String>) -> Vec<view::Sent> {
    let mut sent = vec![view::Sent::Visit];
    if let Some(app) = app {
        sent.push(view::Sent::Application(app));
    }
    if wanted.names_person {
        sent.push(view::Sent::Account);
    }
    match wanted.acr {
        WantedAcr::Any => {}
        WantedAcr::Mfa => sent.push(view::Sent::SecondFactor),
        WantedAcr::PhishingResistant => sent.push(view::Sent::PhishingResistant),
    }
    if let Some(seconds) = wanted.max_age {
        let minutes = u32::try_from(seconds / 60).unwrap_or(u32::MAX);
        sent.push(view::Sent::Freshness(minutes));
    }
    if wanted.device {
        sent.push(view::Sent::Device);
    }
    if !wanted.groups.is_empty() {
        sent.push(view::Sent::Groups(
            wanted.groups.iter().map(ToString::to_string).collect(),
        ));
    }
    sent
}

/// What the assertion will carry back.
fn received(pushed: &PushedCrossing) -> Vec<view::Received> {
    received_of(&pushed.details.groups, pushed.device_asked)
}

fn received_of(
    groups: &std::collections::BTreeSet<uuid::Uuid>,
    device: bool,
) -> Vec<view::Received> {
    let mut list = vec![
        view::Received::Name,
        view::Received::UserName,
        view::Received::Identifier,
        view::Received::Session,
        view::Received::Methods,
    ];
    if !groups.is_empty() {
        list.push(view::Received::Groups(groups.len()));
    }
    if device {
        list.push(view::Received::Device);
    }
    list
}
