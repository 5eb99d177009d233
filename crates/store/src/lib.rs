//! One SQL dialect over SQLite and PostgreSQL. The only crate that names `sqlx` and `rusqlite`.
//!
//! A [`Store`] gives a [`Tx`] to write and a [`Read`] to read; both are narrowed to a tenant
//! (`tx.tenant(id).users().insert(&user)`) or to the few cloud-wide queries (`read.cloud()`).
//! There is no storage trait: SQLite in memory ([`Store::memory`]) is the test double.
//!
//! # Dialect
//! `$1` parameters, `ON CONFLICT`, `RETURNING`, `WITH RECURSIVE`, `->>` on JSON. No `LIKE`, `lower`,
//! `now()`, `FOR UPDATE`, no boolean out of an expression; always `NULLS LAST`. Names are compared by
//! `*_key` columns made in Rust. Unique indexes have explicit names, because they come back in
//! [`Error::Conflict`]. A row is changed under its `version` ([`Error::stale`]); what works once is
//! one conditional `UPDATE` or `DELETE`.
//!
//! # To add a table
//! 1. A file in `migrations/` with type tokens (`migration.rs`).
//! 2. A module named after the noun: `statements! { "users"; FIND = "…"; }` with the tenant as `$1`,
//!    a struct `Users<'a, M>(Scoped<'a, M>)`, `impl<'a, M> Scoped<'a, M> { fn users(self) }`, reads in
//!    `impl<M> Users<'_, M>`, writes in `impl Users<'_, Tx>`, one function from `Row` to the model.
//! 3. Its `STATEMENTS` in the list below, so that a test prepares them on both engines.
//! 4. Contract tests in `contract/`, which run on both engines.

pub mod app_session;
pub mod application;
pub mod assignment;
pub mod authorization_policy;
pub mod cleanup;
pub mod code;
pub mod conditional_access;
#[cfg(test)]
mod contract;
pub mod counter;
pub mod cross_tenant;
pub mod db;
pub mod deletion;
pub mod error;
pub mod factor;
pub mod group;
pub mod handle;
pub mod invitation;
pub mod lease;
pub mod lease_grant;
pub(crate) mod listing;
pub(crate) mod migration;
pub mod outbox_mail;
pub mod owner;
pub mod partner_configuration;
pub mod password;
pub(crate) mod postgres;
pub mod pushed_request;
pub(crate) mod query;
pub mod record;
pub mod release;
pub(crate) mod row;
pub(crate) mod run;
pub mod sealed;
pub mod service_principal;
pub mod session;
pub mod sign_in;
pub mod signing_key;
pub mod snapshot;
pub(crate) mod sqlite;
pub(crate) mod statement;
pub(crate) mod table;
pub mod tenant;
pub mod throttle;
pub mod token_family;
pub mod used_id;
pub mod user;
pub(crate) mod value;

pub use db::{Options, Store};
pub use error::{Constraint, Error, Result};
pub use handle::{Cloud, Read, Scoped, TenantRead, TenantTx, Tx};

/// The fixed statements of every table module.
#[cfg(test)]
pub(crate) const STATEMENTS: &[&[statement::Statement]] = &[
    app_session::STATEMENTS,
    application::STATEMENTS,
    assignment::STATEMENTS,
    authorization_policy::STATEMENTS,
    cleanup::STATEMENTS,
    code::STATEMENTS,
    conditional_access::STATEMENTS,
    counter::STATEMENTS,
    cross_tenant::STATEMENTS,
    deletion::STATEMENTS,
    factor::STATEMENTS,
    group::STATEMENTS,
    invitation::STATEMENTS,
    lease::STATEMENTS,
    lease_grant::STATEMENTS,
    outbox_mail::STATEMENTS,
    owner::STATEMENTS,
    partner_configuration::STATEMENTS,
    password::STATEMENTS,
    pushed_request::STATEMENTS,
    record::STATEMENTS,
    release::STATEMENTS,
    sealed::STATEMENTS,
    service_principal::STATEMENTS,
    session::STATEMENTS,
    sign_in::STATEMENTS,
    signing_key::STATEMENTS,
    tenant::STATEMENTS,
    throttle::STATEMENTS,
    token_family::STATEMENTS,
    used_id::STATEMENTS,
    user::STATEMENTS,
];
