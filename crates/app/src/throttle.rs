//! Limits on guessing, kept in the store and shared by all nodes (sessions.md): per account and
//! per network. A session that lives is never touched by them.
//!
//! 1. A wrong attempt is counted by a row before the next one of that account is judged. For codes
//!    the row is written first ([`take`]). Judging a password costs far more than counting it, and a
//!    right one shall write only once: there attempts at one account come one at a time, those of a
//!    network a few at a time ([`enter`]), and each looks at the rows when its turn comes.
//! 2. A turn is a process's own. Of n nodes each can have one attempt under way when the last
//!    failure fills the window: an account then bears n - 1 guesses more, a network n times its
//!    turns. What blocks is the row, for all nodes.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use comity_model::{id::Id, tenant::Tenant, user::User};
use comity_store::{Tx, throttle::Bounds};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    app::App,
    context::Context,
    error::{Error, Result},
};

/// Attempts of one network that are judged at once.
const OF_A_NETWORK: usize = 8;
/// A turn is waited for this long.
const PATIENCE: Duration = Duration::from_secs(10);

/// One counter: its key, how many failures it bears in which window, and how long it then blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    pub key: String,
    pub failures: i64,
    pub window_seconds: i64,
    pub block_seconds: i64,
    /// Attempts that are judged at once in one process.
    pub at_once: usize,
}

impl Limit {
    const fn bounds(&self) -> Bounds {
        Bounds {
            failures: self.failures,
            window_seconds: self.window_seconds,
            block_seconds: self.block_seconds,
        }
    }
}

/// Counters of password attempts. An unknown name has a counter like a known one.
pub fn password(
    cx: &Context,
    tenant: Id<Tenant>,
    user: Option<Id<User>>,
    name: &str,
) -> Vec<Limit> {
    let account = user.map_or_else(|| comity_model::name::key(name), |u| u.to_string());
    let mut limits = vec![Limit {
        key: format!("password/{tenant}/{account}"),
        failures: 10,
        window_seconds: 300,
        block_seconds: 60,
        at_once: 1,
    }];
    if let Some(network) = network(&cx.client.ip) {
        limits.push(Limit {
            key: format!("network/{network}"),
            failures: 100,
            window_seconds: 300,
            block_seconds: 60,
            at_once: OF_A_NETWORK,
        });
    }
    limits
}

/// What counts as one network: an address of IPv4, whoever wrote it in IPv6; of IPv6 the 64 bits
/// that one line is given, for its holder picks the others at will.
fn network(address: &str) -> Option<String> {
    Some(match address.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let prefix = address.to_bits() >> 64 << 64;
            format!("{}/64", Ipv6Addr::from_bits(prefix))
        }
    })
}

/// The counter of one-time codes: per person, over all sessions and nodes (S-43).
pub fn code(tenant: Id<Tenant>, user: Id<User>) -> Vec<Limit> {
    vec![Limit {
        key: format!("code/{tenant}/{user}"),
        failures: 10,
        window_seconds: 300,
        block_seconds: 300,
        at_once: 1,
    }]
}

/// Whether one-time codes of a person are refused now and nobody has asked this before: once for
/// each time that they are.
pub async fn first_refusal(cx: &Context, tx: &Tx, tenant: Id<Tenant>, user: &User) -> Result<bool> {
    for limit in code(tenant, user.id) {
        let found = tx.cloud().throttles().find(&limit.key).await?;
        let until = found.and_then(|throttle| throttle.blocked_until);
        if let Some(until) = until.filter(|until| *until > cx.now) {
            let once = until.micros().to_string();
            let used = tx.cloud().used_ids();
            return Ok(used.use_once("refusal", &limit.key, &once, until).await?);
        }
    }
    Ok(false)
}

/// Refuses while a counter blocks.
pub async fn check(cx: &Context, limits: &[Limit]) -> Result<()> {
    for limit in limits {
        let throttle = cx
            .app
            .store()
            .read()
            .cloud()
            .throttles()
            .find(&limit.key)
            .await?;
        if let Some(until) = throttle
            .and_then(|t| t.blocked_until)
            .filter(|t| *t > cx.now)
        {
            return Err(Error::TooMany {
                retry_after: until.seconds_since(cx.now).max(1),
            });
        }
    }
    Ok(())
}

/// Turns under way in this process, by the key of a counter.
#[derive(Default)]
pub struct Turns(Mutex<BTreeMap<String, Arc<Semaphore>>>);

impl Turns {
    fn of(&self, limit: &Limit) -> Arc<Semaphore> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = turns
            .entry(limit.key.clone())
            .or_insert_with(|| Arc::new(Semaphore::new(limit.at_once)));
        Arc::clone(turn)
    }

    /// Forgets a key that nobody has a turn at or waits for.
    fn tidy(&self, key: &str) {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if turns
            .get(key)
            .is_some_and(|turn| Arc::strong_count(turn) == 1)
        {
            turns.remove(key);
        }
    }
}

/// One attempt's turn, until it is dropped: after its failure was counted.
pub struct Turn {
    app: App,
    held: Vec<(String, Option<OwnedSemaphorePermit>)>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        for (key, permit) in self.held.drain(..) {
            drop(permit);
            self.app.attempts().tidy(&key);
        }
    }
}

/// Waits for the turn of an attempt, or refuses while a counter blocks (rule 1).
pub async fn enter(cx: &Context, limits: &[Limit]) -> Result<Turn> {
    // So that a blocked account or network costs no turn.
    check(cx, limits).await?;
    let mut turn = Turn {
        app: cx.app.clone(),
        held: Vec::new(),
    };
    // The network first: whoever waits there holds up nobody's account.
    for limit in limits.iter().rev() {
        turn.held.push((limit.key.clone(), None));
        let waiting = cx.app.attempts().of(limit).acquire_owned();
        let permit = tokio::time::timeout(PATIENCE, waiting)
            .await
            .map_err(|_| Error::TooMany { retry_after: 1 })?
            .map_err(Error::internal)?;
        if let Some((_, held)) = turn.held.last_mut() {
            *held = Some(permit);
        }
    }
    check(cx, limits).await?;
    Ok(turn)
}

/// Takes one attempt at the first counter, or refuses while one blocks. A wrong attempt is counted
/// with this; a right one clears it ([`passed`]).
pub async fn take(cx: &Context, limits: &[Limit]) -> Result<()> {
    check(cx, limits).await?;
    let Some(account) = limits.first() else {
        return Ok(());
    };
    let tx = cx.app.store().begin().await?;
    let throttles = tx.cloud().throttles();
    let blocked = throttles
        .take(&account.key, cx.now, account.bounds())
        .await?;
    if let Some(until) = blocked {
        tx.rollback().await;
        return Err(Error::TooMany {
            retry_after: until.seconds_since(cx.now).max(1),
        });
    }
    Ok(tx.commit().await?)
}

/// Counts a failure on every counter.
pub async fn failed(cx: &Context, limits: &[Limit]) -> Result<()> {
    let tx = cx.app.store().begin().await?;
    for limit in limits {
        tx.cloud()
            .throttles()
            .record_failure(&limit.key, cx.now, limit.bounds())
            .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Clears the account's counter after a success; the network's stays.
pub async fn passed(cx: &Context, limits: &[Limit]) -> Result<()> {
    let Some(account) = limits.first() else {
        return Ok(());
    };
    if cx
        .app
        .store()
        .read()
        .cloud()
        .throttles()
        .find(&account.key)
        .await?
        .is_none()
    {
        return Ok(());
    }
    let tx = cx.app.store().begin().await?;
    tx.cloud().throttles().clear(&account.key).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn v6_counts_by_what_one_line_is_given_and_v4_by_address() {
        let same = [
            ("192.0.2.7", "::ffff:192.0.2.7"),
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff"),
            ("2001:db8:0:1::1", "2001:0db8:0000:0001:0:0:0:2"),
        ];
        for (one, other) in same {
            assert!(network(one).is_some(), "{one}");
            assert_eq!(network(one), network(other), "{one} {other}");
        }
        let different = [
            ("192.0.2.7", "192.0.2.8"),
            ("2001:db8:0:1::1", "2001:db8:0:2::1"),
            ("192.0.2.7", "::192.0.2.7"),
        ];
        for (one, other) in different {
            assert_ne!(network(one), network(other), "{one} {other}");
        }
        for nobody in ["", "here", "192.0.2.7:443"] {
            assert_eq!(network(nobody), None, "{nobody}");
        }
    }
}
