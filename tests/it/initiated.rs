//! s28: logins that another site starts (OpenID Connect Core section 4), and the addresses at which none can start.

use http::Method;
use tower_oauth::Auth;
use tower_oauth_test::TestBrowser;
use tower_oauth_tests::{BASE_URL, Captured, Setup};
use url::Url;

fn auth(setup: &Setup) -> Auth {
    setup.builder().third_party_login(true).provider(setup.registration()).build().unwrap()
}

/// The authorization request that `query` starts.
async fn started(browser: &TestBrowser, query: &str) -> Url {
    let path = format!("/auth/initiate-login?{query}");
    let page = browser.request(Method::GET, &path, &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(page.status(), 303, "{query}: {}", page.text());
    Url::parse(page.header("location")).unwrap()
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

const ISS: &str = "iss=https%3A%2F%2Fop.example";

/// `oidcc-client-test-3rd-party-init-login`
#[tokio::test]
async fn oidcc_client_test_3rd_party_init_login() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let mut browser = setup.browser(&auth(&setup));
    assert!(setup.provider.requests().is_empty(), "nothing was asked for before");
    let page = browser.open(&format!("/auth/initiate-login?{ISS}")).await;
    assert_eq!((page.url().path(), page.text().as_str()), ("/", "Hello, Alice Liddell!"));
    let fields =
        [("iss", "https://op.example"), ("target_link_uri", "https://app.example/private")];
    let page = browser.post_from("https://portal.example", "/auth/initiate-login", &fields).await;
    assert_eq!(page.status(), 303);
    let page = browser.open(page.header("location")).await;
    assert_eq!(page.text(), "private to sub-alice");
}

#[tokio::test]
async fn s28_the_issuer_is_one_of_ours_byte_for_byte() {
    let setup = Setup::new();
    let browser = setup.browser(&auth(&setup));
    for query in [
        "",
        "iss=",
        "iss=%20https://op.example",
        "iss=https://op.example%20",
        "iss=https://op.example/",
        "iss=https://OP.example",
        "iss=https://evil.example&target_link_uri=https://evil.example",
        "iss=https://op.example&iss=https://op.example",
        "iss=https://op.example&iss=https://evil.example",
    ] {
        let path = format!("/auth/initiate-login?{query}");
        let page = browser.request(Method::GET, &path, &[]).await;
        assert_eq!((page.status().as_u16(), page.header("set-cookie")), (400, ""), "{query}");
    }
    assert!(setup.provider.requests().is_empty(), "nobody is asked anything");
}

#[tokio::test]
async fn s28_a_target_elsewhere_ends_at_the_start_page() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = auth(&setup);
    for (target, path) in [
        ("https://app.example/private", "/private"),
        ("https://app.example", "/"),
        ("https://app.example.evil.example/", "/"),
        ("https://app.example@evil.example/", "/"),
        ("https://app.example//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/private", "/"),
        ("javascript:alert(1)", "/"),
        ("https://app.example/auth/login", "/"),
    ] {
        let mut browser = setup.browser(&auth);
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("target_link_uri", target)
            .finish();
        let page = browser.open(&format!("/auth/initiate-login?{ISS}&{query}")).await;
        assert_eq!(page.url().as_str(), format!("{BASE_URL}{path}"), "{target}");
    }
}

#[tokio::test]
async fn s28_nothing_but_a_hint_is_taken_from_outside() {
    let setup = Setup::new();
    let browser = setup.browser(&auth(&setup));
    let plain = started(&browser, ISS).await;
    let url = started(&browser, &format!("{ISS}&login_hint=alice%40example.com")).await;
    assert_eq!(parameter(&url, "login_hint").as_deref(), Some("alice@example.com"));
    for query in [
        "login_hint=a%0d%0aSet-Cookie:%20a=b".to_owned(),
        format!("login_hint={}", "a".repeat(321)),
        "login_hint=a&login_hint=b".to_owned(),
        "scope=admin&prompt=none&redirect_uri=https://evil.example&max_age=0".to_owned(),
    ] {
        let url = started(&browser, &format!("{ISS}&{query}")).await;
        let names =
            |url: &Url| url.query_pairs().map(|(name, _)| name.into_owned()).collect::<Vec<_>>();
        assert_eq!(names(&url), names(&plain), "{query}");
        assert_eq!(parameter(&url, "scope"), parameter(&plain, "scope"));
    }
    for (method, headers) in [
        (Method::GET, &[("sec-purpose", "prefetch")][..]),
        (Method::GET, &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")]),
        (Method::GET, &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")]),
    ] {
        let page = browser.request(method, &format!("/auth/initiate-login?{ISS}"), headers).await;
        assert_eq!(page.status(), 403, "{headers:?}");
    }
}

#[tokio::test]
async fn s28_it_is_off_unless_asked_for_and_told_if_it_is() {
    let captured = Captured::default();
    let _guard = captured.listen(tracing::Level::INFO);
    let setup = Setup::new();
    let browser = setup.browser(&setup.auth());
    let page = browser.request(Method::GET, &format!("/auth/initiate-login?{ISS}"), &[]).await;
    assert_eq!(page.status(), 404);
    assert!(!captured.take().contains("initiate_login_uri"));
    auth(&setup);
    let told = captured.take();
    assert!(
        told.contains("initiate_login_uri=\"https://app.example/auth/initiate-login\""),
        "{told}"
    );
}

/// What a start answers to a browser whose headers say so.
async fn start_at(base_url: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let setup = Setup::new();
    let auth = Auth::builder(base_url)
        .http_client(setup.provider.http_client())
        .provider(setup.registration())
        .build()
        .unwrap();
    let mut all = vec![("accept", "text/html")];
    all.extend(headers);
    let request = http::Request::get("/auth/login/op?return_to=/private");
    let request = all.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let response = tower::ServiceExt::oneshot(
        tower_oauth_tests::app(&auth),
        request.body(axum::body::Body::empty()).unwrap(),
    );
    let response = response.await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn h01_a_browser_at_another_address_is_told_the_right_one() {
    for (base_url, headers) in [
        ("http://localhost:3000", &[("host", "127.0.0.1:3000")][..]),
        ("http://127.0.0.1:3000", &[("host", "localhost:3000")]),
        ("http://localhost:3000", &[("host", "[::1]:3000")]),
        ("http://localhost:3000", &[("host", "0.0.0.0:3000")]),
        (
            "https://app.example",
            &[("host", "www.app.example"), ("referer", "https://www.app.example/")],
        ),
        ("https://app.example", &[("host", "app.example"), ("referer", "http://app.example/x")]),
        (
            "https://app.example",
            &[
                ("host", "www.app.example"),
                ("referer", "https://www.app.example/a"),
                ("sec-fetch-site", "same-origin"),
            ],
        ),
    ] {
        let (status, page) = start_at(base_url, headers).await;
        assert_eq!(status, 400, "{headers:?}");
        assert!(page.contains("origin_mismatch"), "{page}");
        let there = format!("href=\"{base_url}/auth/login/op?return_to=%2Fprivate\"");
        assert!(page.replace("&#61;", "=").contains(&there), "{page}");
        assert!(!page.contains("www.app.example"), "what a header says is not repeated");
    }
}

#[tokio::test]
async fn h01_h02_what_a_proxy_rewrites_is_no_other_address() {
    for (base_url, headers) in [
        ("http://localhost:3000", &[("host", "localhost:3000")][..]),
        ("http://localhost:5173", &[("host", "127.0.0.1:3000")]),
        ("http://localhost:5173", &[("host", "localhost:3000")]),
        ("https://app.example", &[("host", "backend:8080")]),
        ("https://app.example", &[("host", "10.0.0.7")]),
        ("https://app.example", &[("host", "backend"), ("referer", "https://app.example/")]),
        ("https://app.example", &[("host", "app.example"), ("referer", "https://other.example/")]),
        (
            "https://app.example",
            &[("host", "app.example:443"), ("referer", "https://app.example/")],
        ),
        (
            "https://app.example",
            &[
                ("host", "app.example"),
                ("referer", "http://app.example/"),
                ("sec-fetch-site", "cross-site"),
            ],
        ),
        ("https://app.example", &[]),
    ] {
        let (status, page) = start_at(base_url, headers).await;
        assert_eq!(status, 303, "{base_url} {headers:?}: {page}");
    }
}
