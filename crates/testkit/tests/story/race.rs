//! Many at once, over two processes of each cloud: one invitation (security bar S-18), one one-time
//! code (S-44).

use comity_demo::walk::End;
use comity_model::{
    id::Id,
    invitation::{Invitation, InvitationStatus},
    user::{ExternalUserState, User},
};
use futures_util::future::join_all;
use serde_json::json;

use crate::rig::{Actor, CONDITIONAL, CONTOSO, Invited, NILS, NORA, Rig, on_every_engine};

/// Browsers of each of two people.
const EACH: usize = 32;

/// `COMITY_RACE_ROUNDS` asks for more.
fn rounds() -> usize {
    let asked = std::env::var("COMITY_RACE_ROUNDS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(2)
}

fn twins(actor: &Actor, number: usize) -> Vec<Actor> {
    (0..number).map(|_| actor.twin()).collect()
}

/// Goes on to *Review permissions* at this login host, and not further.
pub async fn to_review(actor: &mut Actor, link: &str, login: &str) {
    actor.browser.open(link).await.unwrap();
    for _ in 0..10 {
        let page = actor.browser.page().unwrap();
        let here = page.url.origin().ascii_serialization() == login;
        let step = match page.html.by_id("consent-accept") {
            Some(_) if here => return,
            Some(_) => "#consent-accept",
            None => "#submit",
        };
        actor.browser.submit(step).await.unwrap();
    }
    let page = actor.browser.page().unwrap();
    panic!("no review was asked: {}", page.describe());
}

/// How often a redemption was recorded.
async fn redemptions(rig: &Rig) -> usize {
    let path = "/v1.0/auditLogs/directoryAudits?$top=200\
                &$filter=activityDisplayName%20eq%20'Redeem%20external%20user%20invite'";
    let found = rig.robot(CONTOSO).await.get(path).await.unwrap();
    assert!(found.get("@odata.nextLink").is_none());
    found["value"].as_array().unwrap().len()
}

/// The one guest as stored, and all invitations of it.
async fn kept(rig: &Rig, guest: &str) -> (User, Vec<Invitation>) {
    let read = rig.world.app("global").unwrap().store().read();
    let tables = read.tenant(Id::parse(rig.id(CONTOSO)).unwrap());
    let all = tables.users().all().await.unwrap();
    let mut guests: Vec<_> = all.into_iter().filter(|u| u.external.is_some()).collect();
    assert_eq!(guests.len(), 1, "{guests:?}");
    let user = guests.remove(0);
    assert_eq!(user.id.to_string(), guest);
    let invitations = tables.invitations().list_of_user(user.id).await;
    (user, invitations.unwrap())
}

/// The guest was changed once, and each invitation of hers was done once.
async fn redeemed_once(rig: &Rig, invited: &Invited, before: &User) {
    let (user, invitations) = kept(rig, &invited.guest).await;
    assert_eq!(user.version, before.version + 1);
    let external = user.external.unwrap();
    assert_eq!(external.state, ExternalUserState::Accepted);
    assert_eq!(external.identity.object.to_string(), rig.user(NORA));
    for invitation in invitations {
        assert_eq!(invitation.status, InvitationStatus::Completed);
        assert_eq!(invitation.version, 2);
    }
}

/// A guest who has to accept, for the first time or again.
async fn pending(rig: &Rig, guest: Option<&str>) -> Invited {
    let Some(guest) = guest else {
        return rig.invite(NORA).await;
    };
    let mut body = rig.invitation(NORA);
    body["resetRedemption"] = json!(true);
    body["invitedUser"] = json!({ "id": guest });
    let graph = rig.robot(CONTOSO).await;
    graph.post("/v1.0/invitations", &body).await.unwrap();
    let link = rig.mails(NORA).last().unwrap().link("/redeem").unwrap();
    let guest = guest.to_owned();
    Invited { guest, link }
}

/// Where somebody is: in My Apps, or at a page that says no in its own words.
fn in_or_refused(rig: &Rig, actor: &Actor) -> bool {
    let page = actor.browser.page().unwrap();
    let here = page.url.origin().ascii_serialization();
    if here == rig.cloud_of(CONTOSO).myapps && page.status == 200 {
        return true;
    }
    let code = page.text_of("error-code").unwrap_or_default();
    assert!(!code.is_empty(), "no clean error: {}", page.describe());
    assert!(!page.status.is_server_error(), "{}", page.describe());
    false
}

async fn one_round(rig: &Rig, people: &mut [Actor], guest: Option<&str>, round: usize) -> String {
    let invited = pending(rig, guest).await;
    let (before, _) = kept(rig, &invited.guest).await;
    let login = &rig.cloud_of(CONTOSO).login;
    // Her yes to the release at home is kept, so that all others find nothing to answer there; it
    // renews her session, so they are made of her browser as it is afterwards.
    to_review(&mut people[0], &invited.link, login).await;
    let (mut noras, mut others) = (twins(&people[0], EACH), twins(&people[1], EACH));
    let arrive = noras
        .iter_mut()
        .map(|actor| to_review(actor, &invited.link, login));
    join_all(arrive).await;
    assert_eq!(redemptions(rig).await, round);
    let accept = noras.iter_mut().map(async |actor| {
        actor.browser.submit("#consent-accept").await.unwrap();
    });
    let try_it = others.iter_mut().map(async |actor| {
        actor.go(&invited.link).await;
    });
    tokio::join!(join_all(accept), join_all(try_it));
    let inside = noras.iter().filter(|a| in_or_refused(rig, a)).count();
    assert!(inside >= 1, "nobody redeemed");
    let strangers = others.iter().filter(|a| in_or_refused(rig, a)).count();
    assert_eq!(strangers, 0, "the invitation was for somebody else");
    assert_eq!(redemptions(rig).await, round + 1, "one event a redemption");
    redeemed_once(rig, &invited, &before).await;
    invited.guest
}

#[tokio::test]
async fn s18_of_sixty_four_redemptions_by_two_people_on_two_nodes_one_is_done() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let means = rig.two_nodes().await;
        let mut people = Vec::new();
        for upn in [NORA, NILS] {
            let mut actor = rig.actor_over(upn, &means);
            let trip = actor.go(&rig.home_apps()).await;
            let landed = matches!(trip.end, End::Landed);
            let saw = trip.outcome(&actor.browser);
            assert!(landed && saw.contains("My Apps"), "{} {saw}", trip.path());
            people.push(actor);
        }
        let mut guest: Option<String> = None;
        for round in 0..rounds() {
            guest = Some(one_round(rig, &mut people, guest.as_deref(), round).await);
        }
    })
    .await;
}

#[tokio::test]
async fn s44_of_sixty_four_posts_of_one_code_on_two_nodes_one_is_taken() {
    on_every_engine(async |rig| {
        let alex = crate::code_limit::with_a_factor(rig, "alex@contoso.com").await;
        rig.world.clock.forward(60);
        let means = rig.two_nodes().await;
        let fresh = crate::code_limit::signed_in(rig, &alex, &means).await;
        let mut all = twins(&fresh, 2 * EACH);
        let direct = rig.direct("Expenses");
        join_all(all.iter_mut().map(|actor| actor.browser.open(&direct))).await;
        let code = crate::code_limit::code(rig, "alex@contoso.com", 0).await;
        let post = all.iter_mut().map(async |actor| {
            actor.browser.fill("#code", &code).unwrap();
            actor.browser.submit("#submit").await.unwrap();
        });
        join_all(post).await;
        let mut inside = 0;
        for actor in &all {
            let page = actor.browser.page().unwrap();
            assert!(!page.status.is_server_error(), "{}", page.describe());
            let again = page.html.by_id("code").is_some();
            let through = page.html.by_id("claims").is_some();
            assert!(again != through, "{}", page.describe());
            inside += u32::from(through);
        }
        assert_eq!(inside, 1);
    })
    .await;
}

/// A policy that wants a second factor of everybody in Expenses.
pub async fn codes_for_expenses(rig: &Rig) {
    let body = json!({
        "displayName": "Codes for Expenses",
        "state": "enabled",
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": { "includeApplications": [rig.app("Expenses").app_id] },
            "users": { "includeUsers": ["All"] }
        },
        "grantControls": { "operator": "OR", "builtInControls": ["mfa"] }
    });
    let graph = rig.robot(CONTOSO).await;
    let made = graph.post(CONDITIONAL, &body).await.unwrap();
    assert_eq!(made.status, 201);
}
