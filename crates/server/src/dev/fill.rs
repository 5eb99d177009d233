//! Fills a fresh cloud of the dev world from its seed, through the use cases. What is there already
//! is left alone, so that a start that was interrupted goes on.

use anyhow::Context as _;
use comity_app::{
    App, graph_permission,
    tenant::{self, NewApplication, NewTenant, NewUser},
};
use comity_crypto::{Zeroizing, base32};
use comity_model::{
    id::Id,
    name::{DomainName, Upn},
};

use super::seed::{Seed, SeedApplication, SeedTenant, SeedUser};

/// Makes everything that is missing.
pub async fn fill(app: &App, seed: &Seed) -> anyhow::Result<()> {
    for wanted in &seed.tenants {
        fill_tenant(app, wanted)
            .await
            .with_context(|| format!("cannot make the organization `{}`", wanted.name))?;
    }
    Ok(())
}

#[expect(
    clippy::cognitive_complexity,
    reason = "the log lines count as branches"
)]
async fn fill_tenant(app: &App, wanted: &SeedTenant) -> anyhow::Result<()> {
    let id = Id::new(wanted.id);
    let read = app.store().read();
    if read.cloud().find_tenant(id).await?.is_none() {
        let new = NewTenant {
            id: Some(id),
            display_name: wanted.name.clone(),
            domain: DomainName::parse(&wanted.domain)?,
            initial_label: Some(wanted.initial_label.clone()),
        };
        tenant::create_empty(app, &new).await?;
    }
    for user in &wanted.users {
        if read
            .tenant(id)
            .users()
            .find(Id::new(user.id))
            .await?
            .is_none()
        {
            fill_user(app, id, user).await?;
        }
    }
    for group in &wanted.groups {
        if read
            .tenant(id)
            .groups()
            .find(Id::new(group.id))
            .await?
            .is_none()
        {
            let members: Vec<_> = group.members.iter().map(|m| Id::new(*m)).collect();
            tenant::seed_group(app, id, Id::new(group.id), &group.display_name, &members).await?;
        }
    }
    for application in wanted.applications.iter().chain([&wanted.automation]) {
        if read
            .tenant(id)
            .applications()
            .find(Id::new(application.id))
            .await?
            .is_none()
        {
            let automation = application.id == wanted.automation.id;
            fill_application(app, id, application, automation).await?;
        }
    }
    Ok(())
}

async fn fill_user(
    app: &App,
    tenant: Id<comity_model::tenant::Tenant>,
    user: &SeedUser,
) -> anyhow::Result<()> {
    let new = NewUser {
        id: Some(Id::new(user.id)),
        upn: Upn::parse(&user.user_principal_name)?,
        display_name: user.display_name.clone(),
        roles: user.roles.iter().map(|(id, _)| *id).collect(),
        enabled: user.account_enabled,
    };
    let totp = user
        .totp_secret
        .as_deref()
        .map(base32::decode)
        .transpose()?;
    if let Some(hash) = &user.password_hash {
        tenant::seed_hashed(app, tenant, &new, hash.clone(), totp.as_deref()).await?;
        return Ok(());
    }
    let password = Zeroizing::new(user.password.clone());
    tenant::seed_user(app, tenant, &new, &password, totp.as_deref()).await?;
    Ok(())
}

async fn fill_application(
    app: &App,
    tenant: Id<comity_model::tenant::Tenant>,
    application: &SeedApplication,
    automation: bool,
) -> anyhow::Result<()> {
    let graph_roles: Vec<String> = if automation {
        graph_permission::application_names()
            .map(str::to_owned)
            .collect()
    } else {
        Vec::new()
    };
    let new = NewApplication {
        id: Id::new(application.id),
        app_id: application.app_id,
        display_name: application.display_name.clone(),
        description: application.description.clone(),
        redirect_uris: application.redirect_uris.clone(),
        homepage: application.home_page.clone(),
        graph_roles,
        graph_scopes: if automation {
            Vec::new()
        } else {
            vec!["User.Read".into()]
        },
    };
    let secret = Zeroizing::new(application.client_secret.clone());
    tenant::seed_application(app, tenant, &new, &secret).await?;
    Ok(())
}
