//! A database that hangs, goes away and comes back; and what is said about it.

use std::time::Duration;

use tokio::time::{Instant, timeout};
use tower_oauth::session::{Mark, SessionStore};
use tower_oauth_sqlx::sqlx::{Executor as _, Sqlite, pool::PoolConnection};
use tower_oauth_sqlx::sqlx::{MySqlConnection, PgConnection, SqliteConnection};
use tower_oauth_sqlx::{SqlErrorKind, SqlStore};
use tower_oauth_test::{ManualClock, TestBrowser};
use tower_oauth_tests::servers::{MariaDbServer, PostgresServer};
use tower_oauth_tests::{Captured, Setup};

use super::database::{Database, Engine, Raw, content};
use super::{on, on_each};

/// Nobody else gets at the tables while it lives.
#[expect(dead_code, reason = "it is held, not used")]
enum Locked {
    Postgres(PgConnection),
    MySql(MySqlConnection),
    SqliteFile(SqliteConnection),
    SqliteMemory(PoolConnection<Sqlite>),
}

impl Database {
    /// Locks the tables; those of a SQLite file can still be read.
    async fn lock(&self) -> Locked {
        let sql = match self.engine {
            Engine::Postgres => "BEGIN; LOCK TABLE {p}sessions, {p}marks",
            Engine::MariaDb => "LOCK TABLES {p}sessions WRITE, {p}marks WRITE",
            Engine::SqliteFile => "BEGIN IMMEDIATE",
            Engine::SqliteMemory => "",
        };
        let sql = sql.replace("{p}", &self.prefix);
        match &self.raw {
            Raw::Postgres(pool) => {
                let mut connection = pool.acquire().await.unwrap().detach();
                connection.execute(&*sql).await.unwrap();
                Locked::Postgres(connection)
            }
            Raw::MySql(pool) => {
                let mut connection = pool.acquire().await.unwrap().detach();
                connection.execute(&*sql).await.unwrap();
                Locked::MySql(connection)
            }
            Raw::Sqlite(pool) if self.engine == Engine::SqliteMemory => {
                Locked::SqliteMemory(pool.acquire().await.unwrap())
            }
            Raw::Sqlite(pool) => {
                let mut connection = pool.acquire().await.unwrap().detach();
                connection.execute(&*sql).await.unwrap();
                Locked::SqliteFile(connection)
            }
        }
    }
}

const DEADLINE: Duration = Duration::from_millis(300);
/// A deadline that passed, and no more.
const SOON: Duration = Duration::from_millis(1_500);

#[tokio::test(flavor = "multi_thread")]
async fn p05_a_database_that_hangs_is_waited_for_until_the_deadline() {
    on_each(async |database| {
        let store = database.store().await.with_deadline(DEADLINE);
        let key = database.key();
        store.create(&key, database.record("old", 60)).await.unwrap();
        let version = store.load(&key).await.unwrap().unwrap().version;
        let mark = Mark::from_bytes([9; 32]);
        let until = database.record("", 60).expires;
        let locked = database.lock().await;
        let start = Instant::now();
        let results = [
            store.create(&database.key(), database.record("new", 60)).await.is_err(),
            store.swap(&key, version, database.record("new", 60)).await.is_err(),
            store.delete(&key).await.is_err(),
            store.delete_by_sid("https://op.example", "another").await.is_err(),
            store.mark_once(&mark, until).await.is_err(),
            store.load(&key).await.is_err() || database.engine == Engine::SqliteFile,
        ];
        assert_eq!(results, [true; 6]);
        assert!(start.elapsed() < SOON + 6 * DEADLINE, "{:?}", start.elapsed());
        drop(locked);
        // What had been asked for may have happened meanwhile, and whatever it was, the store goes on.
        let patient = store.with_deadline(Duration::from_secs(5));
        let key = database.key();
        patient.create(&key, database.record("after", 60)).await.unwrap();
        assert_eq!(content(&patient, &key).await.unwrap(), b"after");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p05_a_hanging_database_is_503_and_public_pages_are_served() {
    on(&[Engine::Postgres, Engine::MariaDb, Engine::SqliteMemory], async |database: Database| {
        let setup = Setup::new();
        let store = database.store_with(setup.clock.clone()).await.with_deadline(DEADLINE);
        let mut browser = setup.browser(&setup.auth_on(store));
        browser.login_as("alice").await;
        let locked = database.lock().await;
        assert_eq!(browser.open("/private").await.status(), 503);
        assert_eq!(browser.open("/").await.status(), 503);
        let start = Instant::now();
        assert_eq!(browser.open("/public").await.text(), "public");
        assert!(start.elapsed() < DEADLINE);
        drop(locked);
        assert!(recovers(&mut browser).await, "it goes on as if nothing had been");
    })
    .await;
}

/// Whether the session is served again, at once or after one more 503.
async fn recovers(browser: &mut TestBrowser) -> bool {
    for _ in 0..2 {
        if browser.open("/private").await.text() == "private to sub-alice" {
            return true;
        }
    }
    false
}

/// Callers that hang up while the database hangs leave nothing behind that keeps others out.
#[tokio::test(flavor = "multi_thread")]
async fn callers_that_give_up_use_up_no_connection() {
    on_each(async |database| {
        let store = database.store().await;
        let key = database.key();
        store.create(&key, database.record("kept", 60)).await.unwrap();
        let locked = database.lock().await;
        let calls: Vec<_> = (0..40)
            .map(|number| {
                let (store, key) = (store.clone(), database.key());
                let record = database.record("x", 60);
                tokio::spawn(async move {
                    let patience = Duration::from_millis(number * 5);
                    timeout(patience, store.create(&key, record)).await.is_ok()
                })
            })
            .collect();
        for call in calls {
            assert!(!call.await.unwrap());
        }
        drop(locked);
        assert_eq!(content(&store, &key).await.unwrap(), b"kept");
    })
    .await;
}

/// A server that tests stop.
enum Server {
    Postgres(PostgresServer),
    MariaDb(MariaDbServer),
}

impl Server {
    fn url(&self) -> String {
        match self {
            Self::Postgres(server) => server.url(),
            Self::MariaDb(server) => server.url(),
        }
    }

    fn stop(&self) {
        match self {
            Self::Postgres(server) => server.stop(),
            Self::MariaDb(server) => server.stop(),
        }
    }

    fn start_again(&self) {
        match self {
            Self::Postgres(server) => server.start_again(),
            Self::MariaDb(server) => server.start_again(),
        }
    }
}

async fn restarted(engine: Engine, server: Server) {
    let database = Database::at(engine, server.url(), None).await;
    let setup = Setup::new();
    let store = database.store_with(setup.clock.clone()).await;
    store.migrate().await.unwrap();
    let mut browser = setup.browser(&setup.auth_on(store.clone()));
    browser.login_as("alice").await;
    fill_the_pool(&store, &database).await;
    server.stop();
    server.start_again();
    assert_eq!(browser.open("/private").await.text(), "private to sub-alice", "not noticed");
    fill_the_pool(&store, &database).await;
    server.stop();
    let start = Instant::now();
    assert_eq!(browser.open("/private").await.status(), 503);
    assert!(start.elapsed() < Duration::from_secs(2) + SOON, "{:?}", start.elapsed());
    assert_eq!(browser.open("/public").await.text(), "public");
    server.start_again();
    assert_eq!(browser.open("/private").await.text(), "private to sub-alice", "at once");
    browser.post("/auth/logout", &[]).await;
    assert_eq!(browser.open("/").await.text(), "Hello, stranger!");
}

/// Ten calls at once: afterwards every connection of the pool is open and idle.
async fn fill_the_pool(store: &SqlStore, database: &Database) {
    let calls: Vec<_> = (0..30)
        .map(|_| {
            let (store, key) = (store.clone(), database.key());
            tokio::spawn(async move { store.load(&key).await.unwrap() })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p25_postgres_is_started_again() {
    restarted(Engine::Postgres, Server::Postgres(PostgresServer::start())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p25_mariadb_is_started_again() {
    restarted(Engine::MariaDb, Server::MariaDb(MariaDbServer::start())).await;
}

/// After a failover the name leads to the new primary, and the open connections to what is now a replica.
#[tokio::test(flavor = "multi_thread")]
async fn p25_connections_to_a_former_primary_are_given_up() {
    let database = Database::new(Engine::Postgres).await;
    let user = format!("{}app", database.prefix);
    database.execute(&format!("CREATE ROLE {user} LOGIN SUPERUSER")).await;
    database.execute(&format!("ALTER ROLE {user} SET default_transaction_read_only = on")).await;
    let url = database.url.replace("postgres@", &format!("{user}@"));
    let store = SqlStore::connect(&url).await.unwrap().with_clock(database.clock.clone());
    let store = store.with_table_prefix(&database.prefix).unwrap();
    fill_the_pool(&store, &database).await;
    let refused = store.create(&database.key(), database.record("x", 60)).await.unwrap_err();
    assert!(!refused.is_already_exists());
    fill_the_pool(&store, &database).await;
    database.execute(&format!("ALTER ROLE {user} RESET default_transaction_read_only")).await;
    store.create(&database.key(), database.record("x", 60)).await.unwrap();
}

/// Everything that takes a URL with a password in it.
#[tokio::test]
async fn g01_no_password_is_in_an_error_an_event_or_debug() {
    let captured = Captured::default();
    let _listening = captured.listen(tracing::Level::TRACE);
    let mut shown = String::new();
    let postgres = Database::empty(Engine::Postgres).await.url;
    let mariadb = Database::empty(Engine::MariaDb).await.url;
    for (url, kind) in [
        ("canary-4711", SqlErrorKind::Configuration),
        ("canary-4711:secret@localhost/app", SqlErrorKind::Configuration),
        ("oracle://app:canary-4711@localhost/app", SqlErrorKind::Configuration),
        ("postgres://app:canary-4711@localhost:port/app", SqlErrorKind::Configuration),
        ("postgres://app:canary-4711@localhost/app?sslmode=x", SqlErrorKind::Configuration),
        ("mysql://app:canary/4711@localhost/app", SqlErrorKind::Configuration),
        ("mysql://app:canary-4711@[localhost/app", SqlErrorKind::Configuration),
        ("postgres://app:canary-4711@no-such-host.invalid/app", SqlErrorKind::Unavailable),
        (&postgres.replace("postgres@", "app:canary-4711@"), SqlErrorKind::Database),
        (&mariadb.replace("root@", "app:canary-4711@"), SqlErrorKind::Database),
        ("sqlite:/no/such/directory/canary.db", SqlErrorKind::Database),
    ] {
        let error = SqlStore::connect(url).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{url}: {error}");
        shown += &format!("{error}\n{error:?}\n{error:#?}\n");
    }
    let url = postgres.replace("postgres@", "postgres:canary-4711@");
    let store = SqlStore::connect(&url).await.unwrap();
    shown += &format!("{store:?}\n{store:#?}\n{:?}", store.migrate().await);
    shown += &captured.take();
    assert!(shown.contains("lookup address"), "it says what it can:\n{shown}");
    for part in ["canary-4711", "canary/4711"] {
        assert!(!shown.contains(part), "{shown}");
    }
}

/// One round trip each; only what is unusual takes a second.
#[tokio::test(flavor = "multi_thread")]
async fn each_operation_is_one_statement() {
    // SQLite's thread tells of its statements a little later.
    on(&[Engine::Postgres, Engine::MariaDb], async |database: Database| {
        let store = database.store_with(ManualClock::new()).await;
        let (key, mark) = (database.key(), Mark::from_bytes([1; 32]));
        let record = || database.record("x", 60);
        let mut before = database.statements();
        let mut statements = || {
            let after = database.statements();
            after - std::mem::replace(&mut before, after)
        };
        store.create(&key, record()).await.unwrap();
        assert_eq!(statements(), 1, "create");
        let version = store.load(&key).await.unwrap().unwrap().version;
        assert_eq!(statements(), 1, "load");
        store.swap(&key, version, record()).await.unwrap();
        assert_eq!(statements(), 1, "swap");
        store.swap(&key, version, record()).await.unwrap();
        assert_eq!(statements(), 2, "a swap that comes too late");
        store.mark_once(&mark, record().expires).await.unwrap();
        assert_eq!(statements(), 1, "mark_once");
        store.delete_by_subject("https://op.example", "subject").await.unwrap();
        assert_eq!(statements(), 1, "delete_by_subject");
        store.delete(&key).await.unwrap();
        assert_eq!(statements(), 1, "delete");
    })
    .await;
}
