//! A signed call to an endpoint of another cloud (cross-cloud-federation.md §3: `private_key_jwt`,
//! DPoP; FAPI 2.0).
//!
//! 1. Endpoints, and the audience of what is signed, come from our registry.
//! 2. A nonce that the other side gave is used until it gives another; asked for one, the call is
//!    made once more.
//! 3. Of a refusal only the word and the number are read. What is no refusal between clouds is a
//!    fault of the other side, and silence is not taken for a no.

use comity_crypto::base64url;
use comity_model::{cloud::CloudEntry, id::Id, signing_key::KeyPurpose, tenant::Tenant};
use comity_oauth::{
    client_assertion, dpop, error::RemoteError, params::Params, response::Refusal,
    token::ASSERTION_TYPE,
};

use crate::{
    context::Context,
    error::{Error, Result},
    key::KeySet,
    port::{OutboundMethod, OutboundRequest, OutboundResponse},
};

/// The header that carries a nonce.
const NONCE: &str = "dpop-nonce";

/// What came back.
#[derive(Debug)]
pub(crate) enum Reply {
    /// The body of a success.
    Done(Vec<u8>),
    /// A no of home.
    Refused(Refusal),
    /// A grant or code that home does not know, or no longer.
    UnknownGrant,
}

/// An endpoint of a home tenant, and the key whose possession is proven there.
pub(crate) struct Target<'a> {
    pub entry: &'a CloudEntry,
    pub tenant: Id<Tenant>,
    /// `par` or `token`.
    pub endpoint: &'static str,
    /// Thumbprint of the DPoP key.
    pub jkt: &'a str,
}

impl Target<'_> {
    fn url(&self) -> String {
        format!(
            "{}/{}/oauth2/v2.0/{}",
            self.entry.hosts.login, self.tenant, self.endpoint
        )
    }

    fn fault(&self, reason: impl Into<String>) -> Error {
        Error::Upstream {
            cloud: self.entry.name.clone(),
            reason: reason.into(),
        }
    }
}

/// Posts a form, authenticated as our cloud.
pub(crate) async fn post(cx: &Context, target: &Target<'_>, form: &Params) -> Result<Reply> {
    let keys = crate::key::fresh(cx).await?;
    let cloud = &target.entry.canonical_name;
    let mut response = send(cx, &keys, target, form).await?;
    if wants_nonce(&response) {
        // Its nonce was kept by `send`.
        response = send(cx, &keys, target, form).await?;
        if wants_nonce(&response) {
            return Err(target.fault("it asks for a nonce again and again"));
        }
    }
    match response.status {
        200 | 201 => Ok(Reply::Done(response.body)),
        400..500 => read_refusal(target, &response),
        503 => Ok(Reply::Refused(Refusal::TemporarilyUnavailable)),
        status => Err(target.fault(format!(
            "its endpoint `{}` answers {status}",
            target.endpoint
        ))),
    }
    .inspect_err(|error| tracing::warn!(%cloud, %error, "a call between clouds failed"))
}

fn read_refusal(target: &Target<'_>, response: &OutboundResponse) -> Result<Reply> {
    let error = RemoteError::parse(&response.body)
        .ok_or_else(|| target.fault(format!("it answers {} without a reason", response.status)))?;
    if error.error == "invalid_grant" {
        return Ok(Reply::UnknownGrant);
    }
    match Refusal::read(&error.error, error.comity_error) {
        // Our own message was not understood or not accepted: nobody was refused.
        Refusal::Other => Err(target.fault(format!(
            "it does not accept our call: `{}`",
            comity_oauth::error::printable(&error.error)
        ))),
        refusal => Ok(Reply::Refused(refusal)),
    }
}

fn wants_nonce(response: &OutboundResponse) -> bool {
    matches!(response.status, 400 | 401)
        && response.header(NONCE).is_some()
        && RemoteError::parse(&response.body).is_some_and(|e| e.error == "use_dpop_nonce")
}

async fn send(
    cx: &Context,
    keys: &KeySet,
    target: &Target<'_>,
    form: &Params,
) -> Result<OutboundResponse> {
    let own = &cx.app.registry().own;
    let now = cx.now.seconds();
    let unique = || base64url::encode(cx.bytes::<16>());
    let assertion = client_assertion::make(
        keys.active(KeyPurpose::ClientAssertion)?,
        &own.entity,
        &target.entry.entity,
        &unique(),
        now,
    )
    .map_err(Error::internal)?;
    let url = target.url();
    let nonce = cx.app.partners().nonce(&target.entry.canonical_name);
    let proven = dpop::Target {
        method: "POST",
        url: &url,
        access_token: None,
        nonce: nonce.as_deref(),
    };
    let key = keys
        .proof_key(target.jkt)
        .ok_or_else(|| Error::internal("the key of the proof is gone"))?;
    let proof = dpop::make(key, &proven, &unique(), now).map_err(Error::internal)?;
    let mut form = form.clone();
    form.push("client_assertion_type", ASSERTION_TYPE);
    form.push("client_assertion", &*assertion);
    let request = OutboundRequest {
        cloud: target.entry.canonical_name.clone(),
        method: OutboundMethod::Post,
        headers: vec![
            (
                "content-type",
                "application/x-www-form-urlencoded".to_owned(),
            ),
            ("accept", "application/json".to_owned()),
            ("dpop", proof),
        ],
        body: form.encode().into_bytes(),
        url,
    };
    let response = cx
        .app
        .outbound()
        .send(request)
        .await
        .map_err(|e| target.fault(e.to_string()))?;
    if let Some(nonce) = response.header(NONCE).filter(|n| n.len() <= 256) {
        cx.app
            .partners()
            .keep_nonce(&target.entry.canonical_name, nonce);
    }
    Ok(response)
}
