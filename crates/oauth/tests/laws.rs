//! Laws: what is printed parses to the same value, and no parser panics on any bytes.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use comity_crypto::{base32, base64url};
use comity_oauth::authorize::{self, Authorization, Prompt, Request};
use comity_oauth::claims_request::{AcrRequest, RequestedClaims};
use comity_oauth::crossing::{CrossingDetails, CrossingType};
use comity_oauth::jws::{Kind, Unverified};
use comity_oauth::params::Params;
use comity_oauth::pkce::Challenge;
use comity_oauth::redirect_uri::{Client, Registered};
use comity_oauth::response::ResponseMode;
use comity_oauth::scope::Scopes;
use comity_oauth::{access_token, claims_request, client_assertion, json, par, rar, text, token};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;

fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9.:_-]{1,20}"
}

fn phrase() -> impl Strategy<Value = String> {
    "[^\\p{C}]{1,40}"
}

fn scopes() -> impl Strategy<Value = Scopes> {
    let oidc =
        prop::sample::subsequence(vec!["openid", "profile", "email", "offline_access"], 0..4);
    let own = vec("[A-Z][a-zA-Z]{0,9}\\.[A-Z][a-z]{1,5}", 0..4);
    (
        oidc,
        option::of(Just("https://graph.global.localhost:8443/")),
        own,
    )
        .prop_map(|(oidc, resource, own)| {
            let own = own.iter().map(|name| match resource {
                Some(resource) => format!("{resource}/{name}"),
                None => name.clone(),
            });
            let all: Vec<_> = oidc.into_iter().map(str::to_owned).chain(own).collect();
            Scopes::parse(&all.join(" ")).unwrap()
        })
}

fn claims() -> impl Strategy<Value = RequestedClaims> {
    let acr = option::of((any::<bool>(), vec(word(), 1..3)));
    (
        acr,
        option::of(word()),
        vec(word(), 0..3),
        any::<bool>(),
        option::of(any::<i64>()),
    )
        .prop_map(|(acr, sub, methods, device, not_before)| {
            let mut id_token = BTreeSet::new();
            id_token.extend(acr.is_some().then(|| "acr".to_owned()));
            id_token.extend(sub.is_some().then(|| "sub".to_owned()));
            id_token.extend((!methods.is_empty()).then(|| "methods".to_owned()));
            id_token.extend(device.then(|| "device".to_owned()));
            let acr = acr.map(|(essential, values)| AcrRequest { essential, values });
            RequestedClaims {
                acr,
                sub,
                methods,
                device,
                not_before,
                id_token,
                ..Default::default()
            }
        })
}

fn crossing() -> impl Strategy<Value = CrossingDetails> {
    let ids = [
        any::<u128>(),
        any::<u128>(),
        any::<u128>(),
        any::<u128>(),
        any::<u128>(),
    ];
    (
        ids,
        "[^\\p{C}\\p{Z}]{0,64}",
        btree_set(any::<u128>(), 0..20),
    )
        .prop_map(|(ids, name, groups)| {
            let [
                resource_tenant,
                home_tenant,
                client_app,
                resource_app,
                correlation_id,
            ] = ids.map(Uuid::from_u128);
            CrossingDetails {
                kind: CrossingType::ComityCrossing,
                resource_tenant,
                home_tenant,
                client_app,
                resource_app,
                app_name: text::clean(&name, text::MAX_SHOWN),
                groups: groups.into_iter().map(Uuid::from_u128).collect(),
                correlation_id,
            }
        })
}

fn request() -> impl Strategy<Value = Request> {
    let texts = (
        word(),
        option::of(phrase()),
        option::of(phrase()),
        option::of(phrase()),
    );
    let mode = prop::sample::select(ResponseMode::ALL.to_vec());
    let prompt = prop::sample::subsequence(Prompt::ALL.to_vec().split_off(1), 0..3);
    let flags = (any::<bool>(), any::<bool>());
    let details = (claims(), option::of(crossing()), scopes());
    (
        texts,
        mode,
        prompt,
        option::of(0..1_000_000_i64),
        flags,
        details,
    )
        .prop_map(
            |(
                (client_id, redirect_uri, state, login_hint),
                response_mode,
                prompt,
                max_age,
                flags,
                details,
            )| {
                let (claims, crossing, scopes) = details;
                Request {
                    client_id,
                    redirect_uri,
                    response_mode,
                    scopes,
                    state,
                    nonce: login_hint.clone(),
                    code_challenge: Some(Challenge::of(&"v".repeat(43)).unwrap()),
                    prompt: prompt.into_iter().collect(),
                    max_age,
                    login_hint,
                    domain_hint: None,
                    id_token_hint: None,
                    sid: None,
                    acr_values: vec!["urn:comity:acr:mfa".to_owned()],
                    claims,
                    resource: None,
                    authorization_details: crossing.map(|c| c.to_details()).unwrap_or_default(),
                    dpop_jkt: Some(base64url::encode([7; 32])),
                    client_info: flags.0,
                    instance_aware: flags.1,
                }
            },
        )
}

proptest! {
    #[test]
    fn requests_print_and_parse(request in request()) {
        let params = Params::parse(request.to_params().encode().as_bytes()).unwrap();
        let parsed = authorize::parse(&params).unwrap();
        prop_assert_eq!(parsed, Authorization::Direct(Box::new(request)));
    }

    #[test]
    fn parameters_print_and_parse(pairs in vec((phrase(), phrase()), 0..20)) {
        let params = Params::from_pairs(pairs);
        prop_assert_eq!(Params::parse(params.encode().as_bytes()), Ok(params));
    }

    #[test]
    fn crossings_print_and_parse(crossing in crossing()) {
        let details = rar::parse(&rar::to_json(&crossing.to_details())).unwrap();
        prop_assert_eq!(CrossingDetails::from_details(&details), Ok(crossing));
    }

    #[test]
    fn scopes_print_and_parse(scopes in scopes()) {
        prop_assert_eq!(Scopes::parse(&scopes.to_string()), Ok(scopes));
    }

    #[test]
    fn encodings_print_and_parse(bytes in vec(any::<u8>(), 0..80)) {
        let decoded = base64url::decode(base64url::encode(&bytes));
        prop_assert_eq!(decoded.as_ref(), Ok(&bytes));
        let decoded = base32::decode(&base32::encode(&bytes));
        prop_assert_eq!(decoded.as_ref(), Ok(&bytes));
    }

    #[test]
    fn a_registered_uri_matches_itself_and_nothing_longer(uri in "https://[a-z]{1,8}\\.example/[a-z]{0,8}", tail in "[ -~]{1,8}") {
        let registered = Registered::parse(&uri).unwrap();
        prop_assert!(registered.matches(&uri, Client::Public));
        let longer = format!("{uri}{tail}");
        prop_assert!(!registered.matches(&longer, Client::Public));
    }

    #[test]
    fn parsers_do_not_panic(bytes in vec(any::<u8>(), 0..300), ascii in "[ -~]{0,300}") {
        for text in [String::from_utf8_lossy(&bytes).into_owned(), ascii] {
            drop(json::parse(text.as_bytes()));
            drop(Scopes::parse(&text));
            drop(rar::parse(&text));
            drop(claims_request::RequestedClaims::parse(&text));
            drop(access_token::from_header(&text));
            drop(client_assertion::claimed_client(&text));
            let registered = Registered::parse(&text);
            prop_assert!(registered.is_err() || registered.unwrap().as_str() == text);
            let _ = par::reference_of(&text);
            for kind in [Kind::Own, Kind::Cloud, Kind::ClientAssertion, Kind::DpopProof] {
                drop(Unverified::parse(&text, kind));
            }
            if let Ok(params) = Params::parse(text.as_bytes()) {
                drop(authorize::parse(&params));
                drop(token::Request::parse(&params, Some(&text)));
                drop(par::Push::parse(&params, None));
            }
        }
        drop(Params::parse(&bytes));
        drop(json::parse(&bytes));
    }

    #[test]
    fn headers_of_any_json_do_not_panic(header in "\\{\"alg\":\"ES256\",\"(typ|kid|jwk|x5t)\":[ -~]{0,30}\\}", claims in "[ -~]{0,60}") {
        let token = format!("{}.{}.", base64url::encode(header), base64url::encode(claims));
        for kind in [Kind::Own, Kind::Cloud, Kind::ClientAssertion, Kind::DpopProof] {
            drop(Unverified::parse(&token, kind));
        }
    }
}
