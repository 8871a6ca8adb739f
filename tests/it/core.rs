//! The core by itself, without the layer that checks some things first.

use std::sync::Arc;
use std::time::Duration;

use tower_oauth::HttpClient;
use tower_oauth_core::{
    AuthorizationResponse, Client, Environment, ErrorKind, KeyRing, ReturnTo, Start, State,
};
use tower_oauth_test::{Endpoint, FakeProvider, InProcessNetwork, SeededRandom};
use tower_oauth_tests::{Setup, secret};

fn core_client(
    setup: &Setup,
    provider: tower_oauth::Provider,
    http: Arc<dyn HttpClient>,
) -> Client {
    let random = Arc::new(SeededRandom::new(7));
    let environment = Environment::new(http, Arc::new(setup.clock.clone()), random);
    Client::new(provider, "https://app.example/auth/callback/op".into(), environment)
}

async fn started(client: &Client) -> (Start, String) {
    let start = client.start(ReturnTo::parse("/", "/auth").unwrap()).await.unwrap();
    let url = url::Url::parse(&start.authorization_url).unwrap();
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    (start, state)
}

/// What the core says of `answer` (with `{state}` in it) to a fresh attempt of `from`.
async fn authorized(from: &Client, at: &Client, answer: &str) -> Result<(), ErrorKind> {
    let (start, state) = started(from).await;
    let response =
        AuthorizationResponse::parse(answer.replace("{state}", &state).as_bytes()).unwrap();
    at.authorize(start.attempt, response).await.map(|_| ()).map_err(|error| error.kind())
}

const GOOD: &str = "state={state}&code=c&iss=https%3A%2F%2Fop.example";

#[tokio::test]
async fn c04_c06_c07_c21_the_core_checks_an_attempt_by_itself() {
    let setup = Setup::new();
    let other = FakeProvider::builder()
        .issuer("https://other.example")
        .manual_clock(setup.clock.clone())
        .build();
    let network: Arc<dyn HttpClient> =
        Arc::new(InProcessNetwork::new().provider(&setup.provider).provider(&other));
    let client = |provider| core_client(&setup, provider, Arc::clone(&network));
    let op = client(setup.registration());
    assert_eq!(authorized(&op, &op, GOOD).await, Ok(()));
    let unbound = Err(ErrorKind::StateInvalid);
    assert_eq!(authorized(&op, &op, &GOOD.replace("{state}", "unknown")).await, unbound);
    assert_eq!(authorized(&op, &client(setup.registration().key("other")), GOOD).await, unbound);
    // The configuration changed between start and callback: the same key, another issuer.
    let moved = client(
        tower_oauth::providers::oidc(other.issuer(), other.client_id(), other.client_secret())
            .key("op"),
    );
    assert_eq!(authorized(&op, &moved, GOOD).await, Err(ErrorKind::IssuerMismatch));
    let evil = "state={state}&error=access_denied&iss=https%3A%2F%2Fevil.example";
    assert_eq!(authorized(&op, &op, evil).await, Err(ErrorKind::IssuerMismatch), "of an error too");
    let (start, state) = started(&op).await;
    let code = op
        .authorize(
            start.attempt,
            AuthorizationResponse::parse(GOOD.replace("{state}", &state).as_bytes()).unwrap(),
        )
        .await
        .unwrap();
    assert_eq!(moved.finish(code).await.unwrap_err().kind(), ErrorKind::IssuerMismatch);
    assert!(other.requests_to(Endpoint::Token).is_empty());
    let (start, state) = started(&op).await;
    setup.clock.advance(Duration::from_secs(600));
    let response =
        AuthorizationResponse::parse(GOOD.replace("{state}", &state).as_bytes()).unwrap();
    assert_eq!(
        op.authorize(start.attempt, response).await.unwrap_err().kind(),
        ErrorKind::StateInvalid
    );
}

#[tokio::test]
async fn c12_what_counts_as_a_refusal() {
    let setup = Setup::new();
    let op = core_client(&setup, setup.registration(), setup.provider.http_client());
    for error in [
        "access_denied",
        "login_required",
        "interaction_required",
        "consent_required",
        "account_selection_required",
        "user_cancelled_authorize",
        "user_cancelled_login",
    ] {
        let answer = format!("state={{state}}&error={error}&iss=https%3A%2F%2Fop.example");
        assert_eq!(authorized(&op, &op, &answer).await, Err(ErrorKind::ProviderDenied), "{error}");
    }
}

#[tokio::test]
async fn c05_an_attempt_opens_for_its_application_and_label_alone() {
    let setup = Setup::new();
    let op = core_client(&setup, setup.registration(), setup.provider.http_client());
    let (start, state) = started(&op).await;
    let keys = KeyRing::new("secret", secret("of this test").as_bytes()).unwrap();
    let sealed = start.attempt.seal(&keys, "https://app.example", &SeededRandom::new(1)).unwrap();
    let label = start.attempt.own_label();
    let open = |context, label| tower_oauth_core::Attempt::open(&keys, context, label, &sealed);
    assert!(open("https://app.example", &label).unwrap().matches(&State::new(state)));
    assert!(!open("https://app.example", &label).unwrap().matches(&State::new("other")));
    assert!(open("https://other.example", &label).is_none());
    assert!(open("https://app.example", "AAAAAAAAAAAA").is_none());
}
