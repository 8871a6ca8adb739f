//! Signing out.

use http::Method;
use tower_oauth_tests::{CountingStore, FailingStore, Operation, Setup};

#[tokio::test]
async fn signing_out_ends_the_session_in_the_store_and_in_the_browser() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    let cookies = browser.cookies();
    let page = browser.post("/auth/logout", &[]).await;
    assert_eq!((page.url().path(), page.status().as_u16()), ("/auth/logged-out", 200));
    assert!(page.text().contains("signed out"));
    assert!(browser.cookies().is_empty());
    assert_eq!(store.sessions(), 0);
    // l08: the old cookie, sent again from wherever it was copied to.
    let header = format!("{}={}", cookies[0].0, cookies[0].1);
    let page = browser.request(Method::GET, "/private", &[("cookie", &header)]).await;
    assert_eq!(page.status(), 401);
}

#[tokio::test]
async fn l01_only_the_application_itself_can_sign_somebody_out() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ] {
        let page = browser.request(Method::POST, "/auth/logout", headers).await;
        assert_eq!(page.status(), 403, "{headers:?}");
    }
    let page = browser.request(Method::GET, "/auth/logout", &[]).await;
    assert_eq!((page.status().as_u16(), page.header("allow")), (405, "POST"));
    assert_eq!(browser.open("/").await.text(), "Hello, Alice Liddell!");
}

#[tokio::test]
async fn l05_l11_targets_stay_on_site_and_a_second_time_is_fine() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    for (target, expected) in [
        ("/public", "/public"),
        ("//evil.example", "/auth/logged-out"),
        ("https://evil.example", "/auth/logged-out"),
        ("/auth/login", "/auth/logged-out"),
    ] {
        let page = browser.post("/auth/logout", &[("return_to", target)]).await;
        assert_eq!(page.url().as_str(), format!("https://app.example{expected}"), "{target}");
    }
    let page =
        browser.request(Method::POST, "/auth/logout", &[("sec-fetch-site", "same-origin")]).await;
    assert_eq!(page.status(), 204, "a script");
}

#[tokio::test]
async fn l03_a_store_that_fails_is_no_success() {
    let setup = Setup::new();
    let store = FailingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    store.fail(&[Operation::Delete]);
    let page = browser.post("/auth/logout", &[]).await;
    assert_eq!(page.status(), 503);
    assert!(page.text().contains("store_unavailable"));
    assert!(browser.cookies().is_empty(), "this browser forgets the session all the same");
}

#[tokio::test]
async fn k08_signing_out_with_two_session_cookies_ends_both() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let (mut one, mut two) = (setup.browser(&auth), setup.browser(&auth));
    one.login_as("alice").await;
    two.login_as("bob").await;
    let header = format!("__Host-auth={}; __Host-auth={}", one.cookies()[0].1, two.cookies()[0].1);
    let headers = [("cookie", header.as_str()), ("sec-fetch-site", "same-origin")];
    let page = setup.browser(&auth).request(Method::POST, "/auth/logout", &headers).await;
    assert_eq!((page.status().as_u16(), store.sessions()), (204, 0));
    let many = format!("__Host-auth={}; ", "A".repeat(43)).repeat(9);
    let headers = [("cookie", many.as_str()), ("sec-fetch-site", "same-origin")];
    let page = setup.browser(&auth).request(Method::POST, "/auth/logout", &headers).await;
    assert_eq!(page.status(), 400, "no success that was none");
}

#[tokio::test]
async fn l07_the_signed_out_page_changes_nothing() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    assert_eq!(browser.open("/auth/logged-out").await.status(), 200);
    assert_eq!(browser.open("/").await.text(), "Hello, Alice Liddell!");
}
