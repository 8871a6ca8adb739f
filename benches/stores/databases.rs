//! PostgreSQL and SQLite, and rows made by the database itself, which is quicker than a million statements.

use std::fs;
use std::path::PathBuf;
use std::str::FromStr as _;

use bench_guard::SessionMaker;
use tower_oauth::session::SessionStore as _;
use tower_oauth_sqlx::SqlStore;
use tower_oauth_sqlx::sqlx::{self, Executor as _, PgPool, SqlitePool};
use tower_oauth_tests::servers::{PostgresServer, new_directory};

/// A database with our tables. Its server or its file ends with it.
pub(crate) enum Database {
    Postgres { raw: PgPool, server: PostgresServer },
    Sqlite { raw: SqlitePool, directory: PathBuf },
}

impl Database {
    pub(crate) fn postgres() -> Self {
        let server = PostgresServer::start();
        Self::Postgres { raw: PgPool::connect_lazy(&server.url()).unwrap(), server }
    }

    pub(crate) fn sqlite() -> Self {
        let directory = new_directory("benches");
        let url = format!("sqlite:{}", directory.join("sessions.db").display());
        let options = sqlx::sqlite::SqliteConnectOptions::from_str(&url).unwrap();
        Self::Sqlite { raw: SqlitePool::connect_lazy_with(options), directory }
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Postgres { .. } => "PostgreSQL",
            Self::Sqlite { .. } => "SQLite",
        }
    }

    /// The store on it, with tables.
    pub(crate) async fn store(&self) -> SqlStore {
        let url = match self {
            Self::Postgres { server, .. } => server.url(),
            Self::Sqlite { directory, .. } => {
                format!("sqlite:{}", directory.join("sessions.db").display())
            }
        };
        let store = SqlStore::connect(&url).await.unwrap();
        store.migrate().await.unwrap();
        store
    }

    /// Adds `rows` like one that the store wrote, with keys and hashes of their own, which end at `expires`: SQL over
    /// the number of the row, `n`.
    pub(crate) async fn fill(
        &self,
        store: &SqlStore,
        maker: &mut SessionMaker,
        rows: u32,
        expires: &str,
    ) {
        let (_, key, record) = maker.make();
        store.create(&key, record).await.unwrap();
        // In parts, so that a log that is kept for a transaction stays small.
        for part in 0..rows.div_ceil(PART) {
            let (first, last) = (part * PART + 1, rows.min((part + 1) * PART));
            match self {
                Self::Postgres { raw, .. } => {
                    let hash =
                        |of: &str| format!("sha256(convert_to('{of}' || n || random(), 'UTF8'))");
                    let (key, subject, sid) = (hash("key"), hash("sub"), hash("sid"));
                    let sql = format!(
                        "INSERT INTO tower_oauth_sessions \
                         (version, expires, session_key, subject_hash, sid_hash, payload) \
                         SELECT n, {expires}, {key}, {subject}, {sid}, payload \
                         FROM (SELECT payload FROM tower_oauth_sessions LIMIT 1) AS one, \
                         generate_series({first}::bigint, {last}) AS n"
                    );
                    raw.execute(sqlx::raw_sql(&sql)).await.unwrap();
                }
                Self::Sqlite { raw, .. } => {
                    let sql = format!(
                        "WITH RECURSIVE numbers(n) AS \
                         (VALUES({first}) UNION ALL SELECT n + 1 FROM numbers WHERE n < {last}) \
                         INSERT INTO tower_oauth_sessions \
                         (version, expires, session_key, subject_hash, sid_hash, payload) \
                         SELECT n, {expires}, randomblob(32), randomblob(32), randomblob(32), payload \
                         FROM numbers, (SELECT payload FROM tower_oauth_sessions LIMIT 1)"
                    );
                    raw.execute(sqlx::raw_sql(&sql)).await.unwrap();
                }
            }
        }
        let settle = match self {
            Self::Postgres { .. } => "ANALYZE tower_oauth_sessions",
            Self::Sqlite { .. } => "PRAGMA wal_checkpoint(TRUNCATE)",
        };
        self.execute(settle).await;
    }

    /// What the sessions take, indexes included.
    pub(crate) async fn bytes(&self) -> u64 {
        match self {
            Self::Postgres { raw, .. } => {
                let sql = "SELECT pg_total_relation_size('tower_oauth_sessions')";
                let size: i64 = sqlx::query_scalar(sql).fetch_one(raw).await.unwrap();
                size.cast_unsigned()
            }
            Self::Sqlite { directory, .. } => {
                fs::metadata(directory.join("sessions.db")).unwrap().len()
            }
        }
    }

    async fn execute(&self, sql: &'static str) {
        match self {
            Self::Postgres { raw, .. } => raw.execute(sqlx::raw_sql(sql)).await.map(drop).unwrap(),
            Self::Sqlite { raw, .. } => raw.execute(sqlx::raw_sql(sql)).await.map(drop).unwrap(),
        }
    }
}

/// The end of a row that is live for as long as anybody measures.
pub(crate) const LIVE: &str = "4102444800";

const PART: u32 = 50_000;

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Sqlite { directory, .. } = self {
            let _ = fs::remove_dir_all(directory);
        }
    }
}
