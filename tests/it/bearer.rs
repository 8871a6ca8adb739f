//! The client layer that carries a user's token to an API.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_oauth::{BearerError, Rejection, Tokens};
use tower_oauth_test::{Endpoint, TestBrowser};
use tower_oauth_tests::Setup;

const API: &str = "https://api.example";

/// An API that answers as it is told, one answer for each request, and keeps the tokens that it was brought.
#[derive(Clone, Default)]
struct Api {
    answers: Arc<Mutex<Vec<Response<Full<Bytes>>>>>,
    tokens: Arc<Mutex<Vec<String>>>,
}

impl Api {
    fn answering(statuses: &[u16]) -> Self {
        let api = Self::default();
        for status in statuses.iter().rev() {
            let mut response = Response::new(Full::default());
            *response.status_mut() = http::StatusCode::from_u16(*status).unwrap();
            api.answers.lock().unwrap().push(response);
        }
        api
    }

    fn with_header(self, value: &'static str) -> Self {
        for answer in self.answers.lock().unwrap().iter_mut() {
            let value = http::HeaderValue::from_static(value);
            answer.headers_mut().insert("www-authenticate", value);
        }
        self
    }

    fn client(
        &self,
    ) -> impl Service<
        Request<Bytes>,
        Response = Response<Full<Bytes>>,
        Error = Infallible,
        Future: Send,
    > + Clone
    + Send
    + 'static {
        let api = self.clone();
        service_fn(move |request: Request<Bytes>| {
            let bearer = request.headers()["authorization"].to_str().unwrap();
            api.tokens.lock().unwrap().push(bearer.strip_prefix("Bearer ").unwrap().to_owned());
            assert!(request.headers()["authorization"].is_sensitive());
            assert_eq!(request.body(), "content");
            let answer = api.answers.lock().unwrap().pop().expect("an answer is left");
            async move { Ok(answer) }
        })
    }

    fn tokens(&self) -> Vec<String> {
        self.tokens.lock().unwrap().clone()
    }
}

/// An application whose one page calls the API at `url`, and tells what came of it.
async fn calls(setup: &Setup, api: &Api, url: &'static str) -> TestBrowser {
    setup.provider.approve_as(Some("alice"));
    let registration = setup.registration().offline_access();
    let auth = setup.builder().provider(registration).build().unwrap();
    let api = api.clone();
    let call = async move |tokens: Tokens| -> Result<String, Rejection> {
        let mut client = tokens.bearer("op", [API]).layer(api.client());
        let request = Request::post(url).body(Bytes::from("content")).unwrap();
        match client.ready().await.unwrap().call(request).await {
            Ok(response) => Ok(response.status().as_u16().to_string()),
            Err(BearerError::Rejected(rejection)) => Err(rejection),
            Err(error) => Ok(error.to_string()),
        }
    };
    let app = Router::new()
        .route("/call", get(call))
        .route("/", get(async || "home"))
        .layer(auth.layer());
    let mut browser = setup.browser_of(app);
    browser.open("/auth/login").await;
    browser
}

fn refreshes(setup: &Setup) -> usize {
    setup.provider.requests_to(Endpoint::Refresh).len()
}

#[tokio::test]
async fn the_token_goes_to_the_api_it_was_made_for() {
    let setup = Setup::new();
    let api = Api::answering(&[200, 404]);
    let browser = calls(&setup, &api, "https://api.example/things?a=b").await;
    assert_eq!(browser.fetch("/call").await.text(), "200");
    assert_eq!(browser.fetch("/call").await.text(), "404", "what the API says is the caller's");
    assert_eq!((api.tokens().len(), refreshes(&setup)), (2, 0));
}

#[tokio::test]
async fn the_token_goes_nowhere_else() {
    for url in [
        "https://evil.example/",
        "http://api.example/",
        "https://api.example:8443/",
        "https://api.example.evil.example/",
        "https://api.example@evil.example/",
    ] {
        let setup = Setup::new();
        let api = Api::default();
        let browser = calls(&setup, &api, url).await;
        let text = browser.fetch("/call").await.text();
        assert!(text.contains("an origin that the token is not for"), "{url}: {text}");
        assert!(api.tokens().is_empty());
    }
}

#[tokio::test]
async fn a_token_that_the_api_refuses_is_refreshed_and_the_request_sent_once_more() {
    let setup = Setup::new();
    let api = Api::answering(&[401, 200]);
    let browser = calls(&setup, &api, "https://api.example/").await;
    assert_eq!(browser.fetch("/call").await.text(), "200");
    let tokens = api.tokens();
    assert_eq!((tokens.len(), refreshes(&setup)), (2, 1));
    assert_ne!(tokens[0], tokens[1]);
}

#[tokio::test]
async fn a_second_refusal_stands() {
    let setup = Setup::new();
    let api = Api::answering(&[401, 401]);
    let browser = calls(&setup, &api, "https://api.example/").await;
    assert_eq!(browser.fetch("/call").await.text(), "401");
    assert_eq!((api.tokens().len(), refreshes(&setup)), (2, 1));
}

#[tokio::test]
async fn where_nothing_can_be_refreshed_the_refusal_stands() {
    let setup = Setup::new();
    let api = Api::answering(&[401]);
    let browser = calls(&setup, &api, "https://api.example/").await;
    setup.provider.answer_always(Endpoint::Refresh, tower_oauth_test::Answer::status(500));
    assert_eq!(browser.fetch("/call").await.text(), "401");
    assert_eq!(api.tokens().len(), 1);
}

#[tokio::test]
async fn nothing_is_sent_without_a_token() {
    let setup =
        Setup::with(|provider| provider.access_token_lifetime(std::time::Duration::from_secs(60)));
    let api = Api::default();
    let browser = calls(&setup, &api, "https://api.example/").await;
    setup.provider.answer_always(Endpoint::Refresh, tower_oauth_test::Answer::status(500));
    setup.clock.advance(std::time::Duration::from_secs(61));
    let page = browser.fetch("/call").await;
    assert_eq!(
        (page.status().as_u16(), page.json()["code"].as_str()),
        (503, Some("token_unavailable"))
    );
    assert!(api.tokens().is_empty());
}

#[tokio::test]
async fn a_scope_that_the_api_asks_for_leads_to_consent() {
    let setup = Setup::new();
    let header = r#"Bearer realm="api", error="insufficient_scope", scope="things.write""#;
    let api = Api::answering(&[403, 403, 403]).with_header(header);
    let mut browser = calls(&setup, &api, "https://api.example/").await;
    let page = browser.fetch("/call").await;
    assert_eq!(
        (page.status().as_u16(), page.json()["code"].as_str()),
        (403, Some("insufficient_scope"))
    );
    assert_eq!(page.json()["missing_scopes"][0], "things.write");
    // A person grants it; an API that is still not content ends in 403 and not in a loop.
    let page = browser.open("/call").await;
    assert_eq!(page.status(), 403);
    let request = setup.provider.requests_to(Endpoint::Authorization).pop().unwrap();
    assert!(request.query().get("scope").unwrap().ends_with("things.write"));
    assert_eq!(api.tokens().len(), 3);
}

/// One line with reqwest, over a socket.
#[tokio::test]
async fn reqwest_carries_it_too() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let api = Router::new().route(
        "/me",
        get(async |headers: http::HeaderMap| headers["authorization"].to_str().unwrap().to_owned()),
    );
    tokio::spawn(async move { axum::serve(listener, api).await });
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let call = async move |tokens: Tokens| {
        let request = Request::get(format!("{origin}/me")).body(Bytes::new()).unwrap();
        let response = tokens.bearer("op", [&*origin]).send(&http, request).await.unwrap();
        http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes()
    };
    let app = Router::new().route("/call", get(call)).layer(auth.layer());
    let mut browser = setup.browser_of(app);
    assert!(browser.open("/call").await.text().starts_with("Bearer "));
}
