//! Security headers on every response, errors included (security bars V-09 to V-11).
//!
//! 1. A header that the handler set stays; a missing one is added.
//! 2. A Content-Security-Policy without `frame-ancestors` gets `frame-ancestors 'none'`.
//! 3. Nothing is cached unless the handler says so.

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, header};

const CSP: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'";

const FRAME_ANCESTORS: &str = "frame-ancestors 'none'";

const PERMISSIONS_POLICY: &str = "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), \
     clipboard-read=(), display-capture=(), encrypted-media=(), fullscreen=(), gamepad=(), \
     geolocation=(), gyroscope=(), hid=(), idle-detection=(), interest-cohort=(), magnetometer=(), \
     microphone=(), midi=(), payment=(), picture-in-picture=(), screen-wake-lock=(), serial=(), \
     storage-access=(), usb=(), web-share=(), xr-spatial-tracking=()";

const DEFAULTS: [(HeaderName, &str); 8] = [
    (
        header::STRICT_TRANSPORT_SECURITY,
        "max-age=63072000; includeSubDomains",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        PERMISSIONS_POLICY,
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, CSP),
];

/// Adds what is missing; an axum `map_response` layer.
pub async fn set(mut response: Response) -> Response {
    apply(response.headers_mut());
    response
}

fn apply(headers: &mut HeaderMap) {
    headers.remove(header::SERVER);
    headers.reserve(DEFAULTS.len() + 1);
    for (name, value) in DEFAULTS {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    forbid_frames(headers);
}

fn forbid_frames(headers: &mut HeaderMap) {
    let policies: Vec<_> = headers
        .get_all(header::CONTENT_SECURITY_POLICY)
        .iter()
        .cloned()
        .collect();
    let says = |value: &HeaderValue| {
        value.to_str().is_ok_and(|policy| {
            policy
                .split(';')
                .any(|directive| directive.trim().starts_with("frame-ancestors"))
        })
    };
    if !policies.iter().any(says) {
        headers.append(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(FRAME_ANCESTORS),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{CSP, DEFAULTS, apply};
    use http::{HeaderMap, HeaderValue, header};

    #[test]
    fn v09_to_v11_a_bare_response_gets_every_header() {
        let mut headers = HeaderMap::new();
        apply(&mut headers);
        for (name, value) in DEFAULTS {
            assert_eq!(headers[&name], value, "{name}");
        }
        assert_eq!(
            headers
                .get_all(header::CONTENT_SECURITY_POLICY)
                .iter()
                .count(),
            1
        );
        assert!(CSP.contains("default-src 'none'") && !CSP.contains("unsafe"));
        let hsts = headers[header::STRICT_TRANSPORT_SECURITY].to_str().unwrap();
        let age: u64 = hsts.split([';', '=']).nth(1).unwrap().parse().unwrap();
        assert!(age >= 365 * 24 * 3600 && hsts.contains("includeSubDomains"));
    }

    #[test]
    fn what_the_handler_set_stays() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("max-age=60"),
        );
        let framed = HeaderValue::from_static("default-src 'self'; frame-ancestors *");
        headers.insert(header::CONTENT_SECURITY_POLICY, framed.clone());
        apply(&mut headers);
        assert_eq!(headers[header::CACHE_CONTROL], "max-age=60");
        assert_eq!(
            headers
                .get_all(header::CONTENT_SECURITY_POLICY)
                .iter()
                .collect::<Vec<_>>(),
            [&framed]
        );
    }

    #[test]
    fn v11_a_policy_that_forgets_frames_still_forbids_them() {
        let mut headers = HeaderMap::new();
        let policy = HeaderValue::from_static("default-src 'none'; style-src 'self'");
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        headers.insert(header::SERVER, HeaderValue::from_static("x"));
        apply(&mut headers);
        let all: Vec<_> = headers
            .get_all(header::CONTENT_SECURITY_POLICY)
            .iter()
            .collect();
        assert_eq!(
            all,
            [
                "default-src 'none'; style-src 'self'",
                "frame-ancestors 'none'"
            ]
        );
        assert!(!headers.contains_key(header::SERVER));
    }
}
