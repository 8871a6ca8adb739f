//! What many sessions cost, and two threads: `cargo bench -p bench-peers --bench growth`.
//!
//! Each figure is taken in a process of its own, several times in turn, so that neither what another has left in memory
//! nor what else the machine does decides. Times of requests in process, random access; then the throughput of two
//! threads as a multiple of one.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a program that measures and prints, and stops where something is wrong"
)]

#[path = "peers/lower_bound.rs"]
mod lower_bound;
#[path = "peers/sessions.rs"]
#[expect(dead_code, reason = "the other benchmark has more rows")]
mod sessions;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use bench_guard::{SessionMaker, Subject, Targets, bare, me, median};
use moka::sync::Cache;
use tower_oauth::{MemoryStore, SystemClock};

use self::lower_bound::{Key, Map};
use self::sessions::Content;

const SUBJECTS: [&str; 5] = ["bare", "tower-oauth", "lower bound", "moka", "tower-sessions"];
const SIZES: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];
const ROUNDS: usize = 3;
const REQUESTS: u32 = 100_000;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|it| !it.starts_with("--")).collect();
    if let [subject, sessions] = &*arguments {
        measure(subject, sessions.parse().unwrap());
        return;
    }
    let mut results: BTreeMap<(&str, u32), Vec<Vec<f64>>> = BTreeMap::new();
    for _ in 0..ROUNDS {
        for sessions in SIZES {
            for subject in SUBJECTS {
                results.entry((subject, sessions)).or_default().push(run(subject, sessions));
            }
        }
    }
    let figure = |subject, sessions, column: usize| {
        let runs = results.get(&(subject, sessions)).unwrap();
        let mut values: Vec<f64> = runs.iter().filter_map(|run| run.get(column)).copied().collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap()
    };
    println!(
        "| | ns at 1,000 | 10,000 | 100,000 | 1,000,000 | bytes per session at 1,000,000 | two threads | on one session |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for subject in SUBJECTS {
        let times =
            SIZES.map(|sessions| format!("{:.0}", figure(subject, sessions, 0))).join(" | ");
        let [bytes, threads, same] =
            [1, 2, 3].map(|column| figure(subject, *SIZES.last().unwrap(), column));
        println!("| {subject} | {times} | {bytes:.0} | {threads:.2} | {same:.2} |");
    }
    let ours = |column| figure("tower-oauth", *SIZES.last().unwrap(), column);
    let to = |other, column| ours(column) / figure(other, *SIZES.last().unwrap(), column);
    let mut targets = Targets::default();
    targets.at_most("bytes per session at 1,000,000", ours(1), 2_700.0);
    targets.at_most(
        "time of a request at 1,000,000, to the lower bound",
        to("lower bound", 0),
        1.3,
    );
    targets.at_least("gain of two threads, to the bare route's", to("bare", 2), 0.9);
    targets.at_least("gain of two threads on one session, to the bare route's", to("bare", 3), 0.9);
}

/// One process: time of a request in ns, bytes per session, and what two threads gain.
fn run(subject: &str, sessions: u32) -> Vec<f64> {
    let program = env::current_exe().unwrap();
    let output = Command::new(program).args([subject, &sessions.to_string()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

fn measure(name: &str, sessions: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (subject, bytes) = runtime.block_on(subject(name, sessions));
    let one = elapsed(&mut subject.shuffled(1));
    let two = at_once([subject.shuffled(1), subject.shuffled(2)]);
    let same = at_once([subject.first(), subject.first()]);
    let alone = elapsed(&mut subject.first());
    let gain = |one: Duration, two: Duration| 2.0 * one.as_secs_f64() / two.as_secs_f64();
    let nanos = one.as_secs_f64() * 1e9 / f64::from(REQUESTS);
    println!("{nanos} {bytes} {} {}", gain(one, two), gain(alone, same));
}

async fn subject(name: &str, sessions: u32) -> (Subject, f64) {
    let mut maker = SessionMaker::new().await;
    let room = usize::try_from(sessions).unwrap() * 2; // our store's 64 parts do not fill evenly
    let before = resident();
    let subject = match name {
        "bare" => Subject::new(name, bare(), ["a=b".to_owned()]),
        "lower bound" => lower_bound::subject(sessions),
        "moka" => lower_bound::on(name, Moka(Cache::new(room as u64)), sessions),
        "tower-sessions" => sessions::tower_sessions(sessions).await,
        _ => {
            let store = MemoryStore::with_capacity(Arc::new(SystemClock::default()), room);
            let cookies = maker.fill(&store, sessions).await;
            Subject::new(name, me(maker.auth().store(store)), cookies)
        }
    };
    // The browsers' cookies are the benchmark's own.
    let cookies = subject.bytes_of_cookies();
    let bytes = resident().saturating_sub(before).saturating_sub(cookies);
    #[expect(clippy::cast_precision_loss, reason = "a table shows four digits")]
    let bytes = bytes as f64 / f64::from(sessions);
    (subject, bytes)
}

/// The lower bound's map, as a cache that evicts where it is full.
#[derive(Clone)]
struct Moka(Cache<Key, Arc<Content>>);

impl Map for Moka {
    fn insert(&self, key: Key, content: Arc<Content>) {
        self.0.insert(key, content);
    }

    fn find(&self, key: &Key) -> Option<Arc<Content>> {
        self.0.get(key)
    }
}

/// The middle of several times of all requests.
fn elapsed(subject: &mut Subject) -> Duration {
    subject.ask_now(REQUESTS / 10);
    let mut times: Vec<_> = (0..5).map(|_| timed(subject)).collect();
    median(&mut times)
}

fn timed(subject: &mut Subject) -> Duration {
    // tower-sessions waits where two threads ask at once.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let start = Instant::now();
    runtime.block_on(subject.ask(REQUESTS));
    start.elapsed()
}

/// The same on two threads that begin together.
fn at_once(subjects: [Subject; 2]) -> Duration {
    let barrier = Arc::new(Barrier::new(2));
    let threads = subjects.map(|mut subject| {
        let barrier = Arc::clone(&barrier);
        thread::spawn(move || {
            let mut times: Vec<_> = (0..5)
                .map(|_| {
                    barrier.wait();
                    timed(&mut subject)
                })
                .collect();
            median(&mut times)
        })
    });
    threads.into_iter().map(|thread| thread.join().unwrap()).max().unwrap()
}

/// Resident memory of this process in bytes (Linux).
fn resident() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}
