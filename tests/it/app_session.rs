//! An application's own tower-sessions session beside ours: a new id at login, flushed at a sign-out on request.

use std::sync::Arc;

use axum::extract::{Path, Request};
use axum::middleware::map_request;
use axum::routing::get;
use axum::{Extension, Router};
use http::{Method, StatusCode};
use tokio::sync::Semaphore;
use tower_oauth::Auth;
use tower_oauth_test::TestBrowser;
use tower_oauth_tests::{CountingStore, Setup, app};
use tower_sessions::cookie::SameSite;
use tower_sessions::session::Id;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer, SessionStore as TheirStore};

use crate::their_store::Recording;

/// Where a request stops in the middle, for the traps that need two at a time.
#[derive(Clone, Debug)]
pub(crate) struct Stop(pub(crate) Arc<Semaphore>);

/// The application: what is in its basket is in its own session.
pub(crate) fn shop(auth: &Auth) -> Router {
    app(auth)
        .route("/basket", get(async |session: Session| basket(&session).await))
        .route("/basket/{item}", get(put))
        .route("/slowly/{item}", get(put_slowly))
}

async fn basket(session: &Session) -> String {
    session.get("basket").await.unwrap().unwrap_or_default()
}

async fn put(session: Session, Path(item): Path<String>) -> String {
    session.insert("basket", basket(&session).await + &item + " ").await.unwrap();
    basket(&session).await
}

async fn put_slowly(
    stop: Extension<Stop>,
    session: Session,
    item: Path<String>,
) -> Result<String, StatusCode> {
    basket(&session).await;
    stop.0.0.acquire().await.unwrap().forget();
    Ok(put(session, item).await)
}

pub(crate) fn layer<S: TheirStore + Clone>(store: &S) -> SessionManagerLayer<S> {
    SessionManagerLayer::new(store.clone()).with_same_site(SameSite::Lax)
}

pub(crate) fn cookie(browser: &TestBrowser, name: &str) -> Option<String> {
    let cookies = browser.cookies();
    cookies.into_iter().find(|(found, _)| found == name).map(|(_, value)| value)
}

pub(crate) fn id(browser: &TestBrowser) -> Id {
    cookie(browser, "id").unwrap().parse().unwrap()
}

/// Somebody with a full basket, who is not signed in yet.
async fn shopper(setup: &Setup, auth: &Auth, store: &MemoryStore) -> TestBrowser {
    let mut browser = setup.browser_of(shop(auth).layer(layer(store)));
    assert_eq!(browser.open("/basket/apple").await.text(), "apple ");
    browser
}

/// What somebody gets who sends this cookie, as the attacker who planted it would.
pub(crate) async fn with_cookie(setup: &Setup, app: Router, cookie: &str, target: &str) -> String {
    let browser = setup.browser_of(app);
    browser.request(Method::GET, target, &[("cookie", cookie)]).await.text()
}

pub(crate) fn flushing(setup: &Setup) -> Auth {
    let builder = setup.builder().provider(setup.registration());
    builder.flush_app_session_at_logout(true).build().unwrap()
}

#[tokio::test]
async fn k04_a_login_gives_it_a_new_id_and_keeps_its_content() {
    let setup = Setup::new();
    let (auth, store) = (setup.auth(), MemoryStore::default());
    let mut browser = shopper(&setup, &auth, &store).await;
    let before = id(&browser);
    for _ in 0..2 {
        assert_eq!(browser.login_as("alice").await.text(), "Hello, Alice Liddell!");
        assert_ne!(id(&browser), before);
        assert_eq!(browser.open("/basket").await.text(), "apple ");
    }
    let planted = format!("id={before}");
    let shop = shop(&auth).layer(layer(&store));
    assert_eq!(with_cookie(&setup, shop, &planted, "/basket").await, "", "the old id is dead");
}

#[tokio::test]
async fn a_sign_out_leaves_it_alone_unless_asked_to_flush_it() {
    let setup = Setup::new();
    for flushes in [false, true] {
        let (store, builder) = (MemoryStore::default(), setup.builder());
        let builder = builder.flush_app_session_at_logout(flushes).provider(setup.registration());
        let auth = builder.build().unwrap();
        let mut browser = shopper(&setup, &auth, &store).await;
        browser.login_as("alice").await;
        let before = id(&browser);
        browser.post("/auth/logout", &[]).await;
        assert_eq!(store.load(&before).await.unwrap().is_none(), flushes);
        let left = browser.open("/basket").await;
        assert_eq!(left.text(), if flushes { "" } else { "apple " });
    }
}

#[tokio::test]
async fn a_browser_without_one_gets_none() {
    let setup = Setup::new();
    let (auth, their) = (flushing(&setup), Recording::default());
    let mut browser = setup.browser_of(shop(&auth).layer(layer(&their)));
    browser.login_as("alice").await;
    browser.post("/auth/logout", &[]).await;
    assert!(cookie(&browser, "id").is_none());
    assert!(their.written().is_empty());
}

/// A `Strict` cookie does not come along from the provider. Its session is still the browser's afterwards.
#[tokio::test]
async fn one_that_the_browser_does_not_bring_along_stays_as_it_is() {
    let setup = Setup::new();
    let (auth, store) = (setup.auth(), MemoryStore::default());
    let strict = map_request(async |mut request: Request| {
        if request.uri().path().starts_with("/auth/callback/") {
            let cookies = request.headers()["cookie"].to_str().unwrap().to_owned();
            let brought: Vec<_> =
                cookies.split("; ").filter(|pair| !pair.starts_with("id=")).collect();
            request.headers_mut().insert("cookie", brought.join("; ").parse().unwrap());
        }
        request
    });
    let mut browser = setup.browser_of(shop(&auth).layer(layer(&store)).layer(strict));
    browser.open("/basket/apple").await;
    let before = id(&browser);
    browser.login_as("alice").await;
    assert_eq!(id(&browser), before);
    assert_eq!(browser.open("/basket").await.text(), "apple ");
}

/// The session's layer inside the login's: the login routes never see it.
#[tokio::test]
async fn the_wrong_order_of_layers_costs_the_new_id_alone() {
    let setup = Setup::new();
    let (auth, store) = (flushing(&setup), MemoryStore::default());
    let shop = Router::new()
        .route("/basket/{item}", get(put))
        .layer(layer(&store))
        .merge(app(&auth))
        .layer(auth.layer());
    let mut browser = setup.browser_of(shop);
    browser.open("/basket/apple").await;
    let before = id(&browser);
    assert_eq!(browser.login_as("alice").await.text(), "Hello, Alice Liddell!");
    browser.post("/auth/logout", &[]).await;
    assert_eq!(id(&browser), before);
    assert_eq!(browser.open("/basket/pear").await.text(), "apple pear ");
}

#[tokio::test]
async fn s33_if_its_store_fails_the_login_fails_and_the_earlier_one_stays() {
    let setup = Setup::new();
    let ours = CountingStore::new(setup.clock.clone());
    let (auth, their) = (setup.auth_on(ours.clone()), Recording::default());
    let mut browser = setup.browser_of(shop(&auth).layer(layer(&their)));
    browser.open("/basket/apple").await;
    browser.login_as("alice").await;
    let session = cookie(&browser, "__Host-auth");
    for failing in ["load", "delete", "create"] {
        browser.open("/auth/login").await;
        their.fail(&[failing]);
        let page = browser.click("Bob").await;
        assert_eq!(page.status(), 503, "{failing}");
        assert!(!page.text().contains("the test says so"));
        their.fail(&[]);
        assert_eq!(cookie(&browser, "__Host-auth"), session, "{failing}");
        assert_eq!(browser.open("/").await.text(), "Hello, Alice Liddell!", "{failing}");
        assert_eq!(ours.sessions(), 1, "{failing}: nothing is left of the new one");
        browser.open("/basket/apple").await;
    }
}

#[tokio::test]
async fn l03_if_its_store_fails_the_sign_out_says_so_and_the_login_has_ended_first() {
    let setup = Setup::new();
    let ours = CountingStore::new(setup.clock.clone());
    let builder = setup.builder().store(ours.clone()).provider(setup.registration());
    let auth = builder.flush_app_session_at_logout(true).build().unwrap();
    let their = Recording::default();
    let mut browser = setup.browser_of(shop(&auth).layer(layer(&their)));
    browser.open("/basket/apple").await;
    browser.login_as("alice").await;
    their.fail(&["delete"]);
    assert_eq!(browser.post("/auth/logout", &[]).await.status(), 503);
    assert_eq!(ours.sessions(), 0);
    assert!(cookie(&browser, "__Host-auth").is_none());
    their.fail(&[]);
    assert_eq!(browser.open("/basket").await.text(), "apple ");
    assert_eq!(browser.post("/auth/logout", &[]).await.status(), 200);
    assert_eq!(browser.open("/basket").await.text(), "");
}
