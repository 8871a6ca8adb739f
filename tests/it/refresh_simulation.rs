//! Refreshes in random order: each await of store and network takes a time drawn from a seed, on the paused clock of a
//! runtime, so that a seed is an interleaving and comes again. Three processes, one store, and a provider that takes
//! whoever presents a refresh token twice for a thief.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use tokio::time::{sleep, timeout};
use tower_oauth::{HttpClient, HttpError, Limits, MemoryStore, Random};
use tower_oauth_test::{Answer, Endpoint, FakeProvider, SeededRandom, Signing, TestBrowser};
use tower_oauth_tests::{BASE_URL, CountingStore, HookedStore, VirtualClock, app};

const PROCESSES: usize = 3;
const LIFETIME: Duration = Duration::from_secs(3600);

/// Times drawn from a seed.
#[derive(Clone, Debug)]
struct Chance(Arc<Mutex<SeededRandom>>);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(SeededRandom::new(seed))))
    }

    fn below(&self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.lock().unwrap().fill(&mut bytes).unwrap();
        u64::from_be_bytes(bytes) % bound
    }

    async fn pause(&self, milliseconds: u64) {
        sleep(Duration::from_millis(self.below(milliseconds))).await;
    }
}

/// The provider, some time away.
struct Far {
    provider: Arc<dyn HttpClient>,
    chance: Chance,
}

#[async_trait]
impl HttpClient for Far {
    async fn send(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Bytes>, HttpError> {
        self.chance.pause(400).await;
        let answer = self.provider.send(request, limits).await;
        self.chance.pause(400).await;
        answer
    }
}

impl fmt::Debug for Far {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Far").finish_non_exhaustive()
    }
}

struct World {
    provider: FakeProvider,
    store: CountingStore,
    chance: Chance,
    /// Alice's browser, in front of each process.
    browsers: Vec<TestBrowser>,
    first_token: String,
}

impl World {
    async fn new(seed: u64) -> Self {
        let chance = Chance::new(seed);
        let clock = VirtualClock::start();
        let provider = FakeProvider::builder()
            .clock(Arc::new(clock))
            .signing(Signing::Es256)
            .access_token_lifetime(LIFETIME)
            .build();
        provider.approve_as(Some("alice"));
        let network = Arc::new(Far { provider: provider.http_client(), chance: chance.clone() });
        let store = CountingStore::new(clock);
        let processes = (0..PROCESSES).map(|number| {
            let chance = chance.clone();
            let store = HookedStore::new(store.clone(), move |_| {
                let chance = chance.clone();
                async move { chance.pause(30).await }
            });
            let registration = tower_oauth::providers::oidc(
                provider.issuer(),
                provider.client_id(),
                provider.client_secret(),
            );
            let auth = tower_oauth::Auth::builder(BASE_URL)
                .provider(registration.key("op").offline_access())
                .http_client(network.clone())
                .store(store)
                .clock(Arc::new(clock))
                .random(Arc::new(SeededRandom::new(seed.wrapping_mul(3) + number as u64)))
                .build()
                .unwrap();
            TestBrowser::new(BASE_URL, app(&auth), network.clone())
        });
        let mut browsers: Vec<_> = processes.collect();
        browsers[0].login_as("alice").await;
        let (first, others) = browsers.split_first().unwrap();
        for (name, value) in first.cookies() {
            others.iter().for_each(|other| other.plant_cookie(&name, &value));
        }
        let first_token = first.fetch("/token").await.json()["token"].as_str().unwrap().to_owned();
        Self { provider, store, chance, browsers, first_token }
    }

    /// Requests of the same moment or nearly, at any of the processes. Some hang up.
    async fn herd(&self, size: usize) -> Vec<(u16, String)> {
        let requests: Vec<_> = (0..size)
            .map(|_| {
                let browser = self.browsers[usize::try_from(self.chance.below(3)).unwrap()].clone();
                let chance = self.chance.clone();
                tokio::spawn(async move {
                    chance.pause(300).await;
                    let patience = match chance.below(4) {
                        0 => Duration::from_millis(chance.below(500)),
                        _ => Duration::from_secs(60),
                    };
                    let page = timeout(patience, browser.fetch("/token")).await.ok()?;
                    let body = page.json();
                    let text = body["token"].as_str().or_else(|| body["code"].as_str()).unwrap();
                    Some((page.status().as_u16(), text.to_owned()))
                })
            })
            .collect();
        let mut answers = Vec::new();
        for request in requests {
            answers.extend(request.await.unwrap());
        }
        answers
    }

    fn presented(&self) -> Vec<String> {
        let requests = self.provider.requests_to(Endpoint::Refresh);
        requests.iter().map(|it| it.form().get("refresh_token").unwrap().to_owned()).collect()
    }

    /// Whether the provider accepts an access token.
    fn is_good(&self, token: &str) -> bool {
        let request = Request::get(self.provider.url(Endpoint::UserInfo));
        let request = request.header("authorization", format!("Bearer {token}"));
        self.provider.handle(request.body(Bytes::new()).unwrap()).status() == 200
    }
}

/// Runs `scenario` for each of so many seeds, each in a runtime of its own.
fn explore<F: Future<Output = ()>>(seeds: u64, scenario: impl Fn(World, u64) -> F) {
    for seed in 0..seeds {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async { scenario(World::new(seed).await, seed).await });
    }
}

#[test]
fn j03_v6_every_interleaving_of_a_herd_refreshes_once() {
    explore(300, async |world: World, seed| {
        for round in 1..=2 {
            // At times a little before the end, so that the old token is still good.
            sleep(LIFETIME - Duration::from_secs(world.chance.below(100))).await;
            let answers = world.herd(12).await;
            sleep(Duration::from_secs(30)).await;
            for (status, token) in &answers {
                assert_eq!(*status, 200, "seed {seed}: {token}");
                assert!(world.is_good(token) || *token == world.first_token, "seed {seed}");
            }
            let presented = world.presented();
            assert!(presented.len() <= round, "seed {seed}: {} refreshes", presented.len());
            assert!(!answers.is_empty(), "seed {seed}");
        }
        sleep(LIFETIME).await;
        let answers = world.herd(3).await;
        let presented = world.presented();
        let distinct: HashSet<_> = presented.iter().collect();
        assert_eq!(distinct.len(), presented.len(), "seed {seed}: presented twice");
        assert!(answers.iter().all(|(status, _)| *status == 200), "seed {seed}: {answers:?}");
        assert_eq!(world.browsers[1].fetch("/").await.text(), "Hello, Alice Liddell!");
    });
}

#[test]
fn j17_v5_no_interleaving_with_a_sign_out_leaves_a_session_or_a_grant() {
    explore(300, async |world: World, seed| {
        sleep(LIFETIME).await;
        let mut leaving = world.browsers[usize::try_from(seed % 3).unwrap()].clone();
        let chance = world.chance.clone();
        let sign_out = async {
            chance.pause(1500).await;
            leaving.post("/auth/logout", &[]).await
        };
        let (answers, page) = tokio::join!(world.herd(8), sign_out);
        assert_eq!(page.status(), 200, "seed {seed}");
        for (status, text) in &answers {
            assert!([200, 401].contains(status), "seed {seed}: {status} {text}");
        }
        sleep(Duration::from_secs(30)).await;
        assert_eq!(world.store.sessions(), 0, "seed {seed}");
        for (_, text) in &answers {
            assert!(!world.is_good(text), "seed {seed}: a token outlives the session");
        }
        let mut seen = HashSet::new();
        assert!(world.presented().iter().all(|it| seen.insert(it.clone())), "seed {seed}");
    });
}

#[test]
fn j09_v6_after_an_outage_every_interleaving_goes_on() {
    explore(100, async |world: World, seed| {
        sleep(LIFETIME).await;
        world.provider.answer_always(Endpoint::Refresh, Answer::status(500));
        for (status, text) in world.herd(8).await {
            assert_eq!((status, &*text), (503, "token_unavailable"), "seed {seed}");
        }
        world.provider.answer_normally(Endpoint::Refresh);
        sleep(Duration::from_secs(90)).await;
        for (status, text) in world.herd(8).await {
            assert_eq!(status, 200, "seed {seed}: {text}");
            assert!(world.is_good(&text), "seed {seed}");
        }
        let mut presented = world.presented();
        presented.dedup();
        assert_eq!(presented.len(), 1, "seed {seed}");
    });
}

/// The seeds do what they are for: they differ, and each comes again.
#[test]
fn a_seed_is_an_interleaving() {
    let order = |seed| {
        let order = Arc::new(Mutex::new(Vec::new()));
        let seen = order.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let chance = Chance::new(seed);
            let store =
                HookedStore::new(MemoryStore::new(Arc::new(VirtualClock::start())), move |_| {
                    let chance = chance.clone();
                    async move { chance.pause(30).await }
                });
            let store = Arc::new(store);
            let tasks: Vec<_> = (0..10)
                .map(|number| {
                    let (store, seen) = (store.clone(), seen.clone());
                    tokio::spawn(async move {
                        use tower_oauth::session::SessionStore as _;
                        store.delete_by_sid("https://op.example", "s").await.unwrap();
                        seen.lock().unwrap().push(number);
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        order.lock().unwrap().clone()
    };
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(2));
}
