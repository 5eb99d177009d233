//! Authentication methods and what they are worth (policy-cases.md, *Methods*).

use crate::document::words;

words! {
    /// A word of `authenticationMethodModes`.
    pub enum Method("a word of `authenticationMethodModes`") {
        Password = "password",
        Voice = "voice",
        HardwareOath = "hardwareOath",
        SoftwareOath = "softwareOath",
        Sms = "sms",
        Fido2 = "fido2",
        WindowsHelloForBusiness = "windowsHelloForBusiness",
        MicrosoftAuthenticatorPush = "microsoftAuthenticatorPush",
        DeviceBasedPush = "deviceBasedPush",
        TemporaryAccessPassOneTime = "temporaryAccessPassOneTime",
        TemporaryAccessPassMultiUse = "temporaryAccessPassMultiUse",
        X509CertificateSingleFactor = "x509CertificateSingleFactor",
        X509CertificateMultiFactor = "x509CertificateMultiFactor",
        FederatedSingleFactor = "federatedSingleFactor",
        FederatedMultiFactor = "federatedMultiFactor",
        /// `email`, `qrCodePin` and every other word: a sign-in, though no factor.
        Nothing = "unknownFutureValue",
    }
}

/// A set of methods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MethodSet(u16);

const fn bit(method: Method) -> u16 {
    1 << method as u16
}

impl MethodSet {
    /// The set of these methods.
    pub const fn of(methods: &[Method]) -> Self {
        let mut bits = 0;
        let mut rest = methods;
        while let [first, tail @ ..] = rest {
            bits |= bit(*first);
            rest = tail;
        }
        Self(bits)
    }

    /// Something known.
    pub const KNOWLEDGE: Self = Self::of(&[Method::Password, Method::FederatedSingleFactor]);
    /// Something possessed.
    pub const POSSESSION: Self = Self::of(&[
        Method::Sms,
        Method::Voice,
        Method::SoftwareOath,
        Method::HardwareOath,
        Method::MicrosoftAuthenticatorPush,
        Method::X509CertificateSingleFactor,
    ]);
    /// Two factors by itself.
    pub const MULTI_FACTOR: Self = Self::of(&[
        Method::Fido2,
        Method::WindowsHelloForBusiness,
        Method::X509CertificateMultiFactor,
        Method::FederatedMultiFactor,
        Method::DeviceBasedPush,
        Method::TemporaryAccessPassOneTime,
        Method::TemporaryAccessPassMultiUse,
    ]);
    /// What is offered to guests unless said otherwise.
    pub const OFFERED_TO_GUESTS: Self = Self::of(&[
        Method::Password,
        Method::SoftwareOath,
        Method::Sms,
        Method::Voice,
        Method::MicrosoftAuthenticatorPush,
    ]);

    /// The set of one word; a word that counts for nothing is kept as such.
    pub fn of_word(word: &str) -> Self {
        Self(bit(Method::parse(word).unwrap_or(Method::Nothing)))
    }

    /// The set of these words.
    pub fn of_words<'t>(words: impl IntoIterator<Item = &'t str>) -> Self {
        words
            .into_iter()
            .fold(Self::default(), |set, word| set.and(Self::of_word(word)))
    }

    /// The set of one joined string, with or without spaces.
    pub fn of_joined(text: &str) -> Self {
        Self::of_words(
            text.split(',')
                .map(str::trim)
                .filter(|word| !word.is_empty()),
        )
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// With this method.
    #[must_use]
    pub const fn with(self, method: Method) -> Self {
        Self(self.0 | bit(method))
    }

    /// Whether nothing at all was used.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it holds this method.
    pub const fn contains(self, method: Method) -> bool {
        self.0 & bit(method) != 0
    }

    /// Whether it has one of these.
    pub const fn has_any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }

    /// Whether these methods make up this combination: all of it, and it is one at all.
    pub const fn satisfies(self, combination: Self) -> bool {
        combination.0 != 0
            && combination.0 & bit(Method::Nothing) == 0
            && self.0 & combination.0 == combination.0
    }

    /// One knowledge and one possession method, or one that is two factors by itself.
    pub const fn is_multi_factor(self) -> bool {
        self.has_any(Self::MULTI_FACTOR)
            || (self.has_any(Self::KNOWLEDGE) && self.has_any(Self::POSSESSION))
    }
}

#[cfg(test)]
mod tests {
    use super::{Method, MethodSet};

    #[test]
    fn two_factors() {
        for yes in [
            "password,sms",
            "federatedSingleFactor, Voice",
            "password,x509CertificateSingleFactor",
            "fido2",
            "federatedMultiFactor",
            "deviceBasedPush",
            "temporaryAccessPassOneTime",
            "temporaryAccessPassMultiUse",
            "windowsHelloForBusiness",
            "x509CertificateMultiFactor",
        ] {
            assert!(MethodSet::of_joined(yes).is_multi_factor(), "{yes}");
        }
        for no in [
            "",
            "password",
            "password,federatedSingleFactor",
            "sms,softwareOath",
            "password,email",
            "qrCodePin,sms",
            "smartcard",
        ] {
            assert!(!MethodSet::of_joined(no).is_multi_factor(), "{no}");
        }
    }

    #[test]
    fn combinations() {
        let have = MethodSet::of_joined("password,sms,email");
        assert!(have.satisfies(MethodSet::of_joined("sms, password")));
        assert!(!have.satisfies(MethodSet::of_joined("password,voice")));
        assert!(!have.satisfies(MethodSet::of_joined("password,email")));
        assert!(!have.satisfies(MethodSet::of_joined("")));
        assert!(have.contains(Method::Nothing) && !have.is_empty());
    }
}
