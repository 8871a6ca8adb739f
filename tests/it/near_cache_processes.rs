//! The near-cache in an application of two processes, among threads, and by the contract of a store.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tower_oauth::session::{SessionStore, StoredRecord, Swap};
use tower_oauth::{MemoryStore, NearCache};
use tower_oauth_test::{ManualClock, StoreSuite, TestBrowser};
use tower_oauth_tests::{BytesStore, CountingStore, Operation, Setup, secret};

use crate::refresh::{LIFETIME, refreshes, seconds, token};

use crate::near_cache::{BOUND, Fixture, version};

/// Real threads on one key after another: who begins to read after a write ended sees that write.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p19_no_thread_reads_what_another_has_replaced() {
    let clock = ManualClock::new();
    let store = MemoryStore::new(Arc::new(clock.clone()));
    let near = NearCache::new(store, Duration::from_secs(3600)).with_clock(Arc::new(clock));
    let near = Arc::new(near);
    let f = Fixture::new();
    for _ in 0..50 {
        let key = f.key();
        near.create(&key, f.record("x")).await.unwrap();
        let written = Arc::new(AtomicU64::new(0));
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let (near, written) = (Arc::clone(&near), Arc::clone(&written));
                tokio::spawn(async move {
                    loop {
                        let at_least = written.load(Ordering::SeqCst);
                        match near.load(&key).await.unwrap() {
                            Some(stored) => assert!(stored.version.number() >= at_least),
                            None => break,
                        }
                        assert_ne!(at_least, u64::MAX, "a deleted session is not read");
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        for _ in 0..100 {
            let seen = version(&*near, &key).await;
            match near.swap(&key, seen, f.record("y")).await.unwrap() {
                Swap::Swapped(version) => written.store(version.number(), Ordering::SeqCst),
                other => panic!("only one writes: {other:?}"),
            }
            tokio::task::yield_now().await;
        }
        near.delete(&key).await.unwrap();
        written.store(u64::MAX, Ordering::SeqCst);
        for reader in readers {
            reader.await.unwrap();
        }
    }
}

/// Two processes with a login each, on one store.
fn two_processes(setup: &Setup) -> (CountingStore, [TestBrowser; 2]) {
    let store = CountingStore::new(setup.clock.clone());
    let browser = || {
        let near = NearCache::new(store.clone(), BOUND).with_clock(Arc::new(setup.clock.clone()));
        let auth = setup.builder().secret(secret("shared")).store(near);
        setup.browser(&auth.provider(setup.registration()).build().unwrap())
    };
    (store.clone(), [browser(), browser()])
}

#[tokio::test]
async fn l08_a_browser_that_signs_out_is_out_at_once_here_and_within_the_bound_elsewhere() {
    let setup = Setup::new();
    let (store, [mut here, mut there]) = two_processes(&setup);
    here.login_as("alice").await;
    let (name, cookie) = here.cookies().remove(0);
    there.plant_cookie(&name, &cookie);
    assert_eq!(there.open("/private").await.text(), "private to sub-alice");
    let loads = store.count(Operation::Load);
    for _ in 0..10 {
        assert_eq!(there.open("/private").await.text(), "private to sub-alice");
    }
    assert_eq!(store.count(Operation::Load), loads);
    let headers = [("sec-fetch-site", "same-origin")];
    assert_eq!(
        here.request(http::Method::POST, "/auth/logout?local=true", &headers).await.status(),
        204
    );
    here.plant_cookie(&name, &cookie);
    assert_eq!(here.open("/").await.text(), "Hello, stranger!");
    setup.clock.advance(BOUND);
    assert_eq!(there.open("/").await.text(), "Hello, stranger!");
}

/// Another process has refreshed, and its lease has ended, while this one has the session from before. It does not
/// use the refresh token a second time.
#[tokio::test(start_paused = true)]
async fn j03_a_cached_session_does_not_make_a_refresh_token_used_twice() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let bound = seconds(100 * LIFETIME);
    let process = || {
        let near = NearCache::new(store.clone(), bound).with_clock(Arc::new(setup.clock.clone()));
        setup.browser(&setup.offline_auth(|builder| builder.secret(secret("shared")).store(near)))
    };
    let (mut one, two) = (process(), process());
    one.login_as("alice").await;
    for (name, value) in one.cookies() {
        two.plant_cookie(&name, &value);
    }
    let first = token(&two).await;
    for refresh in 1..=3 {
        setup.clock.advance(seconds(LIFETIME));
        let new = token(&one).await;
        assert_ne!(new, first);
        setup.clock.advance(seconds(61));
        assert_eq!(token(&two).await, new);
        assert_eq!(refreshes(&setup.provider), refresh);
    }
}

/// Opening the seal is most of what a request with a session costs: a hit does not.
#[tokio::test]
async fn a_hit_opens_no_seal() {
    let clock = ManualClock::new();
    let near = NearCache::new(BytesStore::new(clock.clone()), BOUND).with_clock(Arc::new(clock));
    let f = Fixture::new();
    let key = f.key();
    near.create(&key, f.record("sealed")).await.unwrap();
    let bytes = |stored: Option<StoredRecord>| stored.unwrap().payload.to_bytes().unwrap();
    let first = bytes(near.load(&key).await.unwrap());
    let again = bytes(near.load(&key).await.unwrap());
    assert_eq!(first.as_ptr(), again.as_ptr(), "one payload, which remembers what it opens to");
}

/// Each process with a cache of its own, which keeps nothing: all that the store promises.
#[tokio::test(flavor = "multi_thread")]
async fn with_a_bound_of_zero_it_keeps_the_contract() {
    let store = OnceLock::new();
    let open = async |clock: ManualClock| {
        let clock = Arc::new(clock);
        let store = store.get_or_init(|| Arc::new(MemoryStore::new(clock.clone())));
        NearCache::new(Arc::clone(store), Duration::ZERO).with_clock(clock)
    };
    StoreSuite::new(open).run().await;
}

/// Within one process, the contract does not depend on the bound.
#[tokio::test(flavor = "multi_thread")]
async fn in_one_process_it_keeps_the_contract_whatever_the_bound() {
    let cache = OnceLock::new();
    let open = async |clock: ManualClock| {
        let clock = Arc::new(clock);
        let cached = || {
            let store = MemoryStore::new(clock.clone());
            Arc::new(NearCache::new(store, Duration::from_secs(86_400)).with_clock(clock.clone()))
        };
        Arc::clone(cache.get_or_init(cached))
    };
    StoreSuite::new(open).run().await;
}
