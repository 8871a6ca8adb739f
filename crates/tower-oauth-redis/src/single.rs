//! The connection to a single server, which heals by itself.
//!
//! Not `redis::aio::ConnectionManager`: that one stays broken for good when a reconnect fails other than by an
//! I/O error (a full server refuses `AUTH`), and keeps a connection whose other end vanished without a word.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, RedisError, Value};
use tokio::time::Instant;

/// Least time between two attempts to connect after one failed, whatever the load.
const PAUSE: Duration = Duration::from_millis(200);

/// One connection that all requests share.
pub(crate) struct Single {
    client: Client,
    config: AsyncConnectionConfig,
    state: Mutex<State>,
    /// Held while connecting.
    turn: tokio::sync::Mutex<()>,
}

struct State {
    connection: Option<MultiplexedConnection>,
    /// Counts the attempts to connect.
    attempt: u64,
    /// The last attempt's, unless it succeeded.
    failure: Option<(Instant, RedisError)>,
    /// When the server last said something.
    heard: Instant,
}

impl Single {
    pub(crate) fn new(client: Client, connecting: Duration) -> Self {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(connecting))
            // The operation has a deadline.
            .set_response_timeout(None);
        let state = State { connection: None, attempt: 0, failure: None, heard: Instant::now() };
        Self { client, config, state: state.into(), turn: tokio::sync::Mutex::default() }
    }

    /// Sends `command`, and once more if the connection broke: a store's commands may all run twice.
    pub(crate) async fn send(&self, command: &Cmd) -> Result<Value, RedisError> {
        match self.send_once(command).await {
            Err(error) if error.is_connection_dropped() => self.send_once(command).await,
            answer => answer,
        }
    }

    /// An operation that began at `start` met its deadline. If nothing was heard in all that time, the other
    /// end may be gone without a word, so the next operation connects anew.
    pub(crate) fn timed_out(&self, start: Instant) {
        let mut state = self.state();
        if state.heard < start {
            state.connection = None;
        }
    }

    async fn send_once(&self, command: &Cmd) -> Result<Value, RedisError> {
        let (attempt, mut connection) = self.connection().await?;
        let answer = connection.send_packed_command(command).await.and_then(Value::extract_error);
        let mut state = self.state();
        match &answer {
            Err(error) if error.is_unrecoverable_error() => {
                if state.attempt == attempt {
                    state.connection = None;
                }
            }
            _ => state.heard = Instant::now(),
        }
        drop(state);
        answer
    }

    /// The connection there is, or a new one. One attempt serves all who wait for it, whether it succeeds or not.
    async fn connection(&self) -> Result<(u64, MultiplexedConnection), RedisError> {
        let attempt = {
            let state = self.state();
            if let Some(connection) = &state.connection {
                return Ok((state.attempt, connection.clone()));
            }
            state.attempt
        };
        let _turn = self.turn.lock().await;
        let again = {
            let state = self.state();
            match (&state.connection, &state.failure) {
                (Some(connection), _) => return Ok((state.attempt, connection.clone())),
                (None, Some((_, error))) if state.attempt != attempt => return Err(error.clone()),
                (None, failure) => failure.as_ref().map(|(at, _)| *at + PAUSE),
            }
        };
        if let Some(again) = again {
            tokio::time::sleep_until(again).await;
        }
        let connected =
            self.client.get_multiplexed_async_connection_with_config(&self.config).await;
        let mut state = self.state();
        state.attempt += 1;
        match connected {
            Ok(connection) => {
                (state.failure, state.heard) = (None, Instant::now());
                state.connection = Some(connection.clone());
                Ok((state.attempt, connection))
            }
            Err(error) => {
                state.failure = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// A panic cannot leave the state half changed, so a poisoned lock is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
