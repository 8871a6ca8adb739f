//! The provider: its state, and how a test steers it.

mod answer;
mod builder;
mod endpoints;
mod error;
mod grants;
mod keys;
mod logout_token;
mod page;
mod record;
mod reply;
mod steer;
#[cfg(test)]
mod tests;
mod user;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Map, Value};
use tower_oauth_core::{Clock, HttpClient, Random, RandomUnavailable, Timestamp};
use url::Origin;

pub use self::answer::Answer;
pub(crate) use self::answer::{Delivery, Outcome};
pub use self::builder::FakeProviderBuilder;
pub use self::keys::Signing;
pub use self::record::{Endpoint, Parameters, RecordedRequest};
pub use self::user::TestUser;

use self::answer::Answers;
use self::grants::Grants;
use self::keys::KeyRing;
use crate::{InProcessNetwork, ManualClock, lock};

/// How long an ID token is valid: it is checked once, at the login.
const ID_TOKEN_LIFETIME: Duration = Duration::from_secs(300);

/// A small OpenID provider that keeps to its standards, with everything in memory.
///
/// It speaks the authorization code flow with PKCE (RFC 6749, RFC 7636, OpenID Connect Core), names
/// itself in the authorization response (RFC 9207), rotates refresh tokens (RFC 9700), revokes (RFC 7009)
/// and logs out (RP-Initiated, Back-Channel and Front-Channel Logout). Nobody has a password: whoever is at the browser picks a user.
///
/// A handle: clones are the same provider. What it says is correct until a test replaces it with
/// [`answer`](Self::answer) or [`modify_id_token`](Self::modify_id_token).
#[derive(Clone)]
pub struct FakeProvider {
    inner: Arc<Inner>,
}

struct Inner {
    issuer: String,
    origin: Origin,
    base_path: String,
    client_id: String,
    client_secret: String,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    frontchannel_logout_uri: Option<String>,
    users: Vec<TestUser>,
    clock: Arc<dyn Clock>,
    manual_clock: Option<ManualClock>,
    random: Arc<dyn Random>,
    signing: Signing,
    lifetimes: Lifetimes,
    claims_in_id_token: bool,
    rotates_refresh_tokens: bool,
    ignores_pkce: bool,
    keys: Mutex<KeyRing>,
    grants: Mutex<Grants>,
    answers: Mutex<Answers>,
    requests: Mutex<Vec<RecordedRequest>>,
    /// The subject that approves without a page.
    approving: Mutex<Option<String>>,
    id_token_change: Mutex<Option<IdTokenChange>>,
}

type IdTokenChange = Arc<dyn Fn(&mut Map<String, Value>, &mut Map<String, Value>) + Send + Sync>;

#[derive(Clone, Copy)]
struct Lifetimes {
    access_token: Duration,
    refresh_token: Duration,
}

impl FakeProvider {
    /// The default issuer. Nothing resolves it: it is reached through [`http_client`](Self::http_client).
    pub const ISSUER: &str = "https://op.example";
    /// The default `client_id`.
    pub const CLIENT_ID: &str = "client";
    /// The default `client_secret`.
    pub const CLIENT_SECRET: &str = "secret-of-the-client";

    /// A provider with every default of the [`builder`](Self::builder).
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Sets up a provider.
    pub fn builder() -> FakeProviderBuilder {
        FakeProviderBuilder::new()
    }

    /// The issuer identifier.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.inner.issuer
    }

    /// The `client_id` of the registered client.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.inner.client_id
    }

    /// The `client_secret` of the registered client.
    #[must_use]
    pub fn client_secret(&self) -> &str {
        &self.inner.client_secret
    }

    /// Who can sign in.
    #[must_use]
    pub fn users(&self) -> &[TestUser] {
        &self.inner.users
    }

    /// The URL of `endpoint`; of the issuer without a trailing slash for [`Endpoint::Other`].
    #[must_use]
    pub fn url(&self, endpoint: Endpoint) -> String {
        format!("{}{}", self.inner.issuer.trim_end_matches('/'), endpoint.path())
    }

    /// The clock to advance; `None` if the provider was built on another kind.
    #[must_use]
    pub fn manual_clock(&self) -> Option<&ManualClock> {
        self.inner.manual_clock.as_ref()
    }

    /// The same clock as the provider's, for the application under test.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.inner.clock)
    }

    /// A client that reaches this provider, and nothing else, without a socket. For several providers see
    /// [`InProcessNetwork`].
    #[must_use]
    pub fn http_client(&self) -> Arc<dyn HttpClient> {
        Arc::new(InProcessNetwork::new().provider(self))
    }

    /// Answers `request` as the issuer's server would; the host in its URI is not looked at.
    ///
    /// There is no connection here, so the delay of an [`Answer`] is ignored, a response that is cut off is
    /// a shorter one, and one that never comes or is refused has status 503.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "callers build a request to hand it over")]
    pub fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        match self.respond(&request).delivery {
            Delivery::Whole(response) => response,
            Delivery::CutOff(response, length) => {
                response.map(|body| body.slice(..length.min(body.len())))
            }
            Delivery::Never | Delivery::Refused => reply::empty(StatusCode::SERVICE_UNAVAILABLE),
        }
    }

    /// Records `request` and finds out what happens to it.
    pub(crate) fn respond(&self, request: &Request<Bytes>) -> Outcome {
        let endpoint = self.endpoint(request);
        lock(&self.inner.requests).push(RecordedRequest::new(endpoint, request));
        let answer = lock(&self.inner.answers).next(endpoint);
        answer.resolve(|| self.respond_correctly(endpoint, request))
    }
}

/// What the endpoints need.
impl FakeProvider {
    pub(crate) fn origin(&self) -> &Origin {
        &self.inner.origin
    }

    /// Whether `path` lies below the issuer.
    pub(crate) fn owns_path(&self, path: &str) -> bool {
        path.strip_prefix(&self.inner.base_path).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Which endpoint `request` goes to.
    pub(crate) fn endpoint(&self, request: &Request<Bytes>) -> Endpoint {
        let rest = request.uri().path().strip_prefix(&self.inner.base_path).unwrap_or_default();
        match Endpoint::ALL.into_iter().find(|endpoint| endpoint.path() == rest) {
            Some(Endpoint::Token) if endpoints::is_refresh(request) => Endpoint::Refresh,
            Some(endpoint) => endpoint,
            None => Endpoint::Other,
        }
    }

    fn path(&self, endpoint: Endpoint) -> String {
        format!("{}{}", self.inner.base_path, endpoint.path())
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    fn signing(&self) -> Signing {
        self.inner.signing
    }

    fn lifetimes(&self) -> Lifetimes {
        self.inner.lifetimes
    }

    fn puts_claims_in_id_token(&self) -> bool {
        self.inner.claims_in_id_token
    }

    fn rotates_refresh_tokens(&self) -> bool {
        self.inner.rotates_refresh_tokens
    }

    fn ignores_pkce(&self) -> bool {
        self.inner.ignores_pkce
    }

    fn permits_redirect_uri(&self, uri: &str) -> bool {
        let registered = &self.inner.redirect_uris;
        registered.is_empty() || registered.iter().any(|it| it == uri)
    }

    fn approving_user(&self) -> Option<&TestUser> {
        let subject = lock(&self.inner.approving).clone()?;
        self.users().iter().find(|user| user.subject() == subject)
    }

    fn grants(&self) -> MutexGuard<'_, Grants> {
        lock(&self.inner.grants)
    }

    /// 256 random bits for a code, a token or a session.
    fn draw_token(&self) -> Result<String, RandomUnavailable> {
        let mut bytes = [0; 32];
        self.inner.random.fill(&mut bytes)?;
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    fn sign_id_token(&self, mut claims: Map<String, Value>) -> String {
        let mut header = self.jose_header();
        // Taken out of its lock: the change may call this provider.
        let change = lock(&self.inner.id_token_change).clone();
        if let Some(change) = change {
            change(&mut header, &mut claims);
        }
        self.sign(&header, &claims)
    }
}

impl Default for FakeProvider {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FakeProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeProvider")
            .field("issuer", &self.inner.issuer)
            .field("client_id", &self.inner.client_id)
            .finish_non_exhaustive()
    }
}
