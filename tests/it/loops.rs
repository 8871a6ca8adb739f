//! Logins that lead to the next one: told with their cause, and never confused with tabs side by side.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::Method;
use tower_oauth::session::SessionStore as _;
use tower_oauth::{Auth, User};
use tower_oauth_test::TestBrowser;
use tower_oauth_tests::{CountingStore, FailingStore, Setup, callback_url};

/// Opens `path` again and again, as a page does that always sends to sign in; returns what stopped it.
async fn circle(browser: &mut TestBrowser, path: &str) -> (usize, String) {
    for round in 0..10 {
        let page = browser.open(path).await;
        if page.status() == 508 {
            return (round, page.text());
        }
        assert_ne!(page.url().host_str(), Some("op.example"), "{}", page.text());
    }
    (10, String::new())
}

/// Asks for more than any login gives.
fn never_satisfied(auth: &Auth) -> Router {
    Router::new().route("/", get(async |user: User| user.subject().to_owned())).layer(auth.layer())
}

#[tokio::test]
async fn a_store_that_forgets_is_named() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let store = CountingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let mut browser = setup.browser(&auth);
    for round in 0..3 {
        assert_eq!(browser.open("/auth/login?return_to=/public").await.text(), "public", "{round}");
        store.delete_by_subject(setup.provider.issuer(), "sub-alice").await.unwrap();
    }
    let page = browser.open("/auth/login?return_to=/public").await;
    assert_eq!(page.status(), 508);
    assert!(page.text().contains("redirect_loop") && page.text().contains("forgot it at once"));
    // A person who clicks is no loop.
    assert_eq!(browser.click("Try again").await.text(), "public");
}

#[tokio::test]
async fn a_browser_that_sends_no_session_cookie_is_named() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let mut browser = setup.browser(&setup.auth());
    for _ in 0..3 {
        browser.open("/auth/login?return_to=/public").await;
        browser.forget_cookie("__Host-auth");
    }
    let page = browser.open("/auth/login").await;
    assert!(page.text().contains("does not send back the cookie"), "{}", page.text());
    let page = browser.request(Method::GET, "/auth/login/op", &[]).await;
    assert_eq!(page.status(), 303, "the page cleared the count");
}

#[tokio::test]
async fn a_page_that_is_never_satisfied_is_named() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let mut browser = setup.browser_of(never_satisfied(&setup.auth()));
    let (rounds, page) = circle(&mut browser, "/auth/login").await;
    assert_eq!(rounds, 3);
    assert!(page.contains("asks for more than signing in gives"), "{page}");
}

#[tokio::test]
async fn neither_tabs_nor_time_nor_a_sign_out_make_a_loop() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    let mut browser = setup.browser(&auth);
    // Six tabs that a browser restores at once.
    let mut callbacks = Vec::new();
    for _ in 0..6 {
        callbacks.push(callback_url(&browser, "/auth/login").await);
    }
    for callback in callbacks {
        assert_eq!(browser.open(&callback).await.status(), 200);
    }
    assert_eq!(browser.open("/auth/login").await.status(), 200);
    for _ in 0..6 {
        setup.clock.advance(Duration::from_secs(61));
        browser.forget_cookie("__Host-auth-round");
        assert_eq!(browser.open("/auth/login").await.status(), 200);
    }
    for _ in 0..6 {
        browser.post("/auth/logout", &[]).await;
        assert_eq!(browser.open("/auth/login").await.status(), 200);
    }
    // A count that somebody invents hurts nobody but this browser.
    for value in ["256", "-1", "x", ""] {
        browser.forget_cookie("__Host-auth-round");
        browser.plant_cookie("__Host-auth-round", value);
        assert_eq!(browser.open("/auth/login").await.status(), 200, "{value:?}");
    }
    browser.forget_cookie("__Host-auth-round");
    browser.plant_cookie("__Host-auth-round", "255");
    assert_eq!(browser.open("/auth/login").await.status(), 508);
}

#[tokio::test]
async fn p01_a_store_that_fails_is_no_loop() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let store = FailingStore::new(setup.clock.clone());
    let mut browser = setup.browser(&setup.auth_on(store.clone()));
    browser.login_as("alice").await;
    browser.forget_cookie("__Host-auth-round");
    browser.plant_cookie("__Host-auth-round", "3");
    store.fail(&[tower_oauth_tests::Operation::Load]);
    let page = browser.open("/auth/login").await;
    assert_eq!(page.status(), 503);
}
