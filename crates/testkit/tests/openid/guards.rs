//! Guard × path (security bar S-01): every way to a token or an answer of ours asks every guard of
//! one tenant; what closes refuses at once, what opens again restores.

use comity_app::App;
use comity_demo::{browser::Browser, walk::End};
use comity_model::{id::Id, service_principal::ServicePrincipal, tenant::Tenant, user::User};
use serde_json::Value;

use super::rig::{CLI, LOOPBACK, Rig, VERIFIER, ok, param, refused};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Guard {
    UserDisabled,
    TenantDisabled,
    ClientDisabled,
    ResourceDisabled,
    Unassigned,
}

impl Guard {
    const ALL: [Self; 5] = [
        Self::UserDisabled,
        Self::TenantDisabled,
        Self::ClientDisabled,
        Self::ResourceDisabled,
        Self::Unassigned,
    ];

    const fn number(self) -> u64 {
        match self {
            Self::UserDisabled => 50_057,
            Self::TenantDisabled => 90_002,
            Self::ClientDisabled => 7_000_112,
            Self::ResourceDisabled => 500_014,
            Self::Unassigned => 50_105,
        }
    }
}

struct Target {
    app: App,
    tenant: Id<Tenant>,
    user: Id<User>,
}

impl Target {
    #[expect(clippy::too_many_lines, reason = "one story, told in order")]
    async fn set(&self, guard: Guard, closed: bool) {
        let read = self.app.store().read();
        let mut user = read
            .tenant(self.tenant)
            .users()
            .find(self.user)
            .await
            .unwrap()
            .unwrap();
        let snapshot = read
            .tenant(self.tenant)
            .snapshot()
            .load()
            .await
            .unwrap()
            .unwrap();
        let principal = |id: uuid::Uuid| {
            snapshot
                .service_principals
                .iter()
                .find(|p| p.app_id == id)
                .unwrap()
                .clone()
        };
        let cli = comity_model::id::parse_uuid(CLI).unwrap();
        let tx = self.app.store().begin().await.unwrap();
        let scoped = tx.tenant(self.tenant);
        match guard {
            Guard::UserDisabled => {
                user.account_enabled = !closed;
                scoped.users().update(&user).await.unwrap();
            }
            Guard::TenantDisabled => {
                let tenant = Tenant {
                    enabled: !closed,
                    ..snapshot.tenant.clone()
                };
                tx.tenant(tenant.id).update_self(&tenant).await.unwrap();
            }
            Guard::ClientDisabled | Guard::ResourceDisabled => {
                let id = if guard == Guard::ClientDisabled {
                    cli
                } else {
                    comity_model::well_known::GRAPH
                };
                let changed = ServicePrincipal {
                    account_enabled: !closed,
                    ..principal(id)
                };
                scoped.service_principals().update(&changed).await.unwrap();
            }
            Guard::Unassigned => {
                let changed = ServicePrincipal {
                    app_role_assignment_required: closed,
                    ..principal(cli)
                };
                scoped.service_principals().update(&changed).await.unwrap();
            }
        }
        scoped.bump_policy_version().await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// What each path answers: its number, or none for a success.
async fn paths(
    rig: &Rig,
    browser: &mut Browser,
    code: &str,
    tokens: &Value,
) -> [(&'static str, Option<u64>); 4] {
    let redeemed = rig
        .token(&[
            ("grant_type", "authorization_code"),
            ("client_id", CLI),
            ("code", code),
            ("redirect_uri", LOOPBACK),
            ("code_verifier", VERIFIER),
        ])
        .await;
    let refreshed = rig.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    let number =
        |answer: &comity_demo::client::Answer| (answer.status != 200).then(|| refused(answer).1);
    let used = rig.userinfo(tokens["access_token"].as_str().unwrap()).await;
    browser
        .open(&rig.request(&[("prompt", "none")]))
        .await
        .unwrap();
    let silent = match browser.away() {
        Some(url) => param(url, "error").map(|_| 1),
        None => Some(1),
    };
    [
        ("code", number(&redeemed)),
        ("refresh", number(&refreshed)),
        ("use", (used.status != 200).then_some(401)),
        ("silent sign-in", silent),
    ]
}

#[tokio::test]
async fn s01_every_guard_is_asked_on_every_path() {
    let rig = Rig::start().await;
    let target = Target {
        app: rig.world.app("global").unwrap().clone(),
        tenant: Id::parse(&rig.contoso().id).unwrap(),
        user: Id::parse(&rig.contoso().user("alex@contoso.com").unwrap().id).unwrap(),
    };
    let mut browser = rig.browser();
    let code = rig.code(&mut browser, "alex@contoso.com").await;
    let mut tokens = ok(&rig.redeem(&code).await);
    for guard in Guard::ALL {
        let trip = rig
            .walk(&mut browser, "alex@contoso.com", &rig.request(&[]))
            .await;
        let End::Away(url) = &trip.end else {
            panic!("{}", trip.outcome(&browser))
        };
        let code = param(url, "code").unwrap();
        target.set(guard, true).await;
        for (path, answer) in paths(&rig, &mut browser, &code, &tokens).await {
            assert!(answer.is_some(), "{guard:?} does not stop `{path}`");
            if matches!(path, "code" | "refresh") {
                assert_eq!(answer, Some(guard.number()), "{guard:?} at `{path}`");
            }
        }
        target.set(guard, false).await;
        for (path, answer) in paths(&rig, &mut browser, &code, &tokens).await {
            assert_eq!(answer, None, "{guard:?} open again: `{path}`");
        }
        // The refresh token was used by the last round: the same answer for ten seconds.
        tokens = ok(&rig.refresh(tokens["refresh_token"].as_str().unwrap()).await);
    }
}
