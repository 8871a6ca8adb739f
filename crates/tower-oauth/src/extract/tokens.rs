//! [`Tokens`]: the connections of a session, for those who need more than the one access token.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::request::Parts;
use tower_oauth_core::Timestamp;
use tower_oauth_core::session::{Connection, Session, StoreKey};

use super::rejection::Asking;
use super::user::{handle, required_session};
use super::{AccessToken, Rejection, RejectionKind, SessionHandle};
use crate::auth::{Auth, LiveSession};
use crate::tokens::{Outcome, TokenError};

/// The tokens of a signed-in user: of each provider that their session is connected to.
///
/// In a handler it is an extractor; a job gets it from [`Auth::tokens_of`](crate::Auth::tokens_of).
///
/// ```
/// # use tower_oauth::{AccessToken, Rejection, Tokens};
/// # async fn call(token: &AccessToken) -> u16 { 200 }
/// async fn handler(tokens: Tokens) -> Result<String, Rejection> {
///     let token = tokens.of("github").await?;
///     let mut status = call(&token).await;
///     if status == 401 {
///         // Revoked before its time: one more try with another.
///         status = call(&tokens.refresh(&token).await?).await;
///     }
///     Ok(status.to_string())
/// }
/// ```
pub struct Tokens {
    auth: Auth,
    key: StoreKey,
    /// As it was loaded, with what was refreshed since.
    session: Mutex<Arc<Session>>,
    asking: Option<Asking>,
}

impl Tokens {
    /// The tokens of the user who makes the request with these `parts`.
    ///
    /// # Errors
    ///
    /// When nobody is signed in, the layer is missing or the store failed.
    pub async fn from_parts(parts: &Parts) -> Result<Self, Rejection> {
        let live = required_session(parts).await?;
        let handle = handle(parts)?;
        let (auth, session) = (handle.auth().clone(), Arc::clone(&live.session));
        let asking = Some(Asking::new(handle, parts));
        Ok(Self { auth, key: live.key, session: Mutex::new(session), asking })
    }

    /// A fresh access token for the API of the provider with this key, as in `github`.
    ///
    /// # Errors
    ///
    /// When the session has no connection to it, or the token has expired and cannot be refreshed.
    pub async fn of(&self, provider: &str) -> Result<AccessToken, Rejection> {
        let Some(connection) = self.session().connection_to(provider).map(Arc::clone) else {
            return Err(self.reject(TokenError::NotConnected));
        };
        self.take(self.auth.fresh(self.key, &connection).await)
    }

    /// A newer access token than `stale`, which the API refused before its time: revoked, or short of a scope that
    /// was granted since.
    ///
    /// Requests that bring the same `stale` token share one refresh, and where somebody has refreshed it already,
    /// there is none.
    ///
    /// # Errors
    ///
    /// When the token cannot be refreshed, or not right now.
    pub async fn refresh(&self, stale: &AccessToken) -> Result<AccessToken, Rejection> {
        self.take(self.auth.newer(self.key, stale.connection()).await)
    }

    /// What the session is connected to, the provider of the login first.
    #[must_use]
    pub fn connections(&self) -> Vec<ConnectionInfo> {
        let now = self.auth.inner().environment.clock.now();
        let session = self.session();
        let connections = session.connections().map(Arc::clone);
        connections.map(|connection| ConnectionInfo { connection, now }).collect()
    }

    /// Names the session to a job that outlives the request.
    #[must_use]
    pub const fn session_handle(&self) -> SessionHandle {
        SessionHandle::new(self.key)
    }

    fn take(&self, outcome: Outcome) -> Result<AccessToken, Rejection> {
        let connection = outcome.map_err(|error| self.reject(error))?;
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if session
            .connection_to(&connection.provider)
            .is_none_or(|it| !Arc::ptr_eq(it, &connection))
        {
            *session = Arc::new(session.with_connection(Arc::clone(&connection)));
        }
        Ok(AccessToken::new(&self.auth, connection))
    }

    fn session(&self) -> Arc<Session> {
        Arc::clone(&self.session.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn reject(&self, error: TokenError) -> Rejection {
        Rejection::token(error, self.asking.as_ref())
    }
}

impl Auth {
    /// The tokens of a session outside of any request: for a job that calls an API while its user is away.
    ///
    /// The job goes through the same single flight as requests do, so neither takes a refresh token from the
    /// other. That a job runs is no use of the session by its user: the idle end stays where it is, and once the
    /// session has ended there are no tokens. Ask again for each run of the job: a session may have ended meanwhile.
    ///
    /// ```
    /// # use tower_oauth::{Auth, Rejection, SessionHandle};
    /// async fn nightly(auth: &Auth, session: SessionHandle) -> Result<(), Rejection> {
    ///     let token = auth.tokens_of(session).await?.of("github").await?;
    ///     // … call the API
    ///     # drop(token);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`RejectionKind::LoginRequired`] when the session has ended, [`RejectionKind::StoreUnavailable`] when the
    /// store failed.
    pub async fn tokens_of(&self, session: SessionHandle) -> Result<Tokens, Rejection> {
        let live = self.live_session(session.key()).await;
        let Some(LiveSession { session, key, .. }) =
            live.map_err(|e| Rejection::store(e.into()))?
        else {
            return Err(Rejection::plain(RejectionKind::LoginRequired));
        };
        Ok(Tokens { auth: self.clone(), key, session: Mutex::new(session), asking: None })
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let session = self.session();
        let providers: Vec<_> = session.connections().map(|it| it.provider.as_str()).collect();
        f.debug_struct("Tokens")
            .field("session", &self.key)
            .field("providers", &providers)
            .finish_non_exhaustive()
    }
}

/// What may be known of a connection without its tokens.
#[derive(Clone)]
pub struct ConnectionInfo {
    connection: Arc<Connection>,
    now: Timestamp,
}

impl ConnectionInfo {
    /// The key of the provider.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.connection.provider
    }

    /// Who vouches for the user there.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.connection.identity.issuer()
    }

    /// The user's identifier there.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.connection.identity.subject()
    }

    /// The scopes that were granted.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.connection.tokens.scopes
    }

    /// How long the access token lasts, where the provider said so. One that is short is refreshed when it is asked
    /// for, if [that is possible](Self::can_refresh).
    #[must_use]
    pub fn expires_in(&self) -> Option<Duration> {
        self.connection.tokens.expires.map(|expires| expires.since(self.now))
    }

    /// Whether there is a refresh token.
    #[must_use]
    pub fn can_refresh(&self) -> bool {
        self.connection.tokens.refresh_token.is_some()
    }
}

impl fmt::Debug for ConnectionInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionInfo")
            .field("provider", &self.provider())
            .field("issuer", &self.issuer())
            .field("subject", &self.subject())
            .field("scopes", &self.scopes())
            .field("expires_in", &self.expires_in())
            .field("can_refresh", &self.can_refresh())
            .finish()
    }
}
