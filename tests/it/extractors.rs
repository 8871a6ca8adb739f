//! What handlers get, and what is answered for them.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use serde::Deserialize;
use tower_oauth::{AccessToken, Claims, RequireLogin, User};
use tower_oauth_tests::{CountingStore, FailingStore, Operation, Setup, app};

#[tokio::test]
async fn x01_s18_s19_anonymous_gets_what_it_can_read() {
    let setup = Setup::new();
    let auth = setup.auth();
    let browser = setup.browser(&auth);
    let navigation = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    let page = browser.request(http::Method::GET, "/private?a=b", &navigation).await;
    assert_eq!(page.status(), 303);
    assert_eq!(page.header("location"), "/auth/login?return_to=%2Fprivate%3Fa%3Db");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.text(), "");
    let html = browser.request(http::Method::GET, "/private", &[("accept", "text/html")]).await;
    assert_eq!(html.status(), 303);
    for (method, path, headers) in [
        (http::Method::GET, "/private", &[("accept", "application/json")][..]),
        (http::Method::GET, "/private", &[("sec-fetch-mode", "cors")]),
        (
            http::Method::GET,
            "/private",
            &[("accept", "text/html"), ("x-requested-with", "XMLHttpRequest")],
        ),
        (http::Method::GET, "/private", &[("upgrade", "websocket")]),
        (http::Method::POST, "/submit", &[("accept", "text/html")]),
    ] {
        let page = browser.request(method, path, headers).await;
        assert_eq!(page.status(), 401, "{headers:?}");
        assert_eq!(page.header("content-type"), "application/problem+json");
        assert_eq!(page.header("location"), "");
        assert_eq!(page.header("set-cookie"), "");
        let problem = page.json();
        assert_eq!((&problem["status"], &problem["code"]), (&401.into(), &"login_required".into()));
        assert!(problem["login_url"].as_str().unwrap().starts_with("/auth/login?return_to=%2F"));
    }
}

#[tokio::test]
async fn p06_x02_a_store_that_fails_is_not_anonymous() {
    let setup = Setup::new();
    let store = FailingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    store.fail(&[Operation::Load]);
    for path in ["/", "/private", "/token"] {
        let page = browser.open(path).await;
        assert_eq!(
            (page.status().as_u16(), page.json()["code"].as_str().unwrap()),
            (503, "store_unavailable")
        );
    }
    assert_eq!(browser.open("/public").await.text(), "public");
    store.fail(&[]);
    assert_eq!(browser.open("/").await.text(), "Hello, Alice Liddell!", "the cookie was kept");
}

#[tokio::test]
async fn h11_without_the_layer_it_is_a_mistake_of_the_application() {
    let setup = Setup::new();
    let routes = Router::new()
        .route("/user", get(async |_: User| ""))
        .route("/optional", get(async |_: Option<User>| ""))
        .route("/token", get(async |_: AccessToken| ""))
        .merge(Router::new().route("/group", get(async || "")).route_layer(RequireLogin::new()));
    let mut browser = setup.browser_of(routes);
    for path in ["/user", "/optional", "/token", "/group"] {
        let page = browser.open(path).await;
        assert_eq!(
            (page.status().as_u16(), page.json()["code"].as_str().unwrap()),
            (500, "layer_missing")
        );
        assert!(page.json()["detail"].as_str().unwrap().contains(".layer(auth.layer())"));
    }
}

#[tokio::test]
async fn a_request_that_asks_for_no_user_does_no_store_access() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    let before = store.total();
    for _ in 0..10 {
        let page = browser.open("/public").await;
        assert_eq!(
            (page.text().as_str(), page.header("vary"), page.header("set-cookie")),
            ("public", "", "")
        );
    }
    assert_eq!(store.total(), before);
    let page = browser.open("/private").await;
    assert_eq!(store.total(), before + 1, "one load for a request that asks");
    assert_eq!(
        (page.header("vary"), page.header("cache-control")),
        ("cookie", "private, no-cache")
    );
}

#[tokio::test]
async fn several_questions_of_one_request_load_once() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let handler =
        async |_: User, _: Option<User>, _: AccessToken, _: Claims<serde_json::Value>| "all";
    let app = app(&auth).route("/all", get(handler).layer(auth.layer()));
    let mut browser = setup.browser_of(app);
    browser.login_as("alice").await;
    let before = store.count(Operation::Load);
    assert_eq!(browser.open("/all").await.text(), "all");
    assert_eq!(store.count(Operation::Load), before + 1);
}

#[tokio::test]
async fn x04_an_expired_token_is_never_handed_out() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    setup.clock.advance(Duration::from_secs(3599));
    assert_eq!(browser.fetch("/token").await.json()["expires_in"], 1);
    setup.clock.advance(Duration::from_secs(1));
    let page = browser.fetch("/token").await;
    assert_eq!(
        (page.status().as_u16(), page.json()["code"].as_str().unwrap()),
        (401, "token_expired")
    );
    assert_eq!(browser.open("/").await.text(), "Hello, Alice Liddell!", "the session goes on");
    let page = browser.open("/token").await;
    assert!(
        page.url().as_str().starts_with("https://op.example/authorize"),
        "a person signs in again"
    );
    assert_eq!(browser.click("Alice").await.json()["expires_in"], 3600);
}

#[derive(Deserialize)]
struct Localised {
    locale: String,
}

#[derive(Deserialize)]
struct Administrator {
    #[expect(dead_code, reason = "its presence is what counts")]
    admin: bool,
}

#[tokio::test]
async fn u17_claims_are_typed_and_fail_closed() {
    let setup = Setup::new();
    let auth = setup.auth();
    let app = Router::new()
        .route("/locale", get(async |Claims(user): Claims<Localised>| user.locale))
        .route("/admin", get(async |_: Claims<Administrator>| "secret"))
        .merge(app(&auth))
        .layer(auth.layer());
    let mut browser = setup.browser_of(app);
    assert_eq!(browser.fetch("/admin").await.status(), 401);
    browser.login_as("alice").await;
    assert_eq!(browser.open("/locale").await.text(), "en-GB");
    let page = browser.open("/admin").await;
    assert_eq!(
        (page.status().as_u16(), page.json()["code"].as_str().unwrap()),
        (403, "claims_mismatch")
    );
}

#[tokio::test]
async fn a_group_of_routes_requires_a_login() {
    let setup = Setup::new();
    let store = FailingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let group = Router::new()
        .route("/inbox", get(async || "mail"))
        .route("/drafts", get(async || "drafts"))
        .route_layer(RequireLogin::new());
    let app = Router::new().route("/open", get(async || "open")).merge(group).layer(auth.layer());
    let mut browser = setup.browser_of(app);
    assert_eq!(browser.open("/open").await.text(), "open");
    assert_eq!(browser.fetch("/inbox").await.status(), 401);
    browser.open("/drafts").await;
    assert_eq!(browser.click("Alice").await.text(), "drafts");
    assert_eq!(browser.fetch("/inbox").await.text(), "mail");
    store.fail(&[Operation::Load]);
    assert_eq!(browser.fetch("/inbox").await.status(), 503);
    assert_eq!(browser.fetch("/open").await.text(), "open");
}
