//! What a fresh dev world is filled with: plain values with IDs and secrets, ready for the use
//! cases. Everything is fixed but the secrets.

use anyhow::Context as _;
use comity_model::well_known;
use uuid::Uuid;

use super::{
    clouds::{DevCloud, origin_at},
    secrets::Secrets,
    world::{World, WorldApplication, WorldPerson, WorldTenant, fixed_id},
};

/// Everything to be made in one cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// Key of the cloud.
    pub cloud: String,
    pub tenants: Vec<SeedTenant>,
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedTenant {
    pub id: Uuid,
    pub name: String,
    /// Verified and the default.
    pub domain: String,
    /// First label of the initial domain.
    pub initial_label: String,
    pub initial_domain: String,
    pub users: Vec<SeedUser>,
    pub groups: Vec<SeedGroup>,
    pub applications: Vec<SeedApplication>,
    /// Holds every Graph application permission, for scripts.
    pub automation: SeedApplication,
}

/// A person with a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedUser {
    pub id: Uuid,
    pub user_principal_name: String,
    pub display_name: String,
    pub password: String,
    /// The same, hashed already: a process that makes many worlds hashes once.
    pub password_hash: Option<String>,
    /// Base32.
    pub totp_secret: Option<String>,
    /// Template IDs with their display names.
    pub roles: Vec<(Uuid, String)>,
    pub account_enabled: bool,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedGroup {
    pub id: Uuid,
    pub display_name: String,
    pub members: Vec<Uuid>,
}

/// An application with a client secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedApplication {
    pub id: Uuid,
    pub app_id: Uuid,
    pub display_name: String,
    pub description: String,
    pub client_secret: String,
    pub redirect_uris: Vec<String>,
    /// Where a click in My Apps leads.
    pub home_page: Option<String>,
}

/// The seeds of all clouds; draws the secrets that are not known yet.
pub fn seeds(
    clouds: &[DevCloud],
    world: &World,
    port: u16,
    secrets: &mut Secrets<'_>,
) -> anyhow::Result<Vec<Seed>> {
    clouds
        .iter()
        .map(|cloud| {
            let tenants = world
                .tenants
                .iter()
                .filter(|tenant| tenant.cloud == cloud.entry.key)
                .map(|tenant| seed_tenant(cloud, tenant, port, secrets))
                .collect::<anyhow::Result<_>>()?;
            Ok(Seed {
                cloud: cloud.entry.key.clone(),
                tenants,
            })
        })
        .collect()
}

fn seed_tenant(
    cloud: &DevCloud,
    tenant: &WorldTenant,
    port: u16,
    secrets: &mut Secrets<'_>,
) -> anyhow::Result<SeedTenant> {
    let users = tenant
        .people
        .iter()
        .map(|person| seed_user(tenant, person, secrets))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let groups = tenant.groups.iter().map(|group| SeedGroup {
        id: fixed_id(&["group", &tenant.name, &group.name]),
        display_name: group.name.clone(),
        members: group
            .members
            .iter()
            .map(|name| user_id(tenant, name))
            .collect(),
    });
    Ok(SeedTenant {
        id: fixed_id(&["tenant", &tenant.name]),
        name: tenant.name.clone(),
        domain: tenant.domain.clone(),
        initial_label: tenant.initial.clone(),
        initial_domain: format!("{}{}", tenant.initial, cloud.entry.initial_domain_suffix),
        groups: groups.collect(),
        applications: tenant
            .applications
            .iter()
            .map(|application| seed_application(tenant, application, port, secrets))
            .collect(),
        automation: automation(tenant, secrets),
        users,
    })
}

fn user_id(tenant: &WorldTenant, name: &str) -> Uuid {
    fixed_id(&["user", &format!("{name}@{}", tenant.domain)])
}

fn seed_user(
    tenant: &WorldTenant,
    person: &WorldPerson,
    secrets: &mut Secrets<'_>,
) -> anyhow::Result<SeedUser> {
    let role = |name: &String| {
        let known = well_known::role::ALL
            .iter()
            .find(|(_, known)| known == name);
        let (id, name) = known.with_context(|| format!("`{name}` is not a directory role"))?;
        Ok((*id, (*name).to_owned()))
    };
    let id = user_id(tenant, &person.name);
    Ok(SeedUser {
        id,
        user_principal_name: format!("{}@{}", person.name, tenant.domain),
        display_name: person.display.clone(),
        password: secrets.password(id),
        password_hash: None,
        totp_secret: person.totp.then(|| secrets.totp(id)),
        roles: person
            .roles
            .iter()
            .map(role)
            .collect::<anyhow::Result<_>>()?,
        account_enabled: !person.disabled,
    })
}

fn seed_application(
    tenant: &WorldTenant,
    application: &WorldApplication,
    port: u16,
    secrets: &mut Secrets<'_>,
) -> SeedApplication {
    let origin = origin_at(&format!("https://{}", application.host), port);
    let app_id = fixed_id(&["client", &tenant.name, &application.name]);
    SeedApplication {
        id: fixed_id(&["application", &tenant.name, &application.name]),
        app_id,
        display_name: application.name.clone(),
        description: application.description.clone(),
        client_secret: secrets.client_secret(app_id),
        redirect_uris: vec![format!("{origin}/callback")],
        home_page: Some(format!("{origin}/")),
    }
}

fn automation(tenant: &WorldTenant, secrets: &mut Secrets<'_>) -> SeedApplication {
    let app_id = fixed_id(&["client", &tenant.name, "automation"]);
    SeedApplication {
        id: fixed_id(&["application", &tenant.name, "automation"]),
        app_id,
        display_name: "Automation".into(),
        description: "Scripts of the dev world".into(),
        client_secret: secrets.client_secret(app_id),
        redirect_uris: Vec::new(),
        home_page: None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Seed, seeds};
    use crate::{
        dev::{clouds::built_in, secrets::Secrets, world::World},
        random::SystemRandom,
    };
    use std::collections::BTreeSet;

    fn all() -> Vec<Seed> {
        let mut secrets = Secrets::new(None, &SystemRandom);
        seeds(
            &built_in(8443).unwrap(),
            &World::built_in().unwrap(),
            8443,
            &mut secrets,
        )
        .unwrap()
    }

    #[test]
    fn ids_are_distinct_and_fixed_and_secrets_are_drawn() {
        let (first, second) = (all(), all());
        let ids = |seeds: &[Seed]| -> Vec<_> {
            let tenants = seeds.iter().flat_map(|seed| &seed.tenants);
            tenants
                .flat_map(|tenant| {
                    let applications = tenant.applications.iter().chain([&tenant.automation]);
                    let applications =
                        applications.flat_map(|application| [application.id, application.app_id]);
                    let users = tenant.users.iter().map(|user| user.id);
                    [tenant.id]
                        .into_iter()
                        .chain(users)
                        .chain(tenant.groups.iter().map(|group| group.id))
                        .chain(applications)
                })
                .collect()
        };
        assert_eq!(ids(&first), ids(&second));
        assert_eq!(
            ids(&first).iter().collect::<BTreeSet<_>>().len(),
            ids(&first).len()
        );
        let passwords = |seeds: &[Seed]| -> BTreeSet<_> {
            seeds
                .iter()
                .flat_map(|seed| &seed.tenants)
                .flat_map(|tenant| &tenant.users)
                .map(|user| user.password.clone())
                .collect()
        };
        assert_eq!(passwords(&first).len(), 17);
        assert!(passwords(&first).is_disjoint(&passwords(&second)));
    }

    #[test]
    fn the_people_are_as_the_design_says() {
        let seeds = all();
        let tenant = |name: &str| {
            seeds
                .iter()
                .flat_map(|seed| &seed.tenants)
                .find(|tenant| tenant.name == name)
                .unwrap()
        };
        let northwind = tenant("Northwind Agency");
        assert_eq!(northwind.initial_domain, "northwind.onmicrosoft.us");
        let user = |name: &str| {
            northwind
                .users
                .iter()
                .find(|user| user.user_principal_name == name)
                .unwrap()
        };
        assert!(user("nora@northwind.us").totp_secret.is_some());
        assert!(user("nils@northwind.us").totp_secret.is_none());
        assert!(!user("nadia@northwind.us").account_enabled);
        assert_eq!(
            user("admin@northwind.us").roles[0].1,
            "Global Administrator"
        );
        assert_eq!(northwind.groups[0].members, [user("nora@northwind.us").id]);
        let contoso = tenant("Contoso");
        let uris: Vec<_> = contoso
            .applications
            .iter()
            .map(|application| application.redirect_uris[0].as_str())
            .collect();
        assert_eq!(uris[0], "https://expenses.contoso.localhost:8443/callback");
        assert_eq!(uris.len(), 3);
        assert_eq!(contoso.users[2].roles[0].1, "Guest Inviter");
    }
}
