//! She opens Expenses: the token's issuer is Contoso, `oid` the guest's, `idp` her home.

use anyhow::Result;

use super::expect::{self, Claims};
use super::stage::Stage;
use crate::oauth;
use crate::report::Saw;

pub(super) async fn play(stage: &mut Stage, saw: &mut Saw) -> Result<()> {
    let at = expect::tile(stage.nora.browser.page()?, "Expenses")?;
    let trip = stage.nora.press(at).await?;
    let claims = expect::expenses(&trip, &stage.nora.browser)?;
    check(stage, &claims).await?;
    saw.note("iss", claims.iss);
    saw.note("tid", claims.tid);
    saw.note("oid", claims.oid);
    saw.note("idp", claims.idp);
    saw.note("name", claims.name);
    Ok(())
}

/// The token is Contoso's, for nora's guest object, and names her home.
pub(super) async fn check(stage: &Stage, claims: &Claims) -> Result<()> {
    let world = &stage.world;
    let client = &stage.means.client;
    let contoso = oauth::discover(client, &world.global, &world.contoso.id).await?;
    let northwind = oauth::discover(client, &world.usgov, &world.northwind.id).await?;
    expect::same("iss", &claims.iss, &contoso.issuer)?;
    expect::same("tid", &claims.tid, &world.contoso.id)?;
    expect::same("oid", &claims.oid, stage.guest()?)?;
    expect::same("idp", &claims.idp, &northwind.issuer)
}
