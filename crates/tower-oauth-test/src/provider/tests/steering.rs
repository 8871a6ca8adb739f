//! Replaced answers, rotated keys, the record.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde_json::json;

use super::support::*;
use crate::{Answer, Endpoint, FakeProvider, ManualClock, SeededRandom};

#[test]
fn a_new_key_signs_and_the_old_one_stays_until_it_is_retired() {
    let op = FakeProvider::new();
    let before = text(&tokens(&op, "openid"), "id_token");
    let (old, _) = verified(&before, &op.jwks());
    op.rotate_keys();
    let after = text(&tokens(&op, "openid"), "id_token");
    let (new, _) = verified(&after, &op.jwks());
    assert_ne!(old["kid"], new["kid"]);
    verified(&before, &op.jwks());
    op.retire_old_keys();
    let jwks = op.jwks();
    assert!(jwk(&jwks, &old["kid"]).is_none());
    assert_eq!(jwks["keys"].as_array().unwrap().len(), 1);
    verified(&after, &op.jwks());
    op.rotate_keys();
    assert_ne!(op.jose_header()["kid"], old["kid"], "a retired key comes back as a new one");
}

#[test]
fn a_token_is_signed_by_the_key_it_names() {
    let op = FakeProvider::new();
    let (old, claims) = (op.jose_header(), serde_json::Map::new());
    let published = op.jwks();
    op.rotate_keys();
    op.retire_old_keys();
    verified(&op.sign(&old, &claims), &published);
    verified(&op.sign(&op.jose_header(), &claims), &op.jwks());
}

#[test]
fn no_two_providers_share_a_key_or_a_token() {
    let one = FakeProvider::new();
    let two = FakeProvider::builder().issuer("https://two.example").build();
    assert_ne!(one.jose_header()["kid"], two.jose_header()["kid"]);
    assert_ne!(tokens(&one, "openid")["access_token"], tokens(&two, "openid")["access_token"]);
}

#[test]
fn the_published_key_holds_nothing_private() {
    let op = FakeProvider::new();
    let jwks = op.jwks();
    let key = jwks["keys"][0].as_object().unwrap();
    let names: Vec<_> = key.keys().map(String::as_str).collect();
    for name in names {
        assert!(["alg", "e", "kid", "kty", "n", "use"].contains(&name), "{name}");
    }
    let debug = format!("{op:?} {:?}", FakeProvider::builder());
    assert!(!debug.contains(FakeProvider::CLIENT_SECRET), "{debug}");
}

#[test]
fn an_id_token_can_be_altered_before_it_is_signed() {
    let op = FakeProvider::new();
    op.modify_id_token(|header, claims| {
        header.insert("typ".to_owned(), "other".into());
        claims.insert("aud".to_owned(), json!(["somebody"]));
        claims.remove("nonce");
    });
    let (header, claims) = verified(&text(&tokens(&op, "openid"), "id_token"), &op.jwks());
    assert_eq!(header["typ"], "other");
    assert_eq!(claims["aud"], json!(["somebody"]));
    assert!(!claims.contains_key("nonce"));
}

#[test]
fn queued_answers_come_first_then_the_standing_one_then_the_correct_one() {
    let op = FakeProvider::new();
    let status = || get(&op, Endpoint::Jwks, &Vec::new()).status().as_u16();
    op.answer_always(Endpoint::Jwks, Answer::status(500));
    op.answer(Endpoint::Jwks, Answer::json(json!({})).with_status(429).header("retry-after", "5"));
    op.answer(Endpoint::Jwks, Answer::status(503));
    assert_eq!([status(), status(), status(), status()], [429, 503, 500, 500]);
    op.answer_normally(Endpoint::Jwks);
    assert_eq!(status(), 200);
}

#[test]
fn a_replaced_answer_leaves_the_endpoint_undone_and_a_modified_one_does_not() {
    let op = FakeProvider::new();
    let code = code(&op, "openid");
    op.answer(Endpoint::Token, Answer::status(500));
    assert_eq!(call(&op, Endpoint::Token, &redemption(&code)).status(), 500);
    op.answer(Endpoint::Token, Answer::modify(|response| *response.body_mut() = "changed".into()));
    let response = call(&op, Endpoint::Token, &redemption(&code));
    assert_eq!((response.status().as_u16(), &response.body()[..]), (200, &b"changed"[..]));
    assert_error(&call(&op, Endpoint::Token, &redemption(&code)), 400, "invalid_grant");
}

#[test]
fn without_a_connection_a_broken_answer_is_short_or_unavailable() {
    let op = FakeProvider::new();
    op.answer(Endpoint::Jwks, Answer::correct().delay(Duration::from_secs(9)).cut_off_after(4));
    assert_eq!(get(&op, Endpoint::Jwks, &Vec::new()).body().len(), 4);
    op.answer(Endpoint::Jwks, Answer::never());
    op.answer(Endpoint::Jwks, Answer::refused());
    assert_eq!(get(&op, Endpoint::Jwks, &Vec::new()).status(), 503);
    assert_eq!(get(&op, Endpoint::Jwks, &Vec::new()).status(), 503);
}

#[test]
fn requests_are_recorded_with_their_parameters() {
    let op = FakeProvider::new();
    tokens(&op, "openid");
    let [authorization] = &op.requests_to(Endpoint::Authorization)[..] else { panic!() };
    assert_eq!(authorization.query().get("scope"), Some("openid"));
    let [token] = &op.requests_to(Endpoint::Token)[..] else { panic!() };
    assert_eq!((token.method(), token.uri().path()), (&Method::POST, "/token"));
    assert_eq!(token.form().get("code_verifier"), Some(VERIFIER));
    assert!(token.headers().contains_key("authorization"));
    assert_eq!(op.requests().len(), 2);
    op.clear_requests();
    assert!(op.requests().is_empty());
}

#[test]
fn the_same_seed_and_clock_give_the_same_tokens() {
    let issued = || {
        let random = Arc::new(SeededRandom::new(1));
        let op = FakeProvider::builder().random(random).manual_clock(ManualClock::new()).build();
        tokens(&op, "openid")["access_token"].clone()
    };
    assert_eq!(issued(), issued());
}

#[test]
fn a_refresh_is_answered_and_recorded_apart_from_a_code() {
    let op = FakeProvider::new();
    let first = tokens(&op, "openid offline_access");
    op.answer(Endpoint::Refresh, Answer::status(500));
    let refresh = refreshing(&text(&first, "refresh_token"));
    tokens(&op, "openid");
    assert_eq!(call(&op, Endpoint::Refresh, &refresh).status(), 500);
    assert_eq!(call(&op, Endpoint::Token, &refresh).status(), 200, "it was not used up");
    assert_eq!(op.url(Endpoint::Refresh), op.url(Endpoint::Token));
    assert_eq!(op.requests_to(Endpoint::Token).len(), 2);
    assert_eq!(op.requests_to(Endpoint::Refresh).len(), 2);
}
