//! Login starts: what they draw, what they send, and what starts none.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::Value;
use tower_oauth::{SystemRandom, providers};
use tower_oauth_test::{Answer, Endpoint, TestBrowser};
use tower_oauth_tests::{CountingStore, Setup};
use url::Url;

/// The parameters of the authorization request that a login start sends the browser to.
async fn started(browser: &TestBrowser, path: &str) -> BTreeMap<String, String> {
    let page = browser.request(Method::GET, path, &[]).await;
    assert_eq!(page.status(), 303, "{}", page.text());
    let pairs: Vec<_> =
        Url::parse(page.header("location")).unwrap().query_pairs().into_owned().collect();
    let parameters: BTreeMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(parameters.len(), pairs.len(), "a parameter is there twice: {pairs:?}");
    parameters
}

/// Ten thousand starts with the system's generator: no value comes twice, is made of another, or keeps a bit still.
#[tokio::test]
async fn s23_the_systems_values_are_distinct_and_independent() {
    const STARTS: usize = 10_000;
    let setup = Setup::new();
    let builder = setup.builder().random(Arc::new(SystemRandom::default()));
    let auth = builder.provider(setup.registration()).build().unwrap();
    let mut seen = HashSet::new();
    let mut ones = [[0_usize; 256]; 3];
    for _ in 0..STARTS {
        let browser = setup.browser(&auth);
        let parameters = started(&browser, "/auth/login/op").await;
        let cookie = browser.cookies().remove(0).1;
        // The challenge is the hash of the verifier, which the provider sees later.
        for (name, ones) in ["state", "nonce", "code_challenge"].into_iter().zip(&mut ones) {
            let value = &parameters[name];
            let bytes = URL_SAFE_NO_PAD.decode(value).unwrap();
            assert_eq!(bytes.len(), 32, "{name} has 256 bits");
            for (bit, count) in ones.iter_mut().enumerate() {
                *count += usize::from(bytes[bit / 8] >> (bit % 8) & 1);
            }
            assert!(seen.insert(value.clone()), "{name} was seen before");
            assert!(seen.insert(URL_SAFE_NO_PAD.encode(digest(&SHA256, value.as_bytes()))));
            assert!(seen.insert(URL_SAFE_NO_PAD.encode(digest(&SHA256, &bytes))));
            assert!(!cookie.contains(&value[..12]), "{name} can be read in the cookie");
        }
        assert!(seen.insert(cookie));
    }
    // Half of them, give or take six standard deviations.
    let usual = STARTS / 2 - 300..STARTS / 2 + 300;
    assert!(ones.iter().flatten().all(|count| usual.contains(count)), "{ones:?}");
}

#[tokio::test]
async fn s26_nothing_of_the_flow_is_taken_from_a_request() {
    let setup = Setup::new();
    let auth = setup.auth();
    let plain = started(&setup.browser(&auth), "/auth/login").await;
    for name in [
        "state",
        "nonce",
        "redirect_uri",
        "client_id",
        "response_type",
        "response_mode",
        "scope",
        "code_challenge",
        "code_challenge_method",
        "request",
        "request_uri",
        "claims",
        "max_age",
        "prompt",
        "login_hint",
        "iss",
    ] {
        let parameters = started(&setup.browser(&auth), &format!("/auth/login?{name}=evil")).await;
        assert!(parameters.keys().eq(plain.keys()), "{name}");
        assert!(!parameters.values().any(|value| value.contains("evil")), "{name}");
    }
}

#[tokio::test]
async fn s20_heads_and_preflights_start_nothing() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let browser = setup.browser(&auth);
    let preflight = [("origin", "https://app.example"), ("access-control-request-method", "GET")];
    for (method, path, status) in [
        (Method::HEAD, "/private", 401),
        (Method::OPTIONS, "/private", 405),
        (Method::HEAD, "/auth/login", 405),
        (Method::OPTIONS, "/auth/login/op", 405),
    ] {
        for headers in [&preflight[..], &[("accept", "text/html"), ("sec-fetch-mode", "navigate")]]
        {
            let page = browser.request(method.clone(), path, headers).await;
            assert_eq!(page.status(), status, "{method} {path}");
            assert_eq!(
                (page.header("location"), page.header("set-cookie")),
                ("", ""),
                "{method} {path}"
            );
        }
    }
    assert_eq!((store.total(), setup.provider.requests().len()), (0, 0));
}

#[tokio::test]
async fn s34_no_cache_keeps_a_redirect_to_the_provider() {
    let setup = Setup::new();
    let browser = setup.browser(&setup.auth());
    let mut locations = HashSet::new();
    for path in ["/auth/login", "/auth/login/op", "/private"] {
        for _ in 0..2 {
            let page = browser.request(Method::GET, path, &[("accept", "text/html")]).await;
            assert_eq!(
                (page.status().as_u16(), page.header("cache-control")),
                (303, "no-store"),
                "{path}"
            );
            let is_own = page.header("location").starts_with('/');
            assert!(
                locations.insert(page.header("location").to_owned()) || is_own,
                "a state came twice"
            );
        }
    }
}

/// RFC 6749 section 3.1: the query of the authorization endpoint is kept, and no parameter is sent twice.
#[tokio::test]
async fn s26_the_query_of_the_authorization_endpoint_is_kept() {
    for (query, status) in
        [("?tenant=a%20b&x=", 303), ("?client_id=evil", 502), ("?x=1&x=2", 502), ("", 303)]
    {
        let setup = Setup::new();
        setup.provider.answer_always(
            Endpoint::Metadata,
            Answer::modify(move |response| {
                let mut document: Value = serde_json::from_slice(response.body()).unwrap();
                document["authorization_endpoint"] =
                    format!("https://op.example/authorize{query}").into();
                *response.body_mut() = document.to_string().into();
            }),
        );
        let browser = setup.browser(&setup.auth());
        let page = browser.request(Method::GET, "/auth/login", &[]).await;
        assert_eq!(page.status(), status, "{query}");
        if status == 303 {
            let kept = format!("https://op.example/authorize?{}", query.trim_start_matches('?'));
            assert!(page.header("location").starts_with(&kept), "{}", page.header("location"));
        }
    }
}

#[test]
fn u14_two_servers_under_one_issuer_are_refused() {
    let at = |name: &str| {
        let endpoint = |what: &str| format!("https://forge.example/{name}/{what}");
        providers::oauth2(endpoint("authorize"), endpoint("token"), endpoint("me"), "id", "secret")
            .key(name)
    };
    let setup = Setup::new();
    let build = |second| setup.builder().provider(at("one")).provider(second).build();
    let error = build(at("two")).unwrap_err().to_string();
    assert!(
        error
            .starts_with("provider two, issuer: \"https://forge.example\" is that of provider one"),
        "{error}"
    );
    assert!(build(at("two").with_issuer("https://forge.example/two")).is_ok());
    assert!(build(at("one").key("again")).is_ok(), "one server, two registrations");
}

/// RFC 9457 section 3.1: without a `type`, the title is the status's phrase and the status the response's.
#[tokio::test]
async fn problem_documents_carry_the_phrase_of_their_status() {
    let setup = Setup::new();
    setup.provider.answer_always(Endpoint::Metadata, Answer::refused());
    let browser = setup.browser(&setup.auth());
    for (method, path) in [
        (Method::GET, "/private"),
        (Method::GET, "/auth/callback/op"),
        (Method::GET, "/auth/login/nope"),
        (Method::GET, "/auth/login"),
        (Method::HEAD, "/auth/login"),
        (Method::PUT, "/auth/logout"),
    ] {
        let page = browser.request(method.clone(), path, &[]).await;
        assert_eq!(page.header("content-type"), "application/problem+json", "{path}");
        let problem = page.json();
        assert_eq!(problem["status"], page.status().as_u16(), "{path}");
        assert_eq!(problem["title"], page.status().canonical_reason().unwrap(), "{path}");
        assert_eq!(problem.get("type"), None, "{path}");
    }
}
