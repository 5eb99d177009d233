//! The table of layers (ADR 1): for each crate what of ours it may use, and what it may not name.

/// What one crate may use.
#[derive(Debug)]
pub struct Rule {
    /// The name without the prefix.
    pub name: &'static str,
    /// Crates of ours that it may use.
    pub ours: &'static [&'static str],
    /// Libraries that it may not name itself.
    pub not: &'static [&'static str],
    /// Libraries that it may not reach, not even through others.
    pub never: &'static [&'static str],
    /// If set, the only libraries from outside that it may name.
    pub only: Option<&'static [&'static str]>,
    /// Why `not` holds.
    pub because: &'static str,
}

/// A library that only some crates name.
#[derive(Debug)]
pub struct Owner {
    pub library: &'static str,
    pub crates: &'static [&'static str],
}

/// Nothing that waits, listens, stores or draws lots.
const EFFECTS: &[&str] = &["tokio", "axum", "hyper", "sqlx", "rusqlite", "rand"];

const NO_RULE: Rule = Rule {
    name: "",
    ours: &[],
    not: &[],
    never: &[],
    only: None,
    because: "",
};

/// One row a crate, from the leaves up.
pub const RULES: &[Rule] = &[
    Rule {
        name: "crypto",
        never: EFFECTS,
        ..NO_RULE
    },
    Rule {
        name: "oauth",
        ours: &["crypto"],
        never: EFFECTS,
        not: &["jiff"],
        because: "time comes in as a value",
        ..NO_RULE
    },
    Rule {
        name: "model",
        never: EFFECTS,
        not: &["async-trait", "futures-util"],
        because: "the vocabulary has no effects",
        ..NO_RULE
    },
    Rule {
        name: "policy",
        ours: &["model"],
        never: EFFECTS,
        only: Some(&["serde", "serde_json", "uuid"]),
        ..NO_RULE
    },
    Rule {
        name: "store",
        ours: &["model"],
        never: &["axum"],
        ..NO_RULE
    },
    Rule {
        name: "app",
        ours: &["crypto", "model", "oauth", "policy", "store"],
        not: &["axum", "hyper", "hyper-util"],
        because: "a use case knows nothing of HTTP; its ports are `dyn` traits",
        ..NO_RULE
    },
    Rule {
        name: "edge",
        ours: &["app", "model", "oauth"],
        ..NO_RULE
    },
    Rule {
        name: "oidc",
        ours: EDGE_MAY_USE,
        ..NO_RULE
    },
    Rule {
        name: "graph",
        ours: EDGE_MAY_USE,
        ..NO_RULE
    },
    Rule {
        name: "web",
        ours: EDGE_MAY_USE,
        ..NO_RULE
    },
    Rule {
        name: "server",
        ours: &[
            "app", "crypto", "demo", "edge", "graph", "model", "oauth", "oidc", "policy", "store",
            "web",
        ],
        ..NO_RULE
    },
    Rule {
        name: "testkit",
        ours: &[
            "app", "crypto", "demo", "edge", "graph", "model", "oauth", "oidc", "policy", "server",
            "store", "web",
        ],
        ..NO_RULE
    },
    Rule {
        name: "demo",
        ..NO_RULE
    },
    Rule {
        name: "xtask",
        ..NO_RULE
    },
];

/// The three edges: each other are not in it.
const EDGE_MAY_USE: &[&str] = &["app", "edge", "model", "oauth"];

pub const OWNERS: &[Owner] = &[
    Owner {
        library: "sqlx",
        crates: &["store"],
    },
    Owner {
        library: "rusqlite",
        crates: &["store"],
    },
    Owner {
        library: "aws-lc-rs",
        crates: &["crypto", "demo"],
    },
    Owner {
        library: "argon2",
        crates: &["crypto"],
    },
    Owner {
        library: "rustls",
        crates: &["server", "demo", "testkit"],
    },
    Owner {
        library: "lettre",
        crates: &["server"],
    },
    Owner {
        library: "rand",
        crates: &["server"],
    },
    Owner {
        library: "anyhow",
        crates: &["server", "demo", "testkit", "xtask"],
    },
];

/// Libraries that nobody may reach: a second TLS stack, and RSA with an open timing advisory.
pub const FORBIDDEN: &[&str] = &["openssl", "openssl-sys", "native-tls", "rsa"];
