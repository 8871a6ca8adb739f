//! A browser that is signed in, and what its provider was asked.

use std::time::Duration;

use http::Method;
use tower_oauth::{Auth, AuthBuilder};
use tower_oauth_test::{Endpoint, FakeProvider, Page, Parameters, TestBrowser};
use tower_oauth_tests::{CountingStore, Setup};

pub(crate) const BACKCHANNEL: &str = "/auth/backchannel-logout/op";

/// An application to which its provider may say that somebody signed out.
pub(crate) struct Told {
    pub(crate) setup: Setup,
    pub(crate) store: CountingStore,
    pub(crate) auth: Auth,
}

impl Told {
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(change: impl FnOnce(AuthBuilder) -> AuthBuilder) -> Self {
        let setup = Setup::new();
        let store = CountingStore::new(setup.clock.clone());
        let builder = setup.builder().store(store.clone()).backchannel_logout(true);
        let auth = change(builder).provider(setup.registration()).build().unwrap();
        Self { setup, store, auth }
    }

    /// Somebody who signed in a minute ago.
    pub(crate) async fn signed_in(&self, user: &str) -> TestBrowser {
        let mut browser = self.setup.browser(&self.auth);
        browser.login_as(user).await;
        self.setup.clock.advance(Duration::from_secs(60));
        browser
    }

    pub(crate) fn provider(&self) -> &FakeProvider {
        &self.setup.provider
    }

    pub(crate) async fn deliver(&self, token: &str) -> Page {
        self.setup.browser(&self.auth).backchannel_logout(BACKCHANNEL, token).await
    }
}

/// Neither of the two is a failure of the store.
pub(crate) async fn is_signed_in(browser: &TestBrowser) -> bool {
    let status = browser.fetch("/private").await.status();
    assert!(matches!(status.as_u16(), 200 | 401), "{status}");
    status == 200
}

/// The logout requests that the provider got.
pub(crate) fn end_sessions(provider: &FakeProvider) -> Vec<Parameters> {
    let requests = provider.requests_to(Endpoint::EndSession).into_iter();
    requests
        .map(|request| match *request.method() {
            Method::POST => request.form(),
            _ => request.query(),
        })
        .collect()
}
