//! `comity tenant create`: the operator vouches for the domain.

use std::process::ExitCode;

use anyhow::Context as _;
use comity_app::tenant::{self, NewTenant};
use comity_model::name::{DomainName, Upn};

use crate::{
    cli::Tenant,
    config::check::read_and_check,
    start::{self, System},
};

/// Makes the organization and prints the link for its first administrator.
pub fn run(command: &Tenant) -> anyhow::Result<ExitCode> {
    let Tenant::Create {
        config,
        name,
        domain,
        admin,
    } = command;
    let config = read_and_check(&config.config)?;
    let domain =
        DomainName::parse(domain).map_err(|error| anyhow::anyhow!("the domain {error}"))?;
    let admin = Upn::parse(admin).map_err(|error| anyhow::anyhow!("the user name {error}"))?;
    let new = NewTenant {
        id: None,
        display_name: name.clone(),
        domain,
        initial_label: None,
    };
    super::once(async {
        let app = start::configured(&config, &System::default()).await?;
        let made = tenant::create(&app, &new, &admin).await;
        app.store().close().await;
        let (tenant, link) = made.context("nothing was made")?;
        println!("organization  {}", tenant.display_name);
        println!("tenant ID     {}", tenant.id);
        println!("domains       {}, {}", new.domain, tenant.initial_domain);
        println!("administrator {admin}");
        println!("link          {link}");
        println!("The link sets the administrator's password; it works once, within an hour.");
        Ok(ExitCode::SUCCESS)
    })
}
