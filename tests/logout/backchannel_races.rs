//! A logout token meets logins, requests under way, and a store that fails in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tower_oauth_test::TestBrowser;
use tower_oauth_tests::{CountingStore, Gate, HookedStore, Operation, Setup, settle};

use crate::support::{BACKCHANNEL, Told, is_signed_in};

const ALICE: &str = "sub-alice";

/// The token comes after the provider's answer and before the session is saved.
#[tokio::test]
async fn b20_a_login_that_is_not_saved_yet_does_not_survive() {
    for by_sid in [true, false] {
        let setup = Setup::new();
        let (go, is_closed) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicBool::new(true)));
        let (gate, closed) = (go.clone(), is_closed.clone());
        let inner = CountingStore::new(setup.clock.clone());
        let store = HookedStore::new(inner.clone(), move |operation| {
            let (gate, closed) = (gate.clone(), closed.clone());
            async move {
                if operation == Operation::Create && closed.swap(false, Ordering::SeqCst) {
                    let _ = gate.acquire().await.unwrap();
                }
            }
        });
        let builder = setup.builder().store(store).backchannel_logout(true);
        let auth = builder.provider(setup.registration()).build().unwrap();
        setup.provider.approve_as(Some("alice"));
        let mut browser = setup.browser(&auth);
        let signing_in = tokio::spawn(async move {
            let page = browser.open("/auth/login/op").await;
            (browser, page)
        });
        settle().await;
        let sid = setup.provider.latest_sid(ALICE).unwrap();
        let token = match by_sid {
            true => setup.provider.logout_token(None, Some(&sid)),
            false => setup.provider.logout_token(Some(ALICE), None),
        };
        let page = setup.browser(&auth).backchannel_logout(BACKCHANNEL, &token).await;
        assert_eq!(page.status(), 200);
        go.add_permits(1);
        let (browser, page) = signing_in.await.unwrap();
        assert_eq!(page.status(), 403, "{}", page.text());
        assert!(browser.cookies().is_empty() && !is_signed_in(&browser).await);
        assert_eq!(inner.sessions(), 1, "nothing is left but what says that it ended");
    }
}

/// A token that was issued before the login and comes after it.
#[tokio::test]
async fn b21_a_login_since_lives_on_whether_the_token_is_late_or_comes_again() {
    for sid in [Some("of another day"), None] {
        let told = Told::new();
        let token = told.provider().logout_token(Some(ALICE), sid);
        told.setup.clock.advance(Duration::from_secs(60));
        let alice = told.signed_in("alice").await;
        for expected in [200, 400] {
            assert_eq!(told.deliver(&token).await.status(), expected);
            assert!(is_signed_in(&alice).await);
        }
        told.setup.clock.advance(Duration::from_secs(600));
        assert_eq!(told.deliver(&token).await.status(), 400, "too old by now");
    }
}

/// Of three sessions, one cannot be ended: the two others are, and trying again ends it.
#[tokio::test]
async fn b24_what_could_not_be_ended_is_ended_the_next_time() {
    let told = Told::new();
    let setup = &told.setup;
    let deletes = Arc::new(AtomicUsize::new(0));
    let store = tower_oauth_tests::FailingStore::new(setup.clock.clone());
    let (failing, count) = (store.clone(), deletes.clone());
    let hooked = HookedStore::new(store.clone(), move |operation| {
        let (failing, count) = (failing.clone(), count.clone());
        async move {
            if operation == Operation::Delete {
                // Each call comes by twice, before and after: the second one fails.
                let fails = count.fetch_add(1, Ordering::SeqCst) == 2;
                failing.fail(if fails { &[Operation::Delete] } else { &[] });
            }
        }
    });
    let builder = setup.builder().store(hooked).backchannel_logout(true);
    let auth = builder.provider(setup.registration()).build().unwrap();
    let mut browsers: Vec<TestBrowser> = Vec::new();
    for _ in 0..3 {
        let mut browser = setup.browser(&auth);
        browser.login_as("alice").await;
        browsers.push(browser);
    }
    setup.clock.advance(Duration::from_secs(60));
    let token = setup.provider.logout_token(Some(ALICE), None);
    for (expected, live) in [(400, 1), (200, 0)] {
        let page = browsers[0].backchannel_logout(BACKCHANNEL, &token).await;
        assert_eq!(page.status(), expected);
        let mut left = 0;
        for browser in &browsers {
            left += usize::from(is_signed_in(browser).await);
        }
        assert_eq!(left, live);
    }
}

/// A refresh is under way while the session ends: it brings nobody back, and its tokens are given back.
#[tokio::test]
async fn v5_b01_a_refresh_under_way_brings_nobody_back() {
    let setup = Setup::new();
    let gate = Gate::behind(setup.provider.http_client());
    let store = CountingStore::new(setup.clock.clone());
    let auth = setup.offline_auth(|builder| {
        let builder = builder.store(store.clone()).backchannel_logout(true);
        builder.http_client(Arc::new(gate.clone()))
    });
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    setup.clock.advance(Duration::from_secs(3600));
    let waiting = tokio::spawn({
        let browser = browser.clone();
        async move { browser.fetch("/token").await }
    });
    settle().await;
    assert_eq!(gate.waiting(), 1);
    let sid = setup.provider.latest_sid(ALICE).unwrap();
    let token = setup.provider.logout_token(None, Some(&sid));
    let page = tokio::spawn({
        let browser = browser.clone();
        async move { browser.backchannel_logout(BACKCHANNEL, &token).await }
    });
    settle().await;
    gate.open();
    assert_eq!(page.await.unwrap().status(), 200);
    assert_eq!(waiting.await.unwrap().status(), 401);
    assert!(!is_signed_in(&browser).await);
}
