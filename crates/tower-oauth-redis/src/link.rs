//! A connection that heals by itself.
//!
//! Not `redis::aio::ConnectionManager`: that one stays broken for good when a reconnect fails other than by an
//! I/O error (a full server refuses `AUTH`), and keeps a connection whose other end vanished without a word.
//! The client of a cluster connects to its nodes by itself, but when none answers it tries without a pause; so it
//! is dropped then, and made anew as here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{Cmd, RedisError, Value};
use tokio::time::{Instant, sleep_until, timeout};

/// Least time between two attempts to connect after one failed, whatever the load.
const PAUSE: Duration = Duration::from_millis(200);

/// What is connected to.
pub(crate) trait Target: Send + Sync + 'static {
    type Connection: ConnectionLike + Clone + Send + 'static;

    fn connect(&self) -> impl Future<Output = Result<Self::Connection, RedisError>> + Send;

    /// Whether a connection that gave this error is of no more use.
    fn is_broken_by(error: &RedisError) -> bool;

    /// Whether anything answers.
    fn ping(connection: Self::Connection) -> impl Future<Output = bool> + Send;
}

/// One connection that all requests share.
pub(crate) struct Link<T: Target> {
    target: T,
    state: Mutex<State<T::Connection>>,
    /// Held while connecting.
    turn: tokio::sync::Mutex<()>,
}

struct State<C> {
    connection: Option<C>,
    /// Counts the attempts to connect.
    attempt: u64,
    /// The last attempt's, unless it succeeded.
    failure: Option<(Instant, RedisError)>,
    /// Somebody finds out whether the connection still leads anywhere.
    is_suspected: bool,
}

impl<T: Target> Link<T> {
    pub(crate) fn new(target: T) -> Self {
        let state = State { connection: None, attempt: 0, failure: None, is_suspected: false };
        Self { target, state: state.into(), turn: tokio::sync::Mutex::default() }
    }

    /// Sends `command`, and once more if the connection broke: a store's commands may all run twice.
    pub(crate) async fn send(&self, command: &Cmd) -> Result<Value, RedisError> {
        let (attempt, mut connection) = self.connection().await?;
        match answer(&mut connection, command).await {
            Err(error) if T::is_broken_by(&error) => self.discard(attempt),
            answer => return answer,
        }
        let (attempt, mut connection) = self.connection().await?;
        let answer = answer(&mut connection, command).await;
        if matches!(&answer, Err(error) if T::is_broken_by(error)) {
            self.discard(attempt);
        }
        answer
    }

    /// To be told when there was no answer. If there is none to a ping either, the other end may be gone
    /// without a word, and the next command connects anew.
    pub(crate) fn suspect(self: &Arc<Self>, patience: Duration) {
        let mut state = self.state();
        let Some(connection) = state.connection.clone() else { return };
        if std::mem::replace(&mut state.is_suspected, true) {
            return;
        }
        let (attempt, link) = (state.attempt, Arc::clone(self));
        drop(state);
        tokio::spawn(async move {
            let is_alive = timeout(patience, T::ping(connection)).await.unwrap_or(false);
            link.state().is_suspected = false;
            if !is_alive {
                link.discard(attempt);
            }
        });
    }

    fn discard(&self, attempt: u64) {
        let mut state = self.state();
        if state.attempt == attempt {
            state.connection = None;
        }
    }

    /// The connection there is, or a new one. One attempt serves all who wait for it, whether it succeeds or not.
    async fn connection(&self) -> Result<(u64, T::Connection), RedisError> {
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
            sleep_until(again).await;
        }
        let connected = self.target.connect().await;
        let mut state = self.state();
        state.attempt += 1;
        match connected {
            Ok(connection) => {
                state.failure = None;
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
    fn state(&self) -> MutexGuard<'_, State<T::Connection>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(connection: &mut impl ConnectionLike, command: &Cmd) -> Result<Value, RedisError> {
    connection.req_packed_command(command).await.and_then(Value::extract_error)
}
