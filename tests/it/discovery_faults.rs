//! Metadata and keys that are wrong, move, are withdrawn or shared.

use std::sync::atomic::Ordering;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tower_oauth::Algorithm;
use tower_oauth_test::{Answer, Endpoint, InProcessNetwork};
use tower_oauth_tests::Setup;

use crate::faults::fails;
use crate::limits::Holding;
use crate::login::callback_url;

/// The endpoint's own document with these members replaced.
fn with(members: Value) -> Answer {
    Answer::modify(move |response| {
        let mut document: Value = serde_json::from_slice(response.body()).unwrap();
        let members = members.as_object().unwrap().clone();
        document.as_object_mut().unwrap().extend(members);
        *response.body_mut() = document.to_string().into();
    })
}

#[tokio::test]
async fn d03_an_issuer_may_have_a_path() {
    for issuer in ["https://op.example/t1", "https://op.example/t1/"] {
        let setup = Setup::with(|provider| provider.issuer(issuer));
        let mut browser = setup.browser(&setup.auth());
        assert_eq!(browser.login_as("alice").await.text(), "Hello, Alice Liddell!");
        let asked = setup.provider.requests_to(Endpoint::Metadata);
        assert_eq!(asked[0].uri().path(), "/t1/.well-known/openid-configuration", "{issuer}");
    }
}

#[tokio::test]
async fn d08_garbage_is_an_error_and_the_good_copy_stays() {
    let html = Answer::status(200).header("content-type", "text/html").body("<html>");
    let cut = Answer::modify(|response| *response.body_mut() = response.body().slice(..40));
    let huge = with(json!({ "x": "x".repeat(1024 * 1024) }));
    let untyped = Answer::modify(|response| _ = response.headers_mut().remove("content-type"));
    let text = Answer::correct().header("content-type", "text/plain");
    for (name, garbage) in [
        ("html", html),
        ("cut", cut),
        ("array", Answer::json(json!([]))),
        ("huge", huge),
        ("untyped", untyped),
        ("text", text),
    ] {
        for endpoint in [Endpoint::Metadata, Endpoint::Jwks] {
            let setup = Setup::new();
            setup.provider.approve_as(Some("alice"));
            setup.provider.answer_always(endpoint, garbage.clone());
            let auth = setup.auth();
            let page = setup.browser(&auth).open("/auth/login").await;
            assert_eq!(page.status(), 502, "{name} {endpoint:?}: {}", page.text());
            assert!(page.text().contains("discovery"), "{name} {endpoint:?}");

            setup.provider.answer_normally(endpoint);
            setup.clock.advance(Duration::from_secs(60));
            let mut browser = setup.browser(&auth);
            assert_eq!(browser.open("/auth/login").await.text(), "Hello, Alice Liddell!");
            setup.provider.answer_always(endpoint, garbage.clone());
            setup.clock.advance(Duration::from_secs(2 * 60 * 60));
            let page = browser.open("/auth/login").await;
            assert_eq!(page.text(), "Hello, Alice Liddell!", "{name} {endpoint:?}");
        }
    }
}

#[tokio::test]
async fn d11_metadata_widens_nothing() {
    for algorithm in ["none", "HS256", "RS512"] {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        setup.provider.answer_always(
            Endpoint::Metadata,
            with(json!({
                "id_token_signing_alg_values_supported": ["none", "HS256", "RS512", "RS256"],
                "code_challenge_methods_supported": ["plain", "S256"],
            })),
        );
        setup
            .provider
            .modify_id_token(move |header, _| _ = header.insert("alg".into(), algorithm.into()));
        assert_eq!(fails(&setup).await.0, (502, "id_token".into()), "{algorithm}");
        let request = &setup.provider.requests_to(Endpoint::Authorization)[0];
        assert_eq!(request.query().get("code_challenge_method"), Some("S256"));
    }
}

#[tokio::test]
async fn d12_a_changed_document_counts_whole_or_not_at_all() {
    let network = InProcessNetwork::new().host("https://new.example", |_| Answer::status(503));
    let setup = Setup::new().on(network);
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    // The new token endpoint comes with another issuer: nothing of the document is used.
    let moved = json!({ "token_endpoint": "https://new.example/token", "issuer": "https://other" });
    setup.provider.answer_always(Endpoint::Metadata, with(moved));
    setup.clock.advance(Duration::from_secs(2 * 60 * 60));
    assert_eq!(browser.open("/auth/login").await.text(), "Hello, Alice Liddell!");
    let moved = json!({ "token_endpoint": "https://new.example/token" });
    setup.provider.answer_always(Endpoint::Metadata, with(moved));
    setup.clock.advance(Duration::from_secs(2 * 60 * 60));
    let page = browser.open("/auth/login").await;
    assert_eq!(
        page.status(),
        503,
        "the token request goes where the document says: {}",
        page.text()
    );
}

#[tokio::test]
async fn d16_an_empty_key_set_takes_no_key_away() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    for empty in [json!({ "keys": [] }), json!({}), json!({ "keys": {} })] {
        setup.provider.answer_always(Endpoint::Jwks, Answer::json(empty));
        setup.clock.advance(Duration::from_secs(61));
        setup
            .provider
            .modify_id_token(|header, _| _ = header.insert("kid".into(), "unknown".into()));
        assert_eq!(browser.open("/auth/login").await.status(), 502);
        setup.provider.modify_id_token(|_, _| ());
        browser.post("/auth/logout", &[]).await;
        assert_eq!(browser.open("/auth/login").await.text(), "Hello, Alice Liddell!");
    }
}

#[tokio::test]
async fn d17_a_private_key_in_the_set_is_not_kept() {
    let setup = Setup::new();
    setup.provider.answer_always(
        Endpoint::Jwks,
        Answer::modify(|response| {
            let mut set: Value = serde_json::from_slice(response.body()).unwrap();
            set["keys"][0]["d"] = "canary-of-the-private-key".into();
            *response.body_mut() = set.to_string().into();
        }),
    );
    let auth = setup.auth();
    let mut browser = setup.browser(&auth);
    assert_eq!(browser.login_as("alice").await.text(), "Hello, Alice Liddell!");
    assert!(!format!("{auth:?} {auth:#?}").contains("canary"));
}

#[tokio::test]
async fn d19_known_keys_verify_while_an_unknown_one_is_looked_for() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let holding = Holding::new(setup.provider.http_client(), "/jwks");
    let builder = setup.builder().http_client(holding.clone());
    let auth = builder.provider(setup.registration()).build().unwrap();
    setup.browser(&auth).login_as("alice").await;
    holding.holds.store(true, Ordering::SeqCst);
    setup.provider.modify_id_token(|header, _| _ = header.insert("kid".into(), "unknown".into()));
    let browser = setup.browser(&auth);
    let callback = callback_url(&browser, "/auth/login").await;
    let waits = tokio::spawn(async move { browser.request(Method::GET, &callback, &[]).await });
    while holding.waiting.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    setup.provider.modify_id_token(|_, _| ());
    let page = setup.browser(&auth).login_as("alice").await;
    assert_eq!(page.text(), "Hello, Alice Liddell!");
    assert!(!waits.is_finished());
    holding.holds.store(false, Ordering::SeqCst);
    assert_eq!(waits.await.unwrap().status(), 502);
}

#[tokio::test]
async fn d21_without_any_copy_of_the_keys_there_is_no_login() {
    for answer in [Answer::status(500), Answer::never(), Answer::refused()] {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        setup.provider.answer_always(Endpoint::Jwks, answer);
        let (status, code) = fails(&setup).await.0;
        assert!(matches!(status, 503 | 504), "{status} {code}");
    }
}

/// A key that leaked: trusted for ten minutes after the provider withdrew it, unless the application says so.
#[tokio::test]
async fn d23_a_withdrawn_key_is_dropped_after_ten_minutes_or_at_once() {
    for at_once in [true, false] {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        let auth = setup.auth();
        let mut browser = setup.browser(&auth);
        browser.login_as("alice").await;
        let withdrawn = setup.provider.jose_header()["kid"].clone();
        setup.provider.rotate_keys();
        setup.provider.retire_old_keys();
        setup
            .provider
            .modify_id_token(move |header, _| _ = header.insert("kid".into(), withdrawn.clone()));
        assert_eq!(browser.open("/auth/login").await.text(), "Hello, Alice Liddell!");
        if at_once {
            auth.reload_provider("op").await.unwrap();
        } else {
            setup.clock.advance(Duration::from_secs(10 * 60));
        }
        assert_eq!(browser.open("/auth/login").await.status(), 502, "at once: {at_once}");
    }
}

#[tokio::test]
async fn d23_a_reload_that_fails_takes_nothing_away() {
    let setup = Setup::new();
    let auth = setup.auth();
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    setup.provider.answer(Endpoint::Jwks, Answer::status(500));
    assert_eq!(auth.reload_provider("op").await.unwrap_err().code(), "provider_unavailable");
    assert_eq!(auth.reload_provider("nope").await.unwrap_err().code(), "unknown_provider");
    assert_eq!(browser.login_as("bob").await.text(), "Hello, Bob Builder!");
}

#[tokio::test]
async fn d26_two_registrations_at_one_issuer_share_its_documents_and_nothing_else() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let strict = setup.registration().key("strict").id_token_algorithms([Algorithm::Es256]);
    let builder = setup.builder().provider(setup.registration()).provider(strict);
    let auth = builder.build().unwrap();
    let mut browser = setup.browser(&auth);
    assert_eq!(browser.open("/auth/login/op").await.text(), "Hello, Alice Liddell!");
    assert_eq!(browser.open("/auth/login/strict").await.status(), 502, "RS256 is not on its list");
    assert_eq!(setup.provider.requests_to(Endpoint::Metadata).len(), 1);
    assert_eq!(setup.provider.requests_to(Endpoint::Jwks).len(), 1);
}
