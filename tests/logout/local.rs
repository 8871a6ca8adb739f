//! What a sign-out leaves in the browser, and what it leaves alone.

use http::Method;
use tower_oauth_test::Endpoint;
use tower_oauth_tests::Setup;

use crate::support::is_signed_in;

#[tokio::test]
async fn l07_the_signed_out_page_is_for_everybody_and_ends_nothing() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    for signed_in in [false, true] {
        if signed_in {
            browser.login_as("alice").await;
        }
        let before = setup.provider.requests_to(Endpoint::Authorization).len();
        for path in ["/auth/logged-out", "/auth/logged-out?state=unknown"] {
            let page = browser.request(Method::GET, path, &[]).await;
            assert_eq!((page.status().as_u16(), page.header("set-cookie")), (200, ""));
        }
        assert_eq!(setup.provider.requests_to(Endpoint::Authorization).len(), before);
        assert_eq!(is_signed_in(&browser).await, signed_in);
    }
}

#[tokio::test]
async fn l09_what_was_private_is_not_kept_by_option() {
    let setup = Setup::new();
    for (yes, cached, cleared) in
        [(false, "private, no-cache", ""), (true, "no-store", "\"cache\"")]
    {
        let builder = setup.builder().provider(setup.registration());
        let auth = builder.no_store(yes).clear_cache_at_logout(yes).build().unwrap();
        let mut browser = setup.browser(&auth);
        browser.login_as("alice").await;
        assert_eq!(browser.fetch("/private").await.header("cache-control"), cached);
        assert_eq!(browser.fetch("/public").await.header("cache-control"), "");
        let headers = [("sec-fetch-site", "same-origin")];
        let page = browser.request(Method::POST, "/auth/logout", &headers).await;
        assert_eq!(page.header("clear-site-data"), cleared);
    }
}

/// A login that is under way in another tab has a cookie of its own, and makes a session of its own.
#[tokio::test]
async fn l14_a_login_under_way_in_another_tab_may_complete() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let mut other_tab = browser.clone();
    other_tab.open("/auth/login/op").await;
    browser.post("/auth/logout", &[]).await;
    assert!(!is_signed_in(&browser).await);
    assert_eq!(other_tab.click("Bob").await.text(), "Hello, Bob Builder!");
}

/// The sign-in page claims nothing about the session, and ends none.
#[tokio::test]
async fn l15_the_sign_in_page_is_no_way_out() {
    let setup = Setup::new();
    let two = tower_oauth::providers::github("id", "secret");
    let auth = setup.builder().provider(setup.registration()).provider(two).build().unwrap();
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    let page = browser.open("/auth/login").await;
    assert!(!page.text().contains("signed out"));
    assert!(is_signed_in(&browser).await);
}
