//! A single-page application: one page, one script, `fetch`, and a login in a window of its own.
//!
//! `cargo run -p spa`, then <http://localhost:3000>. The provider is a fake one in the same process; `SPA_URL` names
//! another address of this machine.

use std::error::Error;
use std::sync::Arc;

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::routing::{MethodRouter, get};
use axum::{Json, Router};
use serde_json::{Value, json};
use tower_oauth::{Auth, SystemClock, SystemRandom, User, providers};
use tower_oauth_test::FakeProvider;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::var("SPA_URL").unwrap_or_else(|_| "http://localhost:3000".into());
    let provider = FakeProvider::builder()
        .clock(Arc::new(SystemClock::default()))
        .random(Arc::new(SystemRandom::default()))
        .bind_loopback()
        .await?;
    let auth = Auth::builder(&url).provider(registration(provider.provider())).build()?;
    let app = Router::new()
        .route("/", page("text/html; charset=utf-8", include_str!("../static/index.html")))
        .route("/app.js", page("text/javascript", include_str!("../static/app.js")))
        .route("/app.css", page("text/css", include_str!("../static/app.css")))
        .route("/api/greeting", get(greeting))
        .layer(auth.layer());
    let address = url.trim_start_matches("http://").replace("localhost", "127.0.0.1");
    let listener = tokio::net::TcpListener::bind(&address).await?;
    announce(&url);
    Ok(axum::serve(listener, app).await?)
}

fn registration(provider: &FakeProvider) -> tower_oauth::Provider {
    providers::oidc(provider.issuer(), provider.client_id(), provider.client_secret()).key("demo")
}

/// What the page asks for: a script that is not signed in gets 401 and the address to sign in at.
async fn greeting(user: User) -> Json<Value> {
    Json(json!({ "text": format!("Hello, {}!", user.display_name()) }))
}

fn page(content_type: &'static str, body: &'static str) -> MethodRouter {
    get(async move || ([(CONTENT_TYPE, content_type), (CONTENT_SECURITY_POLICY, POLICY)], body))
}

#[expect(clippy::print_stdout, reason = "a person started it and wants the address")]
fn announce(url: &str) {
    println!("The application is at {url}");
}
