//! A logout token at one process, where each keeps sessions of its own for a while.

use std::sync::{Mutex, mpsc};
use std::time::Duration;

use http::StatusCode;
use tower_oauth::{Clock, SystemClock};
use tower_oauth_test::{Answer, Endpoint, TestBrowser};

use crate::fleet::{Fleet, until};
use crate::store::Store;

const BOUND: u64 = 2;

/// Delivers the logout token of alice's latest session to the first process.
async fn sign_out_at_the_provider(fleet: &Fleet, browser: &TestBrowser) {
    let sid = fleet.provider.latest_sid("sub-alice").unwrap();
    let token = fleet.provider.logout_token(None, Some(&sid));
    fleet.balancer.choose(0);
    let page = browser.backchannel_logout("/auth/backchannel-logout/op", &token).await;
    assert_eq!(page.status(), StatusCode::OK, "{}", page.text());
}

async fn assert_signed_in_at_each(fleet: &Fleet, browser: &TestBrowser) {
    for page in fleet.seen_by_each(browser).await {
        assert_eq!(page.json()["subject"], "sub-alice", "{}", page.text());
    }
}

async fn over_within_the_bound(store: Store) {
    let fleet = Fleet::with_near_caches(&store.url(), BOUND).await;
    let (mut other, mut browser) = (fleet.browser(), fleet.browser());
    other.open("/auth/login/op").await;
    browser.open("/auth/login/op").await;
    assert_signed_in_at_each(&fleet, &browser).await;
    sign_out_at_the_provider(&fleet, &browser).await;
    let clock = SystemClock::default();
    let over = clock.monotonic();
    assert_eq!(browser.fetch("/me").await.status(), StatusCode::UNAUTHORIZED, "at once");
    for replica in [1, 2] {
        fleet.balancer.choose(replica);
        loop {
            let is_past_the_bound = clock.monotonic() - over >= Duration::from_secs(BOUND);
            if browser.fetch("/me").await.status() == StatusCode::UNAUTHORIZED {
                break;
            }
            assert!(!is_past_the_bound, "replica {replica} takes it for signed in");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    assert_signed_in_at_each(&fleet, &other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b01_p19_a_logout_token_at_one_process_counts_at_all_within_the_bound_on_redis() {
    over_within_the_bound(Store::redis()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b01_p19_a_logout_token_at_one_process_counts_at_all_within_the_bound_on_postgresql() {
    over_within_the_bound(Store::postgres().await).await;
}

/// However long a process keeps the session, no token is refreshed for it.
async fn no_refresh_brings_it_back(store: Store) {
    let fleet = Fleet::with_near_caches(&store.url(), 3600).await;
    let browser = fleet.sign_in_with_an_expired_token().await;
    assert_signed_in_at_each(&fleet, &browser).await;
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let held = Answer::modify(move |_| {
        // The test that lets go of its end, or fails, lets it go on.
        let _ = tokio::task::block_in_place(|| released.lock().unwrap().recv());
    });
    fleet.provider.answer(Endpoint::Refresh, held);
    fleet.balancer.choose(1);
    let same = browser.clone();
    let under_way = tokio::spawn(async move { same.fetch("/token").await });
    until("it is held", || fleet.asked(Endpoint::Refresh) == 1).await;
    sign_out_at_the_provider(&fleet, &browser).await;
    drop(release);
    assert_eq!(under_way.await.unwrap().status(), StatusCode::UNAUTHORIZED);

    let seen = fleet.seen_by_each(&browser).await;
    let statuses: Vec<_> = seen.iter().map(|page| page.status().as_u16()).collect();
    assert_eq!(statuses, [401, 401, 200], "only the last one has not asked the store");
    for path in ["/token", "/me"] {
        let page = browser.fetch(path).await;
        assert_eq!(page.status(), StatusCode::UNAUTHORIZED, "{path}: {}", page.text());
    }
    assert_eq!(fleet.asked(Endpoint::Refresh), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn b01_v5_a_session_that_a_process_keeps_is_not_refreshed_after_its_end_on_redis() {
    no_refresh_brings_it_back(Store::redis()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b01_v5_a_session_that_a_process_keeps_is_not_refreshed_after_its_end_on_postgresql() {
    no_refresh_brings_it_back(Store::postgres().await).await;
}
