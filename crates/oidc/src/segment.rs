//! The tenant in an address: GUID, verified domain, or an alias (clients.md §3.1; security bar
//! S-27).

use comity_app::{Context, Error};
use comity_model::{id::Id, name::DomainName, tenant::Tenant};

/// The first segment of an endpoint's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Segment {
    /// A tenant that exists, or (for a GUID) may.
    Tenant(Id<Tenant>),
    /// `common` or `organizations`: the person says.
    Alias(&'static str),
}

/// Why a segment names no tenant.
#[derive(Debug)]
pub(crate) enum NoTenant {
    /// Neither a GUID nor a domain (900023).
    Malformed,
    /// Not one of this cloud (90002).
    Unknown,
    Failed(Error),
}

impl NoTenant {
    /// The directory's number.
    pub(crate) const fn number(&self) -> u32 {
        match self {
            Self::Malformed => 900_023,
            Self::Unknown | Self::Failed(_) => 90_002,
        }
    }

    /// What to do.
    pub(crate) const fn message(&self) -> &'static str {
        match self {
            Self::Malformed => {
                "the organization in the address is neither a GUID with dashes nor a domain"
            }
            Self::Unknown | Self::Failed(_) => {
                "the organization in the address is not one of this cloud: check the ID or domain, and the cloud"
            }
        }
    }
}

impl Segment {
    /// Reads a segment and makes sure that the tenant exists.
    pub(crate) async fn resolve(cx: &Context, text: &str) -> Result<Self, NoTenant> {
        let segment = Self::named(cx, text).await?;
        let Self::Tenant(id) = segment else {
            return Ok(segment);
        };
        match cx.app.snapshots().get(cx, id).await {
            Ok(_) => Ok(segment),
            Err(Error::NotFound) => Err(NoTenant::Unknown),
            Err(error) => Err(NoTenant::Failed(error)),
        }
    }

    /// Reads a segment; whether there is a tenant with a GUID is left to the use case, which asks
    /// for it anyway.
    pub(crate) async fn named(cx: &Context, text: &str) -> Result<Self, NoTenant> {
        if let Some(alias) = ["common", "organizations"]
            .into_iter()
            .find(|a| text.eq_ignore_ascii_case(a))
        {
            return Ok(Self::Alias(alias));
        }
        if let Some(id) = Id::parse(text) {
            return Ok(Self::Tenant(id));
        }
        let domain = DomainName::parse(text).map_err(|_| NoTenant::Malformed)?;
        let found = cx
            .app
            .store()
            .read()
            .cloud()
            .find_tenant_by_domain(domain.as_str())
            .await;
        match found {
            Ok(Some(tenant)) => Ok(Self::Tenant(tenant.id)),
            Ok(None) => Err(NoTenant::Unknown),
            Err(error) => Err(NoTenant::Failed(error.into())),
        }
    }

    /// The tenant, if one is named.
    pub(crate) const fn tenant(self) -> Option<Id<Tenant>> {
        match self {
            Self::Tenant(id) => Some(id),
            Self::Alias(_) => None,
        }
    }
}
