//! Several tabs of one browser, the back button, and answers that come twice.

use http::Method;
use tower_oauth_test::{Answer, Endpoint};
use tower_oauth_tests::{CountingStore, Operation, Setup};

use crate::login::callback_url;

#[tokio::test]
async fn two_tabs_sign_in_at_once_in_either_order() {
    for first_started_ends_first in [true, false] {
        let setup = Setup::new();
        let mut one = setup.browser(&setup.auth());
        let mut two = one.clone();
        one.open("/private/one").await;
        two.open("/private/two").await;
        let (first, second, paths) = if first_started_ends_first {
            (&mut one, &mut two, ["/private/one", "/private/two"])
        } else {
            (&mut two, &mut one, ["/private/two", "/private/one"])
        };
        for (tab, path) in [first, second].into_iter().zip(paths) {
            let page = tab.click("Alice").await;
            assert_eq!((page.url().path(), page.text().as_str()), (path, "private to sub-alice"));
        }
    }
}

#[tokio::test]
async fn s30_five_tabs_end_in_any_order() {
    let setup = Setup::new();
    let auth = setup.auth();
    let browser = setup.browser(&auth);
    let mut tabs = Vec::new();
    for number in 1..=5 {
        let mut tab = browser.clone();
        tab.open(&format!("/private/{number}")).await;
        tabs.push(tab);
    }
    for number in [3, 1, 5, 2, 4] {
        let page = tabs[number - 1].click("Alice").await;
        assert_eq!(page.url().path(), format!("/private/{number}"));
        assert_eq!(page.text(), "private to sub-alice");
    }
}

#[tokio::test]
async fn s31_a_flood_of_tabs_keeps_the_cookies_small_and_the_newest_works() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let mut browser = setup.browser(&auth);
    for _ in 0..200 {
        browser.open("/private").await;
        setup.clock.advance(std::time::Duration::from_secs(1));
        let cookies = browser.cookies();
        assert!(cookies.len() <= 8, "{} cookies", cookies.len());
        let bytes: usize = cookies.iter().map(|(name, value)| name.len() + value.len() + 3).sum();
        assert!(bytes < 4096, "{bytes} bytes of cookies");
    }
    assert_eq!(store.total(), 0, "a start writes nothing");
    assert_eq!(browser.click("Alice").await.text(), "private to sub-alice");
}

#[tokio::test]
async fn c16_a_finished_callback_loaded_again_goes_on_without_a_second_request() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    let mut browser = setup.browser(&auth);
    let callback = callback_url(&browser, "/auth/login?return_to=/private").await;
    for _ in 0..3 {
        let page = browser.open(&callback).await;
        assert_eq!((page.url().path(), page.status().as_u16()), ("/private", 200));
    }
    assert_eq!(setup.provider.requests_to(Endpoint::Token).len(), 1);
}

#[tokio::test]
async fn the_back_button_to_the_providers_page_signs_in_again() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.open("/private").await;
    let mut back = browser.clone();
    browser.click("Alice").await;
    // The provider's page is shown from the history, and the person chooses once more: the attempt is
    // used, but this browser is signed in by it.
    let page = back.click("Alice").await;
    assert_eq!(page.url().path(), "/private");
    assert_eq!(setup.provider.requests_to(Endpoint::Token).len(), 1);
}

#[tokio::test]
async fn c17_a_failed_callback_loaded_again_sends_nothing() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    setup.provider.answer(Endpoint::Token, Answer::status(500));
    let auth = setup.auth();
    let mut browser = setup.browser(&auth);
    let callback = callback_url(&browser, "/auth/login").await;
    assert_eq!(browser.open(&callback).await.status(), 503);
    let page = browser.open(&callback).await;
    assert_eq!(page.status(), 400);
    assert!(page.text().contains("state_invalid"));
    assert_eq!(setup.provider.requests_to(Endpoint::Token).len(), 1);
    assert_eq!(browser.login_as("alice").await.status(), 200, "a new login works at once");
}

/// In one process, and in three that share a store and a secret.
#[tokio::test]
async fn c18_fifty_callbacks_at_once_make_one_token_request() {
    for replicas in [1, 3] {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        let store = CountingStore::new(setup.clock.clone());
        let replica = |_| {
            let builder = setup.builder().store(store.clone()).provider(setup.registration());
            builder.secret(tower_oauth_tests::secret("of the replicas")).build().unwrap()
        };
        let replicas: Vec<_> = (0..replicas).map(replica).collect();
        let browser = setup.browser(&replicas[0]);
        let callback = callback_url(&browser, "/auth/login").await;
        // All fifty carry the cookies of now: the jar of each is its own.
        let cookies: Vec<_> = browser.cookies();
        let header: String =
            cookies.iter().map(|(name, value)| format!("{name}={value}; ")).collect();
        let tasks: Vec<_> = (0..50)
            .zip(replicas.iter().cycle())
            .map(|(_, auth)| {
                let (browser, callback, header) =
                    (setup.browser(auth), callback.clone(), header.clone());
                tokio::spawn(async move {
                    browser.request(Method::GET, &callback, &[("cookie", &header)]).await.status()
                })
            })
            .collect();
        let mut successes = 0;
        for task in tasks {
            match task.await.unwrap().as_u16() {
                303 => successes += 1,
                status => assert_eq!(status, 400),
            }
        }
        assert_eq!(successes, 1);
        assert_eq!(setup.provider.requests_to(Endpoint::Token).len(), 1);
        assert_eq!(store.count(Operation::Create), 1);
    }
}
