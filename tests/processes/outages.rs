//! The store goes away and comes back, under processes that run on.

use std::time::Duration;

use http::{Method, StatusCode};
use tower_oauth_test::Endpoint;
use tower_oauth_tests::servers::{PostgresServer, RedisServer};

use crate::fleet::Fleet;

async fn outage(store: &str, stop: impl Fn(), start_again: impl Fn()) {
    let fleet = Fleet::start(store).await;
    let mut browser = fleet.browser();
    browser.open("/auth/login/op").await;
    for page in fleet.seen_by_each(&browser).await {
        assert_eq!(page.json()["subject"], "sub-alice");
    }
    let unfinished = fleet.browser();
    let callback = fleet.callback(&unfinished).await;

    stop();
    for page in fleet.seen_by_each(&browser).await {
        let answer = (page.status(), page.json()["code"].clone());
        assert_eq!(answer, (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable".into()));
    }
    let page = browser.open("/").await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE, "no stranger: {}", page.text());
    let page = unfinished.request(Method::GET, &callback, &[]).await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE, "{}", page.text());
    assert_eq!(fleet.asked(Endpoint::Token), 1);

    start_again();
    for replica in 0..fleet.replicas.len() {
        fleet.balancer.choose(replica);
        let mut refused = 0;
        loop {
            let page = browser.fetch("/me").await;
            if page.status() == StatusCode::OK {
                break;
            }
            assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE, "{}", page.text());
            refused += 1;
            assert!(refused < 50, "not after five seconds");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    let page = unfinished.request(Method::GET, &callback, &[]).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER, "{}", page.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn p25_the_processes_outlive_an_outage_of_redis() {
    let server = RedisServer::start_with(&["--appendonly", "yes", "--appendfsync", "always"]);
    outage(&server.url(), || server.stop(), || server.start_again()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p25_the_processes_outlive_an_outage_of_postgresql() {
    let server = PostgresServer::start();
    outage(&server.url(), || server.stop(), || server.start_again()).await;
}
