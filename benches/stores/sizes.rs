//! The bytes of a session, in each store.

use std::fs;
use std::sync::Arc;

use bench_guard::SessionMaker;
use futures_util::{StreamExt as _, stream};
use tower_oauth::session::SessionStore as _;
use tower_oauth::{MemoryStore, SystemClock};
use tower_oauth_redis::RedisStore;
use tower_oauth_tests::servers::RedisServer;

use crate::databases::{Database, LIVE};

pub(crate) async fn table(sessions: u32) {
    let mut maker = SessionMaker::new().await;
    let (_, _, record) = maker.make();
    let sealed = record.payload.to_bytes().unwrap().len();
    println!(
        "\n| {sessions} sessions, each sealed {sealed} bytes | bytes per session |\n|---|---|"
    );
    row("memory", memory(&mut maker, sessions).await, sessions);
    row("cookie, on the server", 0, sessions);
    println!("| cookie, in the browser | {} |", maker.make_cookie().len());
    row("Redis", redis(&mut maker, sessions).await, sessions);
    for database in [Database::postgres(), Database::sqlite()] {
        let store = database.store().await;
        let empty = database.bytes().await;
        database.fill(&store, &mut maker, sessions, LIVE).await;
        row(database.name(), database.bytes().await - empty, sessions);
    }
}

fn row(store: &str, bytes: u64, sessions: u32) {
    println!("| {store} | {} |", bytes / u64::from(sessions));
}

async fn memory(maker: &mut SessionMaker, sessions: u32) -> u64 {
    let room = usize::try_from(sessions).unwrap() * 2; // its 64 parts do not fill evenly
    let store = MemoryStore::with_capacity(Arc::new(SystemClock::default()), room);
    let before = resident();
    for _ in 0..sessions {
        let (_, key, record) = maker.make();
        store.create(&key, record).await.unwrap();
    }
    assert_eq!(store.len(), usize::try_from(sessions).unwrap());
    resident() - before
}

async fn redis(maker: &mut SessionMaker, sessions: u32) -> u64 {
    let server = RedisServer::start();
    let store = RedisStore::options().connect(&server.url()).await.unwrap();
    let used = || server.info("used_memory").parse::<u64>().unwrap();
    let before = used();
    let records = stream::iter((0..sessions).map(|_| maker.make()));
    let created = records.map(|(_, key, record)| {
        let store = &store;
        async move { store.create(&key, record).await.unwrap() }
    });
    created.buffer_unordered(64).for_each(async |()| ()).await;
    used() - before
}

/// Resident memory of this process in bytes (Linux).
fn resident() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}
