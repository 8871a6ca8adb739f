//! The session: who is signed in, with which tokens, until when.

mod id;
mod members;
mod payload;
mod record;
mod sealed_cookie;
mod shared;
mod store;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use id::{SessionId, StoreKey};
pub use payload::{Payload, SessionCodec};
pub use store::{Index, Mark, Record, SessionStore, StoreError, StoredRecord, Swap, Version};

use crate::clock::Timestamp;
use crate::flow::attempt::label as attempt_label;
use crate::flow::finish::Login;
use crate::flow::id_token;
use crate::identity::Identity;
use crate::return_to::ReturnTo;
use crate::secret::{AccessTokenSecret, Nonce, RawIdToken, RefreshToken};
use crate::text::Text;

/// What the application knows of a signed-in browser.
///
/// Immutable: a change is a new session value, swapped in under the same key. Copies share the connections.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Session {
    /// When the login completed.
    pub created: Timestamp,
    /// The absolute end; activity never moves it.
    pub expires: Timestamp,
    /// The provider that the user signed in with: whose session it is.
    pub connection: Arc<Connection>,
    /// Other providers that the user connected, to have their APIs called: at most one connection each.
    pub connected: Vec<Arc<Connection>>,
    /// Which of the application's tenants it counts for; `None` where it has none.
    pub tenant: Option<Arc<str>>,
    /// What the application keeps of the user's account, as JSON.
    pub account: Option<Arc<str>>,
}

/// A provider's answer to "who is this, and what may the application do for them".
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Connection {
    /// Which provider, by its key in the login path.
    pub provider: Arc<str>,
    /// Who it is.
    pub identity: Identity,
    /// What the application may call, and how.
    pub tokens: TokenSet,
    /// The login it came from, so that a reload of its callback is recognised.
    pub login: LoginMark,
    /// The scopes that were asked for. One that is here and was not granted is not asked for again by itself.
    pub requested_scopes: Arc<[String]>,
    /// The nonce of the login, which the ID token of a refresh may repeat (OpenID Connect Core section 12.2).
    pub nonce: Option<Nonce>,
    /// The device that the provider says the login came from, where its token requests name it.
    pub device_id: Option<Box<str>>,
}

/// The tokens of one connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenSet {
    /// The access token.
    pub access_token: AccessTokenSecret,
    /// When the access token was asked for.
    pub obtained: Timestamp,
    /// When the access token ends, where the provider said so.
    pub expires: Option<Timestamp>,
    /// The refresh token, where the provider gave one.
    pub refresh_token: Option<RefreshToken>,
    /// Until when nobody tries to refresh, after a try that failed.
    pub refresh_not_before: Option<Timestamp>,
    /// The ID token as it came, for `id_token_hint`.
    pub id_token: Option<RawIdToken>,
    /// The scopes that were granted: those of the response, or those asked for where it names none
    /// ([RFC 6749 section 5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)).
    pub scopes: Arc<[String]>,
}

/// Which attempt a connection came from, and where that attempt was to end.
#[derive(Clone)]
#[non_exhaustive]
pub struct LoginMark {
    label: Text,
    /// Where the attempt was to end.
    pub return_to: ReturnTo,
}

/// How long a session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lifetimes {
    /// Longest pause between two requests that use the session. Default: 24 hours.
    pub idle: Duration,
    /// Longest life whatever happens. Default: 30 days.
    pub absolute: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        const HOUR: u64 = 60 * 60;
        Self { idle: Duration::from_secs(24 * HOUR), absolute: Duration::from_secs(30 * 24 * HOUR) }
    }
}

impl Session {
    /// The session that a login at `now` begins.
    #[must_use]
    pub fn begin(login: Login, now: Timestamp, lifetimes: Lifetimes) -> Self {
        let mut connection = login.connection;
        connection.identity.forget_parsed();
        Self {
            created: now,
            expires: now + lifetimes.absolute,
            connection: Arc::new(connection),
            connected: Vec::new(),
            tenant: None,
            account: None,
        }
    }

    /// Every connection, that of the login first.
    pub fn connections(&self) -> impl Iterator<Item = &Arc<Connection>> {
        std::iter::once(&self.connection).chain(&self.connected)
    }

    /// The connection to the provider with this key.
    #[must_use]
    pub fn connection_to(&self, provider: &str) -> Option<&Arc<Connection>> {
        self.connections().find(|connection| *connection.provider == *provider)
    }

    /// Where the login ended whose attempt has this `label`, if it made one of the connections.
    #[must_use]
    pub fn ended_at(&self, label: &str) -> Option<&ReturnTo> {
        let logins = self.connections().map(|connection| &connection.login);
        logins.filter(|login| login.label() == label).map(|login| &login.return_to).next()
    }

    /// This session with `connection` in the place of the one to the same provider, or besides the others.
    #[must_use]
    pub fn with_connection(&self, connection: Arc<Connection>) -> Self {
        let mut session = self.clone();
        let of_login = std::iter::once(&mut session.connection);
        let mut all = of_login.chain(&mut session.connected);
        match all.find(|known| known.provider == connection.provider) {
            Some(known) => *known = connection,
            None => session.connected.push(connection),
        }
        session
    }

    /// This session without its connection to `provider`. That of the login stays: it is the session.
    #[must_use]
    pub fn without_connection(&self, provider: &str) -> Self {
        let mut session = self.clone();
        session.connected.retain(|connection| *connection.provider != *provider);
        session
    }

    /// When a session used at `now` ends unless it is used again.
    #[must_use]
    pub fn idle_expiry(&self, now: Timestamp, lifetimes: Lifetimes) -> Timestamp {
        (now + lifetimes.idle).min(self.expires)
    }

    /// When the provider vouched for the login, by its own clock: `iat` of the ID token. By ours where there is none.
    #[must_use]
    pub fn vouched(&self) -> Timestamp {
        let issued = id_token::time(self.connection.identity.claims(), "iat").ok().flatten();
        issued.unwrap_or(self.created)
    }

    /// The indexes a store finds this session by: those of the login, whatever else is connected.
    #[must_use]
    pub fn index(&self) -> Index {
        let identity = &self.connection.identity;
        Index::new(identity.issuer(), identity.subject(), identity.sid())
    }
}

impl LoginMark {
    /// Of the attempt whose `state` has this hash.
    pub(crate) fn new(state_hash: &[u8; 32], return_to: ReturnTo) -> Self {
        Self { label: attempt_label(state_hash).into(), return_to }
    }

    /// The [label](crate::Attempt::label) of the attempt.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }
}

impl fmt::Debug for LoginMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginMark")
            .field("label", &self.label())
            .field("return_to", &self.return_to)
            .finish()
    }
}

impl Connection {
    /// The same connection with other tokens.
    #[must_use]
    pub fn with_tokens(&self, tokens: TokenSet) -> Self {
        Self { tokens, ..self.clone() }
    }
}

impl TokenSet {
    /// Whether the access token can still be used at `now`.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::session;

    #[test]
    fn a_session_keeps_no_claims_that_its_login_took_apart() {
        let connection = (*session().connection).clone();
        assert!(connection.identity.claims().is_empty());
        let login = Login { connection, connect_to: None };
        let begun = Session::begin(login, Timestamp::from_unix_seconds(0), Lifetimes::default());
        assert!(!begun.connection.identity.is_parsed());
    }

    #[test]
    fn a_connection_replaces_the_one_to_the_same_provider() {
        let session = session();
        let mut tokens = session.connection.tokens.clone();
        tokens.access_token = "u".into();
        let renewed = session.with_connection(Arc::new(session.connection.with_tokens(tokens)));
        assert_eq!(renewed.connections().count(), 1);
        assert_eq!(renewed.connection.tokens.access_token, "u".into());
        assert_eq!(renewed.without_connection("op").connections().count(), 1);
        let other = Connection { provider: "second".into(), ..(*session.connection).clone() };
        let two = renewed.with_connection(Arc::new(other));
        assert_eq!(two.connections().count(), 2);
        assert_eq!(two.without_connection("second").connections().count(), 1);
    }

    #[test]
    fn k17_the_idle_end_is_never_after_the_absolute_one() {
        let lifetimes = Lifetimes::default();
        let session = session();
        assert_eq!(
            session.idle_expiry(Timestamp::from_unix_seconds(999), lifetimes),
            session.expires
        );
    }
}
