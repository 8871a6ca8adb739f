//! [`MemoryStore`]: sessions in this process, the default.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use tower_oauth_core::session::{
    Index, Mark, Record, SessionStore, StoreError, StoreKey, StoredRecord, Swap, Version,
};
use tower_oauth_core::{Clock, Timestamp};

use super::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

const SHARDS: usize = 64;

/// One-time marks that are kept: each belongs to an attempt of the last ten minutes.
const MAX_MARKS: usize = 1_000_000;

/// Keeps sessions in this process: bounded, expiring, nothing is serialized.
///
/// They end with the process and are not seen by others; an application of several processes takes a
/// store that they share. When it is full, the session that would expire first makes room. One-time
/// marks are never evicted: beyond a million, logins are refused until some expire.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    shards: Vec<RwLock<Shard>>,
    index: Mutex<Indexes>,
    marks: Mutex<Marks>,
}

struct Shard {
    entries: HashMap<StoreKey, Entry>,
    /// Counts the writes of all keys of the shard, so that none has a version again.
    last_version: u64,
    capacity: usize,
    sweep_at: usize,
}

struct Entry {
    stored: StoredRecord,
    index: Option<Index>,
}

#[derive(Default)]
struct Indexes {
    by_subject: HashMap<(String, String), HashSet<StoreKey>>,
    by_sid: HashMap<(String, String), HashSet<StoreKey>>,
}

struct Marks {
    expires: HashMap<Mark, Timestamp>,
    sweep_at: usize,
}

impl MemoryStore {
    /// A store for up to 100,000 sessions, whose expiry `clock` decides.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_capacity(clock, 100_000)
    }

    /// A store for about `sessions` sessions: the bound is kept in 64 parts.
    #[must_use]
    pub fn with_capacity(clock: Arc<dyn Clock>, sessions: usize) -> Self {
        let capacity = sessions.div_ceil(SHARDS).max(1);
        let shard =
            || Shard { entries: HashMap::new(), last_version: 0, capacity, sweep_at: SWEEP_MIN };
        Self {
            clock,
            shards: (0..SHARDS).map(|_| RwLock::new(shard())).collect(),
            index: Mutex::new(Indexes::default()),
            marks: Mutex::new(Marks { expires: HashMap::new(), sweep_at: SWEEP_MIN }),
        }
    }

    /// How many sessions it holds, expired ones that were not swept yet included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| read(shard).entries.len()).sum()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[expect(clippy::indexing_slicing, reason = "there are as many shards as the remainder allows")]
    fn shard(&self, key: &StoreKey) -> &RwLock<Shard> {
        let [first, ..] = key.as_bytes();
        &self.shards[usize::from(*first) % SHARDS]
    }

    /// Removes the record under `key` if it `is_meant`. Locks the shard, then the index; nothing locks them the
    /// other way round.
    fn remove(&self, key: &StoreKey, is_meant: impl Fn(&Entry) -> bool) -> Option<Entry> {
        let mut shard = write(self.shard(key));
        if !shard.entries.get(key).is_some_and(is_meant) {
            return None;
        }
        let entry = shard.entries.remove(key)?;
        lock(&self.index).remove(*key, entry.index.as_ref());
        Some(entry)
    }

    /// Removes those of `keys` whose index still `is_meant`: each may have been swapped, or deleted and created
    /// again, since the index named it.
    fn remove_all(
        &self,
        keys: Option<HashSet<StoreKey>>,
        is_meant: impl Fn(&Index) -> bool,
    ) -> u64 {
        let now = self.clock.now();
        let is_meant = |entry: &Entry| entry.index.as_ref().is_some_and(&is_meant);
        let removed = keys.into_iter().flatten().filter_map(|key| self.remove(&key, is_meant));
        removed.map(|entry| u64::from(entry.stored.expires > now)).sum()
    }

    /// Those of `keys` that have not expired. The index was right when it named them.
    fn live_of(&self, keys: Option<HashSet<StoreKey>>) -> Vec<StoreKey> {
        let now = self.clock.now();
        let is_live = |key: &StoreKey| {
            let shard = read(self.shard(key));
            shard.entries.get(key).is_some_and(|entry| entry.stored.expires > now)
        };
        keys.into_iter().flatten().filter(is_live).collect()
    }
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn create(&self, key: &StoreKey, record: Record) -> Result<(), StoreError> {
        let now = self.clock.now();
        let Record { payload, expires, index, .. } = record;
        let mut shard = write(self.shard(key));
        if shard.entries.get(key).is_some_and(|entry| entry.stored.expires > now) {
            return Err(StoreError::already_exists());
        }
        let replaced = shard.entries.remove(key).map(|entry| (*key, entry.index));
        let removed = shard.make_room(now);
        let stored = StoredRecord::new(payload, expires, shard.next_version());
        // What goes before what comes: both may have the same index.
        let mut indexes = lock(&self.index);
        for (key, index) in removed.into_iter().chain(replaced) {
            indexes.remove(key, index.as_ref());
        }
        indexes.insert(*key, index.as_ref());
        shard.entries.insert(*key, Entry { stored, index });
        Ok(())
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredRecord>, StoreError> {
        let shard = read(self.shard(key));
        let live = shard.entries.get(key).filter(|entry| entry.stored.expires > self.clock.now());
        Ok(live.map(|entry| entry.stored.clone()))
    }

    async fn swap(
        &self,
        key: &StoreKey,
        expected: Version,
        record: Record,
    ) -> Result<Swap, StoreError> {
        let now = self.clock.now();
        let mut shard = write(self.shard(key));
        let version = shard.next_version();
        let Some(entry) = shard.entries.get_mut(key).filter(|entry| entry.stored.expires > now)
        else {
            return Ok(Swap::Missing);
        };
        if entry.stored.version != expected {
            return Ok(Swap::Conflict);
        }
        let Record { payload, expires, index, .. } = record;
        entry.stored = StoredRecord::new(payload, expires, version);
        if entry.index != index {
            let mut indexes = lock(&self.index);
            indexes.remove(*key, entry.index.as_ref());
            indexes.insert(*key, index.as_ref());
            entry.index = index;
        }
        Ok(Swap::Swapped(version))
    }

    async fn delete(&self, key: &StoreKey) -> Result<(), StoreError> {
        self.remove(key, |_| true);
        Ok(())
    }

    async fn delete_by_sid(&self, issuer: &str, sid: &str) -> Result<u64, StoreError> {
        let keys = lock(&self.index).by_sid.get(&(issuer.into(), sid.into())).cloned();
        Ok(self
            .remove_all(keys, |index| index.issuer == issuer && index.sid.as_deref() == Some(sid)))
    }

    async fn delete_by_subject(&self, issuer: &str, subject: &str) -> Result<u64, StoreError> {
        let keys = lock(&self.index).by_subject.get(&(issuer.into(), subject.into())).cloned();
        Ok(self.remove_all(keys, |index| index.issuer == issuer && index.subject == subject))
    }

    async fn find_by_sid(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError> {
        let keys = lock(&self.index).by_sid.get(&(issuer.into(), sid.into())).cloned();
        Ok(self.live_of(keys))
    }

    async fn find_by_subject(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Vec<StoreKey>, StoreError> {
        let keys = lock(&self.index).by_subject.get(&(issuer.into(), subject.into())).cloned();
        Ok(self.live_of(keys))
    }

    async fn mark_once(&self, mark: &Mark, expires: Timestamp) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let mut marks = lock(&self.marks);
        if marks.expires.get(mark).is_some_and(|until| *until > now) {
            return Ok(false);
        }
        if marks.expires.len() >= marks.sweep_at.min(MAX_MARKS) {
            marks.expires.retain(|_, until| *until > now);
            marks.sweep_at = next_sweep(marks.expires.len());
        }
        if marks.expires.len() >= MAX_MARKS {
            return Err(StoreError::failed("a million logins are under way"));
        }
        marks.expires.insert(*mark, expires);
        Ok(true)
    }
}

impl Shard {
    fn next_version(&mut self) -> Version {
        self.last_version = self.last_version.wrapping_add(1);
        Version::new(self.last_version)
    }

    /// Makes room for one more, and tells what had to go. Sweeps when the shard has doubled since the last
    /// time, so that each create pays a constant share.
    fn make_room(&mut self, now: Timestamp) -> Vec<(StoreKey, Option<Index>)> {
        let full = self.entries.len() >= self.capacity;
        let mut removed = Vec::new();
        if full || self.entries.len() >= self.sweep_at {
            removed.extend(
                self.entries
                    .extract_if(|_, entry| entry.stored.expires <= now)
                    .map(|(key, entry)| (key, entry.index)),
            );
            self.sweep_at = next_sweep(self.entries.len());
        }
        if self.entries.len() >= self.capacity {
            let first = self.entries.iter().min_by_key(|(_, entry)| entry.stored.expires);
            if let Some(key) = first.map(|(key, _)| *key)
                && let Some(entry) = self.entries.remove(&key)
            {
                tracing::warn!(target: "tower_oauth::session", "the memory store is full; a session was dropped");
                removed.push((key, entry.index));
            }
        }
        removed
    }
}

impl Indexes {
    fn insert(&mut self, key: StoreKey, index: Option<&Index>) {
        let Some(index) = index else { return };
        let subject = (index.issuer.clone(), index.subject.clone());
        self.by_subject.entry(subject).or_default().insert(key);
        if let Some(sid) = &index.sid {
            self.by_sid.entry((index.issuer.clone(), sid.clone())).or_default().insert(key);
        }
    }

    fn remove(&mut self, key: StoreKey, index: Option<&Index>) {
        let Some(Index { issuer, subject, sid, .. }) = index else { return };
        if let Some(sid) = sid {
            take_out(&mut self.by_sid, &(issuer.clone(), sid.clone()), key);
        }
        take_out(&mut self.by_subject, &(issuer.clone(), subject.clone()), key);
    }
}

fn take_out<K: Eq + Hash>(map: &mut HashMap<K, HashSet<StoreKey>>, name: &K, key: StoreKey) {
    if let Some(keys) = map.get_mut(name) {
        keys.remove(&key);
        if keys.is_empty() {
            map.remove(name);
        }
    }
}

const SWEEP_MIN: usize = 64;

fn next_sweep(len: usize) -> usize {
    (len * 2).max(SWEEP_MIN)
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sessions = self.len();
        let Indexes { by_subject, by_sid } = &*lock(&self.index);
        f.debug_struct("MemoryStore")
            .field("sessions", &sessions)
            .field("subjects", &by_subject.len())
            .field("sids", &by_sid.len())
            .field("marks", &lock(&self.marks).expires.len())
            .finish_non_exhaustive()
    }
}

// A panic cannot leave a map half changed, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(shard: &RwLock<Shard>) -> RwLockReadGuard<'_, Shard> {
    shard.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(shard: &RwLock<Shard>) -> RwLockWriteGuard<'_, Shard> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}
