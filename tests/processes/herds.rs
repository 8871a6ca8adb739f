//! A thousand requests of one session, over three processes, that all need a token which has expired. The provider
//! takes whoever presents a refresh token twice for a thief, and ends the grant.

use std::collections::HashMap;
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use tokio::task::JoinHandle;
use tower_oauth_test::{Answer, Endpoint, Page, TestBrowser};

use crate::fleet::{Fleet, until};
use crate::store::Store;

const HERD: usize = 1_000;

fn herd(browser: &TestBrowser) -> Vec<JoinHandle<Page>> {
    let request = || {
        let browser = browser.clone();
        tokio::spawn(async move { browser.fetch("/token").await })
    };
    (0..HERD).map(|_| request()).collect()
}

/// How many answers had which status and, if any, which token. Each of those must be fresh.
async fn tally(herd: Vec<JoinHandle<Page>>) -> HashMap<(StatusCode, String), usize> {
    let mut answers = HashMap::new();
    for request in herd {
        let page = request.await.unwrap();
        let token = (page.status() == StatusCode::OK).then(|| fresh(&page));
        *answers.entry((page.status(), token.unwrap_or_default())).or_default() += 1;
    }
    answers
}

/// The fingerprint of a token that lasts.
fn fresh(page: &Page) -> String {
    let token: Value = page.json();
    assert!(token["expires_in"].as_u64() > Some(3_000), "{token}");
    token["sha256"].as_str().unwrap().to_owned()
}

async fn three_herds(store: Store) {
    let fleet = Fleet::start(&store.url()).await;
    let browser = fleet.sign_in_with_an_expired_token().await;
    fleet.balancer.in_turn();
    // So long that most are there before it ends.
    fleet.provider.answer(Endpoint::Refresh, Answer::correct().delay(Duration::from_millis(500)));
    let answers = tally(herd(&browser)).await;
    assert_eq!(answers.len(), 1, "one token for all: {answers:?}");
    let ((status, _), count) = answers.into_iter().next().unwrap();
    assert_eq!((status, count, fleet.asked(Endpoint::Refresh)), (StatusCode::OK, HERD, 1));
    for page in fleet.seen_by_each(&browser).await {
        assert_eq!(page.json()["subject"], "sub-alice", "nobody is signed out");
    }
    assert_eq!(fleet.asked(Endpoint::Token), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn j03_a_thousand_requests_over_three_processes_refresh_once_on_redis() {
    three_herds(Store::redis()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j03_a_thousand_requests_over_three_processes_refresh_once_on_postgresql() {
    three_herds(Store::postgres().await).await;
}

/// The process that refreshes is killed while all of them wait for it. Nothing has reached the provider's books yet, so
/// another one does it as soon as the lease ends.
async fn killed_in_the_middle(store: Store) {
    let fleet = Fleet::start(&store.url()).await;
    let browser = fleet.sign_in_with_an_expired_token().await;
    fleet.provider.answer(Endpoint::Refresh, Answer::never());
    fleet.balancer.choose(0);
    let first = browser.clone();
    let first = tokio::spawn(async move { first.fetch("/token").await });
    until("the first refreshes", || fleet.asked(Endpoint::Refresh) == 1).await;
    fleet.balancer.in_turn();
    let herd = herd(&browser);
    until("all wait", || fleet.balancer.under_way() == 1 + HERD).await;
    fleet.replicas[0].kill();
    assert_eq!(first.await.unwrap().status(), StatusCode::BAD_GATEWAY);
    store.end_leases().await;
    let answers = tally(herd).await;
    assert_eq!(answers.len(), 2, "one token, and those who were at the dead one: {answers:?}");
    let lost = answers[&(StatusCode::BAD_GATEWAY, String::new())];
    assert_eq!((lost, fleet.asked(Endpoint::Refresh)), (HERD.div_ceil(3), 2));
    fleet.replicas[0].start_again();
    for page in fleet.seen_by_each(&browser).await {
        assert_eq!(page.json()["subject"], "sub-alice", "nobody is signed out");
    }
    fleet.balancer.choose(0);
    let token = fresh(&browser.fetch("/token").await);
    assert!(answers.contains_key(&(StatusCode::OK, token)), "{answers:?}");
    assert_eq!((fleet.asked(Endpoint::Refresh), fleet.asked(Endpoint::Token)), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn j03_j04_a_herd_whose_refreshing_process_is_killed_goes_on_on_redis() {
    killed_in_the_middle(Store::redis()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j03_j04_a_herd_whose_refreshing_process_is_killed_goes_on_on_postgresql() {
    killed_in_the_middle(Store::postgres().await).await;
}
