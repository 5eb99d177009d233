//! The dev world's mail at `https://portal…/dev/mail`: what would have been sent, newest first.

use std::{path::Path, path::PathBuf, sync::Arc};

use axum::{
    Router,
    extract::{Path as UrlPath, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use comity_app::App;
use comity_edge::{
    Csp, Site,
    context::context,
    page, refused,
    ui::{Trouble, When},
};
use comity_web::view;
use http::{HeaderValue, StatusCode, header, request::Parts};

use crate::mailer::folder::Written;

struct Mailbox {
    app: App,
    folder: PathBuf,
}

/// The pages of one cloud's mail.
pub fn router<S: Clone + Send + Sync + 'static>(app: &App, folder: &Path) -> Router<S> {
    let mailbox = Arc::new(Mailbox {
        app: app.clone(),
        folder: folder.to_owned(),
    });
    Router::new()
        .route("/dev/mail", get(list))
        .route("/dev/mail/{name}", get(message))
        .route("/dev/mail/{name}/html", get(html))
        .with_state(mailbox)
}

impl Mailbox {
    /// Messages of this cloud, newest first.
    fn all(&self) -> Vec<Written> {
        let Ok(folder) = std::fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let mut all: Vec<Written> = folder
            .flatten()
            .filter(|entry| entry.path().extension().is_some_and(|e| e == "json"))
            .filter_map(|entry| serde_json::from_slice(&std::fs::read(entry.path()).ok()?).ok())
            .filter(|written: &Written| written.cloud == self.app.registry().own.key)
            .collect();
        all.sort_by(|a, b| b.name.cmp(&a.name));
        all
    }

    fn find(&self, name: &str) -> Option<Written> {
        self.all().into_iter().find(|written| written.name == name)
    }

    fn site(&self) -> Site {
        Site {
            origin: self.app.registry().own.hosts.portal.clone(),
        }
    }

    fn frame(&self) -> comity_edge::ui::Page {
        page::page(&self.app, &self.site(), None, String::new())
    }

    fn no_such_page(&self, parts: &Parts) -> Response {
        let cx = context(&self.app, parts);
        refused::trouble(&cx, &self.site(), Trouble::NotFound, StatusCode::NOT_FOUND)
    }
}

async fn list(State(mailbox): State<Arc<Mailbox>>) -> Response {
    let rows: Vec<view::DevMailRow> = mailbox
        .all()
        .into_iter()
        .map(|written| view::DevMailRow {
            to: written.mail.to,
            subject: written.mail.subject,
            at: When::of(written.at),
            href: format!("/dev/mail/{}", written.name),
        })
        .collect();
    Csp::own().page(StatusCode::OK, view::dev_mail_list(&mailbox.frame(), &rows))
}

async fn message(
    State(mailbox): State<Arc<Mailbox>>,
    UrlPath(name): UrlPath<String>,
    parts: Parts,
) -> Response {
    let Some(written) = mailbox.find(&name) else {
        return mailbox.no_such_page(&parts);
    };
    let data = view::DevMail {
        from: format!("{} <{}>", written.mail.from_name, written.mail.from),
        to: written.mail.to,
        subject: written.mail.subject,
        at: When::of(written.at),
        text: written.mail.text,
        html: Some(format!("/dev/mail/{}/html", written.name)),
        list: "/dev/mail".to_owned(),
    };
    Csp::own().page(StatusCode::OK, view::dev_mail(&mailbox.frame(), &data))
}

/// The HTML part, under a policy of its own: inline styles, nothing else.
async fn html(
    State(mailbox): State<Arc<Mailbox>>,
    UrlPath(name): UrlPath<String>,
    parts: Parts,
) -> Response {
    let Some(written) = mailbox.find(&name) else {
        return mailbox.no_such_page(&parts);
    };
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'none'; require-trusted-types-for 'script'";
    let headers = [
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(policy),
        ),
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
    ];
    (headers, written.mail.html).into_response()
}
