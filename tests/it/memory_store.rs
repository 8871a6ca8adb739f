//! The bounds of the memory store: what a sweep keeps and what an eviction takes.

use std::sync::Arc;
use std::time::Duration;

use tower_oauth::MemoryStore;
use tower_oauth::session::{Mark, Record, SessionStore};
use tower_oauth_test::{ManualClock, SeededRandom};

fn store() -> (ManualClock, MemoryStore, SeededRandom) {
    let clock = ManualClock::new();
    (clock.clone(), MemoryStore::new(Arc::new(clock)), SeededRandom::new(1))
}

fn mark(number: u32) -> Mark {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    Mark::from_bytes(bytes)
}

#[tokio::test]
async fn p22_marks_survive_a_sweep_and_are_bounded() {
    let (clock, store, _) = store();
    let expires = || tower_oauth::Clock::now(&clock) + Duration::from_secs(60);
    for number in 0..1_000_000 {
        assert!(store.mark_once(&mark(number), expires()).await.unwrap());
    }
    for number in [0, 1, 63, 64, 999_999] {
        assert!(!store.mark_once(&mark(number), expires()).await.unwrap(), "{number}");
    }
    assert!(store.mark_once(&mark(1_000_000), expires()).await.is_err(), "no more than a million");
    clock.advance(Duration::from_secs(60));
    assert!(store.mark_once(&mark(1_000_000), expires()).await.unwrap());
}

#[tokio::test]
async fn p23_marks_survive_a_sweep() {
    let (clock, store, _) = store();
    let expires = tower_oauth::Clock::now(&clock) + Duration::from_secs(60);
    for number in 0..200 {
        assert!(store.mark_once(&mark(number), expires).await.unwrap());
    }
    for number in 0..200 {
        assert!(!store.mark_once(&mark(number), expires).await.unwrap(), "{number}");
    }
}

#[tokio::test]
async fn a_key_that_was_deleted_leaves_the_index() {
    let (clock, store, random) = store();
    let key = tower_oauth::session::SessionId::generate(&random).unwrap().store_key();
    let record = |subject| {
        let index = tower_oauth::session::Index::new("https://op", subject, Some(subject));
        let expires = tower_oauth::Clock::now(&clock) + Duration::from_secs(60);
        Record::new(tower_oauth::session::Payload::from_bytes("x"), expires, Some(index))
    };
    store.create(&key, record("alice")).await.unwrap();
    store.delete(&key).await.unwrap();
    store.create(&key, record("bob")).await.unwrap();
    assert_eq!(store.delete_by_subject("https://op", "alice").await.unwrap(), 0);
    assert_eq!(store.delete_by_sid("https://op", "alice").await.unwrap(), 0);
    assert!(store.load(&key).await.unwrap().is_some());
}

#[tokio::test]
async fn p22_the_session_that_ends_first_makes_room() {
    let clock = ManualClock::new();
    let store = MemoryStore::with_capacity(Arc::new(clock.clone()), 128);
    let random = SeededRandom::new(1);
    let record = |subject, seconds| {
        let index = tower_oauth::session::Index::new("https://op", subject, None);
        let expires = tower_oauth::Clock::now(&clock) + Duration::from_secs(seconds);
        Record::new(tower_oauth::session::Payload::from_bytes("x"), expires, Some(index))
    };
    // Two per part; these three are of one part.
    let keys: Vec<_> = std::iter::repeat_with(|| {
        tower_oauth::session::SessionId::generate(&random).unwrap().store_key()
    })
    .filter(|key| key.as_bytes()[0] % 64 == 0)
    .take(3)
    .collect();
    for (key, (subject, seconds)) in keys.iter().zip([("long", 1000), ("short", 10), ("new", 500)])
    {
        store.create(key, record(subject, seconds)).await.unwrap();
    }
    for (key, lives) in keys.iter().zip([true, false, true]) {
        assert_eq!(store.load(key).await.unwrap().is_some(), lives);
    }
    store.delete(&keys[0]).await.unwrap();
    store.create(&keys[1], record("other", 10)).await.unwrap();
    assert_eq!(
        store.delete_by_subject("https://op", "short").await.unwrap(),
        0,
        "it left the index"
    );
}
