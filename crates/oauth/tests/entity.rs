//! Entity configurations: who may sign, how long they live, one purpose per key, and the
//! comparison with the registry (cross-cloud-federation.md §1; security bars S-08, S-09).
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use comity_crypto::{Jwk, JwkSet, SigningAlgorithm, SigningKey};
use comity_oauth::entity::{
    self, ComityCloud, EntityConfiguration, EntityError, Expected, ExpectedCloud, Metadata,
    Purpose, TYPE, Trust,
};
use comity_oauth::jws::{self, JwsError};
use comity_oauth::keys::KeySet;
use serde_json::Map;

const NOW: i64 = 1_700_000_000;
const ENTITY: &str = "https://login.usgov.localhost:8443";

fn key() -> SigningKey {
    SigningKey::generate(SigningAlgorithm::Es256).unwrap()
}

fn set(keys: &[&SigningKey]) -> JwkSet {
    keys.iter().map(|key| key.public_jwk()).collect()
}

fn trust(keys: &[&SigningKey]) -> Trust {
    Trust::Keys(keys.iter().map(|key| key.public_key().clone()).collect())
}

fn configuration(entity_keys: &[&SigningKey]) -> EntityConfiguration {
    EntityConfiguration {
        iss: ENTITY.into(),
        sub: ENTITY.into(),
        iat: NOW,
        exp: NOW + 3600,
        jwks: set(entity_keys),
        metadata: Metadata {
            openid_provider: Map::new(),
            openid_relying_party: Map::new(),
            comity_cloud: ComityCloud {
                canonical_name: "microsoftonline.us".into(),
                issuer_template: format!("{ENTITY}/{{tenantid}}/v2.0"),
                hosts: BTreeMap::from([("login".into(), "login.usgov.localhost:8443".into())]),
                initial_domain_suffix: ".onmicrosoft.us".into(),
                pairs: BTreeSet::from(["microsoftonline.com".into()]),
                assertion_keys: set(&[&key(), &key()]),
                client_assertion_keys: set(&[&key()]),
                question_keys: set(&[&key()]),
                answer_keys: set(&[&key()]),
                revoked: BTreeSet::new(),
            },
        },
    }
}

fn registry() -> ExpectedCloud {
    let cloud = configuration(&[]).metadata.comity_cloud;
    ExpectedCloud {
        canonical_name: cloud.canonical_name,
        issuer_template: cloud.issuer_template,
        hosts: cloud.hosts,
        initial_domain_suffix: cloud.initial_domain_suffix,
        paired_with: "microsoftonline.com".into(),
    }
}

fn verify(
    configuration: &EntityConfiguration,
    signer: &SigningKey,
    trust: &Trust,
) -> Result<EntityConfiguration, EntityError> {
    let token = entity::sign(configuration, signer).unwrap();
    let expected = Expected {
        entity: ENTITY,
        trust,
        last_iat: Some(NOW - 10),
        now: NOW,
    };
    entity::verify(&token, &expected)
}

#[test]
fn the_pinned_key_and_the_announced_one() {
    let (pinned, next) = (key(), key());
    let first = configuration(&[&pinned, &next]);
    assert_eq!(
        verify(&first, &pinned, &trust(&[&pinned])),
        Ok(first.clone())
    );
    // The announced key takes over only after the configuration that announced it was accepted.
    let second = configuration(&[&next]);
    let refused = Err(JwsError::UnknownKey.into());
    assert_eq!(verify(&second, &next, &trust(&[&pinned])), refused);
    let announced = Trust::Keys(KeySet::from_jwks(&first.jwks));
    assert_eq!(verify(&second, &next, &announced), Ok(second));
}

#[test]
fn s08_a_stranger_cannot_publish() {
    let (pinned, stranger) = (key(), key());
    let own = configuration(&[&stranger]);
    assert_eq!(
        verify(&own, &stranger, &trust(&[&pinned])),
        Err(JwsError::UnknownKey.into())
    );
    assert_eq!(verify(&own, &stranger, &Trust::SelfSigned), Ok(own.clone()));
    // Self-signed still means signed by a key it holds.
    let other = configuration(&[&pinned]);
    assert_eq!(
        verify(&other, &stranger, &Trust::SelfSigned),
        Err(JwsError::UnknownKey.into())
    );
    let without = configuration(&[&stranger]);
    assert_eq!(
        verify(&without, &pinned, &trust(&[&pinned])),
        Err(EntityError::SigningKey)
    );
}

#[test]
fn other_entities_times_and_types() {
    let pinned = key();
    let change = |change: fn(&mut EntityConfiguration)| {
        let mut configuration = configuration(&[&pinned]);
        change(&mut configuration);
        verify(&configuration, &pinned, &trust(&[&pinned])).unwrap_err()
    };
    assert_eq!(
        change(|c| c.iss = "https://login.global.localhost".into()),
        EntityError::Entity
    );
    assert_eq!(
        change(|c| c.sub = format!("{ENTITY}/")),
        EntityError::Entity
    );
    assert_eq!(change(|c| c.exp = NOW), EntityError::Expired);
    assert_eq!(change(|c| c.exp = NOW + 86_401), EntityError::TooLong);
    assert_eq!(change(|c| c.iat = NOW + 61), EntityError::FromTheFuture);
    assert_eq!(change(|c| c.iat = NOW - 11), EntityError::Older);
    let token = jws::sign("JWT", &configuration(&[&pinned]), &pinned).unwrap();
    let trust = trust(&[&pinned]);
    let expected = Expected {
        entity: ENTITY,
        trust: &trust,
        last_iat: None,
        now: NOW,
    };
    let refused = Err(JwsError::Type {
        expected: TYPE.into(),
    }
    .into());
    assert_eq!(entity::verify(&token, &expected), refused);
}

#[test]
fn s08_one_key_one_purpose() {
    let pinned = key();
    let refused = |change: &dyn Fn(&mut ComityCloud)| {
        let mut configuration = configuration(&[&pinned]);
        change(&mut configuration.metadata.comity_cloud);
        verify(&configuration, &pinned, &trust(&[&pinned])).unwrap_err()
    };
    let shared = |error| matches!(error, EntityError::SharedKey(_));
    assert!(shared(refused(
        &|cloud| cloud.question_keys = cloud.assertion_keys.clone()
    )));
    assert!(shared(
        refused(&|cloud| cloud.answer_keys = set(&[&pinned]))
    ));
    // The same key under another name, and another key under the same name.
    assert!(shared(refused(&|cloud| {
        let renamed = cloud.assertion_keys.keys.iter().cloned();
        cloud.question_keys = renamed
            .map(|jwk| Jwk {
                kid: Some(format!("{:?}2", jwk.kid)),
                ..jwk
            })
            .collect();
    })));
    assert!(shared(refused(&|cloud| {
        let kid = cloud
            .assertion_keys
            .keys
            .first()
            .and_then(|jwk| jwk.kid.clone());
        cloud.question_keys = [Jwk {
            kid,
            ..key().public_jwk()
        }]
        .into_iter()
        .collect();
    })));
    let rsa = SigningKey::generate(SigningAlgorithm::Rs256).unwrap();
    assert_eq!(
        refused(&|cloud| cloud.question_keys = set(&[&rsa])),
        EntityError::Key
    );
    let unnamed = |cloud: &mut ComityCloud| {
        cloud.question_keys = [Jwk {
            kid: None,
            ..key().public_jwk()
        }]
        .into_iter()
        .collect();
    };
    assert_eq!(refused(&unnamed), EntityError::Key);
}

#[test]
fn s09_a_revoked_key_is_dead_at_once() {
    let none = BTreeSet::new();
    let mut cloud = configuration(&[]).metadata.comity_cloud;
    let kid = cloud
        .assertion_keys
        .keys
        .first()
        .and_then(|jwk| jwk.kid.clone())
        .unwrap();
    assert!(cloud.keys(Purpose::Assertion, &none).find(&kid).is_some());
    cloud.revoked.insert(kid.clone());
    assert!(cloud.keys(Purpose::Assertion, &none).find(&kid).is_none());
    assert_eq!(cloud.keys(Purpose::Assertion, &none).len(), 1);
    cloud.revoked.clear();
    let before = [kid.clone()].into();
    let left = cloud.keys(Purpose::Assertion, &before);
    assert_eq!(
        (left.find(&kid).is_none(), left.len()),
        (true, 1),
        "for ever"
    );
    for purpose in [Purpose::ClientAssertion, Purpose::Question, Purpose::Answer] {
        assert!(cloud.keys(purpose, &none).find(&kid).is_none());
        assert_eq!(cloud.keys(purpose, &none).len(), 1);
    }
}

#[test]
#[expect(clippy::type_complexity, reason = "a table of closures")]
fn what_is_published_is_compared_with_the_registry() {
    let honest = configuration(&[]).metadata.comity_cloud;
    assert_eq!(honest.compare(&registry()), []);
    let changes: [(&str, fn(&mut ComityCloud)); 6] = [
        ("canonical_name", |c| {
            c.canonical_name = "microsoftonline.com".into();
        }),
        ("issuer_template", |c| {
            c.issuer_template = "https://evil/{tenantid}".into();
        }),
        ("initial_domain_suffix", |c| {
            c.initial_domain_suffix = ".onmicrosoft.com".into();
        }),
        ("hosts.login", |c| {
            drop(c.hosts.insert("login".into(), "evil.example".into()));
        }),
        ("hosts.login", |c| c.hosts.clear()),
        ("pairs", |c| c.pairs.clear()),
    ];
    for (member, change) in changes {
        let mut cloud = honest.clone();
        change(&mut cloud);
        let differences = cloud.compare(&registry());
        assert_eq!(
            differences
                .iter()
                .map(|d| d.member.as_str())
                .collect::<Vec<_>>(),
            [member]
        );
    }
    let mut more = honest;
    more.pairs.insert("partner.microsoftonline.cn".into());
    more.hosts
        .insert("portal".into(), "portal.usgov.localhost".into());
    assert_eq!(more.compare(&registry()), []);
    more.canonical_name = "evil\u{202e}\n".into();
    let shown = more
        .compare(&registry())
        .first()
        .map(ToString::to_string)
        .unwrap();
    assert_eq!(
        shown,
        "`canonical_name` is `evil`, the registry says `microsoftonline.us`"
    );
}
