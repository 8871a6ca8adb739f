//! What a signed-in request costs on Redis, PostgreSQL and SQLite: `cargo bench -p bench-peers --bench engines`.
//!
//! Per engine three ways: our store, one round trip by hand, and tower-sessions on its store; the same tokens, sessions of
//! their own for each. Instructions and allocations are of this program with all its threads (SQLite is one of them),
//! under callgrind; a server's own are not in them. Times are medians of interleaved rounds, the servers on loopback.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures and prints, and stops where something is wrong"
)]

#[path = "../peers/lower_bound.rs"]
#[expect(dead_code, reason = "its map is for sessions in memory")]
mod lower_bound;
mod round_trip;
mod servers;
#[path = "../peers/sessions.rs"]
#[expect(dead_code, reason = "the other benchmark has more rows")]
mod sessions;
mod theirs;

use bench_guard::{Cost, SessionMaker, Subject, Targets, bare, count_by, me, rounds};
use tokio::runtime::Runtime;
use tower_oauth::session::SessionStore;
use tower_sessions_0_14::SessionStore as TheirStore;

use self::round_trip::Engine;
use self::servers::Servers;

const SESSIONS: u32 = 200;
const TURNS: usize = 500;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let servers = Servers::start();
    let mut subjects = runtime.block_on(subjects(&servers));
    let ask = |subject: &mut Subject, requests| runtime.block_on(subject.ask(requests));
    let Some(costs) = count_by(&mut subjects, ask) else { return };
    let times = runtime.block_on(rounds(&mut subjects, TURNS));
    let (bare, bare_time) = (costs.first().unwrap(), times.first().unwrap());
    println!("| {SESSIONS} sessions; added to the bare route | instructions | allocations | µs |");
    println!("|---|---|---|---|");
    for ((subject, cost), time) in subjects.iter().zip(&costs).zip(&times).skip(1) {
        let instructions = cost.instructions - bare.instructions;
        let allocations = cost.allocations - bare.allocations;
        let micros = (*time - *bare_time).as_secs_f64() * 1e6;
        println!("| {} | {instructions} | {allocations} | {micros:.1} |", subject.name);
    }
    let micros = bare_time.as_secs_f64() * 1e6;
    println!(
        "bare: {} instructions, {} allocations, {micros:.2} µs",
        bare.instructions, bare.allocations
    );
    for subject in subjects.iter_mut().filter(|subject| subject.name.starts_with("Redis")) {
        let commands = commands(subject, &servers, &runtime);
        println!("{}: {commands} commands per request", subject.name);
    }
    targets(&costs);
}

async fn subjects(servers: &Servers) -> Vec<Subject> {
    let mut maker = SessionMaker::new().await;
    let (ours, by_hand, theirs) = servers.redis().await;
    let redis = ways("Redis", ours, by_hand, theirs, &mut maker).await;
    let (ours, by_hand, theirs) = servers.postgres().await;
    let postgres = ways("PostgreSQL", ours, by_hand, theirs, &mut maker).await;
    let (ours, by_hand, theirs) = servers.sqlite().await;
    let sqlite = ways("SQLite", ours, by_hand, theirs, &mut maker).await;
    let bare = Subject::new("bare", bare(), [lower_bound::cookie(0)]);
    [bare].into_iter().chain(redis).chain(postgres).chain(sqlite).collect()
}

/// The same request in three ways on one engine.
async fn ways(
    engine: &str,
    ours: impl SessionStore,
    by_hand: impl Engine,
    theirs: impl TheirStore + Clone,
    maker: &mut SessionMaker,
) -> [Subject; 3] {
    let cookies = maker.fill(&ours, SESSIONS).await;
    [
        Subject::new(format!("{engine}, tower-oauth"), me(maker.auth().store(ours)), cookies),
        round_trip::subject(format!("{engine}, by hand"), by_hand, SESSIONS).await,
        theirs::subject(format!("{engine}, tower-sessions 0.14"), theirs, SESSIONS).await,
    ]
}

/// How many commands the Redis server runs for a request to `subject`.
fn commands(subject: &mut Subject, servers: &Servers, runtime: &Runtime) -> u64 {
    let requests = 100;
    let (first, second) = (servers.commands(), servers.commands());
    runtime.block_on(subject.ask(requests));
    let of_a_question = second - first;
    (servers.commands() - second - of_a_question) / u64::from(requests)
}

fn targets(costs: &[Cost]) {
    let (bare, engines) = costs.split_first().unwrap();
    let added =
        |cost: &Cost| f64::from(u32::try_from(cost.instructions - bare.instructions).unwrap());
    let mut targets = Targets::default();
    for (engine, ways) in ["Redis", "PostgreSQL", "SQLite"].into_iter().zip(engines.chunks(3)) {
        let [ours, by_hand, theirs] = ways else { unreachable!("three ways") };
        let (ours, by_hand, theirs) = (added(ours), added(by_hand), added(theirs));
        let what = format!("{engine}: instructions, to a round trip by hand");
        targets.at_most(&what, ours / by_hand, 1.3);
        let what = format!("{engine}: instructions of tower-sessions, to ours");
        targets.at_least(&what, theirs / ours, 2.0);
    }
}
