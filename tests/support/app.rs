//! An application with a login, in front of a fake provider, all in process.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tower_oauth::{AccessToken, Auth, AuthBuilder, User, providers};
use tower_oauth_core::HttpClient;
use tower_oauth_core::session::SessionStore;
use tower_oauth_test::{
    FakeProvider, FakeProviderBuilder, InProcessNetwork, ManualClock, SeededRandom, TestBrowser,
};

/// A good secret, the same for the same name.
#[must_use]
pub fn secret(name: &str) -> String {
    STANDARD.encode(digest(&SHA256, name.as_bytes()))
}

/// Where the application of the tests lives.
pub const BASE_URL: &str = "https://app.example";

/// A provider, a clock that only tests move, and a configuration that knows both.
#[derive(Debug)]
pub struct Setup {
    /// The provider; its key is `op`.
    pub provider: FakeProvider,
    /// The time of provider and application.
    pub clock: ManualClock,
    network: Arc<dyn HttpClient>,
}

impl Setup {
    /// The provider as it is by default.
    #[must_use]
    pub fn new() -> Self {
        Self::with(|provider| provider)
    }

    /// A provider built otherwise.
    #[must_use]
    pub fn with(change: impl FnOnce(FakeProviderBuilder) -> FakeProviderBuilder) -> Self {
        let clock = ManualClock::new();
        let builder = FakeProvider::builder().manual_clock(clock.clone());
        let provider = change(builder).build();
        let network = provider.http_client();
        Self { provider, clock, network }
    }

    /// The same with more hosts than the provider.
    #[must_use]
    pub fn on(mut self, network: InProcessNetwork) -> Self {
        self.network = Arc::new(network.provider(&self.provider));
        self
    }

    /// The registration at the provider.
    pub fn registration(&self) -> tower_oauth::Provider {
        let provider = &self.provider;
        providers::oidc(provider.issuer(), provider.client_id(), provider.client_secret())
            .key("op")
            .display_name("Example OP")
    }

    /// A configuration without providers.
    pub fn builder(&self) -> AuthBuilder {
        Auth::builder(BASE_URL)
            .http_client(Arc::clone(&self.network))
            .clock(Arc::new(self.clock.clone()))
            .random(Arc::new(SeededRandom::new(7)))
    }

    /// The login with the one provider.
    ///
    /// # Panics
    ///
    /// If the configuration is refused.
    #[must_use]
    pub fn auth(&self) -> Auth {
        self.builder().provider(self.registration()).build().expect("a good configuration")
    }

    /// The login with the one provider, its sessions in `store`.
    ///
    /// # Panics
    ///
    /// If the configuration is refused.
    #[must_use]
    pub fn auth_on(&self, store: impl SessionStore) -> Auth {
        let builder = self.builder().store(store).provider(self.registration());
        builder.build().expect("a good configuration")
    }

    /// The login with the one provider, which is asked for a refresh token, and what `change` makes of that.
    ///
    /// # Panics
    ///
    /// If the configuration is refused.
    #[must_use]
    pub fn offline_auth(&self, change: impl FnOnce(AuthBuilder) -> AuthBuilder) -> Auth {
        let builder = self.builder().provider(self.registration().offline_access());
        change(builder).build().expect("a good configuration")
    }

    /// A browser in front of the [application](app) with this login.
    #[must_use]
    pub fn browser(&self, auth: &Auth) -> TestBrowser {
        self.browser_of(app(auth))
    }

    /// A browser in front of another application.
    #[must_use]
    pub fn browser_of(&self, app: Router) -> TestBrowser {
        TestBrowser::new(BASE_URL, app, Arc::clone(&self.network))
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self::new()
    }
}

/// The callback URL that the provider sends the browser to, for an attempt started at `path`.
///
/// # Panics
///
/// If the login does not start, or the provider asks something first.
pub async fn callback_url(browser: &TestBrowser, path: &str) -> String {
    let start = browser.request(http::Method::GET, path, &[]).await;
    assert_eq!(start.status(), 303, "{}", start.text());
    let back = browser.request(http::Method::GET, start.header("location"), &[]).await;
    let location = back.header("location");
    assert!(location.starts_with(BASE_URL), "{location}");
    location.to_owned()
}

/// An application of a few routes, each asking for something else.
pub fn app(auth: &Auth) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/public", get(async || "public"))
        .route("/private", get(private))
        .route("/private/{*rest}", get(private))
        .route("/submit", post(private))
        .route("/token", get(token))
        .route("/profile", get(profile))
        .layer(auth.layer())
}

async fn home(user: Option<User>) -> String {
    match user {
        Some(user) => format!("Hello, {}!", user.display_name()),
        None => "Hello, stranger!".into(),
    }
}

async fn private(user: User) -> String {
    format!("private to {}", user.subject())
}

async fn token(token: AccessToken) -> Json<Value> {
    Json(json!({
        "token": token.secret(),
        "expires_in": token.expires_in().map(|left| left.as_secs()),
        "scopes": token.scopes(),
    }))
}

async fn profile(user: User) -> Json<Value> {
    Json(json!({
        "provider": user.provider(),
        "issuer": user.issuer(),
        "subject": user.subject(),
        "name": user.name(),
        "username": user.username(),
        "email": user.email().map(|email| format!("{email:?}")),
        "picture": user.picture(),
        "claims": user.claims(),
    }))
}
