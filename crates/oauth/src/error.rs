//! The error body of the protocol endpoints (RFC 6749 §5.2 with the directory's members,
//! semantics §5.4).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::json;

/// The body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorBody {
    /// What clients react to.
    pub error: String,
    /// `AADSTSnnn: …`, then trace ID, correlation ID and time, a line each.
    pub error_description: String,
    /// The number.
    pub error_codes: Vec<u32>,
    /// `2026-01-31 23:59:59Z`.
    pub timestamp: String,
    /// Finds the record of this answer.
    pub trace_id: String,
    /// Finds the records of the whole sign-in.
    pub correlation_id: String,
    /// A page about the number.
    pub error_uri: String,
    /// A finer code that some clients know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suberror: Option<String>,
    /// A claims challenge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<String>,
    /// For another cloud: the number alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comity_error: Option<ComityError>,
}

/// `comity_error` of cross-cloud-federation.md §7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComityError {
    /// The directory's number.
    pub code: u32,
}

/// What an error body is made of.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    /// The `error`.
    pub error: &'a str,
    /// The directory's number.
    pub number: u32,
    /// For people; what is not printable ASCII is dropped.
    pub message: &'a str,
    /// Finds the record of this answer.
    pub trace_id: &'a str,
    /// Finds the records of the whole sign-in.
    pub correlation_id: &'a str,
    /// Unix seconds.
    pub now: i64,
    /// The origin of the login host, without a slash at its end.
    pub login: &'a str,
}

impl Failure<'_> {
    /// The body.
    pub fn body(&self) -> ErrorBody {
        let timestamp = timestamp(self.now);
        let Self {
            number,
            trace_id,
            correlation_id,
            ..
        } = self;
        let error_description = format!(
            "{}\r\nTrace ID: {trace_id}\r\nCorrelation ID: {correlation_id}\r\nTimestamp: {timestamp}",
            self.line()
        );
        ErrorBody {
            error: self.error.to_owned(),
            error_description,
            error_codes: vec![*number],
            timestamp,
            trace_id: (*trace_id).to_owned(),
            correlation_id: (*correlation_id).to_owned(),
            error_uri: format!("{}/error?code={number}", self.login),
            suberror: None,
            claims: None,
            comity_error: None,
        }
    }

    /// The first line alone, as it goes into redirects.
    pub fn line(&self) -> String {
        format!("AADSTS{}: {}", self.number, printable(self.message))
    }
}

/// Printable ASCII without what `error_description` may not have (RFC 6749 §4.1.2.1: no `"`, no
/// `\`), so that no input can be echoed as markup or as a header.
pub fn printable(message: &str) -> String {
    message
        .chars()
        .filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\'))
        .collect()
}

/// An error that another cloud's endpoint answered, as far as we read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteError {
    /// The `error`.
    pub error: String,
    /// The number, if one came.
    pub comity_error: Option<ComityError>,
}

impl RemoteError {
    /// Reads an error body; texts for people are not taken over.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let map = json::parse_object(body).ok()?;
        let error = map
            .get("error")
            .and_then(Value::as_str)
            .filter(|error| error.len() <= 64)?;
        let comity = map.get("comity_error");
        Some(Self {
            error: error.to_owned(),
            comity_error: comity.and_then(|value| serde_json::from_value(value.clone()).ok()),
        })
    }
}

/// `YYYY-MM-DD hh:mm:ssZ` of Unix seconds, in the proleptic Gregorian calendar.
pub fn timestamp(unix: i64) -> String {
    let (days, seconds) = (unix.div_euclid(86_400), unix.rem_euclid(86_400));
    // Years that begin in March, so that the leap day comes last (after Hinnant).
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(message: &str) -> Failure<'_> {
        Failure {
            error: "access_denied",
            number: 500_213,
            message,
            trace_id: "t-1",
            correlation_id: "c-1",
            now: 1_700_000_000,
            login: "https://login.global.localhost:8443",
        }
    }

    #[test]
    fn the_shape_of_the_body() {
        let body = serde_json::to_value(failure("blocked by Contoso").body()).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "error": "access_denied",
                "error_description": "AADSTS500213: blocked by Contoso\r\nTrace ID: t-1\r\nCorrelation ID: c-1\r\nTimestamp: 2023-11-14 22:13:20Z",
                "error_codes": [500_213],
                "timestamp": "2023-11-14 22:13:20Z",
                "trace_id": "t-1",
                "correlation_id": "c-1",
                "error_uri": "https://login.global.localhost:8443/error?code=500213",
            })
        );
    }

    #[test]
    fn messages_echo_no_markup_lines_or_quotes() {
        let line = failure("a\r\nSet-Cookie: x\u{202e}\"\\é").line();
        assert_eq!(line, "AADSTS500213: aSet-Cookie: x");
    }

    #[test]
    fn timestamps() {
        for (unix, expected) in [
            (0, "1970-01-01 00:00:00Z"),
            (-1, "1969-12-31 23:59:59Z"),
            (951_782_400, "2000-02-29 00:00:00Z"),
            (1_709_251_199, "2024-02-29 23:59:59Z"),
            (2_147_483_648, "2038-01-19 03:14:08Z"),
            (253_402_300_799, "9999-12-31 23:59:59Z"),
        ] {
            assert_eq!(timestamp(unix), expected);
        }
    }

    #[test]
    fn errors_of_other_clouds_are_read_by_code_only() {
        let body = br#"{"error":"access_denied","error_description":"<b>","comity_error":{"code":500212}}"#;
        let remote = RemoteError::parse(body).unwrap();
        assert_eq!(remote.comity_error, Some(ComityError { code: 500_212 }));
        for body in [
            "",
            "[]",
            "{}",
            r#"{"error":1}"#,
            r#"{"error":"a","error":"b"}"#,
        ] {
            assert_eq!(RemoteError::parse(body.as_bytes()), None, "{body}");
        }
        let odd = br#"{"error":"access_denied","comity_error":{"code":1,"text":"x"}}"#;
        assert_eq!(RemoteError::parse(odd).unwrap().comity_error, None);
    }
}
