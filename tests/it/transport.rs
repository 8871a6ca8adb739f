//! What the default client makes of answers that drip, swell, or are packed, over real sockets.

use std::io::Write as _;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tower_oauth::ReqwestClient;
use tower_oauth_core::{HttpClient, HttpErrorKind, Limits};
use tower_oauth_test::{Answer, Endpoint, FakeProvider, Signing};
use tower_oauth_tests::Setup;

use crate::loopback::Loopback;

const LIMITS: Limits = Limits::new(Duration::from_secs(10), 256 * 1024);

fn client() -> ReqwestClient {
    ReqwestClient::new(&[]).unwrap()
}

fn get(url: &str) -> http::Request<Bytes> {
    http::Request::get(url).body(Bytes::new()).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The deadline is for the whole answer, not for each byte of it.
#[tokio::test]
async fn t17_an_answer_byte_by_byte_ends_at_the_deadline() {
    let served = FakeProvider::builder().signing(Signing::Es256).bind_loopback().await.unwrap();
    let provider = served.provider();
    let url = provider.url(Endpoint::Jwks);
    provider.answer(Endpoint::Jwks, Answer::correct().drip(Duration::from_millis(20)));
    #[expect(clippy::disallowed_methods, reason = "real sockets, real time")]
    let start = Instant::now();
    let error =
        client().send(get(&url), Limits::new(Duration::from_millis(300), 4096)).await.unwrap_err();
    assert_eq!(error.kind(), HttpErrorKind::Timeout);
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    provider.answer(Endpoint::Jwks, Answer::correct().drip(Duration::from_micros(1)));
    let response = client().send(get(&url), LIMITS).await.unwrap();
    assert_eq!(
        response.body(),
        &Bytes::from(provider.jwks().to_string()),
        "whole, if it is fast enough"
    );
}

/// And through the flow, in virtual time: the deadline of each endpoint.
#[tokio::test]
async fn t17_d22_no_endpoint_may_drip_beyond_its_deadline() {
    for endpoint in [Endpoint::Metadata, Endpoint::Jwks, Endpoint::Token, Endpoint::UserInfo] {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        setup.provider.answer_always(endpoint, Answer::correct().drip(Duration::from_secs(1)));
        let page = setup.browser(&setup.auth()).open("/auth/login").await;
        assert_eq!(page.status(), 504, "{endpoint:?}: {}", page.text());
        assert!(page.text().contains("provider_timeout"), "{endpoint:?}");
    }
}

/// A server that answers the first request with `head` and then `piece` without end, until nobody reads on. Tells
/// how many bytes went out.
async fn endless(head: &'static str, piece: Vec<u8>) -> (String, tokio::task::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let mut sent = 0;
        let _ = stream.write_all(head.as_bytes()).await;
        while stream.write_all(&piece).await.is_ok() {
            sent += piece.len();
        }
        sent
    });
    (url, task)
}

#[tokio::test]
async fn t18_an_answer_without_end_is_left_at_the_limit() {
    let chunk = [b"2000\r\n".as_slice(), &[b'x'; 0x2000], b"\r\n"].concat();
    for (what, head, piece, kind) in [
        (
            "chunked",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            chunk,
            HttpErrorKind::TooLarge,
        ),
        (
            "no length",
            "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n",
            vec![b'x'; 8192],
            HttpErrorKind::TooLarge,
        ),
        (
            "100 GiB",
            "HTTP/1.1 200 OK\r\ncontent-length: 107374182400\r\n\r\n",
            vec![b'x'; 8192],
            HttpErrorKind::TooLarge,
        ),
        (
            "headers",
            "HTTP/1.1 200 OK\r\n",
            b"x-header: 0123456789\r\n".to_vec(),
            HttpErrorKind::Other,
        ),
        ("no HTTP", "SSH-2.0-x\r\n", vec![b'x'; 8192], HttpErrorKind::Other),
    ] {
        let (url, server) = endless(head, piece).await;
        assert_eq!(client().send(get(&url), LIMITS).await.unwrap_err().kind(), kind, "{what}");
        // What the sockets' buffers swallow comes on top.
        assert!(server.await.unwrap() < 32 << 20, "{what}");
    }
}

/// This build has a `reqwest` that unpacks answers by itself, as any crate of an application can ask for.
#[tokio::test]
async fn t18_q06_what_is_read_is_what_was_sent() {
    let bomb = gzip(&vec![0; 64 << 20]);
    assert!(bomb.len() < 100 * 1024);
    let served = FakeProvider::builder().signing(Signing::Es256).bind_loopback().await.unwrap();
    let provider = served.provider();
    let packed = Answer::status(200).header("content-encoding", "gzip").body(bomb.clone());
    provider.answer(Endpoint::Jwks, packed);
    let response = client().send(get(&provider.url(Endpoint::Jwks)), LIMITS).await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert!(*response.body() == bomb);
    let asked = provider.requests_to(Endpoint::Jwks).remove(0);
    assert!(!asked.headers().contains_key("accept-encoding"));
    let unaware = reqwest::Client::builder().no_proxy().build().unwrap();
    let asks = unaware.get(provider.url(Endpoint::Jwks)).send().await.unwrap();
    assert_eq!(asks.status(), 200);
    let asked = provider.requests_to(Endpoint::Jwks).remove(1);
    assert!(asked.headers().contains_key("accept-encoding"), "the test would notice");
}

#[tokio::test]
async fn t18_q06_packed_answers_are_garbage() {
    let mut loopback = Loopback::start().await;
    let provider = loopback.provider.provider().clone();
    provider.approve_as(Some("alice"));
    for (endpoint, code) in [
        (Endpoint::Metadata, "discovery"),
        (Endpoint::Jwks, "discovery"),
        (Endpoint::Token, "token_endpoint"),
        (Endpoint::UserInfo, "userinfo"),
    ] {
        let mut fresh = Loopback::application(&loopback.provider).await;
        let pack = Answer::modify(|response| {
            *response.body_mut() = gzip(response.body()).into();
            response.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
        });
        provider.answer(endpoint, pack);
        let page = fresh.open("/auth/login").await;
        assert!(page.text().contains(code), "{endpoint:?}: {}", page.text());
        assert_eq!(fresh.fetch("/private").await.status(), 401);
    }
    assert_eq!(loopback.browser.open("/auth/login").await.status(), 200);
}
