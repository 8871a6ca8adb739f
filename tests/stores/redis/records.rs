//! Records, marks and indexes: who wins, how long the server keeps them, whose clock counts.

use std::time::Duration;

use ::redis::Value;
use tower_oauth::Clock as _;
use tower_oauth::session::{Index, Mark, Payload, Record, SessionStore, Swap};
use tower_oauth_test::ManualClock;
use tower_oauth_tests::servers::{RedisServer, text};

use super::{MINUTE, cluster, cluster_store, key, record, server, store};

#[tokio::test]
async fn p10_a_key_that_is_taken_is_not_overwritten() {
    let clock = ManualClock::new();
    for store in [store("p10", &clock).await, cluster_store("p10", &clock).await] {
        let key = key();
        store.create(&key, record(&clock, "first")).await.unwrap();
        let error = store.create(&key, record(&clock, "second")).await.unwrap_err();
        assert!(error.is_already_exists());
        let stored = store.load(&key).await.unwrap().unwrap();
        assert_eq!(stored.payload.to_bytes().unwrap(), "first");
    }
}

#[tokio::test]
async fn p11_a_swap_after_a_delete_leaves_nothing() {
    let clock = ManualClock::new();
    let (here, there) = (store("p11", &clock).await, store("p11", &clock).await);
    for by_subject in [false, true] {
        let key = key();
        here.create(&key, record(&clock, "x")).await.unwrap();
        let version = here.load(&key).await.unwrap().unwrap().version;
        if by_subject {
            assert_eq!(there.delete_by_subject("https://op", "alice").await.unwrap(), 1);
        } else {
            there.delete(&key).await.unwrap();
        }
        assert_eq!(here.swap(&key, version, record(&clock, "x")).await.unwrap(), Swap::Missing);
        assert!(there.load(&key).await.unwrap().is_none());
        // Nor into one that was created anew.
        here.create(&key, record(&clock, "new")).await.unwrap();
        assert_eq!(here.swap(&key, version, record(&clock, "x")).await.unwrap(), Swap::Conflict);
        here.delete(&key).await.unwrap();
    }
}

/// The server's own expiry is hours away in all of this.
#[tokio::test]
async fn p16_what_has_ended_is_absent_although_the_server_keeps_it() {
    let clock = ManualClock::new();
    let store = store("p16", &clock).await;
    let (key, mark) = (key(), Mark::from_bytes([3; 32]));
    store.create(&key, record(&clock, "x")).await.unwrap();
    let version = store.load(&key).await.unwrap().unwrap().version;
    assert!(store.mark_once(&mark, clock.now() + MINUTE).await.unwrap());
    clock.advance(MINUTE);
    assert!(store.load(&key).await.unwrap().is_none());
    assert_eq!(store.swap(&key, version, record(&clock, "x")).await.unwrap(), Swap::Missing);
    assert_ne!(server().query(&["EXISTS", &format!("p16:s:{key}")]), Value::Int(0));
    assert!(store.mark_once(&mark, clock.now() + MINUTE).await.unwrap());
    store.create(&key, record(&clock, "x")).await.unwrap();
}

#[tokio::test]
async fn p18_replicas_whose_clocks_differ_by_five_minutes() {
    let (fast, slow) = (ManualClock::new(), ManualClock::new());
    fast.advance(5 * MINUTE);
    let (here, there) = (store("p18", &fast).await, store("p18", &slow).await);
    let hour = 60 * MINUTE;
    let of = |clock: &ManualClock| Record::new(Payload::from_bytes("x"), clock.now() + hour, None);
    for (writer, clock, reader) in [(&here, &fast, &there), (&there, &slow, &here)] {
        let key = key();
        writer.create(&key, of(clock)).await.unwrap();
        let stored = reader.load(&key).await.unwrap().unwrap();
        assert_eq!(stored.expires, clock.now() + hour);
        let swap = reader.swap(&key, stored.version, of(clock)).await.unwrap();
        assert!(matches!(swap, Swap::Swapped(_)));
        // The server keeps it for as long as the slower of them thinks that it lives.
        let left = pttl(&format!("p18:s:{key}"));
        assert!(left > (stored.expires.since(slow.now())).as_millis(), "{left}");
    }
    // Nobody sets a mark again as long as it holds by any of the clocks.
    let mark = Mark::from_bytes([4; 32]);
    let end = fast.now() + 15 * MINUTE;
    assert!(here.mark_once(&mark, end).await.unwrap());
    fast.advance(15 * MINUTE - Duration::from_secs(1));
    slow.advance(15 * MINUTE);
    assert!(!here.mark_once(&mark, end).await.unwrap());
    assert!(!there.mark_once(&mark, end).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn p19_one_winner_among_handles() {
    let clock = ManualClock::new();
    let single = [store("p19", &clock).await, store("p19", &clock).await];
    let clustered = [cluster_store("p19", &clock).await, cluster_store("p19", &clock).await];
    for handles in [single, clustered] {
        for round in 0..50_u8 {
            let (contested, fresh, mark) = (key(), key(), Mark::from_bytes([round; 32]));
            handles[0].create(&contested, record(&clock, "x")).await.unwrap();
            let version = handles[0].load(&contested).await.unwrap().unwrap().version;
            let tasks: Vec<_> = (0..8)
                .map(|number| {
                    let (store, clock) = (handles[number % 2].clone(), clock.clone());
                    tokio::spawn(async move {
                        let end = clock.now() + MINUTE;
                        let marked = store.mark_once(&mark, end).await.unwrap();
                        let swap = store.swap(&contested, version, record(&clock, "y"));
                        let swapped = matches!(swap.await.unwrap(), Swap::Swapped(_));
                        let created = store.create(&fresh, record(&clock, "z")).await.is_ok();
                        [marked, swapped, created].map(usize::from)
                    })
                })
                .collect();
            let mut wins = [0; 3];
            for task in tasks {
                for (sum, win) in wins.iter_mut().zip(task.await.unwrap()) {
                    *sum += win;
                }
            }
            assert_eq!(wins, [1, 1, 1]);
        }
    }
}

#[tokio::test]
async fn every_key_ends_by_itself_and_none_before_what_it_holds() {
    let clock = ManualClock::new();
    let store = store("ttl", &clock).await;
    let of = |minutes: u32| {
        let index = Index::new("https://op", "bob", Some("sid"));
        Record::new(Payload::from_bytes("x"), clock.now() + minutes * MINUTE, Some(index))
    };
    let (long, short) = (key(), key());
    store.create(&long, of(60)).await.unwrap();
    store.create(&short, of(1)).await.unwrap();
    store.mark_once(&Mark::from_bytes([5; 32]), clock.now() + MINUTE).await.unwrap();
    let Value::Array(keys) = server().query(&["KEYS", "ttl:*"]) else { panic!("no list") };
    assert_eq!(keys.len(), 5, "two records, two indexes, a mark");
    for key in keys {
        let key = text(&key);
        let left = Duration::from_millis(pttl(&key).try_into().unwrap());
        let is_long = key.contains(":i:") || key == format!("ttl:s:{long}");
        let expected = if is_long { 60 * MINUTE } else { MINUTE };
        assert!((expected..expected + 11 * MINUTE).contains(&left), "{key} {left:?}");
    }
    // A shorter life shortens the record, and not the index.
    let version = store.load(&long).await.unwrap().unwrap().version;
    store.swap(&long, version, of(1)).await.unwrap();
    assert!(pttl(&format!("ttl:s:{long}")) < (15 * MINUTE).as_millis());
    assert_eq!(store.delete_by_subject("https://op", "bob").await.unwrap(), 2);
}

/// Whoever signs in and out all day does not make the index grow for ever.
#[tokio::test]
async fn an_index_forgets_the_sessions_that_ended() {
    let clock = ManualClock::new();
    let store = store("grow", &clock).await;
    let index = || {
        let Value::Array(keys) = server().query(&["KEYS", "grow:i:*"]) else { panic!("no list") };
        let sizes = keys.iter().map(text);
        sizes.map(|key| server().query(&["ZCARD", &key])).collect::<Vec<_>>()
    };
    for _ in 0..20 {
        let key = key();
        store.create(&key, record(&clock, "x")).await.unwrap();
        store.delete(&key).await.unwrap();
    }
    assert_eq!(index(), [Value::Int(20), Value::Int(20)]);
    clock.advance(60 * MINUTE);
    store.create(&key(), record(&clock, "x")).await.unwrap();
    assert_eq!(index(), [Value::Int(1), Value::Int(1)]);
}

#[tokio::test]
async fn many_sessions_of_one_user_end_together() {
    let clock = ManualClock::new();
    for store in [store("many", &clock).await, cluster_store("many", &clock).await] {
        let keys: Vec<_> = (0..300).map(|_| key()).collect();
        for key in &keys {
            store.create(key, record(&clock, "x")).await.unwrap();
        }
        let other = key();
        let index = Index::new("https://op", "bob", Some("sid"));
        let record = Record::new(Payload::from_bytes("x"), clock.now() + MINUTE, Some(index));
        store.create(&other, record).await.unwrap();
        assert_eq!(store.delete_by_subject("https://op", "alice").await.unwrap(), 300);
        for key in &keys {
            assert!(store.load(key).await.unwrap().is_none());
        }
        assert!(store.load(&other).await.unwrap().is_some());
        assert_eq!(store.delete_by_sid("https://op", "sid").await.unwrap(), 1);
    }
}

#[tokio::test]
async fn prefixes_keep_applications_apart() {
    let clock = ManualClock::new();
    let (one, two) = (store("shop", &clock).await, store("blog", &clock).await);
    let (key, mark) = (key(), Mark::from_bytes([6; 32]));
    one.create(&key, record(&clock, "x")).await.unwrap();
    assert!(two.load(&key).await.unwrap().is_none());
    assert_eq!(two.delete_by_subject("https://op", "alice").await.unwrap(), 0);
    two.delete(&key).await.unwrap();
    assert!(one.load(&key).await.unwrap().is_some());
    assert!(one.mark_once(&mark, clock.now() + MINUTE).await.unwrap());
    assert!(two.mark_once(&mark, clock.now() + MINUTE).await.unwrap());
}

/// A slot on its way to another node is asked for there, and found there when it has arrived.
#[tokio::test]
async fn sessions_move_with_their_slot() {
    let (cluster, clock) = (cluster(), ManualClock::new());
    let store = cluster_store("move", &clock).await;
    let key = key();
    store.create(&key, record(&clock, "x")).await.unwrap();
    let name = format!("move:s:{key}");
    let nodes = cluster.nodes();
    let Value::Int(slot) = nodes[0].query(&["CLUSTER", "KEYSLOT", &name]) else {
        panic!("no slot")
    };
    let slot = slot.to_string();
    let has_it =
        |node: &&RedisServer| node.query(&["CLUSTER", "COUNTKEYSINSLOT", &slot]) != Value::Int(0);
    let from = nodes.iter().find(has_it).unwrap();
    let to = nodes.iter().find(|node| node.port() != from.port()).unwrap();
    let id = |node: &RedisServer| text(&node.query(&["CLUSTER", "MYID"]));
    let _ = to.query(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &id(from)]);
    let _ = from.query(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &id(to)]);
    let port = to.port().to_string();
    let _ = from.query(&["MIGRATE", "127.0.0.1", &port, &name, "0", "5000"]);
    let stored = store.load(&key).await.unwrap().expect("asked for at its new node");
    let swap = store.swap(&key, stored.version, record(&clock, "y")).await.unwrap();
    assert!(matches!(swap, Swap::Swapped(_)));
    for node in [to, from] {
        let _ = node.query(&["CLUSTER", "SETSLOT", &slot, "NODE", &id(to)]);
    }
    assert!(store.load(&key).await.unwrap().is_some(), "at home at its new node");
    assert_eq!(store.delete_by_subject("https://op", "alice").await.unwrap(), 1);
}

fn pttl(key: &str) -> u128 {
    let left = server().query(&["PTTL", key]);
    let Value::Int(left) = left else { return 0 };
    left.try_into().unwrap()
}
