//! Every fault of a provider at every step of a login: what the person is told, that nothing is asked twice, that
//! a session of before goes on, and that the next login works once the provider does.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tower_oauth::{Auth, providers};
use tower_oauth_test::{Answer, Endpoint, FakeProvider, InProcessNetwork, SeededRandom, Signing};
use tower_oauth_tests::{CountingStore, Setup};

const STEPS: [Endpoint; 4] =
    [Endpoint::Metadata, Endpoint::Jwks, Endpoint::Token, Endpoint::UserInfo];

/// A fault, the status it is answered with, and the code where it is not the step's own.
struct Fault {
    answer: Answer,
    status: u16,
    code: Option<&'static str>,
    retry_after: &'static str,
}

fn fault(answer: Answer, status: u16, code: Option<&'static str>) -> Fault {
    Fault { answer, status, code, retry_after: "" }
}

fn faults() -> Vec<Fault> {
    let (unavailable, timeout) = (Some("provider_unavailable"), Some("provider_timeout"));
    let json_type =
        |body: String| Answer::status(200).header("content-type", "application/json").body(body);
    let wait = |status| Answer::status(status).header("retry-after", "90");
    vec![
        fault(Answer::refused(), 503, unavailable),
        fault(Answer::never(), 504, timeout),
        fault(Answer::correct().delay(Duration::from_secs(60)), 504, timeout),
        fault(Answer::correct().cut_off_after(10), 503, unavailable),
        fault(Answer::status(500), 503, unavailable),
        fault(Answer::status(502).body("<html>"), 503, unavailable),
        Fault { retry_after: "90", ..fault(wait(503), 503, unavailable) },
        Fault { retry_after: "90", ..fault(wait(429), 503, unavailable) },
        fault(Answer::status(404), 502, None),
        fault(Answer::correct().with_status(403), 502, None),
        fault(Answer::correct().with_status(204), 502, None),
        fault(
            Answer::correct().with_status(302).header("location", "https://evil.example/"),
            502,
            None,
        ),
        fault(Answer::correct().with_status(307).header("location", "/elsewhere"), 502, None),
        fault(Answer::status(200).header("content-type", "text/html").body("<html>"), 502, None),
        fault(json_type("{\"issuer\":\"https://op.exa".into()), 502, None),
        fault(json_type("[]".into()), 502, None),
        fault(json_type("{}".into()), 502, None),
        fault(json_type(format!("{{\"x\":\"{}\"}}", "x".repeat(2 << 20))), 502, None),
        fault(json_type("{\"x\":".repeat(100_000)), 502, None),
    ]
}

const fn code_of(step: Endpoint) -> &'static str {
    match step {
        Endpoint::Token => "token_endpoint",
        Endpoint::UserInfo => "userinfo",
        _ => "discovery",
    }
}

/// One of the applications that share sessions and a secret. It knows nothing of the provider yet.
fn application(setup: &Setup, store: &CountingStore, seed: u64) -> Auth {
    let builder = setup.builder().random(Arc::new(SeededRandom::new(seed))).store(store.clone());
    let builder = builder.secret(tower_oauth_tests::secret("of the replicas"));
    builder.provider(setup.registration()).build().unwrap()
}

#[tokio::test]
async fn a_fault_at_any_step_of_a_first_login() {
    for step in STEPS {
        for Fault { answer, status, code, retry_after } in faults() {
            let described = format!("{step:?}: {answer:?}");
            let setup = Setup::with(|op| op.signing(Signing::Es256));
            let store = CountingStore::new(setup.clock.clone());
            let mut browser = setup.browser(&application(&setup, &store, 1));
            browser.login_as("alice").await;
            let session = browser.cookies();
            setup.provider.clear_requests();

            setup.provider.approve_as(Some("bob"));
            setup.provider.answer_always(step, answer);
            let mut fresh = setup.browser(&application(&setup, &store, 2));
            fresh.plant_cookie(&session[0].0, &session[0].1);
            let page = fresh.open("/auth/login").await;
            assert_eq!(page.status().as_u16(), status, "{described}: {}", page.text());
            assert!(page.text().contains(code.unwrap_or_else(|| code_of(step))), "{described}");
            if !retry_after.is_empty() {
                assert_eq!(page.header("retry-after"), retry_after, "{described}");
            }
            assert_eq!(setup.provider.requests_to(step).len(), 1, "{described}");
            assert!(setup.provider.requests_to(Endpoint::Token).len() <= 1, "{described}");
            assert_eq!(fresh.open("/").await.text(), "Hello, Alice Liddell!", "{described}");
            assert_eq!(
                (fresh.cookies(), store.sessions()),
                (vec![session[0].clone()], 1),
                "{described}"
            );

            setup.provider.answer_normally(step);
            setup.clock.advance(Duration::from_secs(90));
            assert_eq!(
                fresh.open("/auth/login").await.text(),
                "Hello, Bob Builder!",
                "{described}"
            );
        }
    }
}

/// What was fetched once serves on, whatever becomes of the place it came from.
#[tokio::test]
async fn d08_d12_d16_d21_a_fault_later_leaves_the_last_good_copy() {
    let change = |change: fn(&mut Value)| {
        Answer::modify(move |response| {
            let mut document: Value = serde_json::from_slice(response.body()).unwrap();
            change(&mut document);
            *response.body_mut() = document.to_string().into();
        })
    };
    for step in [Endpoint::Metadata, Endpoint::Jwks] {
        let mut answers: Vec<_> = faults().into_iter().map(|fault| fault.answer).collect();
        answers.push(change(|document| document["issuer"] = "https://evil.example".into()));
        answers.push(change(|document| document["keys"] = json!([])));
        answers.push(change(|document| document["keys"] = json!([{ "kty": "oct", "k": "AAAA" }])));
        answers.push(change(|document| document["token_endpoint"] = "http://evil.example".into()));
        for answer in answers {
            let described = format!("{step:?}: {answer:?}");
            let setup = Setup::with(|op| op.signing(Signing::Es256));
            let mut browser = setup.browser(&setup.auth());
            browser.login_as("alice").await;
            setup.provider.answer_always(step, answer);
            setup.clock.advance(Duration::from_secs(3 * 3600));
            assert_eq!(browser.login_as("bob").await.text(), "Hello, Bob Builder!", "{described}");
            assert_eq!(setup.provider.requests_to(step).len(), 2, "{described}");
            setup.provider.answer_normally(step);
            setup.provider.rotate_keys();
            setup.provider.retire_old_keys();
            setup.clock.advance(Duration::from_secs(90));
            assert_eq!(
                browser.login_as("alice").await.text(),
                "Hello, Alice Liddell!",
                "{described}"
            );
        }
    }
}

#[tokio::test]
async fn q07_a_provider_that_is_down_concerns_its_own_logins_alone() {
    let setup = Setup::with(|op| op.signing(Signing::Es256));
    let other = FakeProvider::builder()
        .issuer("https://other.example")
        .manual_clock(setup.clock.clone())
        .signing(Signing::Es256)
        .build();
    let setup = setup.on(InProcessNetwork::new().provider(&other));
    let second = providers::oidc(other.issuer(), other.client_id(), other.client_secret());
    let builder = setup.builder().provider(setup.registration());
    let auth = builder.provider(second.key("other")).build().unwrap();
    for provider in [&setup.provider, &other] {
        provider.approve_as(Some("alice"));
    }
    let mut of_op = setup.browser(&auth);
    assert_eq!(of_op.open("/auth/login/op").await.text(), "Hello, Alice Liddell!");
    for endpoint in STEPS {
        setup.provider.answer_always(endpoint, Answer::never());
    }
    assert_eq!(of_op.open("/private").await.text(), "private to sub-alice");
    assert_eq!(of_op.open("/token").await.status(), 200);
    assert_eq!(of_op.request(Method::GET, "/auth/login/op", &[]).await.status(), 303);
    setup.clock.advance(Duration::from_secs(25 * 3600));
    assert_eq!(of_op.request(Method::GET, "/auth/login/op", &[]).await.status(), 504);
    assert_eq!(of_op.open("/public").await.text(), "public");
    let mut of_other = setup.browser(&auth);
    assert_eq!(of_other.open("/auth/login/other").await.text(), "Hello, Alice Liddell!");
    assert_eq!(of_other.open("/auth/login").await.status(), 200, "the choice is still there");
}
