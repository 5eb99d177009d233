//! Pure decisions: cross-tenant access, Conditional Access, strengths, the next step of a sign-in.
//!
//! Everything here is total: data in, a decision with its reasons out. Doubt is a denial.

pub mod conditional_access;
pub mod cross_tenant;
pub mod gate;
pub mod sign_in;
pub mod trust;
mod well_known_application;
