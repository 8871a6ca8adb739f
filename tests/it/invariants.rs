//! V1 to V5 over random histories: two browsers, two providers, and an attacker who can deliver any answer a
//! provider ever gave to any browser, as it was or changed.

use std::collections::HashSet;
use std::time::Duration;

use http::Method;
use proptest::prelude::*;
use tower_oauth::{Auth, Clock, Timestamp, providers};
use tower_oauth_test::{Answer, Endpoint, FakeProvider, InProcessNetwork, Signing, TestBrowser};
use tower_oauth_tests::{CountingStore, Operation, Setup, secret};

const KEYS: [&str; 2] = ["op", "other"];
const USERS: [&str; 2] = ["alice", "bob"];

/// Something that happens. Browsers, providers and users are chosen by number, answers by their place among
/// those that were given, counted round.
#[derive(Clone, Debug)]
enum Event {
    /// A browser starts a login and the provider answers; the answer is not delivered yet.
    Start {
        browser: usize,
        provider: usize,
        user: usize,
    },
    /// A browser opens an answer.
    Deliver {
        browser: usize,
        answer: usize,
    },
    /// A browser opens an answer that was changed.
    DeliverChanged {
        browser: usize,
        answer: usize,
        change: usize,
    },
    /// The next exchange at a provider fails.
    Fail {
        provider: usize,
    },
    Logout {
        browser: usize,
    },
    Wait {
        seconds: u64,
    },
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let two = 0..2_usize;
    let event = prop_oneof![
        4 => (two.clone(), two.clone(), two.clone())
            .prop_map(|(browser, provider, user)| Event::Start { browser, provider, user }),
        5 => (two.clone(), 0..12_usize)
            .prop_map(|(browser, answer)| Event::Deliver { browser, answer }),
        2 => (two.clone(), 0..12_usize, 0..CHANGES.len())
            .prop_map(|(browser, answer, change)| Event::DeliverChanged { browser, answer, change }),
        1 => two.clone().prop_map(|provider| Event::Fail { provider }),
        1 => two.prop_map(|browser| Event::Logout { browser }),
        1 => (1..500_u64).prop_map(|seconds| Event::Wait { seconds }),
    ];
    prop::collection::vec(event, 1..30)
}

/// What an attacker does to an answer. None of them may sign anybody in.
const CHANGES: [fn(&str) -> String; 6] = [
    |url| url.replace("/callback/op?", "/callback/x?").replace("/callback/other?", "/callback/op?"),
    |url| url.replace("state=", "state=A"),
    |url| url.replace("iss=https", "iss=http"),
    |url| url.replace("code=", "error=access_denied&xcode="),
    |url| format!("{url}&code=again"),
    |url| url.replace("code=", "xcode="),
];

/// An answer that a provider gave, and what the model knows of it.
struct Given {
    provider: usize,
    /// The name of the attempt's cookie.
    cookie: String,
    user: &'static str,
    url: String,
    ends: Timestamp,
    used: bool,
}

/// Where sessions are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sessions {
    Stored,
    InCookies,
    /// In cookies, with a list of those that were signed out.
    Revocable,
}

struct World {
    sessions: Sessions,
    setup: Setup,
    providers: [FakeProvider; 2],
    store: CountingStore,
    browsers: [TestBrowser; 2],
    /// Has nothing but what it is given for a request.
    elsewhere: TestBrowser,
    given: Vec<Given>,
    /// Whom each browser is signed in as, and by which answer.
    signed_in: [Option<(&'static str, usize)>; 2],
    failing: [bool; 2],
    /// The cookies of sessions that were signed out or replaced.
    ended: Vec<String>,
}

impl World {
    fn new(sessions: Sessions) -> Self {
        let setup = Setup::with(|op| op.signing(Signing::Es256));
        let other = FakeProvider::builder()
            .issuer("https://other.example")
            .manual_clock(setup.clock.clone())
            .signing(Signing::Es256)
            .build();
        let setup = setup.on(InProcessNetwork::new().provider(&other));
        let store = CountingStore::new(setup.clock.clone());
        let second = providers::oidc(other.issuer(), other.client_id(), other.client_secret());
        let builder = match sessions {
            Sessions::Stored => setup.builder().store(store.clone()),
            Sessions::InCookies => setup.builder().secret(secret("cookies")).cookie_sessions(),
            Sessions::Revocable => {
                let builder = setup.builder().secret(secret("cookies")).cookie_sessions();
                builder.revoked_sessions(store.clone())
            }
        };
        let auth: Auth =
            builder.provider(setup.registration()).provider(second.key("other")).build().unwrap();
        let browsers = [setup.browser(&auth), setup.browser(&auth)];
        let elsewhere = setup.browser(&auth);
        let providers = [setup.provider.clone(), other];
        Self {
            sessions,
            setup,
            providers,
            store,
            browsers,
            elsewhere,
            given: Vec::new(),
            signed_in: [None; 2],
            failing: [false; 2],
            ended: Vec::new(),
        }
    }

    async fn live_through(mut self, events: Vec<Event>) {
        for event in events {
            self.apply(event).await;
            self.check().await;
        }
    }

    async fn apply(&mut self, event: Event) {
        match event {
            Event::Start { browser, provider, user } => self.start(browser, provider, user).await,
            Event::Deliver { browser, answer } if !self.given.is_empty() => {
                self.deliver(browser, answer % self.given.len()).await;
            }
            Event::DeliverChanged { browser, answer, change } if !self.given.is_empty() => {
                self.deliver_changed(browser, answer % self.given.len(), CHANGES[change]).await;
            }
            Event::Deliver { .. } | Event::DeliverChanged { .. } => {}
            Event::Fail { provider } => {
                self.providers[provider].answer_always(Endpoint::Token, Answer::status(500));
                self.failing[provider] = true;
            }
            Event::Logout { browser } => {
                self.ended.extend(self.session_cookie(browser));
                self.browsers[browser].post("/auth/logout", &[]).await;
                self.signed_in[browser] = None;
            }
            Event::Wait { seconds } => self.setup.clock.advance(Duration::from_secs(seconds)),
        }
    }

    async fn start(&mut self, browser: usize, provider: usize, user: usize) {
        let writes = self.store.total();
        let path = format!("/auth/login/{}", KEYS[provider]);
        self.providers[provider].approve_as(Some(USERS[user]));
        let tab = &self.browsers[browser];
        // Logins that lead to each other are counted, which is another story.
        tab.forget_cookie("__Host-auth-round");
        let start = tab.request(Method::GET, &path, &[]).await;
        let back = tab.request(Method::GET, start.header("location"), &[]).await;
        assert_eq!(self.store.total(), writes, "a start writes nothing");
        let ends = self.setup.clock.now() + Duration::from_secs(600);
        let url = back.header("location").to_owned();
        let set = start.headers().get_all("set-cookie").iter().next_back().unwrap();
        let cookie = set.to_str().unwrap().split('=').next().unwrap().to_owned();
        self.given.push(Given { provider, cookie, user: USERS[user], url, ends, used: false });
    }

    async fn deliver(&mut self, browser: usize, place: usize) {
        let now = self.setup.clock.now();
        let in_reach = self.is_in_reach(browser, place);
        let Given { provider, user, url, ends, used, .. } = &mut self.given[place];
        // The provider's code lives a minute; the attempt, ten.
        let code_lives = now < *ends - Duration::from_secs(600 - 60);
        let attempt_lives = in_reach && !*used && now < *ends;
        let succeeds = attempt_lives && code_lives && !self.failing[*provider];
        if attempt_lives {
            *used = true;
            self.providers[*provider].answer_normally(Endpoint::Token);
            if self.failing[*provider] {
                self.providers[*provider].answer(Endpoint::Token, Answer::status(500));
            }
            self.failing[*provider] = false;
        }
        let (url, user) = (url.clone(), *user);
        let earlier = self.session_cookie(browser);
        let was_signed_in_by_it = self.signed_in[browser].is_some_and(|(_, by)| by == place);
        let page = self.browsers[browser].request(Method::GET, &url, &[]).await;
        if succeeds {
            self.signed_in[browser] = Some((user, place));
            self.ended.extend(earlier);
        }
        let goes_on = succeeds || was_signed_in_by_it;
        assert_eq!(page.status().as_u16() == 303, goes_on, "{}", page.text());
    }

    async fn deliver_changed(&mut self, browser: usize, place: usize, change: fn(&str) -> String) {
        let now = self.setup.clock.now();
        let in_reach = self.is_in_reach(browser, place);
        let url = change(&self.given[place].url);
        let page = self.browsers[browser].request(Method::GET, &url, &[]).await;
        let by_it = self.signed_in[browser].is_some_and(|(_, by)| by == place);
        assert!(page.status() != 303 || by_it, "{url}: {}", page.text());
        // A change that leaves state and path alone reaches the attempt and uses it up; one that cannot be
        // read at all does not.
        let reaches = ["iss=http%", "xcode="].iter().any(|mark| url.contains(mark));
        let given = &mut self.given[place];
        if reaches && in_reach && now < given.ends {
            given.used = true;
        }
    }

    /// Whether the browser has the attempt's cookie: it started it, and has not had to drop it for others.
    fn is_in_reach(&self, browser: usize, place: usize) -> bool {
        let cookie = &self.given[place].cookie;
        self.browsers[browser].cookies().iter().any(|(name, _)| name == cookie)
    }

    fn session_cookie(&self, browser: usize) -> Option<String> {
        let cookies = self.browsers[browser].cookies();
        let (name, value) = cookies.into_iter().find(|(name, _)| name == "__Host-auth")?;
        Some(format!("{name}={value}"))
    }

    async fn check(&mut self) {
        for (browser, signed_in) in self.browsers.iter_mut().zip(self.signed_in) {
            let expected = match signed_in {
                Some(("alice", _)) => "Hello, Alice Liddell!",
                Some(_) => "Hello, Bob Builder!",
                None => "Hello, stranger!",
            };
            assert_eq!(browser.open("/").await.text(), expected);
        }
        for provider in &self.providers {
            let mut codes = HashSet::new();
            for request in provider.requests_to(Endpoint::Token) {
                let code = request.form().get("code").unwrap().to_owned();
                assert!(codes.insert(code), "V2: a code was presented twice");
            }
        }
        if self.sessions == Sessions::Stored {
            let live = self.signed_in.iter().flatten().count();
            assert_eq!(self.store.sessions(), live, "V1, V5: no session but theirs");
        }
        if self.sessions == Sessions::InCookies {
            assert_eq!(self.store.total(), 0);
            return;
        }
        for cookie in &self.ended {
            let headers = [("cookie", &**cookie)];
            let page = self.elsewhere.request(Method::GET, "/", &headers).await;
            assert_eq!(page.text(), "Hello, stranger!", "V5: what has ended stays so");
        }
        let marks = self.store.count(Operation::MarkOnce);
        let tokens: usize =
            self.providers.iter().map(|provider| provider.requests_to(Endpoint::Token).len()).sum();
        assert!(tokens <= marks, "V2: no token request without a mark");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn v1_to_v5_hold_over_random_histories(events in events()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            World::new(Sessions::Stored).live_through(events).await;
        });
    }

    #[test]
    fn v1_to_v5_hold_over_random_histories_in_cookies(events in events(), has_list in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let sessions = if has_list { Sessions::Revocable } else { Sessions::InCookies };
        runtime.block_on(async {
            World::new(sessions).live_through(events).await;
        });
    }
}
