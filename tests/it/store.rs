//! The contract of a session store, on the memory store: expiry, bounds, and one winner among threads.

use std::sync::Arc;
use std::time::Duration;

use tower_oauth::{Clock, MemoryStore};
use tower_oauth_core::session::{
    Index, Mark, Payload, Record, SessionId, SessionStore, StoreKey, Swap,
};
use tower_oauth_test::{ManualClock, SeededRandom};

struct Fixture {
    clock: ManualClock,
    store: Arc<MemoryStore>,
    random: SeededRandom,
}

impl Fixture {
    fn new(capacity: usize) -> Self {
        let clock = ManualClock::new();
        let store = Arc::new(MemoryStore::with_capacity(Arc::new(clock.clone()), capacity));
        Self { clock, store, random: SeededRandom::new(1) }
    }

    fn key(&self) -> StoreKey {
        SessionId::generate(&self.random).unwrap().store_key()
    }

    fn record(
        &self,
        content: &'static str,
        seconds: u64,
        subject: &str,
        sid: Option<&str>,
    ) -> Record {
        let expires = self.clock.now() + Duration::from_secs(seconds);
        Record::new(
            Payload::from_bytes(content),
            expires,
            Some(Index::new("https://op", subject, sid)),
        )
    }

    async fn content(&self, key: &StoreKey) -> Option<Vec<u8>> {
        let stored = self.store.load(key).await.unwrap()?;
        Some(stored.payload.to_bytes().unwrap().to_vec())
    }
}

#[tokio::test]
async fn p10_create_load_swap_delete() {
    let f = Fixture::new(100);
    let key = f.key();
    assert!(f.content(&key).await.is_none());
    f.store.create(&key, f.record("one", 60, "s", None)).await.unwrap();
    let taken = f.store.create(&key, f.record("two", 60, "s", None)).await.unwrap_err();
    assert!(taken.is_already_exists());
    let version = f.store.load(&key).await.unwrap().unwrap().version;
    let swapped = f.store.swap(&key, version, f.record("three", 60, "s", None)).await.unwrap();
    assert!(matches!(swapped, Swap::Swapped(next) if next != version));
    let conflict = f.store.swap(&key, version, f.record("four", 60, "s", None)).await.unwrap();
    assert_eq!(conflict, Swap::Conflict);
    assert_eq!(f.content(&key).await.unwrap(), b"three");
    f.store.delete(&key).await.unwrap();
    f.store.delete(&key).await.unwrap();
    assert!(f.content(&key).await.is_none());
}

#[tokio::test]
async fn p11_a_swap_after_a_delete_brings_nothing_back() {
    let f = Fixture::new(100);
    let key = f.key();
    for end in ["key", "sid", "subject", "expiry"] {
        f.store.create(&key, f.record("one", 60, "s", Some("sid"))).await.unwrap();
        let version = f.store.load(&key).await.unwrap().unwrap().version;
        match end {
            "key" => f.store.delete(&key).await.unwrap(),
            "sid" => assert_eq!(f.store.delete_by_sid("https://op", "sid").await.unwrap(), 1),
            "subject" => assert_eq!(f.store.delete_by_subject("https://op", "s").await.unwrap(), 1),
            _ => f.clock.advance(Duration::from_secs(60)),
        }
        let swap = f.store.swap(&key, version, f.record("two", 600, "s", None)).await.unwrap();
        assert_eq!(swap, Swap::Missing, "{end}");
        assert!(f.content(&key).await.is_none(), "{end}");
    }
}

#[tokio::test]
async fn p16_expired_records_are_never_returned() {
    let f = Fixture::new(100);
    let key = f.key();
    f.store.create(&key, f.record("one", 60, "s", None)).await.unwrap();
    f.clock.advance(Duration::from_secs(59));
    assert!(f.content(&key).await.is_some());
    f.clock.advance(Duration::from_secs(1));
    assert!(f.content(&key).await.is_none());
    f.store.create(&key, f.record("two", 60, "s", None)).await.unwrap();
    assert_eq!(f.content(&key).await.unwrap(), b"two", "the key is free again");
}

#[tokio::test]
async fn sessions_are_found_by_sid_and_subject_byte_for_byte() {
    let f = Fixture::new(100);
    let keys: Vec<_> = (0..5).map(|_| f.key()).collect();
    for (key, (subject, sid)) in keys.iter().zip([
        ("alice", Some("1")),
        ("alice", Some("2")),
        ("Alice", Some("1 ")),
        ("bob", None),
        ("alice ", Some("3")),
    ]) {
        f.store.create(key, f.record("x", 60, subject, sid)).await.unwrap();
    }
    assert_eq!(f.store.delete_by_sid("https://other", "1").await.unwrap(), 0);
    assert_eq!(f.store.delete_by_sid("https://op", "1").await.unwrap(), 1);
    assert_eq!(f.store.delete_by_subject("https://op", "alice").await.unwrap(), 1);
    assert_eq!(f.store.delete_by_subject("https://op", "alice").await.unwrap(), 0);
    for (key, lives) in keys.iter().zip([false, false, true, true, true]) {
        assert_eq!(f.content(key).await.is_some(), lives);
    }
}

#[tokio::test]
async fn a_swap_moves_the_index() {
    let f = Fixture::new(100);
    let key = f.key();
    f.store.create(&key, f.record("x", 60, "s", Some("old"))).await.unwrap();
    let version = f.store.load(&key).await.unwrap().unwrap().version;
    f.store.swap(&key, version, f.record("y", 60, "s", Some("new"))).await.unwrap();
    assert_eq!(f.store.delete_by_sid("https://op", "old").await.unwrap(), 0);
    assert_eq!(f.store.delete_by_sid("https://op", "new").await.unwrap(), 1);
    assert_eq!(f.store.delete_by_subject("https://op", "s").await.unwrap(), 0);
}

#[tokio::test]
async fn p22_the_store_is_bounded_and_forgets_the_expired_first() {
    let f = Fixture::new(640);
    for _ in 0..2_000 {
        let key = f.key();
        f.store.create(&key, f.record("old", 60, "s", Some("sid"))).await.unwrap();
    }
    assert!(f.store.len() <= 640, "{}", f.store.len());
    f.clock.advance(Duration::from_secs(61));
    let mut fresh = Vec::new();
    for _ in 0..200 {
        let key = f.key();
        f.store.create(&key, f.record("new", 60, "t", None)).await.unwrap();
        fresh.push(key);
    }
    for key in &fresh {
        assert!(f.content(key).await.is_some(), "no live session made room for an expired one");
    }
    assert_eq!(f.store.delete_by_subject("https://op", "t").await.unwrap(), 200);
}

#[tokio::test]
async fn a_mark_has_one_winner_until_it_expires() {
    let f = Fixture::new(100);
    let mark = Mark::from_bytes([7; 32]);
    let expires = f.clock.now() + Duration::from_secs(60);
    assert!(f.store.mark_once(&mark, expires).await.unwrap());
    assert!(!f.store.mark_once(&mark, expires).await.unwrap());
    assert!(f.store.mark_once(&Mark::from_bytes([8; 32]), expires).await.unwrap());
    f.clock.advance(Duration::from_secs(60));
    assert!(f.store.mark_once(&mark, f.clock.now() + Duration::from_secs(60)).await.unwrap());
}

/// Real threads: every round of swaps, marks and creates has exactly one winner.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p19_one_winner_among_threads() {
    let f = Arc::new(Fixture::new(1000));
    for round in 0..200_u8 {
        let key = f.key();
        let mark = Mark::from_bytes([round; 32]);
        f.store.create(&key, f.record("x", 60, "s", None)).await.unwrap();
        let version = f.store.load(&key).await.unwrap().unwrap().version;
        let contested = f.key();
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let f = Arc::clone(&f);
                tokio::spawn(async move {
                    let expires = f.clock.now() + Duration::from_secs(60);
                    let marked = f.store.mark_once(&mark, expires).await.unwrap();
                    let swap =
                        f.store.swap(&key, version, f.record("y", 60, "s", None)).await.unwrap();
                    let created = f.store.create(&contested, f.record("z", 60, "s", None)).await;
                    (marked, matches!(swap, Swap::Swapped(_)), created.is_ok())
                })
            })
            .collect();
        let mut wins = (0, 0, 0);
        for task in tasks {
            let (marked, swapped, created) = task.await.unwrap();
            wins =
                (wins.0 + u8::from(marked), wins.1 + u8::from(swapped), wins.2 + u8::from(created));
        }
        assert_eq!(wins, (1, 1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_store_keeps_the_contract() {
    let store = std::sync::OnceLock::new();
    let open = async |clock: ManualClock| {
        Arc::clone(store.get_or_init(|| Arc::new(MemoryStore::new(Arc::new(clock)))))
    };
    tower_oauth_test::StoreSuite::new(open).run().await;
}
