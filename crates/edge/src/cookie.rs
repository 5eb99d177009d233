//! The five cookies (sessions.md), all `__Host-`, `Secure`, `HttpOnly`, for the whole host
//! (security bars V-08, V-67).
//!
//! | cookie | life | site |
//! |---|---|---|
//! | `__Host-session` | the browser's, or 90 days | `None`, for hidden-frame single sign-on |
//! | `__Host-signin-{n}` | 10 minutes | `Lax` |
//! | `__Host-app` | like the session | `Lax` |
//! | `__Host-form` | the browser's | `Lax` |
//! | `__Host-link` | 10 minutes | `Lax` |

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    response::{IntoResponseParts, ResponseParts},
};
use comity_app::{Context, sign_in::SessionCookie};
use http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts};

const SESSION: &str = "__Host-session";
const SIGN_IN: &str = "__Host-signin-";
const APP: &str = "__Host-app";
const FORM: &str = "__Host-form";
const LINK: &str = "__Host-link";
/// A sign-in lives this long, and so does what a one-time link opened.
const SIGN_IN_SECONDS: i64 = 600;
/// More sign-ins under way than this in one browser: the others are forgotten.
const SIGN_INS: usize = 8;
/// The longest value that is looked at.
const LONGEST: usize = 512;

/// The cookies of a request that are ours.
#[derive(Debug, Clone, Default)]
pub struct Cookies(Vec<(String, String)>);

impl Cookies {
    /// Reads the `Cookie` headers. A name that comes twice is as if absent: no browser sends that.
    pub fn of(headers: &HeaderMap) -> Self {
        let texts = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|v| v.to_str().ok());
        let pairs = texts
            .flat_map(|text| text.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        let ours =
            pairs.filter(|(name, value)| name.starts_with("__Host-") && value.len() <= LONGEST);
        Self(
            ours.map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(n, _)| n == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) if !value.is_empty() => Some(value),
            _ => None,
        }
    }

    /// `__Host-session`.
    pub fn session(&self) -> Option<&str> {
        self.get(SESSION)
    }

    /// `__Host-app`.
    pub fn app(&self) -> Option<&str> {
        self.get(APP)
    }

    /// `__Host-form`.
    pub fn form(&self) -> Option<&str> {
        self.get(FORM)
    }

    /// `__Host-link`.
    pub fn link(&self) -> Option<&str> {
        self.get(LINK)
    }

    /// `__Host-signin-{n}`.
    pub fn sign_in(&self, n: u32) -> Option<&str> {
        self.get(&format!("{SIGN_IN}{n}"))
    }

    /// The numbers and values of all sign-ins under way.
    pub fn sign_ins(&self) -> impl Iterator<Item = (u32, &str)> {
        self.0.iter().filter_map(|(name, value)| {
            let number = name.strip_prefix(SIGN_IN)?;
            let n: u32 = number.parse().ok()?;
            (n.to_string() == number).then_some((n, value.as_str()))
        })
    }

    /// A number for a new sign-in, and the cookies to forget so that they stay few. Random, so that
    /// two tabs that begin at once do not take the same one.
    pub fn new_sign_in(&self, cx: &Context) -> (u32, Vec<SetCookie>) {
        let mut taken: Vec<u32> = self.sign_ins().map(|(n, _)| n).collect();
        let mut n = u32::from_be_bytes(cx.bytes()) % 1_000_000;
        while taken.contains(&n) {
            n += 1;
        }
        let surplus = taken.len().saturating_sub(SIGN_INS - 1);
        (
            n,
            taken
                .drain(..surplus)
                .map(SetCookie::forget_sign_in)
                .collect(),
        )
    }
}

/// Leaves nothing of a session in the browser: not its cookie, no sign-in under way, and nothing that a
/// page of this host keeps (security bar V-54).
pub fn leave_nothing(cookies: &Cookies, headers: &mut HeaderMap) {
    SetCookie::forget_session().add_to(headers);
    for (n, _) in cookies.sign_ins() {
        SetCookie::forget_sign_in(n).add_to(headers);
    }
    clear_site_data(headers);
}

/// Of what a browser keeps beside cookies. Not `"cookies"`: that reaches the other hosts of the same
/// domain, where sessions of their own end by their own sign-out.
pub fn clear_site_data(headers: &mut HeaderMap) {
    let storage = HeaderValue::from_static("\"storage\"");
    headers.insert(HeaderName::from_static("clear-site-data"), storage);
}

impl<S: Sync> FromRequestParts<S> for Cookies {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

/// A cookie that a response sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetCookie(String);

impl SetCookie {
    fn new(name: &str, value: &str, site: &str, max_age: Option<i64>) -> Self {
        let life = max_age
            .map(|age| format!("; Max-Age={age}"))
            .unwrap_or_default();
        Self(format!(
            "{name}={value}; Path=/; Secure; HttpOnly; SameSite={site}{life}"
        ))
    }

    /// The session.
    pub fn session(cookie: &SessionCookie) -> Self {
        Self::new(SESSION, &cookie.value, "None", cookie.max_age)
    }

    /// Ends the session.
    pub fn forget_session() -> Self {
        Self::new(SESSION, "", "None", Some(0))
    }

    /// A sign-in under way.
    pub fn sign_in(n: u32, value: &str) -> Self {
        Self::new(
            &format!("{SIGN_IN}{n}"),
            value,
            "Lax",
            Some(SIGN_IN_SECONDS),
        )
    }

    /// Ends a sign-in.
    pub fn forget_sign_in(n: u32) -> Self {
        Self::new(&format!("{SIGN_IN}{n}"), "", "Lax", Some(0))
    }

    /// The session of *My Apps* or the portal.
    pub fn app(value: &str, max_age: Option<i64>) -> Self {
        Self::new(APP, value, "Lax", max_age)
    }

    /// Ends the session of *My Apps* or the portal.
    pub fn forget_app() -> Self {
        Self::new(APP, "", "Lax", Some(0))
    }

    /// The form token's secret half.
    pub fn form(value: &str) -> Self {
        Self::new(FORM, value, "Lax", None)
    }

    /// What a one-time link carried, so that it need not stay in the address.
    pub fn link(value: &str) -> Self {
        Self::new(LINK, value, "Lax", Some(SIGN_IN_SECONDS))
    }

    /// Ends it.
    pub fn forget_link() -> Self {
        Self::new(LINK, "", "Lax", Some(0))
    }

    /// Adds the header.
    pub fn add_to(&self, headers: &mut HeaderMap) {
        // Names and values are ours: letters, digits, `-` and `_`.
        if let Ok(value) = HeaderValue::from_str(&self.0) {
            headers.append(header::SET_COOKIE, value);
        }
    }
}

impl IntoResponseParts for SetCookie {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        self.add_to(parts.headers_mut());
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies(text: &'static str) -> Cookies {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static(text));
        Cookies::of(&headers)
    }

    #[test]
    fn v08_every_cookie_is_bound_to_its_host() {
        let session = SessionCookie {
            value: "v".into(),
            max_age: None,
        };
        let all = [
            SetCookie::session(&session),
            SetCookie::forget_session(),
            SetCookie::sign_in(7, "v"),
            SetCookie::forget_sign_in(7),
            SetCookie::app("v", None),
            SetCookie::form("v"),
            SetCookie::link("v"),
            SetCookie::forget_link(),
        ];
        for SetCookie(text) in all {
            assert!(text.starts_with("__Host-"), "{text}");
            assert!(
                text.contains("; Path=/; Secure; HttpOnly; SameSite="),
                "{text}"
            );
            assert!(!text.contains("Domain"), "{text}");
        }
        assert!(SetCookie::session(&session).0.contains("SameSite=None"));
        assert!(
            SetCookie::sign_in(7, "v")
                .0
                .ends_with("SameSite=Lax; Max-Age=600")
        );
        assert!(
            !SetCookie::session(&session).0.contains("Max-Age"),
            "ends with the browser"
        );
    }

    #[test]
    fn what_a_browser_sends_is_read() {
        let c = cookies(
            "a=b; __Host-session=s; __Host-signin-12=x; __Host-signin-012=y; __Host-form=f",
        );
        assert_eq!(
            (c.session(), c.form(), c.app()),
            (Some("s"), Some("f"), None)
        );
        assert_eq!(c.sign_in(12), Some("x"));
        assert_eq!(c.sign_ins().collect::<Vec<_>>(), [(12, "x")]);
    }

    #[test]
    fn a_doubled_or_empty_cookie_is_none() {
        assert_eq!(
            cookies("__Host-session=a; __Host-session=b").session(),
            None
        );
        assert_eq!(cookies("__Host-session=").session(), None);
        assert_eq!(cookies("session=a").session(), None);
    }
}
