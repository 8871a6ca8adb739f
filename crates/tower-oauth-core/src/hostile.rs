//! Hostile input into every parser of what comes from outside: none panics, and what is accepted keeps its promises.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::discovery::Metadata;
use crate::flow::attempt::Attempt;
use crate::flow::callback::AuthorizationResponse;
use crate::flow::token_response::normalise;
use crate::jose::{KeySet, SignedToken};
use crate::key_ring::KeyRing;
use crate::provider::TokenResponse;
use crate::provider::presets::oidc;
use crate::session::{SessionCodec, SessionId};
use crate::testing::{Counter, secret};

/// JSON of any shape, with the names that the parsers look for among its members.
fn json() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "keys",
        "kty",
        "crv",
        "x",
        "y",
        "n",
        "e",
        "use",
        "key_ops",
        "alg",
        "kid",
        "access_token",
        "token_type",
        "expires_in",
        "scope",
        "refresh_token",
        "id_token",
        "error",
        "typ",
        "crit",
    ]);
    let text = prop_oneof![
        Just("https://op.example".to_owned()),
        Just("RSA".to_owned()),
        Just("EC".to_owned()),
        Just("P-256".to_owned()),
        Just("RS256".to_owned()),
        Just("Bearer".to_owned()),
        Just("AQAB".to_owned()),
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

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        json().prop_map(|value| value.to_string().into_bytes()),
    ]
}

proptest! {
    #[test]
    fn authorization_responses(query in "([a-z_]{1,5}|state|code|iss|error|%[0-9a-f]{0,2}|[=&+;]|.){0,30}") {
        if let Ok(response) = AuthorizationResponse::parse(query.as_bytes()) {
            prop_assert!(!response.state().secret().is_empty());
            let shown = format!("{response:?}");
            prop_assert!(response.state().secret().len() < 8 || !shown.contains(response.state().secret()));
        }
    }

    #[test]
    fn signed_tokens(token in "(eyJ[A-Za-z0-9_-]{0,40}|[A-Za-z0-9_=+/-]{0,10}|\\.){0,8}") {
        if let Ok(token) = SignedToken::parse(&token) {
            prop_assert!(token.verify(std::iter::empty()).is_err());
        }
    }

    #[test]
    fn key_sets(document in bytes()) {
        if let Ok(keys) = KeySet::parse(&document) {
            let found = keys.candidates(crate::Algorithm::Rs256, None).count();
            prop_assert!(found <= 10);
        }
    }

    #[test]
    fn metadata(document in bytes()) {
        let provider = oidc("https://op.example", "id", "secret");
        if let Ok(metadata) = Metadata::parse(&document, &provider) {
            prop_assert_eq!(metadata.issuer, "https://op.example");
        }
    }

    #[test]
    fn token_responses(status in 200..600_u16, body in bytes(), lenient: bool) {
        let shape = if lenient { TokenResponse::Lenient } else { TokenResponse::Strict };
        let response = http::Response::builder()
            .status(status)
            .header("content-type", "application/json")
            .body(Bytes::from(body))
            .unwrap();
        if let Ok(normalised) = normalise(&response, shape) {
            let body: Map<String, Value> = serde_json::from_slice(normalised.body()).unwrap();
            if normalised.status() == 200 {
                let token = body["access_token"].as_str().unwrap();
                prop_assert!(!token.is_empty() && token.bytes().all(|b| matches!(b, 0x20..=0x7e)));
                prop_assert_eq!(&body["token_type"], "bearer");
                prop_assert_eq!(status, 200);
            } else {
                prop_assert!(body["error"].is_string());
            }
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
