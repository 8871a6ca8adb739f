//! [`Auth`]: the login of one application. Cheap to clone; everything else hangs on it.

use std::sync::Arc;

use tower_oauth_core::session::{Lifetimes, SessionCodec, SessionStore};
use tower_oauth_core::{BaseUrl, Environment, Error, ErrorKind, KeyRing};

use crate::accounts::Accounts;
use crate::attempts::LoginState;
use crate::builder::{AuthBuilder, LogoutSettings};
use crate::clients::Clients;
use crate::cookie::Cookies;
use crate::cookie_session::CookieSessions;
use crate::events::Observers;
use crate::layer::{AuthLayer, AuthService};
use crate::pages::Pages;
use crate::routes::NotFound;
use crate::tenants::{Scope, Tenants};
use crate::tokens::Refreshes;

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
pub struct Auth(Arc<Inner>, Option<Arc<Scope>>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) base_url: BaseUrl,
    /// The path of the login routes below the base URL: `/auth`.
    pub(crate) mount: String,
    /// Those of the configuration.
    pub(crate) clients: Clients,
    pub(crate) tenants: Option<Tenants>,
    pub(crate) accounts: Option<Accounts>,
    /// Sessions and one-time marks; where sessions are in cookies, marks and what was revoked.
    pub(crate) store: Arc<dyn SessionStore>,
    pub(crate) cookie_sessions: Option<CookieSessions>,
    pub(crate) codec: Arc<SessionCodec>,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) environment: Environment,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) login_state: LoginState,
    pub(crate) third_party_login: bool,
    pub(crate) cookies: Cookies,
    pub(crate) pages: Arc<dyn Pages>,
    pub(crate) observers: Observers,
    pub(crate) refreshes: Refreshes,
    pub(crate) revoke_at_logout: bool,
    pub(crate) flush_app_session: bool,
    pub(crate) logout: LogoutSettings,
}

impl Auth {
    /// Starts a configuration. `base_url` is the public address of the application, such as
    /// `https://app.example`: redirect URIs and cookie attributes come from it and from nothing else.
    pub fn builder(base_url: impl Into<String>) -> AuthBuilder {
        AuthBuilder::new(base_url.into())
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner), None)
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

    /// What to register at each provider of the configuration: its key and the redirect URI, byte for byte. Those of a
    /// tenant are logged when it is first asked for.
    pub fn redirect_uris(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .clients
            .list
            .iter()
            .map(|client| (client.provider().login_key(), client.redirect_uri()))
    }

    /// The endpoint of the provider with the key `provider` that tells who an access token belongs to;
    /// `None` where the provider has none, or there is no such provider.
    ///
    /// # Errors
    ///
    /// When the provider's metadata is needed and cannot be had.
    pub async fn userinfo_endpoint(&self, provider: &str) -> Result<Option<String>, Error> {
        match self.clients().await?.find(provider) {
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
        match self.clients().await?.find(provider) {
            Some(client) => client.reload().await,
            None => Err(Error::new(ErrorKind::UnknownProvider, "no provider has this key")),
        }
    }

    pub(crate) fn scoped(&self, scope: Scope) -> Self {
        Self(Arc::clone(&self.0), Some(Arc::new(scope)))
    }

    pub(crate) fn scope(&self) -> Option<&Scope> {
        self.1.as_deref()
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }
}
