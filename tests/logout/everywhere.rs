//! Signing out everywhere, and on one device of several.

use std::time::Duration;

use http::Method;
use tower_oauth_test::Endpoint;
use tower_oauth_tests::{FailingStore, Operation, Setup, settle};

use crate::support::is_signed_in;

const ISSUER: &str = "https://op.example";

#[tokio::test]
async fn l12_one_device_or_all_of_them() {
    let setup = Setup::new();
    let auth = setup.offline_auth(|builder| builder);
    let mut browsers = Vec::new();
    for user in ["alice", "alice", "alice", "bob"] {
        let mut browser = setup.browser(&auth);
        browser.login_as(user).await;
        browsers.push(browser);
    }
    browsers[0].clone().post("/auth/logout", &[]).await;
    let mut live = Vec::new();
    for browser in &browsers {
        live.push(is_signed_in(browser).await);
    }
    assert_eq!(live, [false, true, true, true]);
    browsers[0].login_as("alice").await;
    let page = browsers[1].post("/auth/logout", &[("everywhere", "true")]).await;
    assert_eq!(page.url().path(), "/auth/logged-out");
    let mut live = Vec::new();
    for browser in &browsers {
        live.push(is_signed_in(browser).await);
    }
    assert_eq!(live, [false, false, false, true]);
    settle().await;
    assert_eq!(setup.provider.requests_to(Endpoint::Revocation).len(), 4, "each once");
    assert_eq!(auth.sign_out_everywhere(ISSUER, "sub-alice").await.unwrap(), 0);
    assert_eq!(auth.sign_out_everywhere("https://other.example", "sub-bob").await.unwrap(), 0);
    assert_eq!(auth.sign_out_everywhere(ISSUER, "sub-bob").await.unwrap(), 1);
    assert!(!is_signed_in(&browsers[3]).await);
}

#[tokio::test]
async fn l03_l12_a_store_that_fails_is_no_success() {
    let setup = Setup::new();
    let store = FailingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    for operation in [Operation::Find, Operation::Load, Operation::Delete] {
        store.fail(&[operation]);
        assert!(auth.sign_out_everywhere(ISSUER, "sub-alice").await.is_err(), "{operation:?}");
        store.fail(&[]);
        assert!(is_signed_in(&browser).await);
    }
    store.fail(&[Operation::Find]);
    let page = browser.post("/auth/logout", &[("everywhere", "true")]).await;
    assert_eq!(page.status(), 503);
}

/// Another site's form can do neither.
#[tokio::test]
async fn l01_l12_only_the_application_itself_can_ask_for_it() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let headers = [("sec-fetch-site", "cross-site")];
    let page = browser.request(Method::POST, "/auth/logout?everywhere=true", &headers).await;
    assert_eq!(page.status(), 403);
    assert!(is_signed_in(&browser).await);
}

/// With sessions in cookies the list of those that were revoked knows it.
#[tokio::test]
async fn l12_everywhere_ends_sessions_in_cookies_too() {
    let setup = Setup::new();
    let secret = tower_oauth_tests::secret("cookies");
    let cookies =
        || setup.builder().provider(setup.registration()).secret(&secret).cookie_sessions();
    let list = tower_oauth_tests::CountingStore::new(setup.clock.clone());
    let auth = cookies().revoked_sessions(list).build().unwrap();
    let mut one = setup.browser(&auth);
    let mut two = setup.browser(&auth);
    one.login_as("alice").await;
    two.login_as("alice").await;
    setup.clock.advance(Duration::from_secs(1));
    one.clone().post("/auth/logout", &[("everywhere", "true")]).await;
    assert!(!is_signed_in(&two).await);
    setup.clock.advance(Duration::from_secs(1));
    two.login_as("alice").await;
    assert!(is_signed_in(&two).await, "who signs in again is signed in");
    let auth = cookies().build().unwrap();
    let error = auth.sign_out_everywhere(ISSUER, "sub-alice").await.unwrap_err();
    assert!(error.to_string().contains("revoked_sessions"), "{error}");
}
