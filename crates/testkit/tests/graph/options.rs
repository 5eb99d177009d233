//! Every query option on every collection: right, or a 400 that names it (issue 3, point 4).

use comity_testkit::Engine;
use serde_json::Value;

use super::rig::{Rig, ok, refused};

const SAMPLES: [(char, &str); 8] = [
    ('S', "$select"),
    ('E', "$expand"),
    ('F', "$filter"),
    ('O', "$orderby"),
    ('T', "$top"),
    ('K', "$skip"),
    ('C', "$count"),
    ('Q', "$search"),
];

/// A collection, the options it takes, its key, and a filter and a relation of it.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const NONE: &str = "00000000-0000-4000-8000-000000000000";
const LOGS: &str = "/auditLogs";
const CA: &str = "/identity/conditionalAccess";

const ROWS: &[Row] = &[
    (
        "/users",
        "SEFOTCQ",
        "id",
        "accountEnabled eq true",
        "memberOf",
    ),
    (
        "/groups",
        "SEFOTCQ",
        "id",
        "securityEnabled eq true",
        "members",
    ),
    (
        "/applications",
        "SEFOTCQ",
        "id",
        "startswith(displayName,'e')",
        "owners",
    ),
    (
        "/servicePrincipals",
        "SEFOTCQ",
        "id",
        "accountEnabled eq true",
        "owners",
    ),
    (
        "/oauth2PermissionGrants",
        "SFTC",
        "id",
        "consentType eq 'AllPrincipals'",
        "client",
    ),
    (
        "/directoryRoles",
        "SEFCQ",
        "id",
        "displayName eq 'Global Reader'",
        "members",
    ),
    (
        "/roleManagement/directory/roleAssignments",
        "SEFTKC",
        "id",
        "roleDefinitionId eq '62e90394-69f5-4237-9190-012177145e10'",
        "principal",
    ),
    (
        "/organization",
        "SC",
        "id",
        "displayName eq 'x'",
        "branding",
    ),
    (
        "/domains",
        "SFTC",
        "id",
        "isDefault eq true",
        "domainNameReferences",
    ),
    (
        "/policies/crossTenantAccessPolicy/partners",
        "SFTKC",
        "tenantId",
        "tenantId eq '00000000-0000-4000-8000-000000000000'",
        "identitySynchronization",
    ),
    ("CA/policies", "SFOTKCQ", "id", "state eq 'enabled'", "x"),
    (
        "CA/namedLocations",
        "SFOTKCQ",
        "id",
        "displayName eq 'x'",
        "x",
    ),
    (
        "LOGS/signIns",
        "SFOTC",
        "id",
        "userPrincipalName eq 'x'",
        "x",
    ),
    (
        "LOGS/directoryAudits",
        "SFOTC",
        "id",
        "category eq 'Policy'",
        "x",
    ),
];

fn value(row: &Row, letter: char) -> String {
    let (path, _, key, filter, relation) = *row;
    let order = match path {
        "LOGS/signIns" => "createdDateTime",
        "LOGS/directoryAudits" => "activityDateTime",
        _ => "displayName",
    };
    match letter {
        'S' => key,
        'E' => relation,
        'F' => filter,
        'O' => order,
        'T' | 'K' => "1",
        'C' => "true",
        _ => "\"displayName:e\"",
    }
    .replace(' ', "%20")
    .replace('"', "%22")
}

fn path(row: &Row) -> String {
    row.0.replace("CA", CA).replace("LOGS", LOGS)
}

/// Whether an accepted option did what it says.
fn holds(row: &Row, letter: char, plain: &Value, body: &Value) -> bool {
    let list = |v: &Value| v["value"].as_array().unwrap().clone();
    let (all, have) = (list(plain), list(body));
    match letter {
        'S' => have.iter().all(|o| {
            let names = o.as_object().unwrap().keys();
            names.filter(|n| !n.contains('@')).all(|n| n == row.2)
        }),
        'E' => have.iter().all(|o| o.get(row.4).is_some()),
        'F' | 'Q' => {
            have.len() <= all.len()
                && have
                    .iter()
                    .all(|o| all.iter().any(|a| a[row.2] == o[row.2]))
        }
        'T' => have.len() == all.len().min(1),
        'K' => have.len() == all.len().saturating_sub(1),
        'C' => body["@odata.count"] == all.len(),
        _ => have.len() == all.len(),
    }
}

async fn row(rig: &Rig, row: &Row) -> Vec<String> {
    let mut wrong = Vec::new();
    let path = path(row);
    let plain = ok(&rig.get(&path).await);
    for (letter, name) in SAMPLES {
        let url = format!("{path}?{name}={}", value(row, letter));
        let answer = rig.eventual(&url).await;
        let offered = row.1.contains(letter);
        if offered && answer.status == 200 {
            // The reading itself may be recorded meanwhile.
            let log = path.starts_with(LOGS) && matches!(letter, 'C' | 'O');
            if !log && !holds(row, letter, &plain, &answer.json().unwrap()) {
                wrong.push(format!("{url}: {}", answer.text()));
            }
        } else if offered || answer.status != 400 {
            wrong.push(format!("{url}: {} {}", answer.status, answer.text()));
        } else {
            let message = refused(&answer).2;
            let words = match letter {
                'T' => "page size",
                'E' => "xpand",
                _ => name,
            };
            if !message.contains(words) {
                wrong.push(format!("{url}: {message}"));
            }
        }
    }
    for unknown in ["$format=json", "$apply=x", "fitler=x", "$skiptoken=x"] {
        let answer = rig.eventual(&format!("{path}?{unknown}")).await;
        if answer.status != 400 {
            wrong.push(format!("{path}?{unknown}: {}", answer.status));
        }
    }
    wrong
}

#[tokio::test]
async fn options_are_right_or_refused_by_name() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let policy = serde_json::json!({"displayName": "R", "state": "disabled",
            "conditions": {"applications": {"includeApplications": ["All"]},
                "users": {"includeUsers": ["All"]}},
            "grantControls": {"operator": "OR", "builtInControls": ["mfa"]}});
        rig.make("/identity/conditionalAccess/policies", &policy)
            .await;
        let mut wrong = Vec::new();
        for entry in ROWS {
            wrong.extend(row(&rig, entry).await);
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[tokio::test]
async fn advanced_queries_need_their_header() {
    let rig = Rig::start(Engine::Sqlite).await;
    for path in [
        "/users?$search=%22displayName:a%22",
        "/users/$count",
        "/groups/$count",
        "/users?$filter=endswith(mail,'x')",
    ] {
        let (status, code, message) = refused(&rig.get(path).await);
        assert_eq!(
            (status, code.as_str()),
            (400, "Request_UnsupportedQuery"),
            "{path}"
        );
        assert!(message.contains("ConsistencyLevel"), "{path}: {message}");
        let with = format!(
            "{path}{}",
            if path.contains("endswith") {
                "&$count=true"
            } else {
                ""
            }
        );
        assert_eq!(rig.eventual(&with).await.status, 200, "{path}");
    }
    let gone = rig.eventual(&format!("/users/{NONE}")).await;
    assert_eq!(refused(&gone).0, 404);
}
