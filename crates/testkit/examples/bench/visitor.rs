//! A browser of few means, so that what is measured is the server: cookies by host, redirects one
//! at a time, forms through the page's own fields.

use std::collections::BTreeMap;

use anyhow::Context as _;
use axum::{Router, body::Body, body::Bytes};
use comity_demo::{form, markup::Html};
use comity_edge::peer::Peer;
use comity_testkit::World;
use http::{HeaderMap, Request, StatusCode, header, request::Builder};
use tower::ServiceExt as _;
use url::Url;

const FORM: &str = "application/x-www-form-urlencoded";

pub struct Visitor {
    router: Router,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
    pub requests: usize,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Visitor {
    pub fn new(world: &World) -> Self {
        Self {
            router: world.router.clone(),
            cookies: BTreeMap::new(),
            requests: 0,
        }
    }

    /// Takes over what a `Cookie` header holds for a host.
    pub fn keep(&mut self, url: &Url, cookies: &str) {
        for pair in cookies.split("; ") {
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies
                    .entry(host(url))
                    .or_default()
                    .insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// A form that no page holds: a program's request.
    pub async fn post(&mut self, url: &Url, fields: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self.request(url);
        self.send(url, with_form(request, body)?).await
    }

    /// Goes from redirect to redirect and presses the button of every page, until it is sent to
    /// `stop`.
    pub async fn walk(&mut self, url: Url, stop: &str) -> anyhow::Result<Url> {
        let (mut url, mut body) = (url, None);
        for _ in 0..20 {
            let request = match body.take() {
                None => self.request(&url).body(Body::empty())?,
                Some(body) => self.pressed(&url, body)?,
            };
            let answer = self.send(&url, request).await?;
            if let Some(location) = answer.headers.get(header::LOCATION) {
                url = url.join(location.to_str()?)?;
                if url.as_str().starts_with(stop) {
                    return Ok(url);
                }
                continue;
            }
            (url, body) = press(&url, &answer)?;
        }
        anyhow::bail!("the way does not end; it is at `{url}`")
    }

    async fn send(&mut self, url: &Url, request: Request<Body>) -> anyhow::Result<Answer> {
        self.requests += 1;
        let response = self.router.clone().oneshot(request).await?;
        let (parts, body) = response.into_parts();
        let jar = self.cookies.entry(host(url)).or_default();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str()?;
            let pair = text.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body: axum::body::to_bytes(body, 1 << 20).await?,
        })
    }

    /// A form of a page on the same host.
    fn pressed(&self, url: &Url, body: String) -> anyhow::Result<Request<Body>> {
        let request = self
            .request(url)
            .header(header::ORIGIN, url.origin().ascii_serialization())
            .header("sec-fetch-site", "same-origin");
        with_form(request, body)
    }

    fn request(&self, url: &Url) -> Builder {
        let authority = match url.port() {
            Some(port) => format!("{}:{port}", host(url)),
            None => host(url),
        };
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let mut request = Request::builder()
            .uri(target)
            .header(header::HOST, authority)
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
            .extension(Peer {
                address: std::net::Ipv4Addr::LOCALHOST.into(),
                server_name: None,
                client_certificate: None,
            });
        if let Some(jar) = self.cookies.get(&host(url)).filter(|jar| !jar.is_empty()) {
            let pairs: Vec<String> = jar.iter().map(|(n, v)| format!("{n}={v}")).collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        request
    }
}

fn with_form(request: Builder, body: String) -> anyhow::Result<Request<Body>> {
    Ok(request
        .method("POST")
        .header(header::CONTENT_TYPE, FORM)
        .body(Body::from(body))?)
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// What the page's button sends.
fn press(url: &Url, answer: &Answer) -> anyhow::Result<(Url, Option<String>)> {
    let html = Html::parse(&answer.text());
    let button = html
        .by_id("submit")
        .or_else(|| html.by_id("consent-accept"));
    let button =
        button.with_context(|| format!("`{url}` answers {}: `{}`", answer.status, html.text()))?;
    let sent = form::submission(url, &html, button, &form::Edits::new())?;
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&sent.fields)
        .finish();
    Ok((sent.action, Some(body)))
}
