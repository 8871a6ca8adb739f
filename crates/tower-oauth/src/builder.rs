//! [`AuthBuilder`]: the settings of a login, checked as a whole before anything is served.

#[cfg(feature = "tower-sessions")]
mod app_session;
mod cookies;
mod events;
mod logout;
mod tenants;
mod tokens;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tower_oauth_core::session::{SessionCodec, SessionStore};
use tower_oauth_core::{
    BaseUrl, Clock, ConfigError, Environment, HttpClient, KeyRing, Provider, Random,
};
use zeroize::Zeroizing;

use crate::accounts::Accounts;
use crate::attempts::LoginState;
use crate::auth::{Auth, Inner};
use crate::clients::{Clients, Site};
use crate::cookie::Cookies;
use crate::cookie_session::CookieSessions;
use crate::events::Observers;
use crate::pages::{DefaultPages, Pages};
use crate::routes::Routes;
use crate::store::MemoryStore;
use crate::system::{SystemClock, SystemRandom};
use crate::tenants::{ProviderResolver, Tenants};
use crate::tokens::Refreshes;

pub(crate) use self::logout::LogoutSettings;

/// Collects the settings of a login; [`build`](Self::build) checks them.
///
/// | setting | default |
/// |---|---|
/// | [`provider`](Self::provider) | none; at least one is required, unless there is a `provider_resolver` |
/// | [`provider_resolver`](Self::provider_resolver) | no: all requests have the same providers |
/// | [`accounts`](Self::accounts) | no: whoever a provider vouches for may come in |
/// | [`secret`](Self::secret) | a random one that ends with the process |
/// | [`store`](Self::store) | [`MemoryStore`] |
/// | [`cookie_sessions`](Self::cookie_sessions), [`revoked_sessions`](Self::revoked_sessions) | no: sessions are in the store |
/// | [`mount`](Self::mount) | `/auth` |
/// | [`idle_lifetime`](Self::idle_lifetime) | 24 hours |
/// | [`absolute_lifetime`](Self::absolute_lifetime) | 30 days, in cookies 24 hours |
/// | [`token_margin`](Self::token_margin) | 60 seconds |
/// | [`revoke_at_logout`](Self::revoke_at_logout) | yes |
/// | [`logout_at_provider`](Self::logout_at_provider) | yes, where the provider can |
/// | [`backchannel_logout`](Self::backchannel_logout), [`frontchannel_logout`](Self::frontchannel_logout) | no |
/// | [`clear_cache_at_logout`](Self::clear_cache_at_logout), [`no_store`](Self::no_store) | no |
/// | `flush_app_session_at_logout` (feature `tower-sessions`) | no: the application's own session stays |
/// | [`login_state`](Self::login_state) | sealed in a cookie |
/// | [`third_party_login`](Self::third_party_login) | no: only this application starts a login |
/// | [`pages`](Self::pages) | the bundled ones |
/// | [`on_event`](Self::on_event), [`on_login`](Self::on_login), [`on_logout`](Self::on_logout) | nobody is told |
/// | [`http_client`](Self::http_client) | reqwest with rustls (feature `reqwest`) |
/// | [`public_addresses_only`](Self::public_addresses_only) | no: a provider may be anywhere, but those of tenants |
/// | [`danger_tenants_at_private_addresses`](Self::danger_tenants_at_private_addresses) | no |
#[must_use]
pub struct AuthBuilder {
    base_url: String,
    names: SettingNames,
    providers: Vec<Provider>,
    secrets: Vec<Zeroizing<Vec<u8>>>,
    store: Option<Arc<dyn SessionStore>>,
    in_cookies: bool,
    revoked_sessions: Option<Arc<dyn SessionStore>>,
    mount: String,
    idle_lifetime: Option<Duration>,
    absolute_lifetime: Option<Duration>,
    token_margin: Duration,
    revoke_at_logout: bool,
    flush_app_session: bool,
    logout: LogoutSettings,
    login_state: LoginState,
    third_party_login: bool,
    pages: Arc<dyn Pages>,
    observers: Observers,
    http_client: Option<Arc<dyn HttpClient>>,
    extra_roots: Vec<Vec<u8>>,
    public_addresses_only: bool,
    accounts: Option<Accounts>,
    resolver: Option<Box<dyn ProviderResolver>>,
    private_tenants: bool,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// What the person who wrote a setting calls it, for errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SettingNames {
    pub(crate) base_url: &'static str,
    pub(crate) secret: &'static str,
    pub(crate) extra_roots: &'static str,
}

impl AuthBuilder {
    pub(crate) fn new(base_url: String) -> Self {
        Self {
            base_url,
            names: SettingNames {
                base_url: "base_url",
                secret: "secret",
                extra_roots: "extra_root_certificates",
            },
            providers: Vec::new(),
            secrets: Vec::new(),
            store: None,
            in_cookies: false,
            revoked_sessions: None,
            mount: "/auth".into(),
            idle_lifetime: None,
            absolute_lifetime: None,
            token_margin: Duration::from_secs(60),
            revoke_at_logout: true,
            flush_app_session: false,
            logout: LogoutSettings::default(),
            login_state: LoginState::default(),
            third_party_login: false,
            pages: Arc::new(DefaultPages::default()),
            observers: Observers::default(),
            http_client: None,
            extra_roots: Vec::new(),
            public_addresses_only: false,
            accounts: None,
            resolver: None,
            private_tenants: false,
            clock: Arc::new(SystemClock::default()),
            random: Arc::new(SystemRandom::default()),
        }
    }

    pub(crate) fn with_names(mut self, names: SettingNames) -> Self {
        self.names = names;
        self
    }

    /// Adds a provider to sign in with. The sign-in page shows them in this order.
    pub fn provider(mut self, provider: Provider) -> Self {
        self.providers.push(provider);
        self
    }

    /// The providers so far.
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// The secret that seals what leaves the process: at least 32 random bytes, the same on all replicas. One that
    /// has room for fewer than 256 bits, follows a pattern or is an example from somewhere is refused.
    ///
    /// Called again, it adds the secrets of earlier days: they open what they sealed, the first one seals.
    pub fn secret(mut self, secret: impl AsRef<[u8]>) -> Self {
        self.secrets.push(Zeroizing::new(secret.as_ref().to_vec()));
        self
    }

    /// Where sessions live.
    pub fn store(mut self, store: impl SessionStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// The path of the login routes, below the base URL's own path.
    pub fn mount(mut self, path: impl Into<String>) -> Self {
        self.mount = path.into();
        self
    }

    /// Longest pause between two requests that use the session.
    pub fn idle_lifetime(mut self, idle: Duration) -> Self {
        self.idle_lifetime = Some(idle);
        self
    }

    /// Longest life of a session whatever happens.
    pub fn absolute_lifetime(mut self, absolute: Duration) -> Self {
        self.absolute_lifetime = Some(absolute);
        self
    }

    /// Where login attempts wait for the browser's return.
    pub fn login_state(mut self, login_state: LoginState) -> Self {
        self.login_state = login_state;
        self
    }

    /// Whether other sites may start a login, as the portal of a provider does, by sending the browser to
    /// `{mount}/initiate-login` with the provider's issuer in `iss` (OpenID Connect Core section 4). That address is
    /// then what to register as `initiate_login_uri`. Default: no.
    ///
    /// They decide neither who signs in nor where it ends, except for a page of this application.
    pub fn third_party_login(mut self, yes: bool) -> Self {
        self.third_party_login = yes;
        self
    }

    /// The application's own pages in place of the bundled ones.
    pub fn pages(mut self, pages: impl Pages) -> Self {
        self.pages = Arc::new(pages);
        self
    }

    /// How providers are reached.
    pub fn http_client(mut self, client: Arc<dyn HttpClient>) -> Self {
        self.http_client = Some(client);
        self
    }

    /// Trusts the root certificates in `pem` besides the platform's, for providers inside a company.
    /// Only the default HTTP client reads this.
    pub fn extra_root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.extra_roots.push(pem.into());
        self
    }

    /// Connects to addresses of the public internet only, whatever a provider's metadata or a name leads to: where
    /// issuers come from somebody else than the one who runs the application. Without it a provider may be
    /// anywhere, as those inside a company are. Kept by the default HTTP client.
    pub fn public_addresses_only(mut self) -> Self {
        self.public_addresses_only = true;
        self
    }

    /// What time it is. For tests; the default is the operating system's clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Where unpredictable values come from. For tests; the default is the operating system's generator.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// Checks the settings and makes the login.
    ///
    /// Asks no provider anything: an application starts while its providers are down. Writes one event
    /// for each provider with the redirect URI to register there.
    ///
    /// # Errors
    ///
    /// When a setting is missing or cannot work, naming it.
    pub fn build(self) -> Result<Auth, ConfigError> {
        let base_url = BaseUrl::parse(self.names.base_url, &self.base_url)?;
        check_mount(&self.mount)?;
        self.check_providers()?;
        self.check_sessions()?;
        self.check_logout()?;
        let lifetimes = self.lifetimes()?;
        let keys = Arc::new(self.key_ring()?);
        let http = self.http_clients()?;
        let clock = Arc::clone(&self.clock);
        let environment = Environment::new(http.own, clock, Arc::clone(&self.random));
        let site = Site {
            base_url: base_url.clone(),
            mount: self.mount.clone(),
            environment: environment.clone(),
            in_cookies: self.in_cookies,
        };
        let clients = Clients::new(&site, self.providers)?;
        clients.announce(None);
        let routes = Routes { base_path: base_url.path(), tenant_path: "", mount: &self.mount };
        for client in &clients.list {
            self.logout.announce(client.provider(), &base_url, routes);
        }
        if self.third_party_login {
            let initiate_login_uri = format!("{}{}", base_url.origin(), routes.initiate_login());
            tracing::info!(
                target: "tower_oauth::config",
                initiate_login_uri,
                "register this address at providers that start logins themselves"
            );
        }
        let tenants = self.resolver.map(|resolver| {
            let mut environment = environment.clone();
            environment.http = http.tenants;
            Tenants::new(resolver, Site { environment, ..site })
        });
        let codec = SessionCodec::new(base_url.join(""), Arc::clone(&keys), self.random);
        let codec = Arc::new(codec);
        let refreshes = Refreshes::new(self.token_margin, Arc::clone(&self.clock));
        Ok(Auth::from_inner(Inner {
            cookies: Cookies::new(&base_url),
            base_url,
            mount: self.mount,
            clients,
            tenants,
            accounts: self.accounts,
            store: self
                .store
                .or_else(|| self.revoked_sessions.clone())
                .unwrap_or_else(|| Arc::new(MemoryStore::new(self.clock))),
            cookie_sessions: self
                .in_cookies
                .then_some(CookieSessions { revoked_sessions: self.revoked_sessions }),
            codec,
            keys,
            environment,
            lifetimes,
            login_state: self.login_state,
            third_party_login: self.third_party_login,
            pages: self.pages,
            observers: self.observers,
            refreshes,
            revoke_at_logout: self.revoke_at_logout,
            flush_app_session: self.flush_app_session,
            logout: self.logout,
        }))
    }

    fn check_providers(&self) -> Result<(), ConfigError> {
        if self.providers.is_empty() && self.resolver.is_none() {
            return Err(ConfigError::new("providers", "there is none; add at least one"));
        }
        for provider in &self.providers {
            if self.secrets.iter().any(|secret| provider.is_client_secret(secret)) {
                let key = provider.login_key();
                let problem =
                    format!("is the client secret of provider {key}; make one of its own");
                return Err(ConfigError::new(self.names.secret, problem));
            }
        }
        Ok(())
    }

    fn key_ring(&self) -> Result<KeyRing, ConfigError> {
        let name = self.names.secret;
        match self.secrets.split_first() {
            None => KeyRing::generate(&*self.random),
            Some((first, previous)) => {
                previous.iter().try_fold(KeyRing::new(name, first)?, |ring, secret| {
                    ring.with_previous(name, secret)
                })
            }
        }
    }
}

impl fmt::Debug for AuthBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthBuilder")
            .field("base_url", &self.base_url)
            .field("providers", &self.providers)
            .field("mount", &self.mount)
            .finish_non_exhaustive()
    }
}

fn check_mount(mount: &str) -> Result<(), ConfigError> {
    let sane = mount.strip_prefix('/').is_some_and(|rest| {
        rest.split('/').all(|segment| {
            !segment.is_empty()
                && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
    });
    if sane {
        return Ok(());
    }
    let problem = format!("{mount:?} must be a path such as \"/auth\": letters, digits, - and _");
    Err(ConfigError::new("mount", problem))
}

#[cfg(feature = "reqwest")]
fn default_http_client(
    extra_roots: &[Vec<u8>],
    public_only: bool,
    setting: &'static str,
) -> Result<Arc<dyn HttpClient>, ConfigError> {
    use crate::http_client::ReqwestClient;
    let client = if public_only {
        ReqwestClient::public_only(extra_roots)
    } else {
        ReqwestClient::new(extra_roots)
    };
    match client {
        Ok(client) => Ok(Arc::new(client)),
        Err(error) => Err(ConfigError::new(setting, error.problem().to_owned())),
    }
}

#[cfg(not(feature = "reqwest"))]
fn default_http_client(
    _: &[Vec<u8>],
    _: bool,
    _: &str,
) -> Result<Arc<dyn HttpClient>, ConfigError> {
    let problem = "is missing, and the feature `reqwest` that brings the default one is off";
    Err(ConfigError::new("http_client", problem))
}
