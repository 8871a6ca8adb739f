//! A session store of one's own: sessions in a file, in the embedded database `redb`. See
//! `docs/guide/bring-your-own-store.md`.
//!
//! Every write is one transaction, which has the database for itself, so nothing comes between what it reads and what
//! it writes. The file belongs to one process.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use redb::{Database, ReadableTable, TableDefinition, WriteTransaction};
use tower_oauth::session::{
    Index, Mark, Payload, Record, SessionStore, StoreError, StoreKey, StoredRecord, Swap, Version,
};
use tower_oauth::{Clock, Timestamp};

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Key = &'static [u8; 32];
/// Payload, expiry, version, and issuer, subject and sid where there is an index.
type Row = (&'static [u8], u64, u64, Option<(&'static str, &'static str, Option<&'static str>)>);

const RECORDS: TableDefinition<'_, Key, Row> = TableDefinition::new("records");
const MARKS: TableDefinition<'_, Key, u64> = TableDefinition::new("marks");
const LAST_VERSION: TableDefinition<'_, (), u64> = TableDefinition::new("last version");

/// Keeps sessions in a file.
#[derive(Clone)]
pub struct RedbStore {
    database: Arc<Database>,
    clock: Arc<dyn Clock>,
}

impl RedbStore {
    /// Opens the file, or creates it.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, or another process has it open.
    pub fn open(path: impl AsRef<Path>, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let create = || -> Result<_, Failure> {
            let database = Database::create(path)?;
            let transaction = database.begin_write()?;
            transaction.open_table(RECORDS)?;
            transaction.commit()?;
            Ok(Arc::new(database))
        };
        Ok(Self { database: create().map_err(StoreError::failed)?, clock })
    }

    /// Removes what has expired. Call it from time to time, such as every hour.
    ///
    /// # Errors
    ///
    /// When the store failed.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        let sweep = self.write(|transaction, now| {
            let now = now.unix_seconds();
            transaction.open_table(RECORDS)?.retain(|_, (_, expires, ..)| expires > now)?;
            transaction.open_table(MARKS)?.retain(|_, expires| expires > now)?;
            Ok(())
        });
        sweep.await
    }

    /// Does `work` in one transaction, on a thread that may wait for the disk.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&WriteTransaction, Timestamp) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (database, clock) = (Arc::clone(&self.database), Arc::clone(&self.clock));
        let run = move || -> Result<T, Failure> {
            let transaction = database.begin_write()?;
            let answer = work(&transaction, clock.now())?;
            transaction.commit()?;
            Ok(answer)
        };
        let answer = tokio::task::spawn_blocking(run).await.map_err(StoreError::failed)?;
        answer.map_err(StoreError::failed)
    }

    /// Looks at every record. Where there are very many, an index of their names pays.
    async fn delete_where(
        &self,
        is_meant: impl Fn(&str, &str, Option<&str>) -> bool + Send + 'static,
    ) -> Result<u64, StoreError> {
        let delete = self.write(move |transaction, _| {
            let mut count = 0;
            transaction.open_table(RECORDS)?.retain(|_, (.., index)| {
                let goes =
                    index.is_some_and(|(issuer, subject, sid)| is_meant(issuer, subject, sid));
                count += u64::from(goes);
                !goes
            })?;
            Ok(count)
        });
        delete.await
    }

    /// Looks at every record, as [`delete_where`](Self::delete_where) does.
    async fn find_where(
        &self,
        is_meant: impl Fn(&str, &str, Option<&str>) -> bool + Send + 'static,
    ) -> Result<Vec<StoreKey>, StoreError> {
        let find = self.write(move |transaction, now| {
            let mut found = Vec::new();
            for entry in transaction.open_table(RECORDS)?.iter()? {
                let (key, row) = entry?;
                let (_, expires, _, index) = row.value();
                let matches =
                    index.is_some_and(|(issuer, subject, sid)| is_meant(issuer, subject, sid));
                if matches && expires > now.unix_seconds() {
                    found.push(StoreKey::from_bytes(*key.value()));
                }
            }
            Ok(found)
        });
        find.await
    }
}

#[async_trait]
impl SessionStore for RedbStore {
    async fn create(&self, key: &StoreKey, record: Record) -> Result<(), StoreError> {
        let (key, sealed) = (*key, record.payload.to_bytes()?);
        let is_created = self.write(move |transaction, now| {
            let is_free = live(&transaction.open_table(RECORDS)?, &key, now)?.is_none();
            if is_free {
                put(transaction, &key, &sealed, &record)?;
            }
            Ok(is_free)
        });
        if is_created.await? { Ok(()) } else { Err(StoreError::already_exists()) }
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredRecord>, StoreError> {
        let (key, database, clock) = (*key, Arc::clone(&self.database), Arc::clone(&self.clock));
        let read = move || live(&database.begin_read()?.open_table(RECORDS)?, &key, clock.now());
        let read = tokio::task::spawn_blocking(read).await.map_err(StoreError::failed)?;
        read.map_err(StoreError::failed)
    }

    async fn swap(
        &self,
        key: &StoreKey,
        expected: Version,
        record: Record,
    ) -> Result<Swap, StoreError> {
        let (key, sealed) = (*key, record.payload.to_bytes()?);
        let swap = self.write(move |transaction, now| {
            let live = live(&transaction.open_table(RECORDS)?, &key, now)?;
            Ok(match live {
                None => Swap::Missing,
                Some(live) if live.version != expected => Swap::Conflict,
                Some(_) => Swap::Swapped(put(transaction, &key, &sealed, &record)?),
            })
        });
        swap.await
    }

    async fn delete(&self, key: &StoreKey) -> Result<(), StoreError> {
        let key = *key;
        let delete = self.write(move |transaction, _| {
            transaction.open_table(RECORDS)?.remove(key.as_bytes())?;
            Ok(())
        });
        delete.await
    }

    async fn delete_by_sid(&self, issuer: &str, sid: &str) -> Result<u64, StoreError> {
        let meant = (issuer.to_owned(), sid.to_owned());
        self.delete_where(move |issuer, _, sid| (issuer, sid) == (&meant.0, Some(&meant.1))).await
    }

    async fn delete_by_subject(&self, issuer: &str, subject: &str) -> Result<u64, StoreError> {
        let meant = (issuer.to_owned(), subject.to_owned());
        self.delete_where(move |issuer, subject, _| (issuer, subject) == (&meant.0, &meant.1)).await
    }

    async fn find_by_sid(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError> {
        let meant = (issuer.to_owned(), sid.to_owned());
        self.find_where(move |issuer, _, sid| (issuer, sid) == (&meant.0, Some(&meant.1))).await
    }

    async fn find_by_subject(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Vec<StoreKey>, StoreError> {
        let meant = (issuer.to_owned(), subject.to_owned());
        self.find_where(move |issuer, subject, _| (issuer, subject) == (&meant.0, &meant.1)).await
    }

    async fn mark_once(&self, mark: &Mark, expires: Timestamp) -> Result<bool, StoreError> {
        let mark = *mark;
        let mark = self.write(move |transaction, now| {
            let mut marks = transaction.open_table(MARKS)?;
            let until = marks.get(mark.as_bytes())?.map_or(0, |until| until.value());
            let is_free = until <= now.unix_seconds();
            if is_free {
                marks.insert(mark.as_bytes(), expires.unix_seconds())?;
            }
            Ok(is_free)
        });
        mark.await
    }
}

impl fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbStore").finish_non_exhaustive()
    }
}

/// The record under `key`, unless it has expired.
fn live(
    records: &impl ReadableTable<Key, Row>,
    key: &StoreKey,
    now: Timestamp,
) -> Result<Option<StoredRecord>, Failure> {
    let Some(row) = records.get(key.as_bytes())? else { return Ok(None) };
    let (payload, expires, version, _) = row.value();
    let expires = Timestamp::from_unix_seconds(expires);
    let payload = Payload::from_bytes(payload.to_vec());
    Ok((expires > now).then(|| StoredRecord::new(payload, expires, Version::new(version))))
}

/// Writes a record, whatever is there, under a version that no record ever had.
fn put(
    transaction: &WriteTransaction,
    key: &StoreKey,
    sealed: &[u8],
    record: &Record,
) -> Result<Version, Failure> {
    let mut last_version = transaction.open_table(LAST_VERSION)?;
    let version = last_version.get(())?.map_or(0, |last| last.value()) + 1;
    last_version.insert((), version)?;
    let index = record.index.as_ref().map(|Index { issuer, subject, sid, .. }| {
        (issuer.as_str(), subject.as_str(), sid.as_deref())
    });
    let row = (sealed, record.expires.unix_seconds(), version, index);
    transaction.open_table(RECORDS)?.insert(key.as_bytes(), row)?;
    Ok(Version::new(version))
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;
    use std::time::Duration;

    use redb::ReadableTableMetadata as _;
    use tower_oauth::session::SessionId;
    use tower_oauth_test::{ManualClock, SeededRandom, StoreSuite};

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn it_keeps_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let store = OnceLock::new();
        let open = async |clock: ManualClock| {
            let open = || RedbStore::open(folder.path().join("sessions.redb"), Arc::new(clock));
            store.get_or_init(|| open().unwrap()).clone()
        };
        StoreSuite::new(open).run().await;
    }

    #[tokio::test]
    async fn a_sweep_removes_what_has_expired() {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::new();
        let path = folder.path().join("sessions.redb");
        let store = RedbStore::open(path, Arc::new(clock.clone())).unwrap();
        let random = SeededRandom::new(1);
        for seconds in [1, 2] {
            let key = SessionId::generate(&random).unwrap().store_key();
            let expires = clock.now() + Duration::from_secs(seconds);
            let record = Record::new(Payload::from_bytes("x"), expires, None);
            store.create(&key, record).await.unwrap();
        }
        clock.advance(Duration::from_secs(1));
        store.sweep().await.unwrap();
        let left = store.database.begin_read().unwrap().open_table(RECORDS).unwrap();
        assert_eq!(left.len().unwrap(), 1);
    }
}
