//! The link, opened by alex or by nils, redeems nothing; nora signs in at home, consents once, and lands in
//! Contoso's My Apps.

use anyhow::{Context as _, Result, ensure};

use super::expect;
use super::stage::{Stage, host};
use crate::report::Saw;
use crate::walk::Kind;

pub(super) async fn play(stage: &mut Stage, saw: &mut Saw) -> Result<()> {
    let world = stage.world.clone();
    let link = stage.link.clone().context("there is no invitation link")?;

    let trip = stage.alex.go(&world.my_apps()).await?;
    expect::my_apps(&trip, &stage.alex.browser, &world).context("alex signs in at Contoso")?;
    let trip = stage.alex.go(&link).await.context("alex opens the link")?;
    saw.note("opened by alex", trip.outcome(&stage.alex.browser));
    state(stage, "PendingAcceptance")
        .await
        .context("after alex opened the link")?;

    let home = format!("{}/?tenantid={}", world.usgov.myapps, world.northwind.id);
    let trip = stage.nils.go(&home).await?;
    expect::landed(&trip, &stage.nils.browser, "My Apps at home")
        .context("nils signs in at home")?;
    let trip = stage.nils.go(&link).await.context("nils opens the link")?;
    saw.note("opened by nils", trip.outcome(&stage.nils.browser));
    state(stage, "PendingAcceptance")
        .await
        .context("after nils opened the link")?;

    let trip = stage.nora.go(&link).await.context("nora opens the link")?;
    let tiles =
        expect::my_apps(&trip, &stage.nora.browser, &world).context("nora opens the link")?;
    let home = stage.nora.person.home().to_owned();
    ensure!(
        trip.asked(&home, Kind::Password),
        "nora's password was not asked at home: {}",
        trip.path()
    );
    let consents = trip.count(&host(&world.global.login), Kind::Consent);
    ensure!(
        consents == 1,
        "expected one consent at Contoso, saw {consents}: {}",
        trip.path()
    );
    saw.note("nora was asked", trip.path());
    saw.note("state", state(stage, "Accepted").await?);
    saw.note(
        "landed at",
        stage
            .nora
            .browser
            .page()?
            .url
            .origin()
            .ascii_serialization(),
    );
    saw.note("applications", tiles);
    Ok(())
}

/// The guest object's `externalUserState`, which must be this.
async fn state(stage: &mut Stage, expected: &str) -> Result<String> {
    let guest = stage.guest()?.to_owned();
    let graph = stage.contoso("admin").await?;
    let path = format!("/v1.0/users/{guest}");
    let user = graph
        .query(&path, &[("$select", "id,externalUserState")])
        .await?;
    let state = expect::text(&user, "externalUserState", "the guest object")?;
    expect::same("externalUserState", state, expected)?;
    Ok(state.to_owned())
}
