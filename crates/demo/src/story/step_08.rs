//! The common endpoint, *Sign in to an organization* → `contoso.com`; My Apps by tenant ID and by domain; the
//! direct link. Nobody is asked to consent a second time.

use anyhow::{Context as _, Result, ensure};

use super::expect;
use super::stage::{CONTOSO, Stage, host};
use super::step_07;
use crate::report::Saw;
use crate::walk::{Kind, Trip};

pub(super) async fn play(stage: &mut Stage, saw: &mut Saw) -> Result<()> {
    let world = stage.world.clone();
    let client = stage.means.client.clone();
    stage.nora.fresh(&client);
    let trip = by_organization(stage)
        .await
        .context("the common endpoint")?;
    expect::my_apps(&trip, &stage.nora.browser, &world).context("the common endpoint")?;
    no_consent(stage, &trip)?;
    saw.note("common endpoint", trip.outcome(&stage.nora.browser));
    saw.note("asked", trip.path());
    let doors = [
        ("by tenant ID", world.my_apps()),
        ("by domain", format!("{}/{CONTOSO}", world.global.myapps)),
    ];
    for (door, url) in doors {
        let trip = stage.nora.go(&url).await.context(door)?;
        expect::my_apps(&trip, &stage.nora.browser, &world).context(door)?;
        no_consent(stage, &trip)?;
        saw.note(door, trip.outcome(&stage.nora.browser));
    }
    let trip = stage
        .nora
        .go(&world.direct_link("Expenses")?)
        .await
        .context("the direct link")?;
    let claims = expect::expenses(&trip, &stage.nora.browser).context("the direct link")?;
    no_consent(stage, &trip)?;
    step_07::check(stage, &claims).await?;
    saw.note("direct link", format!("Expenses opens for {}", claims.oid));
    Ok(())
}

/// Without a word about the tenant: *Sign-in options*, then the organization's domain.
async fn by_organization(stage: &mut Stage) -> Result<Trip> {
    let url = format!("{}/", stage.world.global.myapps);
    let browser = &mut stage.nora.browser;
    browser.open(&url).await?;
    browser.link("#sign-in-options").await?;
    browser.fill("#organization", CONTOSO)?;
    browser.submit("#submit").await?;
    stage.nora.walk().await
}

fn no_consent(stage: &Stage, trip: &Trip) -> Result<()> {
    let login = host(&stage.world.global.login);
    ensure!(
        !trip.asked(&login, Kind::Consent),
        "consent was asked a second time: {}",
        trip.path()
    );
    Ok(())
}
