//! How much one network may cause in a minute before anybody is proven: work at other clouds and
//! rows in the log. Guessing has limits of its own, in the store ([`crate::throttle`]); these are a
//! process's own and cost a request nothing. Programs of this machine are not counted.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use comity_model::time::Utc;

use crate::{
    context::Context,
    error::{Error, Result},
};

const WINDOW_SECONDS: i64 = 60;
/// Networks that are counted apart; all others share one count.
const MAX_COUNTED: usize = 20_000;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A name is read: whose person is it, which cloud is asked (S-37).
    Name,
    /// Somebody is sent to another cloud, which is pushed a request for it.
    Departure,
    /// My Apps redeems a code.
    Callback,
    /// A refusal of somebody who has proven nothing is recorded.
    Record,
}

impl Kind {
    /// How often, where a network has so many requests a minute.
    fn bound(self, network_per_minute: u32) -> u32 {
        match self {
            Self::Name | Self::Departure | Self::Callback => network_per_minute,
            Self::Record => (network_per_minute / 10).max(1),
        }
    }
}

#[derive(Clone, Copy)]
struct Window {
    since: Utc,
    count: u32,
}

/// Counts of this minute.
#[derive(Default)]
pub struct Rates(Mutex<BTreeMap<(Kind, String), Window>>);

impl Rates {
    /// Counts one more in this minute; how many that makes, and how long the minute still lasts.
    fn count(&self, kind: Kind, network: &str, now: Utc) -> (u32, i64) {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = (kind, network.to_owned());
        let passed = |window: &Window| now.seconds_since(window.since);
        let is_over = |window: &Window| !(0..WINDOW_SECONDS).contains(&passed(window));
        if windows.len() >= MAX_COUNTED && !windows.contains_key(&key) {
            windows.retain(|_, window| !is_over(window));
            if windows.len() >= MAX_COUNTED {
                "others".clone_into(&mut key.1);
            }
        }
        let fresh = Window {
            since: now,
            count: 0,
        };
        let window = windows.entry(key).or_insert(fresh);
        if is_over(window) {
            *window = fresh;
        }
        window.count = window.count.saturating_add(1);
        (window.count, WINDOW_SECONDS - passed(window))
    }
}

/// Counts one more of what the caller's network causes; refuses what is too much.
pub(crate) fn take(cx: &Context, kind: Kind) -> Result<()> {
    let address = cx.client.ip.parse::<IpAddr>();
    if address.is_ok_and(|address| address.is_loopback()) {
        return Ok(());
    }
    take_for(cx, kind, &cx.client.ip)
}

/// The same for another cause than the caller's network.
pub(crate) fn take_for(cx: &Context, kind: Kind, cause: &str) -> Result<()> {
    let bound = kind.bound(cx.app.settings().network_per_minute);
    let (count, retry_after) = cx.app.rates().count(kind, cause, cx.now);
    if count <= bound {
        return Ok(());
    }
    // Once a minute: the log is not to be filled either.
    if count == bound.saturating_add(1) {
        tracing::warn!(?kind, cause, bound, "more in a minute than is allowed");
    }
    Err(Error::TooMany { retry_after })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Utc = Utc::from_seconds(1_800_000_000);

    #[test]
    fn a_minute_is_counted_for_each_network_and_kind() {
        let rates = Rates::default();
        let count = |kind, network, at: i64| rates.count(kind, network, AT.plus_seconds(at));
        assert_eq!(count(Kind::Name, "a", 0), (1, 60));
        assert_eq!(count(Kind::Name, "a", 59), (2, 1));
        assert_eq!(count(Kind::Name, "b", 59), (1, 60));
        assert_eq!(count(Kind::Departure, "a", 59), (1, 60));
        assert_eq!(count(Kind::Name, "a", 60), (1, 60), "a minute later");
        assert_eq!(count(Kind::Name, "a", -600), (1, 60), "a clock set back");
    }

    #[test]
    fn those_who_are_too_many_to_be_counted_apart_share_a_count() {
        let rates = Rates::default();
        for network in 0..MAX_COUNTED {
            rates.count(Kind::Name, &network.to_string(), AT);
        }
        assert_eq!(rates.count(Kind::Name, "one more", AT).0, 1);
        assert_eq!(rates.count(Kind::Name, "another", AT).0, 2);
        assert_eq!(rates.count(Kind::Name, "7", AT).0, 2, "known before");
        let later = AT.plus_seconds(60);
        assert_eq!(rates.count(Kind::Name, "another", later).0, 1, "room again");
    }
}
