//! One process at a time presents a refresh token: what a lease is worth when processes sleep, clocks differ, tries fail
//! and a store forgets.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::Semaphore;
use tower_oauth::session::{
    Mark, Record, SessionStore, StoreError, StoreKey, StoredRecord, Swap, Version,
};
use tower_oauth::{HttpClient, HttpError, Limits, MemoryStore, Timestamp};
use tower_oauth_test::{Answer, Endpoint, ManualClock};
use tower_oauth_tests::{CountingStore, Gate, HookedStore, Operation, Setup, settle};

use crate::refresh::{LIFETIME, refreshes, seconds, token};
use crate::refresh_processes::{at_another_process, signed_in_through};

/// A store in which a process falls asleep at every lease, before or after it is taken, until it is woken.
fn sleepy(store: CountingStore, awake: &Arc<Semaphore>) -> HookedStore {
    let awake = awake.clone();
    HookedStore::new(store, move |operation| {
        let awake = awake.clone();
        async move {
            if operation == Operation::MarkOnce {
                awake.acquire().await.unwrap().forget();
            }
        }
    })
}

/// A process that was asleep between reading the session and taking the lease, for longer than the lease of another
/// that has refreshed meanwhile.
#[tokio::test(start_paused = true)]
async fn v6_who_takes_the_lease_looks_again() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let network = setup.provider.http_client();
    let first = signed_in_through(&setup, &store, network.clone()).await;
    let awake = Arc::new(Semaphore::new(0));
    let second = at_another_process(&first, &setup, &sleepy(store.clone(), &awake), network);
    setup.clock.advance(seconds(LIFETIME));
    let waiting = tokio::spawn(async move { token(&second).await });
    settle().await;
    let new = token(&first).await;
    setup.clock.advance(seconds(121));
    awake.add_permits(2);
    assert_eq!(waiting.await.unwrap(), new);
    assert_eq!(store.count(Operation::MarkOnce), 3, "a login, and a lease each");
    assert_eq!(refreshes(&setup.provider), 1);
}

/// A network in which a process falls asleep over the provider's metadata.
#[derive(Debug)]
struct Sleepy(Arc<dyn HttpClient>, Arc<Semaphore>);

#[async_trait::async_trait]
impl HttpClient for Sleepy {
    async fn send(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Bytes>, HttpError> {
        self.1.acquire().await.unwrap().forget();
        self.0.send(request, limits).await
    }
}

/// A process that was asleep between reading the session and asking for the lease, while another has failed: its next
/// try has another lease.
#[tokio::test(start_paused = true)]
async fn v6_a_lease_that_was_handed_back_is_worth_nothing() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let gate = Gate::before(setup.provider.http_client());
    let first = signed_in_through(&setup, &store, Arc::new(gate.clone())).await;
    let network = setup.provider.http_client();
    let awake = Arc::new(Semaphore::new(0));
    let sleepy = Arc::new(Sleepy(network.clone(), awake.clone()));
    let second = at_another_process(&first, &setup, &store, sleepy);
    let third = at_another_process(&first, &setup, &store, network);
    setup.clock.advance(seconds(LIFETIME));
    let waiting = tokio::spawn(async move { second.fetch("/token").await });
    settle().await;
    setup.provider.answer(Endpoint::Refresh, Answer::status(500));
    assert_eq!(third.fetch("/token").await.status(), 503);
    setup.clock.advance(seconds(121));
    let refreshing = tokio::spawn(async move { token(&first).await });
    settle().await;
    assert_eq!(gate.waiting(), 1);
    awake.add_permits(1_000);
    settle().await;
    assert_eq!(refreshes(&setup.provider), 1, "what is at the gate is nobody else's to present");
    gate.open();
    refreshing.await.unwrap();
    assert_eq!(waiting.await.unwrap().status(), 200);
    assert_eq!(refreshes(&setup.provider), 2);
}

#[tokio::test(start_paused = true)]
async fn v6_who_sleeps_over_its_lease_does_not_begin() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let network = setup.provider.http_client();
    let first = signed_in_through(&setup, &store, network.clone()).await;
    let awake = Arc::new(Semaphore::new(1));
    let second = at_another_process(&first, &setup, &sleepy(store, &awake), network);
    setup.clock.advance(seconds(LIFETIME));
    let waiting = tokio::spawn(async move { second.fetch("/token").await });
    settle().await;
    setup.clock.advance(seconds(21));
    awake.add_permits(1_000);
    assert_eq!(waiting.await.unwrap().status(), 503);
    assert_eq!(refreshes(&setup.provider), 0);
}

#[tokio::test(start_paused = true)]
async fn v6_a_clock_that_is_a_minute_slow_gives_no_shorter_lease() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let network = setup.provider.http_client();
    let first = signed_in_through(&setup, &store, network.clone()).await;
    setup.clock.advance(seconds(LIFETIME));
    let slow_clock = ManualClock::new();
    slow_clock.advance(seconds(LIFETIME - 60));
    let gate = Gate::before(network);
    let auth = setup.offline_auth(|builder| {
        let builder = builder.store(store.clone()).http_client(Arc::new(gate.clone()));
        builder.clock(Arc::new(slow_clock.clone())).token_margin(seconds(120))
    });
    let slow = setup.browser(&auth);
    for (name, value) in first.cookies() {
        slow.plant_cookie(&name, &value);
    }
    let refreshing = tokio::spawn(async move { slow.fetch("/token").await });
    settle().await;
    assert_eq!(gate.waiting(), 1);
    for _ in 0..2 {
        setup.clock.advance(seconds(25));
        slow_clock.advance(seconds(25));
        assert_eq!(first.fetch("/token").await.status(), 503);
    }
    assert_eq!(refreshes(&setup.provider), 0);
    gate.open();
    // By its own clock the old token was still valid.
    assert_eq!(refreshing.await.unwrap().status(), 200);
    settle().await;
    token(&first).await;
    assert_eq!(refreshes(&setup.provider), 1);
}

/// A store that lets every process think that it alone refreshes.
#[derive(Clone, Debug)]
struct Forgetful(Arc<MemoryStore>);

#[async_trait::async_trait]
impl SessionStore for Forgetful {
    async fn create(&self, key: &StoreKey, record: Record) -> Result<(), StoreError> {
        self.0.create(key, record).await
    }
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredRecord>, StoreError> {
        self.0.load(key).await
    }
    async fn swap(&self, key: &StoreKey, of: Version, record: Record) -> Result<Swap, StoreError> {
        self.0.swap(key, of, record).await
    }
    async fn delete(&self, key: &StoreKey) -> Result<(), StoreError> {
        self.0.delete(key).await
    }
    async fn delete_by_sid(&self, issuer: &str, sid: &str) -> Result<u64, StoreError> {
        self.0.delete_by_sid(issuer, sid).await
    }
    async fn delete_by_subject(&self, issuer: &str, subject: &str) -> Result<u64, StoreError> {
        self.0.delete_by_subject(issuer, subject).await
    }
    async fn find_by_sid(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError> {
        self.0.find_by_sid(issuer, sid).await
    }
    async fn find_by_subject(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Vec<StoreKey>, StoreError> {
        self.0.find_by_subject(issuer, subject).await
    }
    async fn mark_once(&self, _: &Mark, _: Timestamp) -> Result<bool, StoreError> {
        Ok(true)
    }
}

/// Two processes have presented the same refresh token, and the provider likes the first one only.
#[tokio::test(start_paused = true)]
async fn j10_the_loser_of_two_refreshes_destroys_nothing() {
    for winner_lands_first in [true, false] {
        let setup = Setup::new();
        let store = Forgetful(Arc::new(MemoryStore::new(Arc::new(setup.clock.clone()))));
        let gates = [(); 2].map(|()| Gate::behind(setup.provider.http_client()));
        let winner = signed_in_through(&setup, &store, Arc::new(gates[0].clone())).await;
        let loser = at_another_process(&winner, &setup, &store, Arc::new(gates[1].clone()));
        setup.clock.advance(seconds(LIFETIME));
        setup.provider.answer(Endpoint::Refresh, Answer::correct());
        let error = Answer::json(serde_json::json!({ "error": "invalid_grant" }));
        setup.provider.answer(Endpoint::Refresh, error.with_status(400));
        let [first, second] = [&winner, &loser].map(|browser| {
            let browser = browser.clone();
            tokio::spawn(async move { browser.fetch("/token").await })
        });
        settle().await;
        assert_eq!(gates.each_ref().map(Gate::waiting), [1, 1]);
        let order = if winner_lands_first { [0, 1] } else { [1, 0] };
        for gate in order {
            gates[gate].open();
            settle().await;
        }
        let new = first.await.unwrap().json()["token"].clone();
        let page = second.await.unwrap();
        if winner_lands_first {
            assert_eq!(page.json()["token"], new, "the loser takes the winner's");
        }
        assert_eq!(page.header("set-cookie"), "", "and clears nothing");
        for browser in [&winner, &loser] {
            assert_eq!(token(browser).await, new, "{winner_lands_first}");
        }
        setup.clock.advance(seconds(LIFETIME));
        assert_ne!(token(&loser).await, new, "the refresh token is the winner's");
        assert_eq!(refreshes(&setup.provider), 3);
    }
}

/// One of them fails, and comes back late to write down when to try again.
#[tokio::test(start_paused = true)]
async fn j10_a_failure_overwrites_no_success() {
    let setup = Setup::new();
    let store = Forgetful(Arc::new(MemoryStore::new(Arc::new(setup.clock.clone()))));
    let gate = Gate::behind(setup.provider.http_client());
    let failing = signed_in_through(&setup, &store, Arc::new(gate.clone())).await;
    let network = setup.provider.http_client();
    let other = at_another_process(&failing, &setup, &store, network);
    setup.clock.advance(seconds(LIFETIME));
    setup.provider.answer(Endpoint::Refresh, Answer::status(500));
    let waiting = tokio::spawn(async move { failing.fetch("/token").await });
    settle().await;
    assert_eq!(gate.waiting(), 1);
    let new = token(&other).await;
    gate.open();
    waiting.await.unwrap();
    assert_eq!(token(&other).await, new);
    setup.clock.advance(seconds(LIFETIME));
    token(&other).await;
    assert_eq!(refreshes(&setup.provider), 3);
}
