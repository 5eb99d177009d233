//! What changes while home is asked counts (law 6): an invitation is judged again in the transaction
//! that writes it.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use comity_app::{App, Context, directory};
use comity_demo::{
    graph::{Error, Reply},
    walk::End,
};
use comity_model::{
    id::Id,
    resource::{
        self, ResourceType,
        address::{Change, Object},
    },
    tenant::Tenant,
};
use comity_testkit::Engine;
use serde_json::{Value, json};

use crate::rig::{Actor, CONTOSO, NILS, NORA, NORTHWIND, Rig, USGOV, refused};

const INVITER: &str = "inviter@contoso.com";

type Doing = Pin<Box<dyn Future<Output = ()>>>;

/// Does something at Contoso while Northwind's answer to the next question is on its way: from a
/// thread of its own, as another process of the cloud would.
fn meanwhile(
    rig: &Rig,
    change: impl Fn(Context) -> Doing + Send + Sync + 'static,
) -> Arc<AtomicBool> {
    let app: App = rig.world.app("global").unwrap().clone();
    let tenant: Id<Tenant> = Id::parse(rig.id(CONTOSO)).unwrap();
    let (change, done) = (Arc::new(change), Arc::new(AtomicBool::new(false)));
    let did = Arc::clone(&done);
    let lie = move |_: &_, answer| {
        if !done.swap(true, Ordering::SeqCst) {
            let (app, change) = (app.clone(), Arc::clone(&change));
            let work = move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build();
                let cx = Context::system(&app, "meanwhile", tenant);
                runtime.unwrap().block_on(change(cx));
            };
            std::thread::spawn(work).join().unwrap();
        }
        answer
    };
    rig.world.wire.twist(USGOV, Some(Arc::new(lie)));
    did
}

fn set(kind: &'static ResourceType, object: Object, body: Value) -> impl Fn(Context) -> Doing {
    move |cx| {
        let object = object.clone();
        let change = Change {
            resource: kind,
            properties: body.as_object().unwrap().clone(),
            bindings: Vec::new(),
        };
        Box::pin(async move { directory::update(&cx, &object, change).await.unwrap() })
    }
}

fn take(object: Object) -> impl Fn(Context) -> Doing {
    move |cx| {
        let object = object.clone();
        Box::pin(async move { directory::delete(&cx, &object).await.unwrap() })
    }
}

/// Invites a person of Northwind as the Guest Inviter.
async fn invite(rig: &Rig) -> Result<Reply, Error> {
    let graph = rig.graph(INVITER).await;
    graph.post("/v1.0/invitations", &rig.invitation(NILS)).await
}

async fn guests(rig: &Rig) -> usize {
    let path = "/v1.0/users?$filter=userType%20eq%20'Guest'";
    let found = rig.robot(CONTOSO).await.get(path).await.unwrap();
    found["value"].as_array().unwrap().len()
}

async fn role_of_the_inviter(rig: &Rig) -> Object {
    let path = "/v1.0/roleManagement/directory/roleAssignments";
    let all = rig.robot(CONTOSO).await.get(path).await.unwrap();
    let inviter = rig.user(INVITER);
    let held = all["value"].as_array().unwrap();
    let held = held.iter().find(|a| a["principalId"] == inviter).unwrap();
    let id = held["id"].as_str().unwrap();
    Object::by_id(&resource::ROLE_ASSIGNMENT, id)
}

async fn ready() -> Rig {
    let rig = Rig::start(Engine::Sqlite).await;
    rig.pair().await;
    let body = json!({"allowInvitesFrom": "adminsAndGuestInviters"});
    let graph = rig.robot(CONTOSO).await;
    let path = "/v1.0/policies/authorizationPolicy";
    graph.patch(path, &body).await.unwrap();
    // Signed in before, so that the question is the next that Northwind answers.
    rig.token(INVITER).await;
    rig
}

#[tokio::test]
async fn an_invitation_is_written_under_the_settings_of_then() {
    let policy = || Object::only(&resource::AUTHORIZATION_POLICY);
    // The setting.
    let rig = ready().await;
    let nobody = json!({"allowInvitesFrom": "none"});
    let did = meanwhile(&rig, set(&resource::AUTHORIZATION_POLICY, policy(), nobody));
    assert_eq!(refused(invite(&rig).await).status, 403);
    assert!(did.load(Ordering::SeqCst));
    assert_eq!(guests(&rig).await, 0);
    // The role.
    let rig = ready().await;
    let did = meanwhile(&rig, take(role_of_the_inviter(&rig).await));
    assert_eq!(refused(invite(&rig).await).status, 403);
    assert!(did.load(Ordering::SeqCst));
    assert_eq!(guests(&rig).await, 0);
    // The account.
    let rig = ready().await;
    let inviter = Object::by_id(&resource::USER, rig.user(INVITER));
    let off = json!({"accountEnabled": false});
    meanwhile(&rig, set(&resource::USER, inviter, off));
    assert_eq!(refused(invite(&rig).await).status, 401);
    assert_eq!(guests(&rig).await, 0);
    // The gate.
    let rig = ready().await;
    let partner = &resource::CROSS_TENANT_ACCESS_PARTNER;
    meanwhile(&rig, take(Object::by_id(partner, rig.id(NORTHWIND))));
    let refusal = refused(invite(&rig).await);
    crate::rig::says(&refusal, 400, &["cross-tenant access settings"]);
    assert_eq!(guests(&rig).await, 0);
}

/// What has nothing to do with it does not stand in the way.
#[tokio::test]
async fn an_invitation_is_not_lost_to_a_change_beside_it() {
    let rig = ready().await;
    let alex = Object::by_id(&resource::USER, rig.user("alex@contoso.com"));
    let title = json!({"jobTitle": "Clerk"});
    let did = meanwhile(&rig, set(&resource::USER, alex, title));
    assert_eq!(invite(&rig).await.unwrap().status, 201);
    assert!(did.load(Ordering::SeqCst));
    assert_eq!(guests(&rig).await, 1);
}

/// Nora accepts; what she accepts was judged, and before it is written, somebody else's change is.
async fn accept(rig: &Rig, close: bool) -> (Actor, String) {
    let invited = rig.invite(NORA).await;
    let mut nora = rig.actor(NORA);
    nora.go(&rig.home_apps()).await;
    crate::race::to_review(&mut nora, &invited.link, &rig.cloud_of(CONTOSO).login).await;
    let store = rig.world.app("global").unwrap().store();
    let (contoso, northwind) = (Id::parse(rig.id(CONTOSO)), Id::parse(rig.id(NORTHWIND)));
    let tx = store.begin().await.unwrap();
    let change = async {
        // Until the request stands before its own transaction.
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        let tables = tx.tenant(contoso.unwrap());
        if close {
            let partners = tables.cross_tenant();
            assert!(partners.delete_partner(northwind.unwrap()).await.unwrap());
        }
        tables.bump_policy_version().await.unwrap();
        tx.commit().await.unwrap();
    };
    let accept = async { nora.browser.submit("#consent-accept").await.unwrap() };
    tokio::join!(accept, change);
    (nora, invited.guest)
}

#[tokio::test]
async fn a_guest_is_redeemed_under_the_settings_of_then() {
    for close in [true, false] {
        let rig = Rig::start(Engine::Sqlite).await;
        rig.pair().await;
        let (mut nora, guest) = accept(&rig, close).await;
        let trip = nora.walk().await;
        if close {
            let end = trip.outcome(&nora.browser);
            assert!(matches!(trip.end, End::Refused(_)), "{end}");
            assert_eq!(rig.state_of(&guest).await, "PendingAcceptance");
        } else {
            rig.at_my_apps(&trip, &nora);
            assert_eq!(rig.state_of(&guest).await, "Accepted");
        }
    }
}
