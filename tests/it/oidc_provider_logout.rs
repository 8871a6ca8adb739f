//! Signing out at the npm `oidc-provider`: its logout token comes over loopback, while requests are under way.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tower_oauth::{Auth, Rejection, ReqwestClient, Tokens, providers};
use tower_oauth_core::HttpClient;
use tower_oauth_test::{Page, TestBrowser};
use tower_oauth_tests::{Gate, app};

use crate::oidc_provider::{CLIENT_SECRET, OidcProvider, newer, sign_in};

/// An application that the provider reaches.
struct Told {
    provider: OidcProvider,
    base_url: String,
    app: Router,
    network: Arc<dyn HttpClient>,
    /// A request to `/slow` has read its session.
    has_read: Arc<Notify>,
    /// It may go on.
    go: Arc<Notify>,
}

impl Told {
    /// `network` is the application's way to the provider.
    async fn start(settings: Value, network: Arc<dyn HttpClient>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let mut all = json!({
            "redirect_uris": [format!("{base_url}/auth/callback/op")],
            "backchannel_logout_uri": format!("{base_url}/auth/backchannel-logout/op"),
        });
        all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let provider = OidcProvider::start(all).await;
        let registration = providers::oidc(&provider.issuer, "tower-oauth", CLIENT_SECRET);
        let builder = Auth::builder(&base_url).http_client(network).backchannel_logout(true);
        let auth = builder.provider(registration.key("op").offline_access()).build().unwrap();
        let (has_read, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let slow = {
            let (has_read, go) = (has_read.clone(), go.clone());
            async move |tokens: Tokens| -> Result<String, Rejection> {
                let stale = tokens.of("op").await?;
                has_read.notify_one();
                go.notified().await;
                Ok(tokens.refresh(&stale).await?.secret().to_owned())
            }
        };
        let routes = Router::new().route("/newer", get(newer)).route("/slow", get(slow));
        let app = app(&auth).merge(routes.layer(auth.layer()));
        let served = app.clone();
        tokio::spawn(async move { axum::serve(listener, served).await });
        Self { provider, base_url, app, network: direct(), has_read, go }
    }

    async fn signed_in(&self, user: &str) -> TestBrowser {
        let network = Arc::clone(&self.network);
        let mut browser = TestBrowser::new(&self.base_url, self.app.clone(), network);
        let page = sign_in(&mut browser, "/private", user).await;
        assert_eq!(page.text(), format!("private to {user}"));
        browser
    }

    /// Signs out at the provider, which answers when it has delivered its logout token.
    async fn sign_out_there(&self, browser: &TestBrowser) {
        let mut browser = browser.clone();
        let page = browser.open(&format!("{}/session/end", self.provider.issuer)).await;
        let page = browser.submit(page.forms().remove(0).fill("logout", "yes")).await;
        assert_eq!(page.status(), 200, "{}", page.text());
    }
}

fn direct() -> Arc<dyn HttpClient> {
    Arc::new(ReqwestClient::new(&[]).unwrap())
}

fn fetching(browser: &TestBrowser, path: &'static str) -> JoinHandle<Page> {
    let browser = browser.clone();
    tokio::spawn(async move { browser.fetch(path).await })
}

async fn assert_ended(page: Page, browser: &TestBrowser) {
    assert_eq!(page.status(), 401, "{}", page.text());
    assert_eq!(page.json()["code"], "login_required");
    assert_eq!(browser.fetch("/private").await.status(), 401);
    assert_eq!(browser.fetch("/newer").await.status(), 401);
}

/// The provider gets the refresh after the sign-out, or has answered it before and nobody knows.
#[tokio::test]
async fn b01_v5_a_refresh_under_way_does_not_outlive_the_session_and_the_other_one_lives() {
    for answered in [false, true] {
        let gate = if answered { Gate::behind(direct()) } else { Gate::before(direct()) };
        let told = Told::start(json!({}), Arc::new(gate.clone())).await;
        let (laptop, phone) = (told.signed_in("alice").await, told.signed_in("alice").await);
        let under_way = fetching(&laptop, "/newer");
        gate.holds_one().await;
        told.sign_out_there(&laptop).await;
        gate.open();
        assert_ended(under_way.await.unwrap(), &laptop).await;
        assert_eq!(phone.fetch("/private").await.text(), "private to alice", "{answered}");
        assert_eq!(phone.fetch("/newer").await.status(), 200, "{answered}");
    }
}

#[tokio::test]
async fn b01_v5_a_handler_that_has_its_token_already_gets_no_newer_one() {
    let told = Told::start(json!({}), direct()).await;
    let (laptop, phone) = (told.signed_in("alice").await, told.signed_in("alice").await);
    let under_way = fetching(&laptop, "/slow");
    told.has_read.notified().await;
    told.sign_out_there(&laptop).await;
    told.go.notify_one();
    assert_ended(under_way.await.unwrap(), &laptop).await;
    assert_eq!(phone.fetch("/newer").await.status(), 200);
}

#[tokio::test]
async fn b02_a_logout_token_without_sid_ends_all_of_the_user_and_of_nobody_else() {
    let settings = json!({ "backchannel_logout_session_required": false });
    let gate = Gate::behind(direct());
    let told = Told::start(settings, Arc::new(gate.clone())).await;
    let (laptop, phone) = (told.signed_in("alice").await, told.signed_in("alice").await);
    let bob = told.signed_in("bob").await;
    let under_way = fetching(&phone, "/newer");
    gate.holds_one().await;
    told.sign_out_there(&laptop).await;
    gate.open();
    assert_ended(under_way.await.unwrap(), &phone).await;
    assert_eq!(laptop.fetch("/private").await.status(), 401);
    assert_eq!(bob.fetch("/newer").await.status(), 200);
}
