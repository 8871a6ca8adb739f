//! The servers, and the clients of each: our store, what a round trip by hand needs, and the store of tower-sessions.

use std::fs;
use std::path::PathBuf;

use redis::aio::MultiplexedConnection;
use tower_oauth_redis::RedisStore;
use tower_oauth_sqlx::SqlStore;
use tower_oauth_sqlx::sqlx::postgres::PgPoolOptions;
use tower_oauth_sqlx::sqlx::sqlite::SqlitePoolOptions;
use tower_oauth_sqlx::sqlx::{PgPool, SqlitePool};
use tower_oauth_tests::servers::{PostgresServer, RedisServer, new_directory};
use tower_sessions_redis_store::RedisStore as TheirRedisStore;
use tower_sessions_redis_store::fred::prelude::{ClientLike as _, Config, Pool};
use tower_sessions_sqlx_store::{PostgresStore, SqliteStore};

/// What tower-sessions' documentation takes.
const THEIR_CONNECTIONS: usize = 6;

pub(crate) struct Servers {
    redis: RedisServer,
    postgres: PostgresServer,
    directory: PathBuf,
}

impl Servers {
    pub(crate) fn start() -> Self {
        let directory = new_directory("engines");
        Self { redis: RedisServer::start(), postgres: PostgresServer::start(), directory }
    }

    pub(crate) async fn redis(&self) -> (RedisStore, MultiplexedConnection, TheirRedisStore<Pool>) {
        let url = self.redis.url();
        let client = redis::Client::open(url.as_str()).unwrap();
        let connection = client.get_multiplexed_async_connection().await.unwrap();
        let config = Config::from_url(&url).unwrap();
        let pool = Pool::new(config, None, None, None, THEIR_CONNECTIONS).unwrap();
        pool.init().await.unwrap();
        (RedisStore::connect(&url).await.unwrap(), connection, TheirRedisStore::new(pool))
    }

    /// The pool of the two others asks no connection whether it lives before each use, as ours does not.
    pub(crate) async fn postgres(&self) -> (SqlStore, PgPool, PostgresStore) {
        let url = self.postgres.url();
        let ours = SqlStore::connect(&url).await.unwrap();
        ours.migrate().await.unwrap();
        let pool = PgPoolOptions::new().test_before_acquire(false).connect(&url).await.unwrap();
        let theirs = PostgresStore::new(pool.clone());
        theirs.migrate().await.unwrap();
        (ours, pool, theirs)
    }

    /// One file for all: our store sets it up.
    pub(crate) async fn sqlite(&self) -> (SqlStore, SqlitePool, SqliteStore) {
        let url = format!("sqlite:{}", self.directory.join("sessions.db").display());
        let ours = SqlStore::connect(&url).await.unwrap();
        ours.migrate().await.unwrap();
        let pool = SqlitePoolOptions::new().test_before_acquire(false).connect(&url).await.unwrap();
        let theirs = SqliteStore::new(pool.clone());
        theirs.migrate().await.unwrap();
        (ours, pool, theirs)
    }

    /// How many commands the Redis server has run.
    pub(crate) fn commands(&self) -> u64 {
        self.redis.info("total_commands_processed").parse().unwrap()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}
