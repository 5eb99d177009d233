//! What is kept sealed for longer than an hour, so that it can be sealed again under a new key
//! (V-50). A sealed value begins with a version byte and the four bytes of its key's ID.

use comity_model::{
    federation::{ApplicationPair, Lease},
    id::Id,
    signing_key::KeyPurpose,
    tenant::Tenant,
    user::{ExternalIdentity, User},
};
use uuid::Uuid;

use crate::{
    error::Result,
    handle::{Cloud, Tx},
    row::{Row, read_all},
    statement::{Statement, statements},
    value::values,
};

statements! { "sealed values";
    SIGNING_KEYS = "SELECT kid, purpose, sealed FROM signing_keys \
        WHERE state <> 'revoked' AND substr(sealed, 2, 4) <> $1 ORDER BY kid LIMIT $2";
    FACTORS = "SELECT tenant_id, user_id, id, sealed_secret AS sealed FROM factors \
        WHERE substr(sealed_secret, 2, 4) <> $1 LIMIT $2";
    LEASES = "SELECT tenant_id, id, home_cloud, home_tenant, home_object, client_app, resource_app, \
        sealed_grant AS sealed FROM leases \
        WHERE ended IS NULL AND length(sealed_grant) > 0 AND substr(sealed_grant, 2, 4) <> $1 LIMIT $2";
    MAILS = "SELECT id, sealed FROM outbox_mails \
        WHERE sent IS NULL AND failed IS NULL AND substr(sealed, 2, 4) <> $1 LIMIT $2";
    SET_SIGNING_KEY = "UPDATE signing_keys SET sealed = $2 WHERE kid = $1 AND sealed = $3";
    SET_FACTOR = "UPDATE factors SET sealed_secret = $4 \
        WHERE tenant_id = $1 AND user_id = $2 AND id = $3 AND sealed_secret = $5";
    SET_LEASE = "UPDATE leases SET sealed_grant = $3 WHERE tenant_id = $1 AND id = $2 AND sealed_grant = $4";
    SET_MAIL = "UPDATE outbox_mails SET sealed = $2 WHERE id = $1 AND sealed = $3";
}

/// The kinds of sealed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedKind {
    SigningKey,
    Factor,
    Lease,
    Mail,
}

impl SealedKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::SigningKey, Self::Factor, Self::Lease, Self::Mail];

    /// Its name for an operator, in the plural.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SigningKey => "signing keys",
            Self::Factor => "second factors",
            Self::Lease => "leases",
            Self::Mail => "waiting letters",
        }
    }

    const fn outdated(self) -> Statement {
        match self {
            Self::SigningKey => SIGNING_KEYS,
            Self::Factor => FACTORS,
            Self::Lease => LEASES,
            Self::Mail => MAILS,
        }
    }

    fn owner(self, row: &Row) -> Result<SealedOwner> {
        Ok(match self {
            Self::SigningKey => SealedOwner::SigningKey {
                kid: row.text("kid")?,
                purpose: row.word("purpose", KeyPurpose::parse)?,
            },
            Self::Factor => SealedOwner::Factor {
                tenant: row.id("tenant_id")?,
                user: row.id("user_id")?,
                id: row.uuid("id")?,
            },
            Self::Lease => SealedOwner::Lease {
                tenant: row.id("tenant_id")?,
                id: row.id("id")?,
                identity: ExternalIdentity {
                    cloud: row.text("home_cloud")?,
                    tenant: row.id("home_tenant")?,
                    object: row.id("home_object")?,
                },
                pair: ApplicationPair {
                    client: row.uuid("client_app")?,
                    resource: row.uuid("resource_app")?,
                },
            },
            Self::Mail => SealedOwner::Mail {
                id: row.uuid("id")?,
            },
        })
    }
}

/// What a sealed value belongs to, with all that its context is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealedOwner {
    SigningKey {
        kid: String,
        purpose: KeyPurpose,
    },
    Factor {
        tenant: Id<Tenant>,
        user: Id<User>,
        id: Uuid,
    },
    Lease {
        tenant: Id<Tenant>,
        id: Id<Lease>,
        identity: ExternalIdentity,
        pair: ApplicationPair,
    },
    Mail {
        id: Uuid,
    },
}

/// A sealed value where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedValue {
    pub owner: SealedOwner,
    pub sealed: Vec<u8>,
}

impl<M> Cloud<'_, M> {
    /// Some values of a kind that are not sealed under the key of that ID.
    pub async fn sealed_otherwise(
        &self,
        kind: SealedKind,
        key: [u8; 4],
        limit: i64,
    ) -> Result<Vec<SealedValue>> {
        let values = values![key.to_vec(), limit];
        let rows = self.all(kind.outdated(), values).await?;
        read_all(&rows, |row| {
            Ok(SealedValue {
                owner: kind.owner(row)?,
                sealed: row.bytes("sealed")?,
            })
        })
    }
}

impl Cloud<'_, Tx> {
    /// Puts `sealed` in the place of the value; `false` if it is not there any more as it was read.
    pub async fn seal_again(&self, old: &SealedValue, sealed: &[u8]) -> Result<bool> {
        let (new, before) = (sealed.to_vec(), old.sealed.clone());
        let written = match &old.owner {
            SealedOwner::SigningKey { kid, .. } => {
                self.write(SET_SIGNING_KEY, values![kid, new, before]).await
            }
            SealedOwner::Factor { tenant, user, id } => {
                let values = values![*tenant, *user, *id, new, before];
                self.write(SET_FACTOR, values).await
            }
            SealedOwner::Lease { tenant, id, .. } => {
                self.write(SET_LEASE, values![*tenant, *id, new, before])
                    .await
            }
            SealedOwner::Mail { id } => self.write(SET_MAIL, values![*id, new, before]).await,
        };
        Ok(written? == 1)
    }
}
