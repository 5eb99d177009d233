//! Passwords that are on lists of common ones (ASVS 6.2.4, NIST SP 800-63B-4; security bar V-20). The
//! lists, their licences and how this one was made of them: `common.md`.
//!
//! What is kept of a password is the beginning of its hash, in order. One good password in fourteen
//! million is refused by chance. Nothing is unpacked or loaded: a question reads some pages of the
//! program's file.

use comity_crypto::sha256;

/// Bytes of a hash that are kept.
const KEPT: usize = 5;
const LIST: &[u8] = include_bytes!("common.bin");

/// Whether this password is on the lists, in whatever case. One of less than eight characters is
/// not: it is refused for that.
pub(super) fn is_listed(lower: &str) -> bool {
    let digest = sha256(lower);
    let (entries, _) = LIST.as_chunks::<KEPT>();
    digest
        .first_chunk::<KEPT>()
        .is_some_and(|wanted| entries.binary_search(wanted).is_ok())
}

#[cfg(test)]
mod tests {
    use super::{KEPT, LIST, is_listed};

    #[test]
    fn v20_the_list_is_whole_and_in_order() {
        let (entries, rest) = LIST.as_chunks::<KEPT>();
        assert!(rest.is_empty());
        assert_eq!(entries.len(), 79_178);
        assert!(entries.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn v20_what_is_on_the_lists_is_found_and_nothing_else() {
        for common in [
            "deathstar",
            "fordfocus",
            "nfhfctyrj",
            "strawberry",
            "priscilla",
            "bluegreen",
            "kbnthfnehf",
            "costarica",
            "fktrcfylhjd",
            "azsxdcfvgb",
            "leavemealone",
            "jedimaster",
            "grasshopper",
            "hammertime",
            "zzzxxxccc",
            "kensington",
            "zugangcoyote",
            "8705154455",
            "adamus0904",
            "delorean81",
            "gundam0880",
            "janitor777",
            "afterburn22",
            "margrit evelyn",
            "windsurfen07",
            "dolphins#1",
            "5onn3n5ch31n",
            "new123abc!@#",
            "1telefone2",
            "l3b3nsm1tt3l",
            "brzuchalski3",
            "skamander1",
            "thelorax",
            "frederic",
            "maverick",
            "hellokitty",
            "cinderella",
            "blackjack",
            "godzilla",
            "sweetheart",
        ] {
            assert!(is_listed(common), "{common}");
            assert!(!is_listed(&format!("{common} {common}")), "{common}");
        }
        let chance = (0..20_000).filter(|n| is_listed(&format!("nobody's sentence {n}")));
        assert_eq!(chance.count(), 0);
    }
}
