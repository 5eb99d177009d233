//! Forged requests (security bars V-12, S-69; sessions.md): every write carries the form token and
//! comes from the page's own origin.
//!
//! The cookie holds the secret half, the form its hash, so that a page never shows the cookie.

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts as _},
    response::Response,
};
use comity_app::{App, Context, context::hash_bearer};
use comity_oauth::params::{MAX_LENGTH, Params, ParamsError};
use http::{HeaderMap, Request, StatusCode, header};

use crate::{
    chain::Chain,
    context::{Site, context},
    cookie::{Cookies, SetCookie},
    refused,
    ui::{FORM_TOKEN, Trouble},
};

/// The token for the forms of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormToken {
    pub value: String,
    /// To be set with the page, if the browser had none.
    pub cookie: Option<SetCookie>,
}

impl FormToken {
    /// The token of this browser, new if it has none.
    pub fn of(cx: &Context, cookies: &Cookies) -> Self {
        if let Some(secret) = cookies.form() {
            return Self {
                value: token(secret),
                cookie: None,
            };
        }
        let (secret, _) = cx.new_bearer();
        Self {
            value: token(&secret),
            cookie: Some(SetCookie::form(&secret)),
        }
    }

    /// A page with the cookie, if it is new.
    pub fn with(self, mut response: Response) -> Response {
        if let Some(cookie) = &self.cookie {
            cookie.add_to(response.headers_mut());
        }
        response
    }
}

fn token(secret: &str) -> String {
    let hash = hash_bearer(&format!("form token of {secret}"));
    format!("{:032x}{:032x}", half(&hash.0, 0), half(&hash.0, 16))
}

fn half(hash: &[u8; 32], from: usize) -> u128 {
    hash.iter()
        .skip(from)
        .take(16)
        .fold(0, |sum, byte| sum << 8 | u128::from(*byte))
}

/// A form that was sent by a page of ours in this browser.
pub struct Submitted {
    pub cx: Context,
    pub site: Site,
    pub cookies: Cookies,
    pub params: Params,
    /// How the answer may leave.
    pub chain: Chain,
}

impl Submitted {
    /// The one value of a field; one that comes twice is absent.
    pub fn field(&self, name: &'static str) -> Option<&str> {
        self.params.one(name).ok().flatten()
    }
}

impl FromRequest<App> for Submitted {
    type Rejection = Response;

    async fn from_request(request: Request<Body>, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let cx = context(app, &parts);
        let Ok(site) = Site::from_request_parts(&mut parts, app).await;
        let cookies = Cookies::of(&parts.headers);
        let chain = Chain::of(&parts.headers);
        let stale = |status| refused::trouble(&cx, &site, Trouble::StaleForm, status);
        if !is_own_origin(&parts.headers, &site.origin) || !is_form(&parts.headers) {
            return Err(stale(StatusCode::FORBIDDEN));
        }
        let body = axum::body::to_bytes(body, MAX_LENGTH).await;
        let body = body.map_err(|_| stale(StatusCode::PAYLOAD_TOO_LARGE))?;
        let params = Params::parse(&body).map_err(|fault| match fault {
            ParamsError::TooLarge => stale(StatusCode::PAYLOAD_TOO_LARGE),
            fault => refused::unreadable(&cx, &site, &fault),
        })?;
        let given = params.one(FORM_TOKEN).ok().flatten();
        if !is_token(cookies.form(), given) {
            return Err(stale(StatusCode::FORBIDDEN));
        }
        Ok(Self {
            cx,
            site,
            cookies,
            params,
            chain,
        })
    }
}

fn is_token(secret: Option<&str>, given: Option<&str>) -> bool {
    // Hashes are compared, so that the time tells nothing about the token.
    matches!((secret, given), (Some(secret), Some(given)) if hash_bearer(&token(secret)) == hash_bearer(given))
}

/// Whether a request was made by a page of this origin, as far as the browser says.
///
/// 1. `Sec-Fetch-Site`, where it comes, says `same-origin`.
/// 2. `Origin`, where it comes, is ours; `null` is nobody's.
/// 3. Without `Origin`, `Sec-Fetch-Site` or a `Referer` of ours must speak for it.
pub fn is_own_origin(headers: &HeaderMap, own: &str) -> bool {
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or(""));
    let site = text("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin") {
        return false;
    }
    match (text("origin"), site, text("referer")) {
        (Some(origin), ..) => origin == own,
        (None, Some(_), _) => true,
        (None, None, Some(referer)) => referer
            .strip_prefix(own)
            .is_some_and(|rest| rest.starts_with('/')),
        (None, None, None) => false,
    }
}

/// Whether the body says it is a form.
pub fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests {
    use super::{is_own_origin, is_token, token};
    use http::{HeaderMap, HeaderName, HeaderValue};

    const OWN: &str = "https://login.global.localhost:8443";

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
            .collect()
    }

    #[test]
    fn v12_only_pages_of_this_origin_may_write() {
        let rows: [(&[(&'static str, &'static str)], bool); 12] = [
            (&[("origin", OWN)], true),
            (&[("origin", OWN), ("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (
                &[("referer", "https://login.global.localhost:8443/signin/1")],
                true,
            ),
            (&[], false),
            (&[("origin", "null")], false),
            (&[("origin", "https://evil.example")], false),
            (
                &[("origin", "https://login.global.localhost:8443.evil.example")],
                false,
            ),
            (&[("origin", OWN), ("sec-fetch-site", "cross-site")], false),
            (&[("origin", OWN), ("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "none")], false),
            (
                &[(
                    "referer",
                    "https://login.global.localhost:8443.evil.example/",
                )],
                false,
            ),
        ];
        for (pairs, expected) in rows {
            assert_eq!(is_own_origin(&headers(pairs), OWN), expected, "{pairs:?}");
        }
    }

    #[test]
    fn s69_the_token_belongs_to_one_browser() {
        assert!(is_token(Some("secret"), Some(&token("secret"))));
        assert!(!is_token(Some("other"), Some(&token("secret"))));
        assert!(!is_token(None, Some(&token("secret"))));
        assert!(!is_token(Some("secret"), None));
        assert!(
            !is_token(Some("secret"), Some("secret")),
            "the cookie itself is no token"
        );
    }
}
