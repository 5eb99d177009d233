//! A browser without scripts: cookies, redirects, forms, links, and the headers that a browser adds.
//!
//! `Origin`, `Referer` and `Sec-Fetch-*` follow the Fetch standard (§3.1, §3.2.5, Fetch Metadata), because a
//! server's defence against forged requests reads them. The one script our pages rely on, the one that sends a
//! `form_post` answer, is played by the browser itself.

use anyhow::{Context as _, Result, bail, ensure};
use http::{HeaderName, Method, StatusCode, header};
use url::Url;

use crate::client::{Answer, Ask, Client, excerpt, shown};
use crate::cookie::Jar;
use crate::form::{self, Edits, Submission};
use crate::markup::{Html, Node};
use crate::options::Clock;

const MOST_REDIRECTS: usize = 30;
const FORM_POST: &str = "form-post";

#[derive(Clone)]
pub struct Browser {
    client: Client,
    clock: Clock,
    jar: Jar,
    page: Option<Page>,
    edits: Edits,
    away: Option<Url>,
    stop_at: Option<String>,
}

/// What the browser shows.
#[derive(Debug, Clone)]
pub struct Page {
    pub url: Url,
    pub status: StatusCode,
    pub html: Html,
    referrer_policy: String,
    body: String,
}

impl Page {
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    pub fn text_of(&self, id: &str) -> Option<String> {
        self.html.by_id(id).map(Node::text)
    }

    /// The first link whose words are, or begin with, `words`.
    pub fn link_named(&self, words: &str) -> Option<Node<'_>> {
        self.html.nodes().find(|node| {
            node.tag() == "a"
                && node.has("href")
                && node
                    .text()
                    .to_lowercase()
                    .starts_with(&words.to_lowercase())
        })
    }

    /// For messages: where we are and what is written there.
    pub fn describe(&self) -> String {
        let mut parts = vec![
            format!("status {} at {}", self.status.as_u16(), shown(&self.url)),
            format!("title `{}`", self.html.title()),
        ];
        for id in ["error-code", "error-message", "correlation-id"] {
            if let Some(text) = self.text_of(id) {
                parts.push(format!("{id} `{text}`"));
            }
        }
        let words = self.html.text();
        let body = if words.is_empty() {
            excerpt(&self.body)
        } else {
            excerpt(&words)
        };
        parts.push(format!("it says `{body}`"));
        parts.join(", ")
    }
}

/// A navigation: what to fetch, and from which page it was started.
struct Visit {
    method: Method,
    url: Url,
    fields: Vec<(String, String)>,
    from: Option<Start>,
}

struct Start {
    url: Url,
    referrer_policy: String,
}

/// `Sec-Fetch-Site`; a chain of redirects keeps the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Relation {
    SameOrigin,
    SameSite,
    CrossSite,
}

impl Browser {
    pub fn new(client: Client, clock: Clock) -> Self {
        Self {
            client,
            clock,
            jar: Jar::default(),
            page: None,
            edits: Edits::new(),
            away: None,
            stop_at: None,
        }
    }

    /// Names an origin at which nobody listens: a redirect there ends the navigation (a script's redirect URI).
    pub fn stop_at(&mut self, origin: Option<String>) {
        self.stop_at = origin;
    }

    pub fn page(&self) -> Result<&Page> {
        match (&self.page, &self.away) {
            (Some(page), _) => Ok(page),
            (None, Some(away)) => bail!("the browser was sent away to {}", shown(away)),
            (None, None) => bail!("the browser shows no page"),
        }
    }

    /// The redirect that [`Browser::stop_at`] ended.
    pub fn away(&self) -> Option<&Url> {
        self.away.as_ref()
    }

    pub fn jar(&self) -> &Jar {
        &self.jar
    }

    /// Types an address.
    pub async fn open(&mut self, url: &str) -> Result<()> {
        let url = Url::parse(url).with_context(|| format!("`{url}` is not an address"))?;
        self.visit(Visit {
            method: Method::GET,
            url,
            fields: Vec::new(),
            from: None,
        })
        .await
    }

    /// Types into a field; the selector is `#id`.
    pub fn fill(&mut self, selector: &str, text: &str) -> Result<()> {
        let at = self.find(selector)?;
        self.edits.insert(at, text.to_owned());
        Ok(())
    }

    pub async fn submit(&mut self, selector: &str) -> Result<()> {
        let at = self.find(selector)?;
        self.press(at).await
    }

    pub async fn link(&mut self, selector: &str) -> Result<()> {
        self.submit(selector).await
    }

    /// Follows a link or presses a button, by its place in the page.
    pub async fn press(&mut self, at: usize) -> Result<()> {
        let page = self.page()?;
        let node = page.html.node(at).context("the page has no such element")?;
        let visit = match (node.tag(), node.attribute("href")) {
            ("a", Some(href)) => {
                let url = page
                    .url
                    .join(href)
                    .with_context(|| format!("`{href}` is no address"))?;
                Visit {
                    method: Method::GET,
                    url,
                    fields: Vec::new(),
                    from: Some(page.start()),
                }
            }
            ("button" | "input", _) => {
                form::submission(&page.url, &page.html, node, &self.edits)?.visit(page)
            }
            (tag, _) => bail!("`{tag}` can be neither followed nor pressed"),
        };
        self.visit(visit).await
    }

    fn find(&self, selector: &str) -> Result<usize> {
        let id = selector
            .strip_prefix('#')
            .with_context(|| format!("`{selector}` is no `#id`"))?;
        let page = self.page()?;
        match page.html.by_id(id) {
            Some(node) => Ok(node.at()),
            None => bail!("the page has no `{selector}`: {}", page.describe()),
        }
    }

    async fn visit(&mut self, visit: Visit) -> Result<()> {
        let mut next = Some(visit);
        // A page that sends itself on leads to another visit; ours do so at most a few times in a row.
        for _ in 0..8 {
            let Some(visit) = next.take() else {
                return Ok(());
            };
            self.load(visit).await?;
            next = self.page.as_ref().and_then(self_sending);
        }
        bail!("the pages send one another on without end")
    }

    /// One navigation with its redirects.
    async fn load(&mut self, visit: Visit) -> Result<()> {
        let Visit {
            mut method,
            mut url,
            mut fields,
            from,
        } = visit;
        self.edits.clear();
        self.away = None;
        let mut site = from.as_ref().map(|start| relation(&start.url, &url));
        for _ in 0..MOST_REDIRECTS {
            let ask = self.ask(&method, &url, &fields, from.as_ref().zip(site))?;
            let answer = self.client.send(ask).await?;
            self.keep_cookies(&url, &answer);
            let Some(target) = redirect(&url, &answer)? else {
                self.page = Some(Page::new(url, &answer));
                return Ok(());
            };
            if self.stop_at.as_deref() == Some(target.origin().ascii_serialization().as_str()) {
                self.page = None;
                self.away = Some(target);
                return Ok(());
            }
            if !matches!(answer.status.as_u16(), 307 | 308) {
                method = Method::GET;
                fields.clear();
            }
            if let (Some(start), Some(worst)) = (&from, site) {
                site = Some(worst.max(relation(&start.url, &target)));
            }
            url = target;
        }
        bail!(
            "more than {MOST_REDIRECTS} redirects, the last to {}",
            shown(&url)
        )
    }

    fn ask(
        &self,
        method: &Method,
        url: &Url,
        fields: &[(String, String)],
        from: Option<(&Start, Relation)>,
    ) -> Result<Ask> {
        let mut ask = Ask::new(method.clone(), url.clone())
            .header(
                header::ACCEPT,
                "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
            )?
            .header(header::ACCEPT_LANGUAGE, "en")?
            .header(HeaderName::from_static("sec-fetch-mode"), "navigate")?
            .header(HeaderName::from_static("sec-fetch-dest"), "document")?
            .header(HeaderName::from_static("sec-fetch-user"), "?1")?;
        if *method == Method::POST {
            let fields: Vec<(&str, &str)> = fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            ask = ask.form(&fields);
        }
        let site = match from {
            None => "none",
            Some((_, Relation::SameOrigin)) => "same-origin",
            Some((_, Relation::SameSite)) => "same-site",
            Some((_, Relation::CrossSite)) => "cross-site",
        };
        ask = ask.header(HeaderName::from_static("sec-fetch-site"), site)?;
        if let Some((start, _)) = from {
            if let Some(referrer) = start.referrer(url) {
                ask = ask.header(header::REFERER, &referrer)?;
            }
            if *method == Method::POST {
                ask = ask.header(header::ORIGIN, &start.origin_for(url))?;
            }
        }
        if let Some(cookies) = self.jar.header(url, self.clock.now()) {
            ask = ask.header(header::COOKIE, &cookies)?;
        }
        Ok(ask)
    }

    fn keep_cookies(&mut self, url: &Url, answer: &Answer) {
        let now = self.clock.now();
        for value in answer.headers.get_all(header::SET_COOKIE) {
            if let Ok(text) = value.to_str() {
                // A browser drops what breaks the rules without a word; the server then misses it.
                let _ = self.jar.store(url, text, now);
            }
        }
    }
}

impl Page {
    fn new(url: Url, answer: &Answer) -> Self {
        let body = answer.text();
        let html = Html::parse(&body);
        let header = answer.header(&header::REFERRER_POLICY).unwrap_or_default();
        let referrer_policy = referrer_policy(&html, header);
        Self {
            url,
            status: answer.status,
            html,
            referrer_policy,
            body,
        }
    }

    fn start(&self) -> Start {
        Start {
            url: self.url.clone(),
            referrer_policy: self.referrer_policy.clone(),
        }
    }
}

impl Submission {
    fn visit(self, page: &Page) -> Visit {
        Visit {
            method: self.method,
            url: self.action,
            fields: self.fields,
            from: Some(page.start()),
        }
    }
}

/// The page of a `form_post` answer: its script presses the button as soon as it is shown. It is known by that
/// script, or by the id of its form.
fn self_sending(page: &Page) -> Option<Visit> {
    let html = &page.html;
    let form = html
        .by_id(FORM_POST)
        .filter(|node| node.tag() == "form")
        .or_else(|| {
            let named = |node: &Node<'_>| {
                node.tag() == "script"
                    && node
                        .attribute("src")
                        .is_some_and(|src| src.contains(FORM_POST))
            };
            html.nodes()
                .find(named)
                .and_then(|_| form::owner(html, html.by_id("submit")?))
        })?;
    form::scripted(&page.url, html, form)
        .ok()
        .map(|sent| sent.visit(page))
}

/// `<meta name="referrer">` beats the header (HTML standard §4.2.5.1); the last policy of a list counts.
fn referrer_policy(html: &Html, header: &str) -> String {
    let meta = html
        .nodes()
        .filter(|node| node.tag() == "meta" && node.attribute("name") == Some("referrer"))
        .filter_map(|node| node.attribute("content"))
        .last();
    let all = meta.unwrap_or(header);
    all.rsplit(',')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

impl Start {
    /// `Referer` under the page's policy; without one it is `strict-origin-when-cross-origin`.
    fn referrer(&self, to: &Url) -> Option<String> {
        let same = self.url.origin() == to.origin();
        let downgrade = self.url.scheme() == "https" && to.scheme() != "https";
        let origin = || Some(format!("{}/", self.url.origin().ascii_serialization()));
        let full = || {
            let mut url = self.url.clone();
            url.set_fragment(None);
            Some(url.to_string())
        };
        match self.referrer_policy.as_str() {
            "no-referrer" => None,
            "same-origin" => same.then(full).flatten(),
            "strict-origin" if downgrade => None,
            "origin" | "strict-origin" => origin(),
            "unsafe-url" => full(),
            "origin-when-cross-origin" => {
                if same {
                    full()
                } else {
                    origin()
                }
            }
            _ if downgrade => None,
            _ => {
                if same {
                    full()
                } else {
                    origin()
                }
            }
        }
    }

    /// `Origin` of a POST: `null` where the page's policy hides it.
    fn origin_for(&self, to: &Url) -> String {
        let same = self.url.origin() == to.origin();
        let downgrade = self.url.scheme() == "https" && to.scheme() != "https";
        let hidden = match self.referrer_policy.as_str() {
            "no-referrer" => true,
            "same-origin" => !same,
            "origin" | "unsafe-url" | "origin-when-cross-origin" => false,
            _ => downgrade,
        };
        if hidden {
            "null".to_owned()
        } else {
            self.url.origin().ascii_serialization()
        }
    }
}

fn redirect(url: &Url, answer: &Answer) -> Result<Option<Url>> {
    if !matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let target = answer
        .header(&header::LOCATION)
        .context("a redirect without `location`")?;
    ensure!(!target.is_empty(), "a redirect with an empty `location`");
    let mut target_url = url
        .join(target)
        .with_context(|| format!("`{target}` is no address"))?;
    if target_url.fragment().is_none() {
        target_url.set_fragment(url.fragment());
    }
    Ok(Some(target_url))
}

/// Two hosts are one site if the name below the public suffix (here the last label) is the same.
fn relation(from: &Url, to: &Url) -> Relation {
    let site = |url: &Url| {
        let host = url.host_str().unwrap_or_default();
        let mut labels: Vec<String> = host.rsplit('.').take(2).map(str::to_owned).collect();
        labels.push(url.scheme().to_owned());
        labels
    };
    if from.origin() == to.origin() {
        Relation::SameOrigin
    } else if site(from) == site(to) {
        Relation::SameSite
    } else {
        Relation::CrossSite
    }
}

#[cfg(test)]
pub(crate) mod tests;
