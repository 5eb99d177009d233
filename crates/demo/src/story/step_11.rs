//! While nora is signed in, Northwind blocks Library outbound: opening it is 500212 and names Northwind, Expenses
//! still opens. Contoso blocks the group `Contoso Project` inbound: 500213, and it names Contoso.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::expect;
use super::stage::Stage;
use crate::report::Saw;

pub(super) async fn play(stage: &mut Stage, saw: &mut Saw) -> Result<()> {
    outbound(stage, saw)
        .await
        .context("Northwind blocks Library")?;
    inbound(stage, saw)
        .await
        .context("Contoso blocks the group")?;
    let trip = stage.nora.go(&stage.world.direct_link("Expenses")?).await?;
    expect::expenses(&trip, &stage.nora.browser).context("after both blocks are lifted")?;
    saw.note(
        "after both blocks are lifted",
        trip.outcome(&stage.nora.browser),
    );
    Ok(())
}

async fn outbound(stage: &mut Stage, saw: &mut Saw) -> Result<()> {
    let world = stage.world.clone();
    let northwind = stage.northwind("secadmin").await?;
    let path = world.partner_of_northwind();
    let setting = json!({
        "usersAndGroups": {
            "accessType": "allowed",
            "targets": [{ "target": "AllUsers", "targetType": "user" }]
        },
        "applications": {
            "accessType": "blocked",
            "targets": [{ "target": world.app("Library")?.app_id, "targetType": "application" }]
        }
    });
    let body = json!({ "b2bCollaborationOutbound": setting });
    expect::status(
        northwind.patch(&path, &body).await?,
        204,
        "blocking Library outbound",
    )?;
    let trip = stage.nora.go(&world.direct_link("Library")?).await?;
    let refused = expect::denied(&trip, &stage.nora.browser, 500_212)?;
    let whole = stage.nora.browser.page()?.html.text();
    expect::says(
        &whole,
        &["administrator of Northwind"],
        "the page of 500212",
    )?;
    saw.note("Library", format!("{} {}", refused.code, refused.message));
    stage.remember(11, 500_212, &refused);
    let trip = stage.nora.go(&world.direct_link("Expenses")?).await?;
    expect::expenses(&trip, &stage.nora.browser)?;
    saw.note("Expenses meanwhile", trip.outcome(&stage.nora.browser));
    let body = json!({ "b2bCollaborationOutbound": Value::Null });
    expect::status(
        northwind.patch(&path, &body).await?,
        204,
        "lifting the outbound block",
    )?;
    Ok(())
}

async fn inbound(stage: &mut Stage, saw: &mut Saw) -> Result<()> {
    let world = stage.world.clone();
    let contoso = stage.contoso("secadmin").await?;
    let path = world.partner_of_contoso();
    let group = &world.northwind.group("Contoso Project")?.id;
    // Blocked and blocked is "not both": these people are barred from everything, everybody else from nothing.
    let setting = json!({
        "usersAndGroups": {
            "accessType": "blocked",
            "targets": [{ "target": group, "targetType": "group" }]
        },
        "applications": {
            "accessType": "blocked",
            "targets": [{ "target": "AllApplications", "targetType": "application" }]
        }
    });
    let body = json!({ "b2bCollaborationInbound": setting });
    expect::status(
        contoso.patch(&path, &body).await?,
        204,
        "blocking the group inbound",
    )?;
    let trip = stage.nora.go(&world.direct_link("Expenses")?).await?;
    let refused = expect::denied(&trip, &stage.nora.browser, 500_213)?;
    let whole = stage.nora.browser.page()?.html.text();
    expect::says(&whole, &["administrator of Contoso"], "the page of 500213")?;
    saw.note(
        "Expenses for the group",
        format!("{} {}", refused.code, refused.message),
    );
    stage.remember(11, 500_213, &refused);
    let body = json!({ "b2bCollaborationInbound": Value::Null });
    expect::status(
        contoso.patch(&path, &body).await?,
        204,
        "lifting the inbound block",
    )?;
    Ok(())
}
