//! OAuth clients: the applications of a tenant as they ask for codes and tokens, and how they prove
//! who they are (RFC 6749 §2.3, RFC 7523; security bars O-01, O-21).
//!
//! 1. A client is an application registered in the tenant with an enabled service principal, or one
//!    of the three that every tenant has (sessions.md).
//! 2. Its redirect URIs are compared exactly; only installed clients may vary a loopback port.
//! 3. A confidential client proves itself by a secret or by an assertion, a public one by neither.

mod certificate;
mod credential;

use comity_model::{
    application::{Application, Platform, SecurityProfile},
    cloud::Registry,
    id::parse_uuid,
    service_principal::ServicePrincipal,
    well_known,
};
use comity_oauth::{
    pkce::Requirement,
    redirect_uri::{self, Registered},
};
use uuid::Uuid;

pub(crate) use self::credential::{Level, Proof, authenticate};
use crate::{snapshot::Snapshot, token::Refused};

/// A client of a tenant, enabled there.
#[derive(Debug, Clone, Copy)]
pub struct Client<'s> {
    pub app_id: Uuid,
    pub principal: &'s ServicePrincipal,
    /// `None` for a client that every tenant has.
    registration: Option<&'s Application>,
}

/// The clients that every tenant has.
const FIRST_PARTY: [Uuid; 3] = [
    well_known::COMMAND_LINE,
    well_known::MY_APPS,
    well_known::PORTAL,
];

/// Where *My Apps* takes its codes.
pub fn my_apps_redirect(registry: &Registry) -> String {
    format!("{}/callback", registry.own.hosts.myapps)
}

/// Where the portal takes its codes.
pub fn portal_redirect(registry: &Registry) -> String {
    format!("{}/callback", registry.own.hosts.portal)
}

/// Whether an application is one of the three clients that every tenant has.
pub fn is_first_party(app_id: Uuid) -> bool {
    FIRST_PARTY.contains(&app_id)
}

impl<'s> Client<'s> {
    /// Rule 1.
    pub fn find(snapshot: &'s Snapshot, client_id: &str) -> Result<Self, Refused> {
        let unknown = || {
            let named: String = client_id.chars().take(64).collect();
            Refused::new(
                "unauthorized_client",
                700_016,
                format!(
                    "the application `{named}` does not exist in `{}`",
                    snapshot.default_domain()
                ),
            )
        };
        let app_id = parse_uuid(client_id).ok_or_else(unknown)?;
        let client = Self::of(snapshot, app_id).ok_or_else(unknown)?;
        if client.principal.account_enabled {
            Ok(client)
        } else {
            Err(Refused::new(
                "unauthorized_client",
                7_000_112,
                "the application is disabled in this organization",
            ))
        }
    }

    /// The client, enabled or not.
    pub fn of(snapshot: &'s Snapshot, app_id: Uuid) -> Option<Self> {
        let principal = snapshot
            .service_principal(app_id)
            .filter(|p| p.deleted.is_none())?;
        let registration = snapshot
            .applications
            .get(&app_id)
            .filter(|a| a.deleted.is_none());
        (registration.is_some() || is_first_party(app_id)).then_some(Self {
            app_id,
            principal,
            registration,
        })
    }

    /// Rule 2: the platform of the registered URI that this one is.
    pub fn platform_of(&self, registry: &Registry, requested: &str) -> Option<Platform> {
        match self.registration {
            Some(application) => {
                let uris = application.redirect_uris();
                let mut uris = uris.into_iter();
                uris.find(|(platform, uri)| matches(*platform, uri, requested))
                    .map(|(platform, _)| platform)
            }
            None => first_party_platform(registry, self.app_id, requested),
        }
    }

    /// Whether a sign-out may end at this address: one of the redirect URIs, exactly, or the
    /// registered sign-out page.
    pub fn may_return_to(&self, registry: &Registry, requested: &str) -> bool {
        let logout = self
            .registration
            .and_then(|a| a.properties.get("web")?.get("logoutUrl")?.as_str());
        let own = match self.app_id {
            well_known::MY_APPS => format!("{}/", registry.own.hosts.myapps),
            well_known::PORTAL => format!("{}/", registry.own.hosts.portal),
            _ => String::new(),
        };
        logout == Some(requested)
            || (!own.is_empty() && own == requested)
            || self.platform_of(registry, requested).is_some()
    }

    /// Whether requests for codes must carry a challenge (design README, PKCE row).
    pub fn pkce(&self, platform: Platform) -> Requirement {
        let basic = self
            .registration
            .is_some_and(|a| a.security_profile() == SecurityProfile::Basic);
        if basic && platform == Platform::Web {
            Requirement::Optional
        } else {
            Requirement::Required
        }
    }

    /// Origins whose scripts may call the token endpoint for this client.
    pub fn script_origins(&self) -> Vec<String> {
        let uris = self
            .registration
            .map(Application::redirect_uris)
            .unwrap_or_default();
        let spa = uris
            .into_iter()
            .filter(|(platform, _)| *platform == Platform::Spa);
        spa.filter_map(|(_, uri)| redirect_uri::origin(uri))
            .collect()
    }

    /// What people call it.
    pub fn name(&self) -> &'s str {
        &self.principal.display_name
    }

    fn profile(&self) -> comity_oauth::client_assertion::Profile {
        use comity_oauth::client_assertion::Profile;
        match self.registration {
            Some(a) if a.security_profile() != SecurityProfile::Fapi2 => Profile::Standard,
            _ => Profile::Fapi2,
        }
    }
}

fn matches(platform: Platform, registered: &str, requested: &str) -> bool {
    let client = match platform {
        Platform::PublicClient => redirect_uri::Client::Public,
        Platform::Web | Platform::Spa => redirect_uri::Client::Confidential,
    };
    Registered::parse(registered).is_ok_and(|uri| uri.matches(requested, client))
}

/// The platform of a redirect URI of a client that every tenant has.
pub fn first_party_platform(
    registry: &Registry,
    app_id: Uuid,
    requested: &str,
) -> Option<Platform> {
    let (platform, uris) = match app_id {
        well_known::COMMAND_LINE => (
            Platform::PublicClient,
            vec![
                "http://localhost".to_owned(),
                "http://127.0.0.1".to_owned(),
                format!("{}/common/oauth2/nativeclient", registry.own.hosts.login),
            ],
        ),
        well_known::MY_APPS => (Platform::Web, vec![my_apps_redirect(registry)]),
        well_known::PORTAL => (Platform::Web, vec![portal_redirect(registry)]),
        _ => return None,
    };
    uris.iter()
        .any(|uri| matches(platform, uri, requested))
        .then_some(platform)
}

#[cfg(test)]
mod tests {
    use super::matches;
    use comity_model::application::Platform;

    #[test]
    fn o01_only_installed_clients_may_vary_a_loopback_port() {
        let loopback = "http://localhost/auth";
        assert!(matches(
            Platform::PublicClient,
            loopback,
            "http://localhost:1234/auth"
        ));
        assert!(matches(
            Platform::PublicClient,
            "http://localhost",
            "http://localhost:8400"
        ));
        for platform in [Platform::Web, Platform::Spa] {
            assert!(matches(platform, loopback, loopback));
            assert!(!matches(platform, loopback, "http://localhost:1234/auth"));
        }
        for bad in [
            "http://localhost:1234/auth/",
            "http://localhost:1234/Auth",
            "http://localhost.evil:1/auth",
        ] {
            assert!(!matches(Platform::PublicClient, loopback, bad), "{bad}");
        }
    }

    #[test]
    fn an_unfit_registration_matches_nothing() {
        assert!(!matches(
            Platform::Web,
            "http://app.example/cb",
            "http://app.example/cb"
        ));
        assert!(!matches(
            Platform::Web,
            "https://*.example/cb",
            "https://*.example/cb"
        ));
    }
}
