//! What fits into a session's cookie, measured on the wire, and what is said of what does not.

use http::Method;
use serde_json::{Value, json};
use tower_oauth::Auth;
use tower_oauth::provider::UserInfo;
use tower_oauth_test::{Answer, Endpoint, TestUser};
use tower_oauth_tests::{CountingStore, Operation, Setup};

use crate::cookie_sessions::{auth, in_cookies, revocable};
use crate::login::callback_url;
use tower_oauth_tests::Captured;

/// The `Set-Cookie` of the session that a login of `user` ends with.
async fn set_cookie(setup: &Setup, auth: &Auth, user: &str) -> String {
    setup.provider.approve_as(Some(user));
    let browser = setup.browser(auth);
    let callback = callback_url(&browser, "/auth/login").await;
    let page = browser.request(Method::GET, &callback, &[]).await;
    assert_eq!(page.status(), 303, "{}", page.text());
    page.header("set-cookie").to_owned()
}

/// A provider whose user `carol` is in groups, whose names take `bytes`.
fn with_groups(bytes: usize) -> Setup {
    let carol = TestUser::new("sub-carol").with_claim("groups", json!(["g".repeat(bytes)]));
    Setup::with(|op| op.user(carol))
}

#[tokio::test]
async fn k01_k24_the_cookie_has_its_attributes_and_fits() {
    let setup = Setup::new();
    let cookie = set_cookie(&setup, &auth(&setup), "alice").await;
    assert!(cookie.starts_with("__Host-auth="), "{cookie}");
    assert!(
        cookie.ends_with("; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure"),
        "{cookie}"
    );
    assert!(cookie.len() < 1500, "{} bytes", cookie.len());
}

/// Up to the last byte that a browser holds a login succeeds, and the next one fails with a reason.
#[tokio::test]
async fn k24_a_session_that_does_not_fit_is_refused_by_name() {
    let (mut fits, mut fails) = (1000, 4000);
    let mut longest = 0;
    while fails - fits > 1 {
        let middle = usize::midpoint(fits, fails);
        let setup = with_groups(middle);
        setup.provider.approve_as(Some("sub-carol"));
        let auth = auth(&setup);
        let browser = setup.browser(&auth);
        let callback = callback_url(&browser, "/auth/login").await;
        let page = browser.request(Method::GET, &callback, &[]).await;
        if page.status() == 303 {
            (fits, longest) = (middle, page.header("set-cookie").len());
        } else {
            assert_eq!(
                (page.status().as_u16(), &page.json()["code"]),
                (500, &json!("session_too_large"))
            );
            assert_eq!(
                page.headers().get_all("set-cookie").iter().count(),
                1,
                "the attempt is cleared"
            );
            fails = middle;
        }
    }
    assert!((4094..=4096).contains(&longest), "{longest}");

    let events = Captured::default();
    let _guard = events.listen(tracing::Level::TRACE);
    let setup = with_groups(fails);
    let mut browser = setup.browser(&auth(&setup));
    let page = browser.login_as("carol").await;
    assert!(page.text().contains("session_too_large") && page.text().contains("does not fit"));
    let events = events.take();
    // `"groups"["…"]` in base64.
    let bytes = ((fails + 12) * 4).div_ceil(3);
    let expected =
        format!("and 4096 fit; {bytes} of them are the claim `groups`: ask for fewer scopes");
    assert!(events.contains(&expected) && events.contains("the session needs 409"), "{events}");
    assert!(!events.contains("ggg") && !page.text().contains("ggg"), "{events}");
}

/// Whether somebody can sign in does not depend on where they came from.
#[tokio::test]
async fn k24_the_page_to_return_to_is_the_first_thing_to_go() {
    let setup = with_groups(2000);
    setup.provider.approve_as(Some("sub-carol"));
    let mut browser = setup.browser(&auth(&setup));
    let target = format!("/private/{}", "x".repeat(900));
    let callback = callback_url(&browser, &format!("/auth/login?return_to={target}")).await;
    let page = browser.open(&callback).await;
    assert_eq!(
        (page.url().path(), page.text().as_str()),
        (target.as_str(), "private to sub-carol")
    );
    let reloaded = browser.request(Method::GET, &callback, &[]).await;
    assert_eq!((reloaded.status().as_u16(), reloaded.header("location")), (303, "/"));
}

#[tokio::test]
async fn v4_a_login_that_does_not_fit_leaves_the_earlier_session() {
    let setup = with_groups(4000);
    for in_list in [false, true] {
        let store = CountingStore::new(setup.clock.clone());
        let auth = if in_list { revocable(&setup, store.clone()) } else { auth(&setup) };
        let mut browser = setup.browser(&auth);
        browser.login_as("alice").await;
        assert_eq!(browser.login_as("carol").await.status(), 500);
        assert_eq!(browser.open("/").await.text(), "Hello, Alice Liddell!");
        assert_eq!(store.count(Operation::Create), 0);
    }
}

/// What a typical session takes, so that a change which doubles it is noticed.
#[tokio::test]
async fn k24_typical_sessions_fit() {
    let setup = Setup::with(|op| op.claims_in_id_token(true));
    // An access token that is a JWT of 1200 bytes, and a profile from the ID token.
    setup.provider.answer_always(
        Endpoint::Token,
        Answer::modify(|response| {
            let mut body: Value = serde_json::from_slice(response.body()).unwrap();
            body["access_token"] = "x".repeat(1200).into();
            *response.body_mut() = body.to_string().into();
        }),
    );
    setup.provider.modify_id_token(|_, claims| drop(claims.remove("at_hash")));
    let registration = setup.registration().quirks(|quirks| quirks.userinfo = UserInfo::IdToken);
    let with_jwt = in_cookies(&setup).provider(registration).build().unwrap();
    let with_jwt = set_cookie(&setup, &with_jwt, "alice").await.len();
    let setup = Setup::new();
    let plain = set_cookie(&setup, &auth(&setup), "alice").await.len();
    assert!((1000..1400).contains(&plain), "{plain}");
    assert!((2500..3100).contains(&with_jwt), "{with_jwt}");
}
