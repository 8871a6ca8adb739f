//! Logins and sign-outs over several processes.

use std::fs;

use http::{Method, StatusCode};
use tower_oauth_test::Endpoint;
use tower_oauth_tests::servers::new_directory;

use crate::fleet::Fleet;
use crate::store::Store;

/// Started at one, finished at the second, read at the third; ended at one, and over for all.
async fn login_and_sign_out(store: &str) {
    let fleet = Fleet::start(store).await;
    let mut browser = fleet.browser();
    fleet.balancer.choose(0);
    let callback = fleet.callback(&browser).await;
    fleet.balancer.choose(1);
    let page = browser.open(&callback).await;
    assert_eq!(page.status(), 200, "{}", page.text());
    fleet.balancer.choose(2);
    assert_eq!(browser.fetch("/me").await.json()["subject"], "sub-alice");
    assert_eq!(fleet.asked(Endpoint::Token), 1);

    let stolen = fleet.copy(&browser);
    fleet.balancer.choose(1);
    fleet.sign_out(&browser).await;
    let copy_ends = store != "cookie";
    for page in fleet.seen_by_each(&stolen).await {
        assert_eq!(page.status() == StatusCode::UNAUTHORIZED, copy_ends, "{}", page.text());
    }
    for page in fleet.seen_by_each(&browser).await {
        assert_eq!(page.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l08_a_sign_out_at_one_process_is_seen_by_all_on_redis() {
    login_and_sign_out(&Store::redis().url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l08_a_sign_out_at_one_process_is_seen_by_all_on_postgresql() {
    login_and_sign_out(&Store::postgres().await.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l08_a_sign_out_at_one_process_is_seen_by_all_on_sqlite() {
    let directory = new_directory("sqlite");
    let file = directory.join("sessions.db");
    login_and_sign_out(&format!("sqlite:{}", file.display())).await;
    fs::remove_dir_all(directory).unwrap();
}

/// There a copy of the cookie lives on, as is written down.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_in_a_cookie_is_read_by_every_process() {
    login_and_sign_out("cookie").await;
}

/// One response, fifty times at once: a double click, a browser that sends again, a thief.
async fn fifty_callbacks(store: Store) {
    let fleet = Fleet::start(&store.url()).await;
    let browser = fleet.browser();
    fleet.balancer.in_turn();
    let callback = fleet.callback(&browser).await;
    let requests: Vec<_> = (0..50)
        .map(|_| {
            let (same, callback) = (fleet.copy(&browser), callback.clone());
            tokio::spawn(async move {
                let page = same.request(Method::GET, &callback, &[]).await;
                (same, page)
            })
        })
        .collect();
    let mut signed_in = Vec::new();
    for request in requests {
        let (same, page) = request.await.unwrap();
        match page.status() {
            StatusCode::SEE_OTHER => signed_in.push(same),
            status => {
                assert_eq!(status, StatusCode::BAD_REQUEST, "{}", page.text());
                assert!(page.text().contains("state_invalid"), "{}", page.text());
            }
        }
    }
    assert_eq!((signed_in.len(), fleet.asked(Endpoint::Token)), (1, 1));
    for page in fleet.seen_by_each(signed_in.first().unwrap()).await {
        assert_eq!(page.json()["subject"], "sub-alice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c18_p19_fifty_callbacks_over_three_processes_are_one_token_request_on_redis() {
    fifty_callbacks(Store::redis()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c18_p19_fifty_callbacks_over_three_processes_are_one_token_request_on_postgresql() {
    fifty_callbacks(Store::postgres().await).await;
}

/// The provider says at one that somebody signed out there, and it is over for all; who signs in since is signed in.
async fn backchannel_logout(store: &str) {
    let fleet = Fleet::start(store).await;
    let (mut alice, mut other) = (fleet.browser(), fleet.browser());
    fleet.balancer.in_turn();
    other.open("/auth/login/op").await;
    alice.open("/auth/login/op").await;
    let sid = fleet.provider.latest_sid("sub-alice").unwrap();
    let token = fleet.provider.logout_token(None, Some(&sid));
    fleet.balancer.choose(1);
    for expected in [StatusCode::OK, StatusCode::BAD_REQUEST] {
        let page = alice.backchannel_logout("/auth/backchannel-logout/op", &token).await;
        assert_eq!(page.status(), expected, "{}", page.text());
        fleet.balancer.choose(2);
    }
    for page in fleet.seen_by_each(&alice).await {
        assert_eq!(page.status(), StatusCode::UNAUTHORIZED, "{}", page.text());
    }
    for page in fleet.seen_by_each(&other).await {
        assert_eq!(page.json()["subject"], "sub-alice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b01_b13_a_logout_token_at_one_process_ends_the_session_at_all_on_redis() {
    backchannel_logout(&Store::redis().url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b01_b13_a_logout_token_at_one_process_ends_the_session_at_all_on_postgresql() {
    backchannel_logout(&Store::postgres().await.url()).await;
}
