//! The bounds of the memory store: what a sweep keeps and what an eviction takes.

use std::sync::Arc;
use std::time::Duration;

use tower_oauth::session::{Index, Mark, Payload, Record, SessionId, SessionStore, StoreKey, Swap};
use tower_oauth::{Clock, MemoryStore};
use tower_oauth_test::{ManualClock, SeededRandom};

struct Fixture {
    clock: ManualClock,
    store: MemoryStore,
    random: SeededRandom,
}

impl Fixture {
    fn new(sessions: usize) -> Self {
        let clock = ManualClock::new();
        let store = MemoryStore::with_capacity(Arc::new(clock.clone()), sessions);
        Self { clock, store, random: SeededRandom::new(1) }
    }

    fn key(&self) -> StoreKey {
        SessionId::generate(&self.random).unwrap().store_key()
    }

    /// Keys of one of the 64 parts that each have their share of the bound.
    fn keys_of_one_part<const N: usize>(&self) -> [StoreKey; N] {
        let mut keys =
            std::iter::repeat_with(|| self.key()).filter(|key| key.as_bytes()[0] % 64 == 0);
        std::array::from_fn(|_| keys.next().unwrap())
    }

    async fn create(&self, key: &StoreKey, subject: &str, seconds: u64) {
        let expires = self.clock.now() + Duration::from_secs(seconds);
        let index = Index::new("https://op", subject, Some("sid"));
        let record = Record::new(Payload::from_bytes("x"), expires, Some(index));
        self.store.create(key, record).await.unwrap();
    }

    async fn is_there(&self, key: &StoreKey) -> bool {
        self.store.load(key).await.unwrap().is_some()
    }

    async fn delete(&self, subject: &str) -> u64 {
        self.store.delete_by_subject("https://op", subject).await.unwrap()
    }

    async fn set(&self, number: u32) -> Result<bool, tower_oauth::session::StoreError> {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        let expires = self.clock.now() + Duration::from_secs(60);
        self.store.mark_once(&Mark::from_bytes(bytes), expires).await
    }
}

#[tokio::test]
async fn p22_the_store_is_bounded_and_forgets_the_expired_first() {
    let f = Fixture::new(640);
    for _ in 0..2_000 {
        f.create(&f.key(), "old", 60).await;
    }
    assert!(f.store.len() <= 640, "{}", f.store.len());
    f.clock.advance(Duration::from_secs(61));
    let fresh: Vec<_> = (0..200).map(|_| f.key()).collect();
    for key in &fresh {
        f.create(key, "new", 60).await;
    }
    for key in &fresh {
        assert!(f.is_there(key).await, "no live session made room for an expired one");
    }
    assert_eq!(f.delete("new").await, 200);
}

#[tokio::test]
async fn p22_the_session_that_ends_first_makes_room() {
    let f = Fixture::new(128);
    // Two fit into a part.
    let [long, short, new] = f.keys_of_one_part();
    f.create(&long, "long", 1000).await;
    f.create(&short, "short", 10).await;
    f.create(&new, "new", 500).await;
    assert!(f.is_there(&long).await && f.is_there(&new).await);
    assert!(!f.is_there(&short).await);
    f.store.delete(&long).await.unwrap();
    f.create(&short, "other", 10).await;
    assert_eq!(f.delete("short").await, 0, "it left the index");
}

#[tokio::test]
async fn two_keys_that_begin_alike_are_two_sessions() {
    let f = Fixture::new(128);
    // The store goes by eight bytes of a key, which only chance makes the same in two.
    let one = f.key();
    let text = one.to_string();
    let other = StoreKey::parse(&format!("{}{}", &text[..12], &f.key().to_string()[12..])).unwrap();
    assert!(one != other && one.as_bytes()[..8] == other.as_bytes()[..8]);
    f.create(&one, "one", 60).await;
    assert!(!f.is_there(&other).await);
    let record = || {
        let expires = f.clock.now() + Duration::from_secs(60);
        Record::new(Payload::from_bytes("y"), expires, None)
    };
    let taken = f.store.create(&other, record()).await.unwrap_err();
    assert!(taken.is_already_exists(), "another id is drawn then");
    let version = f.store.load(&one).await.unwrap().unwrap().version;
    assert_eq!(f.store.swap(&other, version, record()).await.unwrap(), Swap::Missing);
    f.store.delete(&other).await.unwrap();
    assert!(f.is_there(&one).await);
    assert_eq!(f.delete("one").await, 1);
}

#[tokio::test]
async fn p22_marks_survive_a_sweep_and_are_bounded() {
    let f = Fixture::new(1);
    for number in 0..1_000_000 {
        assert!(f.set(number).await.unwrap());
    }
    for number in [0, 1, 63, 64, 999_999] {
        assert!(!f.set(number).await.unwrap(), "{number}");
    }
    assert!(f.set(1_000_000).await.is_err(), "no more than a million");
    f.clock.advance(Duration::from_secs(60));
    assert!(f.set(1_000_000).await.unwrap());
}

#[tokio::test]
async fn p23_marks_survive_a_sweep() {
    let f = Fixture::new(1);
    for number in 0..200 {
        assert!(f.set(number).await.unwrap());
    }
    for number in 0..200 {
        assert!(!f.set(number).await.unwrap(), "{number}");
    }
}
