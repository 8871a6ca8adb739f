//! What `AccessToken` costs when nothing is due, and what a token costs that is read from other sessions:
//! `cargo bench -p benches --bench tokens`.
//!
//! All in memory, with the same tokens. With `-- --instructions` each is run under valgrind too, which takes minutes.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures and prints, and stops where something is wrong"
)]

mod peers;

use std::hint::black_box;
use std::process::Command;
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
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut subjects = subjects().await;
    // As the child of one that counts instructions: one subject, so many requests.
    if let [ask, subject, requests, ..] = arguments.as_slice()
        && ask == "--ask"
    {
        let subject = subjects.get_mut(subject.parse::<usize>().unwrap()).unwrap();
        return subject.ask(requests.parse().unwrap()).await;
    }
    let counts = arguments.iter().any(|argument| argument == "--instructions");
    let times = rounds(&mut subjects, TURNS).await;
    let micros: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1e6).collect();
    let bare = micros.first().copied().unwrap();
    let ours = subjects.iter().position(|subject| subject.name() == OURS).unwrap();
    let ours = micros.get(ours).unwrap() - bare;
    println!("| {SESSIONS} sessions | one request, µs | added, to `AccessToken` | instructions |");
    println!("|---|---|---|---|");
    for (place, (subject, micros)) in subjects.iter().zip(&micros).enumerate() {
        let added = (micros - bare) / ours;
        let instructions = if counts { instructions(place).to_string() } else { "-".into() };
        println!("| {} | {micros:.2} | {added:.2} | {instructions} |", subject.name());
    }
}

const OURS: &str = "`User` and `AccessToken`";

async fn subjects() -> [Subject; 7] {
    let mut maker = SessionMaker::new().await;
    let store = || MemoryStore::new(Arc::new(SystemClock::default()));
    let (for_user, for_token) = (store(), store());
    let mut cookies = Vec::new();
    for _ in 0..SESSIONS {
        let (cookie, key, record) = maker.make();
        for_user.create(&key, record.clone()).await.unwrap();
        for_token.create(&key, record).await.unwrap();
        cookies.push(cookie);
    }
    let user = async |user: User| {
        black_box(user.subject());
        "ok"
    };
    let layer = maker.auth().store(for_user).build().unwrap().layer();
    let route = Router::new().route("/me", get(async || "ok"));
    let without = maker.auth().build().unwrap().layer();
    [
        Subject::new("the route without a layer", route.clone(), cookies.clone()),
        Subject::new("our layer, and nobody asks", route.layer(without), cookies.clone()),
        Subject::new("`User`", Router::new().route("/me", get(user)).layer(layer), cookies.clone()),
        Subject::new(OURS, me(maker.auth().store(for_token)), cookies),
        peers::tower_sessions(SESSIONS).await,
        peers::axum_login("axum-login, hash of 32 bytes", SESSIONS, false).await,
        peers::axum_login("axum-login, the token as its hash", SESSIONS, true).await,
    ]
}

/// Instructions of one request: the difference between two runs, so that what comes before does not count.
fn instructions(place: usize) -> u64 {
    let count = |requests: u32| {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(std::env::current_exe().unwrap())
            .args(["--ask", &place.to_string(), &requests.to_string()])
            .output()
            .unwrap();
        let report = String::from_utf8_lossy(&output.stderr).into_owned();
        let total = report.lines().find_map(|line| line.split_once("Collected : "));
        let total = total.and_then(|(_, total)| total.trim().parse::<u64>().ok());
        total.unwrap_or_else(|| panic!("valgrind says:\n{report}"))
    };
    (count(2 * SESSIONS) - count(SESSIONS)) / u64::from(SESSIONS)
}
