//! What a stranger can cause is bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use http::Method;
use tower_oauth::{HttpClient, HttpError, Limits};
use tower_oauth_test::TestBrowser;
use tower_oauth_tests::{BASE_URL, CountingStore, Setup, app};

use crate::login::callback_url;

/// A network in which the token endpoint never answers; it counts who waits.
#[derive(Debug)]
struct Holding {
    network: Arc<dyn HttpClient>,
    waiting: AtomicUsize,
}

#[async_trait]
impl HttpClient for Holding {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        limits: Limits,
    ) -> Result<http::Response<Bytes>, HttpError> {
        if request.uri().path() == "/token" && self.waiting.load(Ordering::SeqCst) < usize::MAX / 2
        {
            self.waiting.fetch_add(1, Ordering::SeqCst);
            std::future::pending::<()>().await;
        }
        self.network.send(request, limits).await
    }
}

#[tokio::test]
async fn q07_a_provider_that_hangs_holds_up_a_bounded_number_and_nobody_else() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let network = setup.provider.http_client();
    let holding =
        Arc::new(Holding { network: network.clone(), waiting: AtomicUsize::new(usize::MAX / 2) });
    let auth = setup
        .builder()
        .http_client(holding.clone())
        .provider(setup.registration())
        .build()
        .unwrap();
    let browser = || TestBrowser::new(BASE_URL, app(&auth), network.clone());
    let mut signed_in = browser();
    signed_in.login_as("alice").await;
    holding.waiting.store(0, Ordering::SeqCst);

    let mut tasks = Vec::new();
    for _ in 0..1000 {
        let browser = browser();
        let callback = callback_url(&browser, "/auth/login").await;
        tasks.push(tokio::spawn(async move { browser.request(Method::GET, &callback, &[]).await }));
    }
    while tasks.iter().filter(|task| task.is_finished()).count() < 1000 - 256 {
        tokio::task::yield_now().await;
    }
    assert_eq!(holding.waiting.load(Ordering::SeqCst), 256);
    assert_eq!(signed_in.open("/private").await.text(), "private to sub-alice");
    for task in tasks.into_iter().filter(tokio::task::JoinHandle::is_finished) {
        let page = task.await.unwrap();
        assert_eq!((page.status().as_u16(), page.header("retry-after")), (503, "1"));
    }
}

#[tokio::test]
async fn q01_q02_q03_strangers_write_nothing_and_cause_no_call() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let browser = setup.browser(&auth);
    browser.request(Method::GET, "/auth/login", &[]).await;
    let calls = setup.provider.requests().len();
    for number in 0..1000 {
        for path in [
            "/auth/login".to_owned(),
            format!("/private?i={number}"),
            format!("/auth/callback/op?code=c{number}&state=s{number}"),
        ] {
            setup.browser(&auth).request(Method::GET, &path, &[("accept", "text/html")]).await;
        }
    }
    assert_eq!(store.total(), 0);
    assert_eq!(setup.provider.requests().len(), calls);
}
