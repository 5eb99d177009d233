//! Contoso unticks the cloud: nora's next request for a token fails at once; ticking it again restores her.

use anyhow::{Context as _, Result, bail, ensure};

use super::expect;
use super::stage::{Attempt, Stage};
use super::step_02::tick;
use crate::oauth;
use crate::report::Saw;

pub(super) async fn play(stage: &mut Stage, saw: &mut Saw) -> Result<()> {
    let world = stage.world.clone();
    // Disabling ended her sessions; enabled again, she signs in anew.
    let client = stage.means.client.clone();
    stage.nora.fresh(&client);
    let tokens = stage
        .nora_as_script()
        .await
        .context("nora, enabled again, signs in")?;
    let contoso = stage.contoso("secadmin").await?;
    tick(&contoso, &[], &mut Saw::default()).await?;
    match oauth::refresh(&stage.means, &tokens).await {
        Ok(_) => bail!("expected the next token to be refused after the cloud was unticked"),
        Err(oauth::Error::Refused(refusal)) => {
            ensure!(
                refusal.codes.contains(&500_213),
                "expected the refusal to be 500213, saw {refusal}"
            );
            saw.note(
                "unticked",
                format!("{} {}", refusal.error, refusal.first_line()),
            );
            if let Some(correlation_id) = refusal.correlation_id {
                let home_was_asked = false;
                stage.attempts.push(Attempt {
                    step: 13,
                    code: 500_213,
                    correlation_id,
                    home_was_asked,
                });
            }
        }
        Err(error) => bail!("expected a refusal, saw {error}"),
    }
    tick(&contoso, &[&world.usgov], &mut Saw::default()).await?;
    let next = oauth::refresh(&stage.means, &tokens)
        .await
        .map_err(|error| anyhow::anyhow!("after the cloud was ticked again: {error}"))?;
    ensure!(!next.access_token.is_empty(), "the new token is empty");
    saw.note("ticked again", "a new token is issued");
    let trip = stage.nora.go(&world.direct_link("Expenses")?).await?;
    let claims = expect::expenses(&trip, &stage.nora.browser)?;
    saw.note("Expenses", format!("opens for {}", claims.oid));
    Ok(())
}
