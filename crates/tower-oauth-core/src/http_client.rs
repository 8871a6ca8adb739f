//! The one way out: every outbound call passes through [`HttpClient`], with a deadline and a size limit.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

/// Sends one HTTP request to a provider.
///
/// An implementation must
/// - follow no redirect (a 3xx answer is returned as it is: a followed one would carry credentials to
///   wherever the answer points);
/// - keep no cookies between calls;
/// - give up at [`Limits::deadline`], connecting included;
/// - stop reading at [`Limits::max_body`] bytes, counted after any decompression.
///
/// `tower-oauth` ships one on `reqwest`; `tower-oauth-test` ships one that reaches its provider in process.
#[async_trait]
pub trait HttpClient: fmt::Debug + Send + Sync + 'static {
    /// Sends `request` and reads the whole response.
    ///
    /// # Errors
    ///
    /// When no complete response within `limits` was obtained. A response with an error status is `Ok`.
    async fn send(
        &self,
        request: http::Request<Bytes>,
        limits: Limits,
    ) -> Result<http::Response<Bytes>, HttpError>;

    /// Whether it connects to addresses of the public internet only, whatever a name leads to at that moment, so that
    /// somebody else's issuer cannot have it call what is inside the network. Or opens no connection at all.
    fn keeps_to_public_addresses(&self) -> bool {
        false
    }
}

/// What one call may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Longest time from the start of the call to the last byte of the response.
    pub deadline: Duration,
    /// Largest response body in bytes, after decompression.
    pub max_body: usize,
}

impl Limits {
    /// Limits of `deadline` and `max_body` bytes.
    #[must_use]
    pub const fn new(deadline: Duration, max_body: usize) -> Self {
        Self { deadline, max_body }
    }
}

/// Why a call brought no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpErrorKind {
    /// No connection: refused, name not found, TLS failed. Nothing of the request was sent.
    Connect,
    /// The deadline passed.
    Timeout,
    /// The response body is larger than the limit.
    TooLarge,
    /// Anything else: the connection broke, the response was not HTTP.
    Other,
}

/// A call that brought no response.
///
/// Holds no URL, header or body: those can carry secrets.
#[derive(Debug)]
pub struct HttpError {
    kind: HttpErrorKind,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl HttpError {
    /// An error of `kind` without a cause.
    #[must_use]
    pub const fn new(kind: HttpErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// Adds the cause. Its `Display` and `Debug` must not show the request.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> HttpErrorKind {
        self.kind
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            HttpErrorKind::Connect => "could not connect to the provider",
            HttpErrorKind::Timeout => "the provider did not answer within the deadline",
            HttpErrorKind::TooLarge => "the provider's answer exceeds the size limit",
            HttpErrorKind::Other => "the exchange with the provider broke off",
        })
    }
}

impl std::error::Error for HttpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
