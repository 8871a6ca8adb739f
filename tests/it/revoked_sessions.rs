//! Sessions in cookies after a sign-out: with a list of those that were revoked, and without one.

use std::time::Duration;

use http::Method;
use serde_json::Value;
use tower_oauth_test::{Answer, Endpoint};
use tower_oauth_tests::{CountingStore, FailingStore, Operation, Setup};

use crate::cookie_sessions::{DAY, auth, is_signed_in, revocable, session_cookie, with_cookie};
use crate::login::callback_url;

/// Another replica without a list of its own knows nothing of the attempt's use; the provider does.
#[tokio::test]
async fn c18_a_replay_at_another_replica_is_stopped_by_the_provider() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let marks = CountingStore::new(setup.clock.clone());
    for (one, two, code) in [
        (auth(&setup), auth(&setup), "code_rejected"),
        (revocable(&setup, marks.clone()), revocable(&setup, marks), "state_invalid"),
    ] {
        let mut browser = setup.browser(&one);
        let callback = callback_url(&browser, "/auth/login").await;
        let attempt = browser.cookies().remove(0);
        assert_eq!(browser.open(&callback).await.text(), "Hello, Alice Liddell!");
        let header = format!("{}={}", attempt.0, attempt.1);
        assert_eq!(with_cookie(&setup, &two, &callback, &header).await.json()["code"], code);
    }
}

#[tokio::test]
async fn k08_two_session_cookies_are_nobody_and_signing_out_ends_both() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let auth = revocable(&setup, store.clone());
    let (mut one, mut two) = (setup.browser(&auth), setup.browser(&auth));
    one.login_as("alice").await;
    two.login_as("bob").await;
    let (own, other) = (session_cookie(&one), session_cookie(&two));
    for header in [format!("{own}; {other}"), format!("{other}; {own}")] {
        assert!(!is_signed_in(&setup, &auth, &header).await);
    }
    assert!(is_signed_in(&setup, &auth, &format!("{own}; {own}")).await, "twice the same is one");
    let header = format!("{own}; {other}");
    let headers = [("cookie", header.as_str()), ("sec-fetch-site", "same-origin")];
    let page = setup.browser(&auth).request(Method::POST, "/auth/logout", &headers).await;
    assert_eq!(page.status(), 204);
    assert!(!is_signed_in(&setup, &auth, &own).await && !is_signed_in(&setup, &auth, &other).await);
}

/// The limit that comes with having no list: only this browser forgets.
#[tokio::test]
async fn k25_without_a_list_a_copy_outlives_the_sign_out_until_its_end() {
    let setup = Setup::new();
    let auth = auth(&setup);
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    let copy = session_cookie(&browser);
    let page = browser.post("/auth/logout", &[]).await;
    assert_eq!((page.url().path(), page.status().as_u16()), ("/auth/logged-out", 200));
    assert!(browser.cookies().is_empty());
    assert_eq!(browser.open("/").await.text(), "Hello, stranger!");
    assert!(is_signed_in(&setup, &auth, &copy).await);
    setup.clock.advance(DAY);
    assert!(!is_signed_in(&setup, &auth, &copy).await);
}

#[tokio::test]
async fn v5_l08_with_a_list_a_copy_is_worth_nothing_after_the_sign_out() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let (auth, replica) = (revocable(&setup, store.clone()), revocable(&setup, store.clone()));
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    let copy = session_cookie(&browser);
    assert!(is_signed_in(&setup, &replica, &copy).await);
    browser.post("/auth/logout", &[]).await;
    assert!(
        !is_signed_in(&setup, &auth, &copy).await && !is_signed_in(&setup, &replica, &copy).await
    );
    // L11: a second time, from the copy, is fine.
    let headers = [("cookie", copy.as_str()), ("sec-fetch-site", "same-origin")];
    let page = setup.browser(&auth).request(Method::POST, "/auth/logout", &headers).await;
    assert_eq!(page.status(), 204);
    setup.clock.advance(DAY - Duration::from_secs(1));
    assert!(!is_signed_in(&setup, &auth, &copy).await, "remembered until its end");
    setup.clock.advance(Duration::from_secs(1));
    let written = store.count(Operation::Create);
    setup.browser(&auth).request(Method::POST, "/auth/logout", &headers).await;
    assert_eq!(store.count(Operation::Create), written, "what is over needs no place in the list");
    // K04: a new login ends the session that it replaces.
    browser.login_as("alice").await;
    let earlier = session_cookie(&browser);
    browser.login_as("bob").await;
    assert!(!is_signed_in(&setup, &auth, &earlier).await);
    assert_eq!(browser.open("/").await.text(), "Hello, Bob Builder!");
}

#[tokio::test]
async fn p06_l03_v7_a_list_that_fails_is_neither_nobody_nor_a_sign_out() {
    let setup = Setup::new();
    let store = FailingStore::new(setup.clock.clone());
    let auth = revocable(&setup, store.clone());
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    let copy = session_cookie(&browser);
    store.fail(&[Operation::Load]);
    for path in ["/", "/private"] {
        let page = browser.request(Method::GET, path, &[]).await;
        assert_eq!((page.status().as_u16(), page.header("set-cookie")), (503, ""), "{path}");
    }
    assert_eq!(browser.fetch("/public").await.status(), 200);
    store.fail(&[Operation::Create]);
    let page = browser.post("/auth/logout", &[]).await;
    assert_eq!(page.status(), 503);
    assert!(browser.cookies().is_empty(), "this browser forgets the session all the same");
    store.fail(&[]);
    assert!(is_signed_in(&setup, &auth, &copy).await, "which is why it was no success");
}

#[tokio::test]
async fn a_list_is_asked_by_requests_that_ask_for_the_user_and_never_by_strangers() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let auth = revocable(&setup, store.clone());
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    assert_eq!((store.count(Operation::MarkOnce), store.count(Operation::Create)), (1, 0));
    let before = store.total();
    browser.open("/public").await;
    assert_eq!(store.total(), before);
    browser.open("/private").await;
    assert_eq!(store.total(), before + 2);
    // q01: what does not open is not looked for.
    let long = "A".repeat(60_000);
    for value in ["", "A", &"A".repeat(43), &"A".repeat(1000), &long] {
        assert!(!is_signed_in(&setup, &auth, &format!("__Host-auth={value}")).await);
    }
    assert_eq!(store.total(), before + 2);
}

/// A token that would outlive the sign-out is given back, whatever copies of the cookie there are.
#[tokio::test]
async fn signing_out_revokes_a_token_that_never_ends() {
    let setup = Setup::new();
    let forever = Answer::modify(|response| {
        let mut body: Value = serde_json::from_slice(response.body()).unwrap();
        body.as_object_mut().unwrap().remove("expires_in");
        *response.body_mut() = body.to_string().into();
    });
    setup.provider.answer_always(Endpoint::Token, forever);
    let mut browser = setup.browser(&auth(&setup));
    browser.login_as("alice").await;
    let token = browser.fetch("/token").await.json()["token"].clone();
    browser.post("/auth/logout", &[]).await;
    while setup.provider.requests_to(Endpoint::Revocation).is_empty() {
        tokio::task::yield_now().await;
    }
    let request = setup.provider.requests_to(Endpoint::Revocation).remove(0);
    assert_eq!(request.form().get("token"), token.as_str());
}
