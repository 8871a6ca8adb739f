//! Whether a history of calls on one key can be explained by an order in which they happened one at a time.
//!
//! The search of Wing and Gong ("Testing and verifying concurrent objects", 1993) with memory of where it has
//! been (Lowe, 2017): of the calls that nothing came before, each is tried as the next one.

use std::collections::HashSet;
use std::fmt;

/// What a record holds; each write of a history has one of its own.
pub(super) type Value = u32;

/// A call on the one key of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Create(Value),
    Load,
    /// Expects the version that the record had with the first value, and puts the second one in.
    Swap(Value, Value),
    Delete,
    /// Deletes by the subject, which is that of every record in the history.
    DeleteBySubject,
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Created,
    AlreadyExists,
    Loaded(Option<Value>),
    Swapped,
    Conflict,
    Missing,
    Deleted,
    Count(u64),
}

/// A call with its answer, and when both were: numbers that only grow, over all threads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) thread: usize,
    pub(super) began: usize,
    pub(super) ended: usize,
    pub(super) call: Call,
    pub(super) answer: Answer,
}

/// Whether there is an order of `events`, fewer than 64, that explains each answer, and that keeps the order of those
/// of which one had ended before the other began. There is no record at first.
pub(super) fn is_linearizable(events: &[Event]) -> bool {
    assert!(events.len() < 64, "a history is short");
    let all = (1_u64 << events.len()) - 1;
    let mut been = HashSet::new();
    let mut to_try = vec![(0_u64, None::<Value>)];
    while let Some((done, record)) = to_try.pop() {
        if done == all {
            return true;
        }
        if !been.insert((done, record)) {
            continue;
        }
        let open = || events.iter().enumerate().filter(|(at, _)| done & (1 << at) == 0);
        let first_end = open().map(|(_, event)| event.ended).min();
        let next = open().filter(|(_, event)| first_end.is_none_or(|end| event.began <= end));
        to_try.extend(next.filter_map(|(at, event)| {
            explained(record, event.call, event.answer).map(|record| (done | (1 << at), record))
        }));
    }
    false
}

/// The record after `call`, if `answer` is the right one before it.
fn explained(record: Option<Value>, call: Call, answer: Answer) -> Option<Option<Value>> {
    let (right, after) = match (call, record) {
        (Call::Create(value), None) => (Answer::Created, Some(value)),
        (Call::Create(_), Some(_)) => (Answer::AlreadyExists, record),
        (Call::Load, _) => (Answer::Loaded(record), record),
        (Call::Swap(..), None) => (Answer::Missing, None),
        (Call::Swap(expected, value), Some(now)) if now == expected => {
            (Answer::Swapped, Some(value))
        }
        (Call::Swap(..), Some(_)) => (Answer::Conflict, record),
        (Call::Delete, _) => (Answer::Deleted, None),
        (Call::DeleteBySubject, _) => (Answer::Count(u64::from(record.is_some())), None),
    };
    (right == answer).then_some(after)
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { thread, began, ended, call, answer } = self;
        write!(f, "thread {thread}, from {began} to {ended}: {call:?} -> {answer:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(began: usize, ended: usize, call: Call, answer: Answer) -> Event {
        Event { thread: 0, began, ended, call, answer }
    }

    #[test]
    fn an_order_is_found_where_there_is_one() {
        // The load began first and ended last: it may come after either write.
        for loaded in [None, Some(1), Some(2)] {
            assert!(is_linearizable(&[
                event(0, 5, Call::Load, Answer::Loaded(loaded)),
                event(1, 2, Call::Create(1), Answer::Created),
                event(3, 4, Call::Swap(1, 2), Answer::Swapped),
            ]));
        }
        assert!(is_linearizable(&[]));
    }

    #[test]
    fn what_nothing_explains_is_seen() {
        let create = event(0, 1, Call::Create(1), Answer::Created);
        for (what, events) in [
            ("a stale read", vec![create, event(2, 3, Call::Load, Answer::Loaded(None))]),
            (
                "two winners",
                vec![
                    create,
                    event(2, 4, Call::Swap(1, 2), Answer::Swapped),
                    event(3, 5, Call::Swap(1, 3), Answer::Swapped),
                ],
            ),
            (
                "a deleted record",
                vec![
                    create,
                    event(2, 3, Call::Delete, Answer::Deleted),
                    event(4, 5, Call::Load, Answer::Loaded(Some(1))),
                ],
            ),
            (
                "a swap after a delete",
                vec![
                    create,
                    event(2, 3, Call::DeleteBySubject, Answer::Count(1)),
                    event(4, 5, Call::Swap(1, 2), Answer::Swapped),
                ],
            ),
            ("a record counted twice", {
                let delete =
                    |began, ended| event(began, ended, Call::DeleteBySubject, Answer::Count(1));
                vec![create, delete(2, 4), delete(3, 5)]
            }),
            (
                "a conflict with nobody",
                vec![create, event(2, 3, Call::Swap(1, 2), Answer::Conflict)],
            ),
        ] {
            assert!(!is_linearizable(&events), "{what}");
        }
    }
}
