//! The demo: sign in, see your profile, call an API with the token, sign out.
//!
//! Without configuration it starts a provider of its own, so that nothing has to be registered anywhere:
//! `cargo run -p demo`. With `AUTH_<NAME>_ID`, … it uses real ones; see [`tower_oauth::Auth::from_env`].
//!
//! | variable | meaning |
//! |---|---|
//! | `AUTH_URL` | the public address; `http://localhost:3000` by default |
//! | `AUTH_STORE` | where sessions live |
//! | `DEMO_NEAR_CACHE` | for how many seconds sessions on a server are also kept here; 0 by default |
//! | `DEMO_LISTEN` | where to listen, as in `0.0.0.0:8080`; by default where `AUTH_URL` leads |
//! | `DEMO_API_URL` | the API to call with the user's token; by default the provider's userinfo endpoint |
//!
//! | `AUTH_STORE` | sessions are |
//! |---|---|
//! | `memory`, the default | in this process, and end with it |
//! | `cookie` | in the browsers; wants `AUTH_SECRET`, and keeps no refresh token |
//! | `redis://…`, `rediss://…` | on Redis or Valkey; see [`tower_oauth_redis`] |
//! | `postgres://…`, `mysql://…`, `sqlite:…` | in tables that the demo makes; see [`tower_oauth_sqlx`] |
//!
//! Sessions outlive a restart, and are shared by replicas, with an `AUTH_SECRET` that is the same each time.

mod api;
mod config;
mod pages;
mod sessions;

use std::error::Error;
use std::process::ExitCode;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use tower_oauth::Auth;

use crate::config::Config;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct App {
    auth: Auth,
    http: reqwest::Client,
    /// The API to call with the user's token; by default the provider's userinfo endpoint.
    api_url: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing::Level::INFO)
        .init();
    let config = Config::from_env().await?;
    let listener = TcpListener::bind(&config.listen).await.map_err(|error| {
        format!("cannot listen on {}: {error}; DEMO_LISTEN names another address", config.listen)
    })?;
    announce(&config);
    let app = App { auth: config.auth, http: config.http, api_url: config.api_url };
    let shutdown = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, router(app)).with_graceful_shutdown(shutdown).await?;
    if let Some(cleaner) = config.cleaner {
        cleaner.stop().await;
    }
    Ok(())
}

fn router(app: App) -> Router {
    let auth = app.auth.layer();
    Router::new()
        .route("/", get(pages::home))
        .route("/profile", get(pages::profile))
        .route("/call", get(pages::call))
        .route("/me", get(api::me))
        .route("/token", get(api::token))
        .route("/api", get(api::api))
        .route("/healthz", get(async || "ok"))
        .with_state(app)
        .layer(auth)
}

#[expect(clippy::print_stdout, reason = "a person started it and wants the address")]
fn announce(config: &Config) {
    println!("The demo is at {}", config.base_url);
    match &config.embedded {
        Some(provider) => println!(
            "Its own provider is at {}: no registration needed",
            provider.provider().issuer()
        ),
        None => {
            println!("Register these redirect URIs at the providers:");
            for (provider, redirect_uri) in config.auth.redirect_uris() {
                println!("  {provider}: {redirect_uri}");
            }
            println!("and this, as the post-logout redirect URI of all that speak OpenID Connect:");
            println!("  {}", config.auth.post_logout_redirect_uri());
            println!("and these, as their back-channel logout URIs:");
            for (provider, uri) in config.auth.backchannel_logout_uris() {
                println!("  {provider}: {uri}");
            }
        }
    }
}
