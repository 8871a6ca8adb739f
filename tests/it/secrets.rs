//! g01: one run over everything with all events captured, in search of what must not be in them.

use tower_oauth_test::{Answer, Endpoint};
use tower_oauth_tests::{BytesStore, Captured, Setup};

use crate::login::callback_url;

const CLIENT_SECRET: &str = "canary-client-secret-4711";
const APP_SECRET: &str = "canary-app-secret: hQ7vX2mRk9 Zt4WcLp8Ys1N";

#[tokio::test]
async fn g01_no_secret_is_in_any_event_error_or_debug() {
    let captured = Captured::default();
    let _guard = captured.listen(tracing::Level::TRACE);

    let setup = Setup::with(|provider| provider.client("client", CLIENT_SECRET));
    let mut secrets = vec![CLIENT_SECRET.to_owned(), APP_SECRET.to_owned()];
    let registration = setup.registration().offline_access();
    let debug = format!("{registration:?}");
    let builder = setup
        .builder()
        .secret(APP_SECRET)
        .store(BytesStore::new(setup.clock.clone()))
        .provider(registration);
    let mut shown = vec![debug, format!("{builder:?}")];
    let auth = builder.build().unwrap();
    shown.extend([format!("{auth:?}"), format!("{:?}", auth.layer())]);

    setup.provider.approve_as(Some("alice"));
    for answer in [
        Answer::correct(),
        Answer::status(500),
        Answer::json(
            serde_json::json!({ "error": "invalid_grant", "access_token": "canary-token" }),
        )
        .with_status(400),
        Answer::status(200)
            .header("content-type", "application/json")
            .body("{\"access_token\":\"canary-token\""),
        Answer::never(),
    ] {
        setup.provider.answer(Endpoint::Token, answer);
        let mut browser = setup.browser(&auth);
        let callback = callback_url(&browser, "/auth/login").await;
        for (_, value) in url::Url::parse(&callback).unwrap().query_pairs() {
            secrets.push(value.into_owned());
        }
        secrets.extend(browser.cookies().into_iter().map(|(_, value)| value));
        shown.push(browser.open(&callback).await.text());
        secrets.extend(browser.cookies().into_iter().map(|(_, value)| value));
        let token = browser.fetch("/token").await;
        if token.status() == 200 {
            secrets.push(token.json()["token"].as_str().unwrap().to_owned());
        }
        browser.open("/private").await;
        browser.post("/auth/logout", &[]).await;
    }
    setup.provider.modify_id_token(|_, claims| {
        claims.insert("aud".into(), "other".into());
    });
    let mut browser = setup.browser(&auth);
    let callback = callback_url(&browser, "/auth/login").await;
    shown.push(browser.open(&callback).await.text());
    secrets.push("canary-token".into());
    for request in setup.provider.requests_to(Endpoint::Token) {
        secrets.extend(request.form().get("code_verifier").map(ToOwned::to_owned));
        secrets.extend(request.form().get("code").map(ToOwned::to_owned));
    }

    shown.push(captured.take());
    let events = shown.last().unwrap();
    assert!(events.contains("signed in") && events.contains("code_rejected"), "{events}");
    secrets.retain(|secret| secret.len() >= 8 && !secret.starts_with("https://"));
    assert!(secrets.len() > 20);
    for secret in &secrets {
        // Not even the start of one: enough of it to search for is enough to guess from.
        let start = &secret[..secret.len().min(12)];
        for text in &shown {
            assert!(!text.contains(start), "{secret} is in:\n{text}");
        }
    }
}
