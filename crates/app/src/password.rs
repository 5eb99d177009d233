//! Passwords: what is accepted (ASVS 6.2, NIST SP 800-63B-4) and how one is stored.

mod common;

use std::sync::Arc;

use comity_crypto::{Zeroizing, password::normalise};
use comity_model::{id::Id, name, tenant::Tenant, user::User};

use crate::{
    context::Context,
    error::{Error, Result},
    snapshot::Snapshot,
};

/// The shortest password where a second factor exists or is demanded.
pub const SHORTEST: u8 = 8;
/// The shortest password that stands alone.
pub const SHORTEST_ALONE: u8 = 15;
/// Words that people build passwords on, with the endings and replacements that [`is_common`] undoes:
/// what no list of the past has.
const WORDS: &str = "password passwort welcome letmein qwerty qwertyuiop qwertz azerty asdfgh asdfghjkl zxcvbnm \
iloveyou admin administrator monkey dragon sunshine princess football baseball superman batman trustno master shadow \
michael jennifer jordan hunter ashley bailey charlie donald freedom whatever starwars computer internet secret summer \
winter spring autumn january february march april may june july august september october november december monday \
tuesday wednesday thursday friday saturday sunday login access flower mustang killer pepper ginger cookie cheese \
banana orange purple yellow silver golden diamond passport security changeme default guest test tester testing user \
username system server oracle root cisco mysql postgres docker google facebook twitter linkedin windows apple samsung \
android iphone liverpool chelsea arsenal barcelona madrid london paris berlin moscow newyork boston chicago texas \
california hello goodbye thankyou family mother father brother sister daniel thomas robert william joseph david \
richard charles george andrew matthew anthony joshua nicole jessica amanda melissa sarah stephanie michelle elizabeth \
samantha heather angel angels lovely loveme babygirl soccer hockey basketball tennis golf guitar music player gamer \
pokemon naruto matrix merlin phoenix tigger snoopy mickey minnie maggie buster buddy harley yamaha ferrari porsche \
mercedes toyota honda company business office work abc qazwsx zaqwsx comity";

/// Whether a lower-case password is a common word with usual replacements and an ending of digits
/// and signs, a row of keys, a run of digits or a date.
fn is_common(lower: &str) -> bool {
    let rows = [
        "qwertyuiop",
        "asdfghjkl",
        "zxcvbnm",
        "01234567890123456",
        "98765432109876543",
        "1q2w3e4r5t6y7u8i9o0p",
        "1qaz2wsx3edc4rfv5tgb",
        "qazwsxedcrfvtgb",
        "q1w2e3r4t5y6u7i8o9p0",
    ];
    if rows.iter().any(|row| row.contains(lower)) {
        return true;
    }
    if lower.len() <= 10 && lower.bytes().all(|b| b.is_ascii_digit()) {
        return true;
    }
    let word = lower.trim_end_matches(|c: char| !c.is_alphabetic() && c != '@' && c != '$');
    let word = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let plain: String = word
        .chars()
        .map(|c| match c {
            '@' | '4' => 'a',
            '0' => 'o',
            '1' | '!' => 'i',
            '3' => 'e',
            '$' | '5' => 's',
            '7' => 't',
            other => other,
        })
        .collect();
    WORDS
        .split_ascii_whitespace()
        .any(|w| w == plain || plain.strip_prefix(w) == Some(w))
}

/// Whether a password may be chosen; `context` are words around the person (name, organisation).
/// No composition rules, no expiry; the whole text counts.
pub fn check(password: &str, context: &[&str]) -> std::result::Result<(), &'static str> {
    const SHORT: &str = "use at least 8 characters";
    // Judged as it counts: in NFC (V-20).
    let Some(normal) = normalise(password) else {
        return Err(if password.is_empty() {
            SHORT
        } else {
            "use at most 256 characters"
        });
    };
    if normal.chars().count() < usize::from(SHORTEST) {
        return Err(SHORT);
    }
    let lower = name::key(&normal);
    if is_common(&lower) || common::is_listed(&lower) {
        return Err("this password is on lists of common passwords: choose another");
    }
    let known = context
        .iter()
        .map(|w| normalise(w).map_or_else(|| name::key(w), |w| name::key(&w)))
        .any(|w| w.len() >= 4 && lower == w);
    if known {
        return Err("a name of yours or of your organization is no password: choose another");
    }
    let mut letters = lower.chars();
    let first = letters.next();
    if letters.all(|c| Some(c) == first) {
        return Err("one character repeated is no password: choose another");
    }
    Ok(())
}

/// Whether a person may choose a password, in the words of the page: long enough where it is used,
/// and none that others would try.
pub(crate) fn may_choose(
    typed: &str,
    least: u8,
    user: &User,
    snapshot: &Snapshot,
) -> std::result::Result<(), String> {
    let length = length(typed);
    if length < usize::from(least) {
        return Err(format!(
            "The password has {length} characters. Choose one of at least {least}."
        ));
    }
    let words = [
        user.upn.as_str(),
        &user.display_name,
        &snapshot.tenant.display_name,
    ];
    check(typed, &words).map_err(|rule| format!("Not accepted: {rule}."))
}

/// Work with a password, off the runtime's threads. It takes a processor for some ten milliseconds
/// and tens of megabytes: no more run at once than there are processors, and a place is free when
/// the work is done, also where the caller has given up.
pub(crate) async fn work<T: Send + 'static>(
    cx: &Context,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let place = Arc::clone(cx.app.hashing()).acquire_owned().await;
    let place = place.map_err(Error::internal)?;
    let done = move || {
        let done = work();
        drop(place);
        done
    };
    tokio::task::spawn_blocking(done)
        .await
        .map_err(Error::internal)
}

/// The length that counts: of the text in NFC (V-20).
fn length(password: &str) -> usize {
    normalise(password).map_or_else(|| password.chars().count(), |normal| normal.chars().count())
}

/// Hashes off the runtime's threads.
pub async fn hash(cx: &Context, password: &Zeroizing<String>) -> Result<String> {
    let (password, pepper, salt) = (password.clone(), *cx.app.pepper(), cx.bytes::<16>());
    let parameters = cx.app.settings().password;
    work(cx, move || {
        comity_crypto::password::hash(&password, salt, &pepper, parameters)
    })
    .await?
    .map_err(Error::internal)
}

/// Replaces the hash of a password that was just proven by one with the parameters of today. A
/// password that was changed meanwhile stays.
pub async fn rehash(
    cx: &Context,
    tenant: Id<Tenant>,
    user: Id<User>,
    old: &str,
    password: &Zeroizing<String>,
) -> Result<()> {
    let new = hash(cx, password).await?;
    let tx = cx.app.store().begin().await?;
    tx.tenant(tenant)
        .passwords()
        .rehash(user, old, &new)
        .await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::check;

    /// V-20: no rules about kinds of characters, any script, the whole text, up to 256 characters.
    const GOOD: [&str; 30] = [
        "correct horse battery staple",
        "summer rain on slate",
        "12345678 but long",
        "rain on a slate roof",
        "aaaaaaab",
        "xkcdxkcd",
        "lower case only words",
        "UPPER CASE ONLY WORDS",
        "83629104756",
        "?!#%&/()=+*~",
        "tab\tand line\nfeed",
        "пароль-длинный",
        "долгая дорога домой",
        "密码很长而且不常见的句子",
        "長いパスワードの文章です",
        "긴 비밀번호 문장입니다",
        "סיסמה ארוכה מאוד",
        "كلمة مرور طويلة",
        "मेरा लंबा गुप्त वाक्य",
        "μακρύς κωδικός",
        "Straßenbahnhaltestelle",
        "crème brûlée à midi",
        "🦀🦀🐙🐙🦑🦑🐡🐡",
        "e\u{301}e\u{301}e\u{301} cafe\u{301}",
        "' OR 1=1 --",
        "<script>alert(1)</script>",
        "${jndi:ldap://x}",
        "../../etc/shadow",
        "%00%0d%0a%00",
        "a very long sentence that somebody knows by heart, with its full stop.",
    ];

    /// V-20: short, long, common in some spelling, a row of keys, a run, a date, one character.
    const BAD: [&str; 31] = [
        "",
        " ",
        "short",
        "seven77",
        "七文字七文字七",
        "e\u{301}e\u{301}e\u{301}e\u{301}",
        "password",
        "PASSWORD",
        "Password1",
        "passw0rd",
        "p@ssw0rd",
        "P@$$w0rd",
        "P@ssw0rd2026!",
        "passwordpassword",
        "Summer2026",
        "winter2025!",
        "September2026",
        "qwertyuiop",
        "QWERTYUIOP",
        "1q2w3e4r",
        "1qaz2wsx",
        "qazwsxedc",
        "asdfghjkl",
        "12345678",
        "87654321",
        "0123456789",
        "25111999",
        "iloveyou2",
        "letmein123",
        "Administrator1",
        "aaaaaaaaaaaa",
    ];

    #[test]
    fn v20_sixty_one_passwords() {
        for good in GOOD {
            assert_eq!(check(good, &[]), Ok(()), "{good}");
        }
        for bad in BAD {
            assert!(check(bad, &[]).is_err(), "{bad}");
        }
    }

    #[test]
    fn v20_the_last_character_that_fits_is_the_256th() {
        for (text, fits) in [("x y", 85), ("é", 256), ("🦀🐙", 128)] {
            let longest = text.repeat(fits);
            assert_eq!(check(&longest, &[]).is_ok(), text != "é", "{text}");
            assert!(check(&format!("{longest}ab"), &[]).is_err(), "{text}");
        }
    }

    #[test]
    fn v20_words_around_the_person_are_no_passwords() {
        let context = ["contoso gmbh", "alex@contoso.com", "Ål", "Élise Dubois"];
        for bad in ["Contoso GmbH", "ALEX@contoso.com", "e\u{301}lise dubois"] {
            assert!(check(bad, &context).is_err(), "{bad}");
            assert_eq!(check(bad, &[]), Ok(()), "{bad}");
        }
    }

    /// A listed password is refused in any case; the words stand for many: each with each ending of
    /// up to three digits.
    #[test]
    fn v20_a_hundred_thousand_common_passwords_are_refused() {
        for listed in ["Strawberry", "CINDERELLA", "Windsurfen07", "l3b3nsm1tt3l"] {
            assert!(check(listed, &[]).is_err(), "{listed}");
        }
        let mut refused = 0_usize;
        for word in super::WORDS.split_ascii_whitespace() {
            for ending in 0..1000 {
                let password = format!("{word}{ending}");
                assert!(check(&password, &[]).is_err(), "{password}");
                refused += usize::from(password.len() >= usize::from(super::SHORTEST));
            }
        }
        assert!(refused >= 100_000, "{refused}");
    }
}
