//! What a stranger can cause is bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::Method;
use tower_oauth::{HttpClient, HttpError, Limits};
use tower_oauth_test::{Endpoint, FakeProvider, Signing, TestBrowser, TestUser};
use tower_oauth_tests::{BASE_URL, CountingStore, Setup, app};

use crate::login::callback_url;

/// A network in which one path does not answer while it is told so; it counts who waited.
#[derive(Debug)]
pub(crate) struct Holding {
    network: Arc<dyn HttpClient>,
    path: &'static str,
    pub(crate) holds: AtomicBool,
    pub(crate) waiting: AtomicUsize,
}

impl Holding {
    pub(crate) fn new(network: Arc<dyn HttpClient>, path: &'static str) -> Arc<Self> {
        Arc::new(Self {
            network,
            path,
            holds: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
        })
    }
}

#[async_trait]
impl HttpClient for Holding {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        limits: Limits,
    ) -> Result<http::Response<Bytes>, HttpError> {
        if request.uri().path() == self.path && self.holds.load(Ordering::SeqCst) {
            self.waiting.fetch_add(1, Ordering::SeqCst);
            while self.holds.load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
            }
        }
        self.network.send(request, limits).await
    }
}

#[tokio::test]
async fn q07_a_provider_that_hangs_holds_up_a_bounded_number_and_nobody_else() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let network = setup.provider.http_client();
    let holding = Holding::new(network.clone(), "/token");
    let auth = setup
        .builder()
        .http_client(holding.clone())
        .provider(setup.registration())
        .build()
        .unwrap();
    let browser = || TestBrowser::new(BASE_URL, app(&auth), network.clone());
    let mut signed_in = browser();
    signed_in.login_as("alice").await;
    holding.holds.store(true, Ordering::SeqCst);

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

#[tokio::test]
async fn d22_many_logins_wait_for_one_fetch_of_the_keys() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let network = setup.provider.http_client();
    let holding = Holding::new(network.clone(), "/jwks");
    holding.holds.store(true, Ordering::SeqCst);
    let builder = setup.builder().http_client(holding.clone());
    let auth = builder.provider(setup.registration()).build().unwrap();
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let mut browser = TestBrowser::new(BASE_URL, app(&auth), network.clone());
            tokio::spawn(async move { browser.open("/auth/login").await.text() })
        })
        .collect();
    while setup.provider.requests_to(Endpoint::Token).len() < 200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(holding.waiting.load(Ordering::SeqCst), 1);
    holding.holds.store(false, Ordering::SeqCst);
    for task in tasks {
        assert_eq!(task.await.unwrap(), "Hello, Alice Liddell!");
    }
    assert_eq!(setup.provider.requests_to(Endpoint::Jwks).len(), 1);
}

/// A browser that hangs up while its login is being finished leaves nothing half done.
#[tokio::test]
async fn c48_a_browser_that_hangs_up_leaves_no_session_and_a_used_attempt() {
    for path in ["/token", "/jwks", "/userinfo"] {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        let store = CountingStore::new(setup.clock.clone());
        let network = setup.provider.http_client();
        let holding = Holding::new(network.clone(), path);
        let builder = setup.builder().http_client(holding.clone()).store(store.clone());
        let auth = builder.provider(setup.registration()).build().unwrap();
        let mut browser = TestBrowser::new(BASE_URL, app(&auth), network);
        let callback = callback_url(&browser, "/auth/login").await;
        holding.holds.store(true, Ordering::SeqCst);
        let (tab, url) = (browser.clone(), callback.clone());
        let task = tokio::spawn(async move { tab.request(Method::GET, &url, &[]).await });
        while holding.waiting.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        holding.holds.store(false, Ordering::SeqCst);
        assert_eq!(store.sessions(), 0, "{path}");
        assert_eq!(browser.request(Method::GET, &callback, &[]).await.status(), 400, "{path}");
        assert_eq!(browser.login_as("alice").await.text(), "Hello, Alice Liddell!", "{path}");
    }
}

/// A hundred people sign in at once, some hang up: nobody ever gets what is another's.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn x12_nothing_of_one_user_reaches_another() {
    let people: Vec<String> = (0..100).map(|number| format!("person-{number:03}")).collect();
    let setup = Setup::with(|op| {
        people.iter().fold(op.signing(Signing::Es256), |op, person| {
            op.user(TestUser::new(person).with_claim("name", person.as_str()))
        })
    });
    let auth = setup.auth();
    let tasks = people.into_iter().enumerate().map(|(number, person)| {
        let browser = setup.browser(&auth);
        tokio::spawn(signs_in_thrice(setup.provider.clone(), browser, number, person))
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

async fn signs_in_thrice(
    provider: FakeProvider,
    mut browser: TestBrowser,
    number: usize,
    person: String,
) {
    for round in 0..3 {
        if (number + round).is_multiple_of(4) {
            let mut tab = browser.clone();
            let hangs_up = async move { tab.login_as("person-000").await };
            let _ = tokio::time::timeout(Duration::ZERO, hangs_up).await;
            browser.clear_cookies();
        }
        assert_eq!(browser.login_as(&person).await.text(), format!("Hello, {person}!"));
        let token = browser.open("/token").await.json()["token"].as_str().unwrap().to_owned();
        let request = http::Request::get(provider.url(Endpoint::UserInfo))
            .header("authorization", format!("Bearer {token}"))
            .body(Bytes::new())
            .unwrap();
        let answer = provider.handle(request);
        let owner: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(owner["sub"], person.as_str());
    }
}
