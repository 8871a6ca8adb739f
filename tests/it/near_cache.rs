//! The near-cache: what it serves, for how long, and that no read puts back what a write took away.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tower_oauth::session::{
    Index, Mark, Payload, Record, SessionId, SessionStore, StoreError, StoreKey, StoredRecord,
    Swap, Version,
};
use tower_oauth::{Clock, NearCache, Timestamp};
use tower_oauth_test::{ManualClock, SeededRandom};
use tower_oauth_tests::{CountingStore, FailingStore, Operation};

pub(crate) const BOUND: Duration = Duration::from_secs(5);
const SECOND: Duration = Duration::from_secs(1);

/// A store on another machine, which a test can make slow: a read that is held has its answer already, a
/// write that is held has not taken effect. Clones share everything.
#[derive(Clone, Debug)]
struct Remote {
    store: CountingStore,
    /// What is held when it comes next.
    next: Arc<Mutex<Option<Operation>>>,
    is_held: watch::Sender<bool>,
}

impl Remote {
    /// Holds the next `operation`, until [`release`](Self::release).
    fn hold_next(&self, operation: Operation) {
        *self.next.lock().unwrap() = Some(operation);
    }

    async fn until_held(&self) {
        self.is_held.subscribe().wait_for(|is_held| *is_held).await.unwrap();
    }

    fn release(&self) {
        self.is_held.send_replace(false);
    }

    async fn pass(&self, operation: Operation) {
        if self.next.lock().unwrap().take_if(|next| *next == operation).is_some() {
            self.is_held.send_replace(true);
            self.is_held.subscribe().wait_for(|is_held| !is_held).await.unwrap();
        }
    }

    fn loads(&self) -> usize {
        self.store.count(Operation::Load)
    }
}

#[async_trait::async_trait]
impl SessionStore for Remote {
    async fn create(&self, key: &StoreKey, record: Record) -> Result<(), StoreError> {
        self.store.create(key, record).await
    }
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredRecord>, StoreError> {
        let loaded = self.store.load(key).await;
        self.pass(Operation::Load).await;
        loaded
    }
    async fn swap(&self, key: &StoreKey, of: Version, to: Record) -> Result<Swap, StoreError> {
        self.pass(Operation::Swap).await;
        self.store.swap(key, of, to).await
    }
    async fn delete(&self, key: &StoreKey) -> Result<(), StoreError> {
        self.pass(Operation::Delete).await;
        self.store.delete(key).await
    }
    async fn delete_by_sid(&self, issuer: &str, sid: &str) -> Result<u64, StoreError> {
        self.pass(Operation::Delete).await;
        self.store.delete_by_sid(issuer, sid).await
    }
    async fn delete_by_subject(&self, issuer: &str, subject: &str) -> Result<u64, StoreError> {
        self.pass(Operation::Delete).await;
        self.store.delete_by_subject(issuer, subject).await
    }
    async fn find_by_sid(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError> {
        self.store.find_by_sid(issuer, sid).await
    }
    async fn find_by_subject(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Vec<StoreKey>, StoreError> {
        self.store.find_by_subject(issuer, subject).await
    }
    async fn mark_once(&self, mark: &Mark, expires: Timestamp) -> Result<bool, StoreError> {
        self.store.mark_once(mark, expires).await
    }
}

/// One store, and as many processes with a cache in front of it as a test asks for.
pub(crate) struct Fixture {
    clock: ManualClock,
    remote: Remote,
    random: SeededRandom,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let clock = ManualClock::new();
        let store = CountingStore::new(clock.clone());
        let remote = Remote { store, next: Arc::default(), is_held: watch::Sender::default() };
        Self { clock, remote, random: SeededRandom::new(1) }
    }

    fn process(&self, bound: Duration) -> Arc<NearCache<Remote>> {
        let cache = NearCache::new(self.remote.clone(), bound);
        Arc::new(cache.with_clock(Arc::new(self.clock.clone())))
    }

    pub(crate) fn key(&self) -> StoreKey {
        SessionId::generate(&self.random).unwrap().store_key()
    }

    pub(crate) fn record(&self, content: &'static str) -> Record {
        let index = Index::new("https://op", "alice", Some("sid"));
        let expires = self.clock.now() + Duration::from_secs(3600);
        Record::new(Payload::from_bytes(content), expires, Some(index))
    }

    /// A session that was created in no process of the test.
    async fn session(&self) -> StoreKey {
        let key = self.key();
        self.remote.store.create(&key, self.record("one")).await.unwrap();
        key
    }
}

async fn content(store: &impl SessionStore, key: &StoreKey) -> Option<String> {
    let stored = store.load(key).await.unwrap()?;
    Some(String::from_utf8(stored.payload.to_bytes().unwrap().to_vec()).unwrap())
}

/// A read that goes on while the test does something else.
fn read(near: &Arc<NearCache<Remote>>, key: StoreKey) -> JoinHandle<Option<String>> {
    let near = Arc::clone(near);
    tokio::spawn(async move { content(&*near, &key).await })
}

pub(crate) async fn version(store: &impl SessionStore, key: &StoreKey) -> Version {
    store.load(key).await.unwrap().unwrap().version
}

#[tokio::test]
async fn a_record_is_served_from_memory_within_the_bound() {
    let f = Fixture::new();
    let (near, key) = (f.process(BOUND), f.session().await);
    for _ in 0..10 {
        assert_eq!(content(&*near, &key).await.unwrap(), "one");
    }
    f.clock.advance(BOUND - Duration::from_millis(1));
    assert!(content(&*near, &key).await.is_some());
    assert_eq!(f.remote.loads(), 1);
    f.clock.advance(Duration::from_millis(1));
    assert!(content(&*near, &key).await.is_some());
    assert_eq!(f.remote.loads(), 2);
}

#[tokio::test]
async fn l08_a_sign_out_elsewhere_shows_within_the_bound() {
    let f = Fixture::new();
    let (here, there, key) = (f.process(BOUND), f.process(BOUND), f.session().await);
    assert!(content(&*here, &key).await.is_some());
    f.clock.advance(SECOND);
    there.delete(&key).await.unwrap();
    assert!(content(&*there, &key).await.is_none(), "at once where it happened");
    f.clock.advance(BOUND - SECOND);
    assert!(content(&*here, &key).await.is_none());
}

/// The age of a record counts from when its reading began: the answer may be as old as that.
#[tokio::test]
async fn l08_a_slow_read_does_not_stretch_the_bound() {
    let f = Fixture::new();
    let (here, key) = (f.process(BOUND), f.session().await);
    f.remote.hold_next(Operation::Load);
    let slow = read(&here, key);
    f.remote.until_held().await;
    f.process(BOUND).delete(&key).await.unwrap();
    f.clock.advance(BOUND - SECOND);
    f.remote.release();
    assert!(slow.await.unwrap().is_some());
    assert!(content(&*here, &key).await.is_some(), "within the bound");
    f.clock.advance(SECOND);
    assert!(content(&*here, &key).await.is_none());
}

#[tokio::test]
async fn with_a_bound_of_zero_it_is_the_store() {
    let f = Fixture::new();
    let (near, key) = (f.process(Duration::ZERO), f.session().await);
    for loads in 1..=3 {
        assert!(content(&*near, &key).await.is_some());
        assert_eq!(f.remote.loads(), loads);
    }
    f.remote.store.delete(&key).await.unwrap();
    assert!(content(&*near, &key).await.is_none());
}

#[tokio::test]
async fn writes_of_this_process_are_seen_at_once() {
    let f = Fixture::new();
    let near = f.process(BOUND);
    for write in ["swap", "conflict", "delete", "sid", "subject"] {
        let key = f.session().await;
        let seen = version(&*near, &key).await;
        match write {
            "swap" => {
                let swap = near.swap(&key, seen, f.record("two")).await.unwrap();
                assert!(matches!(swap, Swap::Swapped(_)));
            }
            "conflict" => {
                f.remote.store.swap(&key, seen, f.record("two")).await.unwrap();
                assert_eq!(content(&*near, &key).await.unwrap(), "one", "not known here yet");
                let swap = near.swap(&key, seen, f.record("three")).await.unwrap();
                assert_eq!(swap, Swap::Conflict);
            }
            "delete" => near.delete(&key).await.unwrap(),
            "sid" => assert_eq!(near.delete_by_sid("https://op", "sid").await.unwrap(), 3),
            _ => assert_eq!(near.delete_by_subject("https://op", "alice").await.unwrap(), 1),
        }
        let two = matches!(write, "swap" | "conflict").then_some("two");
        assert_eq!(content(&*near, &key).await.as_deref(), two, "{write}");
    }
}

#[tokio::test]
async fn a_key_that_was_taken_again_is_seen_at_once() {
    let f = Fixture::new();
    let (near, key) = (f.process(BOUND), f.session().await);
    assert!(content(&*near, &key).await.is_some());
    f.remote.store.delete(&key).await.unwrap();
    near.create(&key, f.record("two")).await.unwrap();
    assert_eq!(content(&*near, &key).await.unwrap(), "two");
    assert!(near.create(&key, f.record("three")).await.unwrap_err().is_already_exists());
}

/// The read has its answer, then the session ends, then the read comes back.
#[tokio::test]
async fn p11_a_read_under_way_puts_nothing_back() {
    let f = Fixture::new();
    for write in ["swap", "delete", "sid", "subject"] {
        let (near, key) = (f.process(BOUND), f.session().await);
        let seen = version(&f.remote.store, &key).await;
        f.remote.hold_next(Operation::Load);
        let read = read(&near, key);
        f.remote.until_held().await;
        match write {
            "swap" => drop(near.swap(&key, seen, f.record("two")).await.unwrap()),
            "delete" => near.delete(&key).await.unwrap(),
            "sid" => drop(near.delete_by_sid("https://op", "sid").await.unwrap()),
            _ => drop(near.delete_by_subject("https://op", "alice").await.unwrap()),
        }
        f.remote.release();
        assert_eq!(read.await.unwrap().unwrap(), "one", "it began before the {write}");
        let expected = (write == "swap").then_some("two");
        assert_eq!(content(&*near, &key).await.as_deref(), expected, "{write}");
    }
}

/// The session is about to end, a read comes and goes, then it ends: or its caller goes away meanwhile.
#[tokio::test]
async fn p11_a_read_during_a_write_leaves_nothing_behind() {
    let f = Fixture::new();
    for ends in [true, false] {
        let (near, key) = (f.process(BOUND), f.session().await);
        f.remote.hold_next(Operation::Delete);
        let delete = tokio::spawn({
            let near = Arc::clone(&near);
            async move { near.delete(&key).await.unwrap() }
        });
        f.remote.until_held().await;
        assert!(content(&*near, &key).await.is_some(), "nothing has happened yet");
        let loads = f.remote.loads();
        if ends {
            f.remote.release();
            delete.await.unwrap();
            assert!(content(&*near, &key).await.is_none());
        } else {
            delete.abort();
            assert!(delete.await.unwrap_err().is_cancelled());
            content(&*near, &key).await;
        }
        assert_eq!(f.remote.loads(), loads + 1, "the store was asked");
    }
}

#[tokio::test]
async fn of_two_reads_the_one_that_began_later_stays() {
    let f = Fixture::new();
    let (near, key) = (f.process(BOUND), f.session().await);
    f.remote.hold_next(Operation::Load);
    let early = read(&near, key);
    f.remote.until_held().await;
    f.clock.advance(SECOND);
    let first = version(&f.remote.store, &key).await;
    f.remote.store.swap(&key, first, f.record("two")).await.unwrap();
    assert_eq!(content(&*near, &key).await.unwrap(), "two");
    let loads = f.remote.loads();
    f.remote.release();
    assert_eq!(early.await.unwrap().unwrap(), "one");
    assert_eq!(content(&*near, &key).await.unwrap(), "two");
    assert_eq!(f.remote.loads(), loads, "from memory");
}

#[tokio::test]
async fn p06_errors_are_not_kept_and_nothing_is_served_beyond_the_bound() {
    let clock = ManualClock::new();
    let store = FailingStore::new(clock.clone());
    let near = NearCache::new(store.clone(), BOUND).with_clock(Arc::new(clock.clone()));
    let f = Fixture::new();
    let (key, other) = (f.key(), f.key());
    near.create(&key, f.record("one")).await.unwrap();
    near.create(&other, f.record("one")).await.unwrap();
    assert!(content(&near, &key).await.is_some());
    store.fail(&[Operation::Load, Operation::Delete]);
    assert!(near.load(&other).await.is_err());
    assert!(content(&near, &key).await.is_some(), "within the bound, the store is not asked");
    assert!(near.delete(&key).await.is_err());
    assert!(near.load(&key).await.is_err(), "whether it is gone is not known");
    store.fail(&[]);
    assert!(content(&near, &key).await.is_some());
    store.fail(&[Operation::Load]);
    clock.advance(BOUND);
    assert!(near.load(&key).await.is_err());
    store.fail(&[]);
    assert!(content(&near, &key).await.is_some());
}

#[tokio::test]
async fn k05_unknown_sessions_are_not_kept() {
    let f = Fixture::new();
    let (near, key) = (f.process(BOUND), f.key());
    assert!(content(&*near, &key).await.is_none());
    // A login in another process: the browser's next request may come here.
    f.remote.store.create(&key, f.record("one")).await.unwrap();
    assert!(content(&*near, &key).await.is_some());
}

#[tokio::test]
async fn k17_an_end_that_was_moved_elsewhere_is_looked_up() {
    let f = Fixture::new();
    let (near, key) = (f.process(Duration::from_secs(7200)), f.session().await);
    let seen = version(&*near, &key).await;
    f.clock.advance(Duration::from_secs(3599));
    f.remote.store.swap(&key, seen, f.record("two")).await.unwrap();
    assert_eq!(content(&*near, &key).await.unwrap(), "one", "within the bound");
    f.clock.advance(SECOND);
    assert_eq!(content(&*near, &key).await.unwrap(), "two");
    f.clock.advance(Duration::from_secs(3599));
    assert!(content(&*near, &key).await.is_none(), "and an end is an end");
}

#[tokio::test]
async fn p22_the_cache_is_bounded_and_keeps_what_was_read_last() {
    let f = Fixture::new();
    let near = NearCache::new(f.remote.clone(), BOUND)
        .with_clock(Arc::new(f.clock.clone()))
        .with_capacity(640);
    let mut keys = Vec::new();
    for _ in 0..2000 {
        keys.push(f.session().await);
    }
    for key in &keys {
        near.load(key).await.unwrap();
    }
    near.load(&keys[1999]).await.unwrap();
    assert_eq!(f.remote.loads(), 2000, "the last one is there");
    // The last ones first, so that asking drops none of those that are asked later.
    let mut hits = 0;
    for key in keys.iter().rev() {
        let loads = f.remote.loads();
        near.load(key).await.unwrap();
        hits += usize::from(f.remote.loads() == loads);
    }
    assert!((200..=640).contains(&hits), "{hits}");
}
