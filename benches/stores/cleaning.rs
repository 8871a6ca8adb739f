//! What it takes to remove expired sessions, and what others notice of it.

use std::time::{Duration, Instant};

use bench_guard::SessionMaker;
use tower_oauth::session::{SessionStore as _, StoreKey};
use tower_oauth_sqlx::SqlStore;

use crate::databases::{Database, LIVE};

pub(crate) async fn table(live: u32, expired: u32) {
    println!(
        "\n| {expired} expired among {live} live | all | a batch of 1,000 | load: quiet | load: meanwhile, median, 99 %, longest | create: quiet | create: meanwhile |\n|---|---|---|---|---|---|---|"
    );
    for database in [Database::postgres(), Database::sqlite()] {
        let mut maker = SessionMaker::new().await;
        let store = database.store().await;
        database.fill(&store, &mut maker, live, LIVE).await;
        // Each second of the past ended some.
        database.fill(&store, &mut maker, expired, "1600000000 + n / 100").await;
        let (_, key, record) = maker.make();
        store.create(&key, record).await.unwrap();

        let mut quiet = Others::default();
        for _ in 0..300 {
            quiet.ask(&store, &key, &mut maker).await;
        }
        let start = now();
        let mut meanwhile = Others::default();
        let cleaning = store.clean_expired();
        let mut cleaning = std::pin::pin!(cleaning);
        let removed = loop {
            tokio::select! {
                biased;
                removed = &mut cleaning => break removed.unwrap(),
                () = meanwhile.ask(&store, &key, &mut maker) => {}
            }
        };
        let all = start.elapsed();
        assert_eq!(removed, u64::from(expired));
        println!(
            "| {} | {all:.1?} | {:.1?} | {} | {} | {} | {} |",
            database.name(),
            all / expired.div_ceil(1_000),
            spread(&mut quiet.loads),
            spread(&mut meanwhile.loads),
            spread(&mut quiet.creates),
            spread(&mut meanwhile.creates),
        );
    }
}

/// Requests of others, one at a time: a signed-in one and a login, with pauses.
#[derive(Default)]
struct Others {
    loads: Vec<Duration>,
    creates: Vec<Duration>,
}

impl Others {
    async fn ask(&mut self, store: &SqlStore, key: &StoreKey, maker: &mut SessionMaker) {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let start = now();
        assert!(store.load(key).await.unwrap().is_some());
        self.loads.push(start.elapsed());
        let (_, key, record) = maker.make();
        let start = now();
        store.create(&key, record).await.unwrap();
        self.creates.push(start.elapsed());
    }
}

#[expect(clippy::disallowed_methods, reason = "this is what measures time")]
fn now() -> Instant {
    Instant::now()
}

/// The median, what 99 of 100 stay below, and the longest.
fn spread(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |hundredths: usize| times.get((times.len() * hundredths / 100).min(times.len() - 1));
    let millis = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1e3);
    format!("{:.2} / {:.1} / {:.1} ms", millis(at(50)), millis(at(99)), millis(at(100)))
}
