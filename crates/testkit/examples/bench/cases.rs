//! Cases of about 2 kB for `comity policy decide`, no two alike: admitted and refused guests,
//! challenges and invitations, with both policies and Conditional Access written out.

use serde_json::{Value, json};
use uuid::Uuid;

const GLOBAL: &str = "microsoftonline.com";
const US: &str = "microsoftonline.us";

fn id(kind: &str, case: usize, number: usize) -> Uuid {
    Uuid::new_v5(
        &Uuid::NAMESPACE_OID,
        format!("{kind}/{case}/{number}").as_bytes(),
    )
}

/// One case in one line, without its line feed.
pub fn case(number: usize) -> String {
    let (resource, home) = (id("resource", number, 0), id("home", number, 0));
    // Every fourth partner blocks, every third person has one factor, every fifth is invited.
    let access_type = if number.is_multiple_of(4) {
        "blocked"
    } else {
        "allowed"
    };
    let methods = if number.is_multiple_of(3) {
        json!(["password"])
    } else {
        json!(["password", "softwareOath"])
    };
    let mut request = json!({
        "user": {"id": id("user", number, 0), "type": "b2bCollaborationGuest",
            "groups": [id("group", number, 0), id("group", number, 1)],
            "resourceUserId": id("guest", number, 0),
            "resourceGroups": [id("group", number, 9)]},
        "application": {"appId": id("application", number, 0)},
        "signIn": {"clientAppType": "browser", "platform": "linux", "ipAddress": "203.0.113.7",
            "country": "US", "homeMethods": methods, "resourceMethods": []},
    });
    if number.is_multiple_of(5)
        && let Some(request) = request.as_object_mut()
    {
        request.remove("application");
    }
    json!({
        "id": number,
        "resource": {"cloud": GLOBAL, "tenantId": resource,
            "policy": policy(US, home, "b2bCollaborationInbound", (number, access_type)),
            "conditionalAccess": [conditional_access(number)],
            "namedLocations": [location(number)]},
        "home": {"cloud": US, "tenantId": home,
            "policy": policy(GLOBAL, resource, "b2bCollaborationOutbound", (number, "allowed"))},
        "request": request,
    })
    .to_string()
}

fn policy(cloud: &str, other: Uuid, setting: &str, (case, access_type): (usize, &str)) -> Value {
    let group = json!({"target": id("group", case, 1), "targetType": "group"});
    let application = json!({"target": id("application", case, 0), "targetType": "application"});
    json!({
        "allowedCloudEndpoints": [cloud],
        "partners": [{"tenantId": other, "isServiceProvider": false,
            "inboundTrust": {"isMfaAccepted": true, "isCompliantDeviceAccepted": false,
                "isHybridAzureADJoinedDeviceAccepted": false},
            setting: {
                "usersAndGroups": {"accessType": access_type, "targets": [group]},
                "applications": {"accessType": access_type, "targets": [application]}}}],
    })
}

fn conditional_access(case: usize) -> Value {
    json!({
        "id": id("policy", case, 0), "displayName": "MFA of guests", "state": "enabled",
        "conditions": {
            "users": {"includeUsers": [], "includeGuestsOrExternalUsers": {
                "guestOrExternalUserTypes": "b2bCollaborationGuest,b2bCollaborationMember",
                "externalTenants": {"membershipKind": "all"}}},
            "applications": {"includeApplications": ["All"]},
            "clientAppTypes": ["all"],
            "locations": {"includeLocations": ["All"],
                "excludeLocations": [id("location", case, 0)]}},
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
    })
}

fn location(case: usize) -> Value {
    json!({"@odata.type": "#microsoft.graph.ipNamedLocation", "id": id("location", case, 0),
        "displayName": "Head office", "isTrusted": true,
        "ipRanges": [{"@odata.type": "#microsoft.graph.iPv4CidrRange",
            "cidrAddress": "198.51.100.0/24"}]})
}
