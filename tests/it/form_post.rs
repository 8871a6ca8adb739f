//! c33, c37: responses that a form of the provider's site brings, and what of it reaches whom.

use http::Method;
use tower_oauth::provider::ResponseMode;
use tower_oauth::{Auth, LoginState, providers};
use tower_oauth_test::{Endpoint, FakeProvider, Form, InProcessNetwork, TestBrowser};
use tower_oauth_tests::{Setup, app};

fn auth(setup: &Setup) -> Auth {
    let provider = setup.registration().quirks(|it| it.response_mode = ResponseMode::FormPost);
    setup.builder().provider(provider).build().unwrap()
}

/// The form of the provider's page, for a login that began at `/private`.
async fn answer(browser: &mut TestBrowser) -> Form {
    browser.open("/private").await;
    browser.click("Alice").await.forms().remove(0)
}

/// Posts `form` as the provider's site would, and follows nothing.
async fn post(browser: &TestBrowser, form: &Form) -> tower_oauth_test::Page {
    let fields: Vec<_> = form.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    browser.post_from("https://op.example", &form.action, &fields).await
}

#[tokio::test]
async fn c33_the_form_is_kept_sealed_for_a_minute_and_fetched_once() {
    let setup = Setup::new();
    let auth = auth(&setup);
    let mut browser = setup.browser(&auth);
    let form = answer(&mut browser).await;
    let redirect = post(&browser, &form).await;
    assert_eq!(redirect.status(), 303);
    let location = redirect.header("location").to_owned();
    assert!(location.starts_with("/auth/callback/op?form="), "{location}");
    let cookie = redirect.header("set-cookie");
    assert!(cookie.contains("__Host-auth-response-") && cookie.contains("Max-Age=60"), "{cookie}");
    for name in ["code", "state"] {
        let value = &form.fields.iter().find(|(field, _)| field == name).unwrap().1;
        assert!(!location.contains(&value[..12]) && !cookie.contains(&value[..12]), "{name}");
    }
    // Nothing that only warms up uses it, and no picture or frame.
    for headers in [
        &[("sec-purpose", "prefetch;prerender")][..],
        &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
        &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
    ] {
        let page = browser.request(Method::GET, &location, headers).await;
        assert_eq!(page.status(), 403, "{headers:?}");
    }
    assert_eq!(browser.request(Method::HEAD, &location, &[]).await.status(), 405);
    assert!(setup.provider.requests_to(Endpoint::Token).is_empty());

    let page = browser.open(&location).await;
    assert_eq!((page.url().path(), page.text().as_str()), ("/private", "private to sub-alice"));
    let names: Vec<_> = browser.cookies().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["__Host-auth", "__Host-auth-round"]);
    assert_eq!(browser.open(&location).await.url().path(), "/private", "the back button goes on");
    assert_eq!(setup.provider.requests_to(Endpoint::Token).len(), 1);
}

#[tokio::test]
async fn c33_c05_a_kept_form_is_of_one_browser_provider_application_and_minute() {
    let setup = Setup::new();
    let auth = auth(&setup);
    let mut browser = setup.browser(&auth);
    let form = answer(&mut browser).await;
    let redirect = post(&browser, &form).await;
    let location = redirect.header("location").to_owned();
    let (name, value) = redirect.header("set-cookie").split_once('=').unwrap();
    let value = value.split(';').next().unwrap();

    // Who has the form and not the attempt has nothing.
    let thief = setup.browser(&auth);
    thief.plant_cookie(name, value);
    let page = thief.request(Method::GET, &location, &[]).await;
    assert_eq!((page.status().as_u16(), &page.json()["code"]), (400, &"state_invalid".into()));
    // Neither has who comes without the form, with another's, or with a changed one.
    let other = answer(&mut browser).await;
    let second = post(&browser, &other).await.header("location").to_owned();
    let label = second.split_once("form=").unwrap().1;
    let theirs = format!("__Host-auth-response-{label}");
    browser.forget_cookie(&theirs);
    browser.plant_cookie(&theirs, value);
    assert_eq!(browser.request(Method::GET, &second, &[]).await.json()["code"], "state_invalid");
    let changed = format!("{}A", &value[..value.len() - 1]);
    browser.forget_cookie(name);
    browser.plant_cookie(name, &changed);
    assert_eq!(browser.request(Method::GET, &location, &[]).await.json()["code"], "state_invalid");
    browser.forget_cookie(name);
    browser.plant_cookie(name, value);
    setup.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(browser.request(Method::GET, &location, &[]).await.json()["code"], "state_invalid");
    for query in ["", "?form=", "?form=a&form=a", "?code=x&state=y", "?form=%0d%0aset-cookie:a"] {
        let path = format!("/auth/callback/op{query}");
        let page = browser.request(Method::GET, &path, &[]).await;
        assert_eq!(page.status(), 400, "{query}");
        assert!(!page.header("set-cookie").contains("response"), "{query}");
    }
    assert!(setup.provider.requests_to(Endpoint::Token).is_empty());
}

#[tokio::test]
async fn c32_what_does_not_fit_into_a_cookie_is_refused_and_says_so() {
    let setup = Setup::new();
    let browser = setup.browser(&auth(&setup));
    for (length, status) in [(2_700, 303), (2_900, 400)] {
        let fields = [("state", "s"), ("code", &*"c".repeat(length))];
        let page = browser.post_from("https://op.example", "/auth/callback/op", &fields).await;
        assert_eq!(page.status(), status, "{length}");
        let set: usize =
            page.headers().get_all("set-cookie").iter().map(http::HeaderValue::len).sum();
        assert!(set <= 4096, "{set}");
    }
    for fields in [
        &[("code", "c")][..],
        &[("state", "s"), ("state", "s"), ("code", "c")],
        &[("state", ""), ("code", "c")],
    ] {
        let page = browser.post_from("https://op.example", "/auth/callback/op", fields).await;
        assert_eq!((page.status().as_u16(), page.header("set-cookie")), (400, ""), "{fields:?}");
    }
}

/// Tabs side by side, and attempts that wait in the store.
#[tokio::test]
async fn c05_forms_of_two_tabs_do_not_meet() {
    for login_state in [LoginState::Sealed, LoginState::Stored] {
        let setup = Setup::new();
        let provider = setup.registration().quirks(|it| it.response_mode = ResponseMode::FormPost);
        let auth = setup.builder().login_state(login_state).provider(provider).build().unwrap();
        let mut browser = setup.browser(&auth);
        let (one, two) = (answer(&mut browser).await, answer(&mut browser).await);
        let (one, two) = (post(&browser, &one).await, post(&browser, &two).await);
        for redirect in [two, one] {
            let page = browser.open(redirect.header("location")).await;
            assert_eq!(page.text(), "private to sub-alice", "{login_state:?}");
        }
    }
}

/// The session's cookie comes with the `GET`, so a provider that answers by form can join a session.
#[tokio::test]
async fn s17_a_provider_that_answers_by_form_can_be_connected() {
    let setup = Setup::new();
    let second = FakeProvider::builder()
        .issuer("https://second.example")
        .manual_clock(setup.clock.clone())
        .build();
    let setup = setup.on(InProcessNetwork::new().provider(&second));
    let by_form = providers::oidc(second.issuer(), second.client_id(), second.client_secret())
        .key("second")
        .quirks(|it| it.response_mode = ResponseMode::FormPost);
    let auth = setup.builder().provider(setup.registration()).provider(by_form).build().unwrap();
    let connections = async |tokens: tower_oauth::Tokens| {
        let keys: Vec<_> = tokens.connections().iter().map(|it| it.provider().to_owned()).collect();
        keys.join(" ")
    };
    let route = axum::routing::get(connections).layer(auth.layer());
    let mut browser = setup.browser_of(app(&auth).route("/connections", route));
    browser.login_as("alice").await;
    second.approve_as(Some("bob"));
    let page = browser.post("/auth/connect/second", &[("return_to", "/connections")]).await;
    let page = browser.submit(page.forms().remove(0)).await;
    assert_eq!((page.url().path(), page.text().as_str()), ("/connections", "op second"));
}
