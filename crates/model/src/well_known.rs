//! Identifiers that are the same in every tenant.

use uuid::Uuid;

/// *My Apps*.
pub const MY_APPS: Uuid = Uuid::from_u128(0x2793_995e_0a7d_40d7_bd35_6968_ba14_2197);
/// The portal.
pub const PORTAL: Uuid = Uuid::from_u128(0xc44b_4083_3bb0_49c1_b47d_974e_53cb_df3c);
/// The Azure command line and scripts: public client, pre-authorized for Graph.
pub const COMMAND_LINE: Uuid = Uuid::from_u128(0x04b0_7795_8ddb_461a_bbee_02f9_e1bf_7b46);
/// The Graph API as a resource.
pub const GRAPH: Uuid = Uuid::from_u128(0x0000_0003_0000_0000_c000_0000_0000_0000);
/// Access panel: registration of second factors.
pub const ACCESS_PANEL: Uuid = Uuid::from_u128(0x0000_000c_0000_0000_c000_0000_0000_0000);
/// *My Profile*.
pub const MY_PROFILE: Uuid = Uuid::from_u128(0x8c59_ead7_d703_4a27_9e55_c96a_0054_c8d2);
/// *My Sign-ins*: security information.
pub const MY_SIGN_INS: Uuid = Uuid::from_u128(0x19db_86c3_b2b9_44cc_b339_36da_233a_3be2);
/// Terms of use.
pub const TERMS_OF_USE: Uuid = Uuid::from_u128(0xd527_92f4_ba38_424d_8140_ada5_b883_f293);
/// *B2B Cross Cloud Worker*: home's switch (cross-cloud-federation.md §7). An ID of our own.
pub const CROSS_CLOUD_WORKER: Uuid = Uuid::from_u128(0xb2bc_c10d_0000_4000_8000_0000_0000_0001);

/// The applications that every tenant has, by name.
pub const FIRST_PARTY: [(Uuid, &str); 9] = [
    (GRAPH, "Graph"),
    (MY_APPS, "My Apps"),
    (PORTAL, "Portal"),
    (COMMAND_LINE, "Command line"),
    (ACCESS_PANEL, "Access panel"),
    (MY_PROFILE, "My Profile"),
    (MY_SIGN_INS, "My Sign-ins"),
    (TERMS_OF_USE, "Terms of use"),
    (CROSS_CLOUD_WORKER, "B2B Cross Cloud Worker"),
];

/// The name of a first-party application.
pub fn first_party_name(app_id: Uuid) -> Option<&'static str> {
    FIRST_PARTY
        .iter()
        .find(|(id, _)| *id == app_id)
        .map(|(_, name)| *name)
}

/// Directory roles: template ID and display name (semantics.md §8).
pub mod role {
    use uuid::Uuid;

    pub const GLOBAL_ADMINISTRATOR: Uuid =
        Uuid::from_u128(0x62e9_0394_69f5_4237_9190_0121_7714_5e10);
    pub const SECURITY_ADMINISTRATOR: Uuid =
        Uuid::from_u128(0x194a_e4cb_b126_40b2_bd5b_6091_b380_977d);
    pub const TEAMS_ADMINISTRATOR: Uuid =
        Uuid::from_u128(0x6909_1246_20e8_4a56_aa4d_0660_75b2_a7a8);
    pub const GLOBAL_READER: Uuid = Uuid::from_u128(0xf2ef_992c_3afb_46b9_b7cf_a126_ee74_c451);
    pub const SECURITY_READER: Uuid = Uuid::from_u128(0x5d6b_6bb7_de71_4623_b4af_9638_0a35_2509);
    pub const SECURITY_OPERATOR: Uuid = Uuid::from_u128(0x5f22_22b1_57c3_48ba_8ad5_d475_9f1f_de6f);
    pub const EXTERNAL_IDENTITY_PROVIDER_ADMINISTRATOR: Uuid =
        Uuid::from_u128(0xbe2f_45a1_457d_42af_a067_6ec1_fa63_bc45);
    pub const GUEST_INVITER: Uuid = Uuid::from_u128(0x95e7_9109_95c0_4d8e_aee3_d01a_ccf2_d47b);
    pub const USER_ADMINISTRATOR: Uuid = Uuid::from_u128(0xfe93_0be7_5e62_47db_91af_98c3_a49a_38b1);
    pub const HELPDESK_ADMINISTRATOR: Uuid =
        Uuid::from_u128(0x7298_27e3_9c14_49f7_bb1b_9608_f156_bbb8);
    pub const PRIVILEGED_ROLE_ADMINISTRATOR: Uuid =
        Uuid::from_u128(0xe861_1ab8_c189_46e8_94e1_6021_3ab1_f814);
    pub const HYBRID_IDENTITY_ADMINISTRATOR: Uuid =
        Uuid::from_u128(0x8ac3_fc64_6eca_42ea_9e69_59f4_c7b6_0eb2);
    pub const CLOUD_APPLICATION_ADMINISTRATOR: Uuid =
        Uuid::from_u128(0x158c_047a_c907_4556_b7ef_4465_51a6_b5f7);
    pub const APPLICATION_ADMINISTRATOR: Uuid =
        Uuid::from_u128(0x9b89_5d92_2cd3_44c7_9d02_a6ac_2d5e_a5c3);
    pub const CONDITIONAL_ACCESS_ADMINISTRATOR: Uuid =
        Uuid::from_u128(0xb1be_1c3e_b65d_4f19_8427_f6fa_0d97_feb9);
    pub const REPORTS_READER: Uuid = Uuid::from_u128(0x4a5d_8f65_41da_4de4_8968_e035_b653_39cf);
    pub const DIRECTORY_READERS: Uuid = Uuid::from_u128(0x88d8_e3e3_8f55_4a1e_953a_9b98_98b8_876b);
    pub const DIRECTORY_WRITERS: Uuid = Uuid::from_u128(0x9360_feb5_f418_4baa_8175_e2a0_0bac_4301);

    /// All roles with their display names.
    pub const ALL: [(Uuid, &str); 18] = [
        (GLOBAL_ADMINISTRATOR, "Global Administrator"),
        (SECURITY_ADMINISTRATOR, "Security Administrator"),
        (TEAMS_ADMINISTRATOR, "Teams Administrator"),
        (GLOBAL_READER, "Global Reader"),
        (SECURITY_READER, "Security Reader"),
        (SECURITY_OPERATOR, "Security Operator"),
        (
            EXTERNAL_IDENTITY_PROVIDER_ADMINISTRATOR,
            "External Identity Provider Administrator",
        ),
        (GUEST_INVITER, "Guest Inviter"),
        (USER_ADMINISTRATOR, "User Administrator"),
        (HELPDESK_ADMINISTRATOR, "Helpdesk Administrator"),
        (
            PRIVILEGED_ROLE_ADMINISTRATOR,
            "Privileged Role Administrator",
        ),
        (
            HYBRID_IDENTITY_ADMINISTRATOR,
            "Hybrid Identity Administrator",
        ),
        (
            CLOUD_APPLICATION_ADMINISTRATOR,
            "Cloud Application Administrator",
        ),
        (APPLICATION_ADMINISTRATOR, "Application Administrator"),
        (
            CONDITIONAL_ACCESS_ADMINISTRATOR,
            "Conditional Access Administrator",
        ),
        (REPORTS_READER, "Reports Reader"),
        (DIRECTORY_READERS, "Directory Readers"),
        (DIRECTORY_WRITERS, "Directory Writers"),
    ];

    /// The display name of a role.
    pub fn name(id: Uuid) -> Option<&'static str> {
        ALL.iter().find(|(r, _)| *r == id).map(|(_, n)| *n)
    }

    /// The roles whose holder proves a second factor at the resource, whatever home is trusted
    /// for (cross-cloud-federation.md §2): every role that can change something.
    pub fn is_privileged(id: Uuid) -> bool {
        ![
            GLOBAL_READER,
            SECURITY_READER,
            REPORTS_READER,
            DIRECTORY_READERS,
            GUEST_INVITER,
        ]
        .contains(&id)
            && name(id).is_some()
    }
}
