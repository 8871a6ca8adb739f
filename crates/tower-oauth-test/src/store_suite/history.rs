//! Random calls on one key by several threads, and whether an order of them explains every answer.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tower_oauth_core::Timestamp;
use tower_oauth_core::session::{Index, Payload, Record, StoreKey, Swap, Version};

use super::bench::{Bench, HOUR, Rounds, at_once};
use super::handle::{Create, Handle};
use super::index::By;
use super::linearize::{Answer, Call, Event, Value, is_linearizable};
use super::races::Spread;
use super::report::{Checked, Failure, same};

const THREADS: usize = 4;
const CALLS: usize = 6;

/// Histories of [`THREADS`] threads and [`CALLS`] calls each.
pub(super) async fn linearizable(bench: &Bench, spread: Spread, has_subjects: bool) -> Checked {
    let mut rounds = Rounds::new();
    while rounds.go_on() {
        let shared = Shared {
            key: bench.key(),
            index: Index::new(&bench.issuer(), "subject", None),
            expires: bench.now() + HOUR,
            time: Arc::default(),
        };
        let tasks = (0..THREADS).map(|number| {
            let handle = spread.handle(bench, number);
            let steps = (0..CALLS).map(|_| Step::draw(bench.number(), has_subjects)).collect();
            Thread::new(number, handle, shared.clone()).run(steps)
        });
        let mut threads = at_once(tasks.collect()).await?;
        let last = Thread::new(THREADS, bench.two().clone(), shared);
        threads.push(last.run(vec![Step::Load]).await?);
        explained(threads.iter().flat_map(|thread| thread.events.clone()).collect())?;
        one_version_each(threads.into_iter().flat_map(|thread| thread.seen))?;
    }
    Ok(())
}

fn explained(mut events: Vec<Event>) -> Checked {
    if is_linearizable(&events) {
        return Ok(());
    }
    events.sort_by_key(|event| event.began);
    let list: String = events.iter().map(|event| format!("\n        {event}")).collect();
    Err(Failure::new(
        format!("{THREADS} threads call one key at random, and then it is loaded"),
        "an order of the calls that explains every answer",
        format!("answers that no order explains (values are numbers):{list}"),
    ))
}

/// A value has one version wherever it is seen, and no other value has it.
fn one_version_each(seen: impl Iterator<Item = (Value, Version)>) -> Checked {
    let mut versions = HashMap::new();
    let mut values = HashMap::new();
    for (value, version) in seen {
        let when =
            "a key is written and read by several threads; a record is seen with its version";
        same(when, version, *versions.entry(value).or_insert(version))?;
        let when =
            "a key is written and read by several threads; a version is seen with its record";
        same(when, value, *values.entry(version).or_insert(value))?;
    }
    Ok(())
}

/// What a thread does next; a swap needs a version that it has seen.
#[derive(Clone, Copy)]
enum Step {
    Create,
    Load,
    Swap,
    Delete,
    DeleteBySubject,
}

impl Step {
    const fn draw(number: u64, has_subjects: bool) -> Self {
        match number % 12 {
            0 | 1 => Self::Create,
            2..=4 => Self::Load,
            5 => Self::Delete,
            6 if has_subjects => Self::DeleteBySubject,
            _ => Self::Swap,
        }
    }
}

/// What the threads of one history have in common.
#[derive(Clone)]
struct Shared {
    key: StoreKey,
    index: Index,
    expires: Timestamp,
    time: Arc<AtomicUsize>,
}

struct Thread {
    number: usize,
    handle: Handle,
    shared: Shared,
    /// What it can expect of the record.
    known: Option<(Value, Version)>,
    seen: Vec<(Value, Version)>,
    events: Vec<Event>,
}

impl Thread {
    fn new(number: usize, handle: Handle, shared: Shared) -> Self {
        Self { number, handle, shared, known: None, seen: Vec::new(), events: Vec::new() }
    }

    async fn run(mut self, steps: Vec<Step>) -> Checked<Self> {
        for (at, step) in steps.into_iter().enumerate() {
            let value = Value::try_from(self.number * CALLS + at).unwrap_or(Value::MAX);
            let began = self.tick();
            let (call, answer) = self.step(step, value).await?;
            let ended = self.tick();
            self.seen.extend(self.known);
            self.events.push(Event { thread: self.number, began, ended, call, answer });
        }
        Ok(self)
    }

    fn tick(&self) -> usize {
        self.shared.time.fetch_add(1, Ordering::SeqCst)
    }

    async fn step(&mut self, step: Step, value: Value) -> Checked<(Call, Answer)> {
        let Shared { key, index, .. } = &self.shared;
        Ok(match (step, self.known) {
            (Step::Create, _) => {
                let answer = match self.handle.create(key, self.record(value)).await? {
                    Create::Created => Answer::Created,
                    Create::AlreadyExists => Answer::AlreadyExists,
                };
                (Call::Create(value), answer)
            }
            (Step::Swap, Some((before, version))) => {
                let swap = self.handle.swap(key, version, self.record(value)).await?;
                let (known, answer) = match swap {
                    Swap::Swapped(version) => (Some((value, version)), Answer::Swapped),
                    Swap::Conflict => (None, Answer::Conflict),
                    _ => (None, Answer::Missing),
                };
                self.known = known;
                (Call::Swap(before, value), answer)
            }
            (Step::Load | Step::Swap, _) => {
                let loaded = self.handle.load(key).await?;
                self.known = loaded.map(|loaded| (loaded.content.value(), loaded.version));
                (Call::Load, Answer::Loaded(self.known.map(|(value, _)| value)))
            }
            (Step::Delete, _) => {
                self.handle.delete(key).await?;
                (Call::Delete, Answer::Deleted)
            }
            (Step::DeleteBySubject, _) => {
                let count = By::Subject.delete(&self.handle, &index.issuer, &index.subject).await?;
                (Call::DeleteBySubject, Answer::Count(count))
            }
        })
    }

    fn record(&self, value: Value) -> Record {
        let Shared { index, expires, .. } = &self.shared;
        Record::new(Payload::from_bytes(value.to_string()), *expires, Some(index.clone()))
    }
}
