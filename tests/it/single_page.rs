//! Single-page applications and htmx: who is signed in, a login in a window of its own, and redirects that scripts follow.

use http::Method;
use serde_json::{Value, json};
use tower_oauth::providers;
use tower_oauth_tests::{BASE_URL, CountingStore, FailingStore, Operation, Setup};

#[tokio::test]
async fn the_session_is_told_to_a_script_of_the_application_without_tokens() {
    let setup = Setup::new();
    let auth = setup.offline_auth(|builder| builder);
    let mut browser = setup.browser(&auth);
    let page = browser.fetch("/auth/session").await;
    assert_eq!(page.json(), json!({ "signed_in": false, "login_url": "/auth/login" }));
    assert_eq!((page.status().as_u16(), page.header("cache-control")), (200, "no-store"));
    browser.login_as("alice").await;
    let token = browser.fetch("/token").await.json()["token"].as_str().unwrap().to_owned();
    let page = browser.fetch("/auth/session").await;
    let mut session = page.json();
    let expires_in = session.as_object_mut().unwrap().remove("expires_in").unwrap();
    assert_eq!(expires_in, 24 * 3600);
    let picture = session["user"].as_object_mut().unwrap().remove("picture").unwrap();
    assert!(picture.as_str().unwrap().starts_with("data:image/svg"), "{picture}");
    assert_eq!(
        session,
        json!({
            "signed_in": true,
            "user": {
                "provider": "op",
                "issuer": "https://op.example",
                "subject": "sub-alice",
                "display_name": "Alice Liddell",
                "name": "Alice Liddell",
                "username": "alice",
                "email": "alice@example.com",
                "email_verified": true,
            },
            "login_url": "/auth/login",
            "logout_url": "/auth/logout",
        })
    );
    assert!(!page.text().contains(&token[..12]));
    for name in page.headers().keys() {
        assert!(!name.as_str().starts_with("access-control"), "{name}");
    }
}

#[tokio::test]
async fn another_site_learns_nothing_and_to_look_is_not_to_use() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
    ] {
        let page = browser.request(Method::GET, "/auth/session", headers).await;
        assert_eq!(page.status(), 403, "{headers:?}");
        assert!(!page.text().contains("alice"));
    }
    let page = browser.request(Method::POST, "/auth/session", &[]).await;
    assert_eq!((page.status().as_u16(), page.header("allow")), (405, "GET"));
    setup.clock.advance(std::time::Duration::from_secs(12 * 3600));
    let swaps = store.count(Operation::Swap);
    assert_eq!(browser.fetch("/auth/session").await.json()["expires_in"], 12 * 3600);
    assert_eq!(store.count(Operation::Swap), swaps, "a page that polls keeps nobody signed in");
}

#[tokio::test]
async fn p06_a_store_that_fails_is_not_nobody() {
    let setup = Setup::new();
    let store = FailingStore::new(setup.clock.clone());
    let mut browser = setup.browser(&setup.auth_on(store.clone()));
    browser.login_as("alice").await;
    store.fail(&[Operation::Load]);
    let page = browser.fetch("/auth/session").await;
    assert_eq!((page.status().as_u16(), &page.json()["code"]), (503, &"store_unavailable".into()));
}

#[tokio::test]
async fn a_login_in_a_window_of_its_own_ends_on_a_page_that_tells_and_closes() {
    let setup = Setup::new();
    let github = providers::github("id", "secret");
    let auth = setup.builder().provider(setup.registration()).provider(github).build().unwrap();
    let mut browser = setup.browser(&auth);
    let page = browser.open("/auth/login?return_to=/private&popup=1").await;
    let href = "/auth/login/op?return_to=%2Fprivate&popup=1";
    assert_eq!(page.links()[0].href, href);
    browser.open(href).await;
    let page = browser.click("Alice").await;
    assert_eq!((page.url().path(), page.status().as_u16()), ("/auth/signed-in", 200));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    let script = tower_oauth::pages::SignedInPage::SCRIPT;
    assert!(page.text().contains(script) && page.text().matches("<script").count() == 1);
    assert!(script.contains("postMessage(message, window.location.origin)"), "own origin only");
    assert_eq!(browser.click("Continue here").await.text(), "private to sub-alice");
    // Whatever somebody writes into its address stays on the site.
    let page = browser.open("/auth/signed-in?return_to=//evil.example").await;
    assert!(!page.text().contains("evil") && page.links()[0].href == "/");
    assert_eq!(browser.fetch("/profile").await.status(), 200, "and changes nothing");
}

/// What htmx is told when `headers` come with its request for `/private`.
async fn htmx(setup: &Setup, headers: &[(&str, &str)]) -> (u16, String, Value) {
    let browser = setup.browser(&setup.auth());
    let mut all = vec![("hx-request", "true"), ("accept", "*/*"), ("sec-fetch-mode", "cors")];
    all.extend(headers);
    let page = browser.request(Method::GET, "/private?part=1", &all).await;
    (page.status().as_u16(), page.header("hx-redirect").to_owned(), page.json()["code"].clone())
}

#[tokio::test]
async fn htmx_is_sent_to_sign_in_and_back_to_the_page_that_the_browser_shows() {
    let setup = Setup::new();
    let page = format!("{BASE_URL}/list?a=b");
    for (headers, target) in [
        (&[("hx-current-url", &*page)][..], "/auth/login?return_to=%2Flist%3Fa%3Db"),
        (
            &[("hx-current-url", &page), ("hx-boosted", "true")],
            "/auth/login?return_to=%2Fprivate%3Fpart%3D1",
        ),
        (&[], "/auth/login?return_to=%2Fprivate%3Fpart%3D1"),
        (&[("hx-current-url", "https://evil.example/")], "/auth/login"),
        (&[("hx-current-url", "https://app.example.evil.example/")], "/auth/login"),
        (&[("hx-current-url", "https://app.example/auth/login")], "/auth/login"),
    ] {
        let answer = htmx(&setup, headers).await;
        assert_eq!(answer, (401, target.into(), "login_required".into()), "{headers:?}");
    }
    let browser = setup.browser(&setup.auth());
    let page = browser.fetch("/private").await;
    assert_eq!((page.status().as_u16(), page.header("hx-redirect")), (401, ""), "others are told");
}

#[tokio::test]
async fn htmx_signs_out() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let headers = [("hx-request", "true"), ("sec-fetch-site", "same-origin"), ("accept", "*/*")];
    let page = browser.request(Method::POST, "/auth/logout?local=true", &headers).await;
    assert_eq!((page.status().as_u16(), page.header("hx-redirect")), (204, "/auth/logged-out"));
    assert!(browser.cookies().is_empty());
    browser.login_as("alice").await;
    let page = browser.request(Method::POST, "/auth/logout", &headers).await;
    assert!(
        page.header("hx-redirect").starts_with("https://op.example/end-session?id_token_hint=")
    );
    assert!(page.headers()["hx-redirect"].is_sensitive(), "no log repeats the ID token");
    let page = browser.open(page.header("hx-redirect")).await;
    assert_eq!(page.url().path(), "/auth/logged-out");
}
