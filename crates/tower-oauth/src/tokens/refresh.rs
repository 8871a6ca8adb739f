//! One refresh, as a task of its own: read what the store has, take the lease, ask the provider, act on its answer.
//!
//! Over processes the lease decides: a mark in the store with the name of the very tokens that are to be refreshed,
//! which one process can set and which ends by itself if that process dies. The others wait for what it brings. A try
//! that failed writes into the session when to try again, which lets all of them wait, and gives the next one another
//! lease to take.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::sleep;
use tower_oauth_core::session::{Connection, Mark, Swap};
use tower_oauth_core::{Client, Error, ErrorKind};

use super::due::Due;
use super::flight::{FlightKey, Pilot};
use super::land::land;
use super::{Outcome, TokenError, is_same};
use crate::auth::Auth;
use crate::events::{EventKind, SessionEnd};
use crate::live_session::LiveSession;

/// How long nobody else presents a refresh token, unless its holder says that it failed: to begin (20 s), the token
/// request (15 s), newer keys (5 s), the landing (20 s), and a minute by which clocks may differ. So long a process that
/// dies in the midst keeps the others out.
const LEASE: Duration = Duration::from_secs(120);

/// Whoever has the lease begins within this, or not at all.
const BEGIN: Duration = Duration::from_secs(20);

/// Longest pause that a provider can ask for.
const MAX_PAUSE: Duration = Duration::from_secs(5 * 60);

/// How long to wait for another process, and how often to look.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(20);
const LOOK: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// How often to begin again because the tokens changed under way.
const MAX_ROUNDS: usize = 8;

/// A refresh under way.
pub(super) struct Refresh<'a> {
    pub(super) auth: &'a Auth,
    client: &'a Client,
    /// The refreshes at its provider.
    turns: Option<&'a Semaphore>,
    pub(super) key: &'a FlightKey,
    /// What whoever started this had.
    seen: Arc<Connection>,
    /// Whether that is to be replaced however long it lasts.
    forced: bool,
    /// What the store has, as far as known.
    current: Arc<Connection>,
    /// How long nobody tries again if this fails.
    back_off: Duration,
}

/// How far a round came.
enum Step {
    Done(Arc<Connection>),
    /// The store has other tokens than a moment ago.
    Moved,
    /// Another process is refreshing.
    Held,
}

/// Refreshes `seen` unless that was done already; then tells everybody who waits.
pub(super) async fn fly(auth: Auth, pilot: Pilot, seen: Arc<Connection>, forced: bool) {
    let key = pilot.key().clone();
    let clients = match auth.clients().await {
        Ok(clients) => clients,
        Err(error) => {
            pilot.land(Arc::clone(&seen), seen, Err(error.into()));
            return;
        }
    };
    let Some(client) = clients.find(&key.provider) else {
        pilot.land(Arc::clone(&seen), seen, Err(TokenError::NotConnected));
        return;
    };
    let turns = clients.turn(&key.provider);
    let (current, back_off) = (Arc::clone(&seen), pilot.back_off());
    let mut refresh =
        Refresh { auth: &auth, client, turns, key: &key, seen, forced, current, back_off };
    let outcome = match refresh.run().await {
        Err(TokenError::Unavailable { error, retry_after }) => {
            let retry_after = retry_after.clamp(back_off, MAX_PAUSE);
            report(&error, &key, retry_after);
            auth.tell_connection(
                EventKind::RefreshFailed,
                key.session,
                &key.provider,
                Some(error.code()),
            );
            Err(TokenError::Unavailable { error, retry_after })
        }
        outcome => outcome,
    };
    let Refresh { seen, current, .. } = refresh;
    pilot.land(seen, current, outcome);
}

impl<'a> Refresh<'a> {
    async fn run(&mut self) -> Outcome {
        let (mut waited, mut pause, mut rounds) = (Duration::ZERO, LOOK.0, 0);
        loop {
            match self.round().await? {
                Step::Done(connection) => return self.check(connection),
                Step::Moved if rounds < MAX_ROUNDS => rounds += 1,
                Step::Held if waited < WAIT_FOR_OTHERS => {
                    sleep(pause).await;
                    waited += pause;
                    pause = self.jittered(pause * 3 / 2).min(LOOK.1);
                }
                Step::Moved => return Err(TokenError::now("the tokens keep changing")),
                Step::Held => {
                    return Err(TokenError::now("another process is refreshing this token"));
                }
            }
        }
    }

    async fn round(&mut self) -> Result<Step, TokenError> {
        let (_, stored) = self.load().await?;
        if !self.is_wanted(&stored) {
            return Ok(Step::Done(stored));
        }
        if stored.tokens.refresh_token.is_none() {
            return self.without_refresh_token(stored).map(Step::Done);
        }
        self.check_pause(&stored)?;
        // First what can wait or fail, then the lease: it runs.
        let _turn = self.turn().await;
        self.client.prepare_refresh().await?;
        let clock = &self.auth.inner().environment.clock;
        let begun = clock.monotonic();
        if !self.take_lease(&stored).await? {
            return Ok(Step::Held);
        }
        // Whoever had the lease before may have refreshed, or failed, between our reading and our taking it.
        let (live, current) = self.load().await?;
        let is_leased = current.tokens.refresh_not_before == stored.tokens.refresh_not_before;
        if !is_same(&current, &stored) || !is_leased {
            return Ok(Step::Moved);
        }
        if clock.monotonic() > begun + BEGIN {
            return Ok(Step::Held);
        }
        match self.client.refresh(&current).await {
            Ok(tokens) => {
                let landed = land(self, live, &current, tokens).await?;
                self.current = Arc::clone(&landed);
                Ok(Step::Done(landed))
            }
            Err(error) => match error.kind() {
                ErrorKind::GrantRejected | ErrorKind::IssuerMismatch => {
                    self.end_grant(&current, &error).await
                }
                ErrorKind::IdToken => self.distrust(&current, &error).await,
                _ => {
                    self.hand_back(live, &current, &error).await;
                    Err(error.into())
                }
            },
        }
    }

    /// The session and its connection, as the store has them.
    async fn load(&mut self) -> Result<(LiveSession, Arc<Connection>), TokenError> {
        let live = self.auth.live_session(self.key.session).await?.ok_or(TokenError::SignedOut)?;
        let connection = live.session.connection_to(&self.key.provider);
        let connection = Arc::clone(connection.ok_or(TokenError::NotConnected)?);
        self.current = Arc::clone(&connection);
        Ok((live, connection))
    }

    /// Whether what the store has is to be refreshed, and was not replaced since somebody wished so.
    fn is_wanted(&self, stored: &Connection) -> bool {
        let now = self.auth.inner().environment.clock.now();
        let due = self.auth.inner().refreshes.due(&stored.tokens, &self.key.session, now);
        let is_stale = !stored.tokens.is_fresh(now);
        match is_same(stored, &self.seen) {
            true => self.forced || due != Due::No || is_stale,
            false => due == Due::Now || is_stale,
        }
    }

    fn without_refresh_token(&self, connection: Arc<Connection>) -> Outcome {
        if self.is_fresh(&connection) { Ok(connection) } else { Err(TokenError::Expired) }
    }

    /// A provider whose tokens have no life left when they arrive is not asked on and on.
    fn check(&self, connection: Arc<Connection>) -> Outcome {
        if self.is_fresh(&connection) {
            return Ok(connection);
        }
        let reason = "the provider hands out access tokens that have expired";
        Err(Error::new(ErrorKind::TokenEndpoint, reason).into())
    }

    fn is_fresh(&self, connection: &Connection) -> bool {
        connection.tokens.is_fresh(self.auth.inner().environment.clock.now())
    }

    /// Waits for a place among the refreshes at the provider.
    async fn turn(&self) -> Option<SemaphorePermit<'a>> {
        self.turns?.acquire().await.ok()
    }

    /// Refuses while a try that failed, here or in another process, lets everybody wait.
    fn check_pause(&self, stored: &Connection) -> Result<(), TokenError> {
        let now = self.auth.inner().environment.clock.now();
        let left = stored.tokens.refresh_not_before.map_or(Duration::ZERO, |end| end.since(now));
        // A longer one is of another clock.
        if left.is_zero() || left > MAX_PAUSE {
            return Ok(());
        }
        let reason = "a refresh failed a moment ago";
        let error = Arc::new(Error::new(ErrorKind::ProviderUnavailable, reason));
        Err(TokenError::Unavailable { error, retry_after: left })
    }

    /// Takes the lease: whether this process may present the refresh token of `connection`.
    async fn take_lease(&self, connection: &Connection) -> Result<bool, TokenError> {
        let inner = self.auth.inner();
        let mark = Mark::refresh(&self.key.session, connection);
        let until = inner.environment.clock.now() + LEASE;
        Ok(inner.store.mark_once(&mark, until).await.map_err(Error::from)?)
    }

    /// Ends the lease after a failure that costs nothing but time, by writing down when to try again: from then on
    /// there is another lease to take. If that fails too, the lease ends by itself.
    async fn hand_back(&mut self, mut live: LiveSession, presented: &Connection, error: &Error) {
        let pause = error.retry_after().unwrap_or_default().clamp(self.back_off, MAX_PAUSE);
        for _ in 0..MAX_ROUNDS {
            let mut tokens = presented.tokens.clone();
            tokens.refresh_not_before = Some(self.auth.inner().environment.clock.now() + pause);
            let connection = Arc::new(presented.with_tokens(tokens));
            let session = live.session.with_connection(Arc::clone(&connection));
            match self.auth.swap_session(&live, session).await {
                Ok(Swap::Swapped(_)) => {
                    self.current = connection;
                    return;
                }
                Ok(Swap::Missing) => return,
                Ok(_) => {}
                Err(error) => {
                    let FlightKey { session, provider } = self.key;
                    tracing::warn!(target: "tower_oauth::session", provider = &**provider, ?session, "when to refresh again was not kept: {error}");
                    return;
                }
            }
            match self.load().await {
                Ok((again, current)) if is_same(&current, presented) => live = again,
                _ => return,
            }
        }
    }

    /// The provider says that the grant has ended. It is believed if the store still has the token that was
    /// presented; then the refresh token goes, while the session and an access token that is valid go on.
    async fn end_grant(
        &mut self,
        presented: &Connection,
        error: &Error,
    ) -> Result<Step, TokenError> {
        for _ in 0..MAX_ROUNDS {
            let (live, current) = self.load().await?;
            if !is_same(&current, presented) {
                return Ok(Step::Moved);
            }
            let mut tokens = current.tokens.clone();
            tokens.refresh_token = None;
            let ended = Arc::new(current.with_tokens(tokens));
            let session = live.session.with_connection(Arc::clone(&ended));
            match self.auth.swap_session(&live, session).await? {
                Swap::Swapped(_) => {
                    let FlightKey { session, provider } = self.key;
                    tracing::warn!(target: "tower_oauth::tokens", provider = &**provider, ?session, code = error.code(), "the grant has ended: {error}");
                    self.auth.tell_connection(
                        EventKind::GrantEnded,
                        *session,
                        provider,
                        Some(error.code()),
                    );
                    self.current = Arc::clone(&ended);
                    return self.without_refresh_token(ended).map(Step::Done);
                }
                Swap::Missing => return Err(TokenError::SignedOut),
                _ => {}
            }
        }
        Ok(Step::Moved)
    }

    /// The provider's answer is about somebody else, or not the provider's: nothing of it is used, and what it
    /// was an answer for ends.
    async fn distrust(
        &mut self,
        presented: &Connection,
        error: &Error,
    ) -> Result<Step, TokenError> {
        let FlightKey { session, provider } = self.key;
        tracing::error!(target: "tower_oauth::tokens", provider = &**provider, ?session, code = error.code(), "a refresh was answered with an ID token that cannot be trusted; the connection ends: {error}");
        for _ in 0..MAX_ROUNDS {
            let (live, current) = self.load().await?;
            if !is_same(&current, presented) {
                return Ok(Step::Moved);
            }
            if *live.session.connection.provider == **provider {
                self.auth.inner().store.delete(session).await.map_err(Error::from)?;
                self.auth.tell_session_ended(SessionEnd::Distrusted, *session, Some(&live.session));
                return Err(TokenError::SignedOut);
            }
            match self.auth.swap_session(&live, live.session.without_connection(provider)).await? {
                Swap::Swapped(_) => return Err(TokenError::NotConnected),
                Swap::Missing => return Err(TokenError::SignedOut),
                _ => {}
            }
        }
        Ok(Step::Moved)
    }

    /// `pause`, up to a quarter shorter: processes that wait for each other do not look in step.
    fn jittered(&self, pause: Duration) -> Duration {
        let mut byte = [0];
        match self.auth.inner().environment.random.fill(&mut byte) {
            Ok(()) => pause - pause / 4 * u32::from(byte[0]) / 256,
            Err(_) => pause,
        }
    }
}

/// One event for each refresh that failed and cost nothing but time.
fn report(error: &Error, key: &FlightKey, pause: Duration) {
    let FlightKey { session, provider } = key;
    let (code, retry_in_seconds) = (error.code(), pause.as_secs());
    match error.kind() {
        ErrorKind::ProviderUnavailable | ErrorKind::ProviderTimeout | ErrorKind::Discovery => {
            tracing::warn!(target: "tower_oauth::tokens", provider = &**provider, ?session, code, retry_in_seconds, "not refreshed: {}", error.with_causes());
        }
        _ => {
            tracing::error!(target: "tower_oauth::tokens", provider = &**provider, ?session, code, retry_in_seconds, "not refreshed: {}", error.with_causes());
        }
    }
}
