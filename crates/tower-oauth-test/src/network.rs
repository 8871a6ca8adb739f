//! An HTTP client that calls providers and scripted hosts in process, in virtual time.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use tower_oauth_core::{HttpClient, HttpError, HttpErrorKind, Limits};
use url::{Origin, Url};

use crate::lock;
use crate::provider::{Answer, Delivery, Endpoint, FakeProvider, Outcome, RecordedRequest};

/// An [`HttpClient`] without sockets: requests go straight to the providers and hosts that were added.
///
/// No real time passes. The delay of an [`Answer`] is held against the deadline of the call, and a provider
/// built on a [`ManualClock`](crate::ManualClock) has it advanced by as much. A request to anywhere else
/// fails to connect. Clones share the record.
///
/// ```
/// use std::sync::Arc;
/// use bytes::Bytes;
/// use tower_oauth_core::HttpClient;
/// use tower_oauth_test::{Answer, FakeProvider, InProcessNetwork};
///
/// let provider = FakeProvider::new();
/// let network = InProcessNetwork::new()
///     .provider(&provider)
///     .host("https://api.github.com", |request: http::Request<Bytes>| {
///         match request.uri().path() {
///             "/user" => Answer::json(serde_json::json!({ "id": 1, "login": "octocat" })),
///             _ => Answer::status(404),
///         }
///     });
/// let client: Arc<dyn HttpClient> = Arc::new(network.clone());
/// # let _ = client;
/// assert!(network.requests().is_empty());
/// ```
#[derive(Clone, Default)]
pub struct InProcessNetwork {
    providers: Vec<FakeProvider>,
    hosts: Vec<(Origin, Handler)>,
    requests: Arc<Mutex<Vec<RecordedRequest>>>,
}

type Handler = Arc<dyn Fn(Request<Bytes>) -> Answer + Send + Sync>;

impl InProcessNetwork {
    /// A network in which nothing can be reached.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a provider under its issuer. Providers may share an origin if their paths differ.
    #[must_use]
    pub fn provider(mut self, provider: &FakeProvider) -> Self {
        self.providers.push(provider.clone());
        self
    }

    /// Adds a host under `origin`, for example `https://api.github.com`. `handler` returns an [`Answer`], of
    /// which [`Answer::correct`] means an empty response, or an `http::Response<Bytes>`.
    ///
    /// # Panics
    ///
    /// If `origin` is not a URL.
    #[must_use]
    pub fn host<A: Into<Answer>>(
        mut self,
        origin: &str,
        handler: impl Fn(Request<Bytes>) -> A + Send + Sync + 'static,
    ) -> Self {
        let origin = Url::parse(origin).expect("the origin is a URL").origin();
        self.hosts.push((origin, Arc::new(move |request| handler(request).into())));
        self
    }

    /// Every request sent so far, in order, those that reached nothing included.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.requests).clone()
    }

    fn find_provider(&self, url: &Url) -> Option<&FakeProvider> {
        let at_origin = || self.providers.iter().filter(|it| *it.origin() == url.origin());
        // Paths may nest, so the longest issuer that matches is the right one.
        let below = at_origin().filter(|it| it.owns_path(url.path()));
        below.max_by_key(|it| it.issuer().len()).or_else(|| at_origin().next())
    }

    fn dispatch(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Bytes>, HttpError> {
        let record = |endpoint| lock(&self.requests).push(RecordedRequest::new(endpoint, &request));
        let url = Url::parse(&request.uri().to_string());
        let url = url.map_err(|error| HttpError::new(HttpErrorKind::Other).with_source(error))?;
        if let Some(provider) = self.find_provider(&url) {
            record(provider.endpoint(&request));
            let outcome = provider.respond(&request);
            if let Some(clock) = provider.manual_clock() {
                clock.advance(elapsed(&outcome, limits));
            }
            return deliver(outcome, limits);
        }
        record(Endpoint::Other);
        let host = self.hosts.iter().find(|(origin, _)| *origin == url.origin());
        let (_, handler) = host.ok_or(HttpError::new(HttpErrorKind::Connect))?;
        deliver(handler(request).resolve(Response::default), limits)
    }
}

/// How long the call takes in virtual time.
fn elapsed(outcome: &Outcome, limits: Limits) -> Duration {
    let bytes = match &outcome.delivery {
        Delivery::Never => return limits.deadline,
        Delivery::Refused => 0,
        Delivery::Whole(response) => response.body().len(),
        Delivery::CutOff(_, sent) => *sent,
    };
    let dripped = outcome.drip.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX));
    outcome.delay.saturating_add(dripped).min(limits.deadline)
}

fn deliver(outcome: Outcome, limits: Limits) -> Result<Response<Bytes>, HttpError> {
    if elapsed(&outcome, limits) >= limits.deadline {
        return Err(HttpError::new(HttpErrorKind::Timeout));
    }
    match outcome.delivery {
        Delivery::Whole(response) if response.body().len() <= limits.max_body => Ok(response),
        Delivery::CutOff(_, sent) if sent <= limits.max_body => {
            Err(HttpError::new(HttpErrorKind::Other))
        }
        Delivery::Whole(_) | Delivery::CutOff(..) => Err(HttpError::new(HttpErrorKind::TooLarge)),
        Delivery::Never => Err(HttpError::new(HttpErrorKind::Timeout)),
        Delivery::Refused => Err(HttpError::new(HttpErrorKind::Connect)),
    }
}

#[async_trait]
impl HttpClient for InProcessNetwork {
    /// It opens no connection.
    fn keeps_to_public_addresses(&self) -> bool {
        true
    }

    async fn send(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Bytes>, HttpError> {
        let result = self.dispatch(request, limits);
        // A real call gives other tasks a turn; without one, a test of concurrent callers would run them
        // one after the other.
        tokio::task::yield_now().await;
        result
    }
}

impl fmt::Debug for InProcessNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<_> =
            self.hosts.iter().map(|(origin, _)| origin.ascii_serialization()).collect();
        f.debug_struct("InProcessNetwork")
            .field("providers", &self.providers)
            .field("hosts", &hosts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ManualClock;

    const LIMITS: Limits = Limits::new(Duration::from_secs(5), 10_000);

    async fn get(network: &InProcessNetwork, uri: &str) -> Result<Response<Bytes>, HttpErrorKind> {
        let request = Request::get(uri).body(Bytes::new()).unwrap();
        network.send(request, LIMITS).await.map_err(|error| error.kind())
    }

    #[tokio::test]
    async fn requests_reach_the_provider_or_host_of_their_origin() {
        let one = FakeProvider::new();
        let two = FakeProvider::builder().issuer("https://two.example:8443/a").build();
        let three = FakeProvider::builder().issuer("https://two.example:8443/a/b").build();
        let network = InProcessNetwork::new().provider(&one).provider(&two).provider(&three).host(
            "https://api.github.com",
            |request: Request<Bytes>| {
                let mut response = Response::new(request.into_body());
                *response.status_mut() = http::StatusCode::CREATED;
                response
            },
        );
        for (provider, uri) in [
            (&one, "https://op.example:443/jwks"),
            (&two, "https://two.example:8443/a/jwks"),
            (&three, "https://two.example:8443/a/b/jwks"),
        ] {
            assert_eq!(get(&network, uri).await.unwrap().status(), 200);
            assert_eq!(provider.requests_to(Endpoint::Jwks).len(), 1, "{uri}");
        }
        assert_eq!(get(&network, "https://api.github.com/user").await.unwrap().status(), 201);
        for elsewhere in
            ["http://op.example/jwks", "https://two.example/jwks", "https://x.example/"]
        {
            assert_eq!(get(&network, elsewhere).await.unwrap_err(), HttpErrorKind::Connect);
        }
        let recorded = network.requests();
        assert_eq!(recorded.len(), 7);
        assert_eq!(recorded[0].endpoint(), Endpoint::Jwks);
        assert_eq!(recorded[3].endpoint(), Endpoint::Other);
    }

    #[tokio::test]
    async fn delays_pass_in_virtual_time() {
        let provider = FakeProvider::new();
        let network = InProcessNetwork::new().provider(&provider);
        let uri = provider.url(Endpoint::Metadata);
        for (answer, expected, seconds) in [
            (Answer::correct().delay(Duration::from_secs(4)), Ok(200), 4),
            (Answer::correct().delay(Duration::from_secs(5)), Err(HttpErrorKind::Timeout), 5),
            (Answer::correct().delay(Duration::from_secs(60)), Err(HttpErrorKind::Timeout), 5),
            (Answer::never(), Err(HttpErrorKind::Timeout), 5),
            (Answer::status(200).body("abcd").drip(Duration::from_secs(1)), Ok(200), 4),
            (
                Answer::status(200).body("abcde").drip(Duration::from_secs(1)),
                Err(HttpErrorKind::Timeout),
                5,
            ),
            (Answer::refused(), Err(HttpErrorKind::Connect), 0),
            (Answer::correct().cut_off_after(3), Err(HttpErrorKind::Other), 0),
            (Answer::status(200).body(vec![b'x'; 10_000]), Ok(200), 0),
            (Answer::status(200).body(vec![b'x'; 10_001]), Err(HttpErrorKind::TooLarge), 0),
        ] {
            let clock = provider.manual_clock().unwrap();
            clock.set(ManualClock::START);
            let description = format!("{answer:?}");
            provider.answer(Endpoint::Metadata, answer);
            let result = get(&network, &uri).await.map(|response| response.status().as_u16());
            assert_eq!(result, expected, "{description}");
            let passed = tower_oauth_core::Clock::now(clock).since(ManualClock::START);
            assert_eq!(passed, Duration::from_secs(seconds), "{description}");
        }
    }

    #[tokio::test]
    async fn concurrent_calls_interleave() {
        let provider = FakeProvider::new();
        let network = InProcessNetwork::new().provider(&provider);
        let uri = provider.url(Endpoint::Metadata);
        let seen = || provider.requests().len();
        let first = async {
            get(&network, &uri).await.unwrap();
            seen()
        };
        let (first, second) = tokio::join!(first, get(&network, &uri));
        second.unwrap();
        assert_eq!(first, 2, "the second call was sent before the first returned");
    }
}
