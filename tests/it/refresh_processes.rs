//! Several processes on one store refresh one token: which of them does, and what becomes of it if that one dies.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;
use tower_oauth::HttpClient;
use tower_oauth::session::SessionStore;
use tower_oauth_test::{Answer, Endpoint, TestBrowser};
use tower_oauth_tests::{BytesStore, CountingStore, Gate, Operation, Setup, settle};

use crate::refresh::{LIFETIME, refreshes, seconds, token};

/// A browser in front of another process, with the cookies of `browser`.
pub(crate) fn at_another_process(
    browser: &TestBrowser,
    setup: &Setup,
    store: &(impl SessionStore + Clone),
    network: Arc<dyn HttpClient>,
) -> TestBrowser {
    let auth = setup.offline_auth(|builder| builder.store(store.clone()).http_client(network));
    let other = setup.browser(&auth);
    for (name, value) in browser.cookies() {
        other.plant_cookie(&name, &value);
    }
    other
}

/// Somebody who is signed in at a first process, whose refreshes pass `network`.
pub(crate) async fn signed_in_through(
    setup: &Setup,
    store: &(impl SessionStore + Clone),
    network: Arc<dyn HttpClient>,
) -> TestBrowser {
    let mut browser = at_another_process(&setup.browser(&setup.auth()), setup, store, network);
    browser.login_as("alice").await;
    browser
}

fn paused() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn j03_a_herd_over_three_processes_refreshes_once() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let network = setup.provider.http_client();
    let first = signed_in_through(&setup, &store, network.clone()).await;
    let others = [(); 2].map(|()| at_another_process(&first, &setup, &store, network.clone()));
    for round in 1..=3 {
        setup.clock.advance(seconds(LIFETIME));
        let requests: Vec<_> = (0..150)
            .map(|number| {
                let browser = [&first, &others[0], &others[1]][number % 3].clone();
                tokio::spawn(async move { token(&browser).await })
            })
            .collect();
        let mut tokens = HashSet::new();
        for request in requests {
            tokens.insert(request.await.unwrap());
        }
        assert_eq!((tokens.len(), refreshes(&setup.provider)), (1, round));
    }
}

#[tokio::test(start_paused = true)]
async fn j03_the_others_wait_as_long_as_they_can_and_take_what_comes() {
    for (waits, status) in [(15, 200), (25, 503)] {
        let setup = Setup::new();
        let store = CountingStore::new(setup.clock.clone());
        let gate = Gate::before(setup.provider.http_client());
        let first = signed_in_through(&setup, &store, Arc::new(gate.clone())).await;
        let second = at_another_process(&first, &setup, &store, setup.provider.http_client());
        setup.clock.advance(seconds(LIFETIME));
        let slow = tokio::spawn(async move { token(&first).await });
        settle().await;
        assert_eq!(gate.waiting(), 1);
        let begun = Instant::now();
        let waiting = tokio::spawn(async move { second.fetch("/token").await });
        tokio::time::sleep(seconds(waits)).await;
        gate.open();
        let page = waiting.await.unwrap();
        assert_eq!(page.status(), status, "{}", page.text());
        assert!(begun.elapsed() < seconds(27), "{:?}", begun.elapsed());
        let new = slow.await.unwrap();
        if status == 200 {
            assert_eq!(page.json()["token"], new);
        }
        assert_eq!(refreshes(&setup.provider), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_still_valid_is_not_waited_for_long() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let gate = Gate::before(setup.provider.http_client());
    let first = signed_in_through(&setup, &store, Arc::new(gate.clone())).await;
    let old = token(&first).await;
    setup.clock.advance(seconds(LIFETIME - 30));
    let begun = Instant::now();
    assert_eq!(token(&first).await, old);
    assert_eq!(begun.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn j09_a_failure_lets_every_process_wait_and_none_longer_than_it_says() {
    let setup = Setup::new();
    let store = BytesStore::new(setup.clock.clone());
    let network = setup.provider.http_client();
    let first = signed_in_through(&setup, &store, network.clone()).await;
    let second = at_another_process(&first, &setup, &store, network);
    setup.clock.advance(seconds(LIFETIME));
    let busy = Answer::status(503).header("retry-after", "20");
    setup.provider.answer(Endpoint::Refresh, busy);
    assert_eq!(first.fetch("/token").await.header("retry-after"), "20");
    let begun = Instant::now();
    let page = second.fetch("/token").await;
    assert_eq!((page.status().as_u16(), page.header("retry-after")), (503, "20"));
    assert_eq!(begun.elapsed(), seconds(0), "it is known");
    assert_eq!(refreshes(&setup.provider), 1);
    setup.clock.advance(seconds(20));
    token(&second).await;
    assert_eq!(refreshes(&setup.provider), 2);
}

/// A process that dies while its refresh is on its way: the provider has heard nothing.
#[test]
fn j04_a_process_that_dies_keeps_the_others_out_for_two_minutes_at_most() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let gate = Gate::before(setup.provider.http_client());
    let dying = paused();
    let first = dying.block_on(async {
        let first = signed_in_through(&setup, &store, Arc::new(gate.clone())).await;
        setup.clock.advance(seconds(LIFETIME));
        let browser = first.clone();
        tokio::spawn(async move { browser.fetch("/token").await });
        settle().await;
        assert_eq!(gate.waiting(), 1);
        first
    });
    drop(dying);
    assert_eq!(refreshes(&setup.provider), 0);
    paused().block_on(async {
        let second = at_another_process(&first, &setup, &store, setup.provider.http_client());
        let begun = Instant::now();
        let page = second.fetch("/token").await;
        assert_eq!(
            (page.status().as_u16(), page.json()["code"].clone()),
            (503, "token_unavailable".into())
        );
        assert!(begun.elapsed() < seconds(25), "{:?}", begun.elapsed());
        setup.clock.advance(seconds(120));
        token(&second).await;
        assert_eq!(refreshes(&setup.provider), 1);
    });
}

/// A process that dies before the answer reaches it: the provider has replaced the refresh token, and nobody knows
/// the new one.
#[test]
fn j07_a_refresh_token_that_died_with_its_process_costs_one_login() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let gate = Gate::behind(setup.provider.http_client());
    let dying = paused();
    let first = dying.block_on(async {
        let first = signed_in_through(&setup, &store, Arc::new(gate.clone())).await;
        setup.clock.advance(seconds(LIFETIME));
        let browser = first.clone();
        tokio::spawn(async move { browser.fetch("/token").await });
        settle().await;
        first
    });
    drop(dying);
    assert_eq!((gate.waiting(), refreshes(&setup.provider)), (1, 1));
    paused().block_on(async {
        let mut second = at_another_process(&first, &setup, &store, setup.provider.http_client());
        setup.clock.advance(seconds(120));
        assert_eq!(second.fetch("/token").await.status(), 401);
        assert_eq!(second.fetch("/token").await.status(), 401);
        assert_eq!(refreshes(&setup.provider), 2);
        let page = second.open("/token").await;
        assert!(page.url().as_str().starts_with("https://op.example/authorize"));
        second.click("Alice").await;
        token(&second).await;
    });
}

/// While a refresh is under way, a request moves the idle end of the session.
#[tokio::test(start_paused = true)]
async fn p12_a_touch_and_a_refresh_both_land() {
    let setup = Setup::with(|op| op.access_token_lifetime(seconds(4 * 3600)));
    let store = CountingStore::new(setup.clock.clone());
    let gate = Gate::before(setup.provider.http_client());
    let browser = signed_in_through(&setup, &store, Arc::new(gate.clone())).await;
    setup.clock.advance(seconds(4 * 3600));
    let waiting = tokio::spawn({
        let browser = browser.clone();
        async move { token(&browser).await }
    });
    settle().await;
    assert_eq!(gate.waiting(), 1);
    setup.clock.advance(seconds(3 * 3600));
    let swaps = store.count(Operation::Swap);
    browser.fetch("/private").await;
    assert_eq!(store.count(Operation::Swap), swaps + 1, "touched");
    gate.open();
    let new = waiting.await.unwrap();
    assert_eq!(token(&browser).await, new);
    assert_eq!(refreshes(&setup.provider), 1);
    // The touch was a day ago but for half an hour; what it overtook would have let the session end before.
    setup.clock.advance(seconds(23 * 3600 + 1800));
    assert_eq!(browser.fetch("/private").await.status(), 200);
}
