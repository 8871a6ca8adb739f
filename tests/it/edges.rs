//! Odd input, odd clocks and odd headers: nothing breaks, nothing leaks.

use std::time::Duration;

use http::Method;
use tower_oauth::{Clock, Timestamp};
use tower_oauth_test::{Answer, Endpoint};
use tower_oauth_tests::Setup;

use tower::ServiceExt;

use crate::faults::fails;
use crate::login::url_encode;

#[tokio::test]
async fn s13_s15_malformed_targets_fall_back_to_the_start_page() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    let long = "a".repeat(64 * 1024);
    for target in ["%", "%zz", "http://[", "http://[::1", ":", "", "/\r\nSet-Cookie: a=b", &long] {
        for path in [
            format!("/auth/login?return_to={target}"),
            format!("/auth/login?return_to={}", url_encode(target)),
        ] {
            let Ok(uri) = path.parse::<http::Uri>() else { continue };
            let mut browser = setup.browser(&auth);
            let page = browser.open(&uri.to_string()).await;
            assert_eq!(page.url().as_str(), "https://app.example/", "{target:.40}");
        }
    }
    let mut browser = setup.browser(&auth);
    let page = browser.open("/auth/login?return_to=/private&return_to=/public").await;
    assert_eq!(page.url().path(), "/", "two targets are none");
}

#[tokio::test]
async fn h13_no_route_of_the_login_answers_other_origins() {
    let setup = Setup::new();
    let auth = setup.auth();
    let browser = setup.browser(&auth);
    let headers = [("origin", "https://evil.example"), ("access-control-request-method", "POST")];
    for (method, path) in [
        (Method::GET, "/auth/login"),
        (Method::GET, "/auth/callback/op?code=c&state=s"),
        (Method::OPTIONS, "/auth/logout"),
        (Method::POST, "/auth/logout"),
        (Method::GET, "/auth/logged-out"),
    ] {
        let page = browser.request(method, path, &headers).await;
        let allows = page.headers().keys().any(|name| name.as_str().starts_with("access-control-"));
        assert!(!allows, "{path}");
    }
}

#[tokio::test]
async fn k18_lifetimes_of_any_length_do_not_wrap() {
    for (idle, absolute) in [(60, 60), (u64::MAX, u64::MAX), (60, u64::MAX)] {
        let setup = Setup::new();
        let auth = setup
            .builder()
            .idle_lifetime(Duration::from_secs(idle))
            .absolute_lifetime(Duration::from_secs(absolute))
            .provider(setup.registration())
            .build()
            .unwrap();
        let mut browser = setup.browser(&auth);
        assert_eq!(browser.login_as("alice").await.text(), "Hello, Alice Liddell!");
    }
    let setup = Setup::new();
    for (idle, absolute) in [(0, 60), (59, 60), (3600, 60)] {
        let builder = setup.builder().idle_lifetime(Duration::from_secs(idle));
        let builder = builder.absolute_lifetime(Duration::from_secs(absolute));
        let error = builder.provider(setup.registration()).build().unwrap_err();
        assert_eq!(error.setting(), "session lifetimes");
    }
}

/// Clocks that jump: sessions end early at most, nothing panics, nothing lives for ever.
#[tokio::test]
async fn clock_jumps_end_sessions_early_at_most() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let now = setup.clock.now();
    setup.clock.set(now - Duration::from_secs(3600));
    assert_eq!(browser.open("/").await.text(), "Hello, Alice Liddell!", "an hour back");
    setup.clock.set(Timestamp::from_unix_seconds(0));
    assert_eq!(browser.open("/").await.text(), "Hello, Alice Liddell!", "1970");
    setup.clock.set(now + Duration::from_secs(2 * 3600));
    assert_eq!(browser.open("/").await.text(), "Hello, Alice Liddell!", "two hours on");
    setup.clock.set(now + Duration::from_secs(31 * 86_400));
    assert_eq!(browser.open("/").await.text(), "Hello, stranger!", "past the absolute end");
    setup.clock.set(Timestamp::from_unix_seconds(u64::MAX));
    assert_eq!(browser.open("/").await.text(), "Hello, stranger!");
}

/// A provider whose clock is off by more than the leeway: refused, and the reason names the difference.
#[tokio::test]
async fn i42_clock_skew() {
    for (skew, accepted) in [(-59_i64, true), (59, true), (-400, false), (61, false)] {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        setup.provider.modify_id_token(move |_, claims| {
            for claim in ["iat", "exp", "auth_time"] {
                let moved = claims[claim].as_i64().unwrap() + skew;
                claims.insert(claim.into(), moved.into());
            }
        });
        let mut browser = setup.browser(&setup.auth());
        let page = browser.open("/auth/login").await;
        assert_eq!(page.status() == 200, accepted, "{skew} seconds");
    }
}

#[tokio::test]
async fn d10_unknown_members_and_values_are_no_obstacle() {
    let setup = Setup::new();
    setup.provider.answer_always(
        Endpoint::Metadata,
        Answer::modify(|response| {
            let mut document: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
            document["response_types_supported"] = serde_json::json!(["none", "x y z", "code"]);
            document["id_token_signing_alg_values_supported"] = serde_json::json!(["none", "X1"]);
            document["signed_metadata"] = "a.b.c".into();
            document["mtls_endpoint_aliases"] =
                serde_json::json!({ "token_endpoint": "https://evil.example" });
            *response.body_mut() = document.to_string().into();
        }),
    );
    let mut browser = setup.browser(&setup.auth());
    assert_eq!(browser.login_as("alice").await.text(), "Hello, Alice Liddell!");
}

#[tokio::test]
async fn u11_u14_users_are_told_apart_by_issuer_and_subject_alone() {
    let subject_of = async |issuer: &'static str, subject: &'static str| {
        let setup = Setup::with(|op| {
            op.issuer(issuer).user(
                tower_oauth_test::TestUser::new(subject).with_claim("email", "same@example.com"),
            )
        });
        let mut browser = setup.browser(&setup.auth());
        browser.login_as(subject).await;
        let profile = browser.open("/profile").await.json();
        format!("{} {}", profile["issuer"], profile["subject"])
    };
    let keys = [
        subject_of("https://op.example", "abc").await,
        subject_of("https://op.example", "ABC").await,
        subject_of("https://op.example", "abc ").await,
        subject_of("https://other.example", "abc").await,
    ];
    let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), keys.len(), "{keys:?}");
}

#[tokio::test]
async fn s11_a_protected_address_that_looks_like_another_site_is_no_target() {
    let setup = Setup::new();
    let auth = setup.auth();
    let app = axum::Router::new()
        .fallback(async |user: tower_oauth::User| user.subject().to_owned())
        .layer(auth.layer());
    for target in ["//evil.example/%2f..", "http://evil.example/x", "/%5cevil.example"] {
        let request = http::Request::get(target)
            .header("accept", "text/html")
            .body(axum::body::Body::empty())
            .unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        let location = response.headers()["location"].to_str().unwrap();
        let back = location.strip_prefix("/auth/login").unwrap();
        assert!(["", "?return_to=%2Fx"].contains(&back), "{target}: {location}");
    }
}

#[tokio::test]
async fn h05_h07_no_header_opens_a_protected_route() {
    let setup = Setup::new();
    let auth = setup.auth();
    let browser = setup.browser(&auth);
    for header in [
        ("x-forwarded-uri", "/public"),
        ("x-original-url", "/public"),
        ("x-rewrite-url", "/public"),
        ("user-agent", "GoogleHC/1.0"),
        ("user-agent", "kube-probe/1.31"),
        ("authorization", "Bearer anything"),
        ("x-forwarded-user", "sub-alice"),
    ] {
        assert_eq!(browser.request(Method::GET, "/private", &[header]).await.status(), 401);
    }
}

#[tokio::test]
async fn t25_unknown_members_of_a_token_response_are_ignored() {
    let setup = Setup::new();
    setup.provider.answer_always(
        Endpoint::Token,
        Answer::modify(|response| {
            let mut body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
            for number in 0..50 {
                body[format!("unknown-{number}")] = serde_json::json!({ "a": [1, { "b": null }] });
            }
            *response.body_mut() = body.to_string().into();
        }),
    );
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    assert!(!browser.open("/profile").await.text().contains("unknown-"));
}

/// Whatever is wrong with an ID token, the browser is told the same.
#[tokio::test]
async fn i45_the_answer_does_not_tell_which_rule_failed() {
    let mut answers = std::collections::BTreeSet::new();
    for claim in ["iss", "aud", "sub", "exp", "iat"] {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        setup.provider.modify_id_token(move |_, claims| {
            claims.insert(claim.into(), serde_json::Value::Null);
        });
        let ((status, code), page) = fails(&setup).await;
        let mut body = page.json();
        body["correlation_id"] = "".into();
        answers.insert(format!("{status} {code} {body}"));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn u18_claims_that_live_elsewhere_are_not_fetched() {
    let setup = Setup::new();
    setup.provider.modify_id_token(|_, claims| {
        claims.insert("_claim_names".into(), serde_json::json!({ "address": "src" }));
        let source =
            serde_json::json!({ "src": { "endpoint": "https://op.example/userinfo?distributed" } });
        claims.insert("_claim_sources".into(), source);
    });
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let asked = setup.provider.requests_to(Endpoint::UserInfo);
    assert_eq!((asked.len(), asked[0].uri().query()), (1, None));
}

#[tokio::test]
async fn q14_long_headers_and_queries_are_answered() {
    let setup = Setup::new();
    let auth = setup.auth();
    let browser = setup.browser(&auth);
    let long = "a=b; ".repeat(20_000);
    let page = browser.request(Method::GET, "/private", &[("cookie", &long)]).await;
    assert_eq!(page.status(), 401);
    let query = format!("/auth/callback/op?state=s&x={}", "y".repeat(60_000));
    assert_eq!(browser.request(Method::GET, &query, &[]).await.status(), 400);
}

/// A sign-out while a handler runs: that request ends as it began, the next one is nobody's.
#[tokio::test]
async fn x06_v5_a_request_in_flight_does_not_undo_a_sign_out() {
    let setup = Setup::new();
    let store = tower_oauth_tests::CountingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let gate = std::sync::Arc::new(tokio::sync::Notify::new());
    let waits = gate.clone();
    let slow = async move |before: tower_oauth::User| {
        waits.notified().await;
        before.subject().to_owned()
    };
    let app =
        tower_oauth_tests::app(&auth).route("/slow", axum::routing::get(slow).layer(auth.layer()));
    let mut browser = setup.browser_of(app);
    browser.login_as("alice").await;
    setup.clock.advance(Duration::from_secs(12 * 3600));
    let tab = browser.clone();
    let request = tokio::spawn(async move { tab.fetch("/slow").await.text() });
    tokio::task::yield_now().await;
    browser.post("/auth/logout", &[]).await;
    gate.notify_one();
    assert_eq!(request.await.unwrap(), "sub-alice");
    assert_eq!((store.sessions(), browser.fetch("/private").await.status().as_u16()), (0, 401));
}
