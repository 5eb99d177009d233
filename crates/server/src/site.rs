//! Which edge answers on which host of a cloud, and what the dev world adds.

pub mod dev_mail;
pub mod letter;
pub mod relying_party;

use std::{path::Path, path::PathBuf, sync::Arc};

use axum::{
    Router,
    extract::Path as UrlPath,
    middleware::from_fn,
    response::{IntoResponse as _, Response},
    routing::get,
};
use comity_app::{
    App,
    port::{Clock, Mailer, Random},
};
use comity_edge::ui;
use http::{StatusCode, header};

pub use letter::letter_writer;

use crate::{
    dev::seed::Seed,
    mailer::folder::FolderMailer,
    readiness::Readiness,
    request_log,
    router::{CloudSites, Limits, OtherSite, Sites},
};

/// What the dev world shows beside the product.
#[derive(Debug, Clone, Default)]
pub struct DevSites {
    /// Folder of written mail.
    pub mail: PathBuf,
    pub seeds: Vec<Seed>,
}

/// The sites of one cloud.
pub fn cloud_sites(app: &App, mail: Option<&Path>) -> CloudSites {
    let login = comity_oidc::login()
        .merge(comity_web::login())
        .merge(comity_oidc::federation())
        .with_state(app.clone());
    // Both lead to a router inside another; the one that finds the route notes it for the log.
    let noted = || from_fn(request_log::note_route);
    let login = comity_oidc::normalise(assets().merge(login).layer(noted()));
    let graph = comity_oidc::graph()
        .with_state(app.clone())
        .fallback_service(comity_graph::site(app).layer(noted()));
    let mut portal = assets().merge(comity_web::portal().with_state(app.clone()));
    if let Some(mail) = mail {
        portal = portal.merge(dev_mail::router(app, mail));
    }
    let myapps = assets().merge(comity_web::my_apps().with_state(app.clone()));
    CloudSites {
        hosts: app.registry().own.hosts.clone(),
        login,
        graph,
        portal,
        myapps,
        device: Router::new(),
    }
}

/// The router of a process that runs these clouds, as the dev world.
pub fn router(apps: &[App], dev: &DevSites) -> anyhow::Result<Router> {
    crate::router::router(
        sites(apps, Some(dev))?,
        Limits::default(),
        Readiness::ready_now(),
    )
}

/// All sites of a process.
pub fn sites(apps: &[App], dev: Option<&DevSites>) -> anyhow::Result<Sites> {
    let clouds = apps
        .iter()
        .map(|app| cloud_sites(app, dev.map(|d| d.mail.as_path())))
        .collect();
    let mut others: Vec<OtherSite> = Vec::new();
    if let Some(dev) = dev {
        for app in apps {
            let key = &app.registry().own.key;
            for seed in dev.seeds.iter().filter(|seed| seed.cloud == *key) {
                others.extend(relying_party::sites(app, seed)?);
            }
        }
    }
    Ok(Sites { clouds, others })
}

/// Style sheets, icons and the script of `form_post`, under addresses that change with them.
pub fn assets<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{*path}", get(asset))
}

async fn asset(UrlPath(path): UrlPath<String>) -> Response {
    match ui::asset(&format!("/assets/{path}")) {
        Some(asset) => {
            let headers = [
                (header::CONTENT_TYPE, asset.content_type.to_owned()),
                (
                    header::CACHE_CONTROL,
                    "public, max-age=31536000, immutable".to_owned(),
                ),
                (header::ETAG, asset.etag),
            ];
            (headers, asset.bytes.into_owned()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A mailer that writes to a folder; a folder that cannot be made shows with the first message.
pub fn folder_mailer(
    folder: &Path,
    cloud: &str,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> anyhow::Result<Arc<dyn Mailer>> {
    Ok(Arc::new(FolderMailer::new(folder, cloud, clock, random)?))
}
