//! [`VerifiedLogin`]: what an account hook is asked about.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tower_oauth_core::session::{Connection, Session};
use tower_oauth_core::{Email, Identity, Timestamp};

/// A login that passed every check, and has no session yet.
pub struct VerifiedLogin<'a> {
    pub(super) connection: &'a Connection,
    pub(super) tenant: Option<&'a str>,
    pub(super) current: Option<CurrentSession>,
}

/// The session that the browser has at the time of a login.
pub struct CurrentSession {
    pub(super) session: Arc<Session>,
    pub(super) now: Timestamp,
}

impl VerifiedLogin<'_> {
    /// Who it is: [issuer](Identity::issuer) and [subject](Identity::subject), and what the provider says of them.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.connection.identity
    }

    /// The user's e-mail address, with the trust it deserves.
    #[must_use]
    pub fn email(&self) -> Option<Email<'_>> {
        self.identity().email()
    }

    /// The key of the provider.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.connection.provider
    }

    /// The tenant, where the application has [some](crate::ProviderResolver).
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.tenant
    }

    /// The scopes that were granted.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.connection.tokens.scopes
    }

    /// The live session of this browser, if somebody is signed in already.
    #[must_use]
    pub fn current(&self) -> Option<&CurrentSession> {
        self.current.as_ref()
    }
}

impl CurrentSession {
    /// Whose session it is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.session.connection.identity
    }

    /// The key of the provider that they signed in with.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.session.connection.provider
    }

    /// What the hook returned when that session began, if it has the form of `T`.
    #[must_use]
    pub fn account<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(self.session.account.as_deref()?).ok()
    }

    /// Whether they signed in no longer than `max_age` ago.
    #[must_use]
    pub fn is_recent(&self, max_age: Duration) -> bool {
        self.now.since(self.session.created) <= max_age
    }
}

impl fmt::Debug for VerifiedLogin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedLogin")
            .field("provider", &self.provider())
            .field("identity", self.identity())
            .field("tenant", &self.tenant)
            .field("current", &self.current)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CurrentSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurrentSession")
            .field("provider", &self.provider())
            .field("identity", self.identity())
            .finish_non_exhaustive()
    }
}
