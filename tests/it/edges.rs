//! Odd input, odd clocks and odd headers: nothing breaks, nothing leaks.

use std::time::Duration;

use http::Method;
use tower_oauth::{Clock, Timestamp};
use tower_oauth_test::{Answer, Endpoint};
use tower_oauth_tests::Setup;

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
