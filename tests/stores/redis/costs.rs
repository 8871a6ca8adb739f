//! What an operation and a session cost.

use tower_oauth::Clock as _;
use tower_oauth::session::{Index, Mark, Payload, Record, SessionStore};
use tower_oauth_test::ManualClock;
use tower_oauth_tests::servers::RedisServer;

use super::proxy::Proxy;
use super::{MINUTE, key, options, record, server};

#[tokio::test]
async fn an_operation_is_one_question() {
    let clock = ManualClock::new();
    let proxy = Proxy::start(server().port()).await;
    let store = options("questions", &clock).connect(&proxy.url()).await.unwrap();
    let mark = async || {
        let mark = Mark::from_bytes(*key().as_bytes());
        store.mark_once(&mark, clock.now() + MINUTE).await.unwrap();
    };
    // The server gets to know the scripts.
    store.create(&key(), record(&clock, "x")).await.unwrap();
    mark().await;

    let key = key();
    let before = proxy.questions();
    store.create(&key, record(&clock, "x")).await.unwrap();
    assert_eq!(proxy.questions() - before, 1, "create");
    let stored = store.load(&key).await.unwrap().unwrap();
    assert_eq!(proxy.questions() - before, 2, "load");
    store.swap(&key, stored.version, record(&clock, "y")).await.unwrap();
    assert_eq!(proxy.questions() - before, 3, "swap");
    store.delete(&key).await.unwrap();
    assert_eq!(proxy.questions() - before, 4, "delete");
    mark().await;
    assert_eq!(proxy.questions() - before, 5, "mark_once");
    assert_eq!(proxy.accepted(), 1, "over one connection");
}

/// 2,400 bytes is a session of a provider with an ID token.
#[tokio::test]
async fn a_session_costs_little_more_than_what_is_in_it() {
    const SESSIONS: u32 = 500;
    const CONTENT: usize = 2_400;
    let (server, clock) = (RedisServer::start(), ManualClock::new());
    let store = options("memory", &clock).connect(&server.url()).await.unwrap();
    let used = || server.info("used_memory").parse::<u64>().unwrap();
    let before = used();
    for number in 0..SESSIONS {
        let (subject, sid) = (format!("subject-{number}"), format!("sid-{number}"));
        let index = Index::new("https://op.example", &subject, Some(&sid));
        let payload = Payload::from_bytes(vec![0x5a; CONTENT]);
        let record = Record::new(payload, clock.now() + MINUTE, Some(index));
        store.create(&key(), record).await.unwrap();
    }
    let each = (used() - before) / u64::from(SESSIONS);
    println!("{each} bytes for a session of {CONTENT}");
    assert!((2_400..3_600).contains(&each), "{each}");
}
