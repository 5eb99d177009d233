//! What a client asks for and what it gets: the resource, the scopes somebody granted
//! (RFC 6749 §3.3, RFC 8707; semantics §5.4).
//!
//! 1. A request is for one resource; without one it is Graph.
//! 2. Graph is named by its origin, with or without port and last slash, or by its application ID;
//!    another API by an identifier of its application, or by its ID.
//! 3. A client gets what was granted to it, not what it asks for; a missing grant is 65001.
//! 4. Clients that every tenant has are pre-authorized for Graph; effect = scope ∩ role.
//! 5. A client is granted itself.

use std::collections::BTreeSet;

use comity_model::{
    application::Application,
    cloud::Registry,
    federation::ApplicationPair,
    id::{Id, parse_uuid},
    user::User,
    well_known,
};
use comity_oauth::scope::{OidcScope, Scopes};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    graph_permission,
    judge::{self, OPENID_SCOPES, PRE_AUTHORIZED},
    snapshot::Snapshot,
    token::Refused,
};

/// The name of everything that is granted already.
pub const DEFAULT: &str = ".default";

/// An API as a request named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    pub app_id: Uuid,
    /// `aud` of its tokens: Graph as the client wrote it, another API by its ID.
    pub audience: String,
}

/// The names under which Graph is known as an audience.
pub fn graph_audiences(registry: &Registry) -> Vec<String> {
    let origin = &registry.own.hosts.graph;
    let mut names = vec![
        origin.clone(),
        format!("{origin}/"),
        well_known::GRAPH.to_string(),
    ];
    if let Some(bare) = without_port(origin) {
        names.extend([format!("{bare}/"), bare]);
    }
    names
}

fn without_port(origin: &str) -> Option<String> {
    let (host, port) = origin.rsplit_once(':')?;
    port.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| host.to_owned())
}

/// Rules 1 and 2.
pub fn resource(
    snapshot: &Snapshot,
    registry: &Registry,
    client: Uuid,
    named: Option<&str>,
) -> Result<Resource, Refused> {
    let found = match named {
        None => Resource {
            app_id: well_known::GRAPH,
            audience: registry.own.hosts.graph.clone(),
        },
        Some(name) => find(snapshot, registry, name).ok_or_else(|| {
            let name: String = name.chars().take(100).collect();
            Refused::new(
                "invalid_target",
                500_011,
                format!(
                    "the resource `{name}` is not known in `{}`",
                    snapshot.default_domain()
                ),
            )
        })?,
    };
    if found.app_id == client {
        return Ok(found);
    }
    match snapshot.service_principal(found.app_id) {
        Some(principal) if principal.account_enabled => Ok(found),
        Some(_) => Err(Refused::new(
            "invalid_target",
            500_014,
            "the resource is disabled in this organization",
        )),
        None => Err(Refused::new(
            "invalid_target",
            500_011,
            "the resource is not known in this organization",
        )),
    }
}

/// The resource of a request on the common endpoint, whose tenant nobody knows yet: Graph, or the
/// client itself.
pub fn resource_anywhere(
    registry: &Registry,
    client: Uuid,
    named: Option<&str>,
) -> Result<Resource, Refused> {
    let audience = match named {
        None => registry.own.hosts.graph.clone(),
        Some(name) if graph_audiences(registry).contains(&name.to_ascii_lowercase()) => {
            name.to_owned()
        }
        Some(name) if parse_uuid(name) == Some(client) => {
            return Ok(Resource {
                app_id: client,
                audience: client.to_string(),
            });
        }
        Some(_) => {
            return Err(Refused::new(
                "invalid_target",
                500_011,
                "only Graph can be asked for without an organization",
            ));
        }
    };
    Ok(Resource {
        app_id: well_known::GRAPH,
        audience,
    })
}

/// A scope that the resource does not offer, if one is among those asked.
pub fn unknown_scope<'n>(
    snapshot: Option<&Snapshot>,
    resource: &Resource,
    names: &'n [String],
) -> Option<&'n str> {
    let api = snapshot
        .and_then(|s| s.applications.get(&resource.app_id))
        .and_then(|a| a.properties.get("api"));
    let offered = api
        .and_then(|api| api.get("oauth2PermissionScopes"))
        .and_then(Value::as_array);
    let offers = |name: &str| {
        let mut values = offered
            .into_iter()
            .flatten()
            .filter_map(|s| s.get("value").and_then(Value::as_str));
        values.any(|value| value == name)
    };
    let known = |name: &str| {
        OPENID_SCOPES.contains(&name)
            || name == DEFAULT
            || (resource.app_id == well_known::GRAPH && graph_permission::is_delegated(name))
            || (resource.app_id != well_known::GRAPH && offers(name))
    };
    names.iter().map(String::as_str).find(|name| !known(name))
}

fn find(snapshot: &Snapshot, registry: &Registry, name: &str) -> Option<Resource> {
    let lower = name.to_ascii_lowercase();
    if graph_audiences(registry).contains(&lower) {
        return Some(Resource {
            app_id: well_known::GRAPH,
            audience: name.to_owned(),
        });
    }
    let bare = name
        .strip_prefix("api://")
        .unwrap_or(name)
        .trim_end_matches('/');
    let by_id = parse_uuid(bare).filter(|id| snapshot.service_principal(*id).is_some());
    let by_name = || {
        snapshot
            .applications
            .values()
            .find(|a| is_identifier(a, name))
            .map(|a| a.app_id)
    };
    let app_id = by_id.or_else(by_name)?;
    Some(Resource {
        app_id,
        audience: app_id.to_string(),
    })
}

fn is_identifier(application: &Application, name: &str) -> bool {
    let uris = application
        .properties
        .get("identifierUris")
        .and_then(Value::as_array);
    uris.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .any(|uri| uri == name)
}

/// The names of a request's scopes, OpenID's first, as they are kept with a grant.
pub fn names(scopes: &Scopes) -> Vec<String> {
    let oidc = scopes
        .oidc
        .iter()
        .filter(|s| !matches!(s, OidcScope::Address | OidcScope::Phone));
    let oidc = oidc.map(|s| s.as_str().to_owned());
    oidc.chain(scopes.requests.iter().map(|r| r.value.clone()))
        .collect()
}

/// Whether an OpenID scope was asked for.
pub fn asks(scopes: &[String], scope: OidcScope) -> bool {
    scopes.iter().any(|s| s == scope.as_str())
}

/// Rules 3 to 5: the scopes of an access token (`scp`) for a grant, as granted now.
pub fn effective(
    snapshot: &Snapshot,
    pair: ApplicationPair,
    asked: &[String],
    user: Option<Id<User>>,
) -> Vec<String> {
    let named: BTreeSet<&str> = asked
        .iter()
        .map(String::as_str)
        .filter(|s| !OPENID_SCOPES.contains(s))
        .collect();
    let mut scopes: BTreeSet<String> = if pair.client == pair.resource {
        own_scopes(snapshot, pair.client, &named)
    } else if pair.resource == well_known::GRAPH && PRE_AUTHORIZED.contains(&pair.client) {
        pre_authorized(&named)
    } else {
        let granted = judge::granted_scopes(snapshot, pair.client, pair.resource, user);
        granted.into_iter().map(str::to_owned).collect()
    };
    // What names the person is the client's by the sign-in itself, for Graph's userinfo.
    if pair.resource == well_known::GRAPH {
        let oidc = OPENID_SCOPES.iter().filter(|s| **s != "offline_access");
        scopes.extend(
            oidc.filter(|s| asked.iter().any(|a| a == **s))
                .map(|s| (*s).to_owned()),
        );
    }
    scopes.into_iter().collect()
}

fn pre_authorized(named: &BTreeSet<&str>) -> BTreeSet<String> {
    if named.contains(DEFAULT) {
        return graph_permission::delegated_names()
            .map(str::to_owned)
            .collect();
    }
    named
        .iter()
        .filter(|s| graph_permission::is_delegated(s))
        .map(|s| (*s).to_owned())
        .collect()
}

/// Rule 5: what the application itself offers.
fn own_scopes(snapshot: &Snapshot, app_id: Uuid, named: &BTreeSet<&str>) -> BTreeSet<String> {
    let api = snapshot
        .applications
        .get(&app_id)
        .and_then(|a| a.properties.get("api"));
    let offered = api
        .and_then(|api| api.get("oauth2PermissionScopes"))
        .and_then(Value::as_array);
    let offered = offered
        .into_iter()
        .flatten()
        .filter_map(|s| s.get("value").and_then(Value::as_str));
    offered
        .filter(|s| named.contains(DEFAULT) || named.contains(s))
        .map(str::to_owned)
        .collect()
}

/// The `scope` of a token response: what was granted, under the names a client may look for
/// (clients.md §3.5: caches are keyed by it).
pub fn response_scope(asked: &[String], effective: &[String], audience: &str) -> String {
    let is_oidc = |s: &&String| OPENID_SCOPES.contains(&s.as_str());
    let mut all: Vec<String> = asked
        .iter()
        .filter(is_oidc)
        .filter(|s| *s != "offline_access")
        .cloned()
        .collect();
    let default = asked.iter().any(|s| s == DEFAULT);
    let slash = if audience.ends_with('/') { "" } else { "/" };
    let resource: Vec<&String> = effective.iter().filter(|s| !is_oidc(s)).collect();
    if !default {
        all.extend(resource.iter().map(|s| (*s).clone()));
    }
    all.extend(resource.iter().map(|s| format!("{audience}{slash}{s}")));
    if default {
        all.push(format!("{audience}{slash}{DEFAULT}"));
    }
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::{pre_authorized, response_scope, without_port};

    fn list(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_client_finds_what_it_asked_for() {
        let scope = response_scope(
            &list("openid offline_access User.Read"),
            &list("User.Read openid"),
            "https://g",
        );
        assert_eq!(scope, "openid User.Read https://g/User.Read");
        let scope = response_scope(
            &list("openid .default"),
            &list("Group.Read.All User.Read openid"),
            "https://g/",
        );
        assert_eq!(
            scope,
            "openid https://g/Group.Read.All https://g/User.Read https://g/.default"
        );
    }

    #[test]
    fn a_pre_authorized_client_gets_what_exists() {
        let some = pre_authorized(&["User.Read", "Made.Up"].into());
        assert_eq!(some.into_iter().collect::<Vec<_>>(), ["User.Read"]);
        assert!(pre_authorized(&[".default"].into()).len() > 20);
        assert!(pre_authorized(&[].into()).is_empty());
    }

    #[test]
    fn only_a_port_is_cut() {
        assert_eq!(
            without_port("https://g.example:8443").as_deref(),
            Some("https://g.example")
        );
        assert_eq!(without_port("https://g.example"), None);
    }
}
