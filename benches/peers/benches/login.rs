//! What a complete login costs the application: `cargo bench -p bench-peers --bench login`.
//!
//! In process, start to callback: the provider and the browser take part, and their time is taken out. Beside it the one
//! step that no login can do without, the verification of the ID token's signature.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a program that measures and prints, and stops where something is wrong"
)]

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use bench_guard::{bare, median};
use bytes::Bytes;
use http::Request;
use tower::{ServiceExt as _, service_fn};
use tower_oauth::{Auth, HttpClient, HttpError, Limits, providers};
use tower_oauth_test::{FakeProvider, ManualClock, Signing, TestBrowser};

const BASE_URL: &str = "https://app.example";
const LOGINS: usize = 2_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (login, verification) = (login().await, verification());
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    println!("| | µs |\n|---|---|");
    println!("| a complete login, the application's part | {:.0} |", micros(login));
    println!("| of which: one verification with ES256 | {:.0} |", micros(verification));
    println!("| logins per second and core | {:.0} |", 1.0 / login.as_secs_f64());
}

/// The median time that the application itself is at work in one login.
async fn login() -> Duration {
    let clock = ManualClock::new();
    let provider =
        FakeProvider::builder().manual_clock(clock.clone()).signing(Signing::Es256).build();
    let (own, providers) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let network = Timed { inner: provider.http_client(), spent: Arc::clone(&providers) };
    let registration =
        providers::oidc(provider.issuer(), provider.client_id(), provider.client_secret());
    let auth = Auth::builder(BASE_URL)
        .provider(registration)
        .http_client(Arc::new(network))
        .clock(Arc::new(clock))
        .build()
        .unwrap();
    let app = bare().layer(auth.layer());
    let spent = Arc::clone(&own);
    let app = service_fn(move |request: Request<_>| Clocked {
        future: Box::pin(app.clone().oneshot(request)),
        spent: Arc::clone(&spent),
    });
    let mut times = Vec::new();
    for _ in 0..LOGINS {
        let mut browser = TestBrowser::new(BASE_URL, app.clone(), provider.http_client());
        let before = (own.load(Ordering::Relaxed), providers.load(Ordering::Relaxed));
        browser.login_as("alice").await;
        let whole = own.load(Ordering::Relaxed) - before.0;
        let others = providers.load(Ordering::Relaxed) - before.1;
        times.push(Duration::from_nanos(whole.saturating_sub(others)));
    }
    median(&mut times)
}

fn verification() -> Duration {
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let message = [7; 800];
    let signature = pair.sign(&random, &message).unwrap();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref().to_vec());
    let verify = |_| {
        let start = Instant::now();
        key.verify(&message, signature.as_ref()).unwrap();
        start.elapsed()
    };
    median(&mut (0..LOGINS).map(verify).collect::<Vec<_>>())
}

/// The provider, which answers within a call of the application's.
#[derive(Debug)]
struct Timed {
    inner: Arc<dyn HttpClient>,
    spent: Arc<AtomicU64>,
}

type Sent<'f> = Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, HttpError>> + Send + 'f>>;

impl HttpClient for Timed {
    fn send<'a, 'f>(&'a self, request: Request<Bytes>, limits: Limits) -> Sent<'f>
    where
        'a: 'f,
        Self: 'f,
    {
        let future = self.inner.send(request, limits);
        Box::pin(Clocked { future, spent: Arc::clone(&self.spent) })
    }
}

/// A future, and where the time is kept that it is polled.
struct Clocked<'f, T> {
    future: Pin<Box<dyn Future<Output = T> + Send + 'f>>,
    spent: Arc<AtomicU64>,
}

impl<T> Future for Clocked<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let start = Instant::now();
        let polled = self.future.as_mut().poll(context);
        let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.spent.fetch_add(nanos, Ordering::Relaxed);
        polled
    }
}
