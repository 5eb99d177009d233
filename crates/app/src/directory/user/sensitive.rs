//! Which permission writes which property of a user (the reference's *Update user*, permissions for
//! specific scenarios), and whose account is out of reach (*Who can perform sensitive actions*).
//!
//! 1. A property with a permission of its own is written with that, or with a wide one named beside
//!    it. Every other property needs a wide permission.
//! 2. `User.ReadWrite` writes the own profile, and of it only what people keep about themselves.
//! 3. A password is set with a permission for passwords; of the wide ones none does, but an
//!    application with `User.ReadWrite.All` that holds the role of a User Administrator may.
//! 4. What opens or closes an account with a privileged role is changed by a Global Administrator
//!    only, whether person or application. A person below that role changes nothing of it.

use std::collections::BTreeSet;

use comity_model::{user::User, well_known::role};
use comity_store::Scoped;
use uuid::Uuid;

use crate::{
    context::{Actor, Context},
    directory::Json,
    error::{Error, Result},
};

/// What a person may change about herself without a role.
pub(super) const OWN: [&str; 12] = [
    "businessPhones",
    "mobilePhone",
    "preferredLanguage",
    "aboutMe",
    "birthday",
    "interests",
    "mySite",
    "pastProjects",
    "preferredName",
    "responsibilities",
    "schools",
    "skills",
];

/// What has no permission of its own.
const WIDE: &[&str] = &[
    "User.ReadWrite.All",
    "Directory.ReadWrite.All",
    "DeviceManagementApps.ReadWrite.All",
    "DeviceManagementConfiguration.ReadWrite.All",
    "DeviceManagementManagedDevices.ReadWrite.All",
    "DeviceManagementServiceConfig.ReadWrite.All",
];
const ACCOUNT: &[&str] = &[
    "User.EnableDisableAccount.All",
    "User.ReadWrite.All",
    "Directory.ReadWrite.All",
];
const PHONE: &[&str] = &[
    "User-Phone.ReadWrite.All",
    "User.ReadWrite.All",
    "Directory.ReadWrite.All",
];
const MAIL: &[&str] = &[
    "User-Mail.ReadWrite.All",
    "User.ReadWrite.All",
    "Directory.ReadWrite.All",
];
const PASSWORD: &[&str] = &[
    "User-PasswordProfile.ReadWrite.All",
    "Directory.AccessAsUser.All",
];

/// Rule 4: what opens or closes an account. `mail` is among them because letters go there.
const SENSITIVE: [&str; 8] = [
    "accountEnabled",
    "businessPhones",
    "mail",
    "mobilePhone",
    "onPremisesImmutableId",
    "otherMails",
    "passwordProfile",
    "userPrincipalName",
];

fn permissions(property: &str) -> &'static [&'static str] {
    match property {
        "accountEnabled" => ACCOUNT,
        "businessPhones" | "mobilePhone" => PHONE,
        "otherMails" => MAIL,
        "passwordProfile" => PASSWORD,
        _ => WIDE,
    }
}

/// Rules 1 to 3.
pub(super) fn check(cx: &Context, own: bool, properties: &Json) -> Result<()> {
    let held = match &cx.actor {
        Actor::User(actor) => &actor.scopes,
        Actor::Application(actor) => &actor.permissions,
        Actor::System { .. } | Actor::Nobody => return Ok(()),
    };
    let sets_passwords = matches!(&cx.actor, Actor::Application(a)
        if a.permissions.contains("User.ReadWrite.All")
            && (a.roles.contains(&role::USER_ADMINISTRATOR)
                || a.roles.contains(&role::GLOBAL_ADMINISTRATOR)));
    let allowed = |name: &str| {
        permissions(name).iter().any(|p| held.contains(*p))
            || (name == "passwordProfile" && sets_passwords)
            || (own && OWN.contains(&name) && held.contains("User.ReadWrite"))
    };
    match properties.keys().find(|name| !allowed(name)) {
        None => Ok(()),
        Some(name) => Err(Error::Forbidden(format!(
            "Insufficient privileges to complete the operation. Changing `{name}` needs the permission {}.",
            permissions(name).join(" or ")
        ))),
    }
}

/// What is to be done to an account.
pub(in crate::directory) enum Doing<'a> {
    Changing(&'a BTreeSet<String>),
    /// Deleting, restoring, ending for good.
    Deleting,
}

impl Doing<'_> {
    fn is_sensitive(&self) -> bool {
        match self {
            Self::Changing(names) => SENSITIVE.iter().any(|s| names.contains(*s)),
            Self::Deleting => true,
        }
    }
}

/// Rule 4, on the roles that the account holds in this state of the store.
pub(in crate::directory) async fn protect<M>(
    cx: &Context,
    tables: &Scoped<'_, M>,
    user: &User,
    doing: &Doing<'_>,
) -> Result<()> {
    let roles: BTreeSet<Uuid> = match &cx.actor {
        Actor::User(actor) if actor.user != user.id => actor.roles.clone(),
        Actor::Application(actor) if doing.is_sensitive() => actor.roles.clone(),
        _ => return Ok(()),
    };
    if roles.contains(&role::GLOBAL_ADMINISTRATOR) {
        return Ok(());
    }
    let assignments = tables.role_assignments();
    let held = assignments.list_of_principal(user.id.uuid()).await?;
    if held.iter().any(|a| role::is_privileged(a.role)) {
        return Err(Error::Forbidden("Insufficient privileges to complete the operation. Only a Global Administrator changes an account that holds a privileged role.".into()));
    }
    Ok(())
}
