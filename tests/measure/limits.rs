//! What strangers can cause, in figures: `cargo run --release -p tower-oauth-tests --bin limits`.
//!
//! Each flood runs against the application of the tests, in process. Printed for each: the time one request
//! takes, how much the process grew, what the store was asked, what the provider was asked.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a program that measures and prints"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use tower::ServiceExt;
use tower_oauth::{HttpClient, HttpError, Limits};
use tower_oauth_test::{Endpoint, TestBrowser};
use tower_oauth_tests::{BASE_URL, CountingStore, Setup, app};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("| flood | per request | growth | store asked | provider asked |");
    println!("|---|---|---|---|---|");
    floods().await;
    garbage_tokens().await;
    hanging_provider().await;
}

async fn floods() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let app = app(&auth);
    for _ in 0..1000 {
        send(&app, "/auth/login", "").await;
    }
    for (name, path) in [
        ("100,000 login starts", "/auth/login"),
        ("100,000 anonymous requests of a protected page", "/private?i="),
        ("100,000 callbacks with random state", "/auth/callback/op?code=c&state=random-"),
    ] {
        let before = (resident(), store.total(), setup.provider.requests().len());
        let start = Instant::now();
        for number in 0..100_000_u32 {
            let path =
                if path.ends_with("login") { path.into() } else { format!("{path}{number}") };
            send(&app, &path, "").await;
        }
        row(
            name,
            start.elapsed() / 100_000,
            before.0,
            store.total() - before.1,
            setup.provider.requests().len() - before.2,
        );
    }
}

async fn garbage_tokens() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let store = CountingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    setup.provider.modify_id_token(|header, _| {
        header.insert("kid".into(), "unknown".into());
    });
    let browser = setup.browser(&auth);
    let (mut spent, mut keys) = (Duration::ZERO, 0);
    let before = resident();
    for _ in 0..10_000 {
        let start = browser.request(http::Method::GET, "/auth/login", &[]).await;
        let back = browser.request(http::Method::GET, start.header("location"), &[]).await;
        let callback = back.header("location").to_owned();
        let start = Instant::now();
        browser.request(http::Method::GET, &callback, &[]).await;
        spent += start.elapsed();
        keys += setup.provider.requests_to(Endpoint::Jwks).len();
        setup.provider.clear_requests();
    }
    row(
        "10,000 ID tokens with an unknown key (with the provider in the process; key sets fetched)",
        spent / 10_000,
        before,
        store.total(),
        keys,
    );
}

/// A provider that never answers, with 1,000 logins at it, and somebody who is signed in meanwhile.
async fn hanging_provider() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let network = setup.provider.http_client();
    let ok = setup.auth();
    let hanging = Arc::new(Hanging { network: network.clone(), waiting: AtomicUsize::new(0) });
    let store = CountingStore::new(setup.clock.clone());
    let builder = setup.builder().http_client(hanging.clone()).store(store.clone());
    let auth = builder.provider(setup.registration()).build().unwrap();
    let application = app(&ok);
    let mut signed_in = TestBrowser::new(BASE_URL, app(&ok), network.clone());
    signed_in.login_as("alice").await;
    let cookie =
        signed_in.cookies().into_iter().map(|(n, v)| format!("{n}={v}")).collect::<String>();
    let quiet = latency(&application, &cookie).await;
    let before = resident();
    for _ in 0..1000 {
        let browser = TestBrowser::new(BASE_URL, app(&auth), network.clone());
        let start = browser.request(http::Method::GET, "/auth/login", &[]).await;
        let back = browser.request(http::Method::GET, start.header("location"), &[]).await;
        let callback = back.header("location").to_owned();
        tokio::spawn(async move { browser.request(http::Method::GET, &callback, &[]).await });
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let busy = latency(&application, &cookie).await;
    let waiting = hanging.waiting.load(Ordering::Relaxed);
    row("1,000 logins at a provider that hangs", Duration::ZERO, before, store.total(), waiting);
    println!("\nA signed-in request meanwhile: {busy:?}, without them {quiet:?}.");
}

#[derive(Debug)]
struct Hanging {
    network: Arc<dyn HttpClient>,
    waiting: AtomicUsize,
}

#[async_trait]
impl HttpClient for Hanging {
    async fn send(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Bytes>, HttpError> {
        if request.uri().path() == "/token" {
            self.waiting.fetch_add(1, Ordering::Relaxed);
            std::future::pending::<()>().await;
        }
        self.network.send(request, limits).await
    }
}

/// The median of a thousand signed-in requests.
async fn latency(app: &Router, cookie: &str) -> Duration {
    let mut times = Vec::new();
    for _ in 0..1001 {
        let start = Instant::now();
        send(app, "/private", cookie).await;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

async fn send(app: &Router, path: &str, cookie: &str) -> Response<Body> {
    let request = Request::get(path).header("cookie", cookie).body(Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap()
}

fn row(name: &str, each: Duration, before: usize, store: usize, provider: usize) {
    let growth = resident().saturating_sub(before) / 1024;
    println!("| {name} | {each:?} | {growth} KiB | {store} | {provider} |");
}

/// Resident memory of this process in bytes (Linux).
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize =
        statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    pages * 4096
}
