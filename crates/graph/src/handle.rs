//! One request: token, path, scopes, then the one step that the method and the path ask for. No
//! operation has a handler of its own: what is special stands in the descriptions.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use comity_model::{
    id::parse_uuid,
    resource::{
        Area, DIRECTORY_OBJECT, ResourceType,
        address::{Key, Object, Place, Reference},
        operation, write,
    },
    time::Utc,
};
use http::{HeaderMap, Method, request::Parts};
use uuid::Uuid;

use crate::{
    Graph,
    address::{self, Address, Target},
    backend::{Backend, Caller},
    error::{Failure, Result, TokenFault},
    metadata,
    odata::Options,
    reference,
    render::View,
    reply::{Content, Envelope, Reply},
};

/// Who asks and what answers: an extension of the request that the token's check puts there.
#[derive(Clone)]
pub struct Call {
    /// `request-id`; also the correlation ID of records.
    pub request_id: Uuid,
    /// The time of the request.
    pub now: Utc,
    /// The bearer, or why it is not known.
    pub caller: Result<Caller, TokenFault>,
    /// The use cases, for this bearer.
    pub backend: Arc<dyn Backend>,
}

/// A request whose bearer is known.
pub struct Asking<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) caller: &'a Caller,
    pub(crate) envelope: &'a Envelope,
    pub(crate) options: Options,
    /// The path as sent.
    pub(crate) path: String,
    pub(crate) version: &'static str,
    backend: &'a dyn Backend,
    consistency: bool,
    page_size: Option<usize>,
}

/// Answers every path below this edge.
pub async fn handle(State(graph): State<Graph>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(call) = parts.extensions.get::<Call>().cloned() else {
        let envelope = Envelope::new(
            &parts.headers,
            Uuid::nil(),
            Utc::default(),
            &graph.authorization_uri,
        );
        return envelope.refuse(&Failure::new(
            500,
            "InternalServerError",
            "An internal error occurred.",
        ));
    };
    let envelope = Envelope::new(
        &parts.headers,
        call.request_id,
        call.now,
        &graph.authorization_uri,
    );
    match respond(&graph, &call, &envelope, &parts, body).await {
        Ok(reply) => envelope.write(reply),
        Err(failure) => envelope.refuse(&failure),
    }
}

async fn respond(
    graph: &Graph,
    call: &Call,
    envelope: &Envelope,
    parts: &Parts,
    body: Body,
) -> Result<Reply> {
    let (version, segments) = address::segments(parts.uri.path())?;
    if parts.method == Method::GET
        && matches!(segments.as_slice(), [s] if s.eq_ignore_ascii_case("$metadata"))
    {
        return Ok(schema());
    }
    let caller = call
        .caller
        .as_ref()
        .map_err(|fault| Failure::token(fault.clone()))?;
    let address = address::resolve(version, &segments, caller)?;
    let asked = Asked {
        caller,
        address: &address,
        version,
    };
    let answer = answer(graph, call, envelope, (parts, body), &asked).await;
    // Whether a scope was missing, a role or a setting: law 6 wants a record of it.
    if let Err(failure) = &answer
        && failure.status == 403
    {
        let operation = format!("{} {}", parts.method, address.template);
        let path = parts.uri.path();
        call.backend
            .refused(&operation, path, &failure.message)
            .await;
    }
    answer
}

/// What is asked for, by whom.
struct Asked<'a> {
    caller: &'a Caller,
    address: &'a Address,
    version: &'static str,
}

async fn answer(
    graph: &Graph,
    call: &Call,
    envelope: &Envelope,
    (parts, body): (&Parts, Body),
    asked: &Asked<'_>,
) -> Result<Reply> {
    let Asked {
        caller,
        address,
        version,
    } = *asked;
    permit(&parts.method, address, caller)?;
    if_match(&parts.headers)?;
    let asking = Asking {
        graph,
        caller,
        envelope,
        options: Options::parse(parts.uri.query().unwrap_or_default())?,
        path: parts.uri.path().to_owned(),
        version,
        backend: call.backend.as_ref(),
        consistency: header(&parts.headers, "consistencylevel").eq_ignore_ascii_case("eventual"),
        page_size: preferred(&parts.headers),
    };
    match parts.method {
        Method::GET => asking.get(address).await,
        Method::POST => asking.post(address, &parts.headers, body).await,
        Method::PATCH => asking.patch(address, &parts.headers, body).await,
        Method::DELETE => asking.remove(address).await,
        _ => Err(not_here(&parts.method, address)),
    }
}

fn schema() -> Reply {
    Reply {
        status: 200,
        content: Content::Xml(metadata::document()),
        location: None,
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
}

/// `Prefer: odata.maxpagesize=n`
fn preferred(headers: &HeaderMap) -> Option<usize> {
    let prefer = header(headers, "prefer").to_ascii_lowercase();
    let part = prefer
        .split([',', ';'])
        .find_map(|p| p.trim().strip_prefix("odata.maxpagesize="))?;
    part.trim().parse().ok()
}

/// No entity tag was ever issued here: only `*` can match (odata-conventions.md §2).
fn if_match(headers: &HeaderMap) -> Result<()> {
    match header(headers, "if-match").trim() {
        "" | "*" => Ok(()),
        tag => Err(Failure::new(
            412,
            "PreconditionFailed",
            format!("The entity tag '{tag}' was not issued by this server."),
        )),
    }
}

/// The scopes of the operation, or 405 where the original has no such operation.
fn permit(method: &Method, address: &Address, caller: &Caller) -> Result<()> {
    let template = match &address.target {
        // `DELETE …/$ref?@id=…` is another spelling of `DELETE …/{id}/$ref`.
        Target::References(_) if method == Method::DELETE => {
            address.template.replace("/$ref", "/{}/$ref")
        }
        _ => address.template.clone(),
    };
    let Some(operation) = operation::find(method.as_str(), &template) else {
        return Err(Failure::method());
    };
    if operation.permits(caller.kind(), &caller.held) {
        Ok(())
    } else {
        Err(Failure::forbidden(area(&address.target), ""))
    }
}

fn area(target: &Target) -> Area {
    let resource: &ResourceType = match target {
        Target::Metadata | Target::Function(..) => &DIRECTORY_OBJECT,
        Target::Collection(p)
        | Target::Count(p)
        | Target::References(p)
        | Target::Reference(p, _) => p.resource,
        Target::Object(o) | Target::Property(o, _) | Target::Action(o, _) => o.place.resource,
    };
    resource.area
}

/// 501 for an operation of the original that is not built, else 405.
fn not_here(method: &Method, address: &Address) -> Failure {
    let there = operation::operations(&address.template)
        .iter()
        .any(|o| o.method == method.as_str());
    if there {
        Failure::not_built(&format!("{method} {}", address.template))
    } else {
        Failure::method()
    }
}

fn creates(place: &Place) -> bool {
    let here = place.parent.as_ref().is_none_or(|p| p.navigation.contained);
    here && !place.cast && !place.resource.singleton && place.resource.takes(write::CREATE)
}

fn deletes(object: &Object) -> bool {
    let here = object
        .place
        .parent
        .as_ref()
        .is_none_or(|p| p.navigation.contained);
    here && object.place.resource.takes(write::DELETE)
}

impl Asking<'_> {
    pub(crate) fn backend(&self) -> &dyn Backend {
        self.backend
    }

    pub(crate) fn eventual(&self) -> bool {
        self.consistency
    }

    pub(crate) fn preferred_size(&self) -> Option<usize> {
        self.page_size
    }

    /// The collection a page token belongs to: the path, however it is spelled at its end.
    pub(crate) fn collection(&self) -> String {
        self.path.trim_end_matches('/').to_ascii_lowercase()
    }

    pub(crate) fn view(&self) -> View<'_> {
        View {
            metadata: self.envelope.metadata,
            root: &self.graph.root,
            tenant: self.caller.tenant,
        }
    }

    async fn get(&self, address: &Address) -> Result<Reply> {
        match &address.target {
            Target::Metadata => Ok(schema()),
            Target::Collection(place) => self.list(address, place).await,
            Target::Count(place) => self.count(place).await,
            Target::References(place) => self.references(address, place).await,
            Target::Object(object) => self.object(address, object).await,
            Target::Property(object, property) => self.property(object, property).await,
            Target::Function(function, argument) => self.function(function, argument).await,
            Target::Reference(..) | Target::Action(..) => Err(not_here(&Method::GET, address)),
        }
    }

    async fn post(&self, address: &Address, headers: &HeaderMap, body: Body) -> Result<Reply> {
        match &address.target {
            Target::Collection(place) if creates(place) => self.create(place, headers, body).await,
            Target::References(place) => self.add_reference(place, headers, body).await,
            Target::Action(object, action) => self.act(object, action, headers, body).await,
            _ => Err(not_here(&Method::POST, address)),
        }
    }

    async fn patch(&self, address: &Address, headers: &HeaderMap, body: Body) -> Result<Reply> {
        match &address.target {
            Target::Object(object)
                if object.place.parent.is_none() && object.place.resource.takes(write::UPDATE) =>
            {
                if header(headers, "prefer")
                    .to_ascii_lowercase()
                    .contains("create-if-missing")
                {
                    return Err(Failure::not_built("Prefer: create-if-missing"));
                }
                self.update(object, headers, body).await
            }
            _ => Err(not_here(&Method::PATCH, address)),
        }
    }

    async fn remove(&self, address: &Address) -> Result<Reply> {
        match &address.target {
            Target::Object(object) if deletes(object) => self.delete(object).await,
            Target::Reference(place, Key::Id(id)) => {
                self.options.only(&[])?;
                let id = parse_uuid(id).ok_or_else(|| Failure::object_identifier(id))?;
                self.remove_reference(place, Reference { resource: None, id })
                    .await
            }
            Target::References(place) => {
                self.options.only(&["@id"])?;
                let url = self.options.reference.as_deref();
                let url = url
                    .ok_or_else(|| Failure::invalid("Name the reference to remove with '@id'."))?;
                self.remove_reference(place, reference::parse(url)?).await
            }
            _ => Err(not_here(&Method::DELETE, address)),
        }
    }
}
