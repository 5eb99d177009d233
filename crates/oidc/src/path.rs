//! Addresses as clients write them: doubled and last slashes, upper case in the fixed segments
//! (clients.md §3.1). The tenant and what follows it keep their spelling.

use axum::{Router, body::Body, extract::Request};
use http::{Uri, uri::PathAndQuery};
use tower::ServiceExt as _;

/// The fixed segments of our endpoints.
const FIXED: [&str; 15] = [
    "oauth2",
    "v2.0",
    "authorize",
    "token",
    "logout",
    "par",
    ".well-known",
    "openid-configuration",
    "openid-federation",
    "discovery",
    "keys",
    "instance",
    "userrealm",
    "federation",
    "oidc",
];

/// A site whose requests are routed by their plain address.
pub fn normalise(site: Router) -> Router {
    Router::new().fallback(move |request: Request<Body>| {
        let site = site.clone();
        async move {
            let answer = site.oneshot(plain(request)).await;
            answer.unwrap_or_else(|never| match never {})
        }
    })
}

fn plain(mut request: Request<Body>) -> Request<Body> {
    if let Some(path) = rewritten(request.uri().path()) {
        let query = request
            .uri()
            .query()
            .map(|q| format!("?{q}"))
            .unwrap_or_default();
        let mut parts = request.uri().clone().into_parts();
        if let Ok(target) = format!("{path}{query}").parse::<PathAndQuery>() {
            parts.path_and_query = Some(target);
            if let Ok(uri) = Uri::from_parts(parts) {
                *request.uri_mut() = uri;
            }
        }
    }
    request
}

/// The plain form of a path, if it is another one.
fn rewritten(path: &str) -> Option<String> {
    let segments = path.split('/').filter(|s| !s.is_empty());
    let fixed = |segment: &str| FIXED.into_iter().find(|f| f.eq_ignore_ascii_case(segment));
    let segments: Vec<&str> = segments.map(|s| fixed(s).unwrap_or(s)).collect();
    let plain = format!("/{}", segments.join("/"));
    (plain != path).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::rewritten;

    #[test]
    fn addresses_of_odd_clients() {
        let rows = [
            ("/contoso.com/oauth2/v2.0/token", None),
            (
                "//contoso.com//oauth2/v2.0/token",
                Some("/contoso.com/oauth2/v2.0/token"),
            ),
            (
                "/contoso.com/OAuth2/V2.0/Token/",
                Some("/contoso.com/oauth2/v2.0/token"),
            ),
            (
                "/common/UserRealm/Nora@northwind.us",
                Some("/common/userrealm/Nora@northwind.us"),
            ),
            ("/Contoso.com/v2.0/.well-known/openid-configuration", None),
            ("/", None),
            ("//", Some("/")),
            ("/signin/12", None),
        ];
        for (path, expected) in rows {
            assert_eq!(rewritten(path).as_deref(), expected, "{path}");
        }
    }
}
