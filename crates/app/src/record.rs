//! Sign-in records: what this tenant saw, with the facts it was decided on (federation §3).

use comity_model::{
    federation::HomeTenant,
    session::MethodUse,
    sign_in::{Purpose, SignInData, Subject},
    sign_in_record::SignInRecord,
};
use serde_json::{Map, Value, json};

use crate::{
    context::Context,
    sign_in::{Assessment, pair_of, platform_of},
};

/// The record of a sign-in's end: `code` 0 for success, else the AADSTS number.
pub fn sign_in(
    cx: &Context,
    data: &SignInData,
    assessment: &Assessment,
    code: u32,
) -> SignInRecord {
    let pair = pair_of(data);
    let (home, resource) = sides(cx, data, assessment);
    let (name, display_name) = person(data, assessment);
    let mut properties = properties(cx, data, assessment, code);
    let crossing = match (&home, &resource) {
        (Some(h), Some(r)) if h != r => "b2bCollaboration",
        _ => "none",
    };
    properties.insert("crossTenantAccessType".into(), json!(crossing));
    SignInRecord {
        id: cx.new_record_id(),
        created: cx.now,
        correlation_id: data.correlation_id,
        user: assessment.user.as_ref().map(|u| u.id.uuid()),
        user_principal_name: name,
        user_display_name: display_name,
        app: Some(pair.client),
        resource: Some(pair.resource),
        error_code: code,
        is_interactive: true,
        home,
        resource_tenant: resource,
        facts: assessment.facts.clone(),
        event: "interactiveUser".into(),
        properties,
    }
}

/// Home and resource of the sign-in, as this tenant sees them.
fn sides(
    cx: &Context,
    data: &SignInData,
    assessment: &Assessment,
) -> (Option<HomeTenant>, Option<HomeTenant>) {
    let own = assessment.snapshot.as_ref().map(|s| HomeTenant {
        cloud: cx.app.registry().own.canonical_name.clone(),
        tenant: s.tenant.id,
    });
    match (&data.purpose, &data.subject) {
        (Purpose::Crossing { pushed, .. }, _) => (
            own,
            Some(HomeTenant {
                cloud: pushed.resource_cloud.clone(),
                tenant: pushed.details.resource_tenant,
            }),
        ),
        (_, Some(Subject::External { home, .. })) => (Some(home.clone()), own),
        _ => (own.clone(), own),
    }
}

fn person(data: &SignInData, assessment: &Assessment) -> (String, String) {
    if let Some(assertion) = &data.assertion {
        return (assertion.upn.to_lowercase(), assertion.name.clone());
    }
    match &assessment.user {
        Some(user) => {
            let upn = user.external.as_ref().map_or(&user.upn, |e| &e.home_upn);
            (upn.to_lowercase(), user.display_name.clone())
        }
        None => (
            data.typed_name.clone().unwrap_or_default().to_lowercase(),
            String::new(),
        ),
    }
}

fn properties(
    cx: &Context,
    data: &SignInData,
    assessment: &Assessment,
    code: u32,
) -> Map<String, Value> {
    let pair = pair_of(data);
    let snapshot = assessment.snapshot.as_ref();
    let name = |app| snapshot.map_or_else(String::new, |s| s.application_name(app));
    let applied: Vec<Value> = assessment
        .access
        .results
        .iter()
        .map(|r| json!({"id": r.id, "displayName": r.name, "result": r.result, "enforcedGrantControls": r.controls}))
        .collect();
    let status = match code {
        0 if applied.is_empty() => "notApplied",
        0 => "success",
        53000..=53003 => "failure",
        _ => "notApplied",
    };
    let app_name = match &data.purpose {
        Purpose::Crossing { pushed, .. } => pushed.details.app_name.clone(),
        _ => name(pair.client),
    };
    let Value::Object(map) = json!({
        "appDisplayName": app_name,
        "resourceDisplayName": name(pair.resource),
        "clientAppUsed": crate::judge::client_app_used(platform_of(data)),
        "ipAddress": cx.client.ip,
        "userAgent": cx.client.user_agent,
        "conditionalAccessStatus": status,
        "appliedConditionalAccessPolicies": applied,
        "authenticationDetails": methods(assessment),
        "status": {"errorCode": code, "failureReason": failure(code), "additionalDetails": null},
        "deviceDetail": {
            "deviceId": "", "displayName": "", "operatingSystem": crate::judge::platform(&cx.client.user_agent),
            "browser": "", "isCompliant": false, "isManaged": false, "trustType": "",
        },
        "location": {"city": "", "state": "", "countryOrRegion": "", "geoCoordinates": {}},
        "riskDetail": "none", "riskLevelAggregated": "none", "riskLevelDuringSignIn": "none", "riskState": "none",
        "riskEventTypes": [], "riskEventTypes_v2": [],
    }) else {
        return Map::new();
    };
    map
}

fn methods(assessment: &Assessment) -> Value {
    let entry = |m: &MethodUse, place: &str| {
        json!({"authenticationMethod": m.method, "authenticationStepDateTime": m.at, "succeeded": true,
               "authenticationStepRequirement": place})
    };
    let home = assessment
        .facts
        .iter()
        .flat_map(|f| &f.home_methods)
        .map(|m| entry(m, "home"));
    let here = assessment.methods.iter().map(|m| entry(m, "resource"));
    Value::Array(home.chain(here).collect())
}

/// A few words per number, for the log of this side.
pub fn failure(code: u32) -> &'static str {
    match code {
        0 => "Other.",
        16000 => "Interaction with the person is required.",
        50000 => "Home did not vouch for the person; its reason is kept there.",
        50020 => "The account does not exist in this tenant.",
        50034 => "The user name does not exist in this tenant.",
        50053 => "Too many wrong attempts; the account waits.",
        50057 => "The account is disabled.",
        50058 => "Nobody is signed in, and the application wanted no prompt.",
        50074 | 50076 => "A second factor is required and was not given.",
        50079 => "A second factor must be registered first.",
        50105 => "The person is not assigned to the application.",
        50126 => "The user name or password is wrong.",
        50173 => "The session at home has ended.",
        50196 => "Too many questions or attempts.",
        53000 => "The device is not compliant.",
        53001 => "The device is not hybrid joined.",
        53003 => "Blocked by Conditional Access.",
        65001 => "A delegated permission is not granted.",
        65004 => "The person declined.",
        90002 => "The organization is unknown or disabled.",
        90033 => "The other cloud does not answer.",
        90038 => "The two clouds are not a supported pair.",
        500_212 => "Home's outbound settings do not allow it.",
        500_213 => "The resource's inbound settings do not allow it.",
        1_000_104 => "Home has not enabled the resource's cloud.",
        _ => "The sign-in was refused.",
    }
}
