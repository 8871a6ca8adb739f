//! V7 to V9 over random histories: two browsers, two providers, strangers, and faults of the store and of the
//! providers at any time.

use std::collections::HashSet;
use std::time::Duration;

use http::Method;
use proptest::prelude::*;
use tower_oauth::{LoginState, providers};
use tower_oauth_test::{
    Answer, Endpoint, FakeProvider, InProcessNetwork, Page, Signing, TestBrowser,
};
use tower_oauth_tests::{FailingStore, Operation, Setup};
use url::Url;

use tower_oauth_tests::Captured;

const KEYS: [&str; 2] = ["op", "other"];
const USERS: [(&str, &str); 2] = [("alice", "Alice Liddell"), ("bob", "Bob Builder")];
const STEPS: [Endpoint; 4] =
    [Endpoint::Metadata, Endpoint::Jwks, Endpoint::Token, Endpoint::UserInfo];
const OPERATIONS: [Operation; 5] =
    [Operation::Create, Operation::Load, Operation::Swap, Operation::Delete, Operation::MarkOnce];

/// Something that happens; everything is chosen by number.
#[derive(Clone, Debug)]
enum Event {
    Start { browser: usize, provider: usize, user: usize },
    Deliver { browser: usize, answer: usize },
    Open { browser: usize, page: usize },
    Logout { browser: usize },
    StoreFails { operations: Vec<usize> },
    ProviderFails { provider: usize, step: usize, fault: usize },
    Recovery,
    Strangers,
    Wait { seconds: u64 },
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let two = || 0..2_usize;
    let event = prop_oneof![
        4 => (two(), two(), two())
            .prop_map(|(browser, provider, user)| Event::Start { browser, provider, user }),
        6 => (two(), 0..8_usize).prop_map(|(browser, answer)| Event::Deliver { browser, answer }),
        2 => (two(), 0..3_usize).prop_map(|(browser, page)| Event::Open { browser, page }),
        1 => two().prop_map(|browser| Event::Logout { browser }),
        2 => prop::collection::vec(0..OPERATIONS.len(), 1..3)
            .prop_map(|operations| Event::StoreFails { operations }),
        2 => (two(), 0..STEPS.len(), 0..4_usize)
            .prop_map(|(provider, step, fault)| Event::ProviderFails { provider, step, fault }),
        3 => Just(Event::Recovery),
        1 => Just(Event::Strangers),
        1 => (1..2000_u64).prop_map(|seconds| Event::Wait { seconds }),
    ];
    prop::collection::vec(event, 1..25)
}

/// An answer of a provider that was not delivered yet, or was.
struct Given {
    browser: usize,
    provider: usize,
    user: usize,
    url: String,
    delivered: bool,
}

struct World {
    setup: Setup,
    providers: [FakeProvider; 2],
    failing: [HashSet<Endpoint>; 2],
    store: FailingStore,
    login_state: LoginState,
    browsers: [TestBrowser; 2],
    stranger: TestBrowser,
    given: Vec<Given>,
    /// Whom a browser may be greeted as: who signed in there last, until they sign out.
    signed_in: [Option<usize>; 2],
    /// Everything that the application answered.
    shown: Vec<String>,
    secrets: HashSet<String>,
}

impl World {
    fn new(login_state: LoginState) -> Self {
        let setup =
            Setup::with(|op| op.signing(Signing::Es256).client("client", "canary-secret-of-op"));
        let other = FakeProvider::builder()
            .issuer("https://other.example")
            .client("client", "canary-secret-of-other")
            .manual_clock(setup.clock.clone())
            .signing(Signing::Es256)
            .build();
        let setup = setup.on(InProcessNetwork::new().provider(&other));
        let store = FailingStore::new(setup.clock.clone());
        let second = providers::oidc(other.issuer(), other.client_id(), other.client_secret());
        let builder = setup.builder().store(store.clone()).login_state(login_state);
        let builder = builder.provider(setup.registration()).provider(second.key("other"));
        let auth = builder.build().unwrap();
        Self {
            browsers: [setup.browser(&auth), setup.browser(&auth)],
            stranger: setup.browser(&auth),
            providers: [setup.provider.clone(), other],
            failing: [HashSet::new(), HashSet::new()],
            store,
            login_state,
            setup,
            given: Vec::new(),
            signed_in: [None; 2],
            shown: Vec::new(),
            secrets: ["canary-secret-of-op".into(), "canary-secret-of-other".into()].into(),
        }
    }

    async fn apply(&mut self, event: Event) {
        match event {
            Event::Start { browser, provider, user } => self.start(browser, provider, user).await,
            Event::Deliver { browser, answer } if !self.given.is_empty() => {
                self.deliver(browser, answer % self.given.len()).await;
            }
            Event::Deliver { .. } => {}
            Event::Open { browser, page } => {
                let target = ["/private", "/token", "/profile"][page];
                let page = self.browsers[browser].fetch(target).await;
                let may = self.signed_in[browser].is_some() && !self.store.fails(Operation::Load);
                assert!(page.status() != 200 || may, "V7: {target}: {}", page.text());
                if target == "/token" && page.status() == 200 {
                    self.secrets.insert(page.json()["token"].as_str().unwrap().to_owned());
                }
            }
            Event::Logout { browser } => {
                let page = self.browsers[browser].post("/auth/logout", &[]).await;
                self.note(&page);
                // Failed or not, this browser has forgotten the session.
                self.signed_in[browser] = None;
            }
            Event::StoreFails { operations } => {
                let operations: Vec<_> = operations.into_iter().map(|it| OPERATIONS[it]).collect();
                self.store.fail(&operations);
            }
            Event::ProviderFails { provider, step, fault } => {
                let answer = match fault {
                    0 => Answer::status(500),
                    1 => Answer::never(),
                    2 => Answer::correct().cut_off_after(7),
                    _ => Answer::json(serde_json::json!({ "access_token": "canary-evil" })),
                };
                self.providers[provider].answer_always(STEPS[step], answer);
                self.failing[provider].insert(STEPS[step]);
            }
            Event::Recovery => {
                self.store.fail(&[]);
                for (provider, failing) in self.providers.iter().zip(&mut self.failing) {
                    failing.drain().for_each(|step| provider.answer_normally(step));
                }
                self.setup.clock.advance(Duration::from_secs(61));
            }
            Event::Strangers => self.strangers().await,
            Event::Wait { seconds } => self.setup.clock.advance(Duration::from_secs(seconds)),
        }
    }

    async fn start(&mut self, browser: usize, provider: usize, user: usize) {
        self.providers[provider].approve_as(Some(USERS[user].0));
        let tab = &self.browsers[browser];
        let path = format!("/auth/login/{}", KEYS[provider]);
        let page = tab.request(Method::GET, &path, &[("accept", "text/html")]).await;
        let url = if page.status() == 303 {
            let back = tab.request(Method::GET, page.header("location"), &[]).await;
            Some(back.header("location").to_owned())
        } else {
            assert!(page.status().is_server_error() && page.header("set-cookie").is_empty(), "V7");
            None
        };
        self.note(&page);
        if let Some(url) = url {
            let parameters = Url::parse(&url).unwrap();
            let secrets = parameters.query_pairs().filter(|(name, _)| name != "iss");
            self.secrets.extend(secrets.map(|(_, value)| value.into_owned()));
            self.given.push(Given { browser, provider, user, url, delivered: false });
        }
    }

    async fn deliver(&mut self, browser: usize, place: usize) {
        let before = self.browsers[browser].cookies();
        let url = self.given[place].url.clone();
        let page =
            self.browsers[browser].request(Method::GET, &url, &[("accept", "text/html")]).await;
        let session = |cookies: Vec<(String, String)>| {
            cookies.into_iter().find(|(name, _)| name == "__Host-auth").map(|(_, value)| value)
        };
        let given = &mut self.given[place];
        let is_new = session(before) != session(self.browsers[browser].cookies());
        if is_new {
            let works = !self.store.fails(Operation::MarkOnce)
                && !self.store.fails(Operation::Create)
                && self.failing[given.provider]
                    .is_disjoint(&[Endpoint::Token, Endpoint::UserInfo].into());
            assert!(works && given.browser == browser && !given.delivered, "V7: {url}");
            assert_eq!(page.header("location"), "/", "V7");
            given.delivered = true;
            self.signed_in[browser] = Some(given.user);
        }
        self.note(&page);
    }

    /// Whoever has no cookie: what they can cause does not grow with their number.
    async fn strangers(&mut self) {
        let asked = self.store.total();
        let calls =
            || self.providers.iter().map(|provider| provider.requests().len()).sum::<usize>();
        let before = calls();
        for number in 0..30 {
            let random = format!("/auth/callback/op?code=c{number}&state=s{number}");
            for path in ["/auth/login/op", "/auth/login/other", "/private", "/", &random] {
                let page =
                    self.stranger.request(Method::GET, path, &[("accept", "text/html")]).await;
                assert!(page.text().len() < 32 * 1024, "V9");
                self.stranger.clear_cookies();
            }
        }
        let started = if self.login_state == LoginState::Stored { 60 } else { 0 };
        assert!(self.store.total() <= asked + started, "V9: the store was asked");
        assert!(
            calls() <= before + self.providers.len(),
            "V9: one fetch of metadata at each at most"
        );
    }

    /// V8 for what is shown later, and V9 for what a browser has to carry.
    fn note(&mut self, page: &Page) {
        let location = page.header("location");
        if location.starts_with('/') {
            self.shown.push(location.to_owned());
        }
        self.shown.push(page.text());
        for browser in &self.browsers {
            let cookies = browser.cookies();
            let size: usize =
                cookies.iter().map(|(name, value)| name.len() + value.len() + 3).sum();
            assert!(cookies.len() <= 9 && size < 4096, "V9: {size} bytes of cookies");
            self.secrets.extend(cookies.into_iter().map(|(_, value)| value));
        }
    }

    async fn check(&mut self) {
        for (browser, signed_in) in self.browsers.iter().zip(self.signed_in) {
            let has_cookie = browser.cookies().iter().any(|(name, _)| name == "__Host-auth");
            let page = browser.request(Method::GET, "/", &[]).await;
            if has_cookie && self.store.fails(Operation::Load) {
                assert_eq!(page.status(), 503, "V7: a store that fails is not anonymous");
                continue;
            }
            let greeting = signed_in.map(|user| format!("Hello, {}!", USERS[user].1));
            let expected = greeting.unwrap_or_else(|| "Hello, stranger!".into());
            assert_eq!(page.text(), expected, "V7");
        }
        let mut codes = HashSet::new();
        for request in self.providers.iter().flat_map(|it| it.requests_to(Endpoint::Token)) {
            assert!(codes.insert(request.form().get("code").unwrap().to_owned()), "V2");
        }
    }

    /// V8: what is secret is in no page, no event and no address, neither the application's own nor the provider's.
    fn check_secrets(mut self, events: String) {
        self.shown.push(events);
        self.secrets.insert("canary-evil".into());
        for request in self.providers.iter().flat_map(FakeProvider::requests) {
            if request.endpoint() == Endpoint::Authorization {
                let query = request.query();
                self.secrets.extend(query.get("nonce").map(ToOwned::to_owned));
                continue;
            }
            self.shown.push(request.uri().to_string());
            self.secrets.extend(request.form().get("code_verifier").map(ToOwned::to_owned));
            let credentials = request.headers().get("authorization");
            self.secrets.extend(
                credentials
                    .and_then(|it| it.to_str().unwrap().split(' ').nth(1))
                    .map(ToOwned::to_owned),
            );
        }
        for secret in self.secrets.iter().filter(|secret| secret.len() >= 8) {
            for text in &self.shown {
                assert!(!text.contains(secret), "V8: {secret} is in:\n{text}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn v7_v8_v9_hold_over_random_histories_with_faults(events in events(), stored: bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let captured = Captured::default();
        let _guard = captured.listen(tracing::Level::TRACE);
        runtime.block_on(async {
            let login_state = if stored { LoginState::Stored } else { LoginState::Sealed };
            let mut world = World::new(login_state);
            for event in events {
                world.apply(event).await;
                world.check().await;
            }
            world.check_secrets(captured.take());
        });
    }
}
