//! A row per code of policy-cases.md: the gate is closed, she goes, and the refusal stands in the
//! logs of both sides under one correlation ID, with both parties named, or the other side was
//! never reached. The side that decided sees its trace, taken again from the stored facts; the
//! other side sees nothing of its rule.

use std::sync::{Arc, Mutex};

use comity_demo::{
    client::{Client, Transport},
    oauth::Means,
};
use serde_json::{Value, json};

use crate::decided_again::look;
use crate::rig::{
    CONDITIONAL, CONTOSO, GLOBAL, NORA, NORTHWIND, PARTNERS, Rig, USGOV, contains, half,
    on_every_engine, over_guests,
};

struct Row {
    code: u32,
    /// Whose gate it is.
    by: &'static str,
    gate: &'static str,
    /// Home heard of the attempt.
    is_reached: bool,
    /// Words of the smallest change.
    change: &'static str,
}

const fn row(
    (code, by): (u32, &'static str),
    gate: &'static str,
    is_reached: bool,
    change: &'static str,
) -> Row {
    Row {
        code,
        by,
        gate,
        is_reached,
        change,
    }
}

const ROWS: [Row; 12] = [
    row((90_038, CONTOSO), "pair", false, "operator"),
    row((500_213, CONTOSO), "cloud", false, "microsoftonline.us"),
    row((500_213, CONTOSO), "partner", false, "add the partner"),
    row((1_000_104, NORTHWIND), "cloud", true, "microsoftonline.com"),
    row((500_212, NORTHWIND), "partner", true, "add the partner"),
    row(
        (500_212, NORTHWIND),
        "users",
        true,
        "b2bCollaborationOutbound",
    ),
    row(
        (500_212, NORTHWIND),
        "applications",
        true,
        "b2bCollaborationOutbound",
    ),
    row((500_213, CONTOSO), "users", true, "b2bCollaborationInbound"),
    row(
        (500_213, CONTOSO),
        "applications",
        true,
        "b2bCollaborationInbound",
    ),
    row((53_000, CONTOSO), "compliantDevice", true, "Over guests"),
    row((53_001, CONTOSO), "domainJoinedDevice", true, "Over guests"),
    row((53_003, CONTOSO), "block", true, "Over guests"),
];

fn other(domain: &str) -> &'static str {
    if domain == CONTOSO {
        NORTHWIND
    } else {
        CONTOSO
    }
}

fn setting(rig: &Rig, row: &Row) -> Value {
    let name = if row.by == CONTOSO {
        "b2bCollaborationInbound"
    } else {
        "b2bCollaborationOutbound"
    };
    let expenses = rig.app("Expenses").app_id.clone();
    let value = if row.gate == "users" {
        json!({"usersAndGroups": half("blocked", "user", &[rig.user(NORA)]),
            "applications": half("blocked", "application", &["AllApplications"])})
    } else {
        json!({"usersAndGroups": half("allowed", "user", &["AllUsers"]),
            "applications": half("blocked", "application", &[&expenses])})
    };
    json!({ name: value })
}

/// Closes the gate; the policy that does, if it is one.
async fn close(rig: &Rig, row: &Row) -> Option<String> {
    match row.gate {
        "pair" => {}
        "cloud" => rig.tick(row.by, &[]).await,
        "partner" => {
            let path = format!("{PARTNERS}/{}", rig.id(other(row.by)));
            rig.robot(row.by).await.delete(&path).await.unwrap();
        }
        "users" | "applications" => {
            rig.set(row.by, other(row.by), &setting(rig, row)).await;
        }
        control => {
            let expenses = &rig.app("Expenses").app_id;
            return Some(rig.require(&over_guests(&[expenses], control)).await);
        }
    }
    None
}

async fn reopen(rig: &Rig, row: &Row, policy: Option<String>) {
    match (row.gate, policy) {
        ("cloud", _) => {
            let cloud = if row.by == CONTOSO { USGOV } else { GLOBAL };
            rig.tick(row.by, &[cloud]).await;
        }
        ("partner", _) => rig.add(row.by, other(row.by)).await,
        ("users" | "applications", _) => {
            let names = ["b2bCollaborationInbound", "b2bCollaborationOutbound"];
            let cleared = names.map(|name| (name.to_owned(), Value::Null));
            let cleared = Value::Object(cleared.into_iter().collect());
            rig.set(row.by, other(row.by), &cleared).await;
        }
        (_, Some(policy)) => {
            let path = format!("{CONDITIONAL}/{policy}");
            rig.robot(CONTOSO).await.delete(&path).await.unwrap();
        }
        _ => {}
    }
}

fn names_both(rig: &Rig, record: &Value) {
    assert_eq!(record["homeTenantId"], rig.id(NORTHWIND), "{record}");
    assert_eq!(record["homeCloud"], USGOV, "{record}");
    assert_eq!(record["resourceTenantId"], rig.id(CONTOSO), "{record}");
    assert_eq!(record["resourceCloud"], GLOBAL, "{record}");
}

/// Each record of the attempt with its trace.
async fn traced(rig: &Rig, domain: &str, correlation_id: &str) -> Vec<(Value, Value)> {
    let graph = rig.robot(domain).await;
    let mut all = Vec::new();
    for record in rig.records(domain, correlation_id).await {
        names_both(rig, &record);
        let path = format!("/v1.0/auditLogs/signIns/{}", record["id"].as_str().unwrap());
        let one = graph.get(&path).await.unwrap();
        all.push((record, one["crossTenantAccessResult"].clone()));
    }
    all
}

fn closed(trace: &Value) -> Option<&str> {
    let gates = trace["gates"].as_array()?;
    let closed = gates.iter().find(|g| g["outcome"] == "closed")?;
    closed["gate"].as_str()
}

/// The trace of the side that decided.
fn tells(row: &Row, trace: &Value) {
    let is_access = (53_000..=53_003).contains(&row.code);
    if is_access {
        assert_eq!(closed(trace), None, "{trace}");
        let policies = trace["conditionalAccess"].as_array().unwrap();
        let failed = policies.iter().find(|p| p["result"] == "failure").unwrap();
        assert_eq!(failed["displayName"], "Over guests", "{trace}");
        let why = match row.code {
            53_000 => "compliant device",
            53_001 => "hybrid joined",
            _ => "blocks",
        };
        contains(&failed["controls"].to_string(), &[why]);
    } else {
        assert_eq!(closed(trace), Some(row.gate), "{trace}");
    }
    let side = if row.by == CONTOSO {
        "resource"
    } else {
        "home"
    };
    assert_eq!(trace["side"], side, "{trace}");
    contains(trace["smallestChange"].as_str().unwrap(), &[row.change]);
}

async fn check(rig: &Rig, row: &Row, correlation_id: &str) {
    let own = traced(rig, row.by, correlation_id).await;
    let decided = own
        .iter()
        .find(|(r, _)| r["status"]["errorCode"] == row.code);
    let (_, trace) = decided.unwrap_or_else(|| panic!("{} not in {own:?}", row.code));
    tells(row, trace);
    let there = traced(rig, other(row.by), correlation_id).await;
    assert_eq!(!there.is_empty(), row.is_reached, "{}: {there:?}", row.code);
    for (record, trace) in there {
        assert!(!record.to_string().contains("Over guests"), "{record}");
        assert_eq!(closed(&trace), None, "{} {}: {trace}", row.code, row.gate);
        assert_eq!(trace["smallestChange"], Value::Null, "{trace}");
    }
}

#[tokio::test]
async fn every_code_is_in_both_logs_and_its_trace_in_one() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let invited = rig.invite(NORA).await;
        let (means, way) = turning(rig);
        let mut nora = rig.actor_over(NORA, &means);
        nora.go(&invited.link).await;
        for row in &ROWS {
            let policy = close(rig, row).await;
            if row.gate == "pair" {
                unpair(rig, &way).await;
            }
            let (refused, _) = nora.denied(&rig.direct("Expenses"), row.code).await;
            rig.means.client.clone_into(&mut way.lock().unwrap());
            // Told by a process that has the pair: the facts say what the decision saw.
            check(rig, row, &refused.correlation_id).await;
            reopen(rig, row, policy).await;
            let trip = nora.go(&rig.direct("Expenses")).await;
            rig.at_expenses(&trip, &nora);
        }
        let seen = look(&rig.world).await;
        assert_eq!(seen.wrong, Vec::<String>::new());
        for row in &ROWS {
            assert!(seen.again.contains_key(&row.code), "{:?}", seen.again);
            let is_without = seen.without.iter().any(|(_, code)| *code == row.code);
            assert!(!is_without, "a {} without its facts", row.code);
        }
    })
    .await;
}

/// A way into the world that can be turned to other processes of its clouds.
fn turning(rig: &Rig) -> (Means, Arc<Mutex<Client>>) {
    let way = Arc::new(Mutex::new(rig.means.client.clone()));
    let seen = way.clone();
    let transport = Transport::new(move |ask| {
        let client = seen.lock().unwrap().clone();
        Box::pin(async move { client.send(ask).await })
    });
    let means = Means {
        client: Client::through(transport),
        ..rig.means.clone()
    };
    (means, way)
}

/// Turns it to processes whose operators have taken all pairs out of their registries.
async fn unpair(rig: &Rig, way: &Mutex<Client>) {
    let unpaired = rig.world.unpaired().await.unwrap();
    *way.lock().unwrap() = Client::through(unpaired);
}

#[tokio::test]
async fn what_is_inherited_is_said_and_who_was_let_in_has_no_change_to_make() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        let default = "/v1.0/policies/crossTenantAccessPolicy/default";
        let row = row(
            (500_213, CONTOSO),
            "applications",
            true,
            "b2bCollaborationInbound",
        );
        let graph = rig.robot(CONTOSO).await;
        graph.patch(default, &setting(rig, &row)).await.unwrap();
        let (refused, _) = nora.denied(&rig.direct("Expenses"), 500_213).await;
        let own = traced(rig, CONTOSO, &refused.correlation_id).await;
        let inherited = |trace: &Value| {
            let gates = trace["gates"].as_array().unwrap();
            let gate = gates
                .iter()
                .find(|g| ["users", "applications"].contains(&g["gate"].as_str().unwrap()))
                .unwrap();
            (gate["outcome"].clone(), gate["inherited"].clone())
        };
        let decided = own
            .iter()
            .find(|(r, _)| r["status"]["errorCode"] == 500_213);
        assert_eq!(
            inherited(&decided.unwrap().1),
            (json!("closed"), json!(true))
        );
        let open = json!({"b2bCollaborationInbound": {
            "usersAndGroups": half("allowed", "user", &["AllUsers"]),
            "applications": half("allowed", "application", &["AllApplications"])}});
        rig.set(CONTOSO, NORTHWIND, &open).await;
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
        let record = &rig.sign_ins(CONTOSO).await[0];
        let own = traced(rig, CONTOSO, record["correlationId"].as_str().unwrap()).await;
        let (_, trace) = own
            .iter()
            .find(|(r, _)| r["status"]["errorCode"] == 0)
            .unwrap();
        assert_eq!(inherited(trace), (json!("open"), json!(false)));
        assert_eq!(trace["smallestChange"], Value::Null, "{trace}");
    })
    .await;
}
