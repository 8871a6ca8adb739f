//! The contract of a session store, each operation one statement.

use async_trait::async_trait;
use aws_lc_rs::digest;
use bytes::Bytes;
use tower_oauth::session::{
    Index, Mark, Payload, Record, SessionStore, StoreError, StoreKey, StoredRecord, Swap, Version,
};
use tower_oauth::{Random, SystemRandom, Timestamp};

use super::SqlStore;
use super::ask::Operation;
use super::engine::Argument;
use super::error::SqlError;
use super::statements::Upsert;

#[async_trait]
impl SessionStore for SqlStore {
    async fn create(&self, key: &StoreKey, record: Record) -> Result<(), StoreError> {
        let columns = Columns::new(record, first_version()?)?;
        let [version, expires, subject, sid, payload] = columns.arguments();
        let arguments = [version, expires, subject, sid, payload, bytes(key), self.now()];
        if self.operation().upsert(&self.statements.create, &arguments).await? {
            Ok(())
        } else {
            Err(StoreError::already_exists())
        }
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredRecord>, StoreError> {
        let row = self.operation().read(&self.statements.load, &[bytes(key), self.now()]).await?;
        Ok(row.map(|row| {
            let expires = match row.expires {
                NEVER => Timestamp::from_unix_seconds(u64::MAX),
                seconds => Timestamp::from_unix_seconds(seconds.cast_unsigned()),
            };
            let version = Version::new(row.version.cast_unsigned());
            StoredRecord::new(Payload::from_bytes(row.payload), expires, version)
        }))
    }

    async fn swap(
        &self,
        key: &StoreKey,
        expected: Version,
        record: Record,
    ) -> Result<Swap, StoreError> {
        let columns = Columns::new(record, expected.number().cast_signed().wrapping_add(1))?;
        let [version, expires, subject, sid, payload] = columns.arguments();
        let expected = Argument::Number(expected.number().cast_signed());
        let arguments = [version, expires, subject, sid, payload, bytes(key), expected, self.now()];
        let operation = self.operation();
        if operation.write(&self.statements.swap, &arguments).await? > 0 {
            return Ok(Swap::Swapped(Version::new(columns.version.cast_unsigned())));
        }
        Ok(match operation.read(&self.statements.load, &[bytes(key), self.now()]).await? {
            Some(_) => Swap::Conflict,
            None => Swap::Missing,
        })
    }

    async fn delete(&self, key: &StoreKey) -> Result<(), StoreError> {
        self.operation().write(&self.statements.delete, &[bytes(key)]).await?;
        Ok(())
    }

    async fn delete_by_sid(&self, issuer: &str, sid: &str) -> Result<u64, StoreError> {
        let hash = [Argument::Bytes(Some(&sid_hash(issuer, sid)))];
        Ok(self.operation().write(&self.statements.delete_by_sid, &hash).await?)
    }

    async fn delete_by_subject(&self, issuer: &str, subject: &str) -> Result<u64, StoreError> {
        let hash = [Argument::Bytes(Some(&subject_hash(issuer, subject)))];
        Ok(self.operation().write(&self.statements.delete_by_subject, &hash).await?)
    }

    async fn find_by_sid(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError> {
        self.find(&self.statements.find_by_sid, &sid_hash(issuer, sid)).await
    }

    async fn find_by_subject(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Vec<StoreKey>, StoreError> {
        self.find(&self.statements.find_by_subject, &subject_hash(issuer, subject)).await
    }

    async fn mark_once(&self, mark: &Mark, expires: Timestamp) -> Result<bool, StoreError> {
        Ok(self.set_mark(mark, expires).await?)
    }
}

impl SqlStore {
    fn now(&self) -> Argument<'static> {
        Argument::Number(seconds(self.clock.now()))
    }

    async fn find(&self, sql: &str, hash: &[u8; 32]) -> Result<Vec<StoreKey>, StoreError> {
        let arguments = [Argument::Bytes(Some(hash)), self.now()];
        let keys = self.operation().read_keys(sql, &arguments).await?;
        let key = |bytes: Vec<u8>| <[u8; 32]>::try_from(bytes).map(StoreKey::from_bytes);
        let keys: Result<Vec<_>, _> = keys.into_iter().map(key).collect();
        keys.map_err(|_| StoreError::failed("a session_key has not 32 bytes"))
    }

    pub(super) async fn set_mark(&self, mark: &Mark, expires: Timestamp) -> Result<bool, SqlError> {
        let expires = Argument::Number(seconds(expires));
        let mark = Argument::Bytes(Some(mark.as_bytes()));
        self.operation().upsert(&self.statements.mark, &[expires, mark, self.now()]).await
    }
}

impl Operation<'_> {
    /// `true` if the row was added. The `arguments` are its values and, last, the time.
    async fn upsert(&self, upsert: &Upsert, arguments: &[Argument<'_>]) -> Result<bool, SqlError> {
        let Some(reclaim) = &upsert.reclaim else {
            return Ok(self.write(&upsert.insert, arguments).await? > 0);
        };
        let (_time, values) = arguments.split_last().unwrap_or((&Argument::Number(0), &[]));
        Ok(self.insert(&upsert.insert, values).await?
            || self.write(reclaim, arguments).await? > 0
            // There was a row, and then none that is expired: a live one, unless the cleaner came in between.
            || self.insert(&upsert.insert, values).await?)
    }

    /// `false` if there is a row with that key.
    async fn insert(&self, sql: &str, values: &[Argument<'_>]) -> Result<bool, SqlError> {
        match self.write(sql, values).await {
            Err(error) if error.is_duplicate() => Ok(false),
            written => Ok(written? > 0),
        }
    }
}

/// A record as the columns of its row.
struct Columns {
    version: i64,
    expires: i64,
    subject_hash: Option<[u8; 32]>,
    sid_hash: Option<[u8; 32]>,
    payload: Bytes,
}

impl Columns {
    fn new(record: Record, version: i64) -> Result<Self, StoreError> {
        let Record { payload, expires, index, .. } = record;
        let subject_hash = index.as_ref().map(|index| subject_hash(&index.issuer, &index.subject));
        let sid_hash = index.and_then(|Index { issuer, sid, .. }| Some(sid_hash(&issuer, &sid?)));
        let expires = match seconds(expires) {
            NEVER if expires.unix_seconds() < u64::MAX => {
                return Err(StoreError::failed("no database keeps a time that far ahead"));
            }
            seconds => seconds,
        };
        Ok(Self { version, expires, subject_hash, sid_hash, payload: payload.to_bytes()? })
    }

    /// In the order in which the statements name them.
    fn arguments(&self) -> [Argument<'_>; 5] {
        [
            Argument::Number(self.version),
            Argument::Number(self.expires),
            Argument::Bytes(self.subject_hash.as_ref().map(<[u8; 32]>::as_slice)),
            Argument::Bytes(self.sid_hash.as_ref().map(<[u8; 32]>::as_slice)),
            Argument::Bytes(Some(&self.payload)),
        ]
    }
}

/// Drawn at random, so that no version of a deleted record fits one that was created in its place.
fn first_version() -> Result<i64, StoreError> {
    let mut version = [0; 8];
    SystemRandom::default().fill(&mut version).map_err(StoreError::failed)?;
    Ok(i64::from_be_bytes(version))
}

/// Hashes are compared byte for byte under any collation, have one length, and name nobody.
fn subject_hash(issuer: &str, subject: &str) -> [u8; 32] {
    hash_of("sub", issuer, subject)
}

fn sid_hash(issuer: &str, sid: &str) -> [u8; 32] {
    hash_of("sid", issuer, sid)
}

fn hash_of(claim: &str, issuer: &str, value: &str) -> [u8; 32] {
    let length = (issuer.len() as u64).to_be_bytes();
    sha256(&[claim.as_bytes(), &length, issuer.as_bytes(), value.as_bytes()])
}

pub(super) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

fn bytes(key: &StoreKey) -> Argument<'_> {
    Argument::Bytes(Some(key.as_bytes()))
}

/// As all three databases can keep it.
pub(super) fn seconds(time: Timestamp) -> i64 {
    i64::try_from(time.unix_seconds()).unwrap_or(NEVER)
}

/// The column of a record that expires at the last second of all, which is how "never" is written.
const NEVER: i64 = i64::MAX;
