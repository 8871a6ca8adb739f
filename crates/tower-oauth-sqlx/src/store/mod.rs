//! [`SqlStore`]: where it is, and what an application can set.

mod ask;
mod cleaner;
mod connect;
mod engine;
mod error;
mod records;
mod schema;
mod statements;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tower_oauth::{Clock, SystemClock};

pub use cleaner::Cleaner;
pub use error::{SqlError, SqlErrorKind};

use engine::{Connections, Pool};
use statements::Statements;

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
    /// A store on the database at `url`: `postgres://…`, `sqlite:path.db`, `sqlite::memory:` or `mysql://…`, with
    /// up to ten connections of its own. Waits up to ten seconds for the database; makes no tables, which
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
    /// Let it have write-ahead logging, a `busy_timeout` below the [deadline](Self::with_deadline), and
    /// `synchronous` at `FULL`. A database in memory needs a pool of one connection that never ends.
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

    /// Takes the time from `clock` instead of the operating system's. It alone decides what is expired, never the
    /// clock of the database.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Gives an operation this long, instead of two seconds and at most an hour, waiting for a connection included.
    /// After that it has failed, and may still happen.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline: deadline.min(Duration::from_secs(60 * 60)), ..self }
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
}

impl fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStore")
            .field("engine", &self.pool.engine())
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
