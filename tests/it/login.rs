//! A login from the first click to the greeting, and what it sends where.

use std::collections::{BTreeMap, HashSet};

use tower_oauth::Auth;
use tower_oauth_test::{Endpoint, Signing};
use tower_oauth_tests::Setup;
pub(crate) use tower_oauth_tests::callback_url;
use url::Url;

#[tokio::test]
async fn a_person_signs_in_and_is_greeted_by_name() {
    for signing in [Signing::Rs256, Signing::Es256] {
        let setup = Setup::with(|provider| provider.signing(signing));
        let mut browser = setup.browser(&setup.auth());
        assert_eq!(browser.open("/").await.text(), "Hello, stranger!");
        let page = browser.login_as("alice").await;
        assert_eq!(page.url().as_str(), "https://app.example/");
        assert_eq!(page.text(), "Hello, Alice Liddell!");
    }
}

#[tokio::test]
async fn a_protected_page_sends_to_sign_in_and_gets_the_person_back() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    let page = browser.open("/private/reports?year=2026&q=a%2Fb").await;
    assert!(page.url().as_str().starts_with("https://op.example/authorize?"), "{}", page.url());
    let page = browser.click("Bob").await;
    assert_eq!(page.url().as_str(), "https://app.example/private/reports?year=2026&q=a%2Fb");
    assert_eq!(page.text(), "private to sub-bob");
}

#[tokio::test]
async fn the_profile_comes_under_standard_names() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let profile = browser.open("/profile").await.json();
    assert_eq!(profile["provider"], "op");
    assert_eq!(profile["issuer"], "https://op.example");
    assert_eq!(profile["subject"], "sub-alice");
    assert_eq!(profile["username"], "alice");
    assert_eq!(profile["email"], "Verified(\"alice@example.com\")");
    assert_eq!(profile["claims"]["locale"], "en-GB");
    assert!(profile["claims"].get("nonce").is_none());
    browser.login_as("bob").await;
    let profile = browser.open("/profile").await.json();
    assert_eq!(profile["email"], "Unverified(\"bob@example.com\")");
}

#[tokio::test]
async fn the_access_token_reaches_the_handler_and_the_api() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let token = browser.open("/token").await.json();
    assert_eq!(token["expires_in"], 3600);
    assert_eq!(token["scopes"], serde_json::json!(["openid", "profile", "email"]));
    let request = http::Request::get(setup.provider.url(Endpoint::UserInfo))
        .header("authorization", format!("Bearer {}", token["token"].as_str().unwrap()))
        .body(bytes::Bytes::new())
        .unwrap();
    assert_eq!(setup.provider.handle(request).status(), 200);
}

/// The authorization request, parameter by parameter (OpenID Connect Core section 3.1.2.1, RFC 7636 section 4.3).
#[tokio::test]
async fn s24_authorization_request_content() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    let page = browser.open("/auth/login/op?return_to=/private").await;
    let pairs: Vec<_> = page.url().query_pairs().into_owned().collect();
    let parameters: BTreeMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(pairs.len(), parameters.len(), "each parameter once");
    let names: Vec<_> = parameters.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "client_id",
            "code_challenge",
            "code_challenge_method",
            "nonce",
            "redirect_uri",
            "response_type",
            "scope",
            "state"
        ]
    );
    assert_eq!(parameters["response_type"], "code");
    assert_eq!(parameters["redirect_uri"], "https://app.example/auth/callback/op");
    assert_eq!(parameters["scope"], "openid profile email");
    assert_eq!(parameters["code_challenge_method"], "S256");
    for name in ["state", "nonce", "code_challenge"] {
        assert_eq!(parameters[name].len(), 43, "{name}");
    }
}

/// The token request (RFC 6749 section 4.1.3), and nothing secret in a URL.
#[tokio::test]
async fn t20_token_request_content() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let requests = setup.provider.requests_to(Endpoint::Token);
    assert_eq!(requests.len(), 1);
    let form = requests[0].form();
    assert_eq!(form.get("grant_type"), Some("authorization_code"));
    assert_eq!(form.get("redirect_uri"), Some("https://app.example/auth/callback/op"));
    assert_eq!(form.get("code_verifier").unwrap().len(), 43);
    assert!(form.get("client_secret").is_none(), "one way of authentication only");
    assert!(requests[0].headers()["authorization"].to_str().unwrap().starts_with("Basic "));
    assert_eq!(requests[0].uri().query(), None);
}

#[tokio::test]
async fn c42_the_success_response_is_a_clean_redirect() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    let browser = setup.browser(&auth);
    let callback = callback_url(&browser, "/auth/login?return_to=/private").await;
    let page = browser.request(http::Method::GET, &callback, &[]).await;
    assert_eq!(page.status(), 303);
    assert_eq!(page.header("location"), "/private");
    assert_eq!(page.text(), "");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    let cookies: Vec<_> = page.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies.len(), 3);
    let session = cookies[0].to_str().unwrap();
    let (value, attributes) = session.split_once("; ").unwrap();
    assert_eq!(value.len(), "__Host-auth=".len() + 43);
    assert_eq!(attributes, "Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure");
    let round = "__Host-auth-round=1; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure";
    assert_eq!(cookies[1].to_str().unwrap(), round);
    assert!(cookies[2].to_str().unwrap().contains("Max-Age=0"));
}

#[tokio::test]
async fn s01_a_target_elsewhere_ends_at_the_start_page() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    for target in ["https://evil.example/", "//evil.example", "/%5cevil.example", "/auth/logout"] {
        let mut browser = setup.browser(&auth);
        let encoded = url_encode(target);
        let page = browser.open(&format!("/auth/login?return_to={encoded}")).await;
        assert_eq!(page.url().as_str(), "https://app.example/", "{target}");
        assert_eq!(page.text(), "Hello, Alice Liddell!");
    }
}

#[tokio::test]
async fn s23_values_are_distinct_and_independent() {
    let setup = Setup::new();
    let auth = setup.auth();
    let mut seen = HashSet::new();
    for _ in 0..500 {
        let browser = setup.browser(&auth);
        let page = browser.request(http::Method::GET, "/auth/login/op", &[]).await;
        let url = Url::parse(page.header("location")).unwrap();
        for (name, value) in url.query_pairs() {
            if ["state", "nonce", "code_challenge"].contains(&&*name) {
                assert!(seen.insert(value.into_owned()), "{name} was seen before");
            }
        }
    }
}

#[tokio::test]
async fn s16_s18_what_no_person_did_starts_no_login() {
    let setup = Setup::new();
    let auth = setup.auth();
    let browser = setup.browser(&auth);
    for headers in [
        &[
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "no-cors"),
            ("sec-fetch-dest", "image"),
        ][..],
        &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
        &[
            ("sec-purpose", "prefetch;prerender"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ],
        &[("purpose", "prefetch")],
    ] {
        for path in ["/auth/login", "/auth/login/op"] {
            let page = browser.request(http::Method::GET, path, headers).await;
            assert_eq!(page.status(), 403, "{headers:?}");
            assert_eq!(page.header("set-cookie"), "");
        }
    }
    let head = browser.request(http::Method::HEAD, "/auth/login/op", &[]).await;
    assert_eq!((head.status().as_u16(), head.header("allow")), (405, "GET, POST"));
    let navigation = [
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
        ("sec-fetch-site", "cross-site"),
    ];
    let page = browser.request(http::Method::GET, "/auth/login/op", &navigation).await;
    assert_eq!(page.status(), 303, "a link in a mail works");
}

#[tokio::test]
async fn a_login_can_be_started_by_a_form_of_the_application() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    let page = browser.post("/auth/login/op", &[("return_to", "/private")]).await;
    assert!(page.url().as_str().starts_with("https://op.example/authorize?"));
    assert_eq!(browser.click("Alice").await.url().path(), "/private");
    let cross_site = [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    let page = browser.request(http::Method::POST, "/auth/login/op", &cross_site).await;
    assert_eq!(page.status(), 403);
}

#[tokio::test]
async fn s29_unknown_providers_are_not_found() {
    let setup = Setup::new();
    let auth = setup.auth();
    let browser = setup.browser(&auth);
    for path in [
        "/auth/login/nope",
        "/auth/callback/nope?code=c&state=s",
        "/auth/login/..%2f",
        "/auth/login/%00",
    ] {
        let page = browser.fetch(path).await;
        assert_eq!(page.status(), 404, "{path}");
        assert_eq!(page.json()["code"], "unknown_provider");
    }
    assert!(setup.provider.requests().is_empty());
}

#[tokio::test]
async fn offline_access_is_asked_for_as_the_specification_says() {
    let setup = Setup::new();
    let auth = setup.builder().provider(setup.registration().offline_access()).build().unwrap();
    let mut browser = setup.browser(&auth);
    let url = browser.open("/auth/login").await.url().clone();
    let parameters: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(parameters["scope"], "openid profile email offline_access");
    assert_eq!(parameters["prompt"], "consent");
    browser.click("Alice").await;
    let token = browser.open("/token").await.json();
    assert!(token["scopes"].as_array().unwrap().contains(&"offline_access".into()));
}

#[test]
fn the_redirect_uri_to_register_is_told() {
    let setup = Setup::new();
    let auth = setup.auth();
    let uris: Vec<_> = auth.redirect_uris().collect();
    assert_eq!(uris, [("op", "https://app.example/auth/callback/op")]);
}

const LONG_SECRET: &str = "a secret that is long enough for the other check";

#[test]
fn x08_a_configuration_that_cannot_work_is_refused() {
    let setup = Setup::new();
    let registration = || setup.registration();
    let error = |builder: tower_oauth::AuthBuilder| builder.build().unwrap_err().to_string();
    for (builder, start) in [
        (setup.builder(), "providers: there is none"),
        (
            setup.builder().provider(registration()).provider(registration()),
            "provider key: \"op\" is used twice",
        ),
        (setup.builder().provider(registration().key("Öp")), "provider key: \"Öp\" must be"),
        (
            setup.builder().provider(registration().scopes(["profile"])),
            "provider op, scopes: must contain openid",
        ),
        (
            setup.builder().provider(registration().authorization_parameter("state", "x")),
            "provider op, authorization parameter: \"state\" is set by the flow",
        ),
        (
            setup.builder().provider(tower_oauth::providers::github("id", " ")),
            "provider github, client secret: is empty",
        ),
        (
            setup.builder().provider(tower_oauth::providers::oidc("http://op.example", "a", "b")),
            "provider oidc, issuer: \"http://op.example\" must be https",
        ),
        (setup.builder().provider(registration()).mount("auth"), "mount: \"auth\" must be a path"),
        (
            setup.builder().provider(registration()).secret("short"),
            "secret: must have at least 32 bytes",
        ),
        (
            setup
                .builder()
                .provider(registration())
                .secret(LONG_SECRET)
                .provider(tower_oauth::providers::github("id", LONG_SECRET)),
            "secret: is the client secret of provider github",
        ),
        (
            setup.builder().provider(
                registration()
                    .authorization_parameter("hd", "a")
                    .authorization_parameter("hd", "b"),
            ),
            "provider op, authorization parameter: \"hd\" is given twice",
        ),
        (
            setup.builder().provider(registration().authorization_parameter("max_age", "0")),
            "provider op, authorization parameter: \"max_age\" is set by the flow",
        ),
        (
            setup.builder().provider(registration().quirks(|q| q.headers = &[("a b", "c")])),
            "provider op, headers: \"a b\" is not a header",
        ),
        (Auth::builder("http://app.example").provider(registration()), "base_url: "),
    ] {
        let error = error(builder);
        assert!(error.starts_with(start), "{error}");
    }
}

pub(crate) fn url_encode(text: &str) -> String {
    let mut url = Url::parse("https://x.invalid/").unwrap();
    url.query_pairs_mut().append_pair("v", text);
    url.query().unwrap().trim_start_matches("v=").to_owned()
}
