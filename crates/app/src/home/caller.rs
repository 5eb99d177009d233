//! Who calls from another cloud (cross-cloud-federation.md §3; FAPI 2.0; RFC 7523, RFC 9449).
//!
//! 1. The caller is the registry entry whose key verified the client assertion; the audience is our
//!    entity URL.
//! 2. A DPoP proof for exactly this endpoint comes with it, with a nonce of ours that any node can
//!    check.
//! 3. Both identifiers are used up in the transaction of what the call does.

use comity_crypto::hmac_sha256;
use comity_model::{cloud::CloudEntry, id::Id, tenant::Tenant, time::Utc};
use comity_oauth::{
    SKEW,
    client_assertion::{self, Accepted, Profile},
    dpop::{self, NonceRule, Proof},
    entity::Purpose,
    jws::{Kind, Unverified},
    params::Params,
    token::ClientAuthentication,
};
use comity_store::Tx;

use super::{Failure, Refused};
use crate::{
    context::Context,
    error::{Error, Result},
    partner_configuration,
};

/// A nonce of ours counts this long; every answer brings a new one.
const NONCE_SECONDS: i64 = 300;

/// A call as it came.
pub struct Call<'a> {
    pub tenant: Id<Tenant>,
    pub params: &'a Params,
    /// The `Authorization` header: no cloud uses it.
    pub authorization: Option<&'a str>,
    /// The one `DPoP` header.
    pub dpop: Option<&'a str>,
}

/// Another cloud, proven.
#[derive(Debug)]
pub(super) struct Caller<'c> {
    pub entry: &'c CloudEntry,
    pub jkt: String,
    assertion: Accepted,
    proof: Proof,
}

/// A nonce for the next call.
pub fn nonce(cx: &Context) -> String {
    dpop::make_nonce(&nonce_key(cx), cx.now.seconds())
}

/// All nodes have the key file, so all nodes have this key.
fn nonce_key(cx: &Context) -> [u8; 32] {
    hmac_sha256(cx.app.pepper(), b"dpop nonce key")
}

fn invalid_client(why: &str) -> Failure {
    tracing::warn!(why, "a call of another cloud is refused");
    Failure::Refused(Refused::of("invalid_client"))
}

/// Rules 1 and 2, for one of our endpoints.
pub(super) async fn authenticate<'c>(
    cx: &'c Context,
    call: &Call<'_>,
    endpoint: &str,
) -> Result<Caller<'c>, Failure> {
    let client = ClientAuthentication::parse(call.params, call.authorization)
        .map_err(|e| invalid_client(&e.to_string()))?;
    let ClientAuthentication::PrivateKeyJwt {
        client_id,
        assertion,
    } = client
    else {
        return Err(invalid_client(
            "another cloud proves itself by an assertion",
        ));
    };
    let assertion = assertion.expose();
    let claimed =
        client_assertion::claimed_client(assertion).map_err(|e| invalid_client(&e.to_string()))?;
    if client_id.is_some_and(|id| id != claimed) {
        return Err(invalid_client("`client_id` is not the cloud that signed"));
    }
    let entry = cx
        .app
        .registry()
        .find_by_entity(&claimed)
        .ok_or_else(|| invalid_client("not a cloud that this one is paired with"))?;
    let accepted = verify(cx, entry, assertion).await?;
    let url = format!(
        "{}/{}/oauth2/v2.0/{endpoint}",
        cx.app.registry().own.hosts.login,
        call.tenant
    );
    let expected = dpop::Expected {
        method: "POST",
        url: &url,
        access_token: None,
        nonce: NonceRule::Required {
            key: &nonce_key(cx),
            max_age: NONCE_SECONDS,
        },
        now: cx.now.seconds(),
    };
    let proof = call.dpop.ok_or(Refused::of("invalid_dpop_proof"))?;
    let proof = dpop::verify(proof, &expected).map_err(|error| {
        if error != dpop::DpopError::UseNonce {
            tracing::warn!(cloud = %entry.canonical_name, %error, "a proof is refused");
        }
        Refused::of(error.code())
    })?;
    Ok(Caller {
        entry,
        jkt: proof.jkt.clone(),
        assertion: accepted,
        proof,
    })
}

async fn verify(cx: &Context, entry: &CloudEntry, assertion: &str) -> Result<Accepted, Failure> {
    let unverified = Unverified::parse(assertion, Kind::ClientAssertion)
        .map_err(|e| invalid_client(&e.to_string()))?;
    let keys = partner_configuration::keys(
        cx,
        &entry.canonical_name,
        Purpose::ClientAssertion,
        unverified.header().kid.as_deref(),
    )
    .await
    .map_err(unknown_keys)?;
    let expected = client_assertion::Expected {
        client_id: &entry.entity,
        audiences: &[&cx.app.registry().own.entity],
        profile: Profile::Entity,
        now: cx.now.seconds(),
    };
    client_assertion::verify(assertion, &keys, &expected)
        .map_err(|e| invalid_client(&e.to_string()))
}

/// Without the other cloud's keys nothing is decided: it may try again.
fn unknown_keys(error: Error) -> Failure {
    match error {
        Error::Upstream { .. } | Error::Denied { .. } => {
            tracing::warn!(%error, "the keys of a calling cloud are not known");
            Failure::Refused(Refused::of("temporarily_unavailable"))
        }
        other => Failure::Failed(other),
    }
}

impl Caller<'_> {
    /// Rule 3.
    pub(super) async fn use_once(&self, tx: &Tx) -> Result<(), Failure> {
        let cloud = self.entry.canonical_name.as_str();
        let used = tx.cloud().used_ids();
        let assertion_end = Utc::from_seconds(self.assertion.exp.saturating_add(SKEW));
        let proof_end = Utc::from_seconds(self.proof.iat.saturating_add(3 * SKEW));
        let is_new = used
            .use_once(
                "entity-assertion",
                cloud,
                &self.assertion.jti,
                assertion_end,
            )
            .await
            .map_err(Error::from)?
            && used
                .use_once("entity-proof", cloud, &self.proof.jti, proof_end)
                .await
                .map_err(Error::from)?;
        if is_new {
            Ok(())
        } else {
            Err(invalid_client("an assertion or proof was used before"))
        }
    }
}
