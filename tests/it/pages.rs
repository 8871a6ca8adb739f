//! The pages a person sees, as they are served.

use tower_oauth::pages::{Html, Pages, SignInPage};
use tower_oauth::providers;
use tower_oauth_tests::Setup;

fn two_providers(setup: &Setup) -> tower_oauth::AuthBuilder {
    setup.builder().provider(setup.registration()).provider(providers::github("id", "secret"))
}

#[tokio::test]
async fn the_sign_in_page_has_a_link_for_each_provider() {
    let setup = Setup::new();
    let auth = two_providers(&setup).build().unwrap();
    let mut browser = setup.browser(&auth);
    let page = browser.open("/private?a=b").await;
    assert_eq!((page.url().path(), page.status().as_u16()), ("/auth/login", 200));
    let links = page.links();
    assert_eq!(links.len(), 2);
    assert!(links[0].text.contains("Example OP") && links[1].text.contains("GitHub"));
    assert_eq!(links[1].href, "/auth/login/github?return_to=%2Fprivate%3Fa%3Db");
    browser.click("Example OP").await;
    assert_eq!(browser.click("Alice").await.url().path(), "/private");
}

#[tokio::test]
async fn h15_h16_every_page_is_strict() {
    let setup = Setup::new();
    let auth = two_providers(&setup).build().unwrap();
    let mut browser = setup.browser(&auth);
    for path in ["/auth/login", "/auth/logged-out", "/auth/callback/op?code=x&state=y"] {
        let page = browser.open(path).await;
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"));
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(page.header(name), value, "{path}");
        }
        for external in ["<script", "http://", "https://", "style="] {
            assert!(!page.text().contains(external), "{path}: {external}");
        }
    }
}

#[tokio::test]
async fn g12_an_error_has_a_code_and_a_correlation_id() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    let first = browser.open("/auth/callback/op?state=x").await.text();
    let second = browser.fetch("/auth/callback/op?state=x").await.json();
    assert!(first.contains("state_invalid"));
    let id = second["correlation_id"].as_str().unwrap();
    assert_eq!(id.len(), 16);
    assert!(!first.contains(id), "one for each failure");
}

#[derive(Debug)]
struct OwnSignIn;

impl Pages for OwnSignIn {
    fn sign_in(&self, page: &SignInPage) -> Html {
        Html::new(format!("<title>ours</title>{} ways", page.providers.len()))
    }
}

#[tokio::test]
async fn an_application_replaces_what_it_wants() {
    let setup = Setup::new();
    let auth = two_providers(&setup).pages(OwnSignIn).build().unwrap();
    let mut browser = setup.browser(&auth);
    assert_eq!(browser.open("/auth/login").await.text(), "<title>ours</title>2 ways");
    assert!(browser.open("/auth/logged-out").await.text().contains("signed out"));
}
