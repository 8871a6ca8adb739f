//! The store that replicas share: a server for all tests, and a place of its own on it for each.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use tower_oauth_sqlx::sqlx::{self, Executor as _};
use tower_oauth_tests::servers::{PostgresServer, RedisServer};

/// A place for the sessions of one test.
#[derive(Debug)]
pub(crate) enum Store {
    Redis { database: usize },
    Postgres { url: String },
}

impl Store {
    pub(crate) fn redis() -> Self {
        Self::Redis { database: next() }
    }

    pub(crate) async fn postgres() -> Self {
        let (url, name) = (postgres_server().url(), format!("test_{}", next()));
        let pool = sqlx::PgPool::connect(&url).await.unwrap();
        pool.execute(&*format!("CREATE DATABASE {name}")).await.unwrap();
        pool.close().await;
        let server = url.strip_suffix("/postgres").unwrap();
        Self::Postgres { url: format!("{server}/{name}") }
    }

    /// The value of `AUTH_STORE`.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Redis { database } => format!("{}/{database}", redis_server().url()),
            Self::Postgres { url } => url.clone(),
        }
    }

    /// Two minutes later, for the leases of whoever is refreshing.
    pub(crate) async fn end_leases(&self) {
        const FORGET_MARKS: &str = "redis.call('select', ARGV[1])
            for _, key in ipairs(redis.call('keys', 'tower-oauth:m:*')) do redis.call('del', key) end";
        match self {
            Self::Redis { database } => {
                let database = database.to_string();
                let _ = redis_server().query(&["EVAL", FORGET_MARKS, "0", &database]);
            }
            Self::Postgres { url } => {
                let pool = sqlx::PgPool::connect(url).await.unwrap();
                pool.execute("UPDATE tower_oauth_marks SET expires = expires - 120").await.unwrap();
                pool.close().await;
            }
        }
    }
}

fn next() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn redis_server() -> &'static RedisServer {
    static SERVER: OnceLock<RedisServer> = OnceLock::new();
    SERVER.get_or_init(|| RedisServer::start_with(&["--databases", "64"]))
}

fn postgres_server() -> &'static PostgresServer {
    static SERVER: OnceLock<PostgresServer> = OnceLock::new();
    SERVER.get_or_init(PostgresServer::start)
}
