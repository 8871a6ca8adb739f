//! The store on Redis: the contract, the product on it, and what happens when the server fails.

mod connecting;
mod contract;
mod costs;
mod faults;
mod product;
mod proxy;
mod records;
mod secrets;

use std::sync::OnceLock;
use std::time::Duration;

use tower_oauth::session::{Index, Payload, Record, SessionId, StoreKey};
use tower_oauth::{Clock, SystemRandom};
use tower_oauth_redis::{RedisOptions, RedisStore};
use tower_oauth_test::ManualClock;
use tower_oauth_tests::servers::{RedisCluster, RedisServer};

const MINUTE: Duration = Duration::from_secs(60);

/// The server of all tests that leave it running.
fn server() -> &'static RedisServer {
    static SERVER: OnceLock<RedisServer> = OnceLock::new();
    SERVER.get_or_init(RedisServer::start)
}

/// The cluster of all tests that leave it running.
fn cluster() -> &'static RedisCluster {
    static CLUSTER: OnceLock<RedisCluster> = OnceLock::new();
    CLUSTER.get_or_init(RedisCluster::start)
}

/// Options with keys of a test's own.
fn options(test: &str, clock: &ManualClock) -> RedisOptions {
    RedisStore::options().prefix(format!("{test}:")).clock(clock.clone())
}

/// A store on the shared server, or the shared cluster.
async fn store(test: &str, clock: &ManualClock) -> RedisStore {
    options(test, clock).connect(&server().url()).await.unwrap()
}

async fn cluster_store(test: &str, clock: &ManualClock) -> RedisStore {
    options(test, clock).connect_cluster(cluster().urls()).await.unwrap()
}

fn key() -> StoreKey {
    SessionId::generate(&SystemRandom::default()).unwrap().store_key()
}

/// A record of alice that ends in a minute.
fn record(clock: &ManualClock, payload: &str) -> Record {
    let index = Index::new("https://op", "alice", Some("sid"));
    let payload = Payload::from_bytes(payload.to_owned());
    Record::new(payload, clock.now() + MINUTE, Some(index))
}
