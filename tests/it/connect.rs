//! Several providers in one session.

use axum::Router;
use axum::routing::get;
use http::Method;
use serde_json::{Value, json};
use tower_oauth::{Auth, Rejection, RequireScopes, Tokens, User, providers};
use tower_oauth_test::{Answer, Endpoint, FakeProvider, InProcessNetwork, TestBrowser};
use tower_oauth_tests::Setup;

/// The usual provider, and a second one to connect.
struct Two {
    setup: Setup,
    second: FakeProvider,
    auth: Auth,
}

impl Two {
    fn new() -> Self {
        let setup = Setup::new();
        let second = FakeProvider::builder()
            .issuer("https://second.example")
            .manual_clock(setup.clock.clone())
            .build();
        let setup = setup.on(InProcessNetwork::new().provider(&second));
        setup.provider.approve_as(Some("alice"));
        second.approve_as(Some("bob"));
        let registration =
            providers::oidc(second.issuer(), second.client_id(), second.client_secret())
                .key("second")
                .offline_access();
        let builder = setup.builder().provider(setup.registration()).provider(registration);
        let auth = builder.build().unwrap();
        Self { setup, second, auth }
    }

    fn app(&self) -> Router {
        let token = async |tokens: Tokens| -> Result<String, Rejection> {
            Ok(tokens.of("second").await?.secret().to_owned())
        };
        let connections = async |tokens: Tokens| {
            let described = tokens
                .connections()
                .iter()
                .map(|it| json!([it.provider(), it.subject()]))
                .collect();
            axum::Json(Value::Array(described))
        };
        Router::new()
            .route("/", get(async |user: User| user.subject().to_owned()))
            .route("/second", get(token))
            .route("/files", get(token).route_layer(RequireScopes::of("second", ["files"])))
            .route("/connections", get(connections))
            .layer(self.auth.layer())
    }

    async fn signed_in(&self) -> TestBrowser {
        let mut browser = self.setup.browser_of(self.app());
        assert_eq!(browser.open("/auth/login/op").await.text(), "sub-alice");
        browser
    }
}

async fn connections(browser: &TestBrowser) -> Value {
    browser.fetch("/connections").await.json()
}

#[tokio::test]
async fn a_second_provider_joins_the_session_and_leaves_it() {
    let two = Two::new();
    let mut browser = two.signed_in().await;
    let session = browser.cookies();
    assert_eq!(browser.fetch("/second").await.json()["code"], "not_connected");
    let page = browser.post("/auth/connect/second", &[("return_to", "/second?a=b")]).await;
    assert_eq!(&page.url()[url::Position::BeforePath..], "/second?a=b");
    assert_eq!(browser.cookies(), session, "the session is the same");
    assert_eq!(browser.open("/").await.text(), "sub-alice", "and so is the user");
    assert_eq!(connections(&browser).await, json!([["op", "sub-alice"], ["second", "sub-bob"]]));

    let page = browser.post("/auth/disconnect/second", &[("return_to", "/")]).await;
    assert_eq!(page.text(), "sub-alice");
    assert_eq!(browser.fetch("/second").await.json()["code"], "not_connected");
    while two.second.requests_to(Endpoint::Revocation).is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(connections(&browser).await, json!([["op", "sub-alice"]]));
    let again = browser.request(Method::POST, "/auth/disconnect/second", &[]).await;
    assert_eq!(again.status(), 204, "a second time is fine");
}

#[tokio::test]
async fn s17_only_the_applications_own_pages_connect_and_disconnect() {
    let two = Two::new();
    let mut browser = two.signed_in().await;
    for path in ["/auth/connect/second", "/auth/disconnect/second"] {
        assert_eq!(browser.request(Method::GET, path, &[]).await.status(), 405);
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.example")],
        ] {
            let page = browser.request(Method::POST, path, headers).await;
            assert_eq!(page.status(), 403, "{path} {headers:?}");
        }
        let stranger = two.setup.browser_of(two.app());
        assert_eq!(stranger.request(Method::POST, path, &[]).await.status(), 401);
    }
    assert_eq!(browser.request(Method::POST, "/auth/connect/nope", &[]).await.status(), 404);
    let page = browser.post("/auth/connect/op", &[]).await;
    assert_eq!(page.status(), 400, "the provider of the login is connected already");
    assert_eq!(browser.post("/auth/disconnect/op", &[]).await.status(), 400);
    assert_eq!(connections(&browser).await, json!([["op", "sub-alice"]]));
}

/// Whoever is signed in when the answer comes must be who asked for it.
#[tokio::test]
async fn c39_another_session_cannot_finish_a_connection() {
    let two = Two::new();
    for next in ["signed out", "another user", "signed in again"] {
        let mut browser = two.signed_in().await;
        let start = browser.request(Method::POST, "/auth/connect/second", &[]).await;
        let callback = follow(&two.second, start.header("location"));
        match next {
            "signed out" => drop(browser.post("/auth/logout", &[]).await),
            "another user" => {
                two.setup.provider.approve_as(Some("bob"));
                browser.open("/auth/login/op").await;
                two.setup.provider.approve_as(Some("alice"));
            }
            _ => drop(browser.open("/auth/login/op").await),
        }
        let exchanges = two.second.requests_to(Endpoint::Token).len();
        let page = browser.request(Method::GET, &callback, &[]).await;
        assert_eq!(
            (page.status().as_u16(), &page.json()["code"]),
            (403, &json!("user_mismatch")),
            "{next}"
        );
        assert_eq!(two.second.requests_to(Endpoint::Token).len(), exchanges, "{next}");
        if next != "signed out" {
            assert_eq!(connections(&browser).await.as_array().unwrap().len(), 1, "{next}");
        }
        let again = browser.request(Method::GET, &callback, &[]).await;
        assert_eq!(again.json()["code"], "state_invalid", "it is used up");
    }
}

/// The provider's answer to an authorization request.
fn follow(provider: &FakeProvider, location: &str) -> String {
    let request = http::Request::get(location).body(bytes::Bytes::new()).unwrap();
    provider.handle(request).headers()["location"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn c16_a_finished_connection_loaded_again_goes_on() {
    let two = Two::new();
    let browser = two.signed_in().await;
    let start = browser.request(Method::POST, "/auth/connect/second?return_to=/second", &[]).await;
    let callback = follow(&two.second, start.header("location"));
    for _ in 0..2 {
        let page = browser.request(Method::GET, &callback, &[]).await;
        assert_eq!((page.status().as_u16(), page.header("location")), (303, "/second"));
    }
    assert_eq!(two.second.requests_to(Endpoint::Token).len(), 1);
}

#[tokio::test]
async fn a_connection_is_kept_when_the_same_user_signs_in_again_and_lost_with_another() {
    let two = Two::new();
    let mut browser = two.signed_in().await;
    browser.post("/auth/connect/second", &[]).await;
    browser.open("/auth/login/op").await;
    assert_eq!(connections(&browser).await, json!([["op", "sub-alice"], ["second", "sub-bob"]]));
    two.setup.provider.approve_as(Some("bob"));
    browser.open("/auth/login/op").await;
    assert_eq!(connections(&browser).await, json!([["op", "sub-bob"]]), "c37");
}

#[tokio::test]
async fn another_account_takes_the_place_of_the_one_before_and_its_tokens_are_given_back() {
    let two = Two::new();
    let mut browser = two.signed_in().await;
    browser.post("/auth/connect/second", &[]).await;
    browser.post("/auth/connect/second", &[]).await;
    assert!(two.second.requests_to(Endpoint::Revocation).is_empty(), "the same account");
    two.second.approve_as(Some("alice"));
    browser.post("/auth/connect/second", &[]).await;
    assert_eq!(connections(&browser).await, json!([["op", "sub-alice"], ["second", "sub-alice"]]));
    while two.second.requests_to(Endpoint::Revocation).is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn scopes_of_a_connected_provider_are_granted_in_the_same_session() {
    let two = Two::new();
    let mut browser = two.signed_in().await;
    assert_eq!(browser.fetch("/files").await.json()["code"], "not_connected");
    browser.post("/auth/connect/second", &[]).await;
    let session = browser.cookies();
    let page = browser.open("/files").await;
    assert_eq!((page.status().as_u16(), page.url().path()), (200, "/files"));
    assert_eq!(browser.cookies(), session);
    assert_eq!(browser.open("/").await.text(), "sub-alice");
    // Somebody else's link to such a consent is worth nothing.
    two.second.approve_as(Some("alice"));
    let mut other = two.signed_in().await;
    other.post("/auth/connect/second", &[]).await;
    let login_url = other.fetch("/files").await.json()["login_url"].as_str().unwrap().to_owned();
    let page = browser.request(Method::GET, &login_url, &[]).await;
    assert_eq!(page.json()["code"], "user_mismatch");
}

#[tokio::test]
async fn v4_a_connection_that_fails_changes_nothing() {
    let two = Two::new();
    let mut browser = two.signed_in().await;
    for answer in [Answer::status(500), Answer::status(400), Answer::never()] {
        two.second.answer(Endpoint::Token, answer);
        let page = browser.post("/auth/connect/second", &[]).await;
        assert!(page.status().is_server_error(), "{}", page.text());
        assert!(!page.text().contains("Try again"), "a link would sign in, not connect");
        assert_eq!(connections(&browser).await, json!([["op", "sub-alice"]]));
    }
}

#[tokio::test]
async fn sessions_in_cookies_have_one_connection() {
    let two = Two::new();
    let setup = &two.setup;
    let builder = setup.builder().secret(tower_oauth_tests::secret("of the cookies"));
    let auth = builder.provider(setup.registration()).cookie_sessions().build().unwrap();
    let mut browser = setup.browser_of(Router::new().layer(auth.layer()));
    browser.open("/auth/login/op").await;
    let page = browser.request(Method::POST, "/auth/connect/op", &[]).await;
    assert_eq!((page.status().as_u16(), &page.json()["code"]), (400, &json!("malformed_request")));
}
