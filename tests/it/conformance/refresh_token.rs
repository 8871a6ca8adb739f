//! Plan `oidcc-client-refreshtoken-test-plan`: its client refreshes, and asks userinfo with the new access token.

use axum::Router;
use axum::routing::get;
use tower_oauth::AccessToken;

use super::*;

/// Signs in, refreshes, and returns the answer to a handler that asks userinfo; then how often that was asked
/// since the login.
async fn refresh(
    change: impl Fn(&mut Object, &mut Object) + Send + Sync + 'static,
) -> (Page, usize) {
    let plan = Plan::basic(Signing::Rs256);
    let auth = plan.setup.offline_auth(|builder| builder);
    let provider = plan.setup.provider.clone();
    let handler = get(async move |token: AccessToken| {
        let request = http::Request::get(provider.url(Endpoint::UserInfo))
            .header("authorization", format!("Bearer {}", token.secret()))
            .body(bytes::Bytes::new())
            .unwrap();
        let limits = tower_oauth::Limits::new(Duration::from_secs(5), 65_536);
        let answer = provider.http_client().send(request, limits).await.unwrap();
        (answer.status(), answer.into_body())
    });
    let app = Router::new().route("/call", handler).layer(auth.layer());
    let mut browser = plan.setup.browser_of(app.fallback(|| async { "" }).layer(auth.layer()));
    browser.login_as("alice").await;
    plan.setup.clock.advance(Duration::from_secs(3600));
    plan.setup.provider.modify_id_token(change);
    let asked = || plan.setup.provider.requests_to(Endpoint::UserInfo).len();
    let before = asked();
    let page = browser.fetch("/call").await;
    assert_eq!(plan.setup.provider.requests_to(Endpoint::Refresh).len(), 1);
    (page, asked() - before)
}

#[tokio::test]
async fn oidcc_client_test_refresh_token() {
    let (page, asked) = refresh(|_, _| ()).await;
    assert_eq!((page.status().as_u16(), asked), (200, 1));
    assert_eq!(page.json()["sub"], "sub-alice");
}

#[tokio::test]
async fn oidcc_client_test_refresh_token_invalid_issuer() {
    let (page, asked) = refresh(append("iss", "1")).await;
    assert_eq!((page.status().as_u16(), asked), (401, 0));
}

#[tokio::test]
async fn oidcc_client_test_refresh_token_invalid_sub() {
    let (page, asked) = refresh(append("sub", "1")).await;
    assert_eq!((page.status().as_u16(), asked), (401, 0));
}
