//! A hostile person and a hostile tenant (§3.2, §3.3, §3.7, §3.11, §5.2): swapped browsers, links
//! forged, forwarded and replayed, one organization's answer used at another, a yes that comes
//! after home's no.

use comity_demo::{browser::Browser, oauth, walk::End};
use comity_testkit::Engine;
use serde_json::json;
use url::Url;

use super::rig::{NORA, Rig, add, id_of, step};

/// A page that knows of no sign-in.
fn gone(browser: &Browser) {
    let page = browser.page().unwrap();
    assert_eq!(page.status, 400, "{}", page.describe());
}

/// The common endpoint, where *Sign in to an organization* is offered.
fn common(rig: &Rig) -> String {
    let base = format!("{}/common/oauth2/v2.0/authorize", rig.cloud("global").login);
    let mut url = Url::parse(&base).unwrap();
    url.query_pairs_mut().extend_pairs([
        ("client_id", oauth::AZURE_CLI),
        ("response_type", "code"),
        ("redirect_uri", "http://localhost:8400"),
        ("scope", "openid profile"),
        ("state", "st"),
        ("nonce", "no"),
        ("code_challenge", &"A".repeat(43)),
        ("code_challenge_method", "S256"),
    ]);
    url.into()
}

async fn choose(browser: &mut Browser, organization: &str) {
    let options = step(browser, "/options");
    browser.open(&options).await.unwrap();
    browser.fill("#organization", organization).unwrap();
    browser.submit("#submit").await.unwrap();
}

/// Fabrikam and Northwind admit one another, and Fabrikam has invited nora.
async fn with_fabrikam(rig: &Rig) {
    let fabrikam = rig.tenant("global", "fabrikam.com");
    let admin = rig.graph("global", "fabrikam.com", "admin").await;
    let body = json!({ "allowedCloudEndpoints": ["microsoftonline.us"] });
    let policy = "/v1.0/policies/crossTenantAccessPolicy";
    assert_eq!(admin.patch(policy, &body).await.unwrap().status, 204);
    add(&admin, &rig.northwind().id).await;
    let northwind = rig.graph("usgov", "northwind.us", "secadmin").await;
    add(&northwind, &fabrikam.id).await;
    rig.invited_by(("fabrikam.com", "admin"), NORA).await;
    let partner = format!("{policy}/partners/{}", fabrikam.id);
    assert_eq!(northwind.delete(&partner).await.unwrap().status, 204);
}

#[tokio::test]
async fn what_home_told_one_organization_counts_at_no_other() {
    let rig = Rig::paired().await;
    rig.invite(NORA).await;
    // Northwind has taken back what it allowed Fabrikam.
    with_fabrikam(&rig).await;
    let mut browser = rig.browser();
    browser.open(&common(&rig)).await.unwrap();
    choose(&mut browser, "contoso.com").await;
    rig.until_review(&mut browser).await;
    choose(&mut browser, "fabrikam.com").await;
    let trip = rig.walk(&mut browser).await;
    let End::Refused(refused) = &trip.end else {
        panic!("{}", trip.outcome(&browser))
    };
    assert_eq!(refused.code, "AADSTS500212");
    let read = rig.app("global").store().read();
    let fabrikam = read.tenant(id_of(rig.tenant("global", "fabrikam.com")));
    let guest = fabrikam.users().find_external(&rig.identity()).await;
    let state = guest.unwrap().unwrap().external.unwrap().state;
    assert_eq!(
        state,
        comity_model::user::ExternalUserState::PendingAcceptance
    );
}

#[tokio::test]
async fn an_organization_is_chosen_at_the_common_endpoint_and_again() {
    let rig = Rig::paired().await;
    rig.invite(NORA).await;
    let mut browser = rig.browser();
    browser.stop_at(Some("http://localhost:8400".to_owned()));
    browser.open(&common(&rig)).await.unwrap();
    choose(&mut browser, "fabrikam.com").await;
    choose(&mut browser, "contoso.com").await;
    let trip = rig.walk(&mut browser).await;
    assert!(
        matches!(trip.end, End::Away(_)),
        "{}",
        trip.outcome(&browser)
    );
    assert!(rig.standing(&browser).await.session.is_some());
}

#[tokio::test]
async fn home_answers_for_the_tenant_that_was_asked_and_no_other() {
    let rig = Rig::paired().await;
    rig.invite(NORA).await;
    let mut browser = rig.at_home().await;
    browser.stop_at(None);
    let options = step(&browser, "/options");
    browser.open(&options).await.unwrap();
    let offered = browser.page().unwrap().html.by_id("organization").is_some();
    if offered {
        browser.fill("#organization", "woodgrove.us").unwrap();
        browser.submit("#submit").await.unwrap();
    }
    gone(&browser);
    // An endpoint of one organization is that one's.
    let mut browser = rig.browser();
    browser.open(&rig.my_apps()).await.unwrap();
    choose(&mut browser, "fabrikam.com").await;
    gone(&browser);
}

#[tokio::test]
async fn a_yes_that_comes_after_home_s_no_redeems_nobody() {
    for engine in Engine::available() {
        for disabled in [true, false] {
            let rig = Rig::paired_on(engine).await;
            let link = rig.invite(NORA).await;
            let mut browser = rig.browser();
            browser.open(&link).await.unwrap();
            rig.until_review(&mut browser).await;
            let before = rig.standing(&browser).await;
            let admin = rig.graph("usgov", "northwind.us", "admin").await;
            let nora = format!("/v1.0/users/{}", rig.nora().id);
            let body = json!({ "accountEnabled": !disabled });
            assert_eq!(admin.patch(&nora, &body).await.unwrap().status, 204);
            rig.forward(90);
            browser.submit("#consent-accept").await.unwrap();
            let after = rig.standing(&browser).await;
            if disabled {
                assert_eq!(browser.page().unwrap().status, 403, "{engine:?}");
                assert_eq!(after, before, "{engine:?}");
            } else {
                assert!(after.session.is_some(), "{engine:?}");
                assert_ne!(after.guest, before.guest, "{engine:?}");
            }
        }
    }
}

/// Whether Contoso's guest from Fabrikam has redeemed.
async fn accepted(rig: &Rig, fay: &str) -> bool {
    let read = rig.app("global").store().read();
    let identity = comity_model::user::ExternalIdentity {
        cloud: "microsoftonline.com".into(),
        tenant: id_of(rig.tenant("global", "fabrikam.com")),
        object: comity_model::id::Id::parse(fay).unwrap(),
    };
    let users = read.tenant(id_of(rig.contoso())).users();
    let guest = users.find_external(&identity).await.unwrap().unwrap();
    guest.external.unwrap().state == comity_model::user::ExternalUserState::Accepted
}

#[tokio::test]
async fn within_one_cloud_home_s_no_counts_at_once() {
    let rig = Rig::start().await;
    let fay = rig
        .tenant("global", "fabrikam.com")
        .user("fay@fabrikam.com");
    let fay = fay.unwrap();
    let link = rig.invite(&fay.user_principal_name).await;
    let admin = rig.graph("global", "fabrikam.com", "admin").await;
    let path = format!("/v1.0/users/{}", fay.id);
    for enabled in [false, true] {
        let mut browser = rig.browser();
        browser.open(&link).await.unwrap();
        rig.until_review_of(fay, &mut browser).await;
        let body = json!({ "accountEnabled": enabled });
        assert_eq!(admin.patch(&path, &body).await.unwrap().status, 204);
        browser.submit("#consent-accept").await.unwrap();
        let page = browser.page().unwrap();
        let landed = page.host().starts_with("myapps.");
        assert_eq!(landed, enabled, "{}", page.describe());
        assert_eq!(accepted(&rig, &fay.id).await, enabled);
        let body = json!({ "accountEnabled": true });
        assert_eq!(admin.patch(&path, &body).await.unwrap().status, 204);
    }
}

#[tokio::test]
async fn pages_of_a_sign_in_belong_to_the_browser_that_began_it() {
    let rig = Rig::paired().await;
    let link = rig.invite(NORA).await;
    let mut hers = rig.browser();
    hers.open(&link).await.unwrap();
    rig.until_review(&mut hers).await;
    let page = step(&hers, "");
    let before = rig.standing(&hers).await;
    let mut other = rig.browser();
    other.open(&page).await.unwrap();
    gone(&other);
    // Even with the form of her page: her token, another jar.
    let token = hers.page().unwrap().html.nodes().find_map(|node| {
        let hidden = node.tag() == "input" && node.attribute("type") == Some("hidden");
        hidden.then(|| node.attribute("value")).flatten()
    });
    let form = comity_oauth::params::Params::from_pairs([
        ("form_token", token.unwrap()),
        ("token", token.unwrap()),
        ("consent", "accept"),
    ]);
    let origin = rig.cloud("global").login.clone();
    let answer = rig
        .post(&step(&hers, "/consent"), &form, &[("origin", &origin)])
        .await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    assert_eq!(rig.standing(&other).await.guest, before.guest);
    hers.submit("#consent-accept").await.unwrap();
    let after = rig.standing(&hers).await;
    assert_ne!(after.guest, before.guest);
    // Twice: the sign-in has ended.
    hers.open(&page).await.unwrap();
    gone(&hers);
    assert_eq!(rig.standing(&hers).await, after);
}

#[tokio::test]
async fn a_late_yes_is_none() {
    let rig = Rig::paired().await;
    let link = rig.invite(NORA).await;
    let mut browser = rig.browser();
    browser.open(&link).await.unwrap();
    rig.until_review(&mut browser).await;
    let before = rig.standing(&browser).await;
    rig.forward(601);
    browser.submit("#consent-accept").await.unwrap();
    gone(&browser);
    assert_eq!(rig.standing(&browser).await, before);
}

#[tokio::test]
async fn a_link_forged_or_forwarded_redeems_nothing_and_a_replay_nothing_more() {
    let rig = Rig::paired().await;
    let link = rig.invite(NORA).await;
    let before = rig.standing(&rig.browser()).await;
    let url = Url::parse(&link).unwrap();
    let forged = |name: &str, value: &str| super::callback::replaced(&url, name, value);
    let fabrikam = &rig.tenant("global", "fabrikam.com").id;
    for url in [
        forged("ticket", &"A".repeat(43)),
        forged("tenant", fabrikam),
        forged("user", &rig.nora().id),
        forged("ticket", ""),
    ] {
        let mut browser = rig.browser();
        browser.open(url.as_str()).await.unwrap();
        assert_eq!(browser.page().unwrap().status, 404, "{url}");
    }
    // Forwarded to nils, who is signed in at home.
    let mut nils = rig.browser();
    let home = format!(
        "{}/?tenantid={}",
        rig.cloud("usgov").myapps,
        rig.northwind().id
    );
    nils.open(&home).await.unwrap();
    let trip = rig.walk_as("nils@northwind.us", &mut nils).await;
    assert!(matches!(trip.end, End::Landed), "{}", trip.outcome(&nils));
    nils.open(&link).await.unwrap();
    rig.walk_as("nils@northwind.us", &mut nils).await;
    assert_eq!(rig.standing(&nils).await, before, "forwarded");
    // Nora redeems; opened again, the link changes nothing.
    let mut hers = rig.browser();
    hers.open(&link).await.unwrap();
    rig.walk(&mut hers).await;
    let redeemed = rig.standing(&hers).await.guest;
    assert_ne!(redeemed, before.guest);
    nils.open(&link).await.unwrap();
    rig.walk_as("nils@northwind.us", &mut nils).await;
    assert_eq!(rig.standing(&nils).await.guest, redeemed, "replayed");
    assert_eq!(rig.standing(&nils).await.session, None);
}

#[tokio::test]
async fn the_invited_person_is_fixed_and_never_typed() {
    let rig = Rig::paired().await;
    rig.invite("nils@northwind.us").await;
    let link = rig.invite(NORA).await;
    let mut browser = rig.browser();
    browser.open(&link).await.unwrap();
    let name = step(&browser, "/name");
    browser.open(&name).await.unwrap();
    if browser.page().unwrap().html.by_id("username").is_some() {
        browser.fill("#username", "nils@northwind.us").unwrap();
        browser.submit("#submit").await.unwrap();
    }
    let before = rig.standing(&browser).await;
    let trip = rig.walk_as("nils@northwind.us", &mut browser).await;
    assert_eq!(
        rig.standing(&browser).await,
        before,
        "{}",
        trip.outcome(&browser)
    );
}

#[tokio::test]
async fn a_pushed_request_forwarded_to_a_victim_gives_the_attacker_nothing() {
    // The victim is signed in at home and has said yes to Contoso before.
    let (rig, mut victim) = Rig::guest().await;
    let before = rig.standing(&victim).await;
    let mut attacker = rig.browser();
    attacker.open(&rig.my_apps()).await.unwrap();
    attacker.fill("#username", NORA).unwrap();
    attacker.submit("#submit").await.unwrap();
    attacker.stop_at(Some(rig.cloud("usgov").login.clone()));
    attacker.submit("#submit").await.unwrap();
    let forwarded = attacker.away().unwrap().clone();
    victim.open(forwarded.as_str()).await.unwrap();
    gone(&victim);
    assert!(victim.page().unwrap().host().starts_with("login.global"));
    assert_eq!(rig.standing(&victim).await, before);
    assert_eq!(rig.standing(&attacker).await.session, None);
    // Used up: the attacker cannot bring it any more.
    attacker.stop_at(None);
    attacker.open(forwarded.as_str()).await.unwrap();
    gone(&attacker);
}

#[tokio::test]
async fn a_code_of_another_transaction_is_worth_nothing() {
    let (rig, _) = Rig::guest().await;
    let (mut hers, mut his) = (rig.at_home().await, rig.at_home().await);
    let (url_of_hers, url_of_his) = (rig.back(&mut hers).await, rig.back(&mut his).await);
    let code = url_of_hers
        .query_pairs()
        .find(|(n, _)| n == "code")
        .unwrap()
        .1;
    let injected = super::callback::replaced(&url_of_his, "code", &code);
    his.open(injected.as_str()).await.unwrap();
    assert_eq!(his.page().unwrap().status, 403);
    assert_eq!(rig.recorded(&his).await, 50_000);
    assert_eq!(rig.standing(&his).await.session, None);
    hers.open(url_of_hers.as_str()).await.unwrap();
    assert!(rig.standing(&hers).await.session.is_some());
}
