//! Tables of one test's own, on a server that all tests share, and a way to them past the store.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use tower_oauth::Clock;
use tower_oauth::session::{Index, Payload, Record, SessionId, SessionStore, StoreKey};
use tower_oauth_sqlx::SqlStore;
use tower_oauth_sqlx::sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tower_oauth_sqlx::sqlx::{self, Executor as _, Row as _};
use tower_oauth_test::{ManualClock, SeededRandom};
use tower_oauth_tests::Captured;
use tower_oauth_tests::servers::{MariaDbServer, PostgresServer, new_directory};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Postgres,
    MariaDb,
    SqliteFile,
    SqliteMemory,
}

impl Engine {
    pub(crate) const ALL: [Self; 4] =
        [Self::Postgres, Self::MariaDb, Self::SqliteFile, Self::SqliteMemory];
    /// Those that several processes reach.
    pub(crate) const SHARED: [Self; 3] = [Self::Postgres, Self::MariaDb, Self::SqliteFile];
}

pub(crate) struct Database {
    pub(crate) engine: Engine,
    pub(crate) clock: ManualClock,
    pub(crate) prefix: String,
    pub(crate) url: String,
    /// Past the store.
    pub(crate) raw: Raw,
    random: SeededRandom,
    _file: Option<Directory>,
}

/// Everything that happens in this process, the statements among it.
static EVENTS: LazyLock<Captured> = LazyLock::new(|| {
    let captured = Captured::default();
    captured.listen_everywhere(tracing::Level::DEBUG);
    captured
});

#[derive(Clone)]
pub(crate) enum Raw {
    Postgres(sqlx::PgPool),
    MySql(sqlx::MySqlPool),
    Sqlite(sqlx::SqlitePool),
}

macro_rules! on_raw {
    ($raw:expr, $pool:ident => $result:expr) => {
        match $raw {
            Raw::Postgres($pool) => $result,
            Raw::MySql($pool) => $result,
            Raw::Sqlite($pool) => $result,
        }
    };
}

impl Database {
    /// With the tables made.
    pub(crate) async fn new(engine: Engine) -> Self {
        let database = Self::empty(engine).await;
        database.store().await.migrate().await.unwrap();
        database
    }

    /// Without tables.
    pub(crate) async fn empty(engine: Engine) -> Self {
        LazyLock::force(&EVENTS);
        static POSTGRES: OnceLock<PostgresServer> = OnceLock::new();
        static MARIADB: OnceLock<MariaDbServer> = OnceLock::new();
        match engine {
            Engine::Postgres => {
                let url = POSTGRES.get_or_init(PostgresServer::start).url();
                Self::at(engine, url, None).await
            }
            Engine::MariaDb => {
                let url = MARIADB.get_or_init(MariaDbServer::start).url();
                Self::at(engine, url, None).await
            }
            Engine::SqliteFile => {
                let file = Directory(new_directory("sqlite"));
                let url = format!("sqlite:{}", file.0.join("sessions.db").display());
                Self::at(engine, url, Some(file)).await
            }
            Engine::SqliteMemory => Self::at(engine, "sqlite::memory:".into(), None).await,
        }
    }

    /// On another server.
    pub(crate) async fn at(engine: Engine, url: String, file: Option<Directory>) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let raw = match engine {
            Engine::Postgres => Raw::Postgres(sqlx::PgPool::connect_lazy(&url).unwrap()),
            Engine::MariaDb => Raw::MySql(sqlx::MySqlPool::connect_lazy(&url).unwrap()),
            Engine::SqliteFile => {
                let options = url.parse::<SqliteConnectOptions>().unwrap();
                // One connection: another would still know a table by the name it had before.
                let pool = SqlitePoolOptions::new().max_connections(1);
                Raw::Sqlite(pool.connect_lazy_with(options.create_if_missing(true)))
            }
            Engine::SqliteMemory => {
                let pool = SqlitePoolOptions::new().max_connections(1);
                let pool = pool.idle_timeout(None).max_lifetime(None);
                Raw::Sqlite(pool.connect_lazy(&url).unwrap())
            }
        };
        Self {
            engine,
            clock: ManualClock::new(),
            prefix: format!("test{number}_"),
            url,
            raw,
            random: SeededRandom::new(number.into()),
            _file: file,
        }
    }

    /// A store on it, as of a process of its own.
    pub(crate) async fn store(&self) -> SqlStore {
        self.store_with(self.clock.clone()).await
    }

    pub(crate) async fn store_with(&self, clock: impl Clock) -> SqlStore {
        let store = match (&self.engine, &self.raw) {
            (Engine::SqliteMemory, Raw::Sqlite(pool)) => SqlStore::from_sqlite(pool.clone()),
            _ => SqlStore::connect(&self.url).await.unwrap(),
        };
        store.with_clock(clock).with_table_prefix(&self.prefix).unwrap()
    }

    /// Runs a statement in which `{p}` is the prefix of the tables.
    pub(crate) async fn execute(&self, sql: &str) {
        let sql = sql.replace("{p}", &self.prefix);
        on_raw!(&self.raw, pool => pool.execute(&*sql).await.map(drop).unwrap());
    }

    /// The number that a query finds.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let sql = sql.replace("{p}", &self.prefix);
        on_raw!(&self.raw, pool => pool.fetch_one(&*sql).await.unwrap().get(0))
    }

    /// The bytes in one column of a table.
    pub(crate) async fn column(&self, table: &str, column: &str) -> Vec<Vec<u8>> {
        let sql = format!("SELECT {column} FROM {}{table}", self.prefix);
        on_raw!(&self.raw, pool => {
            let rows = pool.fetch_all(&*sql).await.unwrap();
            rows.iter().filter_map(|row| row.get::<Option<Vec<u8>>, _>(0)).collect()
        })
    }

    /// How many rows `table` has, expired ones included.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        self.number(&format!("SELECT COUNT(*) FROM {{p}}{table}")).await
    }

    /// Takes a table away, so that everything that needs it fails; and gives it back.
    pub(crate) async fn rename(&self, from: &str, to: &str) {
        self.execute(&format!("ALTER TABLE {{p}}{from} RENAME TO {{p}}{to}")).await;
    }

    /// How many statements were run on the tables so far.
    pub(crate) fn statements(&self) -> usize {
        EVENTS.count(&["sqlx::query", &self.prefix])
    }

    pub(crate) fn key(&self) -> StoreKey {
        SessionId::generate(&self.random).unwrap().store_key()
    }

    /// A record that ends in `seconds`.
    pub(crate) fn record(&self, content: &'static str, seconds: u64) -> Record {
        let expires = self.clock.now() + Duration::from_secs(seconds);
        let index = Index::new("https://op.example", "subject", Some("sid"));
        Record::new(Payload::from_bytes(content), expires, Some(index))
    }
}

/// What a store has under a key.
pub(crate) async fn content(store: &SqlStore, key: &StoreKey) -> Option<Vec<u8>> {
    let stored = store.load(key).await.unwrap()?;
    Some(stored.payload.to_bytes().unwrap().to_vec())
}

/// Removed at the end.
pub(crate) struct Directory(PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
