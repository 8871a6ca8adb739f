//! A whole login on Redis, and its server failing at each step.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tower_oauth::LoginState;
use tower_oauth::session::SessionStore;
use tower_oauth_redis::RedisStore;
use tower_oauth_test::{Answer, Endpoint};
use tower_oauth_tests::servers::RedisServer;
use tower_oauth_tests::{Setup, callback_url};

use super::{cluster_store, store};

/// A server that keeps what it acknowledged, and an application on it.
async fn durable() -> (Setup, Arc<RedisServer>, RedisStore) {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let server = RedisServer::start_with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let options = RedisStore::options().clock(setup.clock.clone());
    let options = options.deadline(Duration::from_secs(1));
    let store = options.connect(&server.url()).await.unwrap();
    (setup, Arc::new(server), store)
}

fn stored(setup: &Setup, store: impl SessionStore) -> tower_oauth::Auth {
    let builder = setup.builder().store(store).provider(setup.registration());
    builder.login_state(LoginState::Stored).build().unwrap()
}

#[tokio::test]
async fn a_login_from_start_to_end_over_two_replicas() {
    for clustered in [false, true] {
        let setup = Setup::new();
        let open = async || match clustered {
            true => cluster_store("login", &setup.clock).await,
            false => store("login", &setup.clock).await,
        };
        let (one, two) = (setup.auth_on(open().await), setup.auth_on(open().await));
        let mut browser = setup.browser(&one);
        browser.login_as("alice").await;
        assert_eq!(browser.open("/private").await.text(), "private to sub-alice");
        let (name, value) = browser.cookies().remove(0);
        let there = setup.browser(&two);
        there.plant_cookie(&name, &value);
        assert_eq!(there.fetch("/private").await.text(), "private to sub-alice");
        // Used for two days, it lives on; left alone for a day, it ends.
        for _ in 0..4 {
            setup.clock.advance(Duration::from_secs(12 * 3600));
            assert_eq!(there.fetch("/private").await.status(), 200);
        }
        setup.clock.advance(Duration::from_secs(24 * 3600));
        assert_eq!(there.fetch("/private").await.status(), 401);
        browser.login_as("alice").await;
        browser.post("/auth/logout", &[]).await;
        assert_eq!(browser.fetch("/private").await.status(), 401);
    }
}

#[tokio::test]
async fn p01_p02_a_server_that_is_down_at_start_or_callback() {
    let (setup, server, store) = durable().await;
    let browser = setup.browser(&stored(&setup, store));
    let callback = callback_url(&browser, "/auth/login").await;
    server.stop();
    let start = browser.request(Method::GET, "/auth/login", &[]).await;
    assert_eq!(
        (start.status().as_u16(), start.header("location"), start.header("set-cookie")),
        (503, "", "")
    );
    assert_eq!(browser.request(Method::GET, &callback, &[]).await.status(), 503);
    server.start_again();
    assert_eq!(browser.request(Method::GET, &callback, &[]).await.status(), 303);
    assert_eq!(browser.fetch("/private").await.text(), "private to sub-alice");
}

#[tokio::test]
async fn p03_a_mark_that_cannot_be_set_means_no_token_request() {
    let (setup, server, store) = durable().await;
    let browser = setup.browser(&setup.auth_on(store));
    let callback = callback_url(&browser, "/auth/login").await;
    server.pause();
    assert_eq!(browser.request(Method::GET, &callback, &[]).await.status(), 503, "p05");
    server.resume();
    assert!(setup.provider.requests_to(Endpoint::Token).is_empty());
    // The server may have set the mark when it woke. Then nobody may use the attempt any more.
    let again = browser.request(Method::GET, &callback, &[]).await.status().as_u16();
    let requests = setup.provider.requests_to(Endpoint::Token).len();
    assert!(matches!((again, requests), (303, 1) | (400, 0)), "{again} {requests}");
}

#[tokio::test]
async fn p04_a_session_that_cannot_be_saved_signs_nobody_in() {
    let (setup, server, store) = durable().await;
    let browser = setup.browser(&setup.auth_on(store));
    let callback = callback_url(&browser, "/auth/login").await;
    let stops = Arc::clone(&server);
    setup.provider.answer(Endpoint::Token, Answer::modify(move |_| stops.stop()));
    let page = browser.request(Method::GET, &callback, &[]).await;
    assert_eq!(page.status(), 503);
    server.start_again();
    assert_eq!(browser.fetch("/private").await.status(), 401);
    assert_eq!(browser.request(Method::GET, &callback, &[]).await.status(), 400, "used");
    assert_eq!(setup.provider.requests_to(Endpoint::Token).len(), 1);
}

#[tokio::test]
async fn p05_p06_a_server_that_is_slow_or_gone_is_not_anonymous() {
    let (setup, server, store) = durable().await;
    let mut browser = setup.browser(&setup.auth_on(store));
    browser.login_as("alice").await;
    let cookies = browser.cookies();
    for slow in [true, false] {
        if slow {
            server.pause();
        } else {
            server.stop();
        }
        for path in ["/", "/private", "/token"] {
            let page = browser.open(path).await;
            assert_eq!(
                (page.status().as_u16(), page.json()["code"].as_str().unwrap()),
                (503, "store_unavailable")
            );
        }
        assert_eq!(browser.open("/public").await.text(), "public");
        assert_eq!(browser.cookies(), cookies, "kept");
        if slow {
            server.resume();
        } else {
            server.start_again();
        }
        assert_eq!(browser.fetch("/private").await.text(), "private to sub-alice", "p25");
    }
}

/// The catalogue's dangerous row: a sign-out that is not durable. It is an error, and can be done again.
#[tokio::test]
async fn l03_a_sign_out_that_the_server_did_not_see_is_not_claimed() {
    let (setup, server, store) = durable().await;
    let mut browser = setup.browser(&setup.auth_on(store));
    browser.login_as("alice").await;
    let (name, value) = browser.cookies().remove(0);
    server.stop();
    assert_eq!(browser.post("/auth/logout", &[]).await.status(), 503);
    server.start_again();
    browser.plant_cookie(&name, &value);
    assert_eq!(browser.fetch("/private").await.status(), 200, "it lives");
    browser.post("/auth/logout", &[]).await;
    server.stop();
    server.start_again();
    browser.plant_cookie(&name, &value);
    assert_eq!(browser.fetch("/private").await.status(), 401, "and this time it does not");
}

#[tokio::test]
async fn p11_a_request_under_way_brings_no_session_back() {
    let setup = Setup::new();
    let auth = setup.auth_on(store("p11-product", &setup.clock).await);
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    let (name, value) = browser.cookies().remove(0);
    // So long after the login that each request would extend the session.
    setup.clock.advance(Duration::from_secs(12 * 3600));
    let requests = (0..20).map(|_| {
        let browser = setup.browser(&auth);
        browser.plant_cookie(&name, &value);
        async move { browser.fetch("/private").await }
    });
    let requests = futures_util::future::join_all(requests);
    let (_, signed_out) = tokio::join!(requests, browser.post("/auth/logout", &[]));
    assert_eq!(signed_out.status(), 200);
    browser.plant_cookie(&name, &value);
    assert_eq!(browser.fetch("/private").await.status(), 401);
}
