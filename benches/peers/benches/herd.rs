//! What a refresh costs, and a herd that waits for one: `cargo bench -p bench-peers --bench herd`.
//!
//! In process and in memory; the provider is the fake one, which signs with ES256 and takes each refresh token once. A
//! herd are a thousand requests of one session at once, each a task as on a server; callgrind's are of a thousand after
//! one of five hundred. No peer is beside it: none refreshes a token.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a program that measures and prints, and stops where something is wrong"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bench_guard::{SESSION_COOKIE, Subject, count_by, me, median};
use bytes::Bytes;
use http::{Request, StatusCode};
use tokio::task::JoinSet;
use tower_oauth::{Auth, providers};
use tower_oauth_test::{Endpoint, FakeProvider, ManualClock, Signing, TestBrowser};

const ROWS: [(&str, Kind); 5] = [
    ("a request among 1,000 at once, nothing due", Kind::AtOnce { is_due: false }),
    ("a request among 1,000 at once, the token due", Kind::AtOnce { is_due: true }),
    ("a request alone, nothing due", Kind::Alone { is_due: false }),
    ("a request alone, the token due", Kind::Alone { is_due: true }),
    ("the provider's part in that", Kind::Provider),
];
const ROUNDS: usize = 100;
const HOUR: Duration = Duration::from_secs(60 * 60); // how long an access token lasts

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut rows = ROWS.map(|(_, kind)| runtime.block_on(Row::new(kind)));
    let costs = count_by(&mut rows, |row, requests| runtime.block_on(row.ask(requests)));
    let Some(costs) = costs else { return };
    let mut times = ROWS.map(|_| Vec::with_capacity(ROUNDS));
    for _ in 0..ROUNDS {
        for (row, times) in rows.iter_mut().zip(&mut times) {
            let requests = if let Kind::AtOnce { .. } = row.kind { 1_000 } else { 20 };
            let start = Instant::now();
            runtime.block_on(row.ask(requests));
            times.push(start.elapsed() / requests);
        }
    }
    println!("| each, with its route | instructions | allocations | µs |\n|---|---|---|---|");
    for (((name, _), cost), times) in ROWS.iter().zip(&costs).zip(&mut times) {
        let micros = median(times).as_secs_f64() * 1e6;
        println!("| {name} | {} | {} | {micros:.2} |", cost.instructions, cost.allocations);
    }
}

#[derive(Clone, Copy)]
enum Kind {
    AtOnce { is_due: bool },
    Alone { is_due: bool },
    Provider,
}

/// Somebody who is signed in.
struct Row {
    kind: Kind,
    browser: Subject,
    provider: FakeProvider,
    clock: ManualClock,
    /// How the application asks the provider for a new token.
    refresh: Request<Bytes>,
}

impl Row {
    async fn new(kind: Kind) -> Self {
        let clock = ManualClock::new();
        let provider = FakeProvider::builder().manual_clock(clock.clone()).signing(Signing::Es256);
        let provider = match kind {
            Kind::Provider => provider.rotate_refresh_tokens(false).build(), // it is asked the same again
            _ => provider.build(),
        };
        let (id, secret) = (provider.client_id(), provider.client_secret());
        let app = me(Auth::builder("https://app.example")
            .provider(providers::oidc(provider.issuer(), id, secret).offline_access())
            .http_client(provider.http_client())
            .clock(Arc::new(clock.clone()))
            .idle_lifetime(365 * 24 * HOUR) // so that only the token is ever due
            .absolute_lifetime(365 * 24 * HOUR));
        let mut browser =
            TestBrowser::new("https://app.example", app.clone(), provider.http_client());
        browser.login_as("alice").await;
        let cookies = browser.cookies();
        let (name, value) = cookies.iter().find(|(name, _)| name == SESSION_COOKIE).unwrap();
        let mut browser = Subject::new("herd", app, [format!("{name}={value}")]);
        clock.advance(HOUR);
        browser.ask(1).await;
        let recorded = provider.requests_to(Endpoint::Refresh).pop().unwrap();
        let mut refresh = Request::new(recorded.body().clone());
        *refresh.method_mut() = recorded.method().clone();
        *refresh.uri_mut() = recorded.uri().clone();
        *refresh.headers_mut() = recorded.headers().clone();
        Self { kind, browser, provider, clock, refresh }
    }

    async fn ask(&mut self, requests: u32) {
        match self.kind {
            Kind::AtOnce { is_due } => self.herd(requests, is_due).await,
            Kind::Alone { is_due } => {
                for _ in 0..requests {
                    self.herd(1, is_due).await;
                }
            }
            Kind::Provider => {
                for _ in 0..requests {
                    let answer = self.provider.handle(self.refresh.clone());
                    assert_eq!(answer.status(), StatusCode::OK);
                }
            }
        }
    }

    /// So many requests at once, of which one refreshes if a refresh is due.
    async fn herd(&mut self, requests: u32, is_due: bool) {
        if is_due {
            self.clock.advance(HOUR);
        }
        self.provider.clear_requests();
        let mut tasks = JoinSet::new();
        for _ in 0..requests {
            let mut browser = self.browser.first();
            tasks.spawn(async move { browser.ask(1).await });
        }
        tasks.join_all().await;
        let refreshes = self.provider.requests_to(Endpoint::Refresh).len();
        assert_eq!(refreshes, usize::from(is_due), "refreshes for all {requests}");
    }
}
