//! A provider that is down, slow, or answers nonsense.

use std::time::Duration;

use serde_json::json;
use tower_oauth_test::{Answer, Endpoint, Page};
use tower_oauth_tests::Setup;

use crate::login::callback_url;

/// A login that must fail: nobody is signed in and the attempt is over. Tells status and code.
pub(crate) async fn fails(setup: &Setup) -> ((u16, String), Page) {
    let auth = setup.auth();
    let browser = setup.browser(&auth);
    let callback = callback_url(&browser, "/auth/login").await;
    let page = browser.request(http::Method::GET, &callback, &[]).await;
    assert!(browser.cookies().is_empty(), "{}", page.text());
    let code = page.json()["code"].as_str().unwrap().to_owned();
    ((page.status().as_u16(), code), page)
}

#[tokio::test]
async fn d09_the_provider_is_down_at_start_and_up_later() {
    let setup = Setup::new();
    setup.provider.answer_always(Endpoint::Metadata, Answer::refused());
    let mut browser = setup.browser(&setup.auth());
    assert_eq!(browser.open("/public").await.text(), "public");
    let page = browser.open("/private").await;
    assert_eq!(page.status(), 503);
    assert!(page.text().contains("provider_unavailable"));
    assert_eq!(page.header("retry-after"), "2");
    setup.provider.answer_normally(Endpoint::Metadata);
    setup.clock.advance(Duration::from_secs(2));
    browser.click("Try again").await;
    assert_eq!(browser.click("Alice").await.text(), "private to sub-alice");
}

#[tokio::test]
async fn d25_a_provider_that_is_down_is_not_asked_for_every_visitor() {
    let setup = Setup::new();
    setup.provider.answer_always(Endpoint::Metadata, Answer::never());
    let auth = setup.auth();
    for _ in 0..100 {
        let page = setup.browser(&auth).request(http::Method::GET, "/auth/login", &[]).await;
        assert_eq!(page.status(), 504);
    }
    assert_eq!(setup.provider.requests_to(Endpoint::Metadata).len(), 1);
}

#[tokio::test]
async fn d12_d21_the_last_good_copy_serves_while_the_provider_is_down() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    for endpoint in [Endpoint::Metadata, Endpoint::Jwks] {
        setup.provider.answer_always(endpoint, Answer::status(500));
    }
    setup.clock.advance(Duration::from_secs(3 * 60 * 60));
    assert_eq!(browser.login_as("bob").await.text(), "Hello, Bob Builder!");
    setup.clock.advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(browser.open("/auth/login").await.status(), 503);
}

#[tokio::test]
async fn d01_a_document_of_another_issuer_starts_no_login() {
    let setup = Setup::new();
    setup.provider.answer_always(
        Endpoint::Metadata,
        Answer::modify(|response| {
            let text = String::from_utf8(response.body().to_vec()).unwrap();
            let text = text.replace(
                "\"issuer\":\"https://op.example\"",
                "\"issuer\":\"https://op.exampleINVALID\"",
            );
            *response.body_mut() = text.into();
        }),
    );
    let auth = setup.auth();
    let page = setup.browser(&auth).request(http::Method::GET, "/auth/login", &[]).await;
    assert_eq!((page.status().as_u16(), page.json()["code"].as_str().unwrap()), (502, "discovery"));
    assert!(setup.provider.requests_to(Endpoint::Authorization).is_empty());
}

#[tokio::test]
async fn d18_keys_that_rotate_are_found() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    setup.provider.rotate_keys();
    setup.provider.retire_old_keys();
    assert_eq!(browser.login_as("bob").await.text(), "Hello, Bob Builder!");
    assert_eq!(setup.provider.requests_to(Endpoint::Jwks).len(), 2);
    setup.provider.rotate_keys();
    setup.provider.retire_old_keys();
    setup.provider.modify_id_token(|header, _| {
        header.remove("kid");
    });
    setup.clock.advance(Duration::from_secs(30));
    assert_eq!(browser.login_as("bob").await.text(), "Hello, Bob Builder!", "nor without a name");
    assert_eq!(setup.provider.requests_to(Endpoint::Jwks).len(), 3);
}

#[tokio::test]
async fn d19_unknown_keys_cause_one_fetch_per_cooldown() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    setup.provider.modify_id_token(|header, _| {
        header.insert("kid".into(), "unknown".into());
    });
    setup.clock.advance(Duration::from_secs(60));
    for _ in 0..20 {
        let callback = callback_url(&browser, "/auth/login").await;
        assert_eq!(browser.request(http::Method::GET, &callback, &[]).await.status(), 502);
    }
    assert_eq!(setup.provider.requests_to(Endpoint::Jwks).len(), 2);
}

#[tokio::test]
async fn t13_to_t18_the_token_endpoint_fails() {
    let big = "x".repeat(300 * 1024);
    let error = |code: &str| Answer::json(json!({ "error": code }));
    for (answer, status, code) in [
        (error("invalid_grant").with_status(400), 400, "code_rejected"),
        (error("invalid_grant"), 400, "code_rejected"),
        (error("invalid_client").with_status(401), 502, "client_rejected"),
        (error("invalid_request").with_status(400), 502, "token_endpoint"),
        (Answer::status(500).body("<html>"), 503, "provider_unavailable"),
        (Answer::status(429).header("retry-after", "7"), 503, "provider_unavailable"),
        (Answer::status(302).header("location", "https://evil.example/"), 502, "token_endpoint"),
        (
            Answer::status(200).header("content-type", "text/html").body("<html>"),
            502,
            "token_endpoint",
        ),
        (Answer::json(json!({ "access_token": "t", "token_type": "Bearer" })), 502, "id_token"),
        (Answer::correct().with_status(201), 502, "token_endpoint"),
        (Answer::correct().delay(Duration::from_secs(60)), 504, "provider_timeout"),
        (Answer::never(), 504, "provider_timeout"),
        (Answer::refused(), 503, "provider_unavailable"),
        (Answer::correct().cut_off_after(10), 503, "provider_unavailable"),
        (
            Answer::status(200).header("content-type", "application/json").body(big),
            502,
            "token_endpoint",
        ),
    ] {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        let described = format!("{answer:?}");
        setup.provider.answer(Endpoint::Token, answer);
        let (failure, page) = fails(&setup).await;
        assert_eq!(failure, (status, code.into()), "{described}");
        assert_eq!(
            setup.provider.requests_to(Endpoint::Token).len(),
            1,
            "never tried again: {described}"
        );
        assert!(setup.provider.requests_to(Endpoint::UserInfo).is_empty());
        if code == "provider_unavailable" && status == 503 && described.contains("429") {
            assert_eq!(page.header("retry-after"), "7");
        }
    }
}

#[tokio::test]
async fn u01_to_u07_userinfo_that_cannot_be_used() {
    let json_type = |body: &str| {
        Answer::status(200).header("content-type", "application/json").body(body.to_owned())
    };
    for (answer, status, code) in [
        (Answer::json(json!({ "sub": "sub-bob" })), 502, "userinfo"),
        (Answer::json(json!({ "name": "x" })), 502, "userinfo"),
        (Answer::json(json!({ "sub": 7 })), 502, "userinfo"),
        (json_type("[]"), 502, "userinfo"),
        (json_type(""), 502, "userinfo"),
        (json_type("{\"sub\":\"sub-alice\""), 502, "userinfo"),
        (json_type("\u{feff}{\"sub\":\"sub-alice\"}"), 502, "userinfo"),
        (
            json_type(&format!("{{\"sub\":\"sub-alice\",\"x\":{}", "[".repeat(100_000))),
            502,
            "userinfo",
        ),
        (
            json_type(&format!("{{\"sub\":\"sub-alice\",\"x\":\"{}\"}}", "x".repeat(5 << 20))),
            502,
            "userinfo",
        ),
        (json_type(r#"{"sub":"sub-alice","sub":"sub-bob"}"#), 502, "userinfo"),
        (
            Answer::status(200).header("content-type", "application/jwt").body("a.b.c"),
            502,
            "userinfo",
        ),
        (Answer::status(200).header("content-type", "text/html").body("<html>"), 502, "userinfo"),
        (Answer::status(401), 502, "userinfo"),
        (Answer::status(403), 502, "userinfo"),
        (Answer::status(429).header("retry-after", "7"), 503, "provider_unavailable"),
        (Answer::refused(), 503, "provider_unavailable"),
        (Answer::correct().cut_off_after(10), 503, "provider_unavailable"),
        (Answer::status(302).header("location", "https://evil.example"), 502, "userinfo"),
        (Answer::status(500), 503, "provider_unavailable"),
        (Answer::never(), 504, "provider_timeout"),
    ] {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        let described = format!("{answer:?}");
        setup.provider.answer(Endpoint::UserInfo, answer);
        assert_eq!(fails(&setup).await.0, (status, code.into()), "{described}");
    }
}

#[tokio::test]
async fn u05_the_access_token_travels_in_the_header() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let requests = setup.provider.requests_to(Endpoint::UserInfo);
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].uri().query(), None);
    assert!(requests[0].headers()["authorization"].to_str().unwrap().starts_with("Bearer "));
}

#[tokio::test]
async fn u08_u10_security_claims_come_from_the_id_token() {
    let setup = Setup::new();
    setup.provider.answer(
        Endpoint::UserInfo,
        Answer::json(json!({
            "sub": "sub-alice", "iss": "https://evil.example", "sid": "evil", "acr": "evil",
            "email": "a@example.com", "email_verified": "true",
        })),
    );
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let profile = browser.open("/profile").await.json();
    assert_eq!(profile["claims"]["iss"], "https://op.example");
    assert!(!profile.to_string().contains("evil"));
    assert_eq!(profile["email"], "Unknown(\"a@example.com\")", "a string is not true");
}
