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
use crate::auth::Auth;
use crate::live_session::LiveSession;
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
#[derive(Clone)]
pub struct Tokens {
    auth: Auth,
    key: StoreKey,
    /// As it was loaded, with what was refreshed since.
    session: Arc<Mutex<Arc<Session>>>,
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
        Ok(Self { auth, key: live.key, session: Arc::new(Mutex::new(session)), asking })
    }

    /// A fresh access token for the API of the provider with this key, as in `github`.
    ///
    /// # Errors
    ///
    /// When the session has no connection to it, or the token has expired and cannot be refreshed.
    pub async fn of(&self, provider: &str) -> Result<AccessToken, Rejection> {
        let Some(connection) = self.session().connection_to(provider).map(Arc::clone) else {
            return Err(Rejection::token(TokenError::NotConnected, None));
        };
        self.take(&connection, self.auth.fresh(self.key, &connection).await)
    }

    /// A fresh access token as [`of`](Self::of) gives one, if the user granted these scopes.
    ///
    /// # Errors
    ///
    /// As `of`; and where a scope is missing, the way to grant it: see [`RequireScopes`](crate::RequireScopes).
    pub async fn with_scopes(
        &self,
        provider: &str,
        scopes: &[&str],
    ) -> Result<AccessToken, Rejection> {
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self.require_scopes(Some(provider), &scopes)?;
        self.of(provider).await
    }

    /// Whether the connection to `provider`, or that of the login, has these scopes.
    pub(crate) fn require_scopes(
        &self,
        provider: Option<&str>,
        scopes: &[String],
    ) -> Result<(), Rejection> {
        let session = self.session();
        let connection = match provider {
            None => Some(&session.connection),
            Some(provider) => session.connection_to(provider),
        };
        let Some(connection) = connection else {
            return Err(Rejection::token(TokenError::NotConnected, None));
        };
        let granted = &connection.tokens.scopes;
        let missing: Vec<_> =
            scopes.iter().filter(|scope| !granted.contains(scope)).cloned().collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(self.short_of(&connection.provider, missing))
    }

    /// The way to grant `scopes`, which the API of `provider` says are missing.
    pub(crate) fn short_of(&self, provider: &str, scopes: Vec<String>) -> Rejection {
        let session = self.session();
        let rejection = match session.connection_to(provider) {
            Some(connection) => {
                let rejection = self.ask(RejectionKind::InsufficientScope, connection, &scopes);
                // What was granted as far as we know, or was refused, does not come by asking again.
                let is_new =
                    scopes.iter().any(|scope| !connection.requested_scopes.contains(scope));
                if is_new { rejection } else { rejection.without_redirect() }
            }
            None => Rejection::plain(RejectionKind::InsufficientScope),
        };
        rejection.missing_these(scopes)
    }

    /// The way to sign in again at the provider of `connection`, for what was granted there and for `scopes` besides.
    fn ask(&self, kind: RejectionKind, connection: &Connection, scopes: &[String]) -> Rejection {
        let Some(asking) = &self.asking else { return Rejection::plain(kind) };
        let is_of_login = self.session().connection.provider == connection.provider;
        Rejection::ask(kind, asking, connection, |request| {
            request.scopes = [&*connection.tokens.scopes, scopes].concat();
            request.connect_to = (!is_of_login).then_some(self.key);
        })
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
        self.take(stale.connection(), self.auth.newer(self.key, stale.connection()).await)
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

    fn take(&self, before: &Connection, outcome: Outcome) -> Result<AccessToken, Rejection> {
        let connection = outcome.map_err(|error| self.reject(error, before))?;
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

    fn reject(&self, error: TokenError, connection: &Connection) -> Rejection {
        match error {
            // The whole sign-in again would not bring back what is only connected.
            TokenError::Expired if self.session().connection.provider != connection.provider => {
                self.ask(RejectionKind::TokenExpired, connection, &[])
            }
            error => Rejection::token(error, self.asking.as_ref()),
        }
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
    /// store failed, [`RejectionKind::ProvidersUnavailable`] when its tenant's providers could not be told.
    pub async fn tokens_of(&self, session: SessionHandle) -> Result<Tokens, Rejection> {
        let found = self.session_of_any_tenant(session.key()).await;
        let Some((auth, LiveSession { session, key, .. })) =
            found.map_err(|e| Rejection::store(e.into()))?
        else {
            return Err(Rejection::plain(RejectionKind::LoginRequired));
        };
        Ok(Tokens { auth, key, session: Arc::new(Mutex::new(session)), asking: None })
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let session = self.session();
        let providers: Vec<_> = session.connections().map(|it| &*it.provider).collect();
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
