//! [`AccessToken`]: what the application calls the provider's API with.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use tower_oauth_core::Timestamp;
use tower_oauth_core::session::{Session, TokenSet};

use super::user::{handle, required_session};
use super::{Rejection, RejectionKind};

/// The access token of the signed-in user, for the API of the provider they signed in with.
///
/// Never an expired one: the request is answered for the handler instead.
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
    session: Arc<Session>,
    now: Timestamp,
}

impl AccessToken {
    /// The token of the user who makes the request with these `parts`.
    ///
    /// # Errors
    ///
    /// When nobody is signed in, the token has expired, the layer is missing or the store failed.
    pub async fn from_parts(parts: &Parts) -> Result<Self, Rejection> {
        let session = required_session(parts).await?;
        let handle = handle(parts)?;
        let now = handle.auth().inner().environment.clock.now();
        if !session.connection.tokens.is_fresh(now) {
            return Err(Rejection::sign_in(RejectionKind::TokenExpired, handle, parts));
        }
        Ok(Self { session: Arc::clone(session), now })
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

    /// How long the token lasted when it was handed out, where the provider said so.
    #[must_use]
    pub fn expires_in(&self) -> Option<Duration> {
        self.tokens().expires.map(|expires| expires.since(self.now))
    }

    /// The scopes that were granted.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.tokens().scopes
    }

    /// The key of the provider whose token it is.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.session.connection.provider
    }

    fn tokens(&self) -> &TokenSet {
        &self.session.connection.tokens
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("provider", &self.provider()).finish_non_exhaustive()
    }
}
