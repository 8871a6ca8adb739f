//! t19: providers behind TLS that must not be trusted, over real sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ServerConfig, SupportedProtocolVersion, crypto};
use tower_oauth::{Auth, ReqwestClient, SystemClock, providers};
use tower_oauth_core::{HttpClient, HttpErrorKind, Limits};
use tower_oauth_test::{Answer, Endpoint, FakeProvider, TestBrowser};
use tower_oauth_tests::app;

const LIMITS: Limits = Limits::new(Duration::from_secs(10), 1024);

/// An authority of the test's own.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A server's configuration with a certificate for `host`, changed and then signed.
    fn certify(&self, host: &str, change: fn(&mut CertificateParams)) -> ServerConfig {
        self.certify_for(host, change, &[&TLS12, &TLS13])
    }

    fn certify_for(
        &self,
        host: &str,
        change: fn(&mut CertificateParams),
        versions: &[&'static SupportedProtocolVersion],
    ) -> ServerConfig {
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        ServerConfig::builder_with_provider(Arc::new(crypto::aws_lc_rs::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap()
    }

    fn client(&self) -> ReqwestClient {
        ReqwestClient::new(&[self.pem.clone().into_bytes()]).unwrap()
    }
}

/// Serves `provider` behind TLS. Tells the number of requests that came through.
fn serve(listener: TcpListener, config: ServerConfig, provider: FakeProvider) -> Arc<AtomicUsize> {
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let (provider, counted) = (provider.clone(), Arc::clone(&counted));
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let (provider, counted) = (provider.clone(), Arc::clone(&counted));
                async move {
                    counted.fetch_add(1, Ordering::SeqCst);
                    let (parts, body) = request.into_parts();
                    let body = body.collect().await?.to_bytes();
                    let answer = provider.handle(http::Request::from_parts(parts, body));
                    Ok::<_, hyper::Error>(answer.map(Full::new))
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    requests
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    (listener, origin)
}

fn get(origin: &str) -> http::Request<Bytes> {
    http::Request::get(format!("{origin}/jwks")).body(Bytes::new()).unwrap()
}

#[tokio::test]
async fn t19_only_a_good_certificate_of_a_known_authority_for_this_host_is_trusted() {
    let (ours, other) = (Authority::new(), Authority::new());
    let as_is = |_: &mut CertificateParams| {};
    for (what, config, trusted) in [
        ("good", ours.certify("localhost", as_is), true),
        ("good, TLS 1.2", ours.certify_for("localhost", as_is, &[&TLS12]), true),
        ("of an unknown authority", other.certify("localhost", as_is), false),
        ("for another host", ours.certify("op.example", as_is), false),
        ("for a name that ends alike", ours.certify("xlocalhost", as_is), false),
        (
            "expired",
            ours.certify("localhost", |params| params.not_after = date_time_ymd(2020, 1, 1)),
            false,
        ),
        (
            "not valid yet",
            ours.certify("localhost", |params| params.not_before = date_time_ymd(4000, 1, 1)),
            false,
        ),
    ] {
        let (listener, origin) = listener().await;
        let requests = serve(listener, config, FakeProvider::new());
        let answer = ours.client().send(get(&origin), LIMITS).await;
        match answer {
            Ok(response) => assert!(trusted && response.status() == 200, "{what}"),
            Err(error) => {
                assert_eq!(
                    (error.kind(), trusted),
                    (HttpErrorKind::Connect, false),
                    "{what}: {error:?}"
                );
            }
        }
        assert_eq!(requests.load(Ordering::SeqCst), usize::from(trusted), "{what}");
        let strict = ReqwestClient::new(&[]).unwrap().send(get(&origin), LIMITS).await;
        assert_eq!(strict.unwrap_err().kind(), HttpErrorKind::Connect, "{what}, without its root");
    }
}

/// A server that speaks an old version, or no TLS at all. `answer` is what it sends to the first bytes it gets.
async fn old_server(answer: Vec<u8>) -> (String, tokio::task::JoinHandle<Vec<u8>>) {
    let (listener, origin) = listener().await;
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut received = vec![0; 16 * 1024];
        let length = stream.read(&mut received).await.unwrap();
        received.truncate(length);
        stream.write_all(&answer).await.unwrap();
        let _ = stream.read_to_end(&mut received).await;
        received
    });
    (origin, task)
}

/// RFC 8446 appendix D: a `ServerHello` that picks this minor version, with a cipher suite of its time.
fn server_hello(minor: u8) -> Vec<u8> {
    let hello = [&[3, minor][..], &[7; 32], &[0, 0xc0, 0x14, 0]].concat();
    let handshake = [&[2, 0, 0, u8::try_from(hello.len()).unwrap()][..], &hello].concat();
    [&[22, 3, minor, 0, u8::try_from(handshake.len()).unwrap()][..], &handshake].concat()
}

#[tokio::test]
async fn t19_old_versions_and_plain_http_get_no_request() {
    for (what, answer) in [
        ("TLS 1.0", server_hello(1)),
        ("TLS 1.1", server_hello(2)),
        ("SSL 3", server_hello(0)),
        ("http", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_vec()),
    ] {
        let (origin, server) = old_server(answer).await;
        let request = http::Request::post(format!("{origin}/token"))
            .header("authorization", "Basic a-secret-that-nobody-may-see")
            .body("client_secret=a-secret-that-nobody-may-see".into())
            .unwrap();
        let error = Authority::new().client().send(request, LIMITS).await.unwrap_err();
        assert_eq!(error.kind(), HttpErrorKind::Connect, "{what}");
        let received = server.await.unwrap();
        assert_eq!(received[0], 22, "{what}: it begins with a ClientHello");
        assert!(!received.windows(8).any(|window| window == b"a-secret"), "{what}");
    }
}

/// A whole login over TLS; then the token endpoint moves to a server with an expired certificate.
#[tokio::test]
async fn t19_a_login_over_tls_and_a_token_endpoint_that_cannot_be_trusted() {
    let authority = Authority::new();
    let (good, origin) = listener().await;
    let provider =
        FakeProvider::builder().issuer(&origin).clock(Arc::new(SystemClock::default())).build();
    provider.approve_as(Some("alice"));
    serve(good, authority.certify("localhost", |_| {}), provider.clone());
    let (bad, elsewhere) = listener().await;
    let expired =
        authority.certify("localhost", |params| params.not_after = date_time_ymd(2020, 1, 1));
    let requests = serve(bad, expired, provider.clone());

    let registration = providers::oidc(&origin, provider.client_id(), provider.client_secret());
    for moved in [false, true] {
        let elsewhere = elsewhere.clone();
        provider.answer_always(
            Endpoint::Metadata,
            Answer::modify(move |response| {
                let mut document: Value = serde_json::from_slice(response.body()).unwrap();
                if moved {
                    document["token_endpoint"] = format!("{elsewhere}/token").into();
                }
                *response.body_mut() = document.to_string().into();
            }),
        );
        let auth = Auth::builder("https://app.example")
            .extra_root_certificates(authority.pem.clone())
            .provider(registration.clone())
            .build()
            .unwrap();
        let client = Arc::new(authority.client());
        let mut browser = TestBrowser::new("https://app.example", app(&auth), client);
        let page = browser.open("/auth/login").await;
        if moved {
            assert!(page.text().contains("provider_unavailable"), "{}", page.text());
            assert!(browser.cookies().is_empty());
        } else {
            assert_eq!(page.text(), "Hello, Alice Liddell!");
        }
    }
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}
