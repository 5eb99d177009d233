//! Asking (cross-cloud-federation.md §4, §7).

use std::time::Duration;

use comity_crypto::base64url;
use comity_model::{
    cloud::CloudEntry, federation::HomeTenant, id::Id, sign_in_record::SignInRecord,
    signing_key::KeyPurpose,
};
use comity_oauth::{
    entity::Purpose,
    jws::{Kind as JwsKind, Unverified},
    keys::KeySet,
    question::{self, Ask, Expected, Question, Reply, Role},
};

use super::limit::{Asker, Kind};
use crate::{
    context::Context,
    error::{Error, Result},
    home::log::{self, Entry},
    partner_configuration,
    port::{OutboundMethod, OutboundRequest},
};

const LIFE_SECONDS: i64 = 60;
/// Everything that one question costs.
const ALL: Duration = Duration::from_secs(10);

pub(super) const fn kind(ask: &Ask) -> Kind {
    match ask {
        Ask::Readiness(_) => Kind::Readiness,
        Ask::Tenant(_) | Ask::Invitee(_) => Kind::Other,
    }
}

/// The kind of a question. The name of a person is not kept.
fn words(ask: &Ask) -> &'static str {
    match ask {
        Ask::Tenant(_) => "tenant",
        Ask::Invitee(_) => "invitee",
        Ask::Readiness(_) => "readiness",
    }
}

/// What the records of both sides say was asked: of an invitee with the groups (§3.5).
pub(super) fn detail(ask: &Ask) -> String {
    let mut text = format!("asked: {}", words(ask));
    if let Ask::Invitee(invitee) = ask
        && !invitee.groups.is_empty()
    {
        let groups: Vec<String> = invitee.groups.iter().map(ToString::to_string).collect();
        text = format!("{text}; groups: {}", groups.join(", "));
    }
    text
}

/// Asks another cloud. The question is counted before the network is waited for, and recorded
/// whatever comes of it; what did not miss is given back with the record.
pub(super) async fn ask(cx: &Context, entry: &CloudEntry, ask: Ask) -> Result<Reply> {
    let asker = Asker::here(cx)?;
    let tx = cx.app.store().begin().await?;
    if let Some(retry_after) = asker.take(cx, &tx, kind(&ask)).await? {
        tx.rollback().await;
        return Err(Error::TooMany { retry_after });
    }
    tx.commit().await?;
    let asked = match tokio::time::timeout(ALL, exchange(cx, entry, &ask)).await {
        Ok(result) => result,
        Err(_) => Err(Error::Upstream {
            cloud: entry.name.clone(),
            reason: "it did not answer in time".into(),
        }),
    };
    let missed = matches!(asked, Ok(Reply::Refused(_)));
    let row = row(cx, &entry.canonical_name, &ask, &asked)?;
    let tx = cx.app.store().begin().await?;
    if !missed {
        asker.answered(cx, &tx).await?;
    }
    tx.tenant(cx.tenant()?)
        .sign_in_records()
        .insert(&row)
        .await?;
    tx.commit().await?;
    asked
}

async fn exchange(cx: &Context, entry: &CloudEntry, ask: &Ask) -> Result<Reply> {
    let own = &cx.app.registry().own;
    let now = cx.now.seconds();
    let asked = Question {
        iss: own.entity.clone(),
        aud: entry.entity.clone(),
        iat: now,
        exp: now + LIFE_SECONDS,
        jti: base64url::encode(cx.bytes::<16>()),
        tid: cx.tenant()?.uuid(),
        correlation_id: cx.correlation_id,
        ask: ask.clone(),
    };
    let keys = crate::key::fresh(cx).await?;
    let signed =
        question::sign(&asked, keys.active(KeyPurpose::Question)?).map_err(Error::internal)?;
    let request = OutboundRequest {
        cloud: entry.canonical_name.clone(),
        method: OutboundMethod::Post,
        url: format!("{}{}", entry.entity, question::PATH),
        headers: vec![("content-type", "application/jose".to_owned())],
        body: signed.into_bytes(),
    };
    let text = send(cx, entry, request).await?;
    let keys = answer_keys(cx, entry, &text).await?;
    let expected = Expected {
        issuer: &entry.entity,
        audience: &own.entity,
        now,
    };
    question::answer::verify(&text, &keys, &expected, &asked.jti, ask)
        .map_err(|error| fault(entry, format!("its answer is refused: {error}")))
}

fn fault(entry: &CloudEntry, reason: String) -> Error {
    Error::Upstream {
        cloud: entry.name.clone(),
        reason,
    }
}

/// The signed answer, as it came.
async fn send(cx: &Context, entry: &CloudEntry, request: OutboundRequest) -> Result<String> {
    let response = cx
        .app
        .outbound()
        .send(request)
        .await
        .map_err(|e| fault(entry, e.to_string()))?;
    if response.status != 200 {
        let reason = format!("it answers {} to a question", response.status);
        return Err(fault(entry, reason));
    }
    String::from_utf8(response.body).map_err(|_| fault(entry, "its answer is no text".into()))
}

/// The keys that the other cloud publishes for its answers.
async fn answer_keys(cx: &Context, entry: &CloudEntry, text: &str) -> Result<KeySet> {
    let kid = Unverified::parse(text, JwsKind::Cloud)
        .map_err(|e| fault(entry, e.to_string()))?
        .header()
        .kid
        .clone();
    partner_configuration::keys(cx, &entry.canonical_name, Purpose::Answer, kid.as_deref())
        .await
        .map_err(|error| match error {
            Error::Denied { message, .. } => fault(entry, message),
            other => other,
        })
}

/// What this side keeps of a question.
pub(super) fn row(
    cx: &Context,
    cloud: &str,
    ask: &Ask,
    asked: &Result<Reply>,
) -> Result<SignInRecord> {
    let own = HomeTenant {
        cloud: cx.app.registry().own.canonical_name.clone(),
        tenant: cx.tenant()?,
    };
    let other = HomeTenant {
        cloud: cloud.to_owned(),
        tenant: Id::new(ask.tenant()),
    };
    let code = match (asked, ask) {
        (Ok(Reply::Refused(_)), Ask::Invitee(_)) => 50_034,
        (Ok(Reply::Refused(_)), _) => 90_002,
        (Ok(_), _) => 0,
        (Err(_), _) => 90_033,
    };
    let mut row = log::row(
        cx,
        &Entry {
            event: "crossCloudQuestion",
            home: own.tenant,
            resource: &own,
            correlation_id: cx.correlation_id,
            pair: None,
            app_name: "",
            user: None,
            code,
            facts: None,
            access: None,
            detail: Some(detail(ask)),
        },
    );
    let is_resource = matches!(ask, Ask::Readiness(r) if r.role == Role::Resource);
    (row.home, row.resource_tenant) = if is_resource {
        (Some(own), Some(other))
    } else {
        (Some(other), Some(own))
    };
    Ok(row)
}
