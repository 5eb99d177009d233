//! Northwind's administrator ticks the commercial cloud and adds Contoso.

use anyhow::Result;

use super::stage::Stage;
use super::step_02;
use crate::report::Saw;

pub(super) async fn play(stage: &mut Stage, saw: &mut Saw) -> Result<()> {
    let world = stage.world.clone();
    let graph = stage.northwind("secadmin").await?;
    step_02::tick(&graph, &[&world.global], saw).await?;
    step_02::add(&graph, &world.global, &world.contoso, saw).await
}
