//! One statement, within the deadline, on a connection that lives.

use std::time::Duration;

use tokio::time::error::Elapsed;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::SqlStore;
use super::engine::{Argument, Connection, Row};
use super::error::{Fault, SqlError, SqlErrorKind};

/// How often a statement is tried that others were in the way of, or whose connection was gone: more often than a
/// pool has connections, since after a failover each may lead to a server that is no longer the primary.
const TRIES: u32 = 12;
const PAUSE: Duration = Duration::from_millis(5);

/// How long the application waits for its database when it starts.
const PATIENCE: Duration = Duration::from_secs(10);

/// One operation of the store, of one statement or of several where the case is rare.
pub(super) struct Operation<'a> {
    store: &'a SqlStore,
    until: Instant,
}

impl SqlStore {
    /// Begins an operation, which has to be over at the deadline.
    pub(super) fn operation(&self) -> Operation<'_> {
        Operation { store: self, until: Instant::now() + self.deadline }
    }

    /// A connection; one that was proved to live if there is a doubt. When a server was started again, every idle
    /// connection of the pool is dead.
    async fn connection(&self, is_suspicious: bool) -> Result<Connection, sqlx::Error> {
        loop {
            let mut connection = self.pool.acquire().await?;
            if !is_suspicious || connection.ping().await.is_ok() {
                return Ok(connection);
            }
            connection.close_on_drop();
        }
    }

    /// A connection for what an application does when it starts, perhaps together with its database.
    pub(super) async fn first_connection(&self) -> Result<Connection, SqlError> {
        let connected = async {
            loop {
                match self.connection(true).await {
                    // Another process makes the same SQLite file.
                    Err(error) if Fault::of(&error) == Fault::Conflict => sleep(PAUSE).await,
                    result => return result,
                }
            }
        };
        let Ok(connection) = timeout(PATIENCE, connected).await else {
            let message = format!("no connection to the database within {PATIENCE:?}");
            return Err(SqlError::new(SqlErrorKind::Unavailable, message));
        };
        Ok(connection?)
    }
}

impl Operation<'_> {
    /// Runs a statement that writes, and tells how many rows.
    pub(super) async fn write(
        &self,
        sql: &str,
        arguments: &[Argument<'_>],
    ) -> Result<u64, SqlError> {
        let statement = Statement { sql, arguments, kind: Kind::Write };
        match self.ask(&statement).await? {
            Answer::Written(rows) => Ok(rows),
            _ => Ok(0),
        }
    }

    /// The session that a statement reads.
    pub(super) async fn read(
        &self,
        sql: &str,
        arguments: &[Argument<'_>],
    ) -> Result<Option<Row>, SqlError> {
        let statement = Statement { sql, arguments, kind: Kind::ReadSession };
        match self.ask(&statement).await? {
            Answer::Session(row) => Ok(row),
            _ => Ok(None),
        }
    }

    /// The keys that a statement reads.
    pub(super) async fn read_keys(
        &self,
        sql: &str,
        arguments: &[Argument<'_>],
    ) -> Result<Vec<Vec<u8>>, SqlError> {
        let statement = Statement { sql, arguments, kind: Kind::ReadKeys };
        match self.ask(&statement).await? {
            Answer::Keys(keys) => Ok(keys),
            _ => Ok(Vec::new()),
        }
    }

    /// A second try is always right. After a conflict nothing was done. After a lost connection a delete and a load
    /// can be repeated, and where a write had been done after all, its repetition finds that somebody was faster:
    /// the key taken, the version another, the mark set. That is the safe answer.
    async fn ask(&self, statement: &Statement<'_>) -> Result<Answer, SqlError> {
        let mut tries = 0;
        let mut is_suspicious = false;
        loop {
            let Ok(answer) = self.ask_once(statement, is_suspicious).await else {
                return Err(SqlError::timeout(self.store.deadline));
            };
            let error = match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let fault = Fault::of(&error);
            tries += 1;
            if tries == TRIES || !matches!(fault, Fault::Conflict | Fault::Disconnected) {
                return Err(error.into());
            }
            is_suspicious |= fault == Fault::Disconnected;
            sleep(PAUSE * tries).await;
        }
    }

    async fn ask_once(
        &self,
        statement: &Statement<'_>,
        is_suspicious: bool,
    ) -> Result<Result<Answer, sqlx::Error>, Elapsed> {
        let Self { store, until } = *self;
        let _turn = if statement.kind == Kind::Write {
            timeout_at(until, store.pool.turn_to_write()).await?
        } else {
            None
        };
        let mut connection = match timeout_at(until, store.connection(is_suspicious)).await? {
            Ok(connection) => connection,
            Err(error) => return Ok(Err(error)),
        };
        let answer = timeout_at(until, statement.run(&mut connection)).await;
        let is_lost = match &answer {
            Ok(Ok(_)) => false,
            Ok(Err(error)) => Fault::of(error) == Fault::Disconnected,
            Err(Elapsed { .. }) => true,
        };
        if is_lost {
            connection.close_on_drop();
        }
        answer
    }
}

struct Statement<'a> {
    sql: &'a str,
    arguments: &'a [Argument<'a>],
    kind: Kind,
}

/// What a statement is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Write,
    ReadSession,
    ReadKeys,
}

/// What it says, each kind its own.
enum Answer {
    Written(u64),
    Session(Option<Row>),
    Keys(Vec<Vec<u8>>),
}

impl Statement<'_> {
    async fn run(&self, connection: &mut Connection) -> Result<Answer, sqlx::Error> {
        let Self { sql, arguments, kind } = self;
        Ok(match kind {
            Kind::Write => Answer::Written(connection.execute(sql, arguments).await?),
            Kind::ReadSession => Answer::Session(connection.session(sql, arguments).await?),
            Kind::ReadKeys => Answer::Keys(connection.keys(sql, arguments).await?),
        })
    }
}
