//! The command line (dev-world.md, "Commands").

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{command, log};

/// Comity: an open, self-hosted identity platform for sovereign clouds.
#[derive(Debug, Parser)]
#[command(name = "comity", version, about, disable_help_subcommand = true)]
pub struct Cli {
    /// Shape of the log on standard error.
    #[arg(long, global = true, value_enum, default_value = "text")]
    log_format: log::Format,
    /// What is logged, as in `info,comity_app=debug`.
    #[arg(long, global = true, env = "COMITY_LOG")]
    log: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays cross-cloud collaboration as a story in a fresh dev world.
    Demo(Demo),
    /// Starts the dev world and keeps it.
    Dev(Dev),
    /// Runs one cloud in production.
    Serve(Config),
    /// Says what is wrong with a configuration before anything starts.
    Check(Config),
    /// Organizations of a cloud.
    #[command(subcommand)]
    Tenant(Tenant),
    /// Signing keys of a cloud.
    #[command(subcommand)]
    Keys(Keys),
    /// Pairing with another cloud.
    #[command(subcommand)]
    Pair(Pair),
    /// Decisions from documents, without a server.
    #[command(subcommand)]
    Policy(Policy),
}

/// `comity policy`.
#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Reads cases as JSON Lines on standard input, writes one result line each.
    Decide,
    /// Prints one case for people.
    Explain {
        /// A case as JSON: UTF-8, or UTF-16 with a byte order mark.
        #[arg(value_name = "CASE.json")]
        file: PathBuf,
    },
}

/// `comity demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Leaves the dev world running.
    #[arg(long)]
    pub keep: bool,
    /// Waits for Enter between the steps.
    #[arg(long)]
    pub pause: bool,
    /// Prints one JSON record a step.
    #[arg(long)]
    pub json: bool,
}

/// `comity dev`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Dev {
    #[command(subcommand)]
    pub action: Option<DevAction>,
    /// Where it lives.
    #[arg(long, value_name = "DIR", default_value = "./.comity")]
    pub data: PathBuf,
    /// Port of all hosts; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 8443)]
    pub port: u16,
    /// Begins from nothing; certificates stay.
    #[arg(long)]
    pub reset: bool,
    /// Clouds only, nobody in them.
    #[arg(long)]
    pub empty: bool,
}

#[derive(Debug, Subcommand)]
pub enum DevAction {
    /// Prints hosts-file lines for clients that do not resolve `*.localhost`.
    Hosts {
        /// Writes them into the hosts file, after a question.
        #[arg(long)]
        install: bool,
    },
    /// Prints how to trust the dev CA, per client family.
    Trust {
        /// Adds it to the stores of the system and the browser where that is possible.
        #[arg(long)]
        install: bool,
        /// Where the dev world lives.
        #[arg(long, value_name = "DIR", default_value = "./.comity")]
        data: PathBuf,
    },
}

/// The file of a production server.
#[derive(Debug, Args)]
pub struct Config {
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

#[derive(Debug, Subcommand)]
pub enum Tenant {
    /// Makes an organization and prints a link, good for an hour, for its first administrator.
    Create {
        #[command(flatten)]
        config: Config,
        /// Display name.
        #[arg(long)]
        name: String,
        /// A domain that the operator vouches for.
        #[arg(long)]
        domain: String,
        /// User name of the first administrator, in that domain.
        #[arg(long)]
        admin: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Announces new keys, or puts announced ones to use.
    Rotate {
        #[command(flatten)]
        config: Config,
        /// Only keys of this purpose.
        #[arg(long)]
        purpose: Option<String>,
        /// Uses an entity key that partners may not have learned yet.
        #[arg(long)]
        at_once: bool,
    },
    /// Makes a key worthless at once and replaces it.
    Revoke {
        #[command(flatten)]
        config: Config,
        /// ID of the key.
        kid: String,
    },
    /// Seals everything again under the first line of the key file.
    SealAgain(Config),
}

#[derive(Debug, Subcommand)]
pub enum Pair {
    /// Prints this cloud's entry for the other operator's configuration.
    Show(Config),
}

impl Cli {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let quiet = matches!(self.command, Command::Demo(_) | Command::Policy(_));
        let default = if quiet { "warn" } else { "info" };
        log::init(self.log_format, self.log.as_deref().unwrap_or(default))?;
        match self.command {
            Command::Demo(demo) => command::demo::run(&demo),
            Command::Dev(dev) => match &dev.action {
                None => command::dev::run(&dev),
                Some(DevAction::Hosts { install }) => command::hosts::run(*install),
                Some(DevAction::Trust { install, data }) => command::trust::run(data, *install),
            },
            Command::Serve(config) => command::serve::run(&config.config),
            Command::Check(config) => Ok(command::check::run(&config.config)),
            Command::Tenant(tenant) => command::tenant::run(&tenant),
            Command::Keys(keys) => command::keys::run(&keys),
            Command::Pair(Pair::Show(config)) => command::pair::run(&config.config),
            Command::Policy(policy) => command::policy::run(&policy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::{CommandFactory as _, Parser as _};

    #[test]
    fn the_commands_of_the_design_are_understood() {
        Cli::command().debug_assert();
        for line in [
            "demo",
            "demo --keep --pause --json",
            "dev",
            "dev --data d --port 0 --reset --empty",
            "dev hosts --install",
            "dev trust --install --data d",
            "serve --config f",
            "check --config f",
            "tenant create --config f --name n --domain d --admin a",
            "keys rotate --config f",
            "keys rotate --config f --purpose token",
            "keys rotate --config f --at-once",
            "keys revoke --config f kid",
            "keys seal-again --config f",
            "pair show --config f",
            "policy decide",
            "policy explain f",
        ] {
            Cli::try_parse_from(["comity"].into_iter().chain(line.split(' '))).unwrap();
        }
        for line in [
            "",
            "serve",
            "dev hosts --port 1",
            "keys",
            "tenant create --config f",
            "demo --port 1",
            "policy explain",
        ] {
            assert!(
                Cli::try_parse_from(["comity"].into_iter().chain(line.split_whitespace())).is_err(),
                "{line}"
            );
        }
    }
}
