//! An invitation is for one person of one home. Who merely has her name, her address, her cloud or
//! her organization, or is at home here, redeems nothing with it (security bars S-06, S-13); and a
//! browser that claims a device has none (S-23).

use comity_demo::{
    client::{Ask, Client, Transport},
    manifest::{Secret, User},
    oauth::Means,
    walk::End,
};
use http::HeaderName;
use serde_json::json;

use crate::rig::{
    Actor, CHINA, CONTOSO, NILS, NORA, NORTHWIND, Rig, TAILSPIN, USGOV, WOODGROVE, on_every_engine,
    over_guests,
};

const PASSWORD: &str = "a namesake's own sentence";

/// Every gate between these organizations is open: what refuses is the invitation alone.
async fn all_open(rig: &Rig) {
    rig.tick(CONTOSO, &[USGOV, CHINA]).await;
    for other in [NORTHWIND, WOODGROVE, TAILSPIN] {
        rig.add(CONTOSO, other).await;
        rig.open(other, CONTOSO).await;
    }
}

/// Somebody else who is called like nora and says that her address is his own.
async fn namesake(rig: &Rig, domain: &str) -> Actor {
    let nora = rig.tenant(NORTHWIND).user(NORA).unwrap();
    let upn = format!("nora@{domain}");
    let body = json!({
        "accountEnabled": true,
        "displayName": nora.display_name,
        "mailNickname": "nora",
        "userPrincipalName": upn,
        "otherMails": [NORA],
        "passwordProfile": { "password": PASSWORD, "forceChangePasswordNextSignIn": false },
    });
    let graph = rig.robot(domain).await;
    let made = graph.post("/v1.0/users", &body).await.unwrap();
    let user = User {
        id: made.body["id"].as_str().unwrap().to_owned(),
        user_principal_name: upn,
        display_name: nora.display_name.clone(),
        password: Secret::new(PASSWORD),
        totp_secret: None,
        roles: Vec::new(),
        account_enabled: true,
    };
    Rig::actor_of(&user, rig.cloud_of(domain), &rig.means)
}

/// Signs in at the own organization, then opens the link.
async fn try_link(rig: &Rig, actor: &mut Actor, link: &str) {
    let domain = actor.person.upn.split('@').nth(1).unwrap().to_owned();
    let (cloud, tenant) = (rig.cloud_of(&domain), rig.id(&domain));
    let own = format!("{}/?tenantid={tenant}", cloud.myapps);
    let trip = actor.go(&own).await;
    let name = &actor.person.upn;
    assert!(
        matches!(trip.end, End::Landed),
        "{name}: {}",
        trip.outcome(&actor.browser)
    );
    let trip = actor.go(link).await;
    let name = &actor.person.upn;
    let saw = trip.outcome(&actor.browser);
    assert!(!matches!(trip.end, End::Landed), "{name}: {saw}");
}

async fn strangers(rig: &Rig) -> Vec<Actor> {
    let mut all = Vec::new();
    for upn in [
        NILS,
        "will@woodgrove.us",
        "tao@tailspin.cn",
        "alex@contoso.com",
    ] {
        all.push(rig.actor(upn));
    }
    for domain in [WOODGROVE, TAILSPIN, CONTOSO] {
        all.push(namesake(rig, domain).await);
    }
    all
}

#[tokio::test]
async fn s13_an_invitation_redeems_for_nobody_but_the_invited() {
    on_every_engine(async |rig| {
        all_open(rig).await;
        let mut strangers = strangers(rig).await;
        let invited = rig.invite(NORA).await;
        let before = rig.stored(CONTOSO).await;
        for stranger in &mut strangers {
            try_link(rig, stranger, &invited.link).await;
            assert_eq!(rig.state_of(&invited.guest).await, "PendingAcceptance");
        }
        assert_eq!(rig.stored(CONTOSO).await, before);
        let mut nora = rig.actor(NORA);
        let trip = nora.go(&invited.link).await;
        rig.at_my_apps(&trip, &nora);
        // Afterwards the name does not open what has become hers.
        let after = rig.stored(CONTOSO).await;
        for stranger in &mut strangers {
            if !stranger.person.upn.ends_with(CONTOSO) {
                stranger.denied(&rig.my_apps(), 50_020).await;
            }
        }
        assert_eq!(rig.stored(CONTOSO).await, after);
    })
    .await;
}

/// What people write about how to look like a managed device.
const CLAIMS: [(&str, &str); 9] = [
    ("x-device-compliant", "true"),
    ("x-ms-device-compliant", "true"),
    ("x-ms-deviceid", "5d0c2f4e-0f6b-4d0e-8a55-d1a5f7f0b9a1"),
    (
        "x-ms-refreshtokencredential",
        "eyJhbGciOiJIUzI1NiJ9.e30.AAAA",
    ),
    ("x-ms-pkeyauth", "1.0"),
    ("x-client-cert-issuer", "CN=MS-Organization-Access"),
    (
        "x-forwarded-client-cert",
        "Hash=00;Subject=\"CN=MS-Organization-Access\"",
    ),
    ("sec-ch-ua-platform", "\"Windows\""),
    (
        "user-agent",
        "Edg/140.0 (Windows NT 10.0; Win64; x64; compliant; domain joined)",
    ),
];

/// A browser that sends all of that with every request.
fn claiming(rig: &Rig) -> Means {
    let client = Client::through(rig.world.transport());
    let transport = Transport::new(move |mut ask: Ask| {
        for (name, value) in CLAIMS {
            let name = HeaderName::from_static(name);
            ask.headers.insert(name, value.parse().unwrap());
        }
        let client = client.clone();
        Box::pin(async move { client.send(ask).await })
    });
    Means {
        client: Client::through(transport),
        ..rig.means.clone()
    }
}

#[tokio::test]
async fn s23_what_a_browser_says_of_its_device_is_not_believed() {
    on_every_engine(async |rig| {
        let (_, _) = rig.nora().await;
        let means = claiming(rig);
        for trust in [false, true] {
            let devices = json!({ "inboundTrust": {
                "isCompliantDeviceAccepted": trust,
                "isHybridAzureADJoinedDeviceAccepted": trust,
            } });
            rig.set(CONTOSO, NORTHWIND, &devices).await;
            for control in ["compliantDevice", "domainJoinedDevice"] {
                let app = rig.app("Expenses").app_id.clone();
                let policy = rig.require(&over_guests(&[&app], control)).await;
                let mut nora = rig.actor_over(NORA, &means);
                let number = if control == "compliantDevice" {
                    53_000
                } else {
                    53_001
                };
                nora.denied(&rig.direct("Expenses"), number).await;
                let path = format!("{}/{policy}", crate::rig::CONDITIONAL);
                rig.robot(CONTOSO).await.delete(&path).await.unwrap();
            }
        }
        // Nothing else was wrong with that browser.
        let mut nora = rig.actor_over(NORA, &means);
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
    })
    .await;
}
