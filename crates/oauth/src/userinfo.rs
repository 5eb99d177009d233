//! The userinfo answer (OpenID Connect Core §5.3.2): the claims that the token's scopes allow.

use serde::{Deserialize, Serialize};

/// Claims about the person; `sub` equals that of the client's id token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Userinfo {
    /// Pairwise subject.
    pub sub: String,
    /// Display name (`profile`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Given name (`profile`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Family name (`profile`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Sign-in name (`profile`), for display.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// Address (`email`), only if its domain is verified here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}
