//! Limits of the back channel, kept in the store (cross-cloud-federation.md §4): per asking tenant
//! at the asked side, per person or application that causes questions at the asking side.

use comity_store::{Tx, counter::window};

use crate::{
    context::{Actor, Context},
    error::Result,
};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// Questions without an answer.
const MISSES_AN_HOUR: i64 = 50;
const MISSES_A_DAY: i64 = 500;
const READINESS_AN_HOUR: i64 = 60;

/// Whose questions are counted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asker(String);

/// What is counted of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Readiness,
    Other,
}

impl Asker {
    /// A tenant of another cloud.
    pub(super) fn there(cloud: &str, tenant: uuid::Uuid) -> Self {
        Self(format!("question/of/{cloud}/{tenant}"))
    }

    /// Whoever causes a question here.
    pub(super) fn here(cx: &Context) -> Result<Self> {
        let tenant = cx.tenant()?;
        Ok(Self(match &cx.actor {
            Actor::User(actor) => format!("question/by/{tenant}/{}", actor.user),
            Actor::Application(actor) => {
                format!("question/by/{tenant}/{}", actor.service_principal)
            }
            Actor::System { name, .. } => format!("question/by/{tenant}/{name}"),
            Actor::Nobody => format!("question/by/{tenant}"),
        }))
    }

    fn misses(&self) -> [(String, i64, i64); 2] {
        [
            (format!("{}/miss", self.0), HOUR, MISSES_AN_HOUR),
            (format!("{}/day", self.0), DAY, MISSES_A_DAY),
        ]
    }

    fn limits(&self, kind: Kind) -> Vec<(String, i64, i64)> {
        let mut limits = self.misses().to_vec();
        if kind == Kind::Readiness {
            limits.push((format!("{}/readiness", self.0), HOUR, READINESS_AN_HOUR));
        }
        limits
    }

    /// Takes a place in every limit before a question is asked or answered, as if it will miss:
    /// many at once are counted one after the other, on whichever node. `Some`: there is none, and
    /// seconds until there is.
    pub(super) async fn take(&self, cx: &Context, tx: &Tx, kind: Kind) -> Result<Option<i64>> {
        let mut wait = None;
        for (name, seconds, most) in self.limits(kind) {
            let start = window(cx.now, seconds);
            if tx.cloud().counters().count_up(&name, start).await? > most {
                let left = start.plus_seconds(seconds).seconds_since(cx.now).max(1);
                wait = wait.max(Some(left));
            }
        }
        Ok(wait)
    }

    /// Gives back what only misses take.
    pub(super) async fn answered(&self, cx: &Context, tx: &Tx) -> Result<()> {
        for (name, seconds, _) in self.misses() {
            let counters = tx.cloud().counters();
            counters.count_down(&name, window(cx.now, seconds)).await?;
        }
        Ok(())
    }
}
