//! The three databases behind one face: a pool, a connection, the arguments of a statement, a row.

use sqlx::database::Database;
use sqlx::pool::PoolConnection;
use sqlx::query::Query;
use sqlx::{Connection as _, Encode, Executor as _, Row as _, Type};
use tokio::sync::{Mutex, MutexGuard};

/// The same expression for whichever database it is.
macro_rules! each {
    ($kind:ident, $value:expr, $it:pat => $result:expr) => {
        match $value {
            #[cfg(feature = "postgres")]
            $kind::Postgres($it) => $result,
            #[cfg(feature = "sqlite")]
            $kind::Sqlite($it) => $result,
            #[cfg(feature = "mysql")]
            $kind::MySql($it) => $result,
        }
    };
}

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(all(feature = "postgres", feature = "sqlite", feature = "mysql")),
    expect(dead_code, reason = "the dialects are written for all, whichever are on")
)]
pub(crate) enum Engine {
    Postgres,
    Sqlite,
    MySql,
}

/// Connections to one database.
pub(crate) struct Pool {
    connections: Connections,
    /// SQLite has one writer. Those of this process queue here, in order, rather than poll for the file's lock.
    writer: Option<Mutex<()>>,
}

pub(crate) enum Connections {
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqlitePool),
    #[cfg(feature = "mysql")]
    MySql(sqlx::MySqlPool),
}

/// One connection out of the pool, to which it returns when it is dropped.
pub(crate) enum Connection {
    #[cfg(feature = "postgres")]
    Postgres(PoolConnection<sqlx::Postgres>),
    #[cfg(feature = "sqlite")]
    Sqlite(PoolConnection<sqlx::Sqlite>),
    #[cfg(feature = "mysql")]
    MySql(PoolConnection<sqlx::MySql>),
}

/// What takes the place of a `?` in a statement.
#[derive(Clone, Copy)]
pub(crate) enum Argument<'a> {
    Number(i64),
    Bytes(Option<&'a [u8]>),
}

/// A session as it is read.
pub(crate) struct Row {
    pub(crate) version: i64,
    pub(crate) expires: i64,
    pub(crate) payload: Vec<u8>,
}

impl Pool {
    pub(crate) fn new(connections: Connections) -> Self {
        let writer = (connections.engine() == Engine::Sqlite).then(Mutex::default);
        Self { connections, writer }
    }

    pub(crate) fn engine(&self) -> Engine {
        self.connections.engine()
    }

    pub(crate) async fn acquire(&self) -> Result<Connection, sqlx::Error> {
        Ok(match &self.connections {
            #[cfg(feature = "postgres")]
            Connections::Postgres(pool) => Connection::Postgres(pool.acquire().await?),
            #[cfg(feature = "sqlite")]
            Connections::Sqlite(pool) => Connection::Sqlite(pool.acquire().await?),
            #[cfg(feature = "mysql")]
            Connections::MySql(pool) => Connection::MySql(pool.acquire().await?),
        })
    }

    pub(crate) fn is_closed(&self) -> bool {
        each!(Connections, &self.connections, pool => pool.is_closed())
    }

    /// Waits for the turn to write, where there is only one.
    pub(crate) async fn turn_to_write(&self) -> Option<MutexGuard<'_, ()>> {
        Some(self.writer.as_ref()?.lock().await)
    }
}

impl Connections {
    fn engine(&self) -> Engine {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Engine::Postgres,
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => Engine::Sqlite,
            #[cfg(feature = "mysql")]
            Self::MySql(_) => Engine::MySql,
        }
    }
}

impl Connection {
    /// Runs a statement that writes, and tells how many rows.
    pub(crate) async fn execute(
        &mut self,
        sql: &str,
        arguments: &[Argument<'_>],
    ) -> Result<u64, sqlx::Error> {
        Ok(each!(Self, self, connection => {
            query(sql, arguments).execute(&mut **connection).await?.rows_affected()
        }))
    }

    /// The session that a statement reads.
    pub(crate) async fn session(
        &mut self,
        sql: &str,
        arguments: &[Argument<'_>],
    ) -> Result<Option<Row>, sqlx::Error> {
        each!(Self, self, connection => {
            let row = query(sql, arguments).fetch_optional(&mut **connection).await?;
            row.map(|row| {
                Ok(Row {
                    version: row.try_get(0)?,
                    expires: row.try_get(1)?,
                    payload: row.try_get(2)?,
                })
            })
            .transpose()
        })
    }

    /// The keys that a statement reads.
    pub(crate) async fn keys(
        &mut self,
        sql: &str,
        arguments: &[Argument<'_>],
    ) -> Result<Vec<Vec<u8>>, sqlx::Error> {
        each!(Self, self, connection => {
            let rows = query(sql, arguments).fetch_all(&mut **connection).await?;
            rows.into_iter().map(|row| row.try_get(0)).collect()
        })
    }

    /// The number that a statement reads.
    pub(crate) async fn number(&mut self, sql: &str) -> Result<Option<i64>, sqlx::Error> {
        each!(Self, self, connection => {
            let row = query(sql, &[]).fetch_optional(&mut **connection).await?;
            row.map(|row| row.try_get(0)).transpose()
        })
    }

    /// Runs a script of several statements.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        each!(Self, self, connection => connection.execute(sql).await.map(drop))
    }

    pub(crate) async fn ping(&mut self) -> Result<(), sqlx::Error> {
        each!(Self, self, connection => connection.ping().await)
    }

    /// Ends it instead of giving it back to the pool, as its peer is gone or busy with something unknown.
    pub(crate) fn close_on_drop(&mut self) {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => connection.close_on_drop(),
            // A thread of this process is not gone; and with it would go a database in memory.
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => {}
            #[cfg(feature = "mysql")]
            Self::MySql(connection) => connection.close_on_drop(),
        }
    }
}

fn query<'q, D: Database>(
    sql: &'q str,
    arguments: &[Argument<'q>],
) -> Query<'q, D, D::Arguments<'q>>
where
    i64: Encode<'q, D> + Type<D>,
    Option<&'q [u8]>: Encode<'q, D> + Type<D>,
{
    arguments.iter().fold(sqlx::query(sql), |query, argument| match *argument {
        Argument::Number(number) => query.bind(number),
        Argument::Bytes(bytes) => query.bind(bytes),
    })
}
