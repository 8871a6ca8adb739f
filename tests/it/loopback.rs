//! Everything over real sockets: provider, application, and the default HTTP client between them.

use std::sync::Arc;

use tower_oauth::{Auth, ReqwestClient, SystemClock, providers};
use tower_oauth_core::{HttpClient, HttpErrorKind, Limits};
use tower_oauth_test::{Answer, Endpoint, FakeProvider, Served, TestBrowser};
use tower_oauth_tests::app;

struct Loopback {
    provider: Served,
    browser: TestBrowser,
}

impl Loopback {
    async fn start() -> Self {
        let clock = Arc::new(SystemClock::default());
        let provider = FakeProvider::builder().clock(clock).bind_loopback().await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let fake = provider.provider();
        let registration = providers::oidc(fake.issuer(), fake.client_id(), fake.client_secret());
        let auth = Auth::builder(&base_url).provider(registration).build().unwrap();
        tokio::spawn(async move { axum::serve(listener, app(&auth)).await });
        let network = Arc::new(ReqwestClient::new(&[]).unwrap());
        Self { provider, browser: TestBrowser::over_network(&base_url, network) }
    }
}

#[tokio::test]
async fn a_login_over_sockets() {
    let mut loopback = Loopback::start().await;
    let browser = &mut loopback.browser;
    assert_eq!(browser.login_as("alice").await.text(), "Hello, Alice Liddell!");
    assert_eq!(browser.open("/token").await.json()["scopes"][0], "openid");
    browser.post("/auth/logout", &[]).await;
    assert_eq!(browser.fetch("/private").await.status(), 401);
}

#[tokio::test]
async fn a_provider_that_breaks_off_or_redirects() {
    let mut loopback = Loopback::start().await;
    let provider = loopback.provider.provider().clone();
    provider.approve_as(Some("alice"));
    for (answer, code) in [
        (Answer::correct().cut_off_after(20), "provider_unavailable"),
        (Answer::refused(), "provider_unavailable"),
        (Answer::status(307).header("location", "/userinfo"), "token_endpoint"),
    ] {
        provider.answer(Endpoint::Token, answer);
        let page = loopback.browser.open("/auth/login").await;
        assert!(page.text().contains(code), "{code}: {}", page.text());
    }
    assert!(provider.requests_to(Endpoint::UserInfo).is_empty(), "no redirect was followed");
}

#[tokio::test]
async fn the_default_client_keeps_its_limits() {
    let loopback = Loopback::start().await;
    let provider = loopback.provider.provider();
    let client = ReqwestClient::new(&[]).unwrap();
    let request =
        || http::Request::get(provider.url(Endpoint::Jwks)).body(bytes::Bytes::new()).unwrap();
    let kind = async |limits| client.send(request(), limits).await.unwrap_err().kind();
    let second = std::time::Duration::from_secs(1);
    assert_eq!(kind(Limits::new(second * 10, 100)).await, HttpErrorKind::TooLarge);
    provider.answer(Endpoint::Jwks, Answer::never());
    assert_eq!(kind(Limits::new(second / 5, 1 << 20)).await, HttpErrorKind::Timeout);
    let nowhere = http::Request::get("http://127.0.0.1:9/").body(bytes::Bytes::new()).unwrap();
    let error = client.send(nowhere, Limits::new(second * 5, 100)).await.unwrap_err();
    assert_eq!(error.kind(), HttpErrorKind::Connect);
    let source = format!("{:?}", std::error::Error::source(&error).unwrap());
    assert!(!source.contains("127.0.0.1:9/"), "{source}");
}

#[tokio::test]
async fn t24_cookies_of_the_provider_are_not_kept() {
    let mut loopback = Loopback::start().await;
    let provider = loopback.provider.provider().clone();
    for endpoint in [Endpoint::Metadata, Endpoint::Token] {
        let cookie = Answer::correct().header("set-cookie", "of=alice; Path=/");
        provider.answer_always(endpoint, cookie);
    }
    loopback.browser.login_as("alice").await;
    loopback.browser.login_as("bob").await;
    let of_the_application =
        [Endpoint::Metadata, Endpoint::Jwks, Endpoint::Token, Endpoint::UserInfo];
    for request in of_the_application.into_iter().flat_map(|e| provider.requests_to(e)) {
        assert!(!request.headers().contains_key("cookie"), "{:?}", request.endpoint());
    }
}

#[tokio::test]
async fn d07_redirects_of_metadata_and_keys_are_not_followed() {
    for endpoint in [Endpoint::Metadata, Endpoint::Jwks] {
        for status in [301, 302, 303, 307, 308] {
            let mut loopback = Loopback::start().await;
            let provider = loopback.provider.provider().clone();
            provider.approve_as(Some("alice"));
            let elsewhere = Answer::status(status).header("location", "/moved");
            provider.answer_always(endpoint, elsewhere);
            let page = loopback.browser.open("/auth/login").await;
            assert_eq!(page.status(), 502, "{endpoint:?} {status}: {}", page.text());
            assert!(provider.requests_to(Endpoint::Other).is_empty(), "{endpoint:?} {status}");
        }
    }
}

/// Whatever leads to this machine: an address in any spelling, a name, an address in an address.
#[tokio::test]
async fn d06_with_the_guard_on_nothing_reaches_this_machine() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let reached = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = Arc::clone(&reached);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    });
    let (guarded, open) =
        (ReqwestClient::public_only(&[]).unwrap(), ReqwestClient::new(&[]).unwrap());
    let limits = Limits::new(std::time::Duration::from_millis(300), 100);
    for host in [
        "127.0.0.1",
        "0x7f.1",
        "2130706433",
        "localhost",
        "localhost.",
        "[::ffff:127.0.0.1]",
        "[::1]",
        "[64:ff9b::7f00:1]",
        "169.254.169.254",
        "10.0.0.1",
    ] {
        let url = format!("http://{host}:{port}/");
        let Ok(uri) = url::Url::parse(&url).unwrap().as_str().parse::<http::Uri>() else {
            panic!("{url} is not a URI");
        };
        let request = http::Request::get(uri).body(bytes::Bytes::new()).unwrap();
        let error = guarded.send(request, limits).await.unwrap_err();
        assert_eq!(error.kind(), HttpErrorKind::Connect, "{host}: {error:?}");
    }
    assert_eq!(reached.load(std::sync::atomic::Ordering::SeqCst), 0);
    let request = http::Request::get(format!("http://localhost:{port}/"));
    let _ = open.send(request.body(bytes::Bytes::new()).unwrap(), limits).await;
    assert_eq!(
        reached.load(std::sync::atomic::Ordering::SeqCst),
        1,
        "without it, it can be reached"
    );
}

#[tokio::test]
async fn d06_metadata_that_points_at_this_machine_leads_nowhere() {
    let loopback = Loopback::start().await;
    let provider = loopback.provider.provider();
    let registration =
        providers::oidc(provider.issuer(), provider.client_id(), provider.client_secret());
    let builder = Auth::builder("http://localhost:1").public_addresses_only();
    let auth = builder.provider(registration.clone()).build().unwrap();
    let network = Arc::new(ReqwestClient::new(&[]).unwrap());
    let mut browser = TestBrowser::new("http://localhost:1", app(&auth), network.clone());
    assert_eq!(browser.open("/auth/login").await.status(), 503);
    assert!(provider.requests().is_empty());
    let builder = Auth::builder("http://localhost:1").http_client(network);
    let error = builder.public_addresses_only().provider(registration).build().unwrap_err();
    assert_eq!(error.setting(), "public_addresses_only");
}

#[test]
fn extra_roots_must_be_certificates() {
    for pem in [&b""[..], b"not a certificate"] {
        let error = ReqwestClient::new(&[pem.to_vec()]).unwrap_err().to_string();
        assert!(error.starts_with("extra root certificates: "), "{error}");
    }
}
