//! A row per condition that the server enforces: whom a blocking policy stops under it, and who
//! passes beside it.

use serde_json::{Value, json};

use crate::{
    place::{block, location},
    privileged::assign,
    relying::{ABROAD, ABROAD_RANGE, Device, OFFICE, OFFICE_RANGE, Relying, device},
    rig::{Actor, CONDITIONAL, CONTOSO, FABRIKAM, NORA, NORTHWIND, Rig, on_every_engine},
};

const WINDOWS: &str = "Test/1 (Windows NT 10.0)";
const LINUX: &str = "Test/1 (X11; Linux x86_64)";
const READERS: &str = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b";
const OTHER_ROLE: &str = "5d6b6bb7-de71-4623-b4af-96380a352509";

/// Who asks for what, from where.
#[derive(Clone, Copy, Debug)]
struct Try {
    is_guest: bool,
    client: &'static str,
    place: &'static str,
    agent: &'static str,
}

const GUEST: Try = Try {
    is_guest: true,
    client: "Expenses",
    place: OFFICE,
    agent: LINUX,
};
const MEMBER: Try = Try {
    is_guest: false,
    ..GUEST
};
const TOOL: Try = Try {
    client: "tool",
    ..MEMBER
};
const LIBRARY: Try = Try {
    client: "Library",
    ..MEMBER
};
const FAR: Try = Try {
    place: ABROAD,
    ..MEMBER
};
const ON_WINDOWS: Try = Try {
    agent: WINDOWS,
    ..MEMBER
};
const ON_NOTHING: Try = Try {
    agent: "",
    ..MEMBER
};

struct Scene<'r> {
    rig: &'r Rig,
    device: Device,
    nora: Actor,
    alex: Actor,
    guest: String,
    group: String,
    office: String,
    abroad: String,
}

async fn scene(rig: &Rig) -> Scene<'_> {
    rig.pair().await;
    let invited = rig.invite(NORA).await;
    let (means, device) = device(rig);
    let mut nora = rig.actor_over(NORA, &means);
    let trip = nora.go(&invited.link).await;
    rig.at_my_apps(&trip, &nora);
    assign(rig, &invited.guest, READERS).await;
    let group = nested(rig, &invited.guest).await;
    Scene {
        alex: rig.actor_over("alex@contoso.com", &means),
        rig,
        device,
        nora,
        guest: invited.guest,
        group,
        office: location(rig, OFFICE_RANGE, true).await,
        abroad: location(rig, ABROAD_RANGE, false).await,
    }
}

/// A group that holds somebody through another.
pub async fn nested(rig: &Rig, user: &str) -> String {
    let graph = rig.robot(CONTOSO).await;
    let mut inner = user.to_owned();
    for name in ["inner", "outer"] {
        let body = json!({"displayName": name, "mailNickname": name, "mailEnabled": false,
            "securityEnabled": true});
        let made = graph.post("/v1.0/groups", &body).await.unwrap();
        let id = made.body["id"].as_str().unwrap().to_owned();
        let url = format!(
            "{}/v1.0/directoryObjects/{inner}",
            rig.cloud_of(CONTOSO).graph
        );
        let path = format!("/v1.0/groups/{id}/members/$ref");
        graph.post(&path, &json!({"@odata.id": url})).await.unwrap();
        inner = id;
    }
    inner
}

impl Scene<'_> {
    async fn is_barred(&mut self, attempt: Try) -> bool {
        self.device.is_at(attempt.place);
        self.device.calls_itself(attempt.agent);
        let rig = self.rig;
        let mut client = Relying::expenses(rig);
        match attempt.client {
            "tool" => client = Relying::command_line(rig),
            "Library" => {
                let library = rig.app("Library");
                client = Relying::of(rig, library);
            }
            _ => {}
        }
        let actor = if attempt.is_guest {
            &mut self.nora
        } else {
            &mut self.alex
        };
        match client.code(actor).await {
            Ok(_) => false,
            Err(code) => {
                assert_eq!(code, "AADSTS53003");
                true
            }
        }
    }

    /// Under these conditions the first are stopped and the others are not.
    async fn row(&mut self, conditions: Value, barred: &[Try], free: &[Try]) {
        let policy = self.rig.require(&block(&conditions)).await;
        for (attempts, expected) in [(barred, true), (free, false)] {
            for attempt in attempts {
                let is_barred = self.is_barred(*attempt).await;
                assert_eq!(is_barred, expected, "{attempt:?} under {conditions}");
            }
        }
        let path = format!("{CONDITIONAL}/{policy}");
        self.rig.robot(CONTOSO).await.delete(&path).await.unwrap();
        for attempt in barred {
            assert!(!self.is_barred(*attempt).await, "{attempt:?} without it");
        }
    }
}

fn guests(types: &str, tenants: &Value) -> Value {
    json!({"includeGuestsOrExternalUsers": {
        "guestOrExternalUserTypes": types, "externalTenants": tenants}})
}

fn enumerated(tenant: &str) -> Value {
    json!({"@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
        "membershipKind": "enumerated", "members": [tenant]})
}

#[tokio::test]
async fn users_groups_and_roles() {
    on_every_engine(async |rig| {
        let mut scene = scene(rig).await;
        let (guest, group) = (scene.guest.clone(), scene.group.clone());
        let all_but = |name: &str, value: &str| json!({"includeUsers": ["All"], name: [value]});
        let rows: Vec<(Value, &[Try], &[Try])> = vec![
            (json!({"includeUsers": ["All"]}), &[GUEST, MEMBER], &[]),
            (json!({"includeUsers": ["None"]}), &[], &[GUEST, MEMBER]),
            (json!({"includeUsers": [guest]}), &[GUEST], &[MEMBER]),
            (all_but("excludeUsers", &guest), &[MEMBER], &[GUEST]),
            (json!({"includeGroups": [group]}), &[GUEST], &[MEMBER]),
            (all_but("excludeGroups", &group), &[MEMBER], &[GUEST]),
            (json!({"includeRoles": [READERS]}), &[GUEST], &[MEMBER]),
            (json!({"includeRoles": [OTHER_ROLE]}), &[], &[GUEST, MEMBER]),
            (all_but("excludeRoles", READERS), &[MEMBER], &[GUEST]),
        ];
        for (users, barred, free) in rows {
            scene.row(json!({"users": users}), barred, free).await;
        }
    })
    .await;
}

#[tokio::test]
async fn guests_by_kind_and_home() {
    on_every_engine(async |rig| {
        let mut scene = scene(rig).await;
        let all = json!({"@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants",
            "membershipKind": "all"});
        let (northwind, fabrikam) = (enumerated(rig.id(NORTHWIND)), enumerated(rig.id(FABRIKAM)));
        let kind = "b2bCollaborationGuest";
        let others = guests("internalGuest,b2bCollaborationMember", &all);
        let excluded = guests(kind, &all)["includeGuestsOrExternalUsers"].take();
        let but_guests = json!({"includeUsers": ["All"], "excludeGuestsOrExternalUsers": excluded});
        let keyword = json!({"includeUsers": ["GuestsOrExternalUsers"]});
        let rows: Vec<(Value, &[Try], &[Try])> = vec![
            (keyword, &[GUEST], &[MEMBER]),
            (guests(kind, &all), &[GUEST], &[MEMBER]),
            (others, &[], &[GUEST, MEMBER]),
            (guests(kind, &northwind), &[GUEST], &[MEMBER]),
            (guests(kind, &fabrikam), &[], &[GUEST, MEMBER]),
            (but_guests, &[MEMBER], &[GUEST]),
        ];
        for (users, barred, free) in rows {
            scene.row(json!({"users": users}), barred, free).await;
        }
    })
    .await;
}

#[tokio::test]
async fn applications_clients_and_platforms() {
    on_every_engine(async |rig| {
        let mut scene = scene(rig).await;
        let expenses = &rig.app("Expenses").app_id;
        let apps = |include: &str, exclude: &[&str]| {
            json!({"applications": {"includeApplications": [include],
                "excludeApplications": exclude}})
        };
        let clients = |types: &[&str]| json!({ "clientAppTypes": types });
        let platforms = |include: &str, exclude: &[&str]| {
            json!({"platforms": {"includePlatforms": [include], "excludePlatforms": exclude}})
        };
        let installed = clients(&["mobileAppsAndDesktopClients"]);
        let old = clients(&["exchangeActiveSync", "other"]);
        let rows: Vec<(Value, &[Try], &[Try])> = vec![
            (apps("All", &[]), &[GUEST, MEMBER, LIBRARY], &[]),
            (apps("None", &[]), &[], &[GUEST, MEMBER, LIBRARY]),
            (apps(expenses, &[]), &[GUEST, MEMBER], &[LIBRARY]),
            (apps("All", &[expenses]), &[LIBRARY], &[GUEST, MEMBER]),
            (clients(&["all"]), &[GUEST, MEMBER, TOOL], &[]),
            (clients(&["browser"]), &[GUEST, MEMBER], &[TOOL]),
            (installed, &[TOOL], &[GUEST, MEMBER]),
            (old, &[], &[GUEST, MEMBER, TOOL]),
            (platforms("windows", &[]), &[ON_WINDOWS], &[MEMBER, ON_NOTHING]),
            (
                platforms("all", &["linux"]),
                &[ON_WINDOWS, ON_NOTHING],
                &[MEMBER, GUEST],
            ),
        ];
        for (conditions, barred, free) in rows {
            scene.row(conditions, barred, free).await;
        }
    })
    .await;
}

#[tokio::test]
async fn locations_and_states() {
    on_every_engine(async |rig| {
        let mut scene = scene(rig).await;
        let (office, abroad) = (scene.office.clone(), scene.abroad.clone());
        let at = |include: &str, exclude: &[&str]| {
            json!({"locations": {"includeLocations": [include], "excludeLocations": exclude}})
        };
        let rows: Vec<(Value, &[Try], &[Try])> = vec![
            (at("All", &[]), &[FAR, MEMBER, GUEST], &[]),
            (at(&abroad, &[]), &[FAR], &[MEMBER, GUEST]),
            (at("AllTrusted", &[]), &[MEMBER, GUEST], &[FAR]),
            (at("All", &["AllTrusted"]), &[FAR], &[MEMBER, GUEST]),
            (at("All", &[&office]), &[FAR], &[MEMBER, GUEST]),
        ];
        for (conditions, barred, free) in rows {
            scene.row(conditions, barred, free).await;
        }
        for state in ["disabled", "enabledForReportingButNotEnforced"] {
            let mut policy = block(&json!({}));
            policy["state"] = state.into();
            rig.require(&policy).await;
            assert!(!scene.is_barred(MEMBER).await, "{state}");
            assert!(!scene.is_barred(GUEST).await, "{state}");
        }
        rig.require(&block(&json!({}))).await;
        assert!(scene.is_barred(MEMBER).await);
    })
    .await;
}
