//! Login attempts that wait in the store.

use http::Method;
use tower_oauth::{Auth, LoginState};
use tower_oauth_test::Endpoint;
use tower_oauth_tests::{BytesStore, CountingStore, FailingStore, Operation, Setup};

use crate::login::callback_url;

fn stored(setup: &Setup, store: impl tower_oauth::session::SessionStore) -> Auth {
    let builder = setup.builder().store(store).login_state(LoginState::Stored);
    builder.provider(setup.registration()).build().unwrap()
}

#[tokio::test]
async fn the_cookie_holds_a_key_and_the_store_a_seal() {
    let setup = Setup::new();
    let store = BytesStore::new(setup.clock.clone());
    let auth = stored(&setup, store.clone());
    let mut browser = setup.browser(&auth);
    browser.open("/private").await;
    assert_eq!(browser.cookies()[0].1.len(), 43);
    assert_eq!(browser.click("Alice").await.text(), "private to sub-alice");
    let verifier = setup.provider.requests_to(Endpoint::Token)[0]
        .form()
        .get("code_verifier")
        .unwrap()
        .to_owned();
    for bytes in store.written() {
        for secret in [verifier.as_str(), "/private", "op.example"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
}

#[tokio::test]
async fn it_is_bound_to_the_browser_and_used_once() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let store = CountingStore::new(setup.clock.clone());
    let auth = stored(&setup, store.clone());
    let (mut browser, stranger) = (setup.browser(&auth), setup.browser(&auth));
    let callback = callback_url(&browser, "/auth/login?return_to=/private").await;
    assert_eq!(stranger.request(Method::GET, &callback, &[]).await.status(), 400);
    let name = browser.cookies()[0].0.clone();
    for value in ["A".repeat(43), "x".into()] {
        let header = format!("{name}={value}");
        let page = stranger.request(Method::GET, &callback, &[("cookie", &header)]).await;
        assert_eq!(page.status(), 400);
    }
    assert_eq!(browser.open(&callback).await.text(), "private to sub-alice");
    assert_eq!(store.sessions(), 1, "the session, and nothing of the attempt");
    assert_eq!(browser.open(&callback).await.text(), "private to sub-alice", "a reload");
    assert_eq!(setup.provider.requests_to(Endpoint::Token).len(), 1);
}

#[tokio::test]
async fn s31_tabs_are_bounded_by_their_number() {
    let setup = Setup::new();
    let auth = stored(&setup, CountingStore::new(setup.clock.clone()));
    let mut browser = setup.browser(&auth);
    for _ in 0..50 {
        browser.open("/private").await;
    }
    assert_eq!(browser.cookies().len(), 8);
    assert_eq!(browser.click("Alice").await.text(), "private to sub-alice");
}

#[tokio::test]
async fn p01_p02_a_store_that_fails() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let store = FailingStore::new(setup.clock.clone());
    let auth = stored(&setup, store.clone());
    let mut browser = setup.browser(&auth);
    store.fail(&[Operation::Create]);
    let page = browser.request(Method::GET, "/auth/login", &[]).await;
    assert_eq!(
        (page.status().as_u16(), page.header("location"), page.header("set-cookie")),
        (503, "", "")
    );
    store.fail(&[]);
    let callback = callback_url(&browser, "/auth/login").await;
    store.fail(&[Operation::Load]);
    assert_eq!(browser.request(Method::GET, &callback, &[]).await.status(), 503);
    store.fail(&[]);
    assert_eq!(browser.open(&callback).await.text(), "Hello, Alice Liddell!");
}
