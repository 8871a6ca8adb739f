//! The contract of a store, and what it means here.

use std::time::Duration;

use tower_oauth::session::{Index, Mark, Payload, Record, SessionStore, Swap};
use tower_oauth::{Clock, Timestamp};
use tower_oauth_sqlx::SqlStore;
use tower_oauth_sqlx::sqlx::Executor as _;
use tower_oauth_sqlx::sqlx::mysql::MySqlPoolOptions;
use tower_oauth_sqlx::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tower_oauth_test::{ManualClock, StoreSuite};

use super::database::{Database, Engine, content};
use super::{on, on_each};

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds() {
    on_each(async |database| {
        let open = async |clock: ManualClock| database.store_with(clock).await;
        StoreSuite::new(open).run().await;
    })
    .await;
}

/// On an application's own pools. A strict level has the server refuse what it cannot order; the store then asks
/// again.
#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_at_other_isolation_levels() {
    let database = Database::new(Engine::Postgres).await;
    for level in [r"repeatable\ read", "serializable"] {
        let options = database.url.parse::<PgConnectOptions>().unwrap();
        let options = options.options([("default_transaction_isolation", level)]);
        let pool = PgPoolOptions::new().connect_lazy_with(options);
        keeps_the_contract(&database, SqlStore::from_postgres(pool)).await;
    }
    let database = Database::new(Engine::MariaDb).await;
    for sql in [
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    ] {
        let options = MySqlPoolOptions::new().after_connect(move |connection, _| {
            Box::pin(async move { connection.execute(sql).await.map(drop) })
        });
        let pool = options.connect(&database.url).await.unwrap();
        keeps_the_contract(&database, SqlStore::from_mysql(pool)).await;
    }
}

async fn keeps_the_contract(database: &Database, store: SqlStore) {
    let store = store.with_table_prefix(&database.prefix).unwrap();
    let open = async |clock: ManualClock| store.clone().with_clock(clock);
    StoreSuite::new(open).run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_a_taken_key_is_never_overwritten() {
    on_each(async |database| {
        let (one, two) = (database.store().await, database.store().await);
        let key = database.key();
        one.create(&key, database.record("one", 60)).await.unwrap();
        let taken = two.create(&key, database.record("two", 60)).await.unwrap_err();
        assert!(taken.is_already_exists());
        assert_eq!(content(&one, &key).await.unwrap(), b"one");
        database.clock.advance(Duration::from_secs(60));
        two.create(&key, database.record("two", 60)).await.unwrap();
        assert_eq!(content(&one, &key).await.unwrap(), b"two", "an expired one makes room");
        assert_eq!(database.count("sessions").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_what_was_deleted_stays_deleted() {
    on_each(async |database| {
        let (one, two) = (database.store().await, database.store().await);
        for end in ["key", "sid", "subject", "created again"] {
            let key = database.key();
            one.create(&key, database.record("one", 60)).await.unwrap();
            let version = one.load(&key).await.unwrap().unwrap().version;
            match end {
                "sid" => {
                    assert_eq!(two.delete_by_sid("https://op.example", "sid").await.unwrap(), 1);
                }
                "subject" => {
                    let deleted = two.delete_by_subject("https://op.example", "subject").await;
                    assert_eq!(deleted.unwrap(), 1);
                }
                _ => two.delete(&key).await.unwrap(),
            }
            let mut expected = Swap::Missing;
            if end == "created again" {
                two.create(&key, database.record("another", 60)).await.unwrap();
                expected = Swap::Conflict;
            }
            let swap = one.swap(&key, version, database.record("two", 600)).await.unwrap();
            assert_eq!(swap, expected, "{end}");
            assert_ne!(content(&one, &key).await.as_deref(), Some(&b"two"[..]), "{end}");
        }
    })
    .await;
}

/// Issuers and subjects of any length and letters are one column of 32 bytes.
#[tokio::test(flavor = "multi_thread")]
async fn names_are_compared_byte_for_byte_under_any_collation() {
    on_each(async |database| {
        let store = database.store().await;
        let long = "x".repeat(100_000);
        let names = ["alice", "Alice", "alice ", "álice", "a\u{301}lice", "", "a%", "\0", &long];
        for name in names {
            let index = Index::new("https://op.example", name, Some(name));
            let record = Record::new(
                Payload::from_bytes("x"),
                Timestamp::from_unix_seconds(u64::MAX),
                Some(index),
            );
            store.create(&database.key(), record).await.unwrap();
        }
        for (number, name) in names.iter().enumerate() {
            let deleted = if number % 2 == 0 {
                store.delete_by_subject("https://op.example", name).await
            } else {
                store.delete_by_sid("https://op.example", name).await
            };
            assert_eq!(deleted.unwrap(), 1, "{name:.10}");
        }
        assert_eq!(database.count("sessions").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p16_expired_records_never_load_although_nobody_cleans() {
    on_each(async |database| {
        let store = database.store().await;
        let key = database.key();
        store.create(&key, database.record("one", 60)).await.unwrap();
        let version = store.load(&key).await.unwrap().unwrap().version;
        database.clock.advance(Duration::from_secs(59));
        assert!(content(&store, &key).await.is_some());
        database.clock.advance(Duration::from_secs(1));
        assert!(content(&store, &key).await.is_none());
        let swap = store.swap(&key, version, database.record("two", 60)).await.unwrap();
        assert_eq!(swap, Swap::Missing);
        assert_eq!(database.count("sessions").await, 1, "it is still there");
    })
    .await;
}

/// Five minutes apart, each by its own clock: what one ended a little early, the other still serves, and the
/// cleaner of the one that is ahead leaves it alone.
#[tokio::test(flavor = "multi_thread")]
async fn p18_clocks_that_differ() {
    on_each(async |database| {
        let ahead = ManualClock::new();
        ahead.advance(Duration::from_secs(5 * 60));
        let (one, two) = (database.store().await, database.store_with(ahead.clone()).await);
        let key = database.key();
        one.create(&key, database.record("short", 4 * 60)).await.unwrap();
        assert!(content(&two, &key).await.is_none());
        assert_eq!(two.clean_expired().await.unwrap(), 0);
        assert_eq!(content(&one, &key).await.unwrap(), b"short");
        let key = database.key();
        two.create(&key, database.record("long", 60 * 60)).await.unwrap();
        assert_eq!(content(&one, &key).await.unwrap(), b"long");
        let mark = Mark::from_bytes([1; 32]);
        let until = database.clock.now() + Duration::from_secs(6 * 60);
        assert!(one.mark_once(&mark, until).await.unwrap());
        assert!(!two.mark_once(&mark, until).await.unwrap(), "used is used");
    })
    .await;
}

/// Two processes, each with connections of its own: every race has one winner.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p19_one_winner_among_processes() {
    on(&Engine::SHARED, async |database: Database| {
        let handles = [database.store().await, database.store().await];
        let expires = database.clock.now() + Duration::from_secs(60);
        for round in 0..20 {
            let (key, contested) = (database.key(), database.key());
            let mark = Mark::from_bytes([round; 32]);
            handles[0].create(&key, database.record("x", 60)).await.unwrap();
            let version = handles[0].load(&key).await.unwrap().unwrap().version;
            let tasks: Vec<_> = (0..8)
                .map(|number| {
                    let store = handles[number % 2].clone();
                    let [swap, create] = [database.record("y", 60), database.record("z", 60)];
                    tokio::spawn(async move {
                        let marked = store.mark_once(&mark, expires).await.unwrap();
                        let swap = store.swap(&key, version, swap).await.unwrap();
                        let created = store.create(&contested, create).await;
                        [marked, matches!(swap, Swap::Swapped(_)), created.is_ok()]
                    })
                })
                .collect();
            let mut wins = [0; 3];
            for task in tasks {
                for (wins, won) in wins.iter_mut().zip(task.await.unwrap()) {
                    *wins += u8::from(won);
                }
            }
            assert_eq!(wins, [1; 3]);
        }
    })
    .await;
}
