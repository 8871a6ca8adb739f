//! A directory of two tenants, and an application that asks it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::{get, post};
use http::request::Parts;
use serde_json::Value;
use tower_oauth::tenants::{self, Tenant};
use tower_oauth::{
    Auth, AuthBuilder, Provider, ProviderResolver, Rejection, RequireSameOrigin, Tokens, User,
    async_trait, providers,
};
use tower_oauth_test::{FakeProvider, InProcessNetwork, TestBrowser};
use tower_oauth_tests::Setup;

use crate::accounts::provider;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A database of tenants.
#[derive(Clone, Default)]
pub(crate) struct Directory {
    tenants: Arc<Mutex<HashMap<String, Tenant>>>,
    /// Whether hosts name tenants; else paths do.
    by_host: bool,
    pub(crate) down: Arc<Mutex<Option<&'static str>>>,
    pub(crate) questions: Arc<AtomicUsize>,
}

impl Directory {
    pub(crate) fn put(&self, name: &str, tenant: Tenant) {
        self.tenants.lock().unwrap().insert(name.into(), tenant);
    }

    pub(crate) fn remove(&self, name: &str) {
        self.tenants.lock().unwrap().remove(name);
    }

    pub(crate) fn questions(&self) -> usize {
        self.questions.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl ProviderResolver for Directory {
    fn tenant<'r>(&self, request: &'r Parts) -> Option<Cow<'r, str>> {
        if self.by_host {
            return tenants::host(request).filter(|it| it != "app.example").map(Cow::from);
        }
        tenants::segment_after("/t", request).map(Cow::from)
    }

    fn path(&self, tenant: &str) -> String {
        if self.by_host { String::new() } else { format!("/t/{tenant}") }
    }

    async fn resolve(&self, tenant: &str) -> Result<Option<Tenant>, Failure> {
        self.questions.fetch_add(1, Ordering::SeqCst);
        // So that others come meanwhile.
        tokio::task::yield_now().await;
        let down = *self.down.lock().unwrap();
        match down {
            Some("hangs") => std::future::pending().await,
            Some(problem) => Err(problem.into()),
            None => Ok(self.tenants.lock().unwrap().get(tenant).cloned()),
        }
    }
}

/// Two tenants, each with a provider of its own under the same key and with the same users.
pub(crate) struct Two {
    pub(crate) setup: Setup,
    pub(crate) acme: FakeProvider,
    pub(crate) other: FakeProvider,
    pub(crate) directory: Directory,
}

pub(crate) fn registration(provider: &FakeProvider) -> Provider {
    let (id, secret) = (provider.client_id(), provider.client_secret());
    providers::oidc(provider.issuer(), id, secret).key("sso").offline_access()
}

impl Two {
    pub(crate) fn by_path() -> Self {
        Self::new(false)
    }

    pub(crate) fn by_host() -> Self {
        let two = Self::new(true);
        let tenant = |it: &FakeProvider| Tenant::new([registration(it)]);
        two.directory.put("acme.example", tenant(&two.acme).origin("https://acme.example"));
        two.directory.put("other.example", tenant(&two.other).origin("https://other.example"));
        two
    }

    fn new(by_host: bool) -> Self {
        let setup = Setup::new();
        let acme = provider("https://sso.acme.example", &setup.clock);
        let other = provider("https://sso.other.example", &setup.clock);
        for provider in [&acme, &other, &setup.provider] {
            provider.approve_as(Some("alice"));
        }
        let setup = setup.on(InProcessNetwork::new().provider(&acme).provider(&other));
        let directory = Directory { by_host, ..Directory::default() };
        if !by_host {
            directory.put("acme", Tenant::new([registration(&acme)]));
            directory.put("other", Tenant::new([registration(&other)]));
        }
        Self { setup, acme, other, directory }
    }

    pub(crate) fn auth(&self) -> Auth {
        self.auth_with(|builder| builder)
    }

    pub(crate) fn auth_with(&self, change: impl FnOnce(AuthBuilder) -> AuthBuilder) -> Auth {
        change(self.setup.builder().provider_resolver(self.directory.clone())).build().unwrap()
    }

    pub(crate) fn browser(&self, auth: &Auth) -> TestBrowser {
        self.setup.browser_of(app(auth))
    }

    pub(crate) fn browser_at(&self, auth: &Auth, origin: &str) -> TestBrowser {
        let network = InProcessNetwork::new().provider(&self.acme).provider(&self.other);
        TestBrowser::new(origin, app(auth), Arc::new(network))
    }
}

async fn who(user: User) -> String {
    format!("{} {} {:?}", user.issuer(), user.subject(), user.tenant())
}

async fn token(tokens: Tokens) -> Result<String, Rejection> {
    Ok(format!("{} {}", tokens.session_handle(), tokens.of("sso").await?.secret()))
}

pub(crate) fn app(auth: &Auth) -> Router {
    let routes = Router::new()
        .route("/", get(who))
        .route("/who", get(who))
        .route("/token", get(token))
        .route("/change", post(async || "changed").layer(RequireSameOrigin::new()));
    Router::new().nest("/t/{tenant}", routes.clone()).merge(routes).layer(auth.layer())
}

/// What a page tells a script.
pub(crate) async fn told(browser: &TestBrowser, path: &str) -> (u16, Value) {
    let page = browser.fetch(path).await;
    (page.status().as_u16(), page.json()["code"].clone())
}
