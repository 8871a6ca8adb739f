//! The demo: sign in, see your profile, call an API with the token, sign out.
//!
//! Without configuration it starts a provider of its own, so that nothing has to be registered anywhere:
//! `cargo run -p demo`. With `AUTH_<NAME>_ID`, … it uses real ones; see [`tower_oauth::Auth::from_env`].

mod api;
mod config;
mod pages;

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
        }
    }
}
