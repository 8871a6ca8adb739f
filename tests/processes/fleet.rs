//! Three processes behind one address, and the provider that people sign in with.

use std::process::Command;
use std::sync::{Arc, Once};
use std::thread;
use std::time::Duration;

use http::Method;
use tower_oauth::{SystemClock, SystemRandom};
use tower_oauth_test::{Answer, Endpoint, FakeProvider, Page, Served, Signing, TestBrowser};
use tower_oauth_tests::secret;
use tower_oauth_tests::servers::{DemoServer, free_port};

use crate::balancer::Balancer;

pub(crate) const DEMO: &str = env!("CARGO_BIN_EXE_demo");

pub(crate) struct Fleet {
    pub(crate) replicas: [DemoServer; 3],
    pub(crate) balancer: Arc<Balancer>,
    pub(crate) provider: FakeProvider,
    base_url: String,
    _served: Served,
}

impl Fleet {
    /// Three at once, with this `AUTH_STORE`, and a provider where alice has a session.
    pub(crate) async fn start(store: &str) -> Self {
        Self::with_near_caches(store, 0).await
    }

    /// The same, and each keeps sessions for so many seconds.
    pub(crate) async fn with_near_caches(store: &str, seconds: u64) -> Self {
        allow_open_files();
        let served = FakeProvider::builder()
            .clock(Arc::new(SystemClock::default()))
            .random(Arc::new(SystemRandom::default()))
            .signing(Signing::Es256)
            .bind_loopback()
            .await
            .unwrap();
        let provider = served.provider().clone();
        provider.approve_as(Some("alice"));
        let base_url = format!("http://localhost:{}", free_port());
        let offline = if store == "cookie" { "" } else { " offline_access" };
        let settings = [
            ("AUTH_URL", &*base_url),
            ("AUTH_SECRET", &secret("fleet")),
            ("AUTH_STORE", store),
            ("DEMO_NEAR_CACHE", &seconds.to_string()),
            ("AUTH_OP_ID", provider.client_id()),
            ("AUTH_OP_SECRET", provider.client_secret()),
            ("AUTH_OP_ISSUER", provider.issuer()),
            ("AUTH_OP_SCOPES", &format!("openid profile{offline}")),
        ];
        let replicas = thread::scope(|scope| {
            [(); 3]
                .map(|()| scope.spawn(|| DemoServer::start(DEMO, &settings)))
                .map(|starting| starting.join().unwrap())
        });
        let urls = replicas.iter().map(DemoServer::url).collect();
        let balancer = Arc::new(Balancer::new(base_url.clone(), urls));
        Self { replicas, balancer, provider, base_url, _served: served }
    }

    pub(crate) fn browser(&self) -> TestBrowser {
        TestBrowser::over_network(&self.base_url, self.balancer.clone())
    }

    /// The same cookies in a browser of its own.
    pub(crate) fn copy(&self, browser: &TestBrowser) -> TestBrowser {
        let copy = self.browser();
        for (name, value) in browser.cookies() {
            copy.plant_cookie(&name, &value);
        }
        copy
    }

    /// Who is signed in, as each of the three sees it: the answers to `/me`.
    pub(crate) async fn seen_by_each(&self, browser: &TestBrowser) -> Vec<Page> {
        let mut pages = Vec::new();
        for replica in 0..self.replicas.len() {
            self.balancer.choose(replica);
            pages.push(browser.fetch("/me").await);
        }
        pages
    }

    /// Starts a login and goes on until the provider sends the browser back: where to.
    pub(crate) async fn callback(&self, browser: &TestBrowser) -> String {
        let start = browser.request(Method::GET, "/auth/login/op", &[]).await;
        assert_eq!(start.status(), 303, "{}", start.text());
        let back = browser.request(Method::GET, start.header("location"), &[]).await;
        let callback = back.header("location");
        assert!(callback.starts_with(&self.base_url), "{callback}");
        callback.to_owned()
    }

    /// Signs in, and gets an access token that has expired when it comes.
    pub(crate) async fn sign_in_with_an_expired_token(&self) -> TestBrowser {
        let expired = Answer::modify(|response| {
            let mut body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
            body["expires_in"] = 0.into();
            *response.body_mut() = body.to_string().into();
        });
        self.provider.answer(Endpoint::Token, expired);
        let mut browser = self.browser();
        let page = browser.open("/auth/login/op").await;
        assert_eq!(page.status(), 200, "{}", page.text());
        browser
    }

    pub(crate) async fn sign_out(&self, browser: &TestBrowser) {
        let same_origin = [("sec-fetch-site", "same-origin")];
        let page = browser.request(Method::POST, "/auth/logout", &same_origin).await;
        assert!(page.status().is_success(), "{}", page.text());
    }

    /// How many requests the provider got.
    pub(crate) fn asked(&self, endpoint: Endpoint) -> usize {
        self.provider.requests_to(endpoint).len()
    }
}

/// Waits until it is so, for half a minute at most.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..1_500 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not after half a minute: {what}");
}

/// A thousand requests at once are as many connections; some systems allow fewer by default.
fn allow_open_files() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let own = std::process::id().to_string();
        let mut command = Command::new("prlimit");
        let output = command.args(["--nofile=4096:", "--pid", &own]).output();
        let output = output.expect("prlimit is missing: apt-get install util-linux");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    });
}
