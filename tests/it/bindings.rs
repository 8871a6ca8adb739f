//! What binds an authorization response to a browser, an attempt and a provider: answers that were stolen,
//! relayed, kept, or brought by the wrong way.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;
use tower::ServiceExt as _;
use tower_oauth::provider::ResponseMode;
use tower_oauth::{HttpClient, HttpError, Limits, LoginState, providers};
use tower_oauth_test::{Answer, Endpoint, FakeProvider, InProcessNetwork, Page, TestBrowser};
use tower_oauth_tests::{BASE_URL, Setup, app};
use url::Url;

use crate::login::{callback_url, url_encode};

/// The value of a parameter in the query of `url`.
fn parameter(url: &str, name: &str) -> String {
    Url::parse(url).unwrap().query_pairs().find(|(found, _)| found == name).unwrap().1.into_owned()
}

fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let (here, there) = (url_encode(&parameter(url, name)), url_encode(value));
    url.replace(&format!("{name}={here}"), &format!("{name}={there}"))
}

/// What can be told apart of an answer, but for its own number.
fn shown(page: &Page) -> (StatusCode, HeaderMap, Value) {
    let mut problem = page.json();
    problem["correlation_id"] = Value::Null;
    let mut headers = page.headers().clone();
    headers.remove("set-cookie");
    (page.status(), headers, problem)
}

/// Unknown, of another browser, used, expired: one answer. Only the browser that has the cookie of a dead attempt
/// is told besides to forget it.
#[tokio::test]
async fn c07_c20_an_attempt_that_is_none_has_one_answer() {
    for login_state in [LoginState::Sealed, LoginState::Stored] {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        let builder = setup.builder().provider(setup.registration()).login_state(login_state);
        let auth = builder.build().unwrap();
        let (browser, stranger) = (setup.browser(&auth), setup.browser(&auth));
        let used = callback_url(&browser, "/auth/login").await;
        let cookies = browser.cookies();
        let held = format!("{}={}", cookies[0].0, cookies[0].1);
        assert_eq!(browser.request(Method::GET, &used, &[]).await.status(), 303);
        let expired = callback_url(&browser, "/auth/login?return_to=/private").await;
        let waiting = callback_url(&browser, "/auth/login").await;
        let name = browser.cookies()[2].0.clone();
        setup.clock.advance(Duration::from_secs(600));
        let unknown = with_parameter(&used, "state", "unknown");
        let answers = [
            stranger.request(Method::GET, &unknown, &[]).await,
            stranger.request(Method::GET, &used, &[]).await,
            stranger.request(Method::GET, &used, &[("cookie", &held)]).await,
            stranger.request(Method::GET, &waiting, &[]).await,
            stranger.request(Method::GET, &expired, &[]).await,
            browser.request(Method::GET, &expired, &[]).await,
        ];
        for answer in &answers {
            assert_eq!(answer.json()["code"], "state_invalid");
            assert_eq!(shown(answer), shown(&answers[0]));
        }
        let kept: Vec<_> = browser.cookies().into_iter().map(|(name, _)| name).collect();
        // A store forgets what has expired, so there is nothing to clear it for; its time is over anyway.
        assert_eq!(kept.contains(&name), login_state == LoginState::Stored, "{kept:?}");
        assert!(kept.contains(&"__Host-auth".into()), "the session is nobody's concern");
        assert_eq!(setup.provider.requests_to(Endpoint::Token).len(), 1);
    }
}

/// RFC 9700 section 4.4: the evil provider sends the browser on to the honest one and waits for its code. The
/// redirect URIs keep the two apart; `iss` does even where the honest one compares no redirect URIs.
#[tokio::test]
async fn c25_a_provider_that_relays_never_gets_the_others_code() {
    for names_itself in [true, false] {
        let setup = Setup::with(|op| op.redirect_uri(format!("{BASE_URL}/auth/callback/op")));
        let evil = FakeProvider::builder().issuer("https://evil.example").build();
        let setup = setup.on(InProcessNetwork::new().provider(&evil));
        for provider in [&setup.provider, &evil] {
            provider.approve_as(Some("alice"));
            provider.answer_always(
                Endpoint::Metadata,
                Answer::modify(move |response| {
                    let mut document: Value = serde_json::from_slice(response.body()).unwrap();
                    document["authorization_response_iss_parameter_supported"] =
                        names_itself.into();
                    *response.body_mut() = document.to_string().into();
                }),
            );
        }
        let second = providers::oidc(evil.issuer(), evil.client_id(), evil.client_secret());
        let builder = setup.builder().provider(setup.registration());
        let auth = builder.provider(second.key("evil")).build().unwrap();
        let browser = setup.browser(&auth);
        let get = async |url: &str| browser.request(Method::GET, url, &[]).await;

        let asked = get("/auth/login/evil").await.header("location").to_owned();
        let relayed = asked.replace("https://evil.example", "https://op.example");
        assert_eq!(get(&relayed).await.status(), 400, "the honest one knows no such redirect URI");
        let known = format!("{BASE_URL}/auth/callback/op");
        let answer = get(&with_parameter(&relayed, "redirect_uri", &known)).await;
        let mut callback = answer.header("location").to_owned();
        assert_eq!(parameter(&callback, "state"), parameter(&asked, "state"));
        if !names_itself {
            callback = callback.replace("&iss=https%3A%2F%2Fop.example", "");
        }
        assert_eq!(get(&callback).await.json()["code"], "state_invalid");
        if names_itself {
            let careless = callback.replace("/callback/op", "/callback/evil");
            assert_eq!(get(&careless).await.json()["code"], "issuer_mismatch");
        }
        for provider in [&setup.provider, &evil] {
            assert!(provider.requests_to(Endpoint::Token).is_empty());
        }
        assert!(browser.cookies().iter().all(|(name, _)| name != "__Host-auth"));
    }
}

/// A stolen code in a login of one's own: PKCE holds it off, and where the provider ignores PKCE the nonce does,
/// before any token is used.
#[tokio::test]
async fn c27_a_stolen_code_signs_the_thief_in_as_nobody() {
    for (ignores_pkce, code) in [(false, "code_rejected"), (true, "nonce_mismatch")] {
        let setup = Setup::with(|op| op.ignores_pkce(ignores_pkce));
        let auth = setup.auth();
        let (victim, thief) = (setup.browser(&auth), setup.browser(&auth));
        setup.provider.approve_as(Some("alice"));
        let stolen = parameter(&callback_url(&victim, "/auth/login").await, "code");
        setup.provider.approve_as(Some("bob"));
        let own = callback_url(&thief, "/auth/login").await;
        let page = thief.request(Method::GET, &with_parameter(&own, "code", &stolen), &[]).await;
        assert_eq!((page.status().as_u16(), page.json()["code"].as_str().unwrap()), (400, code));
        assert!(thief.cookies().is_empty());
        assert_eq!(setup.provider.requests_to(Endpoint::Token).len(), 1);
        assert!(setup.provider.requests_to(Endpoint::UserInfo).is_empty());
    }
}

/// The whole token response of an earlier login, which is genuine and has not expired.
#[tokio::test]
async fn i43_an_id_token_of_an_earlier_login_is_refused() {
    let setup = Setup::new();
    let earlier = Arc::new(Mutex::new(Bytes::new()));
    let keeps = Arc::clone(&earlier);
    let keep = Answer::modify(move |response| *keeps.lock().unwrap() = response.body().clone());
    setup.provider.answer(Endpoint::Token, keep);
    let auth = setup.auth();
    let mut browser = setup.browser(&auth);
    assert_eq!(browser.login_as("alice").await.status(), 200);
    let replay = move |response: &mut Response<Bytes>| {
        *response.body_mut() = earlier.lock().unwrap().clone();
    };
    setup.provider.answer(Endpoint::Token, Answer::modify(replay));
    let mut thief = setup.browser(&auth);
    let page = thief.login_as("bob").await;
    assert_eq!(page.status(), 400);
    assert!(page.text().contains("nonce_mismatch") && thief.cookies().is_empty());
    assert_eq!(setup.provider.requests_to(Endpoint::UserInfo).len(), 1, "that of the first login");
}

/// A good form without the attempt's cookie, as a browser sends it that did not start the login.
#[tokio::test]
async fn c33_a_form_without_the_cookie_is_nobodys() {
    let setup = Setup::new();
    let registration =
        setup.registration().quirks(|quirks| quirks.response_mode = ResponseMode::FormPost);
    let auth = setup.builder().provider(registration).build().unwrap();
    let mut browser = setup.browser(&auth);
    browser.open("/private").await;
    let form = browser.click("Alice").await.forms().remove(0);
    let mut stranger = setup.browser(&auth);
    stranger.open("https://op.example/").await;
    let page = stranger.submit(form.clone()).await;
    assert_eq!(page.status(), 400);
    assert!(page.text().contains("state_invalid") && stranger.cookies().is_empty());
    assert!(setup.provider.requests_to(Endpoint::Token).is_empty());
    assert_eq!(browser.submit(form).await.text(), "private to sub-alice");
}

/// An application that is reached under every name, as behind a careless proxy.
#[derive(Debug)]
struct EveryHost {
    app: Router,
    network: Arc<dyn HttpClient>,
}

#[async_trait]
impl HttpClient for EveryHost {
    async fn send(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Bytes>, HttpError> {
        if request.uri().host() == Some("op.example") {
            return self.network.send(request, limits).await;
        }
        let (parts, body) =
            self.app.clone().oneshot(request.map(Full::new)).await.unwrap().into_parts();
        Ok(Response::from_parts(parts, body.collect().await.unwrap().to_bytes()))
    }
}

#[tokio::test]
async fn c49_a_callback_over_http_or_at_another_host_has_no_cookie() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    let network = EveryHost { app: app(&auth), network: setup.provider.http_client() };
    let browser = TestBrowser::over_network(BASE_URL, Arc::new(network));
    let callback = callback_url(&browser, "/auth/login").await;
    for origin in
        ["http://app.example", "https://www.app.example", "https://evil.example", "https://example"]
    {
        let page = browser.request(Method::GET, &callback.replace(BASE_URL, origin), &[]).await;
        assert_eq!(page.json()["code"], "state_invalid", "{origin}");
    }
    assert!(setup.provider.requests_to(Endpoint::Token).is_empty());
    assert_eq!(browser.request(Method::GET, &callback, &[]).await.status(), 303);
}
