//! A server that is gone, slow, full, restarted, or loses answers (section 4.2 of the attack catalogue).

use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpListener;
use tower_oauth::session::{Mark, SessionStore, Swap};
use tower_oauth::{Clock as _, session::StoreError};
use tower_oauth_redis::RedisStore;
use tower_oauth_test::ManualClock;
use tower_oauth_tests::servers::{RedisCluster, RedisServer};

use super::proxy::Proxy;
use super::{MINUTE, key, options, record, server, store};

/// What every operation answers.
async fn outcomes(store: &RedisStore, clock: &ManualClock) -> Vec<Result<(), StoreError>> {
    let key = key();
    vec![
        store.create(&key, record(clock, "x")).await,
        store.load(&key).await.map(drop),
        store.swap(&key, tower_oauth::session::Version::new(1), record(clock, "x")).await.map(drop),
        store.delete(&key).await,
        store.delete_by_sid("https://op", "sid").await.map(drop),
        store.delete_by_subject("https://op", "alice").await.map(drop),
        store.mark_once(&Mark::from_bytes(*key.as_bytes()), clock.now() + MINUTE).await.map(drop),
    ]
}

#[tokio::test]
async fn p06_a_server_that_is_gone_is_an_error_of_every_operation() {
    let (server, clock) = (RedisServer::start(), ManualClock::new());
    let store = options("gone", &clock).connect(&server.url()).await.unwrap();
    assert!(outcomes(&store, &clock).await.iter().all(Result::is_ok));
    server.stop();
    for outcome in outcomes(&store, &clock).await {
        let error = outcome.unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("Connection refused"), "{cause}");
    }
    server.start_again();
    assert!(outcomes(&store, &clock).await.iter().all(Result::is_ok), "p25");
}

#[tokio::test]
async fn p05_a_server_that_says_nothing_meets_the_deadline() {
    let (server, clock) = (RedisServer::start(), ManualClock::new());
    let deadline = Duration::from_millis(300);
    let store = options("slow", &clock).deadline(deadline).connect(&server.url()).await.unwrap();
    server.pause();
    let all = tokio::time::timeout(deadline * 20, outcomes(&store, &clock)).await.unwrap();
    for outcome in all {
        let error = outcome.unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("no answer within 300ms") || cause.contains("timed out"), "{cause}");
    }
    server.resume();
    let mut rounds = 0;
    while !outcomes(&store, &clock).await.iter().all(Result::is_ok) {
        rounds += 1;
        assert!(rounds < 5, "it answers again");
    }
}

#[tokio::test]
async fn p25_the_first_request_after_a_restart_succeeds_on_what_was_durable() {
    let server = RedisServer::start_with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let clock = ManualClock::new();
    let store = options("restart", &clock).connect(&server.url()).await.unwrap();
    let key = key();
    store.create(&key, record(&clock, "x")).await.unwrap();
    server.stop();
    server.start_again();
    assert!(store.load(&key).await.unwrap().is_some(), "the idle connection was dead");
    assert_eq!(
        store.delete_by_subject("https://op", "alice").await.unwrap(),
        1,
        "scripts are unknown"
    );
}

#[tokio::test]
async fn p25_a_server_that_is_down_is_not_stormed() {
    let clock = ManualClock::new();
    let proxy = Proxy::start(server().port()).await;
    let store = options("storm", &clock).connect(&proxy.url()).await.unwrap();
    let before = proxy.accepted();
    proxy.full(true);
    let end = tokio::time::Instant::now() + Duration::from_secs(1);
    let mut asked = 0;
    while tokio::time::Instant::now() < end {
        let keys = [(); 20].map(|()| key());
        asked += keys.len();
        for answer in join_all(keys.iter().map(|key| store.load(key))).await {
            assert!(answer.is_err());
        }
    }
    let attempts = proxy.accepted() - before;
    assert!((2..=8).contains(&attempts), "{attempts} connections for {asked} requests");
    proxy.full(false);
    assert!(store.load(&key()).await.is_ok(), "refused by an answer, and not for good");
}

#[tokio::test]
async fn p25_a_connection_that_leads_nowhere_is_replaced() {
    let clock = ManualClock::new();
    let proxy = Proxy::start(server().port()).await;
    let options = options("nowhere", &clock).deadline(Duration::from_millis(200));
    let store = options.connect(&proxy.url()).await.unwrap();
    proxy.silence();
    let mut errors = 0;
    while store.load(&key()).await.is_err() {
        errors += 1;
        assert!(errors <= 2, "one that finds out, and one that came too early");
    }
    assert_ne!(errors, 0, "the test can fail");
}

/// A command whose answer was lost is sent again. It must neither fail on its own work nor be done twice.
#[tokio::test]
async fn p03_p19_a_lost_answer_harms_nothing() {
    let clock = ManualClock::new();
    let proxy = Proxy::start(server().port()).await;
    let store = options("lost", &clock).connect(&proxy.url()).await.unwrap();
    // The server gets to know the scripts, so that what is lost is what they answer.
    assert!(outcomes(&store, &clock).await.iter().all(Result::is_ok));
    let (key, mark) = (key(), Mark::from_bytes([1; 32]));

    proxy.lose_the_next_answer();
    store.create(&key, record(&clock, "one")).await.unwrap();
    assert!(store.create(&key, record(&clock, "other")).await.unwrap_err().is_already_exists());

    let version = store.load(&key).await.unwrap().unwrap().version;
    proxy.lose_the_next_answer();
    let swap = store.swap(&key, version, record(&clock, "two")).await.unwrap();
    let stored = store.load(&key).await.unwrap().unwrap();
    assert_eq!(swap, Swap::Swapped(stored.version));
    assert_eq!(stored.payload.to_bytes().unwrap(), "two");
    assert_eq!(store.swap(&key, version, record(&clock, "x")).await.unwrap(), Swap::Conflict);

    proxy.lose_the_next_answer();
    assert!(store.mark_once(&mark, clock.now() + MINUTE).await.unwrap(), "it was this call");
    assert!(!store.mark_once(&mark, clock.now() + MINUTE).await.unwrap());

    proxy.lose_the_next_answer();
    store.delete(&key).await.unwrap();
    assert!(store.load(&key).await.unwrap().is_none());
}

#[tokio::test]
async fn scripts_that_the_server_forgot_are_sent_again() {
    let (server, clock) = (RedisServer::start(), ManualClock::new());
    let store = options("forgot", &clock).connect(&server.url()).await.unwrap();
    for _ in 0..2 {
        assert!(outcomes(&store, &clock).await.iter().all(Result::is_ok));
        let _ = server.query(&["SCRIPT", "FLUSH"]);
    }
}

#[tokio::test]
async fn a_full_server_takes_no_sessions_and_still_ends_them() {
    let server = RedisServer::start_with(&["--maxmemory", "100mb"]);
    let clock = ManualClock::new();
    let store = options("full", &clock).connect(&server.url()).await.unwrap();
    let (one, two) = (key(), key());
    store.create(&one, record(&clock, "x")).await.unwrap();
    store.create(&two, record(&clock, "x")).await.unwrap();
    let _ = server.query(&["CONFIG", "SET", "maxmemory", "1"]);
    let error = store.create(&key(), record(&clock, "x")).await.unwrap_err();
    assert!(!error.is_already_exists());
    assert!(format!("{error:?}").contains("memory is full"), "{error:?}");
    assert!(store.mark_once(&Mark::from_bytes([2; 32]), clock.now() + MINUTE).await.is_err());
    assert!(store.load(&one).await.unwrap().is_some());
    store.delete(&one).await.unwrap();
    assert!(store.load(&one).await.unwrap().is_none());
    assert_eq!(store.delete_by_subject("https://op", "alice").await.unwrap(), 1);
    assert!(store.load(&two).await.unwrap().is_none());
}

#[tokio::test]
async fn p07_what_is_cut_off_counts_as_absent() {
    let clock = ManualClock::new();
    let store = store("cut", &clock).await;
    let key = key();
    store.create(&key, record(&clock, "sealed")).await.unwrap();
    let version = store.load(&key).await.unwrap().unwrap().version;
    let name = format!("cut:s:{key}");
    for length in (1..=81).rev() {
        // What is left is the beginning, as after a torn write.
        let cut = format!(
            "redis.call('SET', KEYS[1], string.sub(redis.call('GET', KEYS[1]), 1, {length} - 1))"
        );
        let _ = server().query(&["EVAL", &cut, "1", &name]);
        assert!(store.load(&key).await.unwrap().is_none(), "{length}");
        assert_eq!(store.swap(&key, version, record(&clock, "x")).await.unwrap(), Swap::Missing);
    }
    store.create(&key, record(&clock, "new")).await.unwrap();
    assert!(store.load(&key).await.unwrap().is_some());
}

#[tokio::test]
async fn p25_a_cluster_whose_nodes_restart() {
    let (cluster, clock) = (RedisCluster::start(), ManualClock::new());
    let store = options("nodes", &clock).connect_cluster(cluster.urls()).await.unwrap();
    let keys = [(); 30].map(|()| key());
    for key in &keys {
        store.create(key, record(&clock, "x")).await.unwrap();
    }
    for node in cluster.nodes() {
        node.stop();
        let answers = join_all(keys.iter().map(|key| store.load(key))).await;
        assert!(answers.iter().any(Result::is_err), "its share of the keys cannot be had");
        assert!(!answers.iter().flatten().any(Option::is_none), "and none is said to be absent");
        node.start_again();
        node.wait_for_the_cluster();
        // It kept nothing, so this creates its share anew.
        for key in &keys {
            let created = store.create(key, record(&clock, "x")).await;
            assert!(created.is_ok_and(|()| true) || store.load(key).await.unwrap().is_some());
        }
    }
    for node in cluster.nodes() {
        node.stop();
    }
    assert!(join_all(keys.iter().map(|key| store.load(key))).await.iter().all(Result::is_err));
    for node in cluster.nodes() {
        node.start_again();
    }
    for node in cluster.nodes() {
        node.wait_for_the_cluster();
    }
    let answers = outcomes(&store, &clock).await;
    assert!(answers.iter().filter(|answer| answer.is_err()).count() <= 1, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn p25_a_cluster_that_is_gone_is_not_stormed() {
    // The client of a cluster goes on without a pause, if the last node goes at the wrong moment.
    let (cluster, clock) = (RedisCluster::start(), ManualClock::new());
    let options = options("gone", &clock).deadline(Duration::from_millis(400));
    let store = options.connect_cluster(cluster.urls()).await.unwrap();
    let [one, others @ ..] = cluster.nodes() else { panic!("there are three") };
    one.stop();
    // While the client looks for where the slots of the first went, the others go.
    let mut requests = Vec::new();
    for _ in 0..100 {
        let store = store.clone();
        requests.push(tokio::spawn(async move { store.load(&key()).await.is_ok() }));
        tokio::time::sleep(Duration::from_micros(100)).await;
    }
    others.iter().for_each(RedisServer::stop);
    join_all(requests).await;
    let listener = TcpListener::bind(("127.0.0.1", others[0].port())).await.unwrap();
    let mut attempts = 0;
    let rest = tokio::time::sleep(Duration::from_secs(1));
    let count = async {
        while listener.accept().await.is_ok() {
            attempts += 1;
        }
    };
    tokio::select! { () = rest => {}, () = count => {} }
    assert!(attempts <= 2, "{attempts} connections without a request");
}
