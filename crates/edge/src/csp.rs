//! The content security policy of a page (security bars V-10, V-68; design README, `form-action`).
//!
//! 1. Nothing runs or loads that is not a file of ours; nothing inline.
//! 2. Forms go to ourselves and to the origins that this request's answer may be redirected to,
//!    because browsers apply `form-action` along redirects.
//! 3. No page may be framed, except the answer of `prompt=none` by the application that asked.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use maud::Markup;

/// The policy of one page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Csp {
    forms: Vec<String>,
    script: bool,
    framed_by: Option<String>,
}

impl Csp {
    /// Forms go to ourselves only.
    pub fn own() -> Self {
        Self {
            forms: vec!["'self'".to_owned()],
            script: false,
            framed_by: None,
        }
    }

    /// The page that posts an answer to an application: there and nowhere else.
    pub fn form_post(redirect_uri: &str) -> Self {
        Self {
            forms: source(redirect_uri).into_iter().collect(),
            script: true,
            framed_by: None,
        }
    }

    /// Also lets answers of forms be redirected to the origin of this address.
    #[must_use]
    pub fn and_to(mut self, address: &str) -> Self {
        self.forms
            .extend(source(address).filter(|s| !self.forms.contains(s)));
        self
    }

    /// Lets the origin of this address frame the page, which draws nothing to act on.
    #[must_use]
    pub fn framed_by(mut self, address: &str) -> Self {
        self.framed_by = source(address);
        self
    }

    /// The header's value.
    pub fn to_header(&self) -> String {
        let none = || "'none'".to_owned();
        let forms = if self.forms.is_empty() {
            none()
        } else {
            self.forms.join(" ")
        };
        let frames = self.framed_by.clone().unwrap_or_else(none);
        let script = if self.script {
            "script-src 'self'; "
        } else {
            ""
        };
        format!(
            "default-src 'none'; {script}style-src 'self'; img-src 'self'; base-uri 'none'; form-action {forms}; \
             frame-ancestors {frames}; require-trusted-types-for 'script'"
        )
    }

    /// A page under this policy.
    pub fn page(&self, status: StatusCode, markup: Markup) -> Response {
        let mut response = (status, axum::response::Html(markup.into_string())).into_response();
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(&self.to_header()) {
            headers.insert(header::CONTENT_SECURITY_POLICY, value);
        }
        // Not `no-referrer`: with it a browser sends `Origin: null` with our own forms.
        headers.insert(
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// The source expression of an address: its origin, for loopback any port. Only characters that
/// an origin has can come out of it, so nothing can be added to the header.
fn source(address: &str) -> Option<String> {
    let origin = comity_oauth::redirect_uri::origin(address)?;
    if !comity_oauth::redirect_uri::is_loopback_http(address) {
        return Some(origin);
    }
    let host = ["http://localhost", "http://127.0.0.1", "http://[::1]"]
        .into_iter()
        .find(|h| origin.starts_with(h))?;
    Some(format!("{host}:*"))
}

#[cfg(test)]
mod tests {
    use super::Csp;

    #[test]
    fn v68_forms_go_to_the_one_origin_of_the_request() {
        let header = Csp::own().and_to("https://app.example/cb?x=1").to_header();
        assert!(
            header.contains("form-action 'self' https://app.example;"),
            "{header}"
        );
        let loopback = Csp::own().and_to("http://localhost:1234/").to_header();
        assert!(
            loopback.contains("form-action 'self' http://localhost:*;"),
            "{loopback}"
        );
        let post = Csp::form_post("https://app.example:8443/cb").to_header();
        assert!(
            post.contains("form-action https://app.example:8443;"),
            "{post}"
        );
    }

    #[test]
    fn v10_nothing_inline_nothing_framed_nothing_smuggled() {
        for csp in [
            Csp::own(),
            Csp::own().and_to("javascript:alert(1)"),
            Csp::own().and_to("not a url; script-src *"),
        ] {
            let header = csp.to_header();
            assert!(header.contains("form-action 'self';"), "{header}");
            assert!(header.contains("frame-ancestors 'none'"));
            assert!(header.starts_with("default-src 'none'; style-src 'self'"));
            assert!(
                !header.contains("unsafe") && !header.contains('*'),
                "{header}"
            );
        }
    }
}
