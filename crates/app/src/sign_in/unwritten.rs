//! What happened in a request and is not written yet: written in the one transaction of what comes of
//! it, a page, an end or a refusal, or not at all (law 7). A value that the browser does not get to
//! know takes nobody's place.

use comity_store::Tx;

use super::{home_leg, new_password};
use crate::{context::Context, error::Result, factor};

/// Each with what it needs to be written.
#[derive(Debug)]
pub(super) enum Unwritten {
    /// A leg at a home in this cloud has ended.
    Leg(Box<home_leg::Ended>),
    /// A first second factor was proven.
    Factor(Box<factor::Registration>),
    /// A password takes the place of another one.
    Password(Box<new_password::Replacement>),
}

/// Writes all, in the order in which it happened.
pub(super) async fn write(cx: &Context, all: &[Unwritten], tx: &Tx) -> Result<()> {
    for one in all {
        match one {
            Unwritten::Leg(ended) => ended.write(cx, tx).await?,
            Unwritten::Factor(registration) => registration.write(cx, tx).await?,
            Unwritten::Password(replacement) => replacement.write(cx, tx).await?,
        }
    }
    Ok(())
}
