//! The registry of well-known applications: what the keywords `Office365`, `AllMicrosoftApps` and
//! `MicrosoftAdminPortals` stand for, and which pages are system pages (semantics.md §2.4, §2.7).
//!
//! 1. A keyword matches the IDs that are marked so, nothing else.
//! 2. System pages are marked `AllMicrosoftApps` and nothing else.

use uuid::{Uuid, uuid};

/// Marks of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// A page that people need in order to redeem, enrol and find their applications.
    System,
    /// Part of the Office 365 suite.
    Office365,
    AdminPortal,
    Other,
}

const REGISTRY: [(Uuid, Mark); 39] = [
    // Exchange Online, SharePoint Online, Skype for Business Online, Yammer.
    (
        uuid!("00000002-0000-0ff1-ce00-000000000000"),
        Mark::Office365,
    ),
    (
        uuid!("00000003-0000-0ff1-ce00-000000000000"),
        Mark::Office365,
    ),
    (
        uuid!("00000004-0000-0ff1-ce00-000000000000"),
        Mark::Office365,
    ),
    (
        uuid!("00000005-0000-0ff1-ce00-000000000000"),
        Mark::Office365,
    ),
    // Graph, Directory Graph, Intune, Exchange protection, Rights Management.
    (uuid!("00000003-0000-0000-c000-000000000000"), Mark::Other),
    (uuid!("00000002-0000-0000-c000-000000000000"), Mark::Other),
    (uuid!("0000000a-0000-0000-c000-000000000000"), Mark::Other),
    (uuid!("00000007-0000-0ff1-ce00-000000000000"), Mark::Other),
    (uuid!("00000012-0000-0000-c000-000000000000"), Mark::Other),
    // Access panel.
    (uuid!("0000000c-0000-0000-c000-000000000000"), Mark::System),
    // Command line.
    (uuid!("04b07795-8ddb-461a-bbee-02f9e1bf7b46"), Mark::Other),
    // Planner.
    (
        uuid!("09abbdfd-ed23-44ee-a2d9-a627aa1c90f3"),
        Mark::Office365,
    ),
    // My Sign-ins.
    (uuid!("19db86c3-b2b9-44cc-b339-36da233a3be2"), Mark::System),
    // Scripts of Azure.
    (uuid!("1950a258-227b-4e31-a9cf-717495945fc2"), Mark::Other),
    // Teams client.
    (
        uuid!("1fec8e78-bce4-4aaf-ab1b-5451cc387264"),
        Mark::Office365,
    ),
    // To-Do.
    (
        uuid!("22098786-6e16-43cc-a27d-191a01a1e3b5"),
        Mark::Office365,
    ),
    // My Apps.
    (uuid!("2793995e-0a7d-40d7-bd35-6968ba142197"), Mark::System),
    // Call gateway.
    (
        uuid!("39aaf054-81a5-48c7-a4f8-0293012095b9"),
        Mark::Office365,
    ),
    // Information protection.
    (
        uuid!("40775b29-2688-46b6-a3b5-b256bd04df9f"),
        Mark::Office365,
    ),
    // Augmentation loop.
    (
        uuid!("4354e225-50c9-4423-9ece-2d5afd904870"),
        Mark::Office365,
    ),
    // Call recorder.
    (
        uuid!("4580fd1d-e5a3-4f56-9ad1-aab0e3bf8f76"),
        Mark::Office365,
    ),
    // Office home.
    (
        uuid!("4765445b-32c6-49b0-83e6-1d93765276ca"),
        Mark::Office365,
    ),
    // Connectors.
    (
        uuid!("48af08dc-f6d2-435f-b2a7-069abd99c086"),
        Mark::Office365,
    ),
    // Search.
    (
        uuid!("66a88757-258c-4c72-893c-3e8bed4d6899"),
        Mark::Office365,
    ),
    // Azure management.
    (uuid!("797f4846-ba00-4fd7-ba43-dac1f8f63013"), Mark::Other),
    // Automate.
    (
        uuid!("7df0a125-d3be-4c96-aa54-591f83ff541c"),
        Mark::Office365,
    ),
    // Defender, Intune and Purview portals.
    (
        uuid!("80ccca67-54bd-44ab-8625-4b79c4dc7775"),
        Mark::AdminPortal,
    ),
    // Office shell.
    (
        uuid!("89bee1f7-5e6e-4d8a-9f3d-ecd601259da7"),
        Mark::Office365,
    ),
    // My Profile.
    (uuid!("8c59ead7-d703-4a27-9e55-c96a0054c8d2"), Mark::System),
    // Sway.
    (
        uuid!("905fcf26-4eb7-48a0-9ff0-8dcc7194b5ba"),
        Mark::Office365,
    ),
    // Delve.
    (
        uuid!("94c63fef-13a3-47bc-8074-75af8c65887a"),
        Mark::Office365,
    ),
    // Whiteboard.
    (
        uuid!("95de633a-083e-42f5-b444-a4295d8e9314"),
        Mark::Office365,
    ),
    // Our own cross-cloud worker.
    (uuid!("b2bcc10d-0000-4000-8000-000000000001"), Mark::Other),
    // Azure portal and admin center.
    (
        uuid!("c44b4083-3bb0-49c1-b47d-974e53cbdf3c"),
        Mark::AdminPortal,
    ),
    // Forms.
    (
        uuid!("c9a559d2-7aab-4f13-a6ed-e7e9c52aec87"),
        Mark::Office365,
    ),
    // Teams services.
    (
        uuid!("cc15fd57-2c6c-4117-a88c-83b1d56b4bbe"),
        Mark::Office365,
    ),
    // Stream.
    (
        uuid!("cf53fce8-def6-4aeb-8d30-b158e7b1cf83"),
        Mark::Office365,
    ),
    // Terms of use.
    (uuid!("d52792f4-ba38-424d-8140-ada5b883f293"), Mark::System),
    // Office client.
    (
        uuid!("d3590ed6-52b3-4102-aeff-aad2292ab01c"),
        Mark::Office365,
    ),
];

fn mark(application: Uuid) -> Option<Mark> {
    let found = REGISTRY.iter().find(|(id, _)| *id == application);
    found.map(|(_, mark)| *mark)
}

/// Whether it is one of the pages that an allow-list must not lock people out of.
pub fn is_system(application: Uuid) -> bool {
    mark(application) == Some(Mark::System)
}

/// Whether `Office365` stands for it.
pub fn is_office365(application: Uuid) -> bool {
    mark(application) == Some(Mark::Office365)
}

/// Whether `AllMicrosoftApps` stands for it: every application of the registry.
pub fn is_microsoft(application: Uuid) -> bool {
    mark(application).is_some()
}

/// Whether `MicrosoftAdminPortals` stands for it.
pub fn is_admin_portal(application: Uuid) -> bool {
    mark(application) == Some(Mark::AdminPortal)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use comity_model::well_known;

    use super::{REGISTRY, is_admin_portal, is_microsoft, is_office365, is_system};

    #[test]
    fn ids_are_distinct() {
        let ids: BTreeSet<_> = REGISTRY.iter().map(|(id, _)| id).collect();
        assert_eq!(ids.len(), REGISTRY.len());
    }

    #[test]
    fn system_pages_are_microsoft_and_nothing_else() {
        let system = [
            well_known::MY_APPS,
            well_known::ACCESS_PANEL,
            well_known::MY_PROFILE,
            well_known::MY_SIGN_INS,
            well_known::TERMS_OF_USE,
        ];
        for id in system {
            assert!(is_system(id) && is_microsoft(id), "{id}");
            assert!(!is_office365(id) && !is_admin_portal(id), "{id}");
        }
        let count = REGISTRY.iter().filter(|(id, _)| is_system(*id)).count();
        assert_eq!(count, system.len());
    }

    #[test]
    fn first_party_applications_are_marked() {
        for (id, name) in well_known::FIRST_PARTY {
            assert!(is_microsoft(id), "{name}");
        }
        assert!(is_admin_portal(well_known::PORTAL) && !is_office365(well_known::GRAPH));
    }
}
