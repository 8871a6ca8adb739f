//! Processes that are killed (SIGKILL) at a step of a login or a refresh.

use std::collections::HashSet;
use std::time::Duration;

use http::{Method, StatusCode};
use tower_oauth_test::{Answer, Endpoint};

use crate::fleet::{Fleet, until};
use crate::store::Store;

#[tokio::test(flavor = "multi_thread")]
async fn p15_a_login_outlives_the_process_that_started_it() {
    let store = Store::redis();
    let fleet = Fleet::start(&store.url()).await;
    let mut browser = fleet.browser();
    fleet.balancer.choose(0);
    let callback = fleet.callback(&browser).await;
    for replica in &fleet.replicas {
        replica.kill();
        replica.start_again();
    }
    let page = browser.open(&callback).await;
    assert_eq!(page.status(), 200, "{}", page.text());
    for page in fleet.seen_by_each(&browser).await {
        assert_eq!(page.json()["subject"], "sub-alice");
    }
    assert_eq!(fleet.asked(Endpoint::Token), 1);
}

/// Killed while it waits for the provider in the middle of a callback: before the token request, with it under way, with
/// the tokens here and no session yet. Whoever loads the page again elsewhere is told to begin again, and then is
/// signed in without being asked for anything.
async fn killed_in_a_callback(store: Store) {
    let fleet = Fleet::start(&store.url()).await;
    let mut codes = HashSet::new();
    for (endpoint, token_requests) in [
        (Endpoint::Metadata, 0),
        (Endpoint::Token, 1),
        (Endpoint::Jwks, 1),
        (Endpoint::UserInfo, 1),
    ] {
        let mut browser = fleet.browser();
        fleet.balancer.choose(1);
        let callback = fleet.callback(&browser).await;
        fleet.provider.clear_requests();
        // Granted, where there is something to grant, and not delivered.
        let held = Answer::correct().delay(Duration::from_secs(60));
        fleet.provider.answer(endpoint, held);
        fleet.balancer.choose(0);
        let (same, url) = (fleet.copy(&browser), callback.clone());
        let lost = tokio::spawn(async move { same.request(Method::GET, &url, &[]).await });
        until("it is held", || fleet.asked(endpoint) == 1).await;
        fleet.replicas[0].kill();
        assert_eq!(lost.await.unwrap().status(), StatusCode::BAD_GATEWAY);
        fleet.replicas[0].start_again();
        fleet.provider.answer_normally(endpoint);

        fleet.balancer.choose(1);
        let page = browser.open(&callback).await;
        assert_eq!(page.status(), StatusCode::BAD_REQUEST, "{endpoint:?}: {}", page.text());
        assert_eq!(browser.fetch("/me").await.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(fleet.asked(Endpoint::Token), token_requests, "{endpoint:?}");
        browser.open("/auth/login/op").await;
        for page in fleet.seen_by_each(&browser).await {
            assert_eq!(page.json()["subject"], "sub-alice", "{endpoint:?}");
        }
        for request in fleet.provider.requests_to(Endpoint::Token) {
            let code = request.form().get("code").unwrap().to_owned();
            assert!(codes.insert(code), "{endpoint:?}: a code was presented twice");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p15_a_callback_whose_process_is_killed_ends_in_a_clean_login_on_redis() {
    killed_in_a_callback(Store::redis()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p15_a_callback_whose_process_is_killed_ends_in_a_clean_login_on_postgresql() {
    killed_in_a_callback(Store::postgres().await).await;
}

/// The provider has replaced the refresh token, and the new one died with the process. It takes the next try for a
/// theft; that costs one login, and no loop.
async fn killed_after_the_rotation(store: Store) {
    let fleet = Fleet::start(&store.url()).await;
    let mut browser = fleet.sign_in_with_an_expired_token().await;
    fleet.provider.answer(Endpoint::Refresh, Answer::correct().delay(Duration::from_secs(60)));
    fleet.balancer.choose(0);
    let same = browser.clone();
    let lost = tokio::spawn(async move { same.fetch("/token").await });
    until("it is held", || fleet.asked(Endpoint::Refresh) == 1).await;
    fleet.replicas[0].kill();
    assert_eq!(lost.await.unwrap().status(), StatusCode::BAD_GATEWAY);
    store.end_leases().await;

    fleet.balancer.choose(1);
    for _ in 0..3 {
        let page = browser.fetch("/token").await;
        let answer = (page.status(), page.json()["code"].clone());
        assert_eq!(answer, (StatusCode::UNAUTHORIZED, "token_expired".into()));
    }
    assert_eq!(fleet.asked(Endpoint::Refresh), 2, "and no more");
    assert_eq!(browser.fetch("/me").await.json()["subject"], "sub-alice");
    let page = browser.open("/call").await;
    assert_eq!((page.status(), page.url().path()), (StatusCode::OK, "/call"), "{}", page.text());
    fleet.replicas[0].start_again();
    fleet.balancer.in_turn();
    for _ in 0..3 {
        assert_eq!(browser.fetch("/token").await.status(), StatusCode::OK);
    }
    let asked = [Endpoint::Refresh, Endpoint::Authorization, Endpoint::Token];
    assert_eq!(asked.map(|endpoint| fleet.asked(endpoint)), [2, 2, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn j07_a_refresh_that_died_with_its_process_costs_one_login_on_redis() {
    killed_after_the_rotation(Store::redis()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j07_a_refresh_that_died_with_its_process_costs_one_login_on_postgresql() {
    killed_after_the_rotation(Store::postgres().await).await;
}

/// The provider is told of a sign-out when it is over here, so nobody is left signed in with tokens that were revoked.
#[tokio::test(flavor = "multi_thread")]
async fn p15_a_sign_out_whose_process_is_killed_is_over_before_the_provider_hears_of_it() {
    let store = Store::redis();
    let fleet = Fleet::start(&store.url()).await;
    let mut browser = fleet.browser();
    browser.open("/auth/login/op").await;
    let stolen = fleet.copy(&browser);
    fleet.provider.answer(Endpoint::Revocation, Answer::never());
    fleet.balancer.choose(0);
    fleet.sign_out(&browser).await;
    until("it is held", || fleet.asked(Endpoint::Revocation) == 1).await;
    fleet.replicas[0].kill();
    fleet.replicas[0].start_again();
    for page in fleet.seen_by_each(&stolen).await {
        assert_eq!(page.status(), StatusCode::UNAUTHORIZED);
    }
}
