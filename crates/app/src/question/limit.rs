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
const QUESTIONS_A_DAY: i64 = 500;
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

    fn limits(&self, kind: Kind) -> Vec<(String, i64, i64)> {
        let mut limits = vec![
            (format!("{}/miss", self.0), HOUR, MISSES_AN_HOUR),
            (format!("{}/day", self.0), DAY, QUESTIONS_A_DAY),
        ];
        if kind == Kind::Readiness {
            limits.push((format!("{}/readiness", self.0), HOUR, READINESS_AN_HOUR));
        }
        limits
    }

    /// Seconds until another question may be asked; none if it may now.
    pub(super) async fn wait(&self, cx: &Context, kind: Kind) -> Result<Option<i64>> {
        let read = cx.app.store().read();
        for (name, seconds, most) in self.limits(kind) {
            let start = window(cx.now, seconds);
            if read.cloud().counters().find(&name, start).await? >= most {
                let end = start.plus_seconds(seconds);
                return Ok(Some(end.seconds_since(cx.now).max(1)));
            }
        }
        Ok(None)
    }

    /// Counts a question.
    pub(super) async fn count(
        &self,
        cx: &Context,
        tx: &Tx,
        (kind, missed): (Kind, bool),
    ) -> Result<()> {
        for (name, seconds, _) in self.limits(kind) {
            if missed || !name.ends_with("/miss") {
                tx.cloud()
                    .counters()
                    .count_up(&name, window(cx.now, seconds))
                    .await?;
            }
        }
        Ok(())
    }
}
