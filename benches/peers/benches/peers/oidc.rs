//! axum-oidc, where each browser has signed in at a provider on loopback.

use std::sync::Arc;

use bench_guard::Subject;
use tokio::net::TcpListener;
use tower_oauth::ReqwestClient;
use tower_oauth_test::TestBrowser;

use crate::{provider, with_axum_oidc};

const BASE_URL: &str = "http://app.example";

pub(crate) async fn subject(sessions: u32) -> Subject {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let provider = axum::serve(listener, provider::app(&issuer));
    let provider = tokio::spawn(async { provider.await.unwrap() });
    let app = with_axum_oidc::app(BASE_URL, &issuer).await;
    let network = Arc::new(ReqwestClient::new(&[]).unwrap());
    let mut cookies = Vec::new();
    for _ in 0..sessions {
        let mut browser = TestBrowser::new(BASE_URL, app.clone(), Arc::clone(&network) as _);
        assert_eq!(browser.open("/me").await.text(), "ok");
        cookies
            .extend(browser.cookies().into_iter().map(|(name, value)| format!("{name}={value}")));
    }
    provider.abort();
    Subject::new(NAME, app, cookies)
}

pub(crate) const NAME: &str = "axum-oidc 1.0.0-dev-2";
