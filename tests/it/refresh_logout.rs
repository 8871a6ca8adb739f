//! Signing out while tokens are there or under way: they end at the provider too, and nothing brings them back.

use std::sync::Arc;

use http::Request;
use tokio::sync::Semaphore;
use tower_oauth_test::{Answer, Endpoint, FakeProvider, TestBrowser};
use tower_oauth_tests::{CountingStore, FailingStore, Gate, HookedStore, Operation, Setup, settle};

use crate::refresh::{LIFETIME, refreshes, seconds, signed_in, token};

/// The tokens that were given back to the provider.
fn revoked(provider: &FakeProvider) -> Vec<String> {
    let requests = provider.requests_to(Endpoint::Revocation);
    requests.iter().map(|request| request.form().get("token").unwrap().to_owned()).collect()
}

/// Whether the provider still accepts an access token.
fn is_good(provider: &FakeProvider, token: &str) -> bool {
    let request = Request::get(provider.url(Endpoint::UserInfo));
    let request = request.header("authorization", format!("Bearer {token}"));
    provider.handle(request.body(bytes::Bytes::new()).unwrap()).status() == 200
}

async fn sign_out(browser: &mut TestBrowser) {
    let page = browser.post("/auth/logout", &[("local", "true")]).await;
    assert_eq!((page.url().path(), page.status().as_u16()), ("/auth/logged-out", 200));
}

#[tokio::test]
async fn l10_the_refresh_token_ends_with_the_session() {
    let setup = Setup::new();
    let (mut browser, _) = signed_in(&setup).await;
    let access_token = token(&browser).await;
    sign_out(&mut browser).await;
    settle().await;
    let request = setup.provider.requests_to(Endpoint::Revocation).remove(0);
    assert_eq!(request.form().get("token_type_hint"), Some("refresh_token"));
    assert!(request.headers()["authorization"].to_str().unwrap().starts_with("Basic "));
    assert!(!is_good(&setup.provider, &access_token));
    assert_eq!(revoked(&setup.provider).len(), 1);
}

#[tokio::test]
async fn l10_whatever_the_provider_says_the_sign_out_succeeds_at_once() {
    for answer in [
        Answer::never(),
        Answer::refused(),
        Answer::status(503).header("retry-after", "10"),
        Answer::status(302).header("location", "https://evil.example/"),
        Answer::status(200).body("x".repeat(70 * 1024)),
        Answer::json(serde_json::json!({ "error": "unsupported_token_type" })).with_status(400),
    ] {
        let setup = Setup::new();
        let (mut browser, store) = signed_in(&setup).await;
        setup.provider.answer_always(Endpoint::Revocation, answer);
        sign_out(&mut browser).await;
        assert!(revoked(&setup.provider).is_empty(), "nobody waits for it");
        settle().await;
        assert_eq!((revoked(&setup.provider).len(), store.sessions()), (1, 0));
    }
}

#[tokio::test]
async fn an_access_token_that_ends_by_itself_is_left_to_do_so() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    sign_out(&mut browser).await;
    settle().await;
    assert!(revoked(&setup.provider).is_empty());
    // One that never expires is not.
    setup.provider.answer(
        Endpoint::Token,
        Answer::modify(|response| {
            let body = String::from_utf8(response.body().to_vec()).unwrap();
            *response.body_mut() = body.replace("\"expires_in\":3600,", "").into();
        }),
    );
    browser.login_as("alice").await;
    let access_token = token(&browser).await;
    sign_out(&mut browser).await;
    settle().await;
    let request = setup.provider.requests_to(Endpoint::Revocation).remove(0);
    assert_eq!(request.form().get("token_type_hint"), Some("access_token"));
    assert!(!is_good(&setup.provider, &access_token));
}

#[tokio::test]
async fn revocation_can_be_switched_off_and_is_not_for_providers_that_take_everything_along() {
    use tower_oauth::provider::Revocation;
    for (switched_on, effect, expected) in [
        (true, Revocation::Token, 1),
        (false, Revocation::Token, 0),
        (true, Revocation::Consent, 0),
    ] {
        let setup = Setup::new();
        let registration = setup.registration().offline_access();
        let registration = registration.quirks(|quirks| quirks.revocation = effect);
        let builder = setup.builder().provider(registration).revoke_at_logout(switched_on);
        let mut browser = setup.browser(&builder.build().unwrap());
        browser.login_as("alice").await;
        sign_out(&mut browser).await;
        settle().await;
        assert_eq!(revoked(&setup.provider).len(), expected, "{switched_on} {effect:?}");
    }
}

#[tokio::test]
async fn a_provider_without_metadata_is_asked_where_its_preset_says() {
    let setup = Setup::new();
    let url = |endpoint| setup.provider.url(endpoint);
    let registration = tower_oauth::providers::oauth2(
        url(Endpoint::Authorization),
        url(Endpoint::Token),
        url(Endpoint::UserInfo),
        setup.provider.client_id(),
        setup.provider.client_secret(),
    );
    let registration = registration
        .with_issuer(setup.provider.issuer())
        .key("op")
        .scopes(["openid"])
        .offline_access()
        .quirks(|quirks| quirks.revocation_endpoint = Some(url(Endpoint::Revocation)));
    let auth = setup.builder().provider(registration).build().unwrap();
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    sign_out(&mut browser).await;
    settle().await;
    let request = setup.provider.requests_to(Endpoint::Revocation).remove(0);
    assert_eq!(request.form().get("client_secret"), Some(setup.provider.client_secret()));
    assert!(setup.provider.requests_to(Endpoint::Metadata).is_empty());
}

#[tokio::test]
async fn a_store_that_fails_to_read_costs_the_revocation_and_not_the_sign_out() {
    let setup = Setup::new();
    let store = FailingStore::new(setup.clock.clone());
    let auth = setup.offline_auth(|builder| builder.store(store.clone()));
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    store.fail(&[Operation::Load]);
    sign_out(&mut browser).await;
    settle().await;
    assert_eq!((store.sessions(), revoked(&setup.provider).len()), (0, 0));
}

#[tokio::test]
async fn l03_nothing_is_revoked_while_the_session_lives_on() {
    let setup = Setup::new();
    let store = FailingStore::new(setup.clock.clone());
    let auth = setup.offline_auth(|builder| builder.store(store.clone()));
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    store.fail(&[Operation::Delete]);
    assert_eq!(browser.post("/auth/logout", &[]).await.status(), 503);
    settle().await;
    assert!(revoked(&setup.provider).is_empty());
}

#[tokio::test]
async fn j17_v5_a_refresh_under_way_brings_nobody_back() {
    for behind in [false, true] {
        let setup = Setup::new();
        let network = setup.provider.http_client();
        let gate = if behind { Gate::behind(network) } else { Gate::before(network) };
        let store = CountingStore::new(setup.clock.clone());
        let auth = setup.offline_auth(|builder| {
            builder.store(store.clone()).http_client(Arc::new(gate.clone()))
        });
        let mut browser = setup.browser(&auth);
        browser.login_as("alice").await;
        setup.clock.advance(seconds(LIFETIME));
        let waiting = tokio::spawn({
            let browser = browser.clone();
            async move { browser.fetch("/token").await }
        });
        settle().await;
        assert_eq!(gate.waiting(), 1);
        // Before the provider has replaced the refresh token, the revocation would end the grant.
        let answer = Answer::status(200);
        setup.provider.answer(Endpoint::Revocation, answer);
        sign_out(&mut browser).await;
        settle().await;
        gate.open();
        let page = waiting.await.unwrap();
        let code = page.json()["code"].clone();
        assert_eq!((page.status().as_u16(), code), (401, "login_required".into()), "{behind}");
        settle().await;
        assert_eq!(store.sessions(), 0);
        let revoked = revoked(&setup.provider);
        assert_eq!((refreshes(&setup.provider), revoked.len()), (1, 2), "{behind}");
        assert_ne!(revoked[0], revoked[1], "the successor ends too");
    }
}

/// A refresh lands after the sign-out has read the session, and before it has ended it.
#[tokio::test]
async fn j17_the_newest_refresh_token_is_the_one_that_is_revoked() {
    let setup = Setup::new();
    let go = Arc::new(Semaphore::new(0));
    let gate = go.clone();
    let inner = CountingStore::new(setup.clock.clone());
    let store = HookedStore::new(inner, move |operation| {
        let gate = gate.clone();
        async move {
            if operation == Operation::Delete {
                let _ = gate.acquire().await.unwrap();
            }
        }
    });
    let auth = setup.offline_auth(|builder| builder.store(store));
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    setup.clock.advance(seconds(LIFETIME));
    let other_tab = browser.clone();
    let signing_out = tokio::spawn(async move { sign_out(&mut browser).await });
    settle().await;
    token(&other_tab).await;
    go.add_permits(1);
    signing_out.await.unwrap();
    settle().await;
    let spent = setup.provider.requests_to(Endpoint::Refresh).remove(0);
    let revoked = revoked(&setup.provider);
    assert_eq!(revoked.len(), 1);
    assert_ne!(revoked[0], spent.form().get("refresh_token").unwrap());
}
