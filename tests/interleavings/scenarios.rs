//! Races over the index, room and marks, in every order.

use std::sync::Arc;
use std::time::Duration;

use tower_oauth_core::Clock as _;
use tower_oauth_core::session::{Mark, SessionStore as _, StoreKey, Swap};
use tower_oauth_test::ManualClock;

use crate::memory::MemoryStore;
use crate::support::{ISSUER, at_once, keys, load, now, record, small_store, store, swept};

type Task<T> = Box<dyn FnOnce() -> T + Send>;

/// A task that returns how many it removed, or that it succeeded.
fn task(
    store: &Arc<MemoryStore>,
    key: StoreKey,
    run: impl FnOnce(&MemoryStore, &StoreKey) -> u64 + Send + 'static,
) -> Task<u64> {
    let store = Arc::clone(store);
    Box::new(move || run(&store, &key))
}

/// Deletes by a subject that the key had before: the record that somebody else created meanwhile stays.
#[test]
fn a_delete_by_subject_takes_nobody_elses_record() {
    loom::model(|| {
        let (store, [key]) = (store(), keys());
        now(store.create(&key, record(1, "alice"))).unwrap();
        let counts = at_once(vec![
            task(&store, key, |store, _| now(store.delete_by_subject(ISSUER, "alice")).unwrap()),
            task(&store, key, |store, key| {
                now(store.delete(key)).unwrap();
                now(store.create(key, record(2, "bob"))).unwrap();
                0
            }),
        ]);
        assert!(counts[0] <= 1);
        assert_eq!(load(&store, &key).map(|(content, _)| content), Some(2));
        assert_eq!(swept(&store, &["alice", "bob"]), [0, 1]);
    });
}

/// The record goes to another user while the sessions of both are deleted: it is counted once, or it is there.
#[test]
fn a_swap_moves_the_index_in_one_step() {
    loom::model(|| {
        let (store, [key]) = (store(), keys());
        now(store.create(&key, record(1, "alice"))).unwrap();
        let version = load(&store, &key).unwrap().1;
        let counts = at_once(vec![
            task(&store, key, move |store, key| {
                let swap = now(store.swap(key, version, record(2, "bob"))).unwrap();
                u64::from(matches!(swap, Swap::Swapped(_)))
            }),
            task(&store, key, |store, _| now(store.delete_by_subject(ISSUER, "alice")).unwrap()),
            task(&store, key, |store, _| now(store.delete_by_sid(ISSUER, "bob")).unwrap()),
        ]);
        let [swapped, alices, bobs] = counts[..] else { panic!("three tasks") };
        assert_eq!(swapped + alices, 1, "swapped by the one or removed by the other");
        let left = swapped - bobs;
        assert_eq!(u64::from(load(&store, &key).is_some()), left);
        assert_eq!(swept(&store, &["alice", "bob"]), [0, left]);
    });
}

/// Whoever deletes the sessions of the one user and then of the other leaves none, wherever the swap comes.
#[test]
fn a_record_that_moves_is_found_by_one_of_both() {
    loom::model(|| {
        let (store, [key]) = (store(), keys());
        now(store.create(&key, record(1, "alice"))).unwrap();
        let version = load(&store, &key).unwrap().1;
        let counts = at_once(vec![
            task(&store, key, move |store, key| {
                let swap = now(store.swap(key, version, record(2, "bob"))).unwrap();
                u64::from(matches!(swap, Swap::Swapped(_)))
            }),
            task(&store, key, |store, _| {
                let alices = now(store.delete_by_subject(ISSUER, "alice")).unwrap();
                alices + now(store.delete_by_subject(ISSUER, "bob")).unwrap()
            }),
        ]);
        assert_eq!(counts[1], 1);
        assert_eq!(swept(&store, &["alice", "bob"]), [0, 0]);
    });
}

/// Two create the same key; the index has nothing of the one who came second.
#[test]
fn a_refused_create_leaves_no_trace() {
    loom::model(|| {
        let (store, [key]) = (store(), keys());
        let create = |subject| {
            task(&store, key, move |store, key| {
                u64::from(now(store.create(key, record(1, subject))).is_ok())
            })
        };
        let counts = at_once(vec![create("alice"), create("bob")]);
        assert_eq!(counts[0] + counts[1], 1);
        now(store.delete(&key)).unwrap();
        assert_eq!(swept(&store, &["alice", "bob"]), [0, 0]);
    });
}

/// Two users sign in where there is room for one, while the first one's session is touched and ended.
#[test]
fn p22_making_room_races_with_everything() {
    loom::model(|| {
        let clock = ManualClock::new();
        let (store, [first, second]) = (small_store(&clock), keys());
        now(store.create(&first, record(1, "alice"))).unwrap();
        let version = load(&store, &first).unwrap().1;
        let counts = at_once(vec![
            task(&store, second, |store, key| {
                now(store.create(key, record(2, "bob"))).unwrap();
                0
            }),
            task(&store, first, move |store, key| {
                let swap = now(store.swap(key, version, record(3, "alice"))).unwrap();
                u64::from(matches!(swap, Swap::Swapped(_)))
            }),
            task(&store, first, |store, _| now(store.delete_by_sid(ISSUER, "alice")).unwrap()),
        ]);
        assert!(counts[2] <= 1);
        assert!(load(&store, &first).is_none());
        assert!(load(&store, &second).is_some());
        assert_eq!(swept(&store, &["alice", "bob"]), [0, 1]);
    });
}

/// A key is created again over its expired record, which has the same index, while that is deleted.
#[test]
fn an_expired_record_makes_way() {
    loom::model(|| {
        let clock = ManualClock::new();
        let (store, [key]) = (small_store(&clock), keys());
        let expired = || {
            let mut record = record(1, "alice");
            record.expires = clock.now() + Duration::from_secs(1);
            record
        };
        now(store.create(&key, expired())).unwrap();
        let version = load(&store, &key).unwrap().1;
        clock.advance(Duration::from_secs(1));
        let counts = at_once(vec![
            task(&store, key, |store, key| {
                now(store.create(key, record(2, "alice"))).unwrap();
                0
            }),
            task(&store, key, |store, _| now(store.delete_by_subject(ISSUER, "alice")).unwrap()),
            task(&store, key, move |store, key| {
                let swap = now(store.swap(key, version, record(3, "alice"))).unwrap();
                u64::from(matches!(swap, Swap::Swapped(_)))
            }),
        ]);
        assert_eq!(counts[2], 0, "what has expired is not swapped");
        let left = 1 - counts[1];
        assert_eq!(u64::from(load(&store, &key).is_some()), left);
        assert_eq!(swept(&store, &["alice"]), [left]);
    });
}

#[test]
fn p19_a_mark_has_one_winner() {
    loom::model(|| {
        let (store, [key]) = (store(), keys());
        let expires = ManualClock::START + Duration::from_secs(60);
        let mark = move |store: &MemoryStore, _: &StoreKey| {
            let mark = Mark::from_bytes([7; 32]);
            u64::from(now(store.mark_once(&mark, expires)).unwrap())
        };
        let tasks = (0..3).map(|_| task(&store, key, mark)).collect();
        assert_eq!(at_once(tasks).iter().sum::<u64>(), 1);
    });
}
