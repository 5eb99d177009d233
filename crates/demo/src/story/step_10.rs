//! Contoso demands a compliant device: refused (53000) without device trust, and refused with it because home
//! vouches for none.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::expect;
use super::stage::Stage;
use super::step_09::{remove, require, trust};
use crate::report::Saw;

const CODE: u32 = 53_000;

pub(super) async fn play(stage: &mut Stage, saw: &mut Saw) -> Result<()> {
    let expenses = stage.world.app("Expenses")?.app_id.clone();
    let name = "Expenses from compliant devices only";
    let policy = require(stage, name, &[&expenses], "compliantDevice").await?;
    refused(stage, "without device trust", saw).await?;
    trust(stage, &json!({ "isCompliantDeviceAccepted": true })).await?;
    refused(stage, "with device trust", saw).await?;
    trust(stage, &Value::Null).await?;
    remove(stage, &policy).await?;
    let trip = stage.nora.go(&stage.world.direct_link("Expenses")?).await?;
    expect::expenses(&trip, &stage.nora.browser).context("after the policy is gone")?;
    saw.note("without the policy", trip.outcome(&stage.nora.browser));
    Ok(())
}

async fn refused(stage: &mut Stage, when: &str, saw: &mut Saw) -> Result<()> {
    let link = stage.world.direct_link("Expenses")?;
    let trip = stage.nora.go(&link).await.context(when.to_owned())?;
    let refused = expect::denied(&trip, &stage.nora.browser, CODE).context(when.to_owned())?;
    saw.note(when, format!("{} {}", refused.code, refused.message));
    stage.remember(10, CODE, &refused);
    Ok(())
}
