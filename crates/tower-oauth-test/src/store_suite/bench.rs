//! [`Bench`]: the store under test, opened several times, and names that no other run uses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tower_oauth_core::session::{Index, Mark, Payload, Record, SessionId, StoreKey};
use tower_oauth_core::{Clock, Random, Timestamp};

use super::handle::{Create, Handle, Loaded};
use super::report::{Checked, Failure, same};
use crate::{ManualClock, SeededRandom};

pub(super) const HOUR: Duration = Duration::from_secs(60 * 60);

/// The store under test.
pub(super) struct Bench {
    pub(super) clock: ManualClock,
    /// What several processes would hold. There are [`HANDLES`].
    handles: Vec<Handle>,
    random: SeededRandom,
}

/// How often the store is opened.
pub(super) const HANDLES: usize = 3;

impl Bench {
    pub(super) fn new(clock: ManualClock, handles: Vec<Handle>, seed: u64) -> Self {
        Self { clock, handles, random: SeededRandom::new(seed) }
    }

    /// The handle that most is written through.
    pub(super) fn one(&self) -> &Handle {
        self.handle(0)
    }

    /// The handle that most is read through.
    pub(super) fn two(&self) -> &Handle {
        self.handle(1)
    }

    #[expect(clippy::indexing_slicing, reason = "within the remainder")]
    pub(super) fn handle(&self, number: usize) -> &Handle {
        &self.handles[number % self.handles.len()]
    }

    /// A key that was never used.
    pub(super) fn key(&self) -> StoreKey {
        SessionId::generate(&self.random).expect("a seed never ends").store_key()
    }

    /// A mark that was never set.
    pub(super) fn mark(&self) -> Mark {
        Mark::from_bytes(*self.key().as_bytes())
    }

    /// An issuer that nobody used.
    pub(super) fn issuer(&self) -> String {
        format!("https://{}.example", self.number())
    }

    pub(super) fn number(&self) -> u64 {
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes).expect("a seed never ends");
        u64::from_be_bytes(bytes)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A record of an hour, found by its key alone.
    pub(super) fn record(&self, content: &'static str) -> Record {
        self.lasting(content, HOUR)
    }

    /// A record that expires after `lifetime`.
    pub(super) fn lasting(&self, content: &'static str, lifetime: Duration) -> Record {
        let payload = Payload::from_bytes(Bytes::from_static(content.as_bytes()));
        Record::new(payload, self.now() + lifetime, None)
    }

    /// A record of an hour, found by more than its key.
    pub(super) fn indexed(&self, issuer: &str, subject: &str, sid: Option<&str>) -> Record {
        let mut record = self.record("indexed");
        record.index = Some(Index::new(issuer, subject, sid));
        record
    }

    /// Creates `record` under a new key.
    pub(super) async fn created(&self, record: Record) -> Checked<StoreKey> {
        let key = self.key();
        self.create(&key, record).await?;
        Ok(key)
    }

    /// Creates `record` under a key that is free.
    pub(super) async fn create(&self, key: &StoreKey, record: Record) -> Checked {
        let created = self.one().create(key, record).await?;
        same("a record is created under a free key", created, Create::Created)
    }

    /// The record under `key`, which must be there.
    pub(super) async fn loaded(&self, key: &StoreKey) -> Checked<Loaded> {
        let loaded = self.two().load(key).await?;
        loaded.ok_or_else(|| {
            Failure::new(
                "a record is written through one handle and loaded through another",
                "the record",
                "None",
            )
        })
    }
}

/// Counts the rounds of a race: enough for a server, more where calls are so short that they seldom meet, and fewer
/// where each one waits for a disk.
pub(super) struct Rounds {
    done: usize,
    began: Instant,
}

impl Rounds {
    pub(super) fn new() -> Self {
        Self { done: 0, began: Instant::now() }
    }

    pub(super) fn go_on(&mut self) -> bool {
        let elapsed = self.began.elapsed();
        self.done += 1;
        match self.done {
            ..=10 => true,
            11..=40 => elapsed < Duration::from_secs(1),
            _ => elapsed < Duration::from_millis(50),
        }
    }
}

/// Runs `tasks` at the same time, each on a thread of its own, and returns what each came to.
pub(super) async fn at_once<T, F>(tasks: Vec<F>) -> Checked<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = Checked<T>> + Send + 'static,
{
    let waiting = Arc::new(AtomicUsize::new(tasks.len()));
    let answers: Vec<_> = tasks
        .into_iter()
        .map(|task| {
            let (sender, answer) = oneshot::channel();
            let (runtime, waiting) = (runtime::Handle::current(), Arc::clone(&waiting));
            thread::spawn(move || {
                // No lock: it would wake them one after another.
                waiting.fetch_sub(1, Ordering::SeqCst);
                while waiting.load(Ordering::SeqCst) > 0 {
                    thread::yield_now();
                }
                // Nobody listens any more once the check has run out of time.
                drop(sender.send(runtime.block_on(task)));
            });
            answer
        })
        .collect();
    let mut all = Vec::with_capacity(answers.len());
    for answer in answers {
        let answer = answer.await;
        all.push(answer.map_err(|_| {
            Failure::new("it is called by several threads", "answers", "a panic, shown above")
        })??);
    }
    Ok(all)
}
