//! The authorization endpoint (OAuth 2.1 §4.1.1, OpenID Connect Core §3.1.2; RFC 9207; security bars
//! O-01, O-03, O-04, O-09).
//!
//! 1. Query or body, never both; a parameter once.
//! 2. Until organisation, client and redirect URI are known to belong together, an error is a page
//!    of ours, without a `Location`.
//! 3. From then on it goes back in the response mode, with `state` and `iss`.
//! 4. Another cloud brings a pushed request and nothing else.
//! 5. On `common` and `organizations` only the clients that every tenant has may ask; the
//!    application is validated anew where the person turns out to belong.

mod check;

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
    response::Response,
};
use comity_app::{
    App, Context, Error,
    sign_in::{self, Begin, Browser, Return},
    snapshot::Snapshot,
    token::Refused,
};
use comity_edge::{
    Chain, Cookies, Cx, Site,
    form_token::is_form,
    outcome::{Answer, give_back},
    refused,
};
use comity_model::{
    id::{Id, parse_uuid},
    sign_in::{Purpose, ResponseMode},
    tenant::Tenant,
    well_known,
};
use comity_oauth::{
    authorize::{self, Authorization, Rejected, Request},
    params::Params,
    response,
};
use http::HeaderMap;

use self::check::{Known, application_request, known};
use crate::{
    federation,
    segment::{NoTenant, Segment},
};

pub(crate) async fn get(
    State(_): State<App>,
    Cx(cx): Cx,
    (site, cookies): (Site, Cookies),
    Path(segment): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    Endpoint {
        cx: &cx,
        site: &site,
        cookies: &cookies,
    }
    .answer(&segment, query.as_bytes())
    .await
}

pub(crate) async fn post(
    State(_): State<App>,
    Cx(cx): Cx,
    (site, cookies): (Site, Cookies),
    Path(segment): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let endpoint = Endpoint {
        cx: &cx,
        site: &site,
        cookies: &cookies,
    };
    if !is_form(&headers) {
        let fault = Refused::new(
            "invalid_request",
            900_144,
            "the body must be `application/x-www-form-urlencoded`",
        );
        return endpoint.page(&fault, None, None);
    }
    endpoint.answer(&segment, &body).await
}

/// The endpoint in the hands of one request.
pub(crate) struct Endpoint<'a> {
    pub cx: &'a Context,
    pub site: &'a Site,
    pub cookies: &'a Cookies,
}

/// The organisation that was named, as it is now.
struct Organisation {
    id: Option<Id<Tenant>>,
    snapshot: Option<Arc<Snapshot>>,
}

impl Endpoint<'_> {
    async fn answer(&self, segment: &str, bytes: &[u8]) -> Response {
        let organisation = match self.organisation(segment).await {
            Ok(organisation) => organisation,
            Err(response) => return response,
        };
        let params = match Params::parse(bytes) {
            Ok(params) => params,
            Err(e) => {
                return self.page(
                    &Refused::new(e.code(), 9_002_313, e.to_string()),
                    None,
                    None,
                );
            }
        };
        match authorize::parse(&params) {
            Err(rejected) => self.rejected(&organisation, &rejected),
            Ok(Authorization::Pushed {
                client_id,
                request_uri,
            }) => {
                if !self.is_entity(&client_id) {
                    let fault = Refused::new(
                        "invalid_request_uri",
                        90_023,
                        "`request_uri` is not one that this client pushed",
                    );
                    return self.page(&fault, organisation.snapshot.as_deref(), None);
                }
                let pushed = federation::Pushed {
                    tenant: organisation.id,
                    client_id,
                    request_uri,
                };
                federation::authorize(self, &pushed).await
            }
            Ok(Authorization::Direct(request)) => self.direct(&organisation, &request).await,
        }
    }

    /// The organisation in one statement: its snapshot says that it is there.
    async fn organisation(&self, segment: &str) -> Result<Organisation, Response> {
        let unknown = |why: &NoTenant| {
            let fault = Refused::new("invalid_tenant", why.number(), why.message());
            self.page(&fault, None, None)
        };
        let id = match Segment::named(self.cx, segment).await {
            Ok(segment) => segment.tenant(),
            Err(NoTenant::Failed(error)) => return Err(refused::error(self.cx, self.site, &error)),
            Err(why) => return Err(unknown(&why)),
        };
        let Some(tenant) = id else {
            return Ok(Organisation { id, snapshot: None });
        };
        match self.cx.app.snapshots().get(self.cx, tenant).await {
            Ok(snapshot) => Ok(Organisation {
                id,
                snapshot: Some(snapshot),
            }),
            Err(Error::NotFound) => Err(unknown(&NoTenant::Unknown)),
            Err(error) => Err(refused::error(self.cx, self.site, &error)),
        }
    }

    fn is_entity(&self, client_id: &str) -> bool {
        self.cx
            .app
            .registry()
            .others
            .values()
            .any(|c| c.entity == client_id)
    }

    /// Rule 2 for a request that could not be read: the way back only if it is a known one.
    fn rejected(&self, organisation: &Organisation, rejected: &Rejected) -> Response {
        let snapshot = organisation.snapshot.as_deref();
        let fault = Refused::new(
            rejected.error.code(),
            rejected.error.number(),
            rejected.error.to_string(),
        );
        let (Some(client), Some(uri), true) = (
            &rejected.client_id,
            &rejected.redirect_uri,
            rejected.is_redirectable(),
        ) else {
            return self.page(&fault, snapshot, None);
        };
        match known(self.cx, snapshot, client, uri) {
            Ok(known) => {
                let way = Way {
                    state: rejected.state.clone(),
                    mode: mode(rejected.response_mode),
                    silent: false,
                };
                self.back(organisation, &known, way, &fault)
            }
            Err(fault) => self.page(&fault, snapshot, name(snapshot, client)),
        }
    }

    async fn direct(&self, organisation: &Organisation, request: &Request) -> Response {
        let snapshot = organisation.snapshot.as_deref();
        if self.is_entity(&request.client_id) {
            let fault = Refused::new(
                "invalid_request",
                90_023,
                "another cloud must push its request first",
            );
            return self.page(&fault, snapshot, None);
        }
        let Some(uri) = &request.redirect_uri else {
            let fault = Refused::new(
                "invalid_request",
                900_144,
                "the parameter `redirect_uri` is missing",
            );
            return self.page(&fault, snapshot, name(snapshot, &request.client_id));
        };
        let known = match known(self.cx, snapshot, &request.client_id, uri) {
            Ok(known) => known,
            Err(fault) => return self.page(&fault, snapshot, name(snapshot, &request.client_id)),
        };
        let silent = request.prompt.contains(&authorize::Prompt::None);
        let application = match application_request(self.cx, snapshot, &known, request) {
            Ok(application) => application,
            Err(fault) => {
                let way = Way {
                    state: request.state.clone(),
                    mode: mode(request.response_mode),
                    silent,
                };
                return self.back(organisation, &known, way, &fault);
            }
        };
        let begin = Begin {
            purpose: Purpose::Application(Box::new(application)),
            tenant: organisation.id,
            login_hint: check::hint(self.cx, request).await,
            domain_hint: request.domain_hint.clone(),
            correlation_id: self.cx.correlation_id,
            subject: None,
            pushed: None,
        };
        self.begin(begin).await
    }

    /// Begins a sign-in and answers with what follows.
    pub(crate) async fn begin(&self, begin: Begin) -> Response {
        let begun = match Browser::load(self.cx, self.cookies.session()).await {
            Ok(browser) => sign_in::begin(self.cx, begin, browser).await,
            Err(error) => Err(error),
        };
        match begun {
            Ok((active, outcome)) => {
                let answer = Answer {
                    cx: self.cx,
                    site: self.site,
                    cookies: self.cookies,
                    number: None,
                    // Every page before this one names the address that this request named.
                    chain: Chain::Kept,
                };
                answer.render(&active, outcome).await
            }
            Err(error) => refused::error(self.cx, self.site, &error),
        }
    }

    /// Rule 2.
    pub(crate) fn page(
        &self,
        fault: &Refused,
        snapshot: Option<&Snapshot>,
        app: Option<String>,
    ) -> Response {
        tracing::info!(correlation_id = %self.cx.correlation_id, code = fault.number, "authorization request refused");
        let detail = fault.message.clone();
        let fault = refused::Request {
            code: fault.number,
            detail,
            snapshot,
            app,
        };
        refused::request(self.cx, self.site, &fault)
    }

    /// Rule 3.
    fn back(
        &self,
        organisation: &Organisation,
        known: &Known<'_>,
        way: Way,
        fault: &Refused,
    ) -> Response {
        let own = &self.cx.app.registry().own;
        let iss = match organisation.id {
            Some(id) => own.issuer(id.uuid()),
            None => own.issuer_template.replace("{tenant}", "{tenantid}"),
        };
        let line = comity_oauth::error::printable(&fault.message);
        let description = format!(
            "AADSTS{}: {line}. Correlation ID: {}",
            fault.number, self.cx.correlation_id
        );
        let mut parameters = vec![
            ("error", fault.error.to_owned()),
            ("error_description", description),
        ];
        parameters.extend(way.state.map(|state| ("state", state)));
        parameters.push(("iss", iss));
        let to = Return {
            redirect_uri: known.redirect_uri.to_owned(),
            mode: way.mode,
            parameters,
        };
        give_back(self.cx, self.site, &to, &known.name, way.silent)
    }
}

/// How an error goes back.
struct Way {
    state: Option<String>,
    mode: ResponseMode,
    silent: bool,
}

const fn mode(mode: response::ResponseMode) -> ResponseMode {
    match mode {
        response::ResponseMode::Query => ResponseMode::Query,
        response::ResponseMode::Fragment => ResponseMode::Fragment,
        response::ResponseMode::FormPost => ResponseMode::FormPost,
    }
}

/// What people call the client, if it is one.
fn name(snapshot: Option<&Snapshot>, client_id: &str) -> Option<String> {
    let app_id = parse_uuid(client_id)?;
    let name = match snapshot {
        Some(snapshot) => snapshot.application_name(app_id),
        None => well_known::first_party_name(app_id)?.to_owned(),
    };
    (!name.is_empty()).then_some(name)
}
