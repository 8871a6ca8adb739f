//! The authorization response: what binds it to a browser, a provider and a moment.

use std::time::Duration;

use http::Method;
use tower_oauth_test::{Answer, Endpoint, FakeProvider, InProcessNetwork, TestBrowser};
use tower_oauth_tests::{CountingStore, FailingStore, Operation, Setup};

use crate::login::callback_url;

/// Refused: this status and code, no token request, no cookie.
async fn refused(setup: &Setup, browser: &TestBrowser, url: &str, status: u16, code: &str) {
    let before = setup.provider.requests_to(Endpoint::Token).len();
    let page = browser.request(Method::GET, url, &[]).await;
    assert_eq!(
        (page.status().as_u16(), page.json()["code"].as_str().unwrap()),
        (status, code),
        "{url}"
    );
    assert!(!page.header("set-cookie").contains("__Host-auth="), "{url}");
    assert_eq!(setup.provider.requests_to(Endpoint::Token).len(), before, "{url}");
}

#[tokio::test]
async fn c01_c02_missing_or_unknown_state() {
    let setup = Setup::new();
    let auth = setup.auth();
    let browser = setup.browser(&auth);
    browser.request(Method::GET, "/auth/login", &[]).await;
    for query in ["", "?code=x", "?code=x&state=", "?code=x&state=unknown"] {
        refused(&setup, &browser, &format!("/auth/callback/op{query}"), 400, "state_invalid").await;
    }
    assert_eq!(browser.cookies().len(), 1, "the attempt under way is untouched");
}

#[tokio::test]
async fn c03_c04_state_from_another_browser() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("bob"));
    let auth = setup.auth();
    let (attacker, mut victim) = (setup.browser(&auth), setup.browser(&auth));
    let planted = callback_url(&attacker, "/auth/login").await;
    let own = callback_url(&victim, "/auth/login?return_to=/private").await;
    refused(&setup, &victim, &planted, 400, "state_invalid").await;
    assert_eq!(victim.open(&own).await.text(), "private to sub-bob", "the own login still ends");
}

#[tokio::test]
async fn c05_c40_an_attempt_opens_only_under_its_own_name_and_unchanged() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    let browser = setup.browser(&auth);
    let first = callback_url(&browser, "/auth/login").await;
    let second = callback_url(&browser, "/auth/login").await;
    let cookies = browser.cookies();
    let swapped = format!("{}={}; {}={}", cookies[0].0, cookies[1].1, cookies[1].0, cookies[0].1);
    let stranger = setup.browser(&auth);
    for url in [&first, &second] {
        let page = stranger.request(Method::GET, url, &[("cookie", &swapped)]).await;
        assert_eq!(page.json()["code"], "state_invalid");
    }
    let sealed = cookies[0].1.clone();
    for place in (0..sealed.len()).step_by(7) {
        let mut tampered = sealed.clone().into_bytes();
        tampered[place] = if tampered[place] == b'A' { b'B' } else { b'A' };
        let header = format!("{}={}", cookies[0].0, String::from_utf8(tampered).unwrap());
        let page = stranger.request(Method::GET, &first, &[("cookie", &header)]).await;
        assert_eq!(page.json()["code"], "state_invalid", "byte {place}");
    }
    assert!(setup.provider.requests_to(Endpoint::Token).is_empty());
}

#[tokio::test]
async fn c06_a_response_at_another_providers_callback() {
    let setup = Setup::new();
    let other = FakeProvider::builder()
        .issuer("https://other.example")
        .manual_clock(setup.clock.clone())
        .build();
    let setup = setup.on(InProcessNetwork::new().provider(&other));
    setup.provider.approve_as(Some("alice"));
    let second =
        tower_oauth::providers::oidc(other.issuer(), other.client_id(), other.client_secret());
    let auth = setup
        .builder()
        .provider(setup.registration())
        .provider(second.key("other"))
        .build()
        .unwrap();
    let browser = setup.browser(&auth);
    let callback = callback_url(&browser, "/auth/login/op").await;
    let elsewhere = callback.replace("/callback/op", "/callback/other");
    refused(&setup, &browser, &elsewhere, 400, "state_invalid").await;
    assert!(other.requests_to(Endpoint::Token).is_empty());
}

#[tokio::test]
async fn c07_an_attempt_ends_after_ten_minutes() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    let mut browser = setup.browser(&auth);
    let in_time = callback_url(&browser, "/auth/login").await;
    setup.clock.advance(Duration::from_secs(30));
    assert_eq!(browser.open(&in_time).await.status(), 200);
    let late = callback_url(&browser, "/auth/login").await;
    setup.clock.advance(Duration::from_secs(600));
    refused(&setup, &browser, &late, 400, "state_invalid").await;
    let late = callback_url(&browser, "/auth/login?return_to=/private").await;
    setup.clock.advance(Duration::from_secs(600));
    assert_eq!(browser.open(&late).await.status(), 400);
    let page = browser.click("Try again").await;
    assert_eq!(page.url().path(), "/private", "the other try ends where this one was to end");
}

#[tokio::test]
async fn c10_cancel_offers_another_try_to_the_same_place() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.open("/private/page").await;
    let page = browser.click("Cancel").await;
    assert_eq!(page.status(), 403);
    assert!(page.text().contains("provider_denied"));
    assert!(browser.cookies().is_empty(), "the attempt is over");
    assert!(setup.provider.requests_to(Endpoint::Token).is_empty());
    browser.click("Try again").await;
    let page = browser.click("Alice").await;
    assert_eq!(
        (page.url().path(), page.text().as_str()),
        ("/private/page", "private to sub-alice")
    );
}

#[tokio::test]
async fn c11_an_outsider_cannot_cancel_a_login() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    let (outsider, mut browser) = (setup.browser(&auth), setup.browser(&auth));
    let callback = callback_url(&browser, "/auth/login").await;
    let state = callback.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let cancel = format!("/auth/callback/op?error=access_denied&state={state}");
    refused(&setup, &outsider, &cancel, 400, "state_invalid").await;
    assert_eq!(browser.open(&callback).await.text(), "Hello, Alice Liddell!");
}

#[tokio::test]
async fn c13_a_hostile_error_is_not_repeated() {
    let setup = Setup::new();
    let auth = setup.auth();
    for error in ["%3Cscript%3Ealert(1)%3C/script%3E", "%0d%0aX:%20y", "%1b[31m", "server_error"] {
        let browser = setup.browser(&auth);
        let start = browser.request(Method::GET, "/auth/login", &[]).await;
        let state =
            start.header("location").split("state=").nth(1).unwrap().split('&').next().unwrap();
        let url = format!(
            "/auth/callback/op?error={error}&error_description=%3Cimg%20src=x%3E&error_uri=javascript:x&iss=https%3A%2F%2Fop.example&state={state}"
        );
        let page = browser.request(Method::GET, &url, &[("accept", "text/html")]).await;
        assert_eq!(page.status(), 502, "{error}");
        for hostile in ["<script", "<img", "javascript:", "\u{1b}"] {
            assert!(!page.text().contains(hostile), "{error}");
        }
    }
}

#[tokio::test]
async fn c21_c22_c23_the_issuer_of_the_response() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    let browser = setup.browser(&auth);
    let right = "iss=https%3A%2F%2Fop.example";
    for wrong in ["iss=https%3A%2F%2Fevil.example", "x=y"] {
        let callback = callback_url(&browser, "/auth/login").await;
        assert!(callback.contains(right));
        refused(&setup, &browser, &callback.replace(right, wrong), 400, "issuer_mismatch").await;
    }
}

#[tokio::test]
async fn c14_c28_c29_c31_responses_of_the_wrong_form() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    let browser = setup.browser(&auth);
    for change in [
        |url: String| url.replace("code=", "xcode="),
        |url: String| format!("{url}&access_token=t"),
        |url: String| format!("{url}&id_token=t"),
        |url: String| format!("{url}&response=jwt"),
        |url: String| format!("{url}&code=second"),
        |url: String| url.replace("code=", "code=%00"),
    ] {
        let url = change(callback_url(&browser, "/auth/login").await);
        refused(&setup, &browser, &url, 400, "malformed_request").await;
    }
    let callback = callback_url(&browser, "/auth/login").await;
    let page = browser.request(Method::POST, &callback, &[]).await;
    assert_eq!(page.json()["code"], "malformed_request");
    for method in [Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let page = browser.request(method, &callback, &[]).await;
        assert_eq!(page.status(), 405);
    }
    assert!(setup.provider.requests_to(Endpoint::Token).is_empty());
}

#[tokio::test]
async fn c35_a_prefetch_does_not_use_up_the_attempt() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    let mut browser = setup.browser(&auth);
    let callback = callback_url(&browser, "/auth/login").await;
    for headers in [
        &[("sec-purpose", "prefetch")][..],
        &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
    ] {
        assert_eq!(browser.request(Method::GET, &callback, headers).await.status(), 403);
    }
    assert_eq!(setup.browser(&auth).request(Method::GET, &callback, &[]).await.status(), 400);
    assert_eq!(browser.open(&callback).await.text(), "Hello, Alice Liddell!");
}

#[tokio::test]
async fn c19_the_attempt_is_used_before_the_token_request() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let store = CountingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let mut browser = setup.browser(&auth);
    let callback = callback_url(&browser, "/auth/login").await;
    let seen = store.clone();
    setup.provider.answer(
        Endpoint::Token,
        Answer::modify(move |_| {
            assert_eq!((seen.count(Operation::MarkOnce), seen.count(Operation::Create)), (1, 0));
        }),
    );
    assert_eq!(browser.open(&callback).await.text(), "Hello, Alice Liddell!");
}

#[tokio::test]
async fn p03_a_store_that_cannot_mark_means_no_token_request_and_the_login_can_go_on_later() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let store = FailingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let mut browser = setup.browser(&auth);
    let callback = callback_url(&browser, "/auth/login").await;
    store.fail(&[Operation::MarkOnce]);
    refused(&setup, &browser, &callback, 503, "store_unavailable").await;
    store.fail(&[]);
    assert_eq!(browser.open(&callback).await.text(), "Hello, Alice Liddell!");
}

#[tokio::test]
async fn c33_form_post_brings_the_response_in_a_form() {
    let setup = Setup::new();
    let registration = setup.registration().quirks(|quirks| {
        quirks.response_mode = tower_oauth::provider::ResponseMode::FormPost;
    });
    let auth = setup.builder().provider(registration).build().unwrap();
    let mut browser = setup.browser(&auth);
    browser.open("/private").await;
    browser.click("Alice").await;
    let form = browser.page().forms().remove(0);
    assert_eq!(form.action, "https://app.example/auth/callback/op");
    let page = browser.submit(form).await;
    assert_eq!((page.url().path(), page.text().as_str()), ("/private", "private to sub-alice"));
    let stranger = setup.browser(&auth);
    let page = stranger
        .request(Method::POST, "/auth/callback/op", &[("content-type", "application/json")])
        .await;
    assert_eq!(page.status(), 400);
}

/// The form of another site brings no session cookie, and the earlier session ends all the same.
#[tokio::test]
async fn c37_a_login_by_form_leaves_nothing_of_the_user_before() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let registration = setup.registration().quirks(|quirks| {
        quirks.response_mode = tower_oauth::provider::ResponseMode::FormPost;
    });
    let auth = setup.builder().store(store.clone()).provider(registration).build().unwrap();
    let mut browser = setup.browser(&auth);
    for (user, greeting) in [("Alice", "Hello, Alice Liddell!"), ("Bob", "Hello, Bob Builder!")] {
        browser.open("/auth/login").await;
        browser.click(user).await;
        let form = browser.page().forms().remove(0);
        assert_eq!(browser.submit(form).await.text(), greeting);
        assert_eq!(store.sessions(), 1, "{user}");
    }
}
