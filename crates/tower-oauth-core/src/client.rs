//! [`Client`]: one registration at one provider, and what is known of the provider so far.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, HeaderName, HeaderValue, RETRY_AFTER};
use oauth2::RedirectUrl;
use tokio::sync::Semaphore;
use tracing::Instrument as _;

use crate::clock::Clock;
use crate::discovery::Discovered;
use crate::error::{Error, ErrorKind};
use crate::http_client::{HttpClient, HttpError, HttpErrorKind, Limits};
use crate::provider::Provider;
use crate::random::Random;

/// Most calls to one provider that are under way at a time.
const MAX_CALLS: usize = 256;

/// What the flow is given from outside: the core itself opens no socket and reads no clock.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Environment {
    /// How providers are reached.
    pub http: Arc<dyn HttpClient>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where unpredictable values come from.
    pub random: Arc<dyn Random>,
}

impl Environment {
    /// An environment of these three.
    #[must_use]
    pub fn new(http: Arc<dyn HttpClient>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { http, clock, random }
    }
}

/// An OAuth 2.0 client ([RFC 6749 section 1.1](https://www.rfc-editor.org/rfc/rfc6749#section-1.1)): the
/// application's registration at one provider.
///
/// A login is [`start`](Self::start), the browser's way to the provider and back,
/// [`authorize`](Self::authorize), and [`finish`](Self::finish). Each step takes what only the step
/// before it can make, so none can be left out.
pub struct Client {
    pub(crate) provider: Provider,
    redirect_uri: String,
    /// The same as the `oauth2` crate takes it; `None` where it is no URL.
    redirect_url: Option<RedirectUrl>,
    /// [`Provider::registration`].
    pub(crate) registration: String,
    pub(crate) environment: Environment,
    pub(crate) discovered: Arc<Discovered>,
    /// Which scopes the first login was granted, and which it asked for: most sessions have the same, and share them.
    usual_scopes: [OnceLock<Arc<[String]>>; 2],
    calls: Semaphore,
}

impl Client {
    /// The client of `provider` whose authorization responses arrive at `redirect_uri`.
    #[must_use]
    pub fn new(provider: Provider, redirect_uri: String, environment: Environment) -> Self {
        Self {
            redirect_url: RedirectUrl::new(redirect_uri.clone()).ok(),
            registration: provider.registration(),
            provider,
            redirect_uri,
            environment,
            discovered: Arc::default(),
            usual_scopes: Default::default(),
            calls: Semaphore::new(MAX_CALLS),
        }
    }

    /// Shares metadata and keys with the first of `others` that asks the same provider for the same, so that two
    /// registrations at one issuer cause one fetch. What each accepts stays its own.
    #[must_use]
    pub fn sharing_with(mut self, others: &[Self]) -> Self {
        if let Some(other) = others.iter().find(|other| self.provider.discovers_as(&other.provider))
        {
            self.discovered = Arc::clone(&other.discovered);
        }
        self
    }

    /// `scopes` to be kept in a session.
    pub(crate) fn shared_scopes(&self, scopes: &[&str]) -> Arc<[String]> {
        let owned = || scopes.iter().copied().map(ToOwned::to_owned).collect();
        let mut usual = self.usual_scopes.iter().map(|usual| usual.get_or_init(owned));
        usual.find(|usual| usual.iter().eq(scopes)).map_or_else(owned, Arc::clone)
    }

    /// The provider.
    pub const fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The redirect URI to register at the provider, byte for byte.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The same, for a request to the provider.
    pub(crate) fn redirect_url(&self) -> Result<Cow<'_, RedirectUrl>, Error> {
        let unusable = || Error::new(ErrorKind::Discovery, "the redirect URI is not a URL");
        self.redirect_url.as_ref().map(Cow::Borrowed).ok_or_else(unusable)
    }

    /// Sends a request to the provider with the headers that it insists on. An answer beyond the size limit is
    /// an error of the kind `oversized`.
    ///
    /// With too many under way, none is sent: whoever holds up the provider, or floods us with answers of it,
    /// does not pile up requests here.
    pub(crate) async fn send(
        &self,
        mut request: http::Request<Bytes>,
        limits: Limits,
        oversized: ErrorKind,
    ) -> Result<http::Response<Bytes>, Error> {
        let Ok(_permit) = self.calls.try_acquire() else {
            let reason = "256 calls to the provider are under way";
            let error = Error::new(ErrorKind::ProviderUnavailable, reason);
            return Err(error.with_retry_after(Some(Duration::from_secs(1))));
        };
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let client_id =
            self.provider.quirks.client_id_header.map(|name| (name, &*self.provider.client_id));
        for (name, value) in self.provider.quirks.headers.iter().copied().chain(client_id) {
            // Checked by `Provider::validate`.
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::try_from(value))
            {
                headers.insert(name, value);
            }
        }
        let span = tracing::debug_span!(
            target: "tower_oauth::http",
            "provider_request",
            provider = &*self.provider.key,
            host = request.uri().host(),
            status = tracing::field::Empty,
        );
        let sent = self.environment.http.send(request, limits).instrument(span.clone()).await;
        let response = sent.map_err(|error| Error::from_http(error, oversized))?;
        span.record("status", response.status().as_u16());
        if response.body().len() > limits.max_body {
            let error = HttpError::new(HttpErrorKind::TooLarge);
            return Err(Error::from_http(error, oversized));
        }
        Ok(response)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("provider", &self.provider)
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}

/// The error for an answer that says "not now": status 429 or 5xx. `what` names the endpoint.
pub(crate) fn unavailable(what: &str, response: &http::Response<Bytes>) -> Option<Error> {
    let status = response.status();
    if status != http::StatusCode::TOO_MANY_REQUESTS && !status.is_server_error() {
        return None;
    }
    let reason = format!("{what} answered with status {}", status.as_u16());
    let error = Error::new(ErrorKind::ProviderUnavailable, reason);
    Some(error.with_retry_after(retry_after(response)))
}

/// The seconds of a `Retry-After` header, at most five minutes.
fn retry_after(response: &http::Response<Bytes>) -> Option<Duration> {
    let seconds: u64 = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(300)))
}

/// Whether the content type of `response` is `media_type`, whatever its parameters.
pub(crate) fn has_media_type(response: &http::Response<Bytes>, media_type: &str) -> bool {
    response
        .headers()
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|value| value.trim().eq_ignore_ascii_case(media_type))
}
