//! Eight behaviours of tower-sessions that surprise; none of them reaches a login. Where a test says that the trap is
//! there, it fails once tower-sessions has mended it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, map_response};
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use tokio::sync::Semaphore;
use tower_oauth_test::TestBrowser;
use tower_oauth_tests::{CountingStore, FailingStore, Operation, Setup, settle};
use tower_sessions::cookie::SameSite;
use tower_sessions::session::Id;
use tower_sessions::{MemoryStore, Session, SessionStore as TheirStore};
use tower_sessions_0_14 as v0_14;

use crate::app_session::{Stop, cookie, flushing, id, layer, shop, with_cookie};
use crate::their_store::Recording;

/// Flushing leaves the session its old id for whatever is written next.
#[tokio::test]
async fn t6_2_1_a_message_after_a_flush_gets_a_new_id() {
    let setup = Setup::new();
    let (auth, store) = (flushing(&setup), MemoryStore::default());
    let message = from_fn(async |session: Session, request: Request, next: Next| -> Response {
        let is_logout = request.uri().path() == "/auth/logout";
        let response = next.run(request).await;
        if is_logout {
            session.insert("message", "you are signed out").await.unwrap();
        }
        response
    });
    let mut browser = setup.browser_of(shop(&auth).layer(message).layer(layer(&store)));
    browser.open("/basket/apple").await;
    browser.login_as("alice").await;
    let before = id(&browser);
    browser.post("/auth/logout", &[]).await;
    assert_ne!(id(&browser), before);
    assert!(store.load(&before).await.unwrap().is_none());
    let record = store.load(&id(&browser)).await.unwrap().unwrap();
    assert_eq!(record.data.into_keys().collect::<Vec<_>>(), ["message"]);
}

/// Clearing a session that was not read yet adopts whatever id the browser sent.
#[tokio::test]
async fn t6_2_2_an_invented_id_is_adopted_neither_at_login_nor_at_logout() {
    let setup = Setup::new();
    let (auth, store) = (flushing(&setup), MemoryStore::default());
    let invented = Id(7);
    for route in ["login", "logout"] {
        let mut browser = setup.browser_of(shop(&auth).layer(layer(&store)));
        if route == "logout" {
            browser.login_as("alice").await;
        }
        browser.plant_cookie("id", &invented.to_string());
        match route {
            "login" => browser.login_as("alice").await,
            _ => browser.post("/auth/logout", &[]).await,
        };
        assert!(store.load(&invented).await.unwrap().is_none(), "{route}");
        assert_eq!(cookie(&browser, "id"), None, "{route}: it has none, and none is made for it");
        browser.open("/basket/pear").await;
        assert!(store.load(&invented).await.unwrap().is_none(), "{route}");
        assert_ne!(id(&browser), invented, "{route}");
    }
}

/// A new id is only written when the response ends, and not if that is an error.
#[tokio::test]
async fn t6_2_3_a_login_whose_answer_is_lost_has_saved_the_content_and_one_that_fails_has_touched_nothing()
 {
    let setup = Setup::new();
    let (their, ours) = (Recording::default(), FailingStore::new(setup.clock.clone()));
    let auth = setup.auth_on(ours.clone());
    let broken = map_response(async |mut response: Response| {
        if response.headers().get("location").is_some_and(|to| to == "/") {
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        }
        response
    });
    let mut browser = setup.browser_of(shop(&auth).layer(broken).layer(layer(&their)));
    browser.open("/basket/apple").await;
    let before = id(&browser);
    browser.open("/auth/login").await;
    assert_eq!(browser.click("Alice").await.status(), 500);
    let cycled = their.written().pop().unwrap();
    assert_ne!(cycled.id, before);
    assert_eq!(cycled.data["basket"], "apple ");

    let mut browser = setup.browser_of(shop(&auth).layer(layer(&their)));
    browser.open("/basket/apple").await;
    let before = id(&browser);
    browser.open("/auth/login").await;
    ours.fail(&[Operation::Create]);
    assert_eq!(browser.click("Alice").await.status(), 503);
    ours.fail(&[]);
    assert_eq!(id(&browser), before);
    assert_eq!(browser.open("/basket").await.text(), "apple ");
}

/// A request under way writes the old id back, with what it had read.
#[tokio::test]
async fn t6_2_4_a_request_during_a_login_brings_back_an_old_id_that_is_not_signed_in() {
    let setup = Setup::new();
    let (auth, store) = (setup.auth(), MemoryStore::default());
    let stop = Stop(Arc::new(Semaphore::new(0)));
    let shop = shop(&auth).layer(Extension(stop.clone())).layer(layer(&store));
    let mut browser = setup.browser_of(shop.clone());
    browser.open("/basket/apple").await;
    let before = id(&browser);
    let slow = spawn_fetch(&browser, "/slowly/pear");
    settle().await;
    browser.login_as("alice").await;
    let session = cookie(&browser, "__Host-auth").unwrap();
    stop.0.add_permits(1);
    assert_eq!(slow.await.unwrap(), "apple pear ");
    assert!(store.load(&before).await.unwrap().is_some(), "the trap is there");
    let old = format!("id={before}");
    assert_eq!(with_cookie(&setup, shop.clone(), &old, "/").await, "Hello, stranger!");
    let both = format!("id={before}; __Host-auth={session}");
    assert_eq!(with_cookie(&setup, shop, &both, "/").await, "Hello, Alice Liddell!");
}

/// A request under way writes a flushed session back.
#[tokio::test]
async fn t6_2_5_a_request_during_a_sign_out_brings_nobody_back() {
    let setup = Setup::new();
    let ours = CountingStore::new(setup.clock.clone());
    let builder = setup.builder().store(ours.clone()).provider(setup.registration());
    let auth = builder.flush_app_session_at_logout(true).build().unwrap();
    let store = MemoryStore::default();
    let stop = Stop(Arc::new(Semaphore::new(0)));
    let shop = shop(&auth).layer(Extension(stop.clone())).layer(layer(&store));
    let mut browser = setup.browser_of(shop.clone());
    browser.open("/basket/apple").await;
    browser.login_as("alice").await;
    let cookies =
        format!("id={}; __Host-auth={}", id(&browser), cookie(&browser, "__Host-auth").unwrap());
    let before = id(&browser);
    let slow = spawn_fetch(&browser, "/slowly/pear");
    settle().await;
    browser.post("/auth/logout", &[]).await;
    assert!(store.load(&before).await.unwrap().is_none());
    stop.0.add_permits(1);
    slow.await.unwrap();
    assert!(store.load(&before).await.unwrap().is_some(), "the trap is there");
    assert_eq!(with_cookie(&setup, shop, &cookies, "/").await, "Hello, stranger!");
    assert_eq!(ours.sessions(), 0);
}

/// Of two requests at a time, the later one overwrites all that the other wrote.
#[tokio::test]
async fn t6_2_6_a_lost_update_loses_nothing_of_a_login() {
    let setup = Setup::new();
    let (auth, store) = (setup.auth(), MemoryStore::default());
    let stop = Stop(Arc::new(Semaphore::new(0)));
    let shop = shop(&auth).layer(Extension(stop.clone())).layer(layer(&store));
    let mut browser = setup.browser_of(shop);
    browser.login_as("alice").await;
    let token = browser.open("/token").await.json()["token"].clone();
    browser.open("/basket/apple").await;
    let slow = spawn_fetch(&browser, "/slowly/pear");
    settle().await;
    browser.open("/basket/plum").await;
    stop.0.add_permits(1);
    slow.await.unwrap();
    assert_eq!(browser.open("/basket").await.text(), "apple pear ", "the trap is there");
    assert_eq!(browser.open("/token").await.json()["token"], token);
}

/// The cookie that ends one with a `__Host-` name is refused by browsers.
#[tokio::test]
async fn t6_2_7_a_cookie_that_stays_after_a_flush_is_worth_nothing() {
    let setup = Setup::new();
    let (auth, store) = (flushing(&setup), MemoryStore::default());
    let layer = layer(&store).with_name("__Host-id");
    let mut browser = setup.browser_of(shop(&auth).layer(layer));
    browser.open("/basket/apple").await;
    browser.login_as("alice").await;
    let before = cookie(&browser, "__Host-id").unwrap();
    browser.post("/auth/logout", &[]).await;
    assert_eq!(cookie(&browser, "__Host-id").unwrap(), before, "the trap is there");
    assert_eq!(browser.open("/basket").await.text(), "");
    assert_eq!(browser.open("/").await.text(), "Hello, stranger!");
    assert_eq!(browser.open("/basket/pear").await.text(), "pear ");
    assert_ne!(cookie(&browser, "__Host-id").unwrap(), before);
}

/// Two versions are two types; with one of them alone, the other's session would not be seen.
#[tokio::test]
async fn t6_2_8_both_versions_get_a_new_id_in_one_application() {
    let setup = Setup::new();
    let (new, old) = (MemoryStore::default(), v0_14::MemoryStore::default());
    let old_layer =
        v0_14::SessionManagerLayer::new(old.clone()).with_name("old").with_same_site(SameSite::Lax);
    let auth = flushing(&setup);
    let shop = shop(&auth)
        .route("/old", get(async |s: v0_14::Session| s.insert("basket", "fig").await.unwrap()))
        .layer(layer(&new))
        .layer(old_layer);
    let mut browser = setup.browser_of(shop);
    browser.open("/basket/apple").await;
    browser.open("/old").await;
    let old_id = |browser: &TestBrowser| -> v0_14::session::Id {
        cookie(browser, "old").unwrap().parse().unwrap()
    };
    let before = (id(&browser), old_id(&browser));
    browser.login_as("alice").await;
    let after = (id(&browser), old_id(&browser));
    assert!(before.0 != after.0 && before.1 != after.1);
    assert!(new.load(&before.0).await.unwrap().is_none());
    use v0_14::SessionStore as _;
    assert!(old.load(&before.1).await.unwrap().is_none());
    assert_eq!(old.load(&after.1).await.unwrap().unwrap().data["basket"], "fig");
    browser.post("/auth/logout", &[]).await;
    assert!(TheirStore::load(&new, &after.0).await.unwrap().is_none());
    assert!(old.load(&after.1).await.unwrap().is_none());
}

fn spawn_fetch(browser: &TestBrowser, target: &'static str) -> tokio::task::JoinHandle<String> {
    let browser = browser.clone();
    tokio::spawn(async move { browser.fetch(target).await.text() })
}
