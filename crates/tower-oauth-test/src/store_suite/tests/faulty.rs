//! A small store that keeps its contract but for one fault, which a test chooses.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;
use tower_oauth_core::session::{
    Index, Mark, Payload, Record, SessionStore, StoreError, StoreKey, StoredRecord, Swap, Version,
};
use tower_oauth_core::{Clock, Timestamp};

use super::database::{Database, Name, Row, Tables};
use super::fault::Fault;
use crate::{ManualClock, lock};

/// A handle of a [`Database`].
#[derive(Debug)]
pub(super) struct FaultyStore {
    fault: Option<Fault>,
    clock: ManualClock,
    database: Arc<Database>,
    /// What this handle alone knows.
    cache: Mutex<HashMap<StoreKey, StoredRecord>>,
    local: Mutex<()>,
}

impl FaultyStore {
    pub(super) fn new(database: &Arc<Database>, clock: ManualClock, fault: Option<Fault>) -> Self {
        let (cache, local) = (Mutex::default(), Mutex::default());
        Self { fault, clock, database: Arc::clone(database), cache, local }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn cached(&self, fault: Fault, key: &StoreKey) -> Option<StoredRecord> {
        lock(&self.cache).get(key).filter(|_| self.has(fault)).cloned()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.database.tables()
    }

    /// Lets others in between a check and the write that relies on it, if that is the fault.
    fn gap<'a>(&'a self, fault: Fault, tables: MutexGuard<'a, Tables>) -> MutexGuard<'a, Tables> {
        if !self.has(fault) {
            return tables;
        }
        drop(tables);
        round_trip();
        self.tables()
    }

    fn is_live(&self, row: &Row) -> bool {
        let week = Duration::from_secs(7 * 24 * 3600);
        let is_week_over = self.has(Fault::LivesAWeek) && row.written + week <= self.clock.now();
        row.expires > self.clock.now()
            && !is_week_over
            && row.removed.is_none_or(|end| Instant::now() < end)
    }

    fn is_free(&self, tables: &Tables, key: &StoreKey) -> bool {
        match tables.records.get(key) {
            None => true,
            Some(_) if self.has(Fault::ExpiredBlocksKey) => false,
            Some(row) => !self.is_live(row),
        }
    }

    fn row(&self, tables: &mut Tables, key: &StoreKey, record: &Record) -> Result<Row, StoreError> {
        let mut payload = record.payload.to_bytes()?;
        match self.fault {
            Some(Fault::PayloadAsText) => {
                payload = String::from_utf8_lossy(&payload).into_owned().into();
            }
            Some(Fault::PayloadCut) => payload.truncate(32 * 1024),
            Some(Fault::PayloadEndsAtNul) => {
                let end = payload.iter().position(|byte| *byte == 0);
                payload.truncate(end.unwrap_or(payload.len()));
            }
            _ => {}
        }
        let mut expires = record.expires;
        if self.has(Fault::ExpiresInMinutes) {
            expires = Timestamp::from_unix_seconds(expires.unix_seconds() / 60 * 60);
        }
        let written = self.clock.now();
        let earlier = tables.records.get(key).filter(|row| self.is_live(row));
        let removed = match earlier {
            _ if !self.has(Fault::SwapKeepsServersExpiry) => None,
            Some(row) => row.removed,
            None => Some(self.in_servers_time(expires)),
        };
        let last = if self.has(Fault::VersionsStartAnew) {
            earlier.map_or(0, |row| row.version.number())
        } else {
            tables.last_version
        };
        let version = Version::new(if self.has(Fault::VersionStays) { 1 } else { last + 1 });
        tables.last_version = version.number();
        Ok(Row { payload, written, expires, version, index: record.index.clone(), removed })
    }

    fn put(&self, tables: &mut Tables, key: &StoreKey, row: Row) -> Version {
        let version = row.version;
        let is_swap = tables.records.contains_key(key);
        if self.has(Fault::IndexAddedBeforeRemoved) {
            self.add_to_index(tables, key, &row);
        }
        if !(is_swap && self.has(Fault::SwapLeavesIndex)) {
            self.remove(tables, key);
            if !self.has(Fault::IndexAddedBeforeRemoved) {
                self.add_to_index(tables, key, &row);
            }
        }
        tables.records.insert(*key, row);
        version
    }

    fn add_to_index(&self, tables: &mut Tables, key: &StoreKey, row: &Row) {
        for name in self.names(row.index.as_ref()) {
            let end = self.in_servers_time(row.expires);
            match self.fault {
                Some(Fault::IndexEndsWithItsFirst) => {
                    tables.index_ends.entry(name.clone()).or_insert(end);
                }
                Some(Fault::IndexEndsWithItsLast) => {
                    tables.index_ends.insert(name.clone(), end);
                }
                _ => {}
            }
            tables.index.entry(name).or_default().insert(*key);
        }
    }

    /// When something ends by the clock of a server, which no test moves; never more than a year from now.
    fn in_servers_time(&self, expires: Timestamp) -> Instant {
        const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
        Instant::now() + expires.since(self.clock.now()).min(YEAR)
    }

    fn remove(&self, tables: &mut Tables, key: &StoreKey) -> Option<Row> {
        let row = tables.records.remove(key)?;
        if !self.has(Fault::DeleteLeavesIndex) {
            for name in self.names(row.index.as_ref()) {
                if let Some(keys) = tables.index.get_mut(&name) {
                    keys.remove(key);
                }
            }
        }
        Some(row)
    }

    fn names(&self, index: Option<&Index>) -> Vec<Name> {
        let nothing = Index::new("", "", Some(""));
        let none_is_empty = self.has(Fault::NoIndexIsEmpty).then_some(&nothing);
        let Some(index) = index.or(none_is_empty) else { return Vec::new() };
        let no_sid = self.has(Fault::NoSidIsEmpty).then_some("");
        let sid = index.sid.as_deref().or(no_sid);
        let sid = sid.map(|sid| self.name("sid", &index.issuer, sid));
        [self.name("subject", &index.issuer, &index.subject)].into_iter().chain(sid).collect()
    }

    fn name(&self, by: &'static str, issuer: &str, value: &str) -> Name {
        let name = |issuer: &str, value: &str| (by, issuer.to_owned(), value.to_owned());
        match self.fault {
            Some(Fault::IgnoresCase) => name(issuer, &value.to_lowercase()),
            Some(Fault::Trims) => name(issuer, value.trim_end()),
            Some(Fault::CutsIndex) => name(issuer, value.get(..200).unwrap_or(value)),
            Some(Fault::IndexEndsAtNul) => name(issuer, value.split('\0').next().unwrap_or("")),
            Some(Fault::JoinsWithColon) => name("", &format!("{issuer}:{value}")),
            Some(Fault::IgnoresIssuer) => name("", value),
            Some(Fault::SidsAreSubjects) => ("both", issuer.to_owned(), value.to_owned()),
            _ => name(issuer, value),
        }
    }

    fn delete_by(&self, by: &'static str, issuer: &str, value: &str) -> u64 {
        let _local = self.local();
        let mut tables = self.tables();
        let name = self.name(by, issuer, value);
        if tables.index_ends.get(&name).is_some_and(|end| *end <= Instant::now()) {
            tables.index.remove(&name);
        }
        let mut keys = tables.index.get(&name).cloned().unwrap_or_default();
        if self.has(Fault::Wildcards) && value == "%" {
            let of_issuer = tables.index.iter().filter(|((_, other, _), _)| *other == issuer);
            keys = of_issuer.flat_map(|(_, keys)| keys.clone()).collect();
        }
        let versions: HashMap<_, _> =
            keys.iter().filter_map(|key| Some((*key, tables.records.get(key)?.version))).collect();
        tables = self.gap(Fault::DeleteSkipsSwapped, tables);
        let mut count = 0;
        for key in keys {
            let version = tables.records.get(&key).map(|row| row.version);
            if self.has(Fault::DeleteSkipsSwapped) && version != versions.get(&key).copied() {
                continue;
            }
            if self.has(Fault::ForgetsIndexAlone) {
                tables.index.remove(&name);
                count += 1;
                continue;
            }
            count += u64::from(self.remove(&mut tables, &key).is_some());
        }
        if self.has(Fault::CountsOne) { count.min(1) } else { count }
    }

    fn find_by(&self, by: &'static str, issuer: &str, value: &str) -> Vec<StoreKey> {
        let _local = self.local();
        let tables = self.tables();
        let keys = tables.index.get(&self.name(by, issuer, value));
        let is_there = |key: &&StoreKey| tables.records.contains_key(*key);
        let most = if self.has(Fault::FindsOne) { 1 } else { usize::MAX };
        keys.into_iter().flatten().filter(is_there).copied().take(most).collect()
    }

    fn by_subject<T: Default>(&self, ask: impl FnOnce() -> T) -> Result<T, StoreError> {
        match self.fault {
            Some(Fault::NoSubjects) => Err(StoreError::failed("there is no index of subjects")),
            Some(Fault::NoSubjectsAndSilent) => Ok(T::default()),
            _ => Ok(ask()),
        }
    }

    /// A lock that no other handle knows, if that is the fault.
    fn local(&self) -> Option<MutexGuard<'_, ()>> {
        self.has(Fault::SwapUnderLocalLock).then(|| lock(&self.local))
    }
}

/// Long enough for others to come in between.
fn round_trip() {
    for _ in 0..10 {
        thread::yield_now();
    }
}

#[async_trait]
impl SessionStore for FaultyStore {
    async fn create(&self, key: &StoreKey, record: Record) -> Result<(), StoreError> {
        let _local = self.local();
        let mut tables = self.tables();
        if !self.is_free(&tables, key) && !self.has(Fault::CreateOverwrites) {
            return Err(StoreError::already_exists());
        }
        if self.has(Fault::MarksAreKeys) && tables.marks.contains_key(key.as_bytes()) {
            return Err(StoreError::already_exists());
        }
        tables = self.gap(Fault::CreateChecksFirst, tables);
        let row = self.row(&mut tables, key, &record)?;
        self.put(&mut tables, key, row);
        Ok(())
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredRecord>, StoreError> {
        if self.has(Fault::AbsentWhenUnreachable) {
            return Ok(None);
        }
        if let Some(stored) = self.cached(Fault::Caches, key) {
            return Ok(Some(stored));
        }
        let _local = self.local();
        let tables = self.tables();
        let live = |row: &&Row| self.has(Fault::LoadsExpired) || self.is_live(row);
        let stored = tables.records.get(key).filter(live).map(|row| {
            let payload = Payload::from_bytes(row.payload.clone());
            StoredRecord::new(payload, row.expires, row.version)
        });
        if let Some(stored) = &stored {
            lock(&self.cache).insert(*key, stored.clone());
        }
        Ok(stored)
    }

    fn load_now(&self, key: &StoreKey) -> Option<Result<Option<StoredRecord>, StoreError>> {
        self.cached(Fault::CachesForNow, key).map(|stored| Ok(Some(stored)))
    }

    async fn swap(
        &self,
        key: &StoreKey,
        expected: Version,
        record: Record,
    ) -> Result<Swap, StoreError> {
        let _local = self.local();
        let mut tables = self.tables();
        let row = tables.records.get(key).cloned();
        let live = row.filter(|row| self.has(Fault::SwapsExpired) || self.is_live(row));
        match live {
            None if self.has(Fault::Upserts) => {}
            None => return Ok(Swap::Missing),
            Some(_) if self.has(Fault::IgnoresVersion) => {}
            Some(row) if row.version != expected => return Ok(Swap::Conflict),
            Some(_) => {}
        }
        tables = self.gap(Fault::SwapUnderLocalLock, tables);
        if self.has(Fault::SwapChecksFirst) {
            drop((tables, _local));
            round_trip();
            tables = self.tables();
            if !tables.records.contains_key(key) {
                return Ok(Swap::Missing);
            }
        } else if self.has(Fault::SwapUpsertsLate) {
            drop((tables, _local));
            round_trip();
            tables = self.tables();
            let now = tables.records.get(key).map(|row| row.version);
            if now.is_some_and(|version| version != expected) {
                return Ok(Swap::Conflict);
            }
        }
        let row = self.row(&mut tables, key, &record)?;
        Ok(Swap::Swapped(self.put(&mut tables, key, row)))
    }

    async fn delete(&self, key: &StoreKey) -> Result<(), StoreError> {
        let _local = self.local();
        lock(&self.cache).remove(key);
        let removed = self.remove(&mut self.tables(), key);
        if removed.is_none() && self.has(Fault::DeleteWantsARecord) {
            return Err(StoreError::failed("no such record"));
        }
        Ok(())
    }

    async fn delete_by_sid(&self, issuer: &str, sid: &str) -> Result<u64, StoreError> {
        Ok(self.delete_by("sid", issuer, sid))
    }

    async fn delete_by_subject(&self, issuer: &str, subject: &str) -> Result<u64, StoreError> {
        self.by_subject(|| self.delete_by("subject", issuer, subject))
    }

    async fn find_by_sid(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError> {
        Ok(self.find_by("sid", issuer, sid))
    }

    async fn find_by_subject(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Vec<StoreKey>, StoreError> {
        self.by_subject(|| self.find_by("subject", issuer, subject))
    }

    async fn mark_once(&self, mark: &Mark, expires: Timestamp) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let mut name = *mark.as_bytes();
        if self.has(Fault::MarksByHalf) {
            name = std::array::from_fn(|at| if at < 16 { name[at] } else { 0 });
        }
        let is_key = tables.records.keys().any(|key| *key.as_bytes() == name);
        if self.has(Fault::MarksAreKeys) && is_key {
            return Ok(false);
        }
        if self.has(Fault::MarkKeepsServersExpiry) {
            let end = tables.marks_end.entry(name).or_insert_with(|| self.in_servers_time(expires));
            if *end <= Instant::now() {
                tables.marks.remove(&name);
            }
        }
        let until = tables.marks.get(&name).copied();
        let is_set =
            until.is_some_and(|until| self.has(Fault::MarksStay) || until > self.clock.now());
        tables = self.gap(Fault::MarkChecksFirst, tables);
        if !is_set || self.has(Fault::LosersExtendMarks) {
            tables.marks.insert(name, expires);
        }
        Ok(!is_set || self.has(Fault::EveryMarkWins))
    }
}
