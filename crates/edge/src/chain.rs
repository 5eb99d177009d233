//! How an answer leaves for an address that the page before it does not name (security bar V-68).
//!
//! 1. Browsers apply `form-action` to every redirect that follows a form, also to those that another
//!    party makes. Home does not learn which application waits behind the other cloud, so no list of
//!    its pages could be both narrow and right.
//! 2. A page of our own ends that chain: it goes on by itself, which is no form any more. So forms
//!    need to name only where we ourselves send the browser.
//! 3. Programs that follow redirects have no such rule, and do not go on by themselves from a page:
//!    they get 303. What tells a browser from them is `Sec-Fetch-Dest` together with the name that
//!    every browser begins with. It decides how the way on is written, nothing else.

use std::convert::Infallible;

use axum::{extract::FromRequestParts, response::Response};
use comity_app::App;
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use maud::html;

use crate::{
    context::Site,
    csp::Csp,
    outcome::see_other,
    page,
    ui::{self, Breadth, Foot, Sheet, Shell},
};

/// Whether redirects may follow a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// A browser loads a document: the chain ends with a page.
    Broken,
    /// Redirects are followed.
    Kept,
}

impl Chain {
    /// Rule 3.
    pub fn of(headers: &HeaderMap) -> Self {
        let is = |name: &str, start: &str| {
            let value = headers.get(name).and_then(|v| v.to_str().ok());
            value.is_some_and(|value| value.starts_with(start))
        };
        if is("sec-fetch-dest", "document") && is("user-agent", "Mozilla/") {
            Self::Broken
        } else {
            Self::Kept
        }
    }

    /// On to an address that is known to be right.
    pub fn go_on(self, app: &App, site: &Site, url: &str) -> Response {
        match (self, HeaderValue::from_str(&format!("0; url={url}"))) {
            (Self::Broken, Ok(refresh)) => {
                let mut response = going_on(app, site, url);
                response.headers_mut().insert(header::REFRESH, refresh);
                response
            }
            _ => see_other(url),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Chain {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

fn going_on(app: &App, site: &Site, url: &str) -> Response {
    let frame = page::page(app, site, None, String::new());
    let title = "One moment";
    let body = html! {
        div .sheet__body {
            div {
                h1 { (title) }
                p .sheet__lede { "You are being taken on. If nothing happens by itself, go on with the button." }
            }
            div .sheet__actions {
                a .button .button--primary #submit href=(ui::safe_href(url)) rel="noreferrer" { "Continue" }
            }
        }
    };
    let sheet = Sheet {
        breadth: Breadth::Narrow,
        journey: None,
        foot: Foot::Links,
    };
    let markup = ui::shell(
        &frame,
        Shell::sheet(title),
        &ui::sheet(&frame, sheet, &body),
    );
    Csp::own().page(StatusCode::OK, markup)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_document_of_a_browser_ends_the_chain() {
        let browser = "Mozilla/5.0 (X11; Linux x86_64)";
        for (dest, agent, chain) in [
            (None, browser, Chain::Kept),
            (Some("document"), browser, Chain::Broken),
            (Some("document"), "python-requests/2.32", Chain::Kept),
            (Some("iframe"), browser, Chain::Kept),
            (Some("empty"), browser, Chain::Kept),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("user-agent", HeaderValue::from_static(agent));
            if let Some(dest) = dest {
                headers.insert("sec-fetch-dest", HeaderValue::from_static(dest));
            }
            assert_eq!(Chain::of(&headers), chain, "{dest:?} {agent}");
        }
    }
}
