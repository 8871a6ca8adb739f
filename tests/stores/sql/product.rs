//! Logins whose sessions are in a database: what the browser sees when it fails, and when there are several of us.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tower_oauth::{Auth, LoginState, SystemRandom};
use tower_oauth_sqlx::SqlStore;
use tower_oauth_test::{Endpoint, TestBrowser};
use tower_oauth_tests::{Setup, callback_url};

use super::database::{Database, Engine};
use super::{on, on_each};

/// One of the processes that share the database.
async fn replica(setup: &Setup, database: &Database) -> Auth {
    replica_on(setup, database.store_with(setup.clock.clone()).await)
}

fn replica_on(setup: &Setup, store: SqlStore) -> Auth {
    let builder = setup.builder().store(store).secret(tower_oauth_tests::secret("of the replicas"));
    let builder = builder.random(Arc::new(SystemRandom::default()));
    builder.provider(setup.registration()).build().unwrap()
}

async fn status(browser: &TestBrowser, path: &str) -> u16 {
    browser.request(Method::GET, path, &[]).await.status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_from_the_first_click_to_the_sign_out() {
    on_each(async |database| {
        let setup = Setup::new();
        let auth = replica(&setup, &database).await;
        let mut browser = setup.browser(&auth);
        browser.login_as("alice").await;
        assert_eq!(browser.open("/private").await.text(), "private to sub-alice");
        assert_eq!(database.count("sessions").await, 1);
        browser.post("/auth/logout", &[]).await;
        assert_eq!(status(&browser, "/private").await, 401);
        assert_eq!(database.count("sessions").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p01_p02_a_stored_attempt_whose_table_is_gone() {
    on_each(async |database| {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        let store = database.store_with(setup.clock.clone()).await;
        let builder = setup.builder().store(store).login_state(LoginState::Stored);
        let auth = builder.provider(setup.registration()).build().unwrap();
        let mut browser = setup.browser(&auth);
        database.rename("sessions", "gone").await;
        let page = browser.request(Method::GET, "/auth/login", &[]).await;
        let refused = (page.status().as_u16(), page.header("location"), page.header("set-cookie"));
        assert_eq!(refused, (503, "", ""));
        database.rename("gone", "sessions").await;
        let callback = callback_url(&browser, "/auth/login").await;
        database.rename("sessions", "gone").await;
        assert_eq!(status(&browser, &callback).await, 503);
        assert!(setup.provider.requests_to(Endpoint::Token).is_empty());
        database.rename("gone", "sessions").await;
        assert_eq!(browser.open(&callback).await.text(), "Hello, Alice Liddell!");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p03_p04_a_mark_or_a_session_that_cannot_be_written() {
    on_each(async |database| {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        let auth = replica(&setup, &database).await;
        let mut browser = setup.browser(&auth);
        let callback = callback_url(&browser, "/auth/login").await;
        database.rename("marks", "gone").await;
        assert_eq!(status(&browser, &callback).await, 503);
        assert!(setup.provider.requests_to(Endpoint::Token).is_empty(), "p03");
        database.rename("gone", "marks").await;
        database.rename("sessions", "gone").await;
        let page = browser.request(Method::GET, &callback, &[]).await;
        assert_eq!(page.status(), 503, "p04");
        assert!(!page.header("set-cookie").contains("auth="), "p04: no session cookie");
        assert_eq!(setup.provider.requests_to(Endpoint::Token).len(), 1);
        database.rename("gone", "sessions").await;
        assert_eq!(status(&browser, &callback).await, 400, "p04: it takes a new login");
        assert_eq!(setup.provider.requests_to(Endpoint::Token).len(), 1);
        assert_eq!(browser.login_as("alice").await.text(), "Hello, Alice Liddell!");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p06_a_failing_database_is_not_anonymous() {
    on_each(async |database| {
        let setup = Setup::new();
        let auth = replica(&setup, &database).await;
        let mut browser = setup.browser(&auth);
        browser.login_as("alice").await;
        let cookies = browser.cookies();
        database.rename("sessions", "gone").await;
        for path in ["/", "/private"] {
            let page = browser.open(path).await;
            assert_eq!((page.status().as_u16(), page.url().path()), (503, path));
        }
        assert_eq!(browser.open("/public").await.text(), "public");
        assert_eq!(browser.post("/auth/logout", &[]).await.status(), 503, "not signed out");
        database.rename("gone", "sessions").await;
        let header = format!("{}={}", cookies[0].0, cookies[0].1);
        let page = setup.browser(&auth).request(Method::GET, "/", &[("cookie", &header)]).await;
        assert_eq!(page.text(), "Hello, Alice Liddell!");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p16_a_session_ends_although_its_row_is_there() {
    on_each(async |database| {
        let setup = Setup::new();
        let auth = replica(&setup, &database).await;
        let mut browser = setup.browser(&auth);
        browser.login_as("alice").await;
        setup.clock.advance(Duration::from_secs(365 * 24 * 60 * 60));
        assert_eq!(browser.open("/").await.text(), "Hello, stranger!");
        assert_eq!(database.count("sessions").await, 1);
    })
    .await;
}

/// Fifty at once, at three processes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c18_p19_callbacks_at_three_replicas_make_one_token_request() {
    on(&Engine::SHARED, async |database: Database| {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        let mut replicas = Vec::new();
        for _ in 0..3 {
            replicas.push(replica(&setup, &database).await);
        }
        let browser = setup.browser(&replicas[0]);
        let callback = callback_url(&browser, "/auth/login").await;
        let cookies = browser.cookies();
        let header = format!("{}={}", cookies[0].0, cookies[0].1);
        let tasks: Vec<_> = (0..50)
            .map(|number| {
                let browser = setup.browser(&replicas[number % 3]);
                let (callback, header) = (callback.clone(), header.clone());
                tokio::spawn(async move {
                    browser.request(Method::GET, &callback, &[("cookie", &header)]).await.status()
                })
            })
            .collect();
        let mut statuses = Vec::new();
        for task in tasks {
            statuses.push(task.await.unwrap().as_u16());
        }
        statuses.sort_unstable();
        assert_eq!((statuses[0], statuses[1], statuses[49]), (303, 400, 400), "{statuses:?}");
        assert_eq!(setup.provider.requests_to(Endpoint::Token).len(), 1);
        assert_eq!(database.count("sessions").await, 1);
    })
    .await;
}

/// Everything that a copy of the tables has in it.
#[tokio::test(flavor = "multi_thread")]
async fn p20_a_copy_of_the_tables_tells_nothing() {
    on_each(async |database| {
        let setup = Setup::new();
        let auth = replica(&setup, &database).await;
        let mut browser = setup.browser(&auth);
        browser.login_as("alice").await;
        let token = browser.open("/token").await.json()["token"].as_str().unwrap().to_owned();
        let id = browser.cookies()[0].1.clone();
        let request = &setup.provider.requests_to(Endpoint::Token)[0];
        let verifier = request.form().get("code_verifier").unwrap().to_owned();
        let mut copy = Vec::new();
        for column in ["session_key", "subject_hash", "sid_hash", "payload"] {
            copy.extend(database.column("sessions", column).await);
        }
        copy.extend(database.column("marks", "mark").await);
        assert_eq!(copy.len(), 5, "one session with a sid, and the mark of its attempt");
        for secret in [&token, &id, &verifier, "sub-alice", "Liddell", "op.example"] {
            let secret = secret.as_bytes();
            for bytes in &copy {
                assert!(!bytes.windows(secret.len()).any(|part| part == secret), "{secret:?}");
            }
        }
    })
    .await;
}
