//! [`AccessToken`]: what the application calls the provider's API with.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use tower_oauth_core::Clock;
use tower_oauth_core::session::{Connection, TokenSet};

use super::Rejection;
use super::rejection::Asking;
use super::user::{handle, required_of};
use crate::auth::Auth;

/// The access token of the signed-in user, for the API of the provider they signed in with.
///
/// Never an expired one. A token that has less than the [margin](crate::AuthBuilder::token_margin) left is refreshed
/// first, once for all requests that need it. One that cannot be refreshed is handed out until it expires; from then
/// on the request is answered for the handler.
///
/// For the API of another provider, and for a newer token than one that was refused, see [`Tokens`](super::Tokens).
///
/// ```
/// # use tower_oauth::AccessToken;
/// async fn handler(token: AccessToken) -> String {
///     let authorization = format!("Bearer {}", token.secret());
///     // … call the API with that header
///     # drop(authorization);
///     format!("{} scopes", token.scopes().len())
/// }
/// ```
#[derive(Clone)]
pub struct AccessToken {
    connection: Arc<Connection>,
    clock: Arc<dyn Clock>,
}

impl AccessToken {
    /// The token of the user who makes the request with these `parts`.
    ///
    /// # Errors
    ///
    /// When nobody is signed in, the token has expired and cannot be refreshed, the layer is missing or the store
    /// failed.
    pub async fn from_parts(parts: &Parts) -> Result<Self, Rejection> {
        let handle = handle(parts)?;
        let live = required_of(handle, parts).await?;
        let auth = handle.auth();
        match auth.fresh(live.key, &live.session.connection).await {
            Ok(connection) => Ok(Self::new(auth, connection)),
            Err(error) => Err(Rejection::token(error, Some(&Asking::new(handle, parts)))),
        }
    }

    pub(super) fn new(auth: &Auth, connection: Arc<Connection>) -> Self {
        Self { connection, clock: Arc::clone(&auth.inner().environment.clock) }
    }

    pub(super) const fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// The token itself, for an `Authorization: Bearer` header. Keep it out of logs and URLs.
    #[must_use]
    pub fn secret(&self) -> &str {
        self.tokens().access_token.secret()
    }

    /// The type of the token ([RFC 6749 section 7.1](https://www.rfc-editor.org/rfc/rfc6749#section-7.1)): `Bearer`, the only
    /// one that is accepted.
    #[must_use]
    pub const fn token_type(&self) -> &'static str {
        "Bearer"
    }

    /// How long the token still lasts, where the provider said so.
    #[must_use]
    pub fn expires_in(&self) -> Option<Duration> {
        self.tokens().expires.map(|expires| expires.since(self.clock.now()))
    }

    /// The scopes that were granted.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.tokens().scopes
    }

    /// The key of the provider whose token it is.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.connection.provider
    }

    fn tokens(&self) -> &TokenSet {
        &self.connection.tokens
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("provider", &self.provider()).finish_non_exhaustive()
    }
}
