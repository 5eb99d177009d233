//! OAuth 2.0, OpenID Connect and JOSE messages and checks, by RFC.
//!
//! Bytes and values in, typed values out. Nothing here reads a clock, draws chance, opens a
//! connection or knows what a tenant is; `now` is always Unix seconds, given by the caller. Each
//! specification has a file and an error enum of its own, with one variant per broken rule.
#![warn(missing_docs)]

pub mod access_token;
pub mod assertion;
pub mod authorize;
pub mod claims_request;
pub mod client_assertion;
pub mod crossing;
pub mod discovery;
pub mod dpop;
pub mod entity;
pub mod error;
pub mod guid;
pub mod id_token;
pub mod json;
pub mod jws;
pub mod keys;
pub mod logout;
pub mod par;
pub mod params;
pub mod pkce;
pub mod question;
pub mod rar;
pub mod redirect_uri;
pub mod response;
pub mod scope;
pub mod secret;
pub mod text;
pub mod token;
pub mod userinfo;

/// How far ahead of us another clock may be, in seconds (`iat` and `nbf`). Nobody is given time
/// beyond `exp`: every message between clouds lives long enough to bear a clock that is behind.
pub const SKEW: i64 = 60;

/// A time in a claim against ours: not more than [`SKEW`] ahead.
pub(crate) const fn is_ahead(time: i64, now: i64) -> bool {
    time > now.saturating_add(SKEW)
}
