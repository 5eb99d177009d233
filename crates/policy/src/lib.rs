//! Pure decisions: cross-tenant access, Conditional Access, strengths, the next step of a sign-in.
//! [`case`] reads a whole decision as a document, [`decide`] takes it, [`result`] writes it down.
//!
//! Everything here is total: data in, a decision with its reasons out. Doubt is a denial.

pub mod case;
pub mod conditional_access;
pub mod cross_tenant;
pub mod decide;
pub mod gate;
pub mod result;
pub mod sign_in;
pub mod strength;
pub mod trust;
mod well_known_application;
