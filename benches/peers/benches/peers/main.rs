//! What a signed-in request costs, beside what else a user could pick: `cargo bench -p bench-peers`.
//!
//! All in memory and in process, with the same tokens, and sessions of their own for each row. Instructions and
//! allocations are counted under callgrind; times are medians of interleaved rounds.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program that measures and prints, and stops where something is wrong"
)]

mod cookies;
mod lower_bound;
mod oidc;
#[path = "../loopback/provider.rs"]
mod provider;
mod sessions;
#[path = "../loopback/with_axum_oidc.rs"]
mod with_axum_oidc;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{MethodRouter, get};
use bench_guard::{Cost, SessionMaker, Subject, Targets, bare, count, me, rounds};
use tower_oauth::{MemoryStore, NearCache, SystemClock, User};

const SESSIONS: u32 = 1_000;
const TURNS: usize = 1_000;

/// Of axum-oidc: each takes a login, and callgrind watches.
const OIDC_SESSIONS: u32 = 20;

const OURS: &str = "`User` and `AccessToken`";

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut subjects = runtime.block_on(subjects());
    let Some(costs) = count(&mut subjects) else { return };
    let times = runtime.block_on(rounds(&mut subjects, TURNS));
    let (bare, bare_time) = (costs.first().unwrap(), times.first().unwrap());
    println!("| {SESSIONS} sessions; added to the bare route | instructions | allocations | µs |");
    println!("|---|---|---|---|");
    for ((subject, cost), time) in subjects.iter().zip(&costs).zip(&times).skip(1) {
        let instructions = cost.instructions.saturating_sub(bare.instructions);
        let allocations = cost.allocations.saturating_sub(bare.allocations);
        let micros = time.saturating_sub(*bare_time).as_secs_f64() * 1e6;
        println!("| {} | {instructions} | {allocations} | {micros:.2} |", subject.name);
    }
    let micros = bare_time.as_secs_f64() * 1e6;
    println!(
        "bare: {} instructions, {} allocations, {micros:.2} µs",
        bare.instructions, bare.allocations
    );
    targets(&subjects, &costs);
}

/// What each costs against what it should: as a count, or beside another.
fn targets(subjects: &[Subject], costs: &[Cost]) {
    let bare = costs.first().unwrap();
    let cost = |name: &str| {
        let place = subjects.iter().position(|subject| subject.name == name).unwrap();
        let cost = costs.get(place).unwrap();
        let [instructions, allocations] =
            [cost.instructions - bare.instructions, cost.allocations - bare.allocations]
                .map(|added| f64::from(u32::try_from(added).unwrap()));
        (instructions, allocations)
    };
    let mut targets = Targets::default();
    for (name, instructions, allocations) in [
        (OURS, 6_500.0, Some(8.0)),
        ("nobody asks", 2_300.0, Some(6.0)),
        ("no cookie, `Option<User>`", 2_600.0, None),
        ("unknown cookie, `Option<User>`", 6_500.0, None),
    ] {
        let measured = cost(name);
        targets.at_most(&format!("{name}: instructions"), measured.0, instructions);
        if let Some(allocations) = allocations {
            targets.at_most(&format!("{name}: allocations"), measured.1, allocations);
        }
    }
    let (ours, _) = cost(OURS);
    let (near, _) = cost("the same, out of a near-cache");
    targets.at_most("near-cache: instructions, to the memory store's", near / ours, 1.3);
    for (peer, ours, target) in [
        ("tower-sessions, `get(\"tokens\")`", ours, 4.0),
        ("axum-login, hash of 32 bytes", ours, 4.0),
        (oidc::NAME, ours, 400.0),
        ("axum-extra, `PrivateCookieJar`", cost("the same, session in its cookie").0, 10.0),
    ] {
        let (theirs, _) = cost(peer);
        targets.at_least(&format!("{peer}: instructions, to ours"), theirs / ours, target);
    }
}

async fn subjects() -> Vec<Subject> {
    let mut maker = SessionMaker::new().await;
    let unknown = |name: &str| vec![format!("{name}=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")];
    let (store, cookies) = filled(&mut maker).await;
    let strangers = MemoryStore::new(Arc::new(SystemClock::default()));
    let app = |store: MemoryStore, route: MethodRouter| {
        let layer = maker.auth().store(store).build().unwrap().layer();
        Router::new().route("/me", route).layer(layer)
    };
    let empty = || MemoryStore::new(Arc::new(SystemClock::default()));
    let mut subjects = vec![
        Subject::new("bare", bare(), cookies.clone()),
        Subject::new("nobody asks", app(empty(), get(async || "ok")), cookies.clone()),
        Subject::without_cookie("no cookie, `Option<User>`", app(empty(), get(perhaps))),
        Subject::new(
            "unknown cookie, `Option<User>`",
            app(strangers, get(perhaps)),
            unknown("__Host-auth"),
        ),
        Subject::new("`User`", app(store, get(named)), cookies),
    ];
    let (store, cookies) = filled(&mut maker).await;
    subjects.push(Subject::new(OURS, me(maker.auth().store(store)), cookies));
    let (store, cookies) = filled(&mut maker).await;
    let near = NearCache::new(store, Duration::from_secs(3600)).with_capacity(100_000);
    let name = "the same, out of a near-cache";
    subjects.push(Subject::new(name, me(maker.auth().store(near)), cookies));
    let cookies: Vec<_> = (0..SESSIONS).map(|_| maker.make_cookie()).collect();
    let name = "the same, session in its cookie";
    subjects.push(Subject::new(name, me(maker.auth().cookie_sessions()), cookies));
    subjects.extend([
        lower_bound::subject(SESSIONS),
        sessions::tower_sessions(SESSIONS).await,
        sessions::tower_sessions_stranger("tower-sessions, no cookie", None),
        sessions::tower_sessions_stranger(
            "tower-sessions, unknown cookie",
            Some("id=AAAAAAAAAAAAAAAAAAAAAA"),
        ),
        sessions::axum_login("axum-login, hash of 32 bytes", SESSIONS, false).await,
        sessions::axum_login("axum-login, the token as its hash", SESSIONS, true).await,
        cookies::private_cookie_jar(SESSIONS),
        oidc::subject(OIDC_SESSIONS).await,
    ]);
    subjects
}

async fn perhaps(user: Option<User>) -> &'static str {
    black_box(user.is_some());
    "ok"
}

async fn named(user: User) -> &'static str {
    black_box(user.subject());
    "ok"
}

/// A store with sessions of its own, so that no subject finds what another has just brought into the processor's cache.
async fn filled(maker: &mut SessionMaker) -> (MemoryStore, Vec<String>) {
    let store = MemoryStore::new(Arc::new(SystemClock::default()));
    let cookies = maker.fill(&store, SESSIONS).await;
    (store, cookies)
}
