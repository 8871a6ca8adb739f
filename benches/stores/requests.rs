//! The time of a request that wants the user and the token, in each store.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use bench_guard::{SessionMaker, Subject, me, rounds};
use tower_oauth::session::SessionStore;
use tower_oauth::{MemoryStore, NearCache, SystemClock};
use tower_oauth_redis::RedisStore;
use tower_oauth_tests::servers::RedisServer;

use crate::databases::Database;

const SESSIONS: u32 = 1_000;
const TURNS: usize = 500;

pub(crate) async fn table() {
    let mut maker = SessionMaker::new().await;
    let server = RedisServer::start();
    let redis = async |prefix: &str| {
        RedisStore::options().prefix(prefix).connect(&server.url()).await.unwrap()
    };
    let (postgres, sqlite) = (Database::postgres(), Database::sqlite());

    let strangers = || ["other=cookie".to_owned()];
    let route = Router::new().route("/me", get(async || "ok"));
    let layer = maker.auth().build().unwrap().layer();
    let memory = MemoryStore::new(Arc::new(SystemClock::default()));
    let near = NearCache::new(redis("near:").await, Duration::from_secs(60));
    let cookies: Vec<_> = (0..SESSIONS).map(|_| maker.make_cookie()).collect();
    let in_cookies = me(maker.auth().cookie_sessions());
    let mut subjects = [
        Subject::new("the route without the layer", route.clone(), strangers()),
        Subject::new("the layer, and nobody asks", route.layer(layer), strangers()),
        stored("memory", memory, &mut maker).await,
        stored("near-cache before Redis, within its bound", near, &mut maker).await,
        Subject::new("cookie", in_cookies, cookies),
        stored("Redis", redis("far:").await, &mut maker).await,
        stored("SQLite", sqlite.store().await, &mut maker).await,
        stored("PostgreSQL", postgres.store().await, &mut maker).await,
    ];
    let times = rounds(&mut subjects, TURNS).await;
    let micros = |time: &Duration| time.as_secs_f64() * 1e6;
    let memory = subjects.iter().position(|it| it.name == "memory");
    let memory = memory.and_then(|place| times.get(place)).map(micros).unwrap();
    println!("| {SESSIONS} sessions | one request, µs | to memory |\n|---|---|---|");
    for (subject, time) in subjects.iter().zip(&times) {
        let time = micros(time);
        println!("| {} | {time:.1} | {:.2} |", subject.name, time / memory);
    }
}

async fn stored(name: &str, store: impl SessionStore, maker: &mut SessionMaker) -> Subject {
    let cookies = maker.fill(&store, SESSIONS).await;
    Subject::new(name, me(maker.auth().store(store)), cookies)
}
