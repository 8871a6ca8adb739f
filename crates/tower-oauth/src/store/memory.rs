//! [`MemoryStore`]: sessions in this process, the default.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use tower_oauth_core::session::{
    Mark, Record, SessionStore, StoreError, StoreKey, StoredRecord, Swap, Version,
};
use tower_oauth_core::{Clock, Timestamp};

use super::index::{Indexes, KeyHasher, Name, Names, Slot};
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
    /// In boxes: a map has twice as many places as entries at times, and an empty one should cost little.
    entries: HashMap<Slot, Box<Entry>, KeyHasher>,
    /// Counts the writes of all keys of the shard, so that none has a version again.
    last_version: u64,
    capacity: usize,
    sweep_at: usize,
}

struct Entry {
    key: StoreKey,
    stored: StoredRecord,
    names: Option<Names>,
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
        let shard = || Shard {
            entries: HashMap::default(),
            last_version: 0,
            capacity,
            sweep_at: SWEEP_MIN,
        };
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
    fn shard(&self, slot: Slot) -> &RwLock<Shard> {
        &self.shards[slot.shard(SHARDS)]
    }

    fn live(&self, key: &StoreKey) -> Option<StoredRecord> {
        let slot = Slot::of(key);
        let shard = read(self.shard(slot));
        let live = shard.entries.get(&slot).filter(|entry| entry.is_live(key, self.clock.now()));
        live.map(|entry| entry.stored.clone())
    }

    /// Removes the record in `slot` if it `is_meant`. Locks the shard, then the index; nothing locks them the
    /// other way round.
    fn remove(&self, slot: Slot, is_meant: impl Fn(&Entry) -> bool) -> Option<Box<Entry>> {
        let mut shard = write(self.shard(slot));
        if !shard.entries.get(&slot).is_some_and(|entry| is_meant(entry)) {
            return None;
        }
        let entry = shard.entries.remove(&slot)?;
        lock(&self.index).remove(slot, entry.names.as_ref());
        Some(entry)
    }

    /// Removes those that still have `name`: each may have been swapped, or deleted and created again, since the index
    /// named it.
    fn remove_all(&self, name: Name) -> u64 {
        let now = self.clock.now();
        let slots = lock(&self.index).slots(name);
        let removed = slots.into_iter().filter_map(|slot| self.remove(slot, |it| it.has(name)));
        removed.map(|entry| u64::from(entry.stored.expires > now)).sum()
    }

    /// The keys of those that have `name` and have not expired.
    fn find(&self, name: Name) -> Vec<StoreKey> {
        let now = self.clock.now();
        let slots = lock(&self.index).slots(name);
        let live = |slot: Slot| {
            let shard = read(self.shard(slot));
            let entry = shard.entries.get(&slot)?;
            (entry.stored.expires > now && entry.has(name)).then_some(entry.key)
        };
        slots.into_iter().filter_map(live).collect()
    }
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn create(&self, key: &StoreKey, record: Record) -> Result<(), StoreError> {
        let now = self.clock.now();
        let Record { payload, expires, index, .. } = record;
        let (slot, names) = (Slot::of(key), index.as_ref().map(Names::of));
        let mut shard = write(self.shard(slot));
        if shard.entries.get(&slot).is_some_and(|entry| entry.stored.expires > now) {
            return Err(StoreError::already_exists());
        }
        let replaced = shard.entries.remove(&slot).map(|entry| (slot, entry.names));
        let removed = shard.make_room(now);
        let stored = StoredRecord::new(payload, expires, shard.next_version());
        // What goes before what comes: both may have the same names.
        let mut indexes = lock(&self.index);
        for (slot, names) in removed.into_iter().chain(replaced) {
            indexes.remove(slot, names.as_ref());
        }
        indexes.insert(slot, names.as_ref());
        shard.entries.insert(slot, Box::new(Entry { key: *key, stored, names }));
        Ok(())
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredRecord>, StoreError> {
        Ok(self.live(key))
    }

    fn load_now(&self, key: &StoreKey) -> Option<Result<Option<StoredRecord>, StoreError>> {
        Some(Ok(self.live(key)))
    }

    async fn swap(
        &self,
        key: &StoreKey,
        expected: Version,
        record: Record,
    ) -> Result<Swap, StoreError> {
        let now = self.clock.now();
        let Record { payload, expires, index, .. } = record;
        let (slot, names) = (Slot::of(key), index.as_ref().map(Names::of));
        let mut shard = write(self.shard(slot));
        let version = shard.next_version();
        let Some(entry) = shard.entries.get_mut(&slot).filter(|entry| entry.is_live(key, now))
        else {
            return Ok(Swap::Missing);
        };
        if entry.stored.version != expected {
            return Ok(Swap::Conflict);
        }
        entry.stored = StoredRecord::new(payload, expires, version);
        if entry.names != names {
            let mut indexes = lock(&self.index);
            indexes.remove(slot, entry.names.as_ref());
            indexes.insert(slot, names.as_ref());
            entry.names = names;
        }
        Ok(Swap::Swapped(version))
    }

    async fn delete(&self, key: &StoreKey) -> Result<(), StoreError> {
        self.remove(Slot::of(key), |entry| entry.key == *key);
        Ok(())
    }

    async fn delete_by_sid(&self, issuer: &str, sid: &str) -> Result<u64, StoreError> {
        Ok(self.remove_all(Name::sid(issuer, sid)))
    }

    async fn delete_by_subject(&self, issuer: &str, subject: &str) -> Result<u64, StoreError> {
        Ok(self.remove_all(Name::subject(issuer, subject)))
    }

    async fn find_by_sid(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError> {
        Ok(self.find(Name::sid(issuer, sid)))
    }

    async fn find_by_subject(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Vec<StoreKey>, StoreError> {
        Ok(self.find(Name::subject(issuer, subject)))
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

impl Entry {
    fn is_live(&self, key: &StoreKey, now: Timestamp) -> bool {
        self.stored.expires > now && self.key == *key
    }

    fn has(&self, name: Name) -> bool {
        self.names.is_some_and(|names| names.contain(name))
    }
}

impl Shard {
    fn next_version(&mut self) -> Version {
        self.last_version = self.last_version.wrapping_add(1);
        Version::new(self.last_version)
    }

    /// Makes room for one more, and tells what had to go. Sweeps when the shard has doubled since the last
    /// time, so that each create pays a constant share.
    fn make_room(&mut self, now: Timestamp) -> Vec<(Slot, Option<Names>)> {
        let full = self.entries.len() >= self.capacity;
        let mut removed = Vec::new();
        if full || self.entries.len() >= self.sweep_at {
            removed.extend(
                self.entries
                    .extract_if(|_, entry| entry.stored.expires <= now)
                    .map(|(slot, entry)| (slot, entry.names)),
            );
            self.sweep_at = next_sweep(self.entries.len());
        }
        if self.entries.len() >= self.capacity {
            let first = self.entries.iter().min_by_key(|(_, entry)| entry.stored.expires);
            if let Some(slot) = first.map(|(slot, _)| *slot)
                && let Some(entry) = self.entries.remove(&slot)
            {
                tracing::warn!(target: "tower_oauth::session", "the memory store is full; a session was dropped");
                removed.push((slot, entry.names));
            }
        }
        removed
    }
}

const SWEEP_MIN: usize = 64;

fn next_sweep(len: usize) -> usize {
    (len * 2).max(SWEEP_MIN)
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sessions = self.len();
        f.debug_struct("MemoryStore")
            .field("sessions", &sessions)
            .field("names", &lock(&self.index).len())
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
