//! Every small program of calls on one key: an order of them explains every answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tower_oauth_core::session::{SessionStore as _, StoreKey, Swap, Version};

use crate::linearize::{Answer, Call, Event, Value, is_linearizable};
use crate::memory::MemoryStore;
use crate::support::{ISSUER, at_once, keys, load, now, record, store, swept};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Create,
    Load,
    /// Expects what the thread saw last, at first the record that was there at first.
    Swap,
    Delete,
    DeleteBySubject,
}

const STEPS: [Step; 5] =
    [Step::Create, Step::Load, Step::Swap, Step::Delete, Step::DeleteBySubject];

#[test]
fn three_threads_of_one_call() {
    let steps: Vec<_> = STEPS.iter().map(|step| vec![*step]).collect();
    for (at, first) in steps.iter().enumerate() {
        for (at, second) in steps.iter().enumerate().skip(at) {
            for third in &steps[at..] {
                explained(&[first, second, third]);
            }
        }
    }
}

#[test]
fn two_threads_of_two_calls() {
    let pairs: Vec<_> = STEPS.iter().flat_map(|one| STEPS.map(|other| vec![*one, other])).collect();
    for (at, first) in pairs.iter().enumerate() {
        for second in &pairs[at..] {
            explained(&[first, second]);
        }
    }
}

/// Runs a program, a list of calls for each thread, in every order.
fn explained(program: &[&Vec<Step>]) {
    let program: Vec<Vec<Step>> = program.iter().copied().cloned().collect();
    loom::model(move || {
        let (store, [key]) = (store(), keys());
        now(store.create(&key, record(0, "alice"))).unwrap();
        let known = load(&store, &key);
        let time = Arc::new(AtomicUsize::new(0));
        let threads = program.iter().cloned().enumerate().map(|(number, steps)| {
            let (store, time) = (Arc::clone(&store), Arc::clone(&time));
            let thread = Thread { number, store, key, time, known };
            Box::new(move || thread.run(&steps)) as Box<dyn FnOnce() -> Vec<Event> + Send>
        });
        let mut events: Vec<Event> = at_once(threads.collect()).into_iter().flatten().collect();
        let create = (Call::Create(0), Answer::Created);
        // Values are those of the suite's histories; this record was there before everything.
        for event in &mut events {
            event.began += 2;
            event.ended += 2;
        }
        let end = events.iter().map(|event| event.ended).max().unwrap();
        let left = load(&store, &key).map(|(value, _)| value);
        let around =
            |began, (call, answer)| Event { thread: 0, began, ended: began + 1, call, answer };
        events.push(around(0, create));
        events.push(around(end + 1, (Call::Load, Answer::Loaded(left))));
        assert!(is_linearizable(&events), "no order explains {events:#?}");
        assert_eq!(swept(&store, &["alice"]), [u64::from(left.is_some())]);
    });
}

struct Thread {
    number: usize,
    store: Arc<MemoryStore>,
    key: StoreKey,
    time: Arc<AtomicUsize>,
    known: Option<(Value, Version)>,
}

impl Thread {
    fn run(mut self, steps: &[Step]) -> Vec<Event> {
        let events = steps.iter().enumerate().map(|(at, step)| {
            let value = Value::try_from(1 + self.number * steps.len() + at).unwrap();
            let began = self.time.fetch_add(1, Ordering::SeqCst);
            let (call, answer) = self.step(*step, value);
            let ended = self.time.fetch_add(1, Ordering::SeqCst);
            Event { thread: self.number, began, ended, call, answer }
        });
        events.collect()
    }

    fn step(&mut self, step: Step, value: Value) -> (Call, Answer) {
        let Self { store, key, .. } = self;
        match (step, self.known) {
            (Step::Create, _) => {
                let created = now(store.create(key, record(value, "alice")));
                let answer = created.map_or(Answer::AlreadyExists, |()| Answer::Created);
                (Call::Create(value), answer)
            }
            (Step::Swap, Some((before, version))) => {
                let swap = now(store.swap(key, version, record(value, "alice"))).unwrap();
                let answer = match swap {
                    Swap::Swapped(version) => {
                        self.known = Some((value, version));
                        Answer::Swapped
                    }
                    Swap::Conflict => Answer::Conflict,
                    _ => Answer::Missing,
                };
                (Call::Swap(before, value), answer)
            }
            (Step::Load | Step::Swap, _) => {
                self.known = load(store, key);
                (Call::Load, Answer::Loaded(self.known.map(|(value, _)| value)))
            }
            (Step::Delete, _) => {
                now(store.delete(key)).unwrap();
                (Call::Delete, Answer::Deleted)
            }
            (Step::DeleteBySubject, _) => {
                let count = now(store.delete_by_subject(ISSUER, "alice")).unwrap();
                (Call::DeleteBySubject, Answer::Count(count))
            }
        }
    }
}
