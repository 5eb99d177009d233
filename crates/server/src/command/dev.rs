//! `comity dev`: the dev world, until a signal.

use std::process::ExitCode;

use crate::{
    cli::Dev,
    dev::{
        manifest::{self, Manifest},
        start::{Content, Options, Start, start},
    },
};

/// Starts the dev world, prints what is there and `ready`, and stays.
pub fn run(command: &Dev) -> anyhow::Result<ExitCode> {
    let options = Options {
        data: command.data.clone(),
        port: command.port,
        content: if command.empty {
            Content::CloudsOnly
        } else {
            Content::Everybody
        },
        start: if command.reset {
            Start::Reset
        } else {
            Start::Again
        },
    };
    super::until_signal(async |shutdown| {
        let world = start(&options, &shutdown).await?;
        print!("{}", describe(&world.manifest));
        println!(
            "manifest  {}",
            world.directory.path().join(manifest::NAME).display()
        );
        println!("mail      {}", world.directory.mail().display());
        println!("ready");
        world.running.finish().await
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Addresses and accounts, for people.
pub fn describe(manifest: &Manifest) -> String {
    let mut lines = Vec::new();
    for cloud in &manifest.clouds {
        lines.push(format!("{} ({})", cloud.key, cloud.canonical_name));
        for (what, origin) in [
            ("sign-in", &cloud.login),
            ("graph", &cloud.graph),
            ("my apps", &cloud.myapps),
            ("mail", &format!("{}/dev/mail", cloud.portal)),
        ] {
            lines.push(format!("  {what:<8}{origin}"));
        }
        for tenant in &cloud.tenants {
            lines.push(format!("  {} {}", tenant.display_name, tenant.id));
            for user in &tenant.users {
                let roles = if user.roles.is_empty() {
                    String::new()
                } else {
                    format!("  {}", user.roles.join(", "))
                };
                let disabled = if user.account_enabled {
                    ""
                } else {
                    "  (disabled)"
                };
                lines.push(format!(
                    "    {:<24}{}{roles}{disabled}",
                    user.user_principal_name, user.password
                ));
            }
        }
    }
    lines.push(format!("CA file   {}", manifest.ca_file.display()));
    lines.join("\n") + "\n"
}
