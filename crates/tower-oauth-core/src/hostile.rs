//! Hostile input into every parser of what comes from outside: none panics, and what is accepted keeps its promises.
//!
//! Noise alone is refused too early to show much, so most inputs are good ones with a few things changed.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use url::Url;

use crate::discovery::Metadata;
use crate::flow::attempt::Attempt;
use crate::flow::callback::AuthorizationResponse;
use crate::flow::token_response::{Answer, read};
use crate::jose::{Algorithm, KeySet, SignedToken};
use crate::key_ring::KeyRing;
use crate::provider::presets::oidc;
use crate::provider::{Quirks, TokenResponse};
use crate::return_to::ReturnTo;
use crate::secret::{RawIdToken, RefreshToken};
use crate::session::{SessionCodec, SessionId};
use crate::testing::{Counter, secret};

/// JSON of any shape, with the names and values that the parsers look for.
fn value() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "issuer", "keys", "kty", "crv", "x", "y", "n", "e", "use", "key_ops", "alg", "kid",
        "error", "typ", "crit",
    ]);
    let text = prop_oneof![
        prop::sample::select(vec![
            "https://op.example",
            "https://op.example/x",
            "http://op.example",
            "http://127.0.0.1/",
            "https://user@evil.example",
            "javascript:x",
            "RSA",
            "EC",
            "OKP",
            "P-256",
            "RS256",
            "none",
            "Bearer",
            "mac",
            "AQAB",
            "3600",
            "-1",
            "a\r\nb",
            "",
        ])
        .prop_map(ToOwned::to_owned),
        any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 8, move |inner| {
        let members = prop::collection::vec((names.clone(), inner.clone()), 0..8);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            members.prop_map(|members| {
                let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
                Value::Object(members.collect::<Map<_, _>>())
            }),
        ]
    })
}

/// `good`, with up to three members of another value or missing.
fn changed(good: Value) -> impl Strategy<Value = Value> {
    let names: Vec<String> = good.as_object().unwrap().keys().cloned().collect();
    let changes = (prop::sample::select(names), prop::option::of(value()));
    prop::collection::vec(changes, 0..4).prop_map(move |changes| {
        let mut document = good.clone();
        for (name, value) in changes {
            let members = document.as_object_mut().unwrap();
            match value {
                Some(value) => members.insert(name, value),
                None => members.remove(&name),
            };
        }
        document
    })
}

/// `good` as a text that was damaged in up to four places: bytes changed, put in, taken out, or the text cut.
fn damaged(good: String) -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "",
        "%",
        "%00",
        "%0d%0a",
        "%5c",
        "%2f",
        "&",
        "=",
        ";",
        ".",
        "..",
        "/",
        "//",
        "\\",
        "\t",
        "\n",
        " ",
        "@",
        ":",
        "?",
        "#",
        "A",
        "0",
        "_",
        "-",
        "+",
        "{",
        "}",
        "\"",
        "\u{0}",
        "\u{feff}",
        "\u{2028}",
        "\u{e4}",
        "state=",
        "code=",
        "evil.example",
        "https:",
        "javascript:",
    ]);
    let change = (any::<prop::sample::Index>(), 0..4_usize, pieces);
    prop::collection::vec(change, 0..5).prop_map(move |changes| {
        let mut text: Vec<char> = good.chars().collect();
        for (place, removed, piece) in changes {
            let start = place.index(text.len() + 1);
            let end = (start + removed).min(text.len());
            text.splice(start..end, piece.chars());
        }
        text.into_iter().collect()
    })
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        value().prop_map(|value| value.to_string().into_bytes()),
    ]
}

/// A key set of one key, and a token that this key signed.
fn signed() -> (String, String) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let (x, y) = pair.public_key().as_ref().split_at(1).1.split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let set = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "k" }] });
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","kid":"k","typ":"JWT"}"#);
    let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(r#"{"sub":"s","iss":"i"}"#));
    let signature = pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
    (set.to_string(), token)
}

fn metadata_document() -> Value {
    json!({
        "issuer": "https://op.example",
        "authorization_endpoint": "https://op.example/authorize",
        "token_endpoint": "https://op.example/token",
        "jwks_uri": "https://op.example/jwks",
        "userinfo_endpoint": "https://op.example/userinfo",
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "authorization_response_iss_parameter_supported": true,
    })
}

fn token_document() -> Value {
    json!({
        "access_token": "t", "token_type": "Bearer", "expires_in": 3600, "scope": "openid",
        "refresh_token": "r", "id_token": "a.b.c", "error": null,
    })
}

fn is_printable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| matches!(b, 0x20..=0x7e))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn s10_damaged_targets_stay_on_the_origin(
        target in prop::sample::select(vec!["/", "/a/b?c=d#e", "/a/../b", "/x%20y", "/\u{2028}", "//a", "https://a/"])
            .prop_flat_map(|good| damaged(good.to_owned())),
    ) {
        if let Ok(accepted) = ReturnTo::parse(&target, "/auth") {
            let base = Url::parse("https://app.example/private/page?x").unwrap();
            let resolved = base.join(accepted.as_str()).unwrap();
            prop_assert_eq!(resolved.origin(), base.origin());
            prop_assert!(!resolved.path().starts_with("//") && !resolved.path().starts_with("/auth/"));
            prop_assert!(accepted.as_str().bytes().all(|b| b.is_ascii_graphic() && b != b'\\'));
            // What was accepted stays so, however often it passes through.
            prop_assert!(ReturnTo::parse(accepted.as_str(), "/auth").is_ok());
        }
    }

    #[test]
    fn authorization_responses(
        query in prop_oneof![
            damaged("code=SplxlOBeZQQYbYS6WxSbIA&state=af0ifjsldkj0123456789&iss=https%3A%2F%2Fop.example".into()),
            damaged("error=access_denied&error_description=x&state=af0ifjsldkj0123456789".into()),
            "([a-z_]{1,5}|state|code|iss|error|%[0-9a-f]{0,2}|[=&+;]|.){0,30}",
        ],
    ) {
        if let Ok(response) = AuthorizationResponse::parse(query.as_bytes()) {
            let state = response.state().secret();
            prop_assert!(!state.is_empty() && state.len() <= 512);
            let shown = format!("{response:?}");
            prop_assert!(state.len() < 8 || !shown.contains(state));
            let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
            for name in ["state", "code", "iss", "error", "response", "access_token", "id_token"] {
                let values: Vec<_> = pairs.iter().filter(|(found, _)| found == name).map(|(_, v)| v).collect();
                prop_assert!(values.len() <= 1, "two {name}");
                prop_assert!(name != "code" || values.iter().all(|code| is_printable(code)));
                prop_assert!(name != "response" || values.is_empty());
            }
        }
    }

    /// Whatever is done to a signed token, its claims are out of reach.
    #[test]
    fn i01_signed_tokens_that_were_damaged(
        (set, good, damaged) in Just(signed())
            .prop_flat_map(|(set, token)| (Just(set), Just(token.clone()), damaged(token))),
    ) {
        let keys = KeySet::parse(set.as_bytes()).unwrap();
        let verify = |token: &str| {
            let token = SignedToken::parse(token)?;
            token.verify(keys.candidates(token.algorithm(), token.kid()))
        };
        prop_assert!(verify(&good).is_ok());
        prop_assert_eq!(verify(&damaged).is_ok(), good == damaged);
    }

    #[test]
    fn signed_tokens(
        mut header in changed(json!({ "alg": "ES256", "kid": "k", "typ": "JWT" })),
        extension in prop::option::of((prop::sample::select(vec!["crit", "b64", "jwk", "x5c"]), value())),
    ) {
        if let Some((name, value)) = extension {
            header[name] = value;
        }
        let token = format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(header.to_string()));
        if let Ok(token) = SignedToken::parse(&token) {
            prop_assert_eq!(header.get("alg").and_then(Value::as_str), Some(token.algorithm().name()));
            prop_assert!(header.get("crit").is_none() && header.get("b64").is_none());
            prop_assert_eq!(header.get("kid").and_then(Value::as_str), token.kid());
            prop_assert!(matches!(header.get("typ"), None | Some(Value::String(_))));
            prop_assert!(token.verify(std::iter::empty()).is_err());
        }
    }

    #[test]
    fn key_sets(document in prop_oneof![
        bytes(),
        prop::collection::vec(
            changed(json!({
                "kty": "EC", "crv": "P-256", "kid": "k", "use": "sig", "alg": "ES256",
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            })),
            0..60,
        )
        .prop_map(|keys| json!({ "keys": keys }).to_string().into_bytes()),
    ]) {
        if let Ok(keys) = KeySet::parse(&document) {
            for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256] {
                let found: Vec<_> = keys.candidates(algorithm, None).collect();
                prop_assert!(found.len() <= 10);
                prop_assert!(algorithm != Algorithm::Hs256 || found.is_empty());
                prop_assert!(found.iter().all(|key| !key.verify(algorithm, b"message", &[1; 64])));
            }
        }
    }

    #[test]
    fn metadata(document in prop_oneof![
        bytes(),
        changed(metadata_document()).prop_map(|document| document.to_string().into_bytes()),
        damaged(metadata_document().to_string()).prop_map(String::into_bytes),
    ]) {
        let provider = oidc("https://op.example", "id", "secret");
        if let Ok(metadata) = Metadata::parse(&document, &provider) {
            prop_assert_eq!(&metadata.issuer, "https://op.example");
            let endpoints = [&*metadata.authorization_endpoint, &*metadata.token_endpoint];
            let others = [&metadata.jwks_uri, &metadata.userinfo_endpoint].into_iter().flatten();
            for endpoint in endpoints.into_iter().chain(others) {
                let url = Url::parse(endpoint).unwrap();
                prop_assert!(url.scheme() == "https" && url.username().is_empty(), "{endpoint}");
            }
        }
    }

    #[test]
    fn token_responses(
        status in prop_oneof![Just(200_u16), Just(400), 200..600_u16],
        body in prop_oneof![
            bytes(),
            changed(token_document()).prop_map(|document| document.to_string().into_bytes()),
            damaged(token_document().to_string()).prop_map(String::into_bytes),
            damaged("access_token=t&token_type=bearer&scope=a%2Cb&expires_in=60".into()).prop_map(String::into_bytes),
        ],
        lenient: bool,
    ) {
        let token_response =
            if lenient { TokenResponse::Lenient } else { TokenResponse::Strict };
        let quirks = Quirks { token_response, ..Quirks::default() };
        let response = http::Response::builder()
            .status(status)
            .header("content-type", "application/json")
            .body(Bytes::from(body))
            .unwrap();
        match read(&response, &quirks) {
            Ok(Answer::Tokens(tokens)) => {
                prop_assert_eq!(status, 200);
                let optional = [
                    tokens.refresh_token.as_ref().map(RefreshToken::secret),
                    tokens.id_token.as_ref().map(RawIdToken::secret),
                ];
                prop_assert!(is_printable(tokens.access_token.secret()));
                prop_assert!(optional.into_iter().flatten().all(is_printable));
                prop_assert!(tokens.profile.is_none());
            }
            Ok(Answer::Error(_)) => prop_assert!((200..500).contains(&status)),
            Err(_) => {}
        }
    }

    #[test]
    fn sealed_cookies(label in ".{0,20}", value in "[A-Za-z0-9_=-]{0,200}|.{0,50}") {
        let keys = KeyRing::new("secret", &secret("of this test")).unwrap();
        prop_assert!(Attempt::open(&keys, "https://app.example", &label, &value).is_none());
        let random = Arc::new(Counter::default());
        let codec = SessionCodec::new("https://app.example".into(), Arc::new(keys), random);
        prop_assert!(codec.open_cookie(&value).is_none());
        if let Some(id) = SessionId::parse(&value) {
            prop_assert_eq!(id.cookie_value(), value);
        }
    }
}
