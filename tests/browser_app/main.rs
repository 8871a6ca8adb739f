//! An application for a real browser, with what an example would not show: a provider that answers by a form of its own
//! site, pages that send to sign in again and again, and what a browser keeps of a page.
//!
//! `APP_URL` is its address; `APP_CACHE` is `no-store`, or `clear` to drop all at the sign-out. The provider is at `127.0.0.1`, which is another site than `localhost`.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use tower_oauth::provider::ResponseMode;
use tower_oauth::{Auth, Provider, SystemClock, SystemRandom, Tokens, User, providers};
use tower_oauth_test::{FakeProvider, Served};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::var("APP_URL")?;
    let (first, second) = (provider().await?, provider().await?);
    // Of the second, nobody is asked: it has a session and agrees.
    second.provider().approve_as(Some("bob"));
    let cache = std::env::var("APP_CACHE").unwrap_or_default();
    let auth = Auth::builder(&url)
        .no_store(cache == "no-store")
        .clear_cache_at_logout(cache == "clear")
        .provider(by_form(first.provider(), "form"))
        .provider(by_form(second.provider(), "second"))
        .provider(registration(second.provider(), "circle"))
        .build()?;
    let again = |path: &'static str| get(async move || Redirect::to(path));
    let app = Router::new()
        .route("/", get(home))
        .route("/private", get(async |user: User| format!("private to {}", user.subject())))
        .route("/connections", get(connections))
        .route("/never", again("/auth/login/circle?return_to=/never"))
        .layer(auth.layer())
        .route("/healthz", get(async || "ok"));
    let address = url.trim_start_matches("http://").replace("localhost", "127.0.0.1");
    Ok(axum::serve(tokio::net::TcpListener::bind(&address).await?, app).await?)
}

async fn provider() -> Result<Served, Box<dyn Error>> {
    let builder = FakeProvider::builder()
        .clock(Arc::new(SystemClock::default()))
        .random(Arc::new(SystemRandom::default()));
    Ok(builder.bind_loopback().await?)
}

fn registration(provider: &FakeProvider, key: &str) -> Provider {
    providers::oidc(provider.issuer(), provider.client_id(), provider.client_secret())
        .key(key)
        .display_name(key)
}

fn by_form(provider: &FakeProvider, key: &str) -> Provider {
    registration(provider, key).quirks(|quirks| quirks.response_mode = ResponseMode::FormPost)
}

async fn home(user: Option<User>) -> axum::response::Html<String> {
    let who = user.map_or_else(|| "stranger".to_owned(), |user| user.subject().to_owned());
    axum::response::Html(format!(
        "<!DOCTYPE html><html lang=\"en\"><title>Home</title><main><h1>{who}</h1>\
         <a href=\"/auth/login/form?return_to=/private\">sign in</a>\
         <form method=\"post\" action=\"/auth/connect/second\"><input type=\"hidden\" name=\"return_to\" \
         value=\"/connections\"><button>connect</button></form>\
         <form method=\"post\" action=\"/auth/logout\"><button>sign out</button></form></main></html>"
    ))
}

async fn connections(tokens: Tokens) -> String {
    let keys: Vec<_> = tokens.connections().iter().map(|it| it.provider().to_owned()).collect();
    keys.join(" ")
}
