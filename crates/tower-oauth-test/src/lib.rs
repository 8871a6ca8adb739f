//! Test support for tower-oauth: a whole OpenID provider, time and randomness under a test's control.
//!
//! | To | use |
//! |---|---|
//! | log in against a provider that keeps to its standards | [`FakeProvider`] |
//! | reach it without a socket, in virtual time | [`FakeProvider::http_client`], [`InProcessNetwork`] |
//! | reach it from a browser | [`FakeProviderBuilder::bind_loopback`], [`FakeProvider::serve`] |
//! | let it fail, lie or hang | [`Answer`], [`FakeProvider::modify_id_token`] |
//! | sign in as a person does, at once | [`TestBrowser`], [`TestBrowser::login_as`] |
//! | sign out from there, with good logout tokens and wrong ones | [`FakeProvider::logout_token`], [`FakeProvider::wrong_logout_tokens`], [`TestBrowser::backchannel_logout`] |
//! | see what it was asked | [`RecordedRequest`] |
//! | let an hour pass | [`ManualClock`] |
//! | make every run the same | [`SeededRandom`] |
//! | see whether a session store of your own keeps its contract | [`StoreSuite`] |
//!
//! Keys are generated when a test runs; none is part of this crate. Everything here panics rather than
//! return an error where a test is set up wrongly.
//!
//! # Example
//!
//! A call that the provider refuses, and one that it never answers:
//!
//! ```
//! use std::time::Duration;
//! use http::Request;
//! use tower_oauth_core::{HttpErrorKind, Limits};
//! use tower_oauth_test::{Answer, Endpoint, FakeProvider};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let provider = FakeProvider::new();
//! let client = provider.http_client();
//! let limits = Limits::new(Duration::from_secs(5), 64 * 1024);
//! let redeem = || {
//!     Request::post(provider.url(Endpoint::Token))
//!         .header("content-type", "application/x-www-form-urlencoded")
//!         .body("grant_type=authorization_code&code=guessed".into())
//!         .unwrap()
//! };
//!
//! let response = client.send(redeem(), limits).await.unwrap();
//! assert_eq!(response.status(), 401); // no client_secret
//!
//! provider.answer(Endpoint::Token, Answer::never());
//! let error = client.send(redeem(), limits).await.unwrap_err(); // at once
//! assert_eq!(error.kind(), HttpErrorKind::Timeout);
//!
//! let requests = provider.requests_to(Endpoint::Token);
//! assert_eq!(requests.len(), 2);
//! assert_eq!(requests[0].form().get("code"), Some("guessed"));
//! # }
//! ```

#![expect(
    clippy::expect_used,
    reason = "a crate for tests: a broken precondition should stop the test"
)]

mod browser;
mod clock;
mod network;
mod provider;
mod random;
mod serve;
mod store_suite;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use browser::{Form, Link, Page, TestBrowser};
pub use clock::ManualClock;
pub use network::InProcessNetwork;
pub use provider::{
    Answer, Endpoint, FakeProvider, FakeProviderBuilder, Parameters, RecordedRequest, Signing,
    TestUser,
};
pub use random::SeededRandom;
pub use serve::Served;
pub use store_suite::{Promise, StoreSuite, Violation};

/// Locks what a panicking test may have left behind: a second panic would only hide the first.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
