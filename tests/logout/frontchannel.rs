//! The provider says that somebody signed out there, in a frame (Front-Channel Logout).

use http::Method;
use tower_oauth::Auth;
use tower_oauth_test::{Endpoint, Page, TestBrowser};
use tower_oauth_tests::{Setup, settle};

use crate::support::is_signed_in;

const PATH: &str = "/auth/frontchannel-logout/op";

/// What the provider's page shows in its frame.
pub(crate) fn frame_of(page: &Page) -> String {
    let text = page.text();
    let (_, rest) = text.split_once("<iframe src=\"").unwrap();
    rest.split_once('"').unwrap().0.replace("&amp;", "&").replace("&#38;", "&")
}

/// Loads a frame on a page of the same site, which is where the session cookie comes along.
pub(crate) async fn load(browser: &TestBrowser, target: &str) -> Page {
    let headers = [
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-site", "same-site"),
    ];
    browser.request(Method::GET, target, &headers).await
}

fn auth(setup: &Setup) -> Auth {
    let registration = setup.registration().offline_access();
    setup.builder().provider(registration).frontchannel_logout(true).build().unwrap()
}

#[tokio::test]
async fn b26_the_session_of_the_frame_ends_and_only_the_provider_may_frame_it() {
    let setup = Setup::new();
    let auth = auth(&setup);
    let (mut browser, mut other) = (setup.browser(&auth), setup.browser(&auth));
    other.login_as("alice").await;
    browser.login_as("alice").await;
    let sid = setup.provider.latest_sid("sub-alice").unwrap();
    let page = load(&browser, &format!("{PATH}?iss=https://op.example&sid={sid}")).await;
    assert_eq!((page.status().as_u16(), page.header("cache-control")), (200, "no-store"));
    let policy = page.header("content-security-policy");
    assert_eq!(policy, "default-src 'none'; frame-ancestors https://op.example");
    assert_eq!(page.header("x-frame-options"), "");
    assert!(!is_signed_in(&browser).await);
    assert!(browser.cookies().iter().all(|(name, _)| name != "__Host-auth"));
    assert!(is_signed_in(&other).await);
    settle().await;
    // b28: tokens are not revoked by it.
    assert!(setup.provider.requests_to(Endpoint::Revocation).is_empty());
    for path in ["/auth/logged-out", "/auth/login?x"] {
        let page = load(&browser, path).await;
        assert_eq!(page.header("x-frame-options"), "DENY", "{path}");
    }
}

#[tokio::test]
async fn b27_b28_nothing_ends_by_what_another_site_can_know() {
    let setup = Setup::new();
    let mut browser = setup.browser(&auth(&setup));
    browser.login_as("alice").await;
    let sid = setup.provider.latest_sid("sub-alice").unwrap();
    for (query, status) in [
        (String::new(), 400),
        ("iss=https://op.example".into(), 400),
        (format!("sid={sid}"), 400),
        (format!("iss=https://op.example&sid={sid}&sid={sid}"), 400),
        (format!("iss=https://op.example&iss=https://op.example&sid={sid}"), 400),
        ("iss=https://op.example&sid=another".into(), 200),
        (format!("iss=https://evil.example&sid={sid}"), 200),
        ("iss=https://op.example&sid=".into(), 200),
    ] {
        let page = load(&browser, &format!("{PATH}?{query}")).await;
        assert_eq!((page.status().as_u16(), page.header("set-cookie")), (status, ""), "{query}");
        assert!(is_signed_in(&browser).await, "{query}");
    }
}

/// Another site's frame gets no `SameSite=Lax` cookie, so it signs nobody out.
#[tokio::test]
async fn b29_without_its_cookie_it_does_nothing() {
    let setup = Setup::new();
    let auth = auth(&setup);
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    let sid = setup.provider.latest_sid("sub-alice").unwrap();
    let cookieless = setup.browser(&auth);
    let page = load(&cookieless, &format!("{PATH}?iss=https://op.example&sid={sid}")).await;
    assert_eq!(page.status(), 200);
    assert!(is_signed_in(&browser).await);
}

#[tokio::test]
async fn it_is_off_unless_it_is_asked_for() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let sid = setup.provider.latest_sid("sub-alice").unwrap();
    let page = load(&browser, &format!("{PATH}?iss=https://op.example&sid={sid}")).await;
    assert_eq!((page.status().as_u16(), page.header("x-frame-options")), (404, "DENY"));
    assert!(is_signed_in(&browser).await);
}
