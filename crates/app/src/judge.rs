//! The pure policy, asked with what snapshots and records hold. Decides nothing itself.

pub mod again;
mod conditional_access;
mod policies;
pub mod trace;

use comity_model::{
    application::Platform,
    cloud::Registry,
    conditional_access::ClientAppType,
    facts::Facts,
    federation::{ApplicationPair, HomeTenant},
    id::Id,
    session::MethodUse,
    sign_in::{Purpose, SignInData},
    user::{User, UserType},
    well_known,
};
use comity_policy::sign_in::AccessVerdict;
use uuid::Uuid;

pub use self::policies::{
    Policies, automatic_inbound, automatic_outbound, decide_home, decide_inbound,
    decide_outer_resource, inbound, is_open, outbound, outer_gates, outer_home, outer_resource,
    read_policy, trusts_mfa, wants_device,
};
use crate::{
    context::Context, error::Result, graph_permission, sign_in::pair_of, snapshot::Snapshot,
};

/// What Conditional Access said, policy by policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Access {
    pub verdict: AccessVerdict,
    pub results: Vec<PolicyResult>,
}

/// The result of one policy, as the record shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyResult {
    pub id: Uuid,
    pub name: String,
    pub result: String,
    pub controls: Vec<String>,
}

impl Access {
    /// Nothing was asked yet.
    pub const fn not_asked() -> Self {
        Self {
            verdict: AccessVerdict::Allow,
            results: Vec::new(),
        }
    }
}

/// Conditional Access of the deciding tenant over the facts.
pub fn access(snapshot: &Snapshot, facts: &Facts) -> Access {
    snapshot.policies.access(facts)
}

/// The kind of an account in a tenant: a word of `conditionalAccessGuestOrExternalUserTypes`, or
/// `member`.
pub fn user_kind(user: Option<&User>) -> &'static str {
    match user {
        None => "b2bCollaborationGuest",
        Some(user) => match (user.is_local(), user.user_type) {
            (true, UserType::Member) => "member",
            (true, UserType::Guest) => "internalGuest",
            (false, UserType::Guest) => "b2bCollaborationGuest",
            (false, UserType::Member) => "b2bCollaborationMember",
        },
    }
}

/// The platform that a browser names, in the words of Conditional Access. A claim, not a proof.
pub fn platform(user_agent: &str) -> Option<&'static str> {
    let table = [
        ("Windows Phone", "windowsPhone"),
        ("Android", "android"),
        ("iPhone", "iOS"),
        ("iPad", "iOS"),
        ("Windows", "windows"),
        ("Mac OS X", "macOS"),
        ("Macintosh", "macOS"),
        ("Linux", "linux"),
        ("X11", "linux"),
    ];
    table
        .iter()
        .find(|(mark, _)| user_agent.contains(mark))
        .map(|(_, name)| *name)
}

/// The kind of client that a grant went to, in the words of Conditional Access: an application that
/// is installed, however it draws its pages, or one that a browser shows.
pub const fn client_app_type(platform: Platform) -> ClientAppType {
    match platform {
        Platform::PublicClient => ClientAppType::MobileAppsAndDesktopClients,
        Platform::Web | Platform::Spa => ClientAppType::Browser,
    }
}

/// The same in the words of the log (`clientAppUsed`).
pub const fn client_app_used(platform: Platform) -> &'static str {
    match platform {
        Platform::PublicClient => "Mobile Apps and Desktop clients",
        Platform::Web | Platform::Spa => "Browser",
    }
}

const KNOWLEDGE: [&str; 2] = ["password", "federatedSingleFactor"];
const POSSESSION: [&str; 6] = [
    "sms",
    "voice",
    "softwareOath",
    "hardwareOath",
    "microsoftAuthenticatorPush",
    "x509CertificateSingleFactor",
];
const MULTI: [&str; 7] = [
    "fido2",
    "windowsHelloForBusiness",
    "x509CertificateMultiFactor",
    "federatedMultiFactor",
    "deviceBasedPush",
    "temporaryAccessPassOneTime",
    "temporaryAccessPassMultiUse",
];

/// Whether a method proves possession.
pub fn is_possession(method: &str) -> bool {
    POSSESSION.contains(&method) || MULTI.contains(&method)
}

/// One method of knowledge and one of possession, or one that is both (policy-cases.md, methods).
pub fn is_multi_factor(methods: &[MethodUse]) -> bool {
    let any = |list: &[&str]| methods.iter().any(|m| list.contains(&m.method.as_str()));
    any(&MULTI) || (any(&KNOWLEDGE) && any(&POSSESSION))
}

/// A method that cannot be relayed.
pub fn is_phishing_resistant(methods: &[MethodUse]) -> bool {
    let list = [
        "fido2",
        "windowsHelloForBusiness",
        "x509CertificateMultiFactor",
    ];
    methods.iter().any(|m| list.contains(&m.method.as_str()))
}

/// Clients that ask for Graph without a grant of their own (sessions.md).
pub const PRE_AUTHORIZED: [Uuid; 3] = [
    well_known::COMMAND_LINE,
    well_known::MY_APPS,
    well_known::PORTAL,
];

/// OpenID scopes, which need no grant of a resource.
pub const OPENID_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// The pair that policies judge. Scopes of OpenID alone ask for nothing but the application itself,
/// though the access token that comes with them opens userinfo.
pub fn judged_pair(pair: ApplicationPair, scopes: &[String]) -> ApplicationPair {
    let is_openid = |scope: &String| OPENID_SCOPES.contains(&scope.as_str());
    if pair.resource == well_known::GRAPH && scopes.iter().all(is_openid) {
        return ApplicationPair {
            client: pair.client,
            resource: pair.client,
        };
    }
    pair
}

/// Whether the delegated grants that an application's request needs are there; a missing one is
/// error 65001.
pub fn granted(snapshot: &Snapshot, data: &SignInData, user: Option<Id<User>>) -> bool {
    match &data.purpose {
        Purpose::Application(request) => missing_scopes(
            snapshot,
            request.pair.client,
            request.pair.resource,
            &request.scopes,
            user,
        )
        .is_empty(),
        Purpose::Crossing { .. } | Purpose::Redemption { .. } => true,
    }
}

/// The scopes of a request that nobody granted.
pub fn missing_scopes(
    snapshot: &Snapshot,
    client: Uuid,
    resource: Uuid,
    scopes: &[String],
    user: Option<Id<User>>,
) -> Vec<String> {
    let wanted: Vec<&String> = scopes
        .iter()
        .filter(|s| !OPENID_SCOPES.contains(&s.as_str()))
        .collect();
    if wanted.is_empty() || client == resource {
        return Vec::new();
    }
    if resource == well_known::GRAPH && PRE_AUTHORIZED.contains(&client) {
        let unknown = |s: &&&String| s.as_str() != ".default" && !graph_permission::is_delegated(s);
        return wanted
            .iter()
            .filter(unknown)
            .map(|s| (*s).clone())
            .collect();
    }
    let granted = granted_scopes(snapshot, client, resource, user);
    let missing = |s: &&&String| {
        if s.as_str() == ".default" {
            granted.is_empty()
        } else {
            !granted.contains(s.as_str())
        }
    };
    wanted
        .iter()
        .filter(missing)
        .map(|s| (*s).clone())
        .collect()
}

/// The scopes granted to a client at a resource, for a person or for all.
pub fn granted_scopes(
    snapshot: &Snapshot,
    client: Uuid,
    resource: Uuid,
    user: Option<Id<User>>,
) -> std::collections::BTreeSet<&str> {
    let id = |app| snapshot.service_principal(app).map(|p| p.id);
    let (Some(client), Some(resource)) = (id(client), id(resource)) else {
        return std::collections::BTreeSet::new();
    };
    snapshot
        .grants
        .iter()
        .filter(|g| g.client == client && g.resource == resource)
        .filter(|g| g.principal.is_none() || g.principal == user)
        .flat_map(|g| g.scope.split_ascii_whitespace())
        .collect()
}

/// Whether the person may use the applications of the pair: their principals are enabled, and she
/// is assigned where that is required, herself or through a group.
pub async fn assigned(
    cx: &Context,
    snapshot: &Snapshot,
    data: &SignInData,
    user: &User,
) -> Result<bool> {
    if let Purpose::Crossing { .. } = data.purpose {
        // Assignment is the resource's affair.
        return Ok(true);
    }
    let pair = pair_of(data);
    if !(assigned_to(cx, snapshot, pair.client, user).await?) {
        return Ok(false);
    }
    if pair.client == pair.resource {
        return Ok(true);
    }
    assigned_to(cx, snapshot, pair.resource, user).await
}

/// Whether one application is open to a person.
pub async fn assigned_to(
    cx: &Context,
    snapshot: &Snapshot,
    app_id: Uuid,
    user: &User,
) -> Result<bool> {
    let Some(principal) = snapshot.service_principal(app_id) else {
        return Ok(false);
    };
    if !principal.account_enabled {
        return Ok(false);
    }
    if !principal.app_role_assignment_required {
        return Ok(true);
    }
    let read = cx.app.store().read();
    let scoped = read.tenant(snapshot.tenant.id);
    let mut principals = scoped.groups().groups_of(user.id.uuid()).await?;
    principals.insert(user.id.uuid());
    let assignments = scoped
        .app_role_assignments()
        .list_of_resource(principal.id)
        .await?;
    Ok(assignments
        .iter()
        .any(|a| principals.contains(&a.principal)))
}

/// Whether the operator's registry does not pair our cloud with that one.
pub fn is_unpaired(registry: &Registry, cloud: &str) -> bool {
    cloud != registry.own.canonical_name && !registry.is_paired(cloud)
}

/// The other tenant of a record, seen from the deciding one.
pub fn other_tenant(facts: &Facts) -> Option<&HomeTenant> {
    match facts.side {
        comity_model::facts::DecidingSide::Own => None,
        comity_model::facts::DecidingSide::Home => facts.resource.as_ref(),
        comity_model::facts::DecidingSide::Resource => facts.home.as_ref(),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_multi_factor, platform};
    use comity_model::{session::MethodUse, time::Utc};

    fn used(methods: &[&str]) -> Vec<MethodUse> {
        methods
            .iter()
            .map(|m| MethodUse {
                method: (*m).into(),
                at: Utc::from_seconds(0),
            })
            .collect()
    }

    #[test]
    fn two_kinds_of_factor_are_needed() {
        assert!(is_multi_factor(&used(&["password", "softwareOath"])));
        assert!(is_multi_factor(&used(&["fido2"])));
        assert!(!is_multi_factor(&used(&["password"])));
        assert!(!is_multi_factor(&used(&["softwareOath", "sms"])));
        assert!(!is_multi_factor(&used(&["password", "email"])));
    }

    #[test]
    fn platforms_by_their_marks() {
        assert_eq!(platform("Mozilla/5.0 (Linux; Android 15)"), Some("android"));
        assert_eq!(platform("Mozilla/5.0 (X11; Linux x86_64)"), Some("linux"));
        assert_eq!(platform("curl/8"), None);
    }
}
