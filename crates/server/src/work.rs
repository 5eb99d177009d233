//! The periodic work of one cloud. Every job is safe on several nodes and goes on where it stopped.

use std::{sync::Arc, time::Duration};

use comity_app::{App, Client, Context, directory, mail, partner_configuration};

use crate::{jobs::Job, site::letter_writer};

/// All jobs of a cloud.
pub fn jobs(app: &App) -> Vec<Job> {
    let mail = if app.settings().dev_world {
        Duration::from_millis(200)
    } else {
        Duration::from_secs(2)
    };
    let writer = Arc::new(letter_writer(app));
    let for_mail = app.clone();
    let (for_numbers, for_rubbish) = (app.clone(), app.clone());
    let (for_partners, for_deleted) = (app.clone(), app.clone());
    vec![
        Job::new("deliver mail", mail, move || {
            deliver(for_mail.clone(), Arc::clone(&writer))
        }),
        Job::new("number records", Duration::from_secs(5), move || {
            number(for_numbers.clone())
        }),
        Job::new("clean up", Duration::from_mins(1), move || {
            clean_up(for_rubbish.clone())
        }),
        Job::new("ask partners", Duration::from_hours(1), move || {
            ask_partners(for_partners.clone())
        }),
        Job::new(
            "purge deleted objects",
            Duration::from_hours(1),
            move || purge(for_deleted.clone()),
        ),
    ]
}

async fn deliver<W>(app: App, write: Arc<W>) -> anyhow::Result<u64>
where
    W: Fn(
            &mail::Letter,
            comity_model::id::Id<comity_model::tenant::Tenant>,
        ) -> comity_app::port::Mail
        + Send
        + Sync,
{
    let delivered = mail::deliver(&Context::new(&app, Client::default()), &*write).await?;
    Ok(u64::try_from(delivered)?)
}

/// Gives records their sequence in batches, so that writers never wait on a counter.
async fn number(app: App) -> anyhow::Result<u64> {
    let waiting = app
        .store()
        .read()
        .cloud()
        .tenants_with_unnumbered_records()
        .await?;
    let mut numbered = 0;
    for tenant in waiting {
        let tx = app.store().begin().await?;
        numbered += tx.tenant(tenant).audit_records().number().await?;
        numbered += tx.tenant(tenant).sign_in_records().number().await?;
        tx.commit().await?;
    }
    Ok(numbered)
}

/// Often enough that an announced entity key is known long before it signs.
async fn ask_partners(app: App) -> anyhow::Result<u64> {
    const OLD_SECONDS: i64 = 4 * 3600;
    let cx = Context::new(&app, Client::default());
    Ok(partner_configuration::ask_all(&cx, OLD_SECONDS).await?)
}

/// Deleted users and groups are kept for 30 days.
async fn purge(app: App) -> anyhow::Result<u64> {
    let mut total = 0;
    loop {
        let purged = directory::deleted_item::purge_old(&app).await?;
        total += purged;
        if purged == 0 {
            return Ok(total);
        }
    }
}

async fn clean_up(app: App) -> anyhow::Result<u64> {
    let mut total = 0;
    // Some at a time, so that no transaction is long.
    loop {
        let tx = app.store().begin().await?;
        let deleted = tx.cloud().clean_up(app.now()).await?;
        tx.commit().await?;
        total += deleted;
        if deleted == 0 {
            return Ok(total);
        }
    }
}
