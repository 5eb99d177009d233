//! Provider metadata (OpenID Connect Discovery 1.0 §3, RFC 8414, with the directory's extras of
//! semantics §1.3) and instance discovery (clients.md §3.2).

use serde::{Deserialize, Serialize};
use url::Url;

use crate::json::{self, JsonError};
use crate::params::{Params, ParamsError};

/// What the metadata of one tenant, or of an alias, is made of.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Origin of the login host, without a slash at its end.
    pub login: &'a str,
    /// Origin of the Graph host.
    pub graph: &'a str,
    /// The tenant's GUID, or `common` or `organizations`: the segment of the endpoints.
    pub segment: &'a str,
    /// The cloud's canonical name.
    pub cloud: &'a str,
    /// `NA`, `USGov`, …
    pub region: Option<&'a str>,
}

/// The metadata.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the members that the specification defines"
)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderMetadata {
    /// `https://{login}/{tenant}/v2.0`; for an alias with the literal `{tenantid}`.
    pub issuer: String,
    /// Where browsers go.
    pub authorization_endpoint: String,
    /// Where codes are redeemed.
    pub token_endpoint: String,
    /// RFC 9126.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed_authorization_request_endpoint: Option<String>,
    /// Sign-out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_session_endpoint: Option<String>,
    /// Keys.
    pub jwks_uri: String,
    /// On the Graph host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_endpoint: Option<String>,
    /// Only `code`.
    pub response_types_supported: Vec<String>,
    /// All three.
    #[serde(default)]
    pub response_modes_supported: Vec<String>,
    /// Grants.
    #[serde(default)]
    pub grant_types_supported: Vec<String>,
    /// Pairwise.
    pub subject_types_supported: Vec<String>,
    /// RS256 first; ES256 where an application asks.
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// OpenID scopes.
    #[serde(default)]
    pub scopes_supported: Vec<String>,
    /// Claims.
    #[serde(default)]
    pub claims_supported: Vec<String>,
    /// Client authentication.
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// For `private_key_jwt`.
    #[serde(default)]
    pub token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// S256.
    #[serde(default)]
    pub code_challenge_methods_supported: Vec<String>,
    /// RFC 9449. Ours has none: tokens of applications are not bound to a key, and the clouds, whose
    /// leg is, read each other's entity configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// RFC 9207.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    /// The `claims` parameter.
    #[serde(default)]
    pub claims_parameter_supported: bool,
    /// Request objects.
    #[serde(default)]
    pub request_parameter_supported: bool,
    /// Foreign `request_uri`.
    #[serde(default)]
    pub request_uri_parameter_supported: bool,
    /// Front-channel sign-out.
    #[serde(default)]
    pub frontchannel_logout_supported: bool,
    /// The tenant's region; null for an alias.
    #[serde(default)]
    pub tenant_region_scope: Option<String>,
    /// The cloud's canonical name.
    #[serde(default)]
    pub cloud_instance_name: Option<String>,
    /// Host of Graph.
    #[serde(default)]
    pub cloud_graph_host_name: Option<String>,
    /// Host of Graph.
    #[serde(default)]
    pub msgraph_host: Option<String>,
}

/// Why metadata of another provider is not accepted (security bar O-29).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Larger than 256 kB.
    #[error("the provider metadata is larger than 256 kB")]
    TooLarge,
    /// Not JSON, doubled members, missing members.
    #[error("the provider metadata is refused: {0}")]
    Json(#[from] JsonError),
    /// Not the issuer asked.
    #[error("the provider metadata is of another issuer")]
    Issuer,
    /// An endpoint on another origin than the issuer's.
    #[error("`{0}` of the provider metadata is not on the issuer's host")]
    Origin(&'static str),
}

impl MetadataError {
    /// What a person is told.
    pub fn code(&self) -> &'static str {
        "server_error"
    }
}

impl ProviderMetadata {
    /// The metadata we publish.
    pub fn new(source: &Source<'_>) -> Self {
        let Source {
            login,
            graph,
            segment,
            ..
        } = *source;
        let is_alias = matches!(segment, "common" | "organizations");
        let issuer = if is_alias {
            crate::access_token::TENANT
        } else {
            segment
        };
        let endpoint = |tail: &str| format!("{login}/{segment}/{tail}");
        Self {
            issuer: format!("{login}/{issuer}/v2.0"),
            authorization_endpoint: endpoint("oauth2/v2.0/authorize"),
            token_endpoint: endpoint("oauth2/v2.0/token"),
            pushed_authorization_request_endpoint: Some(endpoint("oauth2/v2.0/par")),
            end_session_endpoint: Some(endpoint("oauth2/v2.0/logout")),
            jwks_uri: endpoint("discovery/v2.0/keys"),
            userinfo_endpoint: Some(format!("{graph}/oidc/userinfo")),
            response_types_supported: list(&["code"]),
            response_modes_supported: list(&["query", "fragment", "form_post"]),
            grant_types_supported: list(&[
                "authorization_code",
                "refresh_token",
                "client_credentials",
            ]),
            subject_types_supported: list(&["pairwise"]),
            // Some clients take only what is listed here, and RS256 is what they know.
            id_token_signing_alg_values_supported: list(&["RS256"]),
            scopes_supported: list(&["openid", "profile", "email", "offline_access"]),
            claims_supported: list(CLAIMS),
            token_endpoint_auth_methods_supported: list(&[
                "client_secret_post",
                "client_secret_basic",
                "private_key_jwt",
            ]),
            token_endpoint_auth_signing_alg_values_supported: algorithms(),
            code_challenge_methods_supported: list(&["S256"]),
            dpop_signing_alg_values_supported: Vec::new(),
            authorization_response_iss_parameter_supported: true,
            claims_parameter_supported: true,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            frontchannel_logout_supported: false,
            tenant_region_scope: source.region.map(str::to_owned),
            cloud_instance_name: Some(source.cloud.to_owned()),
            cloud_graph_host_name: host(graph),
            msgraph_host: host(graph),
        }
    }

    /// Reads another provider's metadata.
    pub fn parse(body: &[u8], issuer: &str) -> Result<Self, MetadataError> {
        if body.len() > 256 * 1024 {
            return Err(MetadataError::TooLarge);
        }
        let metadata: Self = json::from_slice(body)?;
        if metadata.issuer != issuer {
            return Err(MetadataError::Issuer);
        }
        let origin = |url: &str| Url::parse(url).ok().map(|url| url.origin());
        let own = origin(issuer);
        for (name, url) in [
            ("authorization_endpoint", &metadata.authorization_endpoint),
            ("token_endpoint", &metadata.token_endpoint),
            ("jwks_uri", &metadata.jwks_uri),
        ] {
            if own.is_none() || origin(url) != own || !url.starts_with("https://") {
                return Err(MetadataError::Origin(name));
            }
        }
        Ok(metadata)
    }
}

const CLAIMS: &[&str] = &[
    "sub",
    "iss",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "acr",
    "amr",
    "nonce",
    "preferred_username",
    "name",
    "given_name",
    "family_name",
    "email",
    "tid",
    "oid",
    "ver",
    "sid",
    "idp",
    "acct",
    "cloud_instance_name",
    "cloud_instance_host_name",
    "cloud_graph_host_name",
    "msgraph_host",
];

fn list(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn algorithms() -> Vec<String> {
    list(&["ES256", "PS256", "RS256"])
}

/// Host and port of an origin.
fn host(origin: &str) -> Option<String> {
    origin.strip_prefix("https://").map(str::to_owned)
}

/// The answer of instance discovery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceDiscovery {
    /// The metadata document of the tenant asked for.
    pub tenant_discovery_endpoint: String,
    /// `1.1`.
    #[serde(rename = "api-version")]
    pub api_version: String,
    /// Hosts that are one cloud.
    pub metadata: Vec<Instance>,
}

/// One cloud's hosts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Where requests go.
    pub preferred_network: String,
    /// By which caches are keyed.
    pub preferred_cache: String,
    /// Every name, with and without its port.
    pub aliases: Vec<String>,
}

/// A broken rule of instance discovery.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstanceError {
    /// The parameters as such.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// No usable `authorization_endpoint`.
    #[error("`authorization_endpoint` is missing or not an https URL with a tenant")]
    Malformed,
    /// Not a host of this cloud.
    #[error("the host of `authorization_endpoint` is not one of this cloud")]
    UnknownHost,
}

impl InstanceError {
    /// What MSAL knows.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownHost => "invalid_instance",
            Self::Params(_) | Self::Malformed => "invalid_request",
        }
    }

    /// The directory's number (semantics §5.4).
    pub fn number(&self) -> u32 {
        match self {
            Self::UnknownHost => 50_049,
            Self::Params(_) | Self::Malformed => 50_050,
        }
    }
}

/// The endpoint a client asks about: host (without port) and tenant segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceQuery {
    /// Host name in lower case; clients lose its port, so it decides alone.
    pub host: String,
    /// First path segment.
    pub segment: String,
}

impl InstanceQuery {
    /// Reads the query of instance discovery.
    pub fn parse(params: &Params) -> Result<Self, InstanceError> {
        let endpoint = params
            .one("authorization_endpoint")?
            .ok_or(InstanceError::Malformed)?;
        let url = Url::parse(endpoint).map_err(|_| InstanceError::Malformed)?;
        let segment = url.path_segments().and_then(|mut segments| segments.next());
        match (url.scheme(), url.host_str(), segment) {
            ("https", Some(host), Some(segment)) if !segment.is_empty() => Ok(Self {
                host: host.to_owned(),
                segment: segment.to_owned(),
            }),
            _ => Err(InstanceError::Malformed),
        }
    }

    /// The answer, if the host is one of ours: `login` is our origin, `aliases` other host names.
    pub fn answer(
        &self,
        login: &str,
        aliases: &[&str],
    ) -> Result<InstanceDiscovery, InstanceError> {
        let authority = host(login).ok_or(InstanceError::UnknownHost)?;
        let name = authority.split(':').next().unwrap_or(&authority).to_owned();
        if self.host != name && !aliases.contains(&self.host.as_str()) {
            return Err(InstanceError::UnknownHost);
        }
        let mut names = vec![authority.clone()];
        for other in std::iter::once(name.as_str()).chain(aliases.iter().copied()) {
            if !names.iter().any(|known| known == other) {
                names.push(other.to_owned());
            }
        }
        let segment = &self.segment;
        Ok(InstanceDiscovery {
            tenant_discovery_endpoint: format!(
                "{login}/{segment}/v2.0/.well-known/openid-configuration"
            ),
            api_version: "1.1".to_owned(),
            metadata: vec![Instance {
                preferred_network: authority.clone(),
                preferred_cache: authority,
                aliases: names,
            }],
        })
    }
}
