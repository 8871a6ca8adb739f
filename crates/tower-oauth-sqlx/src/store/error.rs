//! [`SqlError`]: what went wrong, in words that hold neither a password nor a record.

use std::fmt;
use std::time::Duration;

use tower_oauth::session::StoreError;

/// A database could not do what it was asked.
///
/// It keeps the text of sqlx's error and not the error itself, whose `Debug` output may hold values.
#[derive(Debug)]
pub struct SqlError {
    kind: SqlErrorKind,
    message: String,
    is_duplicate: bool,
}

/// The classes of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqlErrorKind {
    /// The URL, the table prefix or the cargo features do not fit. Nothing was asked of a database.
    Configuration,
    /// There is no connection to the database.
    Unavailable,
    /// The database did not answer within the [deadline](super::SqlStore::with_deadline). What was asked may
    /// still happen.
    Timeout,
    /// The tables are missing, or were made by a newer version of this crate.
    Schema,
    /// The database answered with an error.
    Database,
}

impl SqlError {
    pub(crate) fn new(kind: SqlErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), is_duplicate: false }
    }

    pub(crate) fn timeout(deadline: Duration) -> Self {
        let message = format!("the database did not answer within {deadline:?}");
        Self::new(SqlErrorKind::Timeout, message)
    }

    /// The class of the failure.
    #[must_use]
    pub const fn kind(&self) -> SqlErrorKind {
        self.kind
    }

    /// Whether there was a row with this key.
    pub(crate) const fn is_duplicate(&self) -> bool {
        self.is_duplicate
    }
}

impl From<sqlx::Error> for SqlError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Configuration(reason) = &error {
            let message = format!("the database URL cannot be used: {reason}");
            return Self::new(SqlErrorKind::Configuration, message);
        }
        let fault = Fault::of(&error);
        let (kind, advice) = match fault {
            Fault::MissingTable => {
                (SqlErrorKind::Schema, ": call SqlStore::migrate when the application starts")
            }
            Fault::Disconnected | Fault::Unavailable => (SqlErrorKind::Unavailable, ""),
            _ => (SqlErrorKind::Database, ""),
        };
        let is_duplicate = fault == Fault::Duplicate;
        Self { kind, message: format!("{error}{advice}"), is_duplicate }
    }
}

impl From<SqlError> for StoreError {
    fn from(error: SqlError) -> Self {
        Self::failed(error)
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SqlError {}

/// What an error means for whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The key is in the table.
    Duplicate,
    /// Another transaction was in the way. Nothing was done, so the same can be asked again.
    Conflict,
    /// The connection is gone, or no longer leads where it should. What was asked may have been done.
    Disconnected,
    /// The pool has no connection to give.
    Unavailable,
    /// There is no such table.
    MissingTable,
    Other,
}

impl Fault {
    pub(crate) fn of(error: &sqlx::Error) -> Self {
        let error = match error {
            sqlx::Error::Database(error) => &**error,
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed => return Self::Disconnected,
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => return Self::Unavailable,
            _ => return Self::Other,
        };
        if error.is_unique_violation() {
            return Self::Duplicate;
        }
        #[cfg(feature = "mysql")]
        if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
            return Self::of_mysql(error.number());
        }
        match (error.code().as_deref(), error.message()) {
            // PostgreSQL: serialization failure, deadlock. SQLite: busy (also for recovery), a shared cache locked.
            (Some("40001" | "40P01" | "5" | "261" | "6" | "262"), _) => Self::Conflict,
            // PostgreSQL: the server stops, crashes or starts, or the connection was idle for too long; it is no
            // longer the primary.
            (Some("57P01" | "57P02" | "57P03" | "57P05" | "25006"), _) => Self::Disconnected,
            (Some("42P01"), _) => Self::MissingTable,
            (Some("1"), message) if message.starts_with("no such table") => Self::MissingTable,
            _ => Self::Other,
        }
    }

    /// By the number: the SQLSTATE of most is that of a general error.
    #[cfg(feature = "mysql")]
    fn of_mysql(number: u16) -> Self {
        match number {
            // A deadlock; MariaDB's `innodb_snapshot_isolation`.
            1213 | 1020 => Self::Conflict,
            // The server stops; the connection was ended by an administrator, or was idle for too long; the server
            // is no longer the primary.
            1053 | 1927 | 4031 | 1290 | 1836 => Self::Disconnected,
            1146 => Self::MissingTable,
            _ => Self::Other,
        }
    }
}
