//! Back-channel logout of sessions that are in their cookies: the list of revoked ones knows it.

use std::time::Duration;

use tower_oauth::Auth;
use tower_oauth_tests::{CountingStore, FailingStore, Operation, Setup, secret};

use crate::support::{BACKCHANNEL, end_sessions, is_signed_in};

const ALICE: &str = "sub-alice";

fn auth(setup: &Setup, list: &FailingStore) -> Auth {
    let builder = setup.builder().provider(setup.registration()).secret(secret("cookies"));
    let builder = builder.cookie_sessions().revoked_sessions(list.clone());
    builder.backchannel_logout(true).build().unwrap()
}

#[tokio::test]
async fn b01_b02_b21_a_token_ends_sessions_in_cookies_until_their_end() {
    for by_sid in [true, false] {
        let setup = Setup::new();
        let list = FailingStore::new(setup.clock.clone());
        let (auth, replica) = (auth(&setup, &list), auth(&setup, &list));
        let (mut other, mut browser) = (setup.browser(&auth), setup.browser(&auth));
        other.login_as("alice").await;
        browser.login_as("alice").await;
        let sid = setup.provider.latest_sid(ALICE).unwrap();
        setup.clock.advance(Duration::from_secs(60));
        let token = match by_sid {
            true => setup.provider.logout_token(Some(ALICE), Some(&sid)),
            false => setup.provider.logout_token(Some(ALICE), None),
        };
        let page = setup.browser(&replica).backchannel_logout(BACKCHANNEL, &token).await;
        assert_eq!(page.status(), 200);
        assert!(!is_signed_in(&browser).await);
        assert_eq!(is_signed_in(&other).await, by_sid);
        setup.clock.advance(Duration::from_secs(1));
        other.login_as("alice").await;
        assert_eq!(other.backchannel_logout(BACKCHANNEL, &token).await.status(), 400);
        assert!(is_signed_in(&other).await, "the later one lives");
        setup.clock.advance(Duration::from_secs(23 * 60 * 60));
        assert!(!is_signed_in(&browser).await, "remembered as long as cookies live");
    }
}

#[tokio::test]
async fn v7_b19_a_list_that_fails_is_neither_nobody_nor_a_sign_out() {
    let setup = Setup::new();
    let list = FailingStore::new(setup.clock.clone());
    let mut browser = setup.browser(&auth(&setup, &list));
    browser.login_as("alice").await;
    setup.clock.advance(Duration::from_secs(60));
    let token = setup.provider.logout_token(Some(ALICE), None);
    list.fail(&[Operation::Create]);
    assert_eq!(browser.backchannel_logout(BACKCHANNEL, &token).await.status(), 400);
    list.fail(&[]);
    assert!(is_signed_in(&browser).await);
    assert_eq!(browser.backchannel_logout(BACKCHANNEL, &token).await.status(), 200);
    list.fail(&[Operation::Load]);
    assert_eq!(browser.fetch("/private").await.status(), 503);
}

/// There is no ID token in a cookie: the provider learns which client it is, and may ask who.
#[tokio::test]
async fn l04_a_session_in_a_cookie_signs_out_at_the_provider_without_a_hint() {
    let setup = Setup::new();
    let builder = setup.builder().provider(setup.registration()).secret(secret("cookies"));
    let list = CountingStore::new(setup.clock.clone());
    let auth = builder.cookie_sessions().revoked_sessions(list).build().unwrap();
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    let page = browser.post("/auth/logout", &[("return_to", "/public")]).await;
    assert_eq!(page.text(), "public");
    let request = end_sessions(&setup.provider).remove(0);
    assert_eq!(request.get("id_token_hint"), None);
    assert_eq!(request.get("client_id"), Some(setup.provider.client_id()));
}
