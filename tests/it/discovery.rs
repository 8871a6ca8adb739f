//! Metadata and keys: how often they are asked for, and how much of an answer is read.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use tower_oauth::{HttpClient, HttpError, Limits};
use tower_oauth_test::{Answer, Endpoint};
use tower_oauth_tests::Setup;

use crate::faults::fails;
use crate::login::callback_url;

#[tokio::test]
async fn d25_the_back_off_doubles_to_a_minute_and_starts_over() {
    let setup = Setup::new();
    setup.provider.answer_always(Endpoint::Metadata, Answer::refused());
    let auth = setup.auth();
    let browser = setup.browser(&auth);
    let asked = async |seconds: u64| {
        setup.clock.advance(Duration::from_secs(seconds));
        browser.request(Method::GET, "/auth/login", &[]).await;
        setup.provider.requests_to(Endpoint::Metadata).len()
    };
    assert_eq!(asked(0).await, 1);
    for (number, wait) in [2, 4, 8, 16, 32, 60, 60].into_iter().enumerate() {
        assert_eq!(asked(wait - 1).await, number + 1, "after {wait} s");
        assert_eq!(asked(1).await, number + 2, "after {wait} s");
    }
    setup
        .provider
        .answer_always(Endpoint::Metadata, Answer::status(503).header("retry-after", "120"));
    assert_eq!(asked(60).await, 9);
    assert_eq!(asked(119).await, 9, "the provider said 120 s");
    setup.provider.answer_normally(Endpoint::Metadata);
    assert_eq!(asked(1).await, 10);
    setup.provider.answer_always(Endpoint::Metadata, Answer::refused());
    assert_eq!(asked(3600).await, 11);
    assert_eq!(asked(2).await, 12, "it starts over at two seconds");
}

#[tokio::test]
async fn d19_the_cooldown_lasts_half_a_minute() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    let browser = setup.browser(&auth);
    setup.provider.modify_id_token(|header, _| {
        header.insert("kid".into(), "unknown".into());
    });
    for (wait, fetches) in [(0, 2), (29, 2), (1, 3)] {
        setup.clock.advance(Duration::from_secs(wait));
        let callback = callback_url(&browser, "/auth/login").await;
        browser.request(Method::GET, &callback, &[]).await;
        assert_eq!(setup.provider.requests_to(Endpoint::Jwks).len(), fetches, "{wait}");
    }
}

#[tokio::test]
async fn d18_d26_callers_at_once_share_a_fetch() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    let (one, two) = (setup.browser(&auth), setup.browser(&auth));
    tokio::join!(
        one.request(Method::GET, "/auth/login", &[]),
        two.request(Method::GET, "/auth/login", &[])
    );
    assert_eq!(setup.provider.requests_to(Endpoint::Metadata).len(), 1);
    setup.browser(&auth).login_as("alice").await;
    setup.provider.rotate_keys();
    setup.provider.retire_old_keys();
    let (first, second) =
        (callback_url(&one, "/auth/login").await, callback_url(&two, "/auth/login").await);
    let (a, b) =
        tokio::join!(one.request(Method::GET, &first, &[]), two.request(Method::GET, &second, &[]));
    assert_eq!((a.status().as_u16(), b.status().as_u16()), (303, 303));
    assert_eq!(setup.provider.requests_to(Endpoint::Jwks).len(), 2);
}

#[tokio::test]
async fn d06_u03_only_status_200_and_json_count_whatever_the_body() {
    for status in [201, 203, 302, 404] {
        for endpoint in [Endpoint::Metadata, Endpoint::Jwks, Endpoint::UserInfo] {
            let setup = Setup::new();
            setup.provider.approve_as(Some("alice"));
            setup.provider.answer_always(endpoint, Answer::correct().with_status(status));
            let mut browser = setup.browser(&setup.auth());
            let page = browser.open("/auth/login").await;
            assert_eq!(page.status(), 502, "{status} {endpoint:?}: {}", page.text());
        }
    }
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    setup.provider.answer(
        Endpoint::UserInfo,
        Answer::modify(|response| {
            response.headers_mut().insert("content-type", "text/html".parse().unwrap());
        }),
    );
    assert_eq!(fails(&setup).await.0.1, "userinfo");
}

/// An HTTP client that reads on where it should stop.
#[derive(Debug)]
struct Boundless(Arc<dyn HttpClient>);

#[async_trait::async_trait]
impl HttpClient for Boundless {
    async fn send(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Bytes>, HttpError> {
        self.0.send(request, Limits::new(limits.deadline, usize::MAX)).await
    }
}

/// A login in which the answer of `endpoint` has `len` bytes.
async fn login_with_an_answer_of(len: usize, endpoint: Endpoint, client: bool) -> u16 {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    setup.provider.answer_always(
        endpoint,
        Answer::modify(move |response| {
            let filler = len - response.body().len() - "\"x\":\"\",".len();
            let text = std::str::from_utf8(response.body()).unwrap();
            let padded = text.replacen('{', &format!("{{\"x\":\"{}\",", "x".repeat(filler)), 1);
            assert_eq!(padded.len(), len);
            *response.body_mut() = padded.into();
        }),
    );
    let network = setup.provider.http_client();
    let client: Arc<dyn HttpClient> = if client { network } else { Arc::new(Boundless(network)) };
    let builder = setup.builder().http_client(client).provider(setup.registration());
    setup.browser(&builder.build().unwrap()).open("/auth/login").await.status().as_u16()
}

/// Up to the limit it works, beyond it does not, whether or not the HTTP client keeps to it.
#[tokio::test]
async fn q05_answers_are_read_up_to_their_limit_whatever_the_client_does() {
    for (endpoint, kilobytes) in
        [(Endpoint::Metadata, 1024), (Endpoint::Jwks, 512), (Endpoint::Token, 256)]
    {
        for client in [true, false] {
            let of = async |len| login_with_an_answer_of(len, endpoint, client).await;
            assert_eq!(of(kilobytes * 1024).await, 200, "{endpoint:?}");
            assert_eq!(of(kilobytes * 1024 + 1).await, 502, "{endpoint:?}");
        }
    }
    // A profile is read up to 1 MiB, and kept up to 128 KiB.
    for (len, status) in [(120 * 1024, 200), (1024 * 1024, 502), (1024 * 1024 + 1, 502)] {
        assert_eq!(login_with_an_answer_of(len, Endpoint::UserInfo, true).await, status, "{len}");
    }
}

#[tokio::test]
async fn a_wait_that_a_provider_asks_for_is_bounded() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    setup.provider.answer(Endpoint::Token, Answer::status(429).header("retry-after", "86400"));
    assert_eq!(fails(&setup).await.1.header("retry-after"), "300");
}
