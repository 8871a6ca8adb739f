//! GitHub, played by hosts that answer as its documentation says.

use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};
use tower_oauth::{Auth, providers};
use tower_oauth_test::{Answer, InProcessNetwork, TestBrowser};
use tower_oauth_tests::{BASE_URL, app};

/// A GitHub with this token response, profile and list of addresses.
fn github(token: Value, user: Value, emails: Answer) -> (Auth, InProcessNetwork) {
    let network = InProcessNetwork::new()
        .host("https://github.com", move |request: Request<Bytes>| {
            assert_eq!(request.uri().path(), "/login/oauth/access_token");
            assert_eq!(request.headers()["accept"], "application/json");
            Answer::json(token.clone())
        })
        .host("https://api.github.com", move |request: Request<Bytes>| {
            assert_eq!(request.headers()["authorization"], "Bearer gho_token");
            assert_eq!(request.headers()["user-agent"], "tower-oauth");
            match request.uri().path() {
                "/user" => Answer::json(user.clone()),
                "/user/emails" => emails.clone(),
                path => Answer::status(404).body(path.to_owned()),
            }
        });
    let auth = Auth::builder(BASE_URL)
        .http_client(std::sync::Arc::new(network.clone()))
        .provider(providers::github("id", "secret"))
        .build()
        .unwrap();
    (auth, network)
}

fn token() -> Value {
    json!({ "access_token": "gho_token", "token_type": "bearer", "scope": "read:user,user:email" })
}

fn user() -> Value {
    json!({ "id": 583_231, "login": "octocat", "name": null, "email": null,
            "avatar_url": "https://avatars.example/1", "html_url": "https://github.com/octocat" })
}

fn emails(verified: bool) -> Answer {
    Answer::json(json!([
        { "email": "spam@example.com", "primary": false, "verified": true },
        { "email": "octocat@example.com", "primary": true, "verified": verified },
    ]))
}

/// Signs in with what GitHub adds to its redirect, and returns the last page.
async fn sign_in(browser: &mut TestBrowser, iss: &str) -> tower_oauth_test::Page {
    let start = browser.request(Method::GET, "/auth/login?return_to=/profile", &[]).await;
    let location = url::Url::parse(start.header("location")).unwrap();
    let parameter =
        |name: &str| location.query_pairs().find(|(n, _)| n == name).unwrap().1.into_owned();
    assert!(location.as_str().starts_with("https://github.com/login/oauth/authorize?"));
    assert_eq!(parameter("scope"), "read:user user:email");
    assert_eq!(parameter("code_challenge_method"), "S256");
    assert!(!location.as_str().contains("nonce="));
    let state = parameter("state");
    browser.open(&format!("/auth/callback/github?code=abc&state={state}{iss}")).await
}

const ISS: &str = "&iss=https%3A%2F%2Fgithub.com%2Flogin%2Foauth";

#[tokio::test]
async fn x10_the_primary_verified_address_and_the_numeric_id() {
    for iss in [ISS, ""] {
        let (auth, network) = github(token(), user(), emails(true));
        let mut browser = TestBrowser::new(BASE_URL, app(&auth), std::sync::Arc::new(network));
        let profile = sign_in(&mut browser, iss).await.json();
        assert_eq!(profile["issuer"], "https://github.com/login/oauth");
        assert_eq!(profile["subject"], "583231");
        assert_eq!(profile["username"], "octocat");
        assert_eq!(profile["picture"], "https://avatars.example/1");
        assert_eq!(profile["email"], "Verified(\"octocat@example.com\")");
        assert_eq!(browser.open("/").await.text(), "Hello, octocat!");
        let token = browser.open("/token").await.json();
        assert_eq!(token["expires_in"], Value::Null);
        assert_eq!(token["scopes"], json!(["read:user", "user:email"]));
    }
}

#[tokio::test]
async fn u04_an_address_that_is_not_verified_is_not() {
    for (emails, expected) in [
        (emails(false), json!("Unverified(\"octocat@example.com\")")),
        (Answer::status(404), Value::Null),
        (Answer::status(403), Value::Null),
        (Answer::status(500), Value::Null),
        (Answer::status(429), Value::Null),
        (Answer::status(302).header("location", "https://evil.example/"), Value::Null),
        (Answer::never(), Value::Null),
        (Answer::refused(), Value::Null),
        (Answer::status(200).header("content-type", "text/html").body("<html>"), Value::Null),
        (Answer::json(json!({ "email": "evil@example.com", "verified": true })), Value::Null),
        (Answer::json(json!([])), Value::Null),
    ] {
        let (auth, network) = github(token(), user(), emails);
        let mut browser = TestBrowser::new(BASE_URL, app(&auth), std::sync::Arc::new(network));
        assert_eq!(sign_in(&mut browser, ISS).await.json()["email"], expected);
    }
    let mut public = user();
    public["email"] = "public@example.com".into();
    let (auth, network) = github(token(), public, Answer::status(404));
    let mut browser = TestBrowser::new(BASE_URL, app(&auth), std::sync::Arc::new(network));
    let profile = sign_in(&mut browser, ISS).await.json();
    assert_eq!(profile["email"], "Unknown(\"public@example.com\")");
}

#[tokio::test]
async fn errors_under_status_200_are_errors() {
    for (error, status, code) in [
        ("bad_verification_code", 400, "code_rejected"),
        ("incorrect_client_credentials", 502, "client_rejected"),
        ("redirect_uri_mismatch", 502, "token_endpoint"),
    ] {
        let response =
            json!({ "error": error, "error_description": "d", "error_uri": "https://x" });
        let (auth, network) = github(response, user(), emails(true));
        let mut browser =
            TestBrowser::new(BASE_URL, app(&auth), std::sync::Arc::new(network.clone()));
        let page = sign_in(&mut browser, ISS).await;
        assert_eq!(page.status(), status);
        assert!(page.text().contains(code), "{}", page.text());
        assert_eq!(network.requests().len(), 1, "the profile was not asked for");
    }
}

#[tokio::test]
async fn another_issuer_is_refused() {
    let (auth, network) = github(token(), user(), emails(true));
    let mut browser = TestBrowser::new(BASE_URL, app(&auth), std::sync::Arc::new(network.clone()));
    let page = sign_in(&mut browser, "&iss=https%3A%2F%2Fevil.example").await;
    assert!(page.text().contains("issuer_mismatch"));
    assert!(network.requests().is_empty());
}

#[tokio::test]
async fn a_profile_without_an_id_is_nobody() {
    for id in [json!(null), json!(""), json!(1.5), json!({})] {
        let mut user = user();
        user["id"] = id;
        let (auth, network) = github(token(), user, emails(true));
        let mut browser = TestBrowser::new(BASE_URL, app(&auth), std::sync::Arc::new(network));
        assert!(sign_in(&mut browser, ISS).await.text().contains("userinfo"));
    }
}

/// Any other provider, described by its quirks: other names, other shapes, data and no code.
#[tokio::test]
async fn a_provider_of_many_quirks_is_data() {
    let network = InProcessNetwork::new().host("https://quirky.example", |request: Request<Bytes>| {
        match request.uri().path() {
            "/token" => {
                let form: std::collections::BTreeMap<_, _> =
                    url::form_urlencoded::parse(request.body()).into_owned().collect();
                assert_eq!(form["client_key"], "id");
                assert!(!form.contains_key("client_id"));
                Answer::json(json!({ "data": { "access_token": "t", "scope": ["a", "b"], "expires_in": "60" } }))
            }
            _ => Answer::json(json!({ "data": { "user": { "open_id": "u1", "display_name": "Quirky" } } })),
        }
    });
    let provider = providers::oauth2(
        "https://quirky.example/authorize",
        "https://quirky.example/token",
        "https://quirky.example/me",
        "id",
        "secret",
    )
    .key("quirky")
    .scopes(["a", "b"])
    .quirks(|quirks| {
        quirks.parameter_names = &[("client_id", "client_key")];
        quirks.scope_delimiter = ',';
        quirks.authorization_fragment = Some("quirky_redirect");
        quirks.token_response = tower_oauth::provider::TokenResponse::Wrapped("data");
        quirks.claims.subject = "data.user.open_id";
        quirks.claims.names = &[("name", "data.user.display_name")];
    });
    let auth = Auth::builder(BASE_URL)
        .http_client(std::sync::Arc::new(network.clone()))
        .provider(provider)
        .build()
        .unwrap();
    let mut browser = TestBrowser::new(BASE_URL, app(&auth), std::sync::Arc::new(network));
    let start = browser.request(Method::GET, "/auth/login?return_to=/token", &[]).await;
    let location = url::Url::parse(start.header("location")).unwrap();
    let parameters: std::collections::BTreeMap<_, _> =
        location.query_pairs().into_owned().collect();
    assert_eq!((parameters["client_key"].as_str(), parameters["scope"].as_str()), ("id", "a,b"));
    assert_eq!(location.fragment(), Some("quirky_redirect"));
    let page =
        browser.open(&format!("/auth/callback/quirky?code=c&state={}", parameters["state"])).await;
    assert_eq!(
        (&page.json()["scopes"], &page.json()["expires_in"]),
        (&json!(["a", "b"]), &json!(60))
    );
    assert_eq!(browser.open("/").await.text(), "Hello, Quirky!");
}
