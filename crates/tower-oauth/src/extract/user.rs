//! [`User`]: who is signed in.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use serde_json::{Map, Value};
use tower_oauth_core::session::{Session, StoreKey};
use tower_oauth_core::{Email, Identity};

use super::rejection::Asking;
use super::{Rejection, RejectionKind, SessionHandle};
use crate::layer::Handle;
use crate::live_session::LiveSession;

/// The signed-in user.
///
/// As an axum extractor it answers for the handler when nobody is signed in; `Option<User>` is `None` then.
/// With either, a failure of the session store is answered with 503: nobody is taken for anonymous, or for
/// signed in, because a store is down.
///
/// ```
/// # use tower_oauth::User;
/// async fn greeting(user: Option<User>) -> String {
///     match user {
///         Some(user) => format!("Hello, {}!", user.display_name()),
///         None => "Hello, stranger!".into(),
///     }
/// }
/// ```
#[derive(Clone)]
pub struct User {
    session: Arc<Session>,
    key: StoreKey,
}

impl User {
    /// The user of the request with these `parts`, if somebody is signed in.
    ///
    /// # Errors
    ///
    /// When the [layer](crate::Auth::layer) is missing, or the session store failed.
    pub async fn from_parts(parts: &Parts) -> Result<Option<Self>, Rejection> {
        Ok(session(parts).await?.map(Self::of))
    }

    /// The user of the request with these `parts`, for whom nobody else will do.
    ///
    /// # Errors
    ///
    /// When nobody is signed in, the [layer](crate::Auth::layer) is missing, or the session store failed.
    pub async fn required_from_parts(parts: &Parts) -> Result<Self, Rejection> {
        required_session(parts).await.map(Self::of)
    }

    fn of(live: &LiveSession) -> Self {
        Self { session: Arc::clone(&live.session), key: live.key }
    }

    /// The key of the provider that the user signed in with, as in `github`.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.session.connection.provider
    }

    /// The tenant that the session counts for, where the application has [some](crate::ProviderResolver).
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.session.tenant.as_deref()
    }

    /// Who vouches for the user. Together with [`subject`](Self::subject) this identifies them.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.identity().issuer()
    }

    /// The user's identifier at the [issuer](Self::issuer): stable, never reassigned.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.identity().subject()
    }

    /// What to call the user: name, else username, else e-mail address, else subject.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.identity().display_name()
    }

    /// The user's full name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.identity().name()
    }

    /// The name by which the user wishes to be referred to. Not unique, may change.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.identity().username()
    }

    /// The user's e-mail address, with the trust it deserves.
    #[must_use]
    pub fn email(&self) -> Option<Email<'_>> {
        self.identity().email()
    }

    /// The URL of the user's picture.
    #[must_use]
    pub fn picture(&self) -> Option<&str> {
        self.identity().picture()
    }

    /// Everything the provider said. [`Claims`](super::Claims) reads it into a type of yours.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        self.identity().claims()
    }

    /// The identity that was verified at the login.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.session.connection.identity
    }

    /// Names the session to a job that outlives the request: see [`Auth::tokens_of`](crate::Auth::tokens_of).
    #[must_use]
    pub const fn session_handle(&self) -> SessionHandle {
        SessionHandle::new(self.key)
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("issuer", &self.issuer())
            .field("subject", &self.subject())
            .finish_non_exhaustive()
    }
}

/// The live session of a request, if somebody is signed in.
pub(super) async fn session(parts: &Parts) -> Result<Option<&LiveSession>, Rejection> {
    handle(parts)?.session(&parts.headers).await.map_err(Rejection::store)
}

/// The live session of a request; where there is none, the way to sign in.
pub(crate) async fn required_session(parts: &Parts) -> Result<&LiveSession, Rejection> {
    required_of(handle(parts)?, parts).await
}

/// The same for who has the request's `handle` already.
pub(super) async fn required_of<'a>(
    handle: &'a Handle,
    parts: &Parts,
) -> Result<&'a LiveSession, Rejection> {
    match handle.session(&parts.headers).await.map_err(Rejection::store)? {
        Some(session) => Ok(session),
        None => {
            let asking = Asking::new(handle, parts);
            Err(Rejection::sign_in(RejectionKind::LoginRequired, &asking))
        }
    }
}

pub(crate) fn handle(parts: &Parts) -> Result<&Handle, Rejection> {
    parts.extensions.get::<Handle>().ok_or_else(|| Rejection::plain(RejectionKind::LayerMissing))
}
