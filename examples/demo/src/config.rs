//! What the demo reads from its environment, and the provider it starts when there is none.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tower_oauth::{Auth, SystemClock, SystemRandom, providers};
use tower_oauth_sqlx::Cleaner;
use tower_oauth_test::{FakeProvider, Served};
use url::Url;

use crate::sessions::Sessions;

/// Everything that is decided at start.
pub(crate) struct Config {
    pub(crate) auth: Auth,
    pub(crate) base_url: String,
    pub(crate) listen: String,
    pub(crate) api_url: Option<String>,
    pub(crate) http: reqwest::Client,
    /// Ends with the demo.
    pub(crate) embedded: Option<Served>,
    /// Of the sessions' tables, if they are in any.
    pub(crate) cleaner: Option<Cleaner>,
}

impl Config {
    /// Reads `AUTH_*` with `AUTH_STORE`, `DEMO_NEAR_CACHE`, `DEMO_LISTEN` and `DEMO_API_URL`.
    pub(crate) async fn from_env() -> Result<Self, Box<dyn Error>> {
        let base_url = setting("AUTH_URL").unwrap_or_else(|| "http://localhost:3000".into());
        let vars = std::env::vars().filter(|(name, _)| name != "AUTH_URL");
        let mut builder = Auth::from_vars(vars.chain([("AUTH_URL".into(), base_url.clone())]))?;
        let sessions = Sessions::open(setting("AUTH_STORE").as_deref()).await?;
        let mut embedded = None;
        if builder.providers().is_empty() {
            let served = FakeProvider::builder()
                .clock(Arc::new(SystemClock::default()))
                .random(Arc::new(SystemRandom::default()))
                .redirect_uri(format!("{}/auth/callback/demo", base_url.trim_end_matches('/')))
                .bind_loopback()
                .await?;
            let provider = served.provider();
            let registration =
                providers::oidc(provider.issuer(), provider.client_id(), provider.client_secret())
                    .key("demo")
                    .display_name("the demo provider");
            builder = builder.provider(if sessions.keep_refresh_tokens() {
                registration.offline_access()
            } else {
                registration
            });
            embedded = Some(served);
        }
        let (builder, cleaner) = sessions.configure(builder, near_cache()?);
        let auth = builder.build()?;
        Ok(Self {
            auth,
            listen: match setting("DEMO_LISTEN") {
                Some(listen) => listen,
                None => host_and_port(&base_url)?,
            },
            base_url,
            api_url: setting("DEMO_API_URL"),
            http: http_client()?,
            embedded,
            cleaner,
        })
    }
}

/// For the demo's own API calls: no redirects, so that the token goes nowhere else.
fn http_client() -> Result<reqwest::Client, Box<dyn Error>> {
    let mut builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    if let Some(path) = setting("AUTH_EXTRA_ROOTS") {
        builder =
            builder.tls_certs_merge(reqwest::Certificate::from_pem_bundle(&std::fs::read(path)?)?);
    }
    Ok(builder.build()?)
}

fn host_and_port(base_url: &str) -> Result<String, Box<dyn Error>> {
    let url = Url::parse(base_url)?;
    // `localhost` can mean two addresses; the one of IPv4 is the one that everything finds.
    let host = match url.host_str().ok_or("AUTH_URL has no host")? {
        "localhost" => "127.0.0.1",
        host => host,
    };
    let port = url.port_or_known_default().ok_or("AUTH_URL has no port")?;
    Ok(format!("{host}:{port}"))
}

/// Zero is no cache.
fn near_cache() -> Result<Duration, &'static str> {
    let seconds = setting("DEMO_NEAR_CACHE").map_or(Ok(0), |value| value.parse());
    seconds.map(Duration::from_secs).map_err(|_| "DEMO_NEAR_CACHE: is no number of seconds")
}

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
