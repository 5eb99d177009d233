//! Sorted identifiers. Random ones are found in a few steps however many there are, because an ID
//! says about where it stands; chosen ones cost a binary search at most.

use std::cmp::Ordering;

use uuid::Uuid;

/// Guesses before the binary search takes over.
const GUESSES: usize = 8;

/// A sorted set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ids(Vec<Uuid>);

impl Ids {
    pub(super) const EMPTY: Self = Self(Vec::new());

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Uuid> {
        self.0.iter().copied()
    }

    pub(super) fn contains(&self, id: Uuid) -> bool {
        self.position(id).is_some()
    }

    /// Where the ID stands.
    pub(super) fn position(&self, id: Uuid) -> Option<usize> {
        let wanted = leading(id);
        let (mut from, mut to) = (0, self.0.len());
        let (mut low, mut high) = (0, u64::MAX);
        for _ in 0..GUESSES {
            let guess = from + share(wanted.saturating_sub(low), high - low, to - from);
            let found = *self.0.get(guess).filter(|_| guess < to)?;
            match found.cmp(&id) {
                Ordering::Equal => return Some(guess),
                Ordering::Less => (from, low) = (guess + 1, leading(found)),
                Ordering::Greater => (to, high) = (guess, leading(found)),
            }
        }
        let rest = self.0.get(from..to)?;
        rest.binary_search(&id).ok().map(|place| from + place)
    }
}

impl FromIterator<Uuid> for Ids {
    fn from_iter<I: IntoIterator<Item = Uuid>>(ids: I) -> Self {
        let mut ids: Vec<Uuid> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        Self(ids)
    }
}

const fn leading(id: Uuid) -> u64 {
    id.as_u64_pair().0
}

/// `count · part / whole`, below `count`; `whole` is cut to 32 bits first.
fn share(part: u64, whole: u64, count: usize) -> usize {
    let shift = whole.leading_zeros();
    let cut = |value: u64| value.checked_shl(shift).unwrap_or(0) >> 32;
    let count = u64::try_from(count).unwrap_or(0).min(u64::from(u32::MAX));
    let share = cut(part.min(whole)) * count / (cut(whole) + 1);
    usize::try_from(share).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::Ids;

    /// Every ID is found where it stands, and nothing between them is.
    fn check(ids: &[u128]) {
        let sorted: Ids = ids.iter().copied().map(Uuid::from_u128).collect();
        let listed: Vec<Uuid> = sorted.iter().collect();
        assert!(listed.windows(2).all(|pair| pair[0] < pair[1]));
        for id in ids {
            let id = Uuid::from_u128(*id);
            assert_eq!(sorted.position(id), listed.binary_search(&id).ok(), "{id}");
            for other in [
                id.as_u128().wrapping_add(1),
                id.as_u128().wrapping_sub(1),
                !id.as_u128(),
            ] {
                let other = Uuid::from_u128(other);
                assert_eq!(sorted.contains(other), listed.contains(&other), "{other}");
            }
        }
    }

    #[test]
    fn random_and_chosen_ids() {
        let mixed = |n: u128| n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        check(&[]);
        check(&[0]);
        check(&[u128::MAX, 0, 1]);
        check(&(0..500).map(mixed).collect::<Vec<_>>());
        check(&(0..500).collect::<Vec<_>>());
        check(&(0..500).map(|n| u128::MAX - n).collect::<Vec<_>>());
        check(&(0..128).map(|n| 1 << n).collect::<Vec<_>>());
        check(
            &(0..300)
                .map(|n| (n % 3) << 100 | mixed(n) >> 40)
                .collect::<Vec<_>>(),
        );
        check(&[7, 7, 7]);
    }
}
