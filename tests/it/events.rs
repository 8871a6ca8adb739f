//! g08: what an operator is told: one event for each thing that happens, under a code or a name that stays.

use http::Method;
use tower_oauth_test::{Answer, Endpoint};
use tower_oauth_tests::{Captured, FailingStore, Operation, Setup};

use crate::login::callback_url;

/// The events of the login since the last call.
fn events(captured: &Captured) -> Vec<String> {
    captured.take().lines().filter(|line| line.contains("tower_oauth::")).map(Into::into).collect()
}

/// The events that have `part` in them.
fn count(events: &[String], part: &str) -> usize {
    events.iter().filter(|event| event.contains(part)).count()
}

#[tokio::test]
async fn g08_each_thing_that_happens_is_told_once() {
    let captured = Captured::default();
    let _guard = captured.listen(tracing::Level::DEBUG);
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let store = FailingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    assert_eq!(count(&events(&captured), "register this redirect URI"), 1);
    let mut browser = setup.browser(&auth);

    browser.login_as("alice").await;
    let seen = events(&captured);
    for part in ["login started", "fetched the metadata", "fetched the keys", "signed in"] {
        assert_eq!(count(&seen, part), 1, "{part}: {seen:#?}");
    }

    browser.post("/auth/logout", &[]).await;
    assert_eq!(count(&events(&captured), "ended"), 1);

    let callback = callback_url(&browser, "/auth/login").await;
    browser.request(Method::GET, &callback, &[]).await;
    let stranger = setup.browser(&auth);
    events(&captured);
    stranger.request(Method::GET, &callback, &[]).await;
    let seen = events(&captured);
    assert_eq!(count(&seen, "no attempt of this browser is waiting"), 1, "{seen:#?}");

    // The browser that started it brings the same response again, after a failure.
    setup.provider.answer(Endpoint::Token, Answer::status(500));
    let callback = callback_url(&browser, "/auth/login").await;
    events(&captured);
    let cookies = browser.cookies();
    let cookies: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let cookie = ("cookie", &*cookies.join("; "));
    browser.request(Method::GET, &callback, &[]).await;
    let seen = events(&captured);
    assert_eq!(count(&seen, "code=\"provider_unavailable\""), 1, "{seen:#?}");
    assert_eq!(seen.len(), 1, "{seen:#?}");
    stranger.request(Method::GET, &callback, &[cookie]).await;
    let seen = events(&captured);
    assert_eq!(count(&seen, "the attempt was used already"), 1, "{seen:#?}");

    browser.login_as("alice").await;
    events(&captured);
    store.fail(&[Operation::Load]);
    browser.open("/private").await;
    let seen = events(&captured);
    assert_eq!(count(&seen, "ERROR"), 1, "{seen:#?}");
    assert_eq!(count(&seen, "code=\"store_unavailable\""), 1, "{seen:#?}");
}

#[tokio::test]
async fn x09_each_protection_that_is_given_up_is_told_at_start() {
    use tower_oauth::provider::{Pkce, TokenRequest};
    let captured = Captured::default();
    let _guard = captured.listen(tracing::Level::INFO);
    let setup = Setup::new();
    let warnings = |change: fn(&mut tower_oauth::provider::Quirks)| {
        events(&captured);
        setup.builder().provider(setup.registration().quirks(change)).build().unwrap();
        events(&captured).into_iter().filter(|event| event.contains("WARN")).collect::<Vec<_>>()
    };
    assert!(warnings(|_| ()).is_empty());
    assert!(warnings(|quirks| quirks.pkce = Pkce::Unsupported).is_empty(), "the nonce is left");
    let told = warnings(|quirks| {
        quirks.pkce = Pkce::Unsupported;
        quirks.nonce = false;
        quirks.token_request = TokenRequest::Query;
    });
    assert_eq!(told.len(), 2, "{told:#?}");
    assert_eq!(count(&told, "neither PKCE nor a nonce"), 1);
    assert_eq!(count(&told, "the client secret travels in a URL"), 1);
}
