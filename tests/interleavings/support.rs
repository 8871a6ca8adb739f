//! What every model needs: a store, keys and records, and an answer without a runtime.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use loom::thread;
use tower_oauth_core::session::SessionStore as _;
use tower_oauth_core::session::{Index, Payload, Record, SessionId, StoreKey, Version};
use tower_oauth_test::{ManualClock, SeededRandom};

use crate::memory::MemoryStore;

pub(crate) const ISSUER: &str = "https://op.example";

/// A store with room for one record in each of its parts.
pub(crate) fn small_store(clock: &ManualClock) -> Arc<MemoryStore> {
    Arc::new(MemoryStore::with_capacity(Arc::new(clock.clone()), 1))
}

pub(crate) fn store() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(Arc::new(ManualClock::new())))
}

/// Keys of one part of the store, where they get in each other's way.
pub(crate) fn keys<const N: usize>() -> [StoreKey; N] {
    let random = SeededRandom::new(1);
    let mut keys = std::iter::repeat_with(|| SessionId::generate(&random).unwrap().store_key())
        .filter(|key| key.as_bytes()[0] % 64 == 0);
    std::array::from_fn(|_| keys.next().unwrap())
}

/// A record of a minute after the start of a clock, of `subject` and a sid of the same name.
pub(crate) fn record(content: u32, subject: &str) -> Record {
    let expires = ManualClock::START + Duration::from_secs(60);
    let index = Index::new(ISSUER, subject, Some(subject));
    Record::new(Payload::from_bytes(content.to_string()), expires, Some(index))
}

/// What is under `key`.
pub(crate) fn load(store: &MemoryStore, key: &StoreKey) -> Option<(u32, Version)> {
    let stored = now(store.load(key)).unwrap()?;
    let content = stored.payload.to_bytes().unwrap();
    Some((std::str::from_utf8(&content).unwrap().parse().unwrap(), stored.version))
}

/// The memory store never waits but for its locks.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("the memory store waits for something"),
    }
}

/// Runs each of `tasks` on a thread of its own and returns what each came to.
pub(crate) fn at_once<T: 'static>(tasks: Vec<Box<dyn FnOnce() -> T + Send>>) -> Vec<T> {
    let threads: Vec<_> = tasks.into_iter().map(thread::spawn).collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

/// Removes what is left of `subjects` and returns how many of each there were; then nothing must be left at all.
pub(crate) fn swept(store: &MemoryStore, subjects: &[&str]) -> Vec<u64> {
    let count = |subject: &&str| now(store.delete_by_subject(ISSUER, subject)).unwrap();
    let counts = subjects.iter().map(count).collect();
    let empty = "MemoryStore { sessions: 0, names: 0, marks: 0, .. }";
    assert_eq!(format!("{store:?}"), empty, "the index has entries of nobody, or misses somebody");
    counts
}
