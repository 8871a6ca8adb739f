//! [`Event`]: one thing that happened, with what an application may know of it.

use std::fmt;

use serde::{Serialize, Serializer};
use tower_oauth_core::Timestamp;
use tower_oauth_core::session::StoreKey;

/// Something that happened to a login, a session or its tokens, in the order of `docs/events.md`.
///
/// No secret is in it: no token, no cookie, no code. Issuer and subject are personal data, and here for an audit log;
/// what the login itself logs names neither.
///
/// As JSON it is one line of such a log, absent members left out:
///
/// ```json
/// {"event":"login_succeeded","at":1764072000,"provider":"github","issuer":"https://github.com/login/oauth","subject":"583231","session":"bDqk3fX0"}
/// ```
#[derive(Clone, Copy, Serialize)]
pub struct Event<'a> {
    #[serde(rename = "event")]
    kind: EventKind,
    #[serde(serialize_with = "unix_seconds")]
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "session_name")]
    session: Option<StoreKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'a str>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// A browser was sent to a provider.
    LoginStarted,
    /// Somebody is signed in; the session is durable.
    LoginSucceeded,
    /// A login ended without a session; the code says why. `provider_denied` is the user's own "no".
    LoginFailed,
    /// A further provider was connected to a session.
    Connected,
    /// A connected provider was let go of.
    Disconnected,
    /// A session ended before its time; the code is the cause: see [`SessionEnd`].
    SessionEnded,
    /// A sign-out did not end the session, since the store failed.
    LogoutFailed,
    /// An access token was refreshed.
    TokenRefreshed,
    /// A refresh failed and cost nothing but time; the code says why.
    RefreshFailed,
    /// The provider ended a grant: no refresh token is left.
    GrantEnded,
}

/// Why a session ended before its time. One that expires ends unseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionEnd {
    /// The user signed out.
    Logout,
    /// The user signed out everywhere, or the application had them signed out.
    Everywhere,
    /// The provider said so from server to server (back-channel logout).
    Backchannel,
    /// The provider said so in the user's browser (front-channel logout).
    Frontchannel,
    /// Another login of the same browser took its place.
    Replaced,
    /// The provider answered a refresh with an ID token that cannot be trusted.
    Distrusted,
}

impl SessionEnd {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Logout,
        Self::Everywhere,
        Self::Backchannel,
        Self::Frontchannel,
        Self::Replaced,
        Self::Distrusted,
    ];

    /// The name in events and metrics. It stays.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Everywhere => "everywhere",
            Self::Backchannel => "backchannel",
            Self::Frontchannel => "frontchannel",
            Self::Replaced => "replaced",
            Self::Distrusted => "distrusted",
        }
    }
}

impl EventKind {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::LoginStarted,
        Self::LoginSucceeded,
        Self::LoginFailed,
        Self::Connected,
        Self::Disconnected,
        Self::SessionEnded,
        Self::LogoutFailed,
        Self::TokenRefreshed,
        Self::RefreshFailed,
        Self::GrantEnded,
    ];

    /// The name in an audit log. It stays.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoginStarted => "login_started",
            Self::LoginSucceeded => "login_succeeded",
            Self::LoginFailed => "login_failed",
            Self::Connected => "connected",
            Self::Disconnected => "disconnected",
            Self::SessionEnded => "session_ended",
            Self::LogoutFailed => "logout_failed",
            Self::TokenRefreshed => "token_refreshed",
            Self::RefreshFailed => "refresh_failed",
            Self::GrantEnded => "grant_ended",
        }
    }
}

impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'a> Event<'a> {
    pub(crate) const fn new(kind: EventKind, at: Timestamp) -> Self {
        Self {
            kind,
            at,
            provider: None,
            issuer: None,
            subject: None,
            session: None,
            code: None,
            correlation_id: None,
        }
    }

    pub(crate) const fn with_provider(mut self, provider: Option<&'a str>) -> Self {
        self.provider = provider;
        self
    }

    pub(crate) const fn with_user(mut self, issuer: &'a str, subject: &'a str) -> Self {
        self.issuer = Some(issuer);
        self.subject = Some(subject);
        self
    }

    pub(crate) const fn with_session(mut self, session: StoreKey) -> Self {
        self.session = Some(session);
        self
    }

    pub(crate) const fn with_code(mut self, code: &'a str) -> Self {
        self.code = Some(code);
        self
    }

    pub(crate) const fn with_correlation_id(mut self, id: &'a str) -> Self {
        self.correlation_id = Some(id);
        self
    }

    /// What happened.
    #[must_use]
    pub const fn kind(&self) -> EventKind {
        self.kind
    }

    /// When, by the clock of the login.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// The key of the provider, where one of the configured providers is concerned.
    #[must_use]
    pub const fn provider(&self) -> Option<&'a str> {
        self.provider
    }

    /// The issuer of the user, where the user is known.
    #[must_use]
    pub const fn issuer(&self) -> Option<&'a str> {
        self.issuer
    }

    /// The user's identifier at the issuer, where the user is known.
    #[must_use]
    pub const fn subject(&self) -> Option<&'a str> {
        self.subject
    }

    /// The session, by the key it has in its store: whoever has it cannot sign in with it.
    #[must_use]
    pub const fn session(&self) -> Option<StoreKey> {
        self.session
    }

    /// The code of the failure, as in `docs/errors.md`, or the cause of a session's end.
    #[must_use]
    pub const fn code(&self) -> Option<&'a str> {
        self.code
    }

    /// What the page of a failure shows as well.
    #[must_use]
    pub const fn correlation_id(&self) -> Option<&'a str> {
        self.correlation_id
    }
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("kind", &self.kind)
            .field("provider", &self.provider)
            .field("session", &self.session)
            .field("code", &self.code)
            .field("correlation_id", &self.correlation_id)
            .finish_non_exhaustive()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
fn unix_seconds<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(at.unix_seconds())
}

/// As much of the key as the log shows, so that the two can be brought together.
#[expect(clippy::ref_option, reason = "what serde calls")]
fn session_name<S: Serializer>(key: &Option<StoreKey>, serializer: S) -> Result<S::Ok, S::Error> {
    let name: String =
        key.iter().flat_map(|key| key.to_string().chars().take(8).collect::<Vec<_>>()).collect();
    serializer.serialize_str(&name)
}
