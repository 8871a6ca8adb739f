//! An access token is refreshed ahead of its expiry: what a provider can answer, and what becomes of it.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tower_oauth::providers;
use tower_oauth_test::{Answer, Endpoint, FakeProvider, Signing, TestBrowser};
use tower_oauth_tests::{CountingStore, Setup, app, settle};

pub(crate) const LIFETIME: u64 = 3600;

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Somebody who is signed in with a refresh token, and the store their session is in.
pub(crate) async fn signed_in(setup: &Setup) -> (TestBrowser, CountingStore) {
    let store = CountingStore::new(setup.clock.clone());
    let auth = setup.offline_auth(|builder| builder.store(store.clone()));
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    (browser, store)
}

/// The access token that a handler gets.
pub(crate) async fn token(browser: &TestBrowser) -> String {
    let page = browser.fetch("/token").await;
    assert_eq!(page.status(), 200, "{}", page.text());
    page.json()["token"].as_str().unwrap().to_owned()
}

/// Status and code of the answer to a handler that wants a token.
pub(crate) async fn refused(browser: &TestBrowser) -> (u16, String) {
    let page = browser.fetch("/token").await;
    let code = page.json()["code"].as_str().unwrap_or_default().to_owned();
    (page.status().as_u16(), code)
}

pub(crate) fn refreshes(provider: &FakeProvider) -> usize {
    provider.requests_to(Endpoint::Refresh).len()
}

/// A refresh whose answer is changed.
pub(crate) fn changed(change: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) -> Answer {
    Answer::modify(move |response| {
        let mut body: Map<String, Value> = serde_json::from_slice(response.body()).unwrap();
        change(&mut body);
        *response.body_mut() = Value::Object(body).to_string().into();
    })
}

#[tokio::test]
async fn j01_j05_a_token_is_refreshed_ahead_of_its_end_and_kept() {
    let setup = Setup::new();
    let (browser, store) = signed_in(&setup).await;
    let first = token(&browser).await;
    setup.clock.advance(seconds(LIFETIME - 91));
    assert_eq!(token(&browser).await, first);
    assert_eq!(refreshes(&setup.provider), 0);
    setup.clock.advance(seconds(32));
    let page = browser.fetch("/token").await.json();
    assert_ne!(page["token"], first);
    assert_eq!(page["expires_in"], LIFETIME);
    assert_eq!(page["scopes"], json!(["openid", "profile", "email", "offline_access"]));

    let request = setup.provider.requests_to(Endpoint::Refresh).remove(0);
    let form = request.form();
    let names: Vec<_> = form.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["grant_type", "refresh_token"]);
    assert!(request.headers()["authorization"].to_str().unwrap().starts_with("Basic "));

    // Another process finds it in the store, and the successor of the refresh token with it.
    let other = setup.offline_auth(|builder| builder.store(store.clone()));
    let other = setup.browser_of(app(&other));
    for (name, value) in browser.cookies() {
        other.plant_cookie(&name, &value);
    }
    assert_eq!(token(&other).await, page["token"]);
    assert_eq!(refreshes(&setup.provider), 1);
    setup.clock.advance(seconds(LIFETIME));
    assert_ne!(token(&other).await, page["token"]);
    assert_eq!(refreshes(&setup.provider), 2);
}

#[tokio::test]
async fn a_token_that_will_do_is_handed_out_while_the_next_one_is_fetched() {
    let setup = Setup::new();
    let (browser, _) = signed_in(&setup).await;
    let first = token(&browser).await;
    setup.clock.advance(seconds(LIFETIME - 60));
    assert_eq!(token(&browser).await, first, "it lasts as long as the margin");
    settle().await;
    assert_eq!(refreshes(&setup.provider), 1);
    assert_ne!(token(&browser).await, first);
    assert_eq!(refreshes(&setup.provider), 1);
}

#[tokio::test]
async fn the_margin_is_a_setting_and_half_a_short_life_at_most() {
    for (margin, lifetime, age, due) in
        [(600, 3600, 2950, false), (600, 3600, 3001, true), (600, 10, 4, false), (600, 10, 6, true)]
    {
        let setup = Setup::with(|op| op.access_token_lifetime(seconds(lifetime)));
        let auth = setup.offline_auth(|builder| builder.token_margin(seconds(margin)));
        let mut browser = setup.browser(&auth);
        browser.login_as("alice").await;
        let first = token(&browser).await;
        setup.clock.advance(seconds(age));
        assert_eq!(token(&browser).await != first, due, "{lifetime} {age}");
    }
}

#[tokio::test]
async fn j06_a_refresh_token_that_is_not_replaced_is_kept() {
    let setup = Setup::with(|op| op.rotate_refresh_tokens(false));
    let (browser, _) = signed_in(&setup).await;
    for count in 1..=3 {
        setup.clock.advance(seconds(LIFETIME));
        token(&browser).await;
        assert_eq!(refreshes(&setup.provider), count);
    }
}

#[tokio::test]
async fn j15_without_an_id_token_the_identity_stays() {
    let setup = Setup::new();
    let (browser, _) = signed_in(&setup).await;
    let profile = browser.fetch("/profile").await.json();
    setup.clock.advance(seconds(LIFETIME));
    let answer = changed(|body| {
        body.remove("id_token");
    });
    setup.provider.answer(Endpoint::Refresh, answer);
    token(&browser).await;
    assert_eq!(browser.fetch("/profile").await.json(), profile);
}

#[tokio::test]
async fn j16_the_scopes_of_the_answer_count_and_silence_means_as_before() {
    let setup = Setup::new();
    let (browser, _) = signed_in(&setup).await;
    for (scope, expected) in [
        (None, json!(["openid", "profile", "email", "offline_access"])),
        (Some("openid email"), json!(["openid", "email"])),
        (None, json!(["openid", "email"])),
        (Some("openid email repo"), json!(["openid", "email", "repo"])),
    ] {
        setup.clock.advance(seconds(LIFETIME));
        let answer = changed(move |body| match scope {
            Some(scope) => drop(body.insert("scope".into(), scope.into())),
            None => drop(body.remove("scope")),
        });
        setup.provider.answer(Endpoint::Refresh, answer);
        assert_eq!(browser.fetch("/token").await.json()["scopes"], expected);
    }
}

#[tokio::test]
async fn j08_j07_an_ended_grant_costs_the_token_and_not_the_session() {
    let setup = Setup::new();
    let (mut browser, _) = signed_in(&setup).await;
    let first = token(&browser).await;
    setup.clock.advance(seconds(LIFETIME - 30));
    // The answer is lost on its way, and the provider has replaced the refresh token.
    setup.provider.answer(Endpoint::Refresh, Answer::correct().cut_off_after(10));
    assert_eq!(token(&browser).await, first, "it is still valid");
    setup.clock.advance(seconds(2));
    assert_eq!(token(&browser).await, first, "the same after the provider's no");
    assert_eq!(refreshes(&setup.provider), 2);
    setup.clock.advance(seconds(28));
    for _ in 0..3 {
        assert_eq!(refused(&browser).await, (401, "token_expired".into()));
    }
    assert_eq!(refreshes(&setup.provider), 2, "nobody asks again");
    assert_eq!(browser.open("/").await.text(), "Hello, Alice Liddell!");
    // A person signs in again, once.
    let page = browser.open("/token").await;
    assert!(page.url().as_str().starts_with("https://op.example/authorize"));
    assert_eq!(browser.click("Alice").await.json()["expires_in"], LIFETIME);
}

#[tokio::test]
async fn j09_j21_what_may_pass_keeps_the_grant_and_a_valid_token() {
    let html = || Answer::status(200).header("content-type", "text/html").body("<html>");
    let error = |code: &str| Answer::json(json!({ "error": code }));
    let body = |body: &'static str| {
        Answer::status(200).header("content-type", "application/json").body(body)
    };
    for (name, answer, pause) in [
        ("never", Answer::never(), 2),
        ("refused", Answer::refused(), 2),
        ("500", Answer::status(500), 2),
        ("503", Answer::status(503).header("retry-after", "20"), 20),
        ("429", Answer::status(429).header("retry-after", "7"), 7),
        ("429 for a day", Answer::status(429).header("retry-after", "86400"), 300),
        ("redirect", Answer::status(302).header("location", "https://evil.example/"), 2),
        ("html", html(), 2),
        ("no client", error("invalid_client").with_status(401), 2),
        ("scope", error("invalid_scope").with_status(400), 2),
        ("another type", body(r#"{"access_token":"evil","token_type":"DPoP"}"#), 2),
        ("no type", body(r#"{"access_token":"evil"}"#), 2),
        ("no token", body(r#"{"token_type":"Bearer"}"#), 2),
    ] {
        let setup = Setup::with(|op| op.signing(Signing::Es256));
        let (browser, _) = signed_in(&setup).await;
        let first = token(&browser).await;
        setup.clock.advance(seconds(LIFETIME - 40));
        setup.provider.answer_always(Endpoint::Refresh, answer);
        assert_eq!(token(&browser).await, first, "{name}: valid for less than the margin");
        assert_eq!(refreshes(&setup.provider), 1, "{name}");
        assert_eq!(token(&browser).await, first, "{name}");
        assert_eq!(refreshes(&setup.provider), 1, "{name}: no second try before the pause");
        setup.clock.advance(seconds(LIFETIME));
        let page = browser.fetch("/token").await;
        assert_eq!(
            (page.status().as_u16(), page.json()["code"].as_str().unwrap()),
            (503, "token_unavailable"),
            "{name}"
        );
        let said: u64 = page.header("retry-after").parse().unwrap();
        let asked = refreshes(&setup.provider);
        assert!((pause..=300).contains(&said) && asked == 2, "{name}: {said} {asked}");
        setup.provider.answer_normally(Endpoint::Refresh);
        setup.clock.advance(seconds(said - 1));
        assert_eq!(refused(&browser).await, (503, "token_unavailable".into()), "{name}");
        assert_eq!(refreshes(&setup.provider), asked, "{name}");
        setup.clock.advance(seconds(1));
        assert_ne!(token(&browser).await, first, "{name}: it is back");
        assert_eq!(browser.fetch("/").await.text(), "Hello, Alice Liddell!");
    }
}

#[tokio::test]
async fn j09_pauses_grow_to_a_minute_and_start_over() {
    let setup = Setup::new();
    let (browser, _) = signed_in(&setup).await;
    setup.clock.advance(seconds(LIFETIME));
    setup.provider.answer_always(Endpoint::Refresh, Answer::status(500));
    let mut pauses = Vec::new();
    for _ in 0..8 {
        let said: u64 = browser.fetch("/token").await.header("retry-after").parse().unwrap();
        pauses.push(said);
        setup.clock.advance(seconds(said));
    }
    assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60, 60]);
    setup.provider.answer_normally(Endpoint::Refresh);
    token(&browser).await;
    setup.clock.advance(seconds(LIFETIME));
    setup.provider.answer_always(Endpoint::Refresh, Answer::status(500));
    assert_eq!(browser.fetch("/token").await.header("retry-after"), "2");
}

/// Somebody changes which provider a key means, while sessions of the earlier one live.
#[tokio::test]
async fn a_refresh_token_is_sent_to_the_issuer_that_gave_it_alone() {
    let setup = Setup::new();
    let (browser, store) = signed_in(&setup).await;
    let other = FakeProvider::builder()
        .issuer("https://other.example")
        .manual_clock(setup.clock.clone())
        .build();
    let registration = providers::oidc(other.issuer(), other.client_id(), other.client_secret());
    let auth = setup.builder().http_client(other.http_client()).store(store);
    let auth = auth.provider(registration.key("op").offline_access()).build().unwrap();
    let changed = setup.browser(&auth);
    for (name, value) in browser.cookies() {
        changed.plant_cookie(&name, &value);
    }
    token(&browser).await;
    assert_eq!(refused(&changed).await, (401, "login_required".into()), "another issuer's session");
    setup.clock.advance(seconds(LIFETIME));
    assert_eq!(refused(&changed).await, (401, "login_required".into()));
    assert_eq!(refreshes(&other), 0);
}

#[tokio::test]
async fn a_provider_whose_tokens_have_expired_on_arrival_is_not_asked_on_and_on() {
    let setup = Setup::new();
    let (browser, _) = signed_in(&setup).await;
    setup.clock.advance(seconds(LIFETIME));
    let answer = changed(|body| drop(body.insert("expires_in".into(), 0.into())));
    setup.provider.answer_always(Endpoint::Refresh, answer);
    for _ in 0..5 {
        assert_eq!(refused(&browser).await, (503, "token_unavailable".into()));
    }
    assert_eq!(refreshes(&setup.provider), 1);
    setup.provider.answer_normally(Endpoint::Refresh);
    setup.clock.advance(seconds(2));
    token(&browser).await;
    assert_eq!(refreshes(&setup.provider), 2);
}

#[tokio::test]
async fn j18_no_refresh_moves_the_absolute_end() {
    let setup = Setup::with(|op| op.signing(Signing::Es256).access_token_lifetime(seconds(7200)));
    let (browser, _) = signed_in(&setup).await;
    let days = 30;
    for hour in 1..days * 24 {
        setup.clock.advance(seconds(3600));
        assert_eq!(browser.fetch("/token").await.status(), 200, "{hour}");
    }
    assert!(refreshes(&setup.provider) > 300);
    setup.clock.advance(seconds(3600));
    assert_eq!(refused(&browser).await, (401, "login_required".into()));
}
