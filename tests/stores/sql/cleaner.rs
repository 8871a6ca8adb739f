//! P17: what is expired is removed in batches, by one of all replicas, until the application stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tower_oauth::session::{Mark, SessionStore, Swap};
use tower_oauth::{Clock, Timestamp};
use tower_oauth_test::ManualClock;

use super::database::{Database, Engine, content};
use super::{on, on_each};

const INTERVAL: Duration = Duration::from_secs(600);
const LONG_AFTER: Duration = Duration::from_secs(60 * 60);

impl Database {
    /// Adds `count` sessions that end in `seconds`, past the store.
    async fn fill(&self, count: u32, seconds: u64) {
        let ends = (self.clock.now() + Duration::from_secs(seconds)).unix_seconds();
        let (key, numbers) = match self.engine {
            Engine::Postgres => {
                ("sha256(n::text::bytea)", format!("generate_series(1, {count}) AS numbers (n)"))
            }
            Engine::MariaDb => ("UNHEX(SHA2(seq, 256))", format!("seq_1_to_{count}")),
            _ => (
                "randomblob(32)",
                format!(
                    "(WITH RECURSIVE numbers(n) AS \
                     (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) \
                     SELECT n FROM numbers)"
                ),
            ),
        };
        self.execute(&format!(
            "INSERT INTO {{p}}sessions (session_key, version, expires, payload) \
             SELECT {key}, 1, {ends}, {key} FROM {numbers}"
        ))
        .await;
    }
}

/// Waits for the cleaner, which works beside the test.
async fn until(what: impl AsyncFn() -> bool) {
    let waiting = async {
        while !what().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn p17_it_removes_what_is_expired_in_batches_and_nothing_else() {
    on_each(async |database| {
        let store = database.store().await;
        database.fill(2_500, 60).await;
        let (live, mark) = (database.key(), Mark::from_bytes([1; 32]));
        store.create(&live, database.record("live", 60 + 2 * LONG_AFTER.as_secs())).await.unwrap();
        let soon = database.clock.now() + Duration::from_secs(60);
        assert!(store.mark_once(&mark, soon).await.unwrap());
        assert_eq!(store.clean_expired().await.unwrap(), 0, "nothing is expired");
        database.clock.advance(Duration::from_secs(60) + LONG_AFTER);
        assert_eq!(store.clean_expired().await.unwrap(), 2_501);
        assert_eq!((database.count("sessions").await, database.count("marks").await), (1, 0));
        assert_eq!(content(&store, &live).await.unwrap(), b"live");
    })
    .await;
}

/// While it cleans, by a clock that is far ahead, sessions are swapped and keys are created anew. None is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p17_it_never_removes_what_was_just_replaced() {
    on_each(async |database| {
        let far = ManualClock::new();
        far.advance(LONG_AFTER);
        let (here, ahead) = (database.store().await, database.store_with(far.clone()).await);
        let cleaner = database.store_with(far).await;
        for _ in 0..20 {
            let keys: Vec<_> = (0..20).map(|_| database.key()).collect();
            for key in &keys {
                here.create(key, database.record("old", 60)).await.unwrap();
            }
            let cleaner = cleaner.clone();
            let cleaned = tokio::spawn(async move { cleaner.clean_expired().await });
            let mut kept = Vec::new();
            for (number, key) in keys.iter().enumerate() {
                let record = database.record("new", 24 * 60 * 60);
                if number % 2 == 0 {
                    ahead.create(key, record).await.unwrap();
                } else {
                    let Some(stored) = here.load(key).await.unwrap() else { continue };
                    let swap = here.swap(key, stored.version, record).await.unwrap();
                    if swap == Swap::Missing {
                        continue;
                    }
                }
                kept.push(*key);
            }
            cleaned.await.unwrap().unwrap();
            for key in kept {
                assert_eq!(content(&here, &key).await.unwrap(), b"new");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p17_the_task_cleans_at_once_and_in_each_interval() {
    on_each(async |database| {
        let store = database.store().await;
        database.fill(10, 60).await;
        database.clock.advance(LONG_AFTER);
        let cleaner = store.spawn_cleaner(INTERVAL);
        until(async || database.count("sessions").await == 0).await;
        cleaner.stop().await;
        assert!(store.load(&database.key()).await.unwrap().is_none(), "the store goes on");
    })
    .await;
}

/// Of ten replicas that wake in one interval, one cleans; in the next, one again.
#[tokio::test(flavor = "multi_thread")]
async fn p17_replicas_do_not_pile_up() {
    on(&Engine::SHARED, async |database: Database| {
        database.fill(10, 60).await;
        database.clock.advance(LONG_AFTER);
        let first = database.store().await.spawn_cleaner(INTERVAL);
        until(async || database.count("sessions").await == 0).await;
        database.fill(10, 0).await;
        database.execute("UPDATE {p}sessions SET expires = 1").await;
        for _ in 0..9 {
            let clock = Watched::new(&database.clock);
            let other = database.store_with(clock.clone()).await.spawn_cleaner(INTERVAL);
            until(async || clock.was_read()).await;
            other.stop().await;
        }
        assert_eq!(database.count("sessions").await, 10, "it was cleaned in this interval");
        database.clock.advance(INTERVAL);
        let next = database.store().await.spawn_cleaner(INTERVAL);
        until(async || database.count("sessions").await == 0).await;
        next.stop().await;
        first.stop().await;
    })
    .await;
}

/// Tells whether a cleaner has begun.
#[derive(Clone, Debug)]
struct Watched {
    clock: ManualClock,
    was_read: Arc<AtomicBool>,
}

impl Watched {
    fn new(clock: &ManualClock) -> Self {
        Self { clock: clock.clone(), was_read: Arc::default() }
    }

    fn was_read(&self) -> bool {
        self.was_read.load(Ordering::Relaxed)
    }
}

impl Clock for Watched {
    fn now(&self) -> Timestamp {
        self.was_read.store(true, Ordering::Relaxed);
        self.clock.now()
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }
}

/// However far it is, `stop` returns soon, and from then on nothing is written.
#[tokio::test(flavor = "multi_thread")]
async fn q13_a_stopped_cleaner_writes_no_more() {
    on_each(async |database| {
        let store = database.store().await;
        database.fill(20_000, 60).await;
        database.clock.advance(LONG_AFTER);
        let cleaner = store.spawn_cleaner(INTERVAL);
        until(async || database.count("sessions").await < 20_000).await;
        cleaner.stop().await;
        let left = database.count("sessions").await;
        assert!(left > 0, "it was stopped on its way");
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            assert_eq!(database.count("sessions").await, left);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q13_a_cleaner_that_is_dropped_ends() {
    on_each(async |database| {
        database.fill(10, 60).await;
        database.clock.advance(LONG_AFTER);
        let clock = Watched::new(&database.clock);
        let cleaner = database.store_with(clock.clone()).await.spawn_cleaner(INTERVAL);
        until(async || database.count("sessions").await == 0).await;
        assert_eq!(Arc::strong_count(&clock.was_read), 2, "the task has the store");
        drop(cleaner);
        until(async || Arc::strong_count(&clock.was_read) == 1).await;
    })
    .await;
}
