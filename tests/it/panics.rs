//! g09, p23: something panics while secrets are live. The process goes on, and the message tells none of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http::Method;
use tower_oauth::{AccessToken, MemoryStore, User};
use tower_oauth_test::Endpoint;
use tower_oauth_tests::{HookedStore, Operation, Setup};

use crate::login::callback_url;

#[expect(clippy::panic, reason = "what the test is about")]
async fn breaks_down(user: User, token: AccessToken) -> String {
    panic!("the handler broke down over {user:?} and {token:?}")
}

#[tokio::test]
async fn g09_p23_a_panic_tells_no_secret_and_the_next_request_works() {
    let messages: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&messages);
    let before = Arc::new(std::panic::take_hook());
    let others = Arc::clone(&before);
    // The hook is the whole process's: other tests' panics go where they went.
    std::panic::set_hook(Box::new(move |info| {
        let text = info.to_string();
        if text.contains("broke down over") {
            heard.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        } else {
            others(info);
        }
    }));

    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    // Panics once, when it is armed.
    let armed = Arc::new(AtomicBool::new(false));
    let is_armed = Arc::clone(&armed);
    let memory = MemoryStore::new(Arc::new(setup.clock.clone()));
    let store = HookedStore::new(memory, move |operation| {
        let breaks = operation != Operation::MarkOnce && is_armed.swap(false, Ordering::SeqCst);
        async move { assert!(!breaks, "the store broke down over {operation:?}") }
    });
    let auth = setup.auth_on(store);
    let app = axum::Router::new()
        .route("/", axum::routing::get(async |user: User| user.display_name().to_owned()))
        .route("/breaks", axum::routing::get(breaks_down))
        .layer(auth.layer());
    let mut browser = setup.browser_of(app);
    browser.login_as("alice").await;
    let mut secrets: Vec<String> = vec![browser.cookies().swap_remove(0).1];

    let ask = |browser: &tower_oauth_test::TestBrowser, path: String| {
        let browser = browser.clone();
        tokio::spawn(async move { browser.request(Method::GET, &path, &[]).await })
    };
    assert!(ask(&browser, "/breaks".into()).await.unwrap_err().is_panic());
    armed.store(true, Ordering::SeqCst);
    assert!(ask(&browser, "/".into()).await.unwrap_err().is_panic());
    assert_eq!(browser.open("/").await.text(), "Alice Liddell");
    let callback = callback_url(&browser, "/auth/login").await;
    let query = callback.split_once('?').unwrap().1.to_owned();
    secrets.extend(url::form_urlencoded::parse(query.as_bytes()).map(|(_, v)| v.into_owned()));
    // The first question of the callback to the store is `create`.
    armed.store(true, Ordering::SeqCst);
    assert!(ask(&browser, callback).await.unwrap_err().is_panic());
    assert_eq!(browser.open("/").await.text(), "Alice Liddell", "the earlier session goes on");
    setup.provider.approve_as(None);
    assert_eq!(browser.login_as("bob").await.text(), "Bob Builder");

    for request in setup.provider.requests_to(Endpoint::UserInfo) {
        let bearer = request.headers()["authorization"].to_str().unwrap();
        secrets.push(bearer.trim_start_matches("Bearer ").to_owned());
    }
    let messages = messages.lock().unwrap().clone();
    assert_eq!(messages.len(), 3, "{messages:#?}");
    secrets.retain(|secret| !secret.starts_with("https://"));
    for secret in &secrets {
        for message in &messages {
            assert!(!message.contains(&secret[..secret.len().min(12)]), "{secret}: {message}");
        }
    }
}
