//! g08, g01: what an operator is told of tokens: each thing once, under a code that stays, and no secret.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tower_oauth_test::{Answer, Endpoint};
use tower_oauth_tests::{Setup, settle};
use tracing::Level;

use crate::refresh::{LIFETIME, seconds, signed_in, token};
use tower_oauth_tests::Captured;

/// The events about tokens since the last call.
fn events(captured: &Captured) -> Vec<String> {
    let about_tokens = |line: &&str| line.contains("tower_oauth::tokens");
    captured.take().lines().filter(about_tokens).map(Into::into).collect()
}

#[track_caller]
fn assert_one(captured: &Captured, level: &str, parts: &[&str]) {
    let seen = events(captured);
    assert_eq!(seen.len(), 1, "{seen:#?}");
    let event = &seen[0];
    assert!(event.contains(level), "{event}");
    for part in parts.iter().chain(&["provider=\"op\""]) {
        assert!(event.contains(part), "no {part} in {event}");
    }
}

#[tokio::test]
async fn g08_what_happens_to_tokens_is_told_once() {
    let captured = Captured::default();
    let _guard = captured.listen(Level::DEBUG);
    let setup = Setup::new();
    let (mut browser, _) = signed_in(&setup).await;
    events(&captured);
    for (answer, level, parts) in [
        (Answer::correct(), "INFO", &["refreshed", "expires_in=3600"][..]),
        (
            Answer::status(500),
            "WARN",
            &["not refreshed", "provider_unavailable", "retry_in_seconds=2"],
        ),
        (Answer::never(), "WARN", &["not refreshed", "provider_timeout"]),
        (
            Answer::json(json!({ "error": "invalid_client" })).with_status(401),
            "ERROR",
            &["not refreshed", "client_rejected"],
        ),
        (Answer::status(302), "ERROR", &["not refreshed", "token_endpoint"]),
        (
            Answer::json(json!({ "error": "invalid_grant" })).with_status(400),
            "WARN",
            &["the grant has ended", "grant_rejected", "invalid_grant"],
        ),
    ] {
        setup.clock.advance(seconds(LIFETIME));
        setup.provider.answer(Endpoint::Refresh, answer);
        for _ in 0..3 {
            browser.fetch("/token").await;
        }
        assert_one(&captured, level, parts);
    }

    browser.login_as("alice").await;
    setup.provider.modify_id_token(|_, claims| {
        claims.insert("sub".into(), "sub-mallory".into());
    });
    setup.clock.advance(seconds(LIFETIME));
    events(&captured);
    browser.fetch("/token").await;
    assert_one(&captured, "ERROR", &["cannot be trusted", "id_token", "another user"]);

    setup.provider.modify_id_token(|_, _| ());
    for (answer, level, text) in
        [(Answer::correct(), "INFO", "revoked"), (Answer::status(503), "WARN", "not revoked")]
    {
        browser.login_as("alice").await;
        setup.provider.answer(Endpoint::Revocation, answer);
        events(&captured);
        browser.post("/auth/logout", &[]).await;
        settle().await;
        assert_one(&captured, level, &[text]);
    }
}

#[tokio::test]
async fn an_operator_is_told_why_nothing_will_be_refreshed() {
    let captured = Captured::default();
    let _guard = captured.listen(Level::DEBUG);
    let setup = Setup::new();
    setup.provider.answer(
        Endpoint::Token,
        Answer::modify(|response| {
            let mut body: Value = serde_json::from_slice(response.body()).unwrap();
            body.as_object_mut().unwrap().remove("refresh_token");
            *response.body_mut() = body.to_string().into();
        }),
    );
    let (mut browser, _) = signed_in(&setup).await;
    assert_one(&captured, "WARN", &["no refresh token came"]);
    browser.login_as("alice").await;
    assert!(events(&captured).is_empty());
}

#[tokio::test]
async fn g01_no_token_is_in_any_event_or_answer() {
    let captured = Captured::default();
    let _guard = captured.listen(Level::TRACE);
    let setup = Setup::new();
    let (mut browser, _) = signed_in(&setup).await;
    let secrets = Arc::new(Mutex::new(vec![token(&browser).await]));
    let keep = secrets.clone();
    let correct = move || {
        let keep = keep.clone();
        Answer::modify(move |response| {
            let body: Value = serde_json::from_slice(response.body()).unwrap();
            for name in ["access_token", "refresh_token", "id_token"] {
                keep.lock().unwrap().extend(body[name].as_str().map(ToOwned::to_owned));
            }
        })
    };
    let mut shown = String::new();
    let canary = r#"{"access_token":"canary-token","refresh_token":"canary-token","#;
    for answer in [
        correct(),
        Answer::status(500).body(canary),
        Answer::status(200).header("content-type", "application/json").body(canary),
        Answer::json(json!({ "error": "canary-token", "error_description": "canary-token" })),
        correct().header("content-type", "text/html"),
        Answer::json(json!({ "error": "invalid_grant", "access_token": "canary-token" })),
    ] {
        setup.provider.answer(Endpoint::Refresh, answer);
        setup.clock.advance(seconds(LIFETIME));
        let page = browser.fetch("/token").await;
        if page.status() != 200 {
            shown += &page.text();
        }
    }
    browser.login_as("alice").await;
    setup.clock.advance(seconds(LIFETIME));
    setup.provider.answer(Endpoint::Refresh, correct());
    setup.provider.modify_id_token(|_, claims| {
        claims.insert("iss".into(), "https://evil.example".into());
    });
    shown += &browser.fetch("/token").await.text();
    setup.provider.modify_id_token(|_, _| ());
    browser.login_as("alice").await;
    browser.post("/auth/logout", &[]).await;
    settle().await;

    for request in setup.provider.requests() {
        let form = request.form();
        let tokens = ["refresh_token", "token"].into_iter().filter_map(|name| form.get(name));
        secrets.lock().unwrap().extend(tokens.map(ToOwned::to_owned));
    }
    shown += &captured.take();
    assert!(shown.contains("the grant has ended") && shown.contains("cannot be trusted"));
    let mut secrets = secrets.lock().unwrap().clone();
    secrets.sort_unstable();
    secrets.dedup();
    assert!(secrets.len() > 8, "{}", secrets.len());
    secrets.retain(|secret| !secret.starts_with("eyJ"));
    secrets.push("\"access_token".into());
    for secret in secrets {
        assert!(!shown.contains(&secret[..12]), "{secret} is in:\n{shown}");
    }
    assert!(!shown.contains("eyJ"), "an ID token is in:\n{shown}");
}
