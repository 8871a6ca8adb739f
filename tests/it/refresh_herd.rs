//! Many requests that need the same token, in one process: one refresh, whoever hangs up.

use std::collections::HashSet;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use axum::routing::get;
use http::Method;
use tokio::sync::Semaphore;
use tower_oauth::{AccessToken, Auth, User};
use tower_oauth_test::{Answer, Endpoint, FakeProvider, Signing, TestBrowser};
use tower_oauth_tests::{CountingStore, Gate, Operation, Setup, app, settle};

use crate::refresh::{LIFETIME, refreshes, seconds, signed_in, token};

/// The tokens that `count` requests at once are given.
async fn herd(browser: &TestBrowser, count: usize) -> Vec<String> {
    let requests: Vec<_> = (0..count)
        .map(|_| {
            let browser = browser.clone();
            tokio::spawn(async move { token(&browser).await })
        })
        .collect();
    let mut tokens = Vec::new();
    for request in requests {
        tokens.push(request.await.unwrap());
    }
    tokens
}

/// The provider takes whoever presents a refresh token twice for a thief.
fn assert_presented_once(provider: &FakeProvider) {
    let mut seen = HashSet::new();
    for request in provider.requests_to(Endpoint::Refresh) {
        let token = request.form().get("refresh_token").unwrap().to_owned();
        assert!(seen.insert(token), "V6: a refresh token was presented twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn j02_a_herd_of_a_thousand_refreshes_once_and_nobody_is_signed_out() {
    let setup = Setup::new();
    let (browser, store) = signed_in(&setup).await;
    let old = token(&browser).await;
    let marks = store.count(Operation::MarkOnce);
    for round in 1..=3 {
        setup.clock.advance(seconds(LIFETIME));
        let tokens = herd(&browser, 1000).await;
        assert_eq!(refreshes(&setup.provider), round);
        assert_eq!(store.count(Operation::MarkOnce), marks + round, "nobody else tried");
        let distinct: HashSet<_> = tokens.into_iter().collect();
        assert_eq!(distinct.len(), 1, "everybody got the new one");
        assert!(!distinct.contains(&old));
        assert_eq!(browser.fetch("/").await.text(), "Hello, Alice Liddell!");
    }
    assert_presented_once(&setup.provider);
}

#[tokio::test]
async fn j02_who_comes_while_it_is_under_way_waits_for_it() {
    let setup = Setup::new();
    let gate = Gate::before(setup.provider.http_client());
    let auth = setup.offline_auth(|builder| builder.http_client(Arc::new(gate.clone())));
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    setup.clock.advance(seconds(LIFETIME));
    let herd = tokio::spawn({
        let browser = browser.clone();
        async move { herd(&browser, 50).await }
    });
    settle().await;
    assert_eq!((gate.waiting(), refreshes(&setup.provider)), (1, 0));
    gate.open();
    assert_eq!(herd.await.unwrap().into_iter().collect::<HashSet<_>>().len(), 1);
    assert_eq!(refreshes(&setup.provider), 1);
}

/// A request that has read its session, and then takes its time before it asks for the token.
#[tokio::test]
async fn latecomers_with_the_old_token_are_handed_the_new_one() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let auth = setup.offline_auth(|builder| builder.store(store.clone()));
    let go = Arc::new(Semaphore::new(0));
    let gate = go.clone();
    let slow = get(async move |user: User, request: axum::extract::Request| {
        let _ = gate.acquire().await.unwrap();
        let (parts, _) = request.into_parts();
        let token = AccessToken::from_parts(&parts).await.unwrap();
        format!("{} {}", user.subject(), token.secret())
    });
    let app = Router::new().route("/slow", slow).layer(auth.layer()).merge(app(&auth));
    let mut browser = setup.browser_of(app);
    browser.login_as("alice").await;
    setup.clock.advance(seconds(LIFETIME));
    let late = tokio::spawn({
        let browser = browser.clone();
        async move { browser.fetch("/slow").await.text() }
    });
    settle().await;
    let new = token(&browser).await;
    let loads = store.count(Operation::Load);
    go.add_permits(1);
    assert_eq!(late.await.unwrap(), format!("sub-alice {new}"));
    assert_eq!(refreshes(&setup.provider), 1);
    assert_eq!(store.count(Operation::Load), loads, "it was remembered");
}

#[tokio::test]
async fn whoever_hangs_up_at_any_moment_loses_no_refresh_token() {
    let mut polls = 0;
    loop {
        let setup = Setup::with(|op| op.signing(Signing::Es256));
        let (browser, _) = signed_in(&setup).await;
        setup.clock.advance(seconds(LIFETIME));
        let finished = {
            let mut request = pin!(browser.fetch("/token"));
            let mut left = polls;
            poll_fn(|context| match request.as_mut().poll(context) {
                Poll::Ready(_) => Poll::Ready(true),
                Poll::Pending if left == 0 => Poll::Ready(false),
                Poll::Pending => {
                    left -= 1;
                    Poll::Pending
                }
            })
            .await
        };
        settle().await;
        token(&browser).await;
        assert_eq!(refreshes(&setup.provider), 1, "hung up at poll {polls}");
        setup.clock.advance(seconds(LIFETIME));
        token(&browser).await;
        assert_presented_once(&setup.provider);
        if finished {
            break;
        }
        polls += 1;
    }
    assert!(polls > 0, "there was a moment to hang up");
}

#[tokio::test]
async fn p13_a_handler_that_fails_loses_no_refresh_token() {
    let setup = Setup::new();
    let auth = setup.offline_auth(|builder| builder);
    let fails = get(async |_: AccessToken| http::StatusCode::INTERNAL_SERVER_ERROR);
    let app = Router::new().route("/fails", fails).layer(auth.layer()).merge(app(&auth));
    let mut browser = setup.browser_of(app);
    browser.login_as("alice").await;
    setup.clock.advance(seconds(LIFETIME));
    assert_eq!(browser.fetch("/fails").await.status(), 500);
    token(&browser).await;
    setup.clock.advance(seconds(LIFETIME));
    token(&browser).await;
    assert_eq!(refreshes(&setup.provider), 2);
    assert_presented_once(&setup.provider);
}

/// As many sessions as sign in together, each with a browser of its own.
async fn crowd(auth: &Auth, setup: &Setup, count: usize) -> Vec<TestBrowser> {
    setup.provider.approve_as(Some("alice"));
    let mut browsers = Vec::new();
    for _ in 0..count {
        let mut browser = setup.browser(auth);
        browser.open("/auth/login/op").await;
        browsers.push(browser);
    }
    browsers
}

#[tokio::test]
async fn j22_a_thousand_sessions_at_once_do_not_storm_the_provider() {
    let setup = Setup::with(|op| op.signing(Signing::Es256));
    let gate = Gate::before(setup.provider.http_client());
    let auth = setup.offline_auth(|builder| builder.http_client(Arc::new(gate.clone())));
    let browsers = crowd(&auth, &setup, 1000).await;
    setup.clock.advance(seconds(LIFETIME));
    let requests: Vec<_> = browsers
        .into_iter()
        .map(|browser| tokio::spawn(async move { token(&browser).await }))
        .collect();
    settle().await;
    assert_eq!(gate.waiting(), 64, "the others wait their turn");
    // Those who want no token, and those who sign in, are not held up.
    let mut other = setup.browser(&auth);
    assert_eq!(other.open("/public").await.text(), "public");
    assert_eq!(other.open("/private").await.text(), "private to sub-alice");
    gate.open();
    for request in requests {
        request.await.unwrap();
    }
    assert_eq!((gate.most_waiting(), refreshes(&setup.provider)), (64, 1000));
}

#[tokio::test]
async fn j22_sessions_that_signed_in_together_do_not_refresh_together() {
    let setup = Setup::with(|op| op.signing(Signing::Es256));
    let auth = setup.offline_auth(|builder| builder);
    let browsers = crowd(&auth, &setup, 100).await;
    setup.clock.advance(seconds(LIFETIME - 91));
    let mut busiest = 0;
    for _ in 0..30 {
        let before = refreshes(&setup.provider);
        for browser in &browsers {
            token(browser).await;
        }
        settle().await;
        busiest = busiest.max(refreshes(&setup.provider) - before);
        setup.clock.advance(seconds(1));
    }
    assert_eq!(refreshes(&setup.provider), 100);
    assert!(busiest < 25, "{busiest} in one second");
}

#[tokio::test]
async fn a_failure_is_shared_as_a_success_is() {
    let setup = Setup::new();
    let (browser, _) = signed_in(&setup).await;
    setup.clock.advance(seconds(LIFETIME));
    setup.provider.answer_always(Endpoint::Refresh, Answer::status(500));
    let requests: Vec<_> = (0..50)
        .map(|_| {
            let browser = browser.clone();
            tokio::spawn(async move { browser.request(Method::GET, "/token", &[]).await })
        })
        .collect();
    for request in requests {
        assert_eq!(request.await.unwrap().status(), 503);
    }
    assert_eq!(refreshes(&setup.provider), 1);
}
