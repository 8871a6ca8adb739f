//! What can go wrong while a login runs: [`Error`].

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

pub use crate::config_error::ConfigError;
use crate::http_client::{HttpError, HttpErrorKind};
use crate::random::RandomUnavailable;
use crate::session::StoreError;

/// A login, or a request that depends on one, failed.
///
/// `Display` is for the operator: it says what was expected and what came, never a secret. A browser is
/// shown [`code`](Self::code) and a correlation id instead.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    reason: Cow<'static, str>,
    provider_code: Option<ProviderCode>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The classes of failure, each with a stable [code](ErrorKind::code) and an HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A request to a login route cannot be read.
    Malformed,
    /// A request comes from another site, or is not one that a person made.
    CrossSite,
    /// No provider has the name in the path.
    UnknownProvider,
    /// The browser is at another address than the application's own, so its cookies would not come back.
    OriginMismatch,
    /// One login after the other ended without what the application asks for.
    RedirectLoop,
    /// The authorization response belongs to no attempt of this browser: unknown, expired, or used.
    StateInvalid,
    /// The authorization response names another issuer, or none where one is promised (RFC 9207).
    IssuerMismatch,
    /// The user or the provider said no.
    ProviderDenied,
    /// The user signed in, and is not one of those whom the configuration lets in.
    NotAdmitted,
    /// The provider answered the authorization request, or a revocation, with an error.
    ProviderError,
    /// The token endpoint refused the code: it was used, has expired, or belongs to another login.
    CodeRejected,
    /// The token endpoint refused the refresh token: it was revoked, has expired, or was used.
    GrantRejected,
    /// The ID token answers another attempt.
    NonceMismatch,
    /// The token endpoint's answer is not a token response.
    TokenEndpoint,
    /// The provider refused this client's credentials.
    ClientRejected,
    /// The ID token is not valid.
    IdToken,
    /// The logout token is not valid, or was used before.
    LogoutToken,
    /// The userinfo answer cannot be used.
    UserInfo,
    /// The provider's metadata or keys cannot be used.
    Discovery,
    /// A route for signed-in users was asked by nobody.
    NotSignedIn,
    /// The provider did not confirm that the user signed in as recently or as strongly as was asked.
    StepUp,
    /// Another user answered than the one who was asked: the login was to be of whoever is signed in.
    UserMismatch,
    /// The provider cannot be reached, or says that it cannot answer now.
    ProviderUnavailable,
    /// The provider did not answer in time.
    ProviderTimeout,
    /// The session store failed. Never the same as "not signed in".
    StoreUnavailable,
    /// The application does not let this user in.
    AccountRefused,
    /// The application could not say whose account it is.
    AccountUnavailable,
    /// The application has no tenant of the name that the request leads to.
    UnknownTenant,
    /// The application could not say which providers a tenant signs in with.
    ProvidersUnavailable,
    /// The session does not fit into its cookie, or an account's data into the session.
    SessionTooLarge,
    /// A fault in this process.
    Internal,
}

impl ErrorKind {
    /// Every kind, for documentation and tests.
    pub const ALL: [Self; 31] = [
        Self::Malformed,
        Self::CrossSite,
        Self::UnknownProvider,
        Self::OriginMismatch,
        Self::RedirectLoop,
        Self::StateInvalid,
        Self::IssuerMismatch,
        Self::ProviderDenied,
        Self::NotAdmitted,
        Self::ProviderError,
        Self::CodeRejected,
        Self::GrantRejected,
        Self::NonceMismatch,
        Self::TokenEndpoint,
        Self::ClientRejected,
        Self::IdToken,
        Self::LogoutToken,
        Self::UserInfo,
        Self::Discovery,
        Self::NotSignedIn,
        Self::StepUp,
        Self::UserMismatch,
        Self::ProviderUnavailable,
        Self::ProviderTimeout,
        Self::StoreUnavailable,
        Self::AccountRefused,
        Self::AccountUnavailable,
        Self::UnknownTenant,
        Self::ProvidersUnavailable,
        Self::SessionTooLarge,
        Self::Internal,
    ];

    /// The stable name of this kind; `docs/errors.md` has a section for each.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed_request",
            Self::CrossSite => "cross_site_request",
            Self::UnknownProvider => "unknown_provider",
            Self::OriginMismatch => "origin_mismatch",
            Self::RedirectLoop => "redirect_loop",
            Self::StateInvalid => "state_invalid",
            Self::IssuerMismatch => "issuer_mismatch",
            Self::ProviderDenied => "provider_denied",
            Self::NotAdmitted => "not_admitted",
            Self::ProviderError => "provider_error",
            Self::CodeRejected => "code_rejected",
            Self::GrantRejected => "grant_rejected",
            Self::NonceMismatch => "nonce_mismatch",
            Self::TokenEndpoint => "token_endpoint",
            Self::ClientRejected => "client_rejected",
            Self::IdToken => "id_token",
            Self::LogoutToken => "logout_token",
            Self::UserInfo => "userinfo",
            Self::Discovery => "discovery",
            Self::NotSignedIn => "not_signed_in",
            Self::StepUp => "step_up_failed",
            Self::UserMismatch => "user_mismatch",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::ProviderTimeout => "provider_timeout",
            Self::StoreUnavailable => "store_unavailable",
            Self::AccountRefused => "account_refused",
            Self::AccountUnavailable => "account_unavailable",
            Self::UnknownTenant => "unknown_tenant",
            Self::ProvidersUnavailable => "providers_unavailable",
            Self::SessionTooLarge => "session_too_large",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status that answers a request which failed so.
    #[must_use]
    pub const fn status(self) -> http::StatusCode {
        use http::StatusCode;
        match self {
            Self::Malformed
            | Self::OriginMismatch
            | Self::StateInvalid
            | Self::IssuerMismatch
            | Self::CodeRejected
            | Self::GrantRejected
            | Self::NonceMismatch
            | Self::LogoutToken => StatusCode::BAD_REQUEST,
            Self::CrossSite
            | Self::ProviderDenied
            | Self::NotAdmitted
            | Self::StepUp
            | Self::UserMismatch
            | Self::AccountRefused => StatusCode::FORBIDDEN,
            Self::NotSignedIn => StatusCode::UNAUTHORIZED,
            Self::UnknownProvider | Self::UnknownTenant => StatusCode::NOT_FOUND,
            Self::RedirectLoop => StatusCode::LOOP_DETECTED,
            Self::ProviderError
            | Self::TokenEndpoint
            | Self::ClientRejected
            | Self::IdToken
            | Self::UserInfo
            | Self::Discovery => StatusCode::BAD_GATEWAY,
            Self::ProviderUnavailable
            | Self::StoreUnavailable
            | Self::AccountUnavailable
            | Self::ProvidersUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::ProviderTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::SessionTooLarge | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl Error {
    /// An error of `kind`; `reason` tells the operator what happened and holds no secret.
    #[must_use]
    pub fn new(kind: ErrorKind, reason: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            reason: reason.into(),
            provider_code: None,
            retry_after: None,
            source: None,
        }))
    }

    /// The error for a call that brought no response; `oversized` is the kind for an answer beyond the limit.
    pub(crate) fn from_http(error: HttpError, oversized: ErrorKind) -> Self {
        let kind = match error.kind() {
            HttpErrorKind::Timeout => ErrorKind::ProviderTimeout,
            HttpErrorKind::TooLarge => oversized,
            HttpErrorKind::Connect | HttpErrorKind::Other => ErrorKind::ProviderUnavailable,
        };
        Self::new(kind, error.to_string()).with_source(error)
    }

    /// Adds the cause. Its `Display` is for the operator's log and must hold no secret.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_provider_code(mut self, code: ProviderCode) -> Self {
        self.0.provider_code = Some(code);
        self
    }

    /// Says how long to wait before another try can help.
    #[must_use]
    pub fn with_retry_after(mut self, after: Option<Duration>) -> Self {
        self.0.retry_after = after;
        self
    }

    /// The class of the failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The stable name of the failure: [`ErrorKind::code`].
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.kind.code()
    }

    /// The provider's own error code, where it sent one.
    #[must_use]
    pub fn provider_code(&self) -> Option<&str> {
        self.0.provider_code.as_ref().map(|code| code.0.as_str())
    }

    /// How long to wait before another try can help, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The error with everything that led to it, for the operator's log: `reason: cause: cause`.
    #[must_use]
    pub fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let next = error.to_string();
            if !text.ends_with(&next) {
                text.push_str(": ");
                text.push_str(&next);
            }
            cause = error.source();
        }
        text
    }

    /// The HTTP status that answers the request.
    #[must_use]
    pub fn status(&self) -> http::StatusCode {
        match (self.0.kind, self.provider_code()) {
            (ErrorKind::ProviderError, Some("temporarily_unavailable")) => {
                http::StatusCode::SERVICE_UNAVAILABLE
            }
            (kind, _) => kind.status(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.reason)?;
        match &self.0.provider_code {
            Some(code) => write!(f, " (the provider's code: {})", code.0),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("reason", &self.0.reason)
            .field("provider_code", &self.provider_code())
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<RandomUnavailable> for Error {
    fn from(error: RandomUnavailable) -> Self {
        Self::new(ErrorKind::Internal, error.to_string()).with_source(error)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::new(ErrorKind::StoreUnavailable, "the session store failed").with_source(error)
    }
}

/// An error code from the wire: kept only if it has the alphabet of
/// [RFC 6749 section 4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1) and a sane length, so
/// that showing and logging it is safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProviderCode(String);

impl ProviderCode {
    pub(crate) fn parse(code: &str) -> Self {
        let sane = !code.is_empty()
            && code.len() <= 64
            && code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        Self(if sane { code.to_owned() } else { "unreadable".to_owned() })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_follow_the_reason_once_each() {
        let refused = HttpError::new(HttpErrorKind::Connect).with_source("bad certificate");
        let error = Error::from_http(refused, ErrorKind::Discovery);
        assert_eq!(error.with_causes(), "could not connect to the provider: bad certificate");
    }

    #[test]
    fn codes_are_distinct() {
        let mut codes: Vec<_> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ErrorKind::ALL.len());
    }

    #[test]
    fn c13_a_hostile_provider_code_is_not_repeated() {
        for hostile in ["<script>", "a b", "a\r\nb", "", &"x".repeat(65), "\u{1b}[31m"] {
            assert_eq!(ProviderCode::parse(hostile).as_str(), "unreadable");
        }
        assert_eq!(ProviderCode::parse("access_denied").as_str(), "access_denied");
    }
}
