//! An application's own tower-sessions session beside ours: a new id at login, flushed at a sign-out on request, and
//! none of the traps of such sessions (numbered as in the list of what was found in tower-sessions) reaches a login.

use std::sync::Arc;

use axum::extract::{Path, Request};
use axum::middleware::{Next, from_fn, map_request, map_response};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use http::{Method, StatusCode};
use tokio::sync::Semaphore;
use tower_oauth::Auth;
use tower_oauth_test::TestBrowser;
use tower_oauth_tests::{CountingStore, FailingStore, Operation, Setup, app, settle};
use tower_sessions::cookie::SameSite;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{MemoryStore, Session, SessionManagerLayer, SessionStore as TheirStore};
use tower_sessions_0_14 as v0_14;

/// Where a request stops in the middle, for the traps that need two at a time.
#[derive(Clone, Debug)]
struct Stop(Arc<Semaphore>);

/// The application: what is in its basket is in its own session.
fn shop(auth: &Auth) -> Router {
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
) -> std::result::Result<String, StatusCode> {
    basket(&session).await;
    stop.0.0.acquire().await.unwrap().forget();
    Ok(put(session, item).await)
}

fn layer<S: TheirStore>(store: &S) -> SessionManagerLayer<S>
where
    S: Clone,
{
    SessionManagerLayer::new(store.clone()).with_same_site(SameSite::Lax)
}

fn cookie(browser: &TestBrowser, name: &str) -> Option<String> {
    let cookies = browser.cookies();
    cookies.into_iter().find(|(found, _)| found == name).map(|(_, value)| value)
}

fn id(browser: &TestBrowser) -> Id {
    cookie(browser, "id").unwrap().parse().unwrap()
}

/// Somebody with a full basket, who is not signed in yet.
async fn shopper(setup: &Setup, auth: &Auth, store: &MemoryStore) -> TestBrowser {
    let mut browser = setup.browser_of(shop(auth).layer(layer(store)));
    assert_eq!(browser.open("/basket/apple").await.text(), "apple ");
    browser
}

/// What somebody gets who sends this cookie, as the attacker who planted it would.
async fn with_cookie(setup: &Setup, app: Router, cookie: &str, target: &str) -> String {
    let browser = setup.browser_of(app);
    browser.request(Method::GET, target, &[("cookie", cookie)]).await.text().to_owned()
}

fn flushing(setup: &Setup) -> Auth {
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
    let cycled = their.last_created();
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
    assert!(their.created.lock().unwrap().is_empty());
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
        their.fail(failing);
        let page = browser.click("Bob").await;
        assert_eq!(page.status(), 503, "{failing}");
        assert!(!page.text().contains("the test says so"));
        their.fail("");
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
    their.fail("delete");
    assert_eq!(browser.post("/auth/logout", &[]).await.status(), 503);
    assert_eq!(ours.sessions(), 0);
    assert!(cookie(&browser, "__Host-auth").is_none());
    their.fail("");
    assert_eq!(browser.open("/basket").await.text(), "apple ");
    assert_eq!(browser.post("/auth/logout", &[]).await.status(), 200);
    assert_eq!(browser.open("/basket").await.text(), "");
}

fn spawn_fetch(browser: &TestBrowser, target: &'static str) -> tokio::task::JoinHandle<String> {
    let browser = browser.clone();
    tokio::spawn(async move { browser.fetch(target).await.text().to_owned() })
}

/// Keeps what was created, and fails at what a test names.
#[derive(Clone, Debug, Default)]
struct Recording {
    store: MemoryStore,
    created: Arc<std::sync::Mutex<Vec<Record>>>,
    failing: Arc<std::sync::Mutex<&'static str>>,
}

impl Recording {
    fn fail(&self, operation: &'static str) {
        *self.failing.lock().unwrap() = operation;
    }

    fn check(&self, operation: &str) -> Result<()> {
        let is_failing = *self.failing.lock().unwrap() == operation;
        if is_failing { Err(Error::Backend("the test says so".into())) } else { Ok(()) }
    }

    fn last_created(&self) -> Record {
        self.created.lock().unwrap().last().unwrap().clone()
    }
}

#[async_trait::async_trait]
impl TheirStore for Recording {
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.check("create")?;
        self.store.create(record).await?;
        self.created.lock().unwrap().push(record.clone());
        Ok(())
    }
    async fn save(&self, record: &Record) -> Result<()> {
        self.store.save(record).await
    }
    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        self.check("load")?;
        self.store.load(id).await
    }
    async fn delete(&self, id: &Id) -> Result<()> {
        self.check("delete")?;
        self.store.delete(id).await
    }
}
