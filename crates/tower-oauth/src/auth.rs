//! [`Auth`]: the login of one application. Cheap to clone; everything else hangs on it.

use std::sync::Arc;

use http::HeaderMap;
use tower_oauth_core::session::{
    Lifetimes, Record, Session, SessionCodec, SessionId, SessionStore, StoreKey, Version,
};
use tower_oauth_core::{BaseUrl, Client, Environment, Error, ErrorKind, KeyRing, Login, Timestamp};

use crate::attempts::LoginState;
use crate::builder::AuthBuilder;
use crate::cookie::{Cookies, SessionCookie};
use crate::layer::{AuthLayer, AuthService};
use crate::pages::Pages;
use crate::routes::{NotFound, Routes};

/// Most sessions that one request ends: a browser has one, a header has room for many.
const MAX_ENDED: usize = 8;

/// The login of one application: its providers, its session store, its settings.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use axum::{Router, routing::get};
/// use tower_oauth::{Auth, User, providers};
///
/// let auth = Auth::builder("http://localhost:3000")
///     .provider(providers::github("client id", "client secret"))
///     .build()?;
///
/// let app: Router = Router::new()
///     .route("/", get(async |user: User| format!("Hello, {}!", user.display_name())))
///     .layer(auth.layer());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Auth(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) base_url: BaseUrl,
    /// The path of the login routes below the base URL: `/auth`.
    pub(crate) mount: String,
    /// In the order of the sign-in page.
    pub(crate) clients: Vec<Client>,
    pub(crate) store: Arc<dyn SessionStore>,
    pub(crate) codec: Arc<SessionCodec>,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) environment: Environment,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) login_state: LoginState,
    pub(crate) cookies: Cookies,
    pub(crate) pages: Arc<dyn Pages>,
}

/// A session that is live in the store.
#[derive(Debug)]
pub(crate) struct LiveSession {
    pub(crate) session: Arc<Session>,
    pub(crate) key: StoreKey,
    version: Version,
    expires: Timestamp,
}

impl Auth {
    /// Starts a configuration. `base_url` is the public address of the application, such as
    /// `https://app.example`: redirect URIs and cookie attributes come from it and from nothing else.
    pub fn builder(base_url: impl Into<String>) -> AuthBuilder {
        AuthBuilder::new(base_url.into())
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// The layer: answers the login routes itself, and lets the handlers behind it ask who is signed in.
    ///
    /// Put it around everything (`Router::layer` last). Under `Router::route_layer` or around a nested router it
    /// never sees requests for paths that have no route, the login routes among them.
    #[must_use]
    pub fn layer(&self) -> AuthLayer {
        AuthLayer::new(self.clone())
    }

    /// The login routes alone, as a service that answers 404 to everything else: for mounting by hand
    /// where the layer cannot stand in front. Handlers elsewhere still need the layer.
    #[must_use]
    pub fn service(&self) -> AuthService<NotFound> {
        AuthService::new(self.clone(), NotFound::default())
    }

    /// What to register at each provider: its key and the redirect URI, byte for byte.
    pub fn redirect_uris(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.clients.iter().map(|client| (client.provider().login_key(), client.redirect_uri()))
    }

    /// The endpoint of the provider with the key `provider` that tells who an access token belongs to;
    /// `None` where the provider has none, or there is no such provider.
    ///
    /// # Errors
    ///
    /// When the provider's metadata is needed and cannot be had.
    pub async fn userinfo_endpoint(&self, provider: &str) -> Result<Option<String>, Error> {
        match self.client(provider) {
            Some(client) => client.userinfo_endpoint().await,
            None => Ok(None),
        }
    }

    /// Asks the provider with the key `provider` for its metadata and keys now, however fresh the copies are: for a
    /// key that the provider withdrew because it leaked. By itself that takes effect within ten minutes.
    ///
    /// # Errors
    ///
    /// When there is no such provider, or its metadata or keys cannot be had; the copies then go on serving.
    pub async fn reload_provider(&self, provider: &str) -> Result<(), Error> {
        match self.client(provider) {
            Some(client) => client.reload().await,
            None => Err(Error::new(ErrorKind::UnknownProvider, "no provider has this key")),
        }
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    pub(crate) fn client(&self, provider: &str) -> Option<&Client> {
        self.0.clients.iter().find(|client| client.provider().login_key() == provider)
    }

    pub(crate) fn routes(&self) -> Routes<'_> {
        Routes { base_path: self.0.base_url.path(), mount: &self.0.mount }
    }

    /// HOP 4's other half: the session that the request's cookie names, if it is live.
    ///
    /// Unknown, expired and unreadable are all "not signed in"; only the store's failure is an error.
    pub(crate) async fn load_session(
        &self,
        headers: &HeaderMap,
    ) -> Result<Option<LiveSession>, Error> {
        let id = match self.0.cookies.session(headers) {
            SessionCookie::Absent => return Ok(None),
            SessionCookie::Present(value) => SessionId::parse(value),
            SessionCookie::Ambiguous => {
                tracing::warn!(target: "tower_oauth::session", "two different session cookies; neither counts");
                None
            }
        };
        let Some(id) = id else { return Ok(None) };
        let key = id.store_key();
        let Some(stored) = self.0.store.load(&key).await? else { return Ok(None) };
        let Some(session) = self.0.codec.open(&stored.payload, &key) else {
            tracing::warn!(target: "tower_oauth::session", session = ?key, "a stored session could not be opened");
            return Ok(None);
        };
        let now = self.0.environment.clock.now();
        if self.client(&session.connection.provider).is_none() {
            tracing::info!(target: "tower_oauth::session", session = ?key, "its provider is no longer configured");
            return Ok(None);
        }
        // The store expires records; the session's own end is kept whatever the store does.
        if session.expires <= now || stored.expires <= now {
            return Ok(None);
        }
        let live = LiveSession { session, key, version: stored.version, expires: stored.expires };
        self.touch(&live, now).await;
        Ok(Some(live))
    }

    /// Moves the idle end of a session, once a tenth of the idle lifetime has passed since the last time.
    /// A failure is no harm: the next request tries again.
    async fn touch(&self, live: &LiveSession, now: Timestamp) {
        let expires = live.session.idle_expiry(now, self.0.lifetimes);
        if expires.since(live.expires) <= self.0.lifetimes.idle / 10 {
            return;
        }
        let record = self.record(&live.session, live.key, expires);
        if let Err(error) = self.0.store.swap(&live.key, live.version, record).await {
            tracing::warn!(target: "tower_oauth::session", session = ?live.key, "not touched: {error}");
        }
    }

    /// HOP 4: creates the session of `login` under a new id. Durable when this returns.
    pub(crate) async fn create_session(&self, login: Login) -> Result<SessionId, Error> {
        let now = self.0.environment.clock.now();
        let session = Arc::new(Session::begin(login, now, self.0.lifetimes));
        let expires = session.idle_expiry(now, self.0.lifetimes);
        for _ in 0..3 {
            let id = SessionId::generate(&*self.0.environment.random)?;
            let key = id.store_key();
            match self.0.store.create(&key, self.record(&session, key, expires)).await {
                Ok(()) => return Ok(id),
                Err(error) if error.is_already_exists() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::new(ErrorKind::StoreUnavailable, "the store says that every new id is taken"))
    }

    /// Ends every session that the request names. `Ok` means that they are gone.
    pub(crate) async fn end_sessions(&self, headers: &HeaderMap) -> Result<(), Error> {
        let sessions = self.0.cookies.sessions(headers).filter_map(SessionId::parse);
        let keys: Vec<StoreKey> = sessions.map(|id| id.store_key()).take(MAX_ENDED + 1).collect();
        if keys.len() > MAX_ENDED {
            return Err(Error::new(ErrorKind::Malformed, "there are more than 8 session cookies"));
        }
        for key in keys {
            self.0.store.delete(&key).await?;
            tracing::info!(target: "tower_oauth::session", session = ?key, "ended");
        }
        Ok(())
    }

    fn record(&self, session: &Arc<Session>, key: StoreKey, expires: Timestamp) -> Record {
        Record::new(self.0.codec.payload(Arc::clone(session), key), expires, Some(session.index()))
    }
}
