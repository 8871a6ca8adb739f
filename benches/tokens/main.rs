//! What `AccessToken` costs when nothing is due, and what a token costs that is read from other sessions:
//! `cargo bench -p benches --bench tokens`.
//!
//! All in memory, with the same tokens.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures and prints, and stops where something is wrong"
)]

mod peers;

use std::hint::black_box;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use benches::{SessionMaker, Subject, me, rounds};
use tower_oauth::session::SessionStore as _;
use tower_oauth::{MemoryStore, SystemClock, User};

const SESSIONS: u32 = 1_000;
const TURNS: usize = 2_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut subjects = subjects().await;
    let times = rounds(&mut subjects, TURNS).await;
    let micros: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1e6).collect();
    let bare = micros.first().copied().unwrap();
    let ours = subjects.iter().position(|subject| subject.name() == OURS).unwrap();
    let ours = micros.get(ours).unwrap() - bare;
    println!("| {SESSIONS} sessions | one request, µs | added, to `AccessToken` |");
    println!("|---|---|---|");
    for (subject, micros) in subjects.iter().zip(&micros) {
        let added = (micros - bare) / ours;
        println!("| {} | {micros:.2} | {added:.2} |", subject.name());
    }
}

const OURS: &str = "`User` and `AccessToken`";

async fn subjects() -> [Subject; 7] {
    let mut maker = SessionMaker::new().await;
    let (for_user, users) = filled(&mut maker).await;
    let (for_token, cookies) = filled(&mut maker).await;
    let user = async |user: User| {
        black_box(user.subject());
        "ok"
    };
    let layer = maker.auth().store(for_user).build().unwrap().layer();
    let route = Router::new().route("/me", get(async || "ok"));
    let without = maker.auth().build().unwrap().layer();
    [
        Subject::new("the route without a layer", route.clone(), users.clone()),
        Subject::new("our layer, and nobody asks", route.layer(without), users.clone()),
        Subject::new("`User`", Router::new().route("/me", get(user)).layer(layer), users),
        Subject::new(OURS, me(maker.auth().store(for_token)), cookies),
        peers::tower_sessions(SESSIONS).await,
        peers::axum_login("axum-login, hash of 32 bytes", SESSIONS, false).await,
        peers::axum_login("axum-login, the token as its hash", SESSIONS, true).await,
    ]
}

/// A store with sessions of its own, so that no subject finds what another has just brought into the processor's cache.
async fn filled(maker: &mut SessionMaker) -> (MemoryStore, Vec<String>) {
    let store = MemoryStore::new(Arc::new(SystemClock::default()));
    let mut cookies = Vec::new();
    for _ in 0..SESSIONS {
        let (cookie, key, record) = maker.make();
        store.create(&key, record).await.unwrap();
        cookies.push(cookie);
    }
    (store, cookies)
}
