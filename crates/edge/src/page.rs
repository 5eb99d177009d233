//! What every page needs, from the registry and the tenant's snapshot.

use comity_app::{App, Context, snapshot::Snapshot};
use comity_model::{cloud::CloudEntry, federation::HomeTenant};

use crate::{
    context::{Site, host_of},
    ui::{self, asset_url},
};

/// A cloud, with the host that the page talks about.
pub fn cloud(entry: &CloudEntry, origin: &str) -> ui::Cloud {
    ui::Cloud {
        key: entry.key.clone(),
        name: entry.name.clone(),
        hue: entry.hue,
        host: host_of(origin).to_owned(),
    }
}

/// The frame of a page of this cloud.
pub fn page(app: &App, site: &Site, snapshot: Option<&Snapshot>, form_token: String) -> ui::Page {
    ui::Page {
        cloud: cloud(&app.registry().own, &site.origin),
        tenant: snapshot.map(|s| tenant(app, s)),
        form_token,
        links: Vec::new(),
    }
}

/// The tenant whose branding a page carries.
pub fn tenant(app: &App, snapshot: &Snapshot) -> ui::Tenant {
    ui::Tenant {
        name: snapshot.tenant.display_name.clone(),
        logo: branding(app, snapshot, "svg"),
        stylesheet: branding(app, snapshot, "css"),
    }
}

/// The organisation of a snapshot, on its login host.
pub fn org(app: &App, snapshot: &Snapshot) -> ui::Org {
    ui::Org {
        name: snapshot.tenant.display_name.clone(),
        logo: branding(app, snapshot, "svg"),
        cloud: cloud(&app.registry().own, &app.registry().own.hosts.login),
    }
}

/// Another organisation as this tenant knows it: its name is that of the own partner object, or,
/// in the same cloud, the name it gave itself.
pub async fn other_org(cx: &Context, own: &Snapshot, other: &HomeTenant) -> ui::Org {
    let registry = cx.app.registry();
    if other.cloud == registry.own.canonical_name
        && let Ok(snapshot) = cx.app.snapshots().get(cx, other.tenant).await
    {
        return org(&cx.app, &snapshot);
    }
    let entry = registry.find(&other.cloud).unwrap_or(&registry.own);
    let name = own
        .partner_name(other)
        .map_or_else(|| other.tenant.to_string(), str::to_owned);
    ui::Org {
        name,
        logo: None,
        cloud: cloud(entry, &entry.hosts.login),
    }
}

/// The dev world's organisations bring a logo and a style sheet of their name.
fn branding(app: &App, snapshot: &Snapshot, ending: &str) -> Option<String> {
    if !app.settings().dev_world {
        return None;
    }
    let label = snapshot.tenant.initial_domain.split('.').next()?;
    let path = asset_url(&format!("{label}.{ending}"));
    (path != "#").then(|| path.to_owned())
}
