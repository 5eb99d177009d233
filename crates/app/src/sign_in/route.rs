//! Where a typed name leads (cross-cloud-federation.md §5.4): by its domain, never by whether such
//! a user or guest exists.

use comity_model::{
    federation::HomeTenant,
    id::Id,
    name::{DomainName, Upn},
    sign_in::Subject,
    tenant::Tenant,
};

use crate::{
    context::Context,
    error::{Error, Result},
    rate::{self, Kind},
    snapshot::Snapshot,
};

/// Where a name leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// An account of that tenant of this cloud; its subject is looked up afterwards.
    Own(Id<Tenant>),
    /// A person of another tenant, seen from the tenant signed in to.
    External(HomeTenant),
}

/// Routes a typed name from a tenant, or from the common endpoint.
pub async fn route(cx: &Context, tenant: Option<&Snapshot>, name: &Upn) -> Result<Route> {
    route_domain(cx, tenant, &name.domain()).await
}

/// Routes by a domain alone.
pub(super) async fn route_domain(
    cx: &Context,
    tenant: Option<&Snapshot>,
    domain: &str,
) -> Result<Route> {
    let owner = cx
        .app
        .store()
        .read()
        .cloud()
        .find_tenant_by_domain(domain)
        .await?
        .map(|t| t.id);
    match (tenant, owner) {
        (Some(snapshot), Some(owner)) if owner == snapshot.tenant.id => Ok(Route::Own(owner)),
        (None, Some(owner)) => Ok(Route::Own(owner)),
        (Some(_), Some(owner)) => Ok(Route::External(HomeTenant {
            cloud: cx.app.registry().own.canonical_name.clone(),
            tenant: owner,
        })),
        (Some(snapshot), None) => partner_of_domain(snapshot, domain),
        (None, None) => Err(Error::invalid(
            "username",
            "No organization of this cloud has that domain. If you were invited by one, choose Sign-in options, \
             then Sign in to an organization, and enter its domain.",
        )),
    }
}

/// The one partner of another cloud whose published domains hold the name's domain.
fn partner_of_domain(snapshot: &Snapshot, domain: &str) -> Result<Route> {
    let mut partners = snapshot
        .partners
        .values()
        .filter(|p| p.domains.iter().any(|d| d == domain));
    match (partners.next(), partners.next()) {
        (Some(partner), None) => Ok(Route::External(HomeTenant {
            cloud: partner.cloud.clone(),
            tenant: partner.tenant,
        })),
        (Some(_), Some(_)) => Err(Error::invalid(
            "username",
            "More than one organization uses that domain. Open the link in your invitation instead.",
        )),
        (None, _) => Err(Error::invalid(
            "username",
            format!(
                "{} does not know an organization with that domain. Check the spelling of the user name.",
                snapshot.tenant.display_name
            ),
        )),
    }
}

/// The subject of a routed name.
pub(super) async fn subject(cx: &Context, route: &Route, name: &Upn) -> Result<Subject> {
    Ok(match route {
        Route::Own(tenant) => {
            let user = cx
                .app
                .store()
                .read()
                .tenant(*tenant)
                .users()
                .find_by_upn(name)
                .await?;
            // A guest's own object has no password here; its name leads nowhere but its home.
            Subject::Local {
                user: user
                    .filter(comity_model::user::User::is_local)
                    .map(|u| u.id),
            }
        }
        Route::External(home) => Subject::External {
            home: home.clone(),
            expected: None,
        },
    })
}

/// *Sign in to an organization*: a domain of this cloud, or a tenant ID.
pub async fn find_organization(cx: &Context, text: &str) -> Result<Id<Tenant>> {
    rate::take(cx, Kind::Name)?;
    let text = text.trim();
    let found = match Id::parse(text) {
        Some(id) => cx
            .app
            .store()
            .read()
            .cloud()
            .find_tenant(id)
            .await?
            .map(|t| t.id),
        None => match DomainName::parse(text) {
            Ok(domain) => cx
                .app
                .store()
                .read()
                .cloud()
                .find_tenant_by_domain(domain.as_str())
                .await?
                .map(|t| t.id),
            Err(_) => None,
        },
    };
    found.ok_or_else(|| {
        Error::invalid(
            "organization",
            "No organization of this cloud has that domain or tenant ID. Check the spelling, or ask the person who invited you.",
        )
    })
}
