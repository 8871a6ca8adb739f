//! c48: requests that are dropped at each of their awaits, as when a browser hangs up or a process ends. Whatever
//! was done until then, nothing is half done.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use tower_oauth::{Auth, LoginState, MemoryStore, Timestamp};
use tower_oauth_core::session::{
    Mark, Record, SessionStore, StoreError, StoreKey, StoredRecord, Swap, Version,
};
use tower_oauth_test::{Endpoint, Signing, TestBrowser};
use tower_oauth_tests::Setup;

use crate::login::callback_url;

/// A store that is elsewhere: the caller may be gone before an operation is done, and before it is known to be.
#[derive(Clone, Debug)]
struct Distant(Arc<MemoryStore>);

macro_rules! distant {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $output:ty;)*) => {
        #[async_trait]
        impl SessionStore for Distant {
            $(async fn $name(&self, $($argument: $type),*) -> Result<$output, StoreError> {
                tokio::task::yield_now().await;
                let result = self.0.$name($($argument),*).await;
                tokio::task::yield_now().await;
                result
            })*
        }
    };
}

distant! {
    fn create(key: &StoreKey, record: Record) -> ();
    fn load(key: &StoreKey) -> Option<StoredRecord>;
    fn swap(key: &StoreKey, expected: Version, record: Record) -> Swap;
    fn delete(key: &StoreKey) -> ();
    fn delete_by_sid(issuer: &str, sid: &str) -> u64;
    fn delete_by_subject(issuer: &str, subject: &str) -> u64;
    fn find_by_sid(issuer: &str, sid: &str) -> Vec<StoreKey>;
    fn find_by_subject(issuer: &str, subject: &str) -> Vec<StoreKey>;
    fn mark_once(mark: &Mark, expires: Timestamp) -> bool;
}

/// What `future` comes to if it is polled no more than `polls` times.
async fn polled<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        Pin::as_mut(&mut future).poll(context).map(Some)
    })
    .await
}

struct World {
    setup: Setup,
    store: Arc<MemoryStore>,
    auth: Auth,
}

impl World {
    fn new(login_state: LoginState) -> Self {
        let setup = Setup::with(|op| op.signing(Signing::Es256));
        let store = Arc::new(MemoryStore::new(Arc::new(setup.clock.clone())));
        let builder = setup.builder().store(Distant(Arc::clone(&store))).login_state(login_state);
        let auth = builder.provider(setup.registration()).build().unwrap();
        Self { setup, store, auth }
    }

    fn browser(&self) -> TestBrowser {
        self.setup.browser(&self.auth)
    }

    async fn sign_in(&self, browser: &mut TestBrowser, user: &str, greeting: &str) {
        self.setup.provider.approve_as(Some(user));
        assert_eq!(browser.open("/auth/login").await.text(), greeting);
    }

    fn token_requests(&self) -> usize {
        self.setup.provider.requests_to(Endpoint::Token).len()
    }
}

/// Runs `test` with every number of polls until it says that the request was finished.
async fn at_each_await(least: usize, test: impl AsyncFn(usize) -> bool) {
    let mut polls = 0;
    while !test(polls).await {
        polls += 1;
        assert!(polls < 200, "the request never ends");
    }
    assert!(polls >= least, "only {polls} awaits: the store or the provider was not asked");
}

#[tokio::test]
async fn c48_a_callback_dropped_at_any_await_is_all_or_nothing() {
    for login_state in [LoginState::Sealed, LoginState::Stored] {
        for signed_in in [false, true] {
            at_each_await(7, async |polls| {
                let world = World::new(login_state);
                let mut browser = world.browser();
                if signed_in {
                    world.sign_in(&mut browser, "alice", "Hello, Alice Liddell!").await;
                }
                let (records, requests) = (world.store.len(), world.token_requests());
                world.setup.provider.approve_as(Some("bob"));
                let callback = callback_url(&browser, "/auth/login").await;
                let request = browser.request(Method::GET, &callback, &[]);
                let is_finished = polled(request, polls).await.is_some();
                let sent = world.token_requests() - requests;
                assert!(sent <= 1);
                // V4: who was signed in still is, or the new session is in the store. Nobody is somebody else.
                if !is_finished {
                    let greeting = browser.open("/").await.text();
                    let is_alice = greeting == "Hello, Alice Liddell!";
                    assert!(is_alice || greeting == "Hello, stranger!", "{polls}: {greeting}");
                    assert!(is_alice || !signed_in || world.store.len() == records, "{polls}");
                }
                // V2: the attempt yields one token request, then or now.
                let again = browser.request(Method::GET, &callback, &[]).await.status().as_u16();
                let sent_now = world.token_requests() - requests - sent;
                let expected = if is_finished || sent_now == 1 { 303 } else { 400 };
                assert_eq!((sent + sent_now <= 1, again), (true, expected), "{polls}");
                // No lock stays, and nothing that was left over is in the way.
                world.sign_in(&mut browser, "bob", "Hello, Bob Builder!").await;
                world.sign_in(&mut world.browser(), "alice", "Hello, Alice Liddell!").await;
                is_finished
            })
            .await;
        }
    }
}

#[tokio::test]
async fn c48_a_start_dropped_at_any_await_hinders_no_other() {
    for (login_state, least) in [(LoginState::Sealed, 1), (LoginState::Stored, 3)] {
        at_each_await(least, async |polls| {
            let world = World::new(login_state);
            let mut browser = world.browser();
            let request = browser.request(Method::GET, "/auth/login", &[]);
            let is_finished = polled(request, polls).await.is_some();
            assert_eq!(browser.cookies().len(), usize::from(is_finished));
            world.sign_in(&mut browser, "alice", "Hello, Alice Liddell!").await;
            is_finished
        })
        .await;
    }
}

#[tokio::test]
async fn c48_a_sign_out_dropped_at_any_await_can_be_repeated() {
    at_each_await(2, async |polls| {
        let world = World::new(LoginState::Sealed);
        let mut browser = world.browser();
        world.sign_in(&mut browser, "alice", "Hello, Alice Liddell!").await;
        let headers = [("sec-fetch-site", "same-origin")];
        let request = browser.request(Method::POST, "/auth/logout?local=true", &headers);
        let is_finished = polled(request, polls).await.is_some();
        assert_eq!(browser.cookies().is_empty(), is_finished);
        let lives = world.store.len() == 1;
        let greeting = if lives { "Hello, Alice Liddell!" } else { "Hello, stranger!" };
        assert_eq!(browser.open("/").await.text(), greeting, "{polls}");
        let page = browser.request(Method::POST, "/auth/logout?local=true", &headers).await;
        assert_eq!((page.status().as_u16(), world.store.len()), (204, 0), "{polls}");
        is_finished
    })
    .await;
}

/// A request late enough to move the idle end.
#[tokio::test]
async fn c48_a_touch_dropped_at_any_await_keeps_the_session() {
    at_each_await(4, async |polls| {
        let world = World::new(LoginState::Sealed);
        let mut browser = world.browser();
        world.sign_in(&mut browser, "alice", "Hello, Alice Liddell!").await;
        world.setup.clock.advance(Duration::from_secs(12 * 3600));
        let is_finished = polled(browser.fetch("/private"), polls).await.is_some();
        assert_eq!(browser.open("/private").await.text(), "private to sub-alice", "{polls}");
        assert_eq!(world.store.len(), 1);
        is_finished
    })
    .await;
}

/// The process ends while the browser is at the provider. With a secret of its own the next one knows the attempt;
/// with a secret made at start it says so and offers another try.
#[tokio::test]
async fn a_restart_during_a_login_ends_in_a_session_or_a_fresh_start() {
    for secret in [Some(tower_oauth_tests::secret("of both runs")), None] {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        let process = |seed| {
            let random = Arc::new(tower_oauth_test::SeededRandom::new(seed));
            let builder = setup.builder().random(random).provider(setup.registration());
            let builder = match &secret {
                Some(secret) => builder.secret(secret),
                None => builder,
            };
            builder.build().unwrap()
        };
        let before = setup.browser(&process(1));
        let callback = callback_url(&before, "/auth/login?return_to=/private").await;
        let mut after = setup.browser(&process(2));
        for (name, value) in before.cookies() {
            after.plant_cookie(&name, &value);
        }
        let page = after.open(&callback).await;
        if secret.is_some() {
            assert_eq!(page.text(), "private to sub-alice");
        } else {
            assert_eq!(page.status(), 400);
            assert_eq!(after.click("Try again").await.text(), "Hello, Alice Liddell!");
        }
    }
}

#[tokio::test]
async fn a_panic_in_a_handler_concerns_that_request_alone() {
    let setup = Setup::new();
    let auth = setup.auth();
    let panics = async |user: tower_oauth::User| -> String { panic!("by {}", user.subject()) };
    let app = tower_oauth_tests::app(&auth)
        .route("/panics", axum::routing::get(panics).layer(auth.layer()));
    let mut browser = setup.browser_of(app);
    browser.login_as("alice").await;
    let tab = browser.clone();
    let result = tokio::spawn(async move { tab.fetch("/panics").await.status() }).await;
    assert!(result.unwrap_err().is_panic());
    assert_eq!(browser.open("/").await.text(), "Hello, Alice Liddell!");
    assert_eq!(browser.login_as("bob").await.text(), "Hello, Bob Builder!");
}
