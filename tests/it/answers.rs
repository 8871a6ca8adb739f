//! What a token response may say, and what becomes of it.

use http::Method;
use serde_json::{Value, json};
use tower_oauth_test::{Answer, Endpoint};
use tower_oauth_tests::Setup;

use crate::login::callback_url;
use tower_oauth_tests::Captured;

/// Changes members of the token response.
fn members(change: impl Fn(&mut serde_json::Map<String, Value>) + Send + Sync + 'static) -> Answer {
    Answer::modify(move |response| {
        let mut body: Value = serde_json::from_slice(response.body()).unwrap();
        change(body.as_object_mut().unwrap());
        *response.body_mut() = body.to_string().into();
    })
}

/// RFC 6749 sections 3.3 and 5.1: what was granted is told to the application, whatever was asked.
#[tokio::test]
async fn t10_the_granted_scopes_are_the_ones_that_count() {
    for (scope, granted) in [
        (None, json!(["openid", "profile", "email"])),
        (Some(json!(null)), json!(["openid", "profile", "email"])),
        (Some(json!("openid")), json!(["openid"])),
        (Some(json!("openid profile email admin")), json!(["openid", "profile", "email", "admin"])),
        (Some(json!("other")), json!(["other"])),
        (Some(json!("")), json!([])),
        (Some(json!(" openid  email ")), json!(["openid", "email"])),
    ] {
        let setup = Setup::new();
        let answered = scope.clone();
        setup.provider.answer(
            Endpoint::Token,
            members(move |body| match &answered {
                Some(scope) => drop(body.insert("scope".into(), scope.clone())),
                None => drop(body.remove("scope")),
            }),
        );
        let mut browser = setup.browser(&setup.auth());
        browser.login_as("alice").await;
        assert_eq!(browser.open("/token").await.json()["scopes"], granted, "{scope:?}");
    }
}

/// A provider that writes everything into its error that must not be written anywhere.
#[tokio::test]
async fn t26_a_hostile_error_text_is_shown_and_logged_nowhere() {
    for (length, code) in
        [(10, "code_rejected"), (60 * 1024, "code_rejected"), (1 << 20, "token_endpoint")]
    {
        for status in [200, 400] {
            let captured = Captured::default();
            let _guard = captured.listen(tracing::Level::TRACE);
            let setup = Setup::new();
            setup.provider.approve_as(Some("alice"));
            let auth = setup.auth();
            let browser = setup.browser(&auth);
            let callback = callback_url(&browser, "/auth/login").await;
            let secret = setup.provider.client_secret();
            let text = format!(
                "<img src=x>\r\nX: y\u{1b}[31m canary {callback} {secret} {}",
                "x".repeat(length)
            );
            let answer = Answer::json(json!({
                "error": "invalid_grant", "error_description": text, "error_uri": text, "x": text,
            }));
            setup.provider.answer(Endpoint::Token, answer.with_status(status));
            let page = browser.request(Method::GET, &callback, &[("accept", "text/html")]).await;
            assert!(page.text().contains(code), "{}", page.text());
            let events = captured.take();
            assert!(events.contains(code), "{events}");
            let code = callback.split("code=").nth(1).unwrap().split('&').next().unwrap();
            for hostile in ["<img", "canary", "\u{1b}[31m canary", secret, code] {
                assert!(!page.text().contains(hostile), "{hostile} is on the page");
                assert!(!events.contains(hostile), "{hostile} is in the log:\n{events:.2000}");
            }
        }
    }
}
