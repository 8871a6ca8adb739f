//! From a URL to a pool of connections, each set up as sessions need it.

#[cfg(feature = "sqlite")]
use std::time::Duration;

use super::engine::{Connections, Pool};
use super::error::{SqlError, SqlErrorKind};

/// Connections that are open at most. A statement holds one for a millisecond.
#[cfg(any(feature = "postgres", feature = "mysql"))]
const CONNECTIONS: u32 = 10;

/// The pool for `url`, whose scheme tells the database. Connects to nothing yet.
pub(super) fn pool(url: &str) -> Result<Pool, SqlError> {
    let connections = match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("postgres" | "postgresql") => postgres(url),
        Some("sqlite") => sqlite(url),
        Some("mysql" | "mariadb") => mysql(url),
        // The scheme is not shown: of a malformed URL it may be part of a password.
        _ => {
            let message = "a database URL starts with postgres:, sqlite: or mysql:";
            Err(SqlError::new(SqlErrorKind::Configuration, message))
        }
    };
    connections.map(Pool::new)
}

#[cfg(feature = "postgres")]
fn postgres(url: &str) -> Result<Connections, SqlError> {
    let options: sqlx::postgres::PgConnectOptions = url.parse()?;
    let pool = sqlx::postgres::PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .test_before_acquire(false)
        .connect_lazy_with(options);
    Ok(Connections::Postgres(pool))
}

#[cfg(feature = "mysql")]
fn mysql(url: &str) -> Result<Connections, SqlError> {
    let options: sqlx::mysql::MySqlConnectOptions = url.parse()?;
    let pool = sqlx::mysql::MySqlPoolOptions::new()
        .max_connections(CONNECTIONS)
        .test_before_acquire(false)
        .connect_lazy_with(options);
    Ok(Connections::MySql(pool))
}

/// Write-ahead logging, so that readers do not wait for the writer; each commit on disk before it is answered.
#[cfg(feature = "sqlite")]
fn sqlite(url: &str) -> Result<Connections, SqlError> {
    use sqlx::sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
    };

    let mut options: SqliteConnectOptions = url.parse()?;
    let pool = SqlitePoolOptions::new().test_before_acquire(false);
    if url.contains(":memory:") || url.contains("mode=memory") {
        // The database is its one connection.
        let pool = pool.max_connections(1).idle_timeout(None).max_lifetime(None);
        return Ok(Connections::Sqlite(pool.connect_lazy_with(options)));
    }
    if !url.contains("mode=") {
        options = options.create_if_missing(true);
    }
    options = options
        .page_size(8192) // of a new file: three sessions with their tokens, where 4,096 hold one
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(1));
    Ok(Connections::Sqlite(pool.max_connections(SQLITE_CONNECTIONS).connect_lazy_with(options)))
}

/// Readers of one SQLite file at a time: each is a thread.
#[cfg(feature = "sqlite")]
const SQLITE_CONNECTIONS: u32 = 4;

#[cfg(not(feature = "postgres"))]
fn postgres(_url: &str) -> Result<Connections, SqlError> {
    Err(missing("postgres"))
}

#[cfg(not(feature = "sqlite"))]
fn sqlite(_url: &str) -> Result<Connections, SqlError> {
    Err(missing("sqlite"))
}

#[cfg(not(feature = "mysql"))]
fn mysql(_url: &str) -> Result<Connections, SqlError> {
    Err(missing("mysql"))
}

#[cfg(not(all(feature = "postgres", feature = "sqlite", feature = "mysql")))]
fn missing(feature: &str) -> SqlError {
    let message =
        format!("this database URL needs the cargo feature `{feature}` of tower-oauth-sqlx");
    SqlError::new(SqlErrorKind::Configuration, message)
}
