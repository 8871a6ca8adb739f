//! [`NearCache`]: a copy in this process of what a remote store answered a moment ago.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use async_trait::async_trait;
use tower_oauth_core::session::{
    Mark, Record, SessionStore, StoreError, StoreKey, StoredRecord, Swap, Version,
};
use tower_oauth_core::{Clock, Timestamp};

use super::index::KeyHasher;
use crate::system::SystemClock;

const SHARDS: usize = 64;

/// Keeps what a remote store answered, for at most as long as you say, so that most requests ask no other
/// machine who is signed in.
///
/// ```
/// # use std::time::Duration;
/// # use tower_oauth::{MemoryStore, NearCache, session::SessionStore};
/// # fn near(remote: impl SessionStore) -> impl SessionStore {
/// // A sign-out on another machine shows on this one within two seconds.
/// NearCache::new(remote, Duration::from_secs(2))
/// # }
/// ```
///
/// # What the bound means
///
/// A record is served from memory until `max_staleness` has passed since the moment at which its reading began.
/// So for that long after a change **in another process**, this one may still see what was before it: a user
/// who signed out there is signed in here, and an access token that is not about to expire is the one from before a
/// refresh there. Where no handler may act on that (a transfer of money, a change of rights), choose zero: the cache
/// then keeps nothing, and is its store.
///
/// | what happens | what this process sees |
/// |---|---|
/// | a sign-out or any other write through this process | at once, also against reads that are under way |
/// | the same in another process | within `max_staleness` |
/// | a swap against a version that is no longer current | refused by the store; the next read is a fresh one |
/// | the store fails | its error, unless a record within the bound answers; errors are not kept, and nothing is served beyond the bound |
/// | a session that is unknown | the store is asked every time: a login in another process counts at once, and a flood of invented cookies fills nothing |
/// | a session whose end has passed | the store is asked: another process may have moved the end |
/// | sign-outs by `sid` or subject, through this process | at once; the whole cache is emptied |
///
/// Creating, swapping, deleting and one-time marks go through to the store, and so does
/// [`load_current`](SessionStore::load_current), which is asked before a refresh token is used, a provider is
/// connected, or a login takes over from an earlier session. So what decides between two processes is the store
/// alone. Opened sessions are kept, tokens included, and a hit costs about what
/// [`MemoryStore`](crate::MemoryStore) costs.
pub struct NearCache<S> {
    store: S,
    clock: Arc<dyn Clock>,
    max_staleness: Duration,
    /// Records of one shard's half.
    capacity: usize,
    shards: Vec<RwLock<Shard>>,
}

/// Two maps, turned over when the recent one is full or has the age of the bound: what is dropped then is what
/// would be stale first, and after the age of the bound all of it is. So room is made without a search.
#[derive(Default)]
struct Shard {
    recent: HashMap<StoreKey, Cached, KeyHasher>,
    older: HashMap<StoreKey, Cached, KeyHasher>,
    turned: Duration,
    /// Counts what was forgotten: a read that began before the last time is not kept.
    generation: u64,
}

struct Cached {
    stored: StoredRecord,
    /// When its reading began.
    since: Duration,
}

impl<S> NearCache<S> {
    /// A cache in front of `store`, for about 10,000 sessions.
    #[must_use]
    pub fn new(store: S, max_staleness: Duration) -> Self {
        let clock = Arc::new(SystemClock::default());
        let shards = (0..SHARDS).map(|_| RwLock::default()).collect();
        Self { store, clock, max_staleness, capacity: 0, shards }.with_capacity(10_000)
    }

    /// For about so many `sessions`: the bound is kept in 64 parts. An opened session has the size of its claims
    /// and tokens, a few KiB.
    #[must_use]
    pub fn with_capacity(mut self, sessions: usize) -> Self {
        self.capacity = sessions.div_ceil(2 * SHARDS).max(1);
        self
    }

    /// With another clock, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    #[expect(clippy::indexing_slicing, reason = "there are as many shards as the remainder allows")]
    fn shard(&self, key: &StoreKey) -> &RwLock<Shard> {
        let [first, ..] = key.as_bytes();
        &self.shards[usize::from(*first) % SHARDS]
    }
}

impl<S: SessionStore> NearCache<S> {
    /// What is known of `key` at `now` within the bound, or else the generation of its shard.
    fn cached(&self, key: &StoreKey, now: Duration) -> Result<StoredRecord, u64> {
        let shard = read(self.shard(key));
        let cached = shard.find(key).filter(|cached| {
            now.saturating_sub(cached.since) < self.max_staleness
                && cached.stored.expires > self.clock.now()
        });
        cached.map(|cached| cached.stored.clone()).ok_or(shard.generation)
    }

    /// Asks the store, and keeps its answer unless something was written since `generation`.
    async fn read_through(
        &self,
        key: &StoreKey,
        since: Duration,
        generation: u64,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let loaded = self.store.load_current(key).await?;
        if self.max_staleness.is_zero() {
            return Ok(loaded);
        }
        let mut shard = write(self.shard(key));
        match loaded.clone() {
            None => shard.remove(key),
            Some(stored) if shard.generation == generation => {
                let cached = Cached { stored, since };
                shard.keep(*key, cached, self.capacity, self.max_staleness);
            }
            Some(_) => {}
        }
        Ok(loaded)
    }
}

#[async_trait]
impl<S: SessionStore> SessionStore for NearCache<S> {
    async fn create(&self, key: &StoreKey, record: Record) -> Result<(), StoreError> {
        let _written = Written { cache: self, key: Some(key) };
        self.store.create(key, record).await
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredRecord>, StoreError> {
        let since = self.clock.monotonic();
        match self.cached(key, since) {
            Ok(stored) => Ok(Some(stored)),
            Err(generation) => self.read_through(key, since, generation).await,
        }
    }

    fn load_now(&self, key: &StoreKey) -> Option<Result<Option<StoredRecord>, StoreError>> {
        self.cached(key, self.clock.monotonic()).ok().map(|stored| Ok(Some(stored)))
    }

    async fn load_current(&self, key: &StoreKey) -> Result<Option<StoredRecord>, StoreError> {
        let (since, generation) = (self.clock.monotonic(), read(self.shard(key)).generation);
        self.read_through(key, since, generation).await
    }

    async fn swap(
        &self,
        key: &StoreKey,
        expected: Version,
        record: Record,
    ) -> Result<Swap, StoreError> {
        let _written = Written { cache: self, key: Some(key) };
        self.store.swap(key, expected, record).await
    }

    async fn delete(&self, key: &StoreKey) -> Result<(), StoreError> {
        let _written = Written { cache: self, key: Some(key) };
        self.store.delete(key).await
    }

    async fn delete_by_sid(&self, issuer: &str, sid: &str) -> Result<u64, StoreError> {
        let _written = Written { cache: self, key: None };
        self.store.delete_by_sid(issuer, sid).await
    }

    async fn delete_by_subject(&self, issuer: &str, subject: &str) -> Result<u64, StoreError> {
        let _written = Written { cache: self, key: None };
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

impl Shard {
    fn find(&self, key: &StoreKey) -> Option<&Cached> {
        self.recent.get(key).or_else(|| self.older.get(key))
    }

    /// Of two reads that were under way together, the one that began later stays.
    fn keep(&mut self, key: StoreKey, cached: Cached, capacity: usize, max_staleness: Duration) {
        if self.find(&key).is_some_and(|other| other.since > cached.since) {
            return;
        }
        let is_aged = cached.since.saturating_sub(self.turned) >= max_staleness;
        if is_aged || self.recent.len() >= capacity {
            self.older = std::mem::take(&mut self.recent);
            self.turned = cached.since;
        }
        self.recent.insert(key, cached);
    }

    fn remove(&mut self, key: &StoreKey) {
        self.recent.remove(key);
        self.older.remove(key);
    }

    fn forget(&mut self, key: &StoreKey) {
        self.generation += 1;
        self.remove(key);
    }

    fn forget_all(&mut self) {
        self.generation += 1;
        self.recent.clear();
        self.older.clear();
    }
}

/// Forgets what a write was to, one key or all, once that has come to an end: well, badly, or because the caller
/// went away, after which it may still have happened.
struct Written<'a, S> {
    cache: &'a NearCache<S>,
    key: Option<&'a StoreKey>,
}

impl<S> Drop for Written<'_, S> {
    fn drop(&mut self) {
        match self.key {
            Some(key) => write(self.cache.shard(key)).forget(key),
            None => self.cache.shards.iter().for_each(|shard| write(shard).forget_all()),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for NearCache<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NearCache")
            .field("store", &self.store)
            .field("max_staleness", &self.max_staleness)
            .finish_non_exhaustive()
    }
}

// A panic cannot leave a map half changed, so a poisoned lock is as good as any.
fn read(shard: &RwLock<Shard>) -> RwLockReadGuard<'_, Shard> {
    shard.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(shard: &RwLock<Shard>) -> RwLockWriteGuard<'_, Shard> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}
