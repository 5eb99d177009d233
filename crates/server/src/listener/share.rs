//! How many connections one address may hold, so that nobody keeps the others out.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Connections by address; an IPv6 address counts with its /64, the least that one customer has.
#[derive(Clone, Default)]
pub(super) struct Shares(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection of an address, until it is dropped.
pub(super) struct Share {
    of: Shares,
    address: IpAddr,
}

impl Shares {
    /// A connection more for that address; `None` if it holds `most` already.
    pub(super) fn take(&self, address: IpAddr, most: usize) -> Option<Share> {
        let address = counted(address);
        let mut held = self.held();
        let count = held.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        drop(held);
        Some(Share {
            of: self.clone(),
            address,
        })
    }

    fn held(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.of.held();
        if let Some(count) = held.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.address);
            }
        }
    }
}

fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_share_and_others_have_theirs() {
        let shares = Shares::default();
        let of = |text: &str| shares.take(text.parse().unwrap(), 2);
        let (first, second) = (of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert!(first.is_some() && second.is_some());
        assert!(of("192.0.2.1").is_none());
        let neighbour = of("192.0.2.2");
        assert!(neighbour.is_some());
        drop(second);
        let again = of("192.0.2.1");
        assert!(again.is_some());
        drop((first, again, neighbour));
        assert!(shares.held().is_empty(), "nobody is remembered");
    }

    #[test]
    fn a_customer_of_ipv6_counts_once() {
        let shares = Shares::default();
        let of = |text: &str| shares.take(text.parse().unwrap(), 2);
        let held = [of("2001:db8::1"), of("2001:db8::ffff:1")];
        assert!(held.iter().all(Option::is_some));
        assert!(of("2001:db8:0:0:abcd::").is_none());
        assert!(of("2001:db8:0:1::").is_some());
    }
}
