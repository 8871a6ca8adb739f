//! [`SqlStore`]: the contract of a session store, each operation one statement.

mod ask;
mod cleaner;
mod connect;
mod engine;
mod error;
mod schema;
mod statements;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::digest;
use tower_oauth::session::{
    Index, Mark, Payload, Record, SessionStore, StoreError, StoreKey, StoredRecord, Swap, Version,
};
use tower_oauth::{Clock, Random, SystemClock, SystemRandom, Timestamp};

pub use cleaner::Cleaner;
pub use error::{SqlError, SqlErrorKind};

use engine::{Argument, Connections, Pool};
use statements::{Statements, Upsert};

/// Keeps sessions in PostgreSQL, SQLite, MySQL or MariaDB. Clones share the connections.
#[derive(Clone)]
pub struct SqlStore {
    pool: Arc<Pool>,
    prefix: Arc<str>,
    statements: Arc<Statements>,
    clock: Arc<dyn Clock>,
    deadline: Duration,
}

impl SqlStore {
    /// A store on the database at `url`: `postgres://…`, `sqlite:path.db`, `sqlite::memory:` or `mysql://…`, with up to ten
    /// connections of its own. Waits up to ten seconds for the database; makes no tables, which
    /// [`migrate`](Self::migrate) does.
    ///
    /// A SQLite file is created, kept in write-ahead logging, and synchronized with the disk at each commit.
    ///
    /// # Errors
    ///
    /// When the URL is not one, the cargo feature of its database is off, or the database cannot be reached.
    pub async fn connect(url: &str) -> Result<Self, SqlError> {
        let store = Self::on(connect::pool(url)?);
        store.first_connection().await?;
        Ok(store)
    }

    /// A store on the application's own pool of connections to PostgreSQL.
    ///
    /// The store finds dead connections itself: with `test_before_acquire(false)`, the pool saves it a round trip per
    /// operation.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn from_postgres(pool: sqlx::PgPool) -> Self {
        Self::on(Pool::new(Connections::Postgres(pool)))
    }

    /// A store on the application's own pool of connections to SQLite.
    ///
    /// Let it have write-ahead logging, a `busy_timeout` below the [deadline](Self::with_deadline), and `synchronous` at
    /// `FULL`. A database in memory needs a pool of one connection that never ends.
    #[cfg(feature = "sqlite")]
    #[must_use]
    pub fn from_sqlite(pool: sqlx::SqlitePool) -> Self {
        Self::on(Pool::new(Connections::Sqlite(pool)))
    }

    /// A store on the application's own pool of connections to MySQL or MariaDB.
    ///
    /// The store finds dead connections itself: with `test_before_acquire(false)`, the pool saves it a round trip per
    /// operation.
    #[cfg(feature = "mysql")]
    #[must_use]
    pub fn from_mysql(pool: sqlx::MySqlPool) -> Self {
        Self::on(Pool::new(Connections::MySql(pool)))
    }

    fn on(pool: Pool) -> Self {
        let prefix = "tower_oauth_";
        Self {
            statements: Arc::new(Statements::new(pool.engine(), prefix)),
            prefix: prefix.into(),
            pool: Arc::new(pool),
            clock: Arc::new(SystemClock::default()),
            deadline: Duration::from_secs(2),
        }
    }

    /// Takes the time from `clock` instead of the operating system's. It alone decides what is expired, never the clock of
    /// the database.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Gives an operation this long, instead of two seconds, waiting for a connection included. After that it has
    /// failed, and may still happen.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Names the tables `{prefix}sessions`, `{prefix}marks` and `{prefix}schema` instead of `tower_oauth_…`, for
    /// several applications in one database.
    ///
    /// # Errors
    ///
    /// Unless `prefix` is made of 1 to 40 of the characters `a` to `z`, `0` to `9` and `_`, the first being no digit.
    pub fn with_table_prefix(self, prefix: &str) -> Result<Self, SqlError> {
        let is_word = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'_');
        let starts_well = prefix.starts_with(|c: char| !c.is_ascii_digit());
        if !starts_well || prefix.len() > 40 || !prefix.bytes().all(is_word) {
            let message = format!(
                "the table prefix {prefix:?} is not made of 1 to 40 of the characters a-z, 0-9 and _, \
                 starting with no digit"
            );
            return Err(SqlError::new(SqlErrorKind::Configuration, message));
        }
        let statements = Arc::new(Statements::new(self.pool.engine(), prefix));
        Ok(Self { statements, prefix: prefix.into(), ..self })
    }

    fn now(&self) -> Argument<'static> {
        Argument::Number(seconds(self.clock.now()))
    }

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

    async fn set_mark(&self, mark: &Mark, expires: Timestamp) -> Result<bool, SqlError> {
        let expires = Argument::Number(seconds(expires));
        let mark = Argument::Bytes(Some(mark.as_bytes()));
        self.upsert(&self.statements.mark, &[expires, mark, self.now()]).await
    }
}

#[async_trait]
impl SessionStore for SqlStore {
    async fn create(&self, key: &StoreKey, record: Record) -> Result<(), StoreError> {
        let columns = Columns::new(record, first_version()?)?;
        let [version, expires, subject, sid, payload] = columns.arguments();
        let arguments = [version, expires, subject, sid, payload, bytes(key), self.now()];
        if self.upsert(&self.statements.create, &arguments).await? {
            Ok(())
        } else {
            Err(StoreError::already_exists())
        }
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredRecord>, StoreError> {
        let row = self.read(&self.statements.load, &[bytes(key), self.now()]).await?;
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
        if self.write(&self.statements.swap, &arguments).await? > 0 {
            return Ok(Swap::Swapped(Version::new(columns.version.cast_unsigned())));
        }
        Ok(match self.load(key).await? {
            Some(_) => Swap::Conflict,
            None => Swap::Missing,
        })
    }

    async fn delete(&self, key: &StoreKey) -> Result<(), StoreError> {
        self.write(&self.statements.delete, &[bytes(key)]).await?;
        Ok(())
    }

    async fn delete_by_sid(&self, issuer: &str, sid: &str) -> Result<u64, StoreError> {
        let hash = sid_hash(issuer, sid);
        Ok(self.write(&self.statements.delete_by_sid, &[Argument::Bytes(Some(&hash))]).await?)
    }

    async fn delete_by_subject(&self, issuer: &str, subject: &str) -> Result<u64, StoreError> {
        let hash = subject_hash(issuer, subject);
        Ok(self.write(&self.statements.delete_by_subject, &[Argument::Bytes(Some(&hash))]).await?)
    }

    async fn mark_once(&self, mark: &Mark, expires: Timestamp) -> Result<bool, StoreError> {
        Ok(self.set_mark(mark, expires).await?)
    }
}

/// A record as the columns of its row.
struct Columns {
    version: i64,
    expires: i64,
    subject_hash: Option<[u8; 32]>,
    sid_hash: Option<[u8; 32]>,
    payload: bytes::Bytes,
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

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
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
fn seconds(time: Timestamp) -> i64 {
    i64::try_from(time.unix_seconds()).unwrap_or(NEVER)
}

/// The column of a record that expires at the last second of all, which is how "never" is written.
const NEVER: i64 = i64::MAX;

impl fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStore")
            .field("engine", &self.pool.engine())
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
