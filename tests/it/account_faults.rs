//! An account hook that fails, panics, hangs or says too much: nobody is signed in, and nothing else changes.

use axum::Router;
use axum::routing::get;
use http::Method;
use serde_json::json;
use tower_oauth::{AccountError, AccountHook, Auth, User, VerifiedLogin, async_trait};
use tower_oauth_test::TestBrowser;
use tower_oauth_tests::{Captured, Setup, callback_url, secret};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Fails,
    Panics,
    Hangs,
    SaysTooMuch(usize),
}

struct Faulty(Fault);

#[async_trait]
impl AccountHook for Faulty {
    type Account = String;

    #[expect(clippy::panic, reason = "what the test is about")]
    async fn sign_in(&self, _: VerifiedLogin<'_>) -> Result<String, AccountError> {
        match self.0 {
            Fault::Fails => Ok(Err(std::io::Error::other("the database is away"))?),
            Fault::Panics => panic!("the account hook broke down"),
            Fault::Hangs => std::future::pending().await,
            Fault::SaysTooMuch(bytes) => Ok("x".repeat(bytes)),
        }
    }

    async fn connect(&self, login: VerifiedLogin<'_>) -> Result<(), AccountError> {
        self.sign_in(login).await.map(drop)
    }
}

fn auth(setup: &Setup, fault: Fault) -> Auth {
    let builder = setup.builder().provider(setup.registration());
    builder.accounts(Faulty(fault)).build().unwrap()
}

fn browser(setup: &Setup, auth: &Auth) -> TestBrowser {
    let home = get(async |user: Option<User>| user.is_some().to_string());
    setup.browser_of(Router::new().route("/", home).layer(auth.layer()))
}

#[tokio::test(start_paused = true)]
async fn p06_a_hook_without_an_answer_signs_nobody_in() {
    for fault in [Fault::Fails, Fault::Panics, Fault::Hangs] {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        let auth = auth(&setup, fault);
        let mut browser = browser(&setup, &auth);
        let events = Captured::default();
        let listening = events.listen(tracing::Level::ERROR);
        let page = browser.open("/auth/login").await;
        drop(listening);
        assert_eq!(page.status(), 503, "{fault:?}");
        assert!(page.text().contains("account_unavailable"), "{}", page.text());
        assert!(!page.text().contains("database"), "the cause is for the log");
        assert_eq!(browser.cookies(), [], "{fault:?}");
        assert_eq!(browser.open("/").await.text(), "false");
        let events = events.take();
        let reason = match fault {
            Fault::Fails => "the account hook failed: the database is away",
            Fault::Panics => "the account hook panicked",
            _ => "did not answer within 10 seconds",
        };
        assert!(events.contains(reason), "{events}");
    }
}

#[tokio::test]
async fn an_attempt_is_used_up_whatever_the_hook_says() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = auth(&setup, Fault::Fails);
    let browser = browser(&setup, &auth);
    let callback = callback_url(&browser, "/auth/login").await;
    let attempt = browser.cookies();
    let page = browser.request(Method::GET, &callback, &[]).await;
    assert_eq!(page.json()["code"], "account_unavailable");
    for (name, value) in attempt {
        browser.plant_cookie(&name, &value);
    }
    assert_eq!(browser.request(Method::GET, &callback, &[]).await.json()["code"], "state_invalid");
}

#[tokio::test]
async fn q_an_account_is_bounded_in_a_store_and_in_a_cookie() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    for (bytes, status) in [(8 * 1024 - 2, 200), (8 * 1024 - 1, 500)] {
        let auth = auth(&setup, Fault::SaysTooMuch(bytes));
        let page = browser(&setup, &auth).open("/auth/login").await;
        assert_eq!(page.status().as_u16(), status, "{}", page.text());
    }
    let events = Captured::default();
    let _listening = events.listen(tracing::Level::ERROR);
    let builder = setup.builder().provider(setup.registration()).cookie_sessions();
    let builder = builder.secret(secret("of the cookies"));
    let auth = builder.accounts(Faulty(Fault::SaysTooMuch(4000))).build().unwrap();
    let browser = browser(&setup, &auth);
    let callback = callback_url(&browser, "/auth/login").await;
    let page = browser.request(Method::GET, &callback, &[]).await;
    assert_eq!((page.status().as_u16(), &page.json()["code"]), (500, &json!("session_too_large")));
    let events = events.take();
    assert!(events.contains("are the account's data"), "{events}");
}
