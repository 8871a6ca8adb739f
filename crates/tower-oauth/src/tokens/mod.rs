//! HOP 7: a fresh token. Refreshed ahead of its expiry, once for a whole herd of requests, over any number of
//! processes.
//!
//! | question | in |
//! |---|---|
//! | is it time? | [`mod@due`] |
//! | is somebody in this process at it already? | [`flight`] |
//! | and in another? what does the provider say? | [`refresh`] |
//! | are the new tokens in the store? | [`mod@land`] |
//! | and at the sign-out? | [`mod@revoke`] |
//! | on the way to the API | [`bearer`], [`challenge`] |
//!
//! A refresh runs in a task of its own, so that no browser that hangs up can lose a refresh token which the
//! provider has just replaced. What everybody waits for is the store: nobody has an access token whose refresh
//! token is not durable.

mod bearer;
mod challenge;
mod due;
mod flight;
mod land;
mod refresh;
mod revoke;

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tower_oauth_core::session::{Connection, StoreKey, TokenSet};
use tower_oauth_core::{Clock, Error, ErrorKind, Timestamp};
use tracing::Instrument as _;

pub use self::bearer::{BearerError, BearerLayer, BearerService};
use self::due::{Due, due};
use self::flight::{Boarding, FlightKey, Flights, wait};
pub(crate) use self::revoke::{revoke_all, revoke_now};
use crate::auth::Auth;

/// How long a request waits for a refresh: longer than a whole one takes at its slowest, and less while the old
/// token is still good.
const PATIENCE: Duration = Duration::from_secs(45);
const PATIENCE_WHILE_VALID: Duration = Duration::from_secs(5);

/// What refreshing needs to know and to remember.
#[derive(Debug)]
pub(crate) struct Refreshes {
    margin: Duration,
    flights: Arc<Flights>,
}

/// Why there is no fresh token.
#[derive(Clone, Debug)]
pub(crate) enum TokenError {
    /// The session has ended.
    SignedOut,
    /// The session has no connection to the provider.
    NotConnected,
    /// The access token has expired and cannot be refreshed: signing in again is what helps.
    Expired,
    /// Not now. Nothing is lost.
    Unavailable { error: Arc<Error>, retry_after: Duration },
}

pub(crate) type Outcome = Result<Arc<Connection>, TokenError>;

impl Refreshes {
    pub(crate) fn new(margin: Duration, clock: Arc<dyn Clock>) -> Self {
        Self { margin, flights: Arc::new(Flights::new(clock)) }
    }

    fn due(&self, tokens: &TokenSet, key: &StoreKey, now: Timestamp) -> Due {
        due(tokens, self.margin, key, now)
    }
}

impl Auth {
    /// `connection` of the session under `key`, with an access token that lasts at least the margin, or that
    /// lasts at all where no better one can be had.
    pub(crate) async fn fresh(&self, key: StoreKey, connection: &Arc<Connection>) -> Outcome {
        let clock = &*self.inner().environment.clock;
        let now = clock.now();
        let is_valid = connection.tokens.is_fresh(now);
        match self.inner().refreshes.due(&connection.tokens, &key, now) {
            Due::No if is_valid => Ok(Arc::clone(connection)),
            Due::No => Err(TokenError::Expired),
            Due::Soon => match self.depart(key, connection, false) {
                Ok(Boarding::Replay(newer)) => Ok(newer),
                _ => Ok(Arc::clone(connection)),
            },
            Due::Now => {
                let patience = if is_valid { PATIENCE_WHILE_VALID } else { PATIENCE };
                // In a box: the future of a request whose token lasts has no room for it.
                match Box::pin(self.refreshed(key, connection, false, patience)).await {
                    Err(TokenError::Unavailable { .. })
                        if connection.tokens.is_fresh(clock.now()) =>
                    {
                        Ok(Arc::clone(connection))
                    }
                    outcome => outcome,
                }
            }
        }
    }

    /// The connection of the session under `key` with other tokens than those of `stale`, which were refused
    /// before their time.
    pub(crate) async fn newer(&self, key: StoreKey, stale: &Arc<Connection>) -> Outcome {
        if self.inner().cookie_sessions.is_some() {
            // It has no refresh token, and no store has a newer one.
            return Err(TokenError::Expired);
        }
        // A refresh that was under way already may end with the very tokens that were refused.
        for _ in 0..3 {
            let connection = self.refreshed(key, stale, true, PATIENCE).await?;
            if !is_same(&connection, stale) {
                return Ok(connection);
            }
            if connection.tokens.refresh_token.is_none() {
                return Err(TokenError::Expired);
            }
        }
        Err(TokenError::now("no newer token could be had"))
    }

    async fn refreshed(
        &self,
        key: StoreKey,
        seen: &Arc<Connection>,
        forced: bool,
        patience: Duration,
    ) -> Outcome {
        match self.depart(key, seen, forced)? {
            Boarding::Replay(connection) => Ok(connection),
            Boarding::Flight(outcome) => wait(outcome, patience).await,
        }
    }

    /// Joins the refresh that is under way, or starts one.
    fn depart(
        &self,
        key: StoreKey,
        seen: &Arc<Connection>,
        forced: bool,
    ) -> Result<Boarding, TokenError> {
        let Refreshes { flights, .. } = &self.inner().refreshes;
        let flight = FlightKey { session: key, provider: Arc::clone(&seen.provider) };
        let (boarding, pilot) = flights.board(flight, seen, |landed| {
            let now = self.inner().environment.clock.now();
            self.inner().refreshes.due(&landed.tokens, &key, now) != Due::Now
        })?;
        if let Some(pilot) = pilot {
            let span = tracing::info_span!(target: "tower_oauth::tokens", "refresh", provider = &*seen.provider, session = ?key);
            detach(refresh::fly(self.clone(), pilot, Arc::clone(seen), forced).instrument(span))?;
        }
        Ok(boarding)
    }
}

impl TokenError {
    /// A failure after which another try is as good as this one.
    fn now(reason: &'static str) -> Self {
        Self::from(Error::new(ErrorKind::ProviderUnavailable, reason))
    }
}

/// A failure that is not the grant's.
impl From<Error> for TokenError {
    fn from(error: Error) -> Self {
        let retry_after = error.retry_after().unwrap_or(Duration::from_secs(1));
        Self::Unavailable { error: Arc::new(error), retry_after }
    }
}

/// Whether two readings of a connection have the same tokens.
fn is_same(one: &Connection, other: &Connection) -> bool {
    one.tokens.obtained == other.tokens.obtained
        && one.tokens.access_token == other.tokens.access_token
}

/// Runs `task` whatever becomes of the caller.
fn detach(task: impl Future<Output = ()> + Send + 'static) -> Result<(), Error> {
    let runtime = Handle::try_current()
        .map_err(|_| Error::new(ErrorKind::Internal, "to refresh a token takes a tokio runtime"))?;
    runtime.spawn(task.in_current_span());
    Ok(())
}
