//! A provider nobody here wrote: the certified npm package `oidc-provider`, over loopback.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tower_oauth::{Auth, Provider, Rejection, ReqwestClient, Tokens, providers};
use tower_oauth_test::{Page, TestBrowser};
use tower_oauth_tests::app;

const BASE_URL: &str = "http://localhost:3000";
pub(crate) const CLIENT_SECRET: &str = "a client secret for tests, and nothing but tests";

/// The running provider; it ends with this value.
pub(crate) struct OidcProvider {
    pub(crate) issuer: String,
    _process: Child,
}

impl OidcProvider {
    pub(crate) async fn start(settings: Value) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("node");
        assert!(
            folder.join("node_modules/oidc-provider").exists(),
            "the npm package oidc-provider is missing: run `npm ci --prefix tests/node`"
        );
        let mut process = Command::new("node")
            .arg(folder.join("oidc-provider.mjs"))
            .arg(settings.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        let output = process.stdout.take().unwrap();
        let mut output = BufReader::new(output).lines();
        let line = tokio::time::timeout(Duration::from_secs(30), output.next_line()).await;
        let line = line.expect("the provider starts in time").unwrap();
        let line = line.expect("the provider says where it is");
        let said: Value = serde_json::from_str(&line).unwrap();
        Self { issuer: said["issuer"].as_str().unwrap().to_owned(), _process: process }
    }

    fn browser(&self, change: impl FnOnce(Provider) -> Provider) -> TestBrowser {
        let registration = providers::oidc(&self.issuer, "tower-oauth", CLIENT_SECRET).key("op");
        let auth = Auth::builder(BASE_URL).provider(change(registration)).build().unwrap();
        let network = Arc::new(ReqwestClient::new(&[]).unwrap());
        let newer = Router::new().route("/newer", get(newer)).layer(auth.layer());
        TestBrowser::new(BASE_URL, app(&auth).merge(newer), network)
    }
}

/// A handler whose token an API refused.
pub(crate) async fn newer(tokens: Tokens) -> Result<String, Rejection> {
    let stale = tokens.of("op").await?;
    Ok(tokens.refresh(&stale).await?.secret().to_owned())
}

/// Goes through the provider's own pages: its login form, then its consent form.
pub(crate) async fn sign_in(browser: &mut TestBrowser, path: &str, user: &str) -> Page {
    let page = browser.open(path).await;
    let form = page.forms().remove(0).fill("login", user).fill("password", "any");
    browser.submit(form).await;
    browser.click("Continue").await
}

#[tokio::test]
async fn a_login_with_each_algorithm_and_each_client_authentication() {
    for (algorithm, method) in [
        ("RS256", "client_secret_basic"),
        ("ES256", "client_secret_basic"),
        ("RS256", "client_secret_post"),
    ] {
        let provider = OidcProvider::start(json!({
            "id_token_signed_response_alg": algorithm,
            "token_endpoint_auth_method": method,
        }))
        .await;
        let mut browser = provider.browser(|registration| {
            registration.quirks(|quirks| {
                if method == "client_secret_post" {
                    quirks.client_authentication =
                        tower_oauth::provider::ClientAuthentication::Body;
                }
            })
        });
        let page = sign_in(&mut browser, "/private?x=1", "alice").await;
        assert_eq!(
            page.url().as_str(),
            "http://localhost:3000/private?x=1",
            "{algorithm} {method}"
        );
        assert_eq!(page.text(), "private to alice");
        let profile = browser.open("/profile").await.json();
        assert_eq!(profile["issuer"], provider.issuer);
        assert_eq!(profile["email"], "Verified(\"alice@example.com\")");
        let token = browser.open("/token").await.json();
        assert!(token["expires_in"].as_u64().unwrap() > 3590);
    }
}

#[tokio::test]
async fn signing_in_again_needs_no_page_and_makes_a_new_session() {
    let provider = OidcProvider::start(json!({})).await;
    let mut browser = provider.browser(|registration| registration);
    sign_in(&mut browser, "/private", "alice").await;
    let session = browser.cookies();
    browser.post("/auth/logout", &[]).await;
    assert_eq!(browser.fetch("/private").await.status(), 401);
    assert_eq!(browser.open("/private").await.text(), "private to alice", "single sign-on");
    assert_ne!(browser.cookies(), session);
}

#[tokio::test]
async fn two_tabs_at_once() {
    let provider = OidcProvider::start(json!({})).await;
    let mut one = provider.browser(|registration| registration);
    let mut two = one.clone();
    one.open("/private/one").await;
    two.open("/private/two").await;
    for (tab, path) in [(&mut two, "/private/two"), (&mut one, "/private/one")] {
        let form = tab.page().forms().remove(0).fill("login", "alice").fill("password", "any");
        let mut page = tab.submit(form).await;
        if !page.url().as_str().starts_with(BASE_URL) {
            page = tab.click("Continue").await;
        }
        assert_eq!((page.url().path(), page.text().as_str()), (path, "private to alice"));
    }
}

#[tokio::test]
async fn cancel_is_no_error_of_ours() {
    let provider = OidcProvider::start(json!({})).await;
    let mut browser = provider.browser(|registration| registration);
    browser.open("/private").await;
    let page = browser.click("Cancel").await;
    assert_eq!(page.status(), 403);
    assert!(page.text().contains("provider_denied"));
}

#[tokio::test]
async fn offline_access_is_granted() {
    let provider = OidcProvider::start(json!({})).await;
    let mut browser = provider.browser(Provider::offline_access);
    sign_in(&mut browser, "/private", "alice").await;
    let token = browser.open("/token").await.json();
    assert!(token["scopes"].as_array().unwrap().contains(&json!("offline_access")), "{token}");
}

#[tokio::test]
async fn refresh_tokens_rotate_and_end_at_the_sign_out() {
    let provider = OidcProvider::start(json!({})).await;
    let mut browser = provider.browser(Provider::offline_access);
    sign_in(&mut browser, "/private", "alice").await;
    let mut tokens = vec![browser.open("/token").await.json()["token"].clone()];
    for _ in 0..3 {
        let page = browser.fetch("/newer").await;
        assert_eq!(page.status(), 200, "{}", page.text());
        assert!(!tokens.contains(&page.text().into()));
        tokens.push(page.text().into());
        assert_eq!(browser.fetch("/token").await.json()["token"], page.text());
    }
    let newest = tokens.pop().unwrap().as_str().unwrap().to_owned();
    let userinfo = format!("{}/me", provider.issuer);
    let asked = async || {
        let bearer = format!("Bearer {newest}");
        browser.request(Method::GET, &userinfo, &[("authorization", &bearer)]).await.status()
    };
    assert_eq!(asked().await, 200);
    browser.clone().post("/auth/logout", &[]).await;
    // Nobody waits for the revocation, so it may come a little later.
    while asked().await == 200 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_wrong_client_secret_is_told_to_the_operator_only() {
    let provider =
        OidcProvider::start(json!({ "client_secret": "another secret than the application's" }))
            .await;
    let mut browser = provider.browser(|registration| registration);
    let page = sign_in(&mut browser, "/private", "alice").await;
    assert_eq!(page.status(), 502);
    assert!(page.text().contains("client_rejected"));
    assert!(!page.text().contains("secret"));
}
