//! A decision as a document: one line of `comity policy decide` (policy-cases.md, *Input*).
//!
//! 1. `policy` absent is the service default; `pairs` absent are the built-in ones, present they
//!    replace them, and a pair has no direction.
//! 2. `request.application` absent is an invitation; without `resourceAppId` it is its own
//!    resource; present it has an `appId`.
//! 3. Members of `signIn` that are absent are unknown; lists that are absent are empty.
//! 4. `offeredToGuests` absent is the usual list; `[]` offers nothing.
//! 5. Words of the request are read like those of documents; cloud names and countries exactly.
//! 6. Only a truth value is a device claim.

use std::{collections::BTreeSet, net::IpAddr};

use comity_model::{
    conditional_access::{ClientAppType, ConditionalAccessPolicy, MethodSet, Platform, RiskLevel},
    cross_tenant::CrossTenantAccessPolicy,
    document::{DocumentError, Mode, Node, Read, Within, configured, parse_guid},
    federation::ApplicationPair,
    guest_type::GuestType,
    named_location::{NamedLocation, parse_address},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    conditional_access::CompiledAccess,
    cross_tenant::{CompiledPolicy, Target, TenantKey},
};

/// The pairs that are built in: data of the three clouds (cross-cloud-federation.md §1).
pub const BUILT_IN_PAIRS: [(&str, &str); 2] = [
    ("microsoftonline.com", "microsoftonline.us"),
    ("microsoftonline.com", "partner.microsoftonline.cn"),
];

/// One side: a tenant with its policy, compiled for the other one.
#[derive(Debug, Clone)]
pub struct SideOfCase<'d> {
    pub tenant: TenantKey<'d>,
    pub policy: CompiledPolicy,
}

/// What is known about the sign-in.
#[derive(Debug, Clone, Default)]
pub struct SignInOfCase<'d> {
    pub client_app_type: Option<ClientAppType>,
    pub platform: Option<Platform>,
    pub address: Option<IpAddr>,
    pub country: Option<&'d str>,
    pub sign_in_risk: Option<RiskLevel>,
    pub user_risk: Option<RiskLevel>,
    pub home_methods: MethodSet,
    pub resource_methods: MethodSet,
    pub device: Option<DeviceOfCase>,
}

/// The device as home claims it.
#[derive(Debug, Clone, Default)]
pub struct DeviceOfCase {
    pub is_compliant: Option<bool>,
    pub is_hybrid_joined: Option<bool>,
    pub attributes: Map<String, Value>,
}

/// The person, at home and at the resource.
#[derive(Debug, Clone)]
pub struct UserOfCase {
    pub id: Uuid,
    /// At home, sorted.
    pub groups: Vec<Uuid>,
    pub kind: GuestType,
    pub resource_user: Option<Uuid>,
    pub resource_groups: BTreeSet<Uuid>,
    pub resource_roles: BTreeSet<Uuid>,
}

/// A whole case.
#[derive(Debug, Clone)]
pub struct Case<'d> {
    pub resource: SideOfCase<'d>,
    pub home: SideOfCase<'d>,
    pub is_paired: bool,
    pub access: CompiledAccess,
    pub offered: MethodSet,
    pub user: UserOfCase,
    pub target: Target,
    pub sign_in: SignInOfCase<'d>,
}

type Member<'d, 'a> = Option<Node<'d, 'a>>;

fn required<'d, 'a>(node: Member<'d, 'a>, name: &'static str) -> Read<Node<'d, 'a>> {
    node.ok_or_else(|| DocumentError::missing(name))
}

impl<'d> Case<'d> {
    /// Reads a case; a malformed one is an error that says where.
    pub fn read(root: Node<'d, '_>) -> Read<Self> {
        let names = ["resource", "home", "pairs", "request", "id"];
        let [resource, home, pairs, request, _] = root.members(names)?.values;
        let resource = required(resource, "resource")?;
        let home = required(home, "home")?;
        let request = required(request, "request")?;
        let there = read_tenant(resource).within("resource")?;
        let here = read_tenant(home).within("home")?;
        let (access, offered) = read_access(resource).within("resource")?;
        let (user, target, sign_in) = read_request(request).within("request")?;
        Ok(Self {
            is_paired: read_pairs(pairs, there.cloud, here.cloud).within("pairs")?,
            resource: SideOfCase {
                policy: read_policy(resource, here.tenant).within("resource")?,
                tenant: there,
            },
            home: SideOfCase {
                policy: read_policy(home, there.tenant).within("home")?,
                tenant: here,
            },
            access,
            offered,
            user,
            target,
            sign_in,
        })
    }
}

fn read_tenant<'d>(side: Node<'d, '_>) -> Read<TenantKey<'d>> {
    let [cloud, tenant] = side.members(["cloud", "tenantId"])?.values;
    Ok(TenantKey {
        cloud: required(cloud, "cloud")?.text().within("cloud")?,
        tenant: required(tenant, "tenantId")?.guid().within("tenantId")?,
    })
}

fn read_policy(side: Node<'_, '_>, other: Uuid) -> Read<CompiledPolicy> {
    let [policy] = side.members(["policy"])?.values;
    let policy = configured(policy)
        .map(|policy| CrossTenantAccessPolicy::read(policy, Mode::Lenient))
        .transpose()
        .within("policy")?;
    Ok(policy.map_or_else(CompiledPolicy::default, |policy| {
        CompiledPolicy::compile_for(&policy, other)
    }))
}

/// Rule 1.
fn read_pairs(pairs: Member<'_, '_>, one: &str, other: &str) -> Read<bool> {
    let joins = |(a, b): (&str, &str)| (a, b) == (one, other) || (b, a) == (one, other);
    let Some(pairs) = pairs else {
        return Ok(BUILT_IN_PAIRS.into_iter().any(joins));
    };
    let read = |pair: Node<'_, '_>| {
        let mut clouds = pair.list()?;
        let (Some(first), Some(second), None) = (clouds.next(), clouds.next(), clouds.next())
        else {
            return Err(DocumentError::new("a pair is a list of two clouds".into()));
        };
        Ok(joins((first.text()?, second.text()?)))
    };
    Ok(pairs.list_of(read)?.contains(&true))
}

/// Conditional Access of the resource, and rule 4.
fn read_access(resource: Node<'_, '_>) -> Read<(CompiledAccess, MethodSet)> {
    let names = ["conditionalAccess", "namedLocations", "offeredToGuests"];
    let [policies, locations, offered] = resource.members(names)?.values;
    let policies = read_answer(policies, |policy| {
        ConditionalAccessPolicy::read(policy, Mode::Lenient)
    });
    let locations = read_answer(locations, |location| {
        NamedLocation::read(location, Mode::Lenient)
    });
    let access = CompiledAccess::compile(
        policies.within("conditionalAccess")?,
        locations.within("namedLocations")?,
    );
    let offered = match offered {
        None => MethodSet::OFFERED_TO_GUESTS,
        Some(list) => read_methods(Some(list)).within("offeredToGuests")?,
    };
    Ok((access, offered))
}

fn read_answer<'d, 'a, T>(
    node: Member<'d, 'a>,
    read: impl FnMut(Node<'d, 'a>) -> Read<T>,
) -> Read<Vec<T>> {
    let list = node.map(Node::answer_list).transpose()?.flatten();
    Ok(list
        .map(|list| list.list_of(read))
        .transpose()?
        .unwrap_or_default())
}

fn read_methods(node: Member<'_, '_>) -> Read<MethodSet> {
    let Some(node) = node else {
        return Ok(MethodSet::default());
    };
    let mut methods = MethodSet::default();
    for (place, word) in node.list()?.enumerate() {
        methods = methods.and(MethodSet::of_word(word.text().within(place)?));
    }
    Ok(methods)
}

type Request<'d> = (UserOfCase, Target, SignInOfCase<'d>);

fn read_request<'d>(request: Node<'d, '_>) -> Read<Request<'d>> {
    let [user, application, sign_in] = request.members(["user", "application", "signIn"])?.values;
    let user = read_user(required(user, "user")?).within("user")?;
    let target = application.map(read_application).transpose();
    let sign_in = configured(sign_in).map(read_sign_in).transpose();
    Ok((
        user,
        target.within("application")?.unwrap_or(Target::Unknown),
        sign_in.within("signIn")?.unwrap_or_default(),
    ))
}

fn read_user(user: Node<'_, '_>) -> Read<UserOfCase> {
    let names = [
        "id",
        "groups",
        "type",
        "resourceUserId",
        "resourceGroups",
        "resourceRoles",
    ];
    let [
        id,
        groups,
        kind,
        resource_user,
        resource_groups,
        resource_roles,
    ] = user.members(names)?.values;
    let mut groups = read_ids(groups, "groups")?;
    groups.sort_unstable();
    let resource_user = resource_user.map(Node::text).transpose();
    Ok(UserOfCase {
        id: required(id, "id")?.guid().within("id")?,
        groups,
        kind: GuestType::read(required(kind, "type")?).within("type")?,
        resource_user: resource_user.within("resourceUserId")?.and_then(parse_guid),
        resource_groups: read_ids(resource_groups, "resourceGroups")?
            .into_iter()
            .collect(),
        resource_roles: read_ids(resource_roles, "resourceRoles")?
            .into_iter()
            .collect(),
    })
}

/// A text that is no GUID is in no policy either: it matches nothing.
fn read_ids(node: Member<'_, '_>, name: &'static str) -> Read<Vec<Uuid>> {
    let Some(node) = node else {
        return Ok(Vec::new());
    };
    let texts = node.list_of(|id| id.text().map(parse_guid)).within(name)?;
    Ok(texts.into_iter().flatten().collect())
}

/// Rule 2.
fn read_application(application: Node<'_, '_>) -> Read<Target> {
    let [client, resource] = application.members(["appId", "resourceAppId"])?.values;
    let client = required(client, "appId")?.guid().within("appId")?;
    let resource = resource
        .map(Node::guid)
        .transpose()
        .within("resourceAppId")?;
    Ok(Target::Known(ApplicationPair {
        client,
        resource: resource.unwrap_or(client),
    }))
}

/// Rule 3.
fn read_sign_in<'d>(sign_in: Node<'d, '_>) -> Read<SignInOfCase<'d>> {
    let names = [
        "clientAppType",
        "platform",
        "ipAddress",
        "country",
        "signInRiskLevel",
        "userRiskLevel",
        "homeMethods",
        "resourceMethods",
        "device",
    ];
    let [
        client,
        platform,
        address,
        country,
        sign_in_risk,
        user_risk,
        home,
        resource,
        device,
    ] = sign_in.members(names)?.values;
    let risk = |node: Member<'_, '_>, name| node.map(RiskLevel::read).transpose().within(name);
    Ok(SignInOfCase {
        client_app_type: client
            .map(ClientAppType::read)
            .transpose()
            .within("clientAppType")?,
        platform: platform
            .map(Platform::read)
            .transpose()
            .within("platform")?,
        address: address.map(read_address).transpose().within("ipAddress")?,
        country: country.map(Node::text).transpose().within("country")?,
        sign_in_risk: risk(sign_in_risk, "signInRiskLevel")?,
        user_risk: risk(user_risk, "userRiskLevel")?,
        home_methods: read_methods(home).within("homeMethods")?,
        resource_methods: read_methods(resource).within("resourceMethods")?,
        device: configured(device)
            .map(read_device)
            .transpose()
            .within("device")?,
    })
}

fn read_address(node: Node<'_, '_>) -> Read<IpAddr> {
    let text = node.text()?;
    let shown = || text.chars().take(64).collect::<String>();
    parse_address(text)
        .ok_or_else(|| DocumentError::new(format!("`{}` is not an address", shown())))
}

/// Rule 6.
fn read_device(device: Node<'_, '_>) -> Read<DeviceOfCase> {
    let [compliant, joined, attributes] = device
        .members(["isCompliant", "isHybridJoined", "attributes"])?
        .values;
    let attributes = match attributes {
        None => Map::new(),
        Some(node) if node.is_object() => node.to_map(),
        Some(_) => {
            let error = DocumentError::new("an object is expected".into());
            return Err(error).within("attributes");
        }
    };
    Ok(DeviceOfCase {
        is_compliant: compliant.and_then(Node::as_bool),
        is_hybrid_joined: joined.and_then(Node::as_bool),
        attributes,
    })
}
