//! The key file (V-50): everything secret at rest is sealed under it.
//!
//! One key of 32 random bytes a line, in base64; the first seals, all open. To change the key put a
//! new line on top and keep the old ones until everything has been sealed again (`comity keys
//! seal-again`). The line `pepper …` is mixed into every password hash and never changes. Empty
//! lines and lines that begin with `#` are for people.

use std::path::Path;

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use comity_crypto::{Sealer, Zeroizing};
use comity_model::secret::Secret;

use crate::{file, port::Random, random};

/// What the key file holds.
#[derive(Debug, Clone)]
pub struct KeyFile {
    pub sealer: Sealer,
    pub pepper: Secret<[u8; 32]>,
}

impl KeyFile {
    /// Reads the file; refuses one that others may read.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        file::ensure_private(path)?;
        let text = std::fs::read_to_string(path).map(Zeroizing::new);
        let text = text.with_context(|| format!("cannot read `{}`", path.display()))?;
        Self::parse(&text).with_context(|| format!("`{}` is not a key file", path.display()))
    }

    /// Reads the file, or makes it where there is none.
    pub fn open(path: &Path, random: &dyn Random) -> anyhow::Result<Self> {
        if !path.exists() {
            create(path, random)?;
        }
        Self::read(path)
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let (mut keys, mut pepper) = (Vec::new(), None);
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (is_pepper, value) = line
                .strip_prefix("pepper ")
                .map_or((false, line), |rest| (true, rest));
            let value =
                bytes(value).with_context(|| format!("line {number}: not 32 bytes in base64"))?;
            if !is_pepper {
                keys.push(value);
            } else if pepper.replace(value).is_some() {
                anyhow::bail!(
                    "line {number}: a second pepper: passwords need the one they were made with"
                );
            }
        }
        let mut keys = keys.into_iter();
        let current = keys.next().context("it holds no key")?;
        let pepper = pepper.context("the line `pepper …` is missing: restore it from a copy")?;
        Ok(Self {
            sealer: Sealer::from_keys(current, keys),
            pepper: Secret::new(pepper),
        })
    }
}

/// Makes a new key file; fails if there is one.
pub fn create(path: &Path, random: &dyn Random) -> anyhow::Result<()> {
    let draw = || Zeroizing::new(STANDARD.encode(random::bytes::<32>(random)));
    let text = Zeroizing::new(format!(
        "# Key file of a Comity server. Without it the store cannot be read: keep a copy elsewhere.\n{}\npepper {}\n",
        *draw(),
        *draw()
    ));
    file::create_private(path, text.as_bytes())
}

fn bytes(text: &str) -> Option<[u8; 32]> {
    let decoded = Zeroizing::new(STANDARD.decode(text.trim()).ok()?);
    decoded.as_slice().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::{KeyFile, STANDARD, create};
    use crate::random::{SystemRandom, tests::Counting};
    use base64::Engine as _;
    use std::os::unix::fs::PermissionsExt as _;

    fn line(byte: u8) -> String {
        STANDARD.encode([byte; 32])
    }

    #[test]
    fn what_is_made_is_read_and_never_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let first = KeyFile::open(&path, &Counting::default()).unwrap();
        let second = KeyFile::open(&path, &SystemRandom).unwrap();
        assert_eq!(first.sealer.key_id(), second.sealer.key_id());
        assert_eq!(first.pepper, second.pepper);
        assert_ne!(*first.pepper.expose(), [0; 32]);
        assert!(create(&path, &SystemRandom).is_err());
    }

    #[test]
    fn v50_r34_a_file_that_others_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create(&path, &SystemRandom).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(
            KeyFile::read(&path)
                .unwrap_err()
                .to_string()
                .contains("can be read by others")
        );
    }

    #[test]
    fn the_first_key_seals_and_all_open() {
        let (a, b, p) = (line(1), line(2), line(3));
        let old = KeyFile::parse(&format!("{a}\npepper {p}")).unwrap();
        let new = KeyFile::parse(&format!("# rotated\n\n{b}\n{a}\npepper {p}\n")).unwrap();
        let sealed = old.sealer.seal("x", b"", b"y", [0; 12]).unwrap();
        assert!(new.sealer.open("x", b"", &sealed).is_ok());
        assert!(new.sealer.is_outdated(&sealed));
        assert_eq!(old.pepper, new.pepper);
    }

    #[test]
    fn a_damaged_file_says_which_line() {
        let (a, p) = (line(1), line(3));
        for (text, message) in [
            (String::new(), "no key"),
            (format!("pepper {p}"), "no key"),
            (a.clone(), "`pepper …` is missing"),
            (
                format!("{a}\npepper {p}\npepper {p}"),
                "line 3: a second pepper",
            ),
            (format!("{a}\nshort\npepper {p}"), "line 2: not 32 bytes"),
            (
                format!("{}\npepper {p}", STANDARD.encode([1; 31])),
                "line 1: not 32 bytes",
            ),
        ] {
            let error = format!("{:#}", KeyFile::parse(&text).unwrap_err());
            assert!(error.contains(message), "{error}");
            assert!(!error.contains(&a), "{error}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let file = KeyFile::parse(&format!("{}\npepper {}", line(0xaa), line(0xbb))).unwrap();
        let text = format!("{file:?}");
        assert!(
            !text.contains("170, 170") && !text.contains("187, 187"),
            "{text}"
        );
    }
}
