//! Reading an answer: bounded, not redirected, not encoded.

use http::{HeaderMap, Response, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;

use super::connector::ConnectError;
use crate::port::{OutboundError, OutboundResponse};

pub(super) async fn read(
    host: &str,
    response: Response<Incoming>,
    limit: usize,
) -> Result<OutboundResponse, OutboundError> {
    let (head, body) = response.into_parts();
    if head.status.is_redirection() {
        return Err(OutboundError::Redirect(host.to_owned()));
    }
    if head
        .headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(|value| value != "identity")
    {
        let reason = "it has a content encoding that was not asked for".to_owned();
        return Err(OutboundError::Protocol {
            host: host.to_owned(),
            reason,
        });
    }
    let body = Limited::new(body, limit).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            OutboundError::TooLarge(host.to_owned())
        } else {
            OutboundError::Protocol {
                host: host.to_owned(),
                reason: chain(&*error),
            }
        }
    })?;
    let headers = texts(&head.headers);
    let body = body.to_bytes().into();
    Ok(OutboundResponse {
        status: head.status.as_u16(),
        headers,
        body,
    })
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        })
        .collect()
}

/// Why there was no answer at all.
pub(super) fn failure(host: &str, error: &hyper_util::client::legacy::Error) -> OutboundError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(connect) = error.downcast_ref::<ConnectError>() {
            return connect.to_outbound(host);
        }
        cause = error.source();
    }
    OutboundError::Protocol {
        host: host.to_owned(),
        reason: chain(error),
    }
}

/// An error and its causes in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text.chars().take(200).collect()
}
