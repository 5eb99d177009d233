//! Authentication strengths (semantics.md §6.5, policy-cases.md *Methods*).
//!
//! 1. A strength is met by one of its combinations, whole, over the methods of one place.
//! 2. Combinations given win over a built-in ID.
//! 3. Without combinations the three built-in strengths are known by their ID.
//! 4. A strength that is neither is never met.

use comity_model::conditional_access::{AuthenticationStrength, Method, MethodSet};
use uuid::{Uuid, uuid};

use Method::{
    DeviceBasedPush, FederatedMultiFactor, FederatedSingleFactor, Fido2, HardwareOath,
    MicrosoftAuthenticatorPush, Password, Sms, SoftwareOath, TemporaryAccessPassMultiUse,
    TemporaryAccessPassOneTime, Voice, WindowsHelloForBusiness, X509CertificateMultiFactor,
    X509CertificateSingleFactor,
};

/// *Multifactor authentication*.
pub const MULTI_FACTOR: Uuid = uuid!("00000000-0000-0000-0000-000000000002");
/// *Passwordless MFA*.
pub const PASSWORDLESS: Uuid = uuid!("00000000-0000-0000-0000-000000000003");
/// *Phishing resistant MFA*.
pub const PHISHING_RESISTANT: Uuid = uuid!("00000000-0000-0000-0000-000000000004");

const fn of(methods: &[Method]) -> MethodSet {
    MethodSet::of(methods)
}

/// As published; the first three are phishing resistant, the first four need no password.
static BUILT_IN: [MethodSet; 19] = [
    of(&[WindowsHelloForBusiness]),
    of(&[Fido2]),
    of(&[X509CertificateMultiFactor]),
    of(&[DeviceBasedPush]),
    of(&[TemporaryAccessPassOneTime]),
    of(&[TemporaryAccessPassMultiUse]),
    of(&[Password, MicrosoftAuthenticatorPush]),
    of(&[Password, SoftwareOath]),
    of(&[Password, HardwareOath]),
    of(&[Password, X509CertificateSingleFactor]),
    of(&[Password, X509CertificateMultiFactor]),
    of(&[Password, Sms]),
    of(&[Password, Voice]),
    of(&[FederatedMultiFactor]),
    of(&[MicrosoftAuthenticatorPush, FederatedSingleFactor]),
    of(&[SoftwareOath, FederatedSingleFactor]),
    of(&[HardwareOath, FederatedSingleFactor]),
    of(&[Sms, FederatedSingleFactor]),
    of(&[Voice, FederatedSingleFactor]),
];

/// Rule 3.
fn built_in(id: Option<Uuid>) -> &'static [MethodSet] {
    let count = match id {
        Some(MULTI_FACTOR) => BUILT_IN.len(),
        Some(PASSWORDLESS) => 4,
        Some(PHISHING_RESISTANT) => 3,
        _ => 0,
    };
    BUILT_IN.get(..count).unwrap_or_default()
}

/// Rules 1 to 4.
pub fn is_met(strength: &AuthenticationStrength, methods: MethodSet) -> bool {
    let given = &strength.allowed_combinations;
    if given.is_empty() {
        built_in(strength.id)
            .iter()
            .any(|combination| methods.satisfies(*combination))
    } else {
        given
            .iter()
            .any(|combination| methods.satisfies(combination.methods))
    }
}

/// Rule 4: nobody knows what it wants.
pub fn is_unknown(strength: &AuthenticationStrength) -> bool {
    strength.allowed_combinations.is_empty() && built_in(strength.id).is_empty()
}

#[cfg(test)]
mod tests {
    use comity_model::conditional_access::{AuthenticationStrength, Combination, MethodSet};
    use uuid::Uuid;

    use super::{MULTI_FACTOR, PASSWORDLESS, PHISHING_RESISTANT, is_met, is_unknown};

    fn by_id(id: Uuid) -> AuthenticationStrength {
        AuthenticationStrength {
            id: Some(id),
            ..AuthenticationStrength::default()
        }
    }

    #[test]
    fn built_in_strengths_by_their_id() {
        for (methods, mfa, passwordless, resistant) in [
            ("fido2", true, true, true),
            ("windowsHelloForBusiness", true, true, true),
            ("x509CertificateMultiFactor", true, true, true),
            ("deviceBasedPush", true, true, false),
            ("temporaryAccessPassOneTime", true, false, false),
            ("password,sms", true, false, false),
            ("password,x509CertificateSingleFactor", true, false, false),
            ("federatedSingleFactor,voice", true, false, false),
            ("federatedMultiFactor", true, false, false),
            ("password", false, false, false),
            ("sms,voice", false, false, false),
            ("email,qrCodePin", false, false, false),
        ] {
            let have = MethodSet::of_joined(methods);
            assert_eq!(is_met(&by_id(MULTI_FACTOR), have), mfa, "{methods}");
            assert_eq!(
                is_met(&by_id(PASSWORDLESS), have),
                passwordless,
                "{methods}"
            );
            assert_eq!(
                is_met(&by_id(PHISHING_RESISTANT), have),
                resistant,
                "{methods}"
            );
        }
    }

    #[test]
    fn combinations_given_win_and_unknown_strengths_are_never_met() {
        let mut own = by_id(PHISHING_RESISTANT);
        own.allowed_combinations = vec![Combination {
            methods: MethodSet::of_joined("password,sms"),
            text: String::new(),
        }];
        assert!(is_met(&own, MethodSet::of_joined("sms,password")));
        assert!(!is_met(&own, MethodSet::of_joined("fido2")));
        let unknown = by_id(Uuid::from_u128(9));
        assert!(is_unknown(&unknown) && !is_unknown(&own));
        assert!(!is_met(
            &unknown,
            MethodSet::of_joined("fido2,password,sms")
        ));
    }
}
