//! The life of a session: its id, its ends, and what replaces it.

use std::time::Duration;

use http::Method;
use tower_oauth_tests::{BytesStore, CountingStore, FailingStore, Operation, Setup, secret};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn k04_k05_each_login_has_a_new_id_and_planted_ones_are_never_adopted() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let mut browser = setup.browser(&auth);
    let planted = "A".repeat(43);
    browser.plant_cookie("__Host-auth", &planted);
    assert_eq!(browser.open("/").await.text(), "Hello, stranger!");
    assert_eq!(store.sessions(), 0);
    browser.login_as("alice").await;
    let first = browser.cookies();
    assert_eq!(first[0].0, "__Host-auth");
    assert_ne!(first[0].1, planted);
    browser.login_as("alice").await;
    let second = browser.cookies();
    assert_ne!(first[0].1, second[0].1);
    assert_eq!(store.sessions(), 1, "the earlier session is gone");
    let header = format!("__Host-auth={}", first[0].1);
    let stranger = setup.browser(&auth);
    assert_eq!(
        stranger.request(Method::GET, "/private", &[("cookie", &header)]).await.status(),
        401
    );
}

#[tokio::test]
async fn c37_a_login_over_another_user_leaves_nothing_of_them() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let token = browser.open("/token").await.json()["token"].clone();
    assert_eq!(browser.login_as("bob").await.text(), "Hello, Bob Builder!");
    assert_ne!(browser.open("/token").await.json()["token"], token);
    assert!(!browser.open("/profile").await.text().contains("alice"));
}

#[tokio::test]
async fn s33_v4_a_login_that_fails_leaves_the_session_alone() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let session = browser.cookies();
    browser.open("/auth/login").await;
    assert_eq!(browser.open("/").await.text(), "Hello, Alice Liddell!");
    browser.open("/auth/login").await;
    assert_eq!(browser.click("Cancel").await.status(), 403);
    assert_eq!(browser.open("/").await.text(), "Hello, Alice Liddell!");
    assert!(browser.cookies().contains(&session[0]));
}

#[tokio::test]
async fn k17_idle_and_absolute_ends_are_the_servers() {
    let setup = Setup::new();
    let auth = setup
        .builder()
        .idle_lifetime(HOUR)
        .absolute_lifetime(HOUR * 5)
        .provider(setup.registration())
        .build()
        .unwrap();
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    for _ in 0..5 {
        setup.clock.advance(HOUR - Duration::from_secs(10));
        assert_eq!(
            browser.open("/private").await.text(),
            "private to sub-alice",
            "used within the hour"
        );
    }
    setup.clock.advance(Duration::from_secs(50));
    assert_eq!(browser.fetch("/private").await.status(), 401, "five hours are over");
    browser.login_as("alice").await;
    setup.clock.advance(HOUR);
    assert_eq!(browser.fetch("/private").await.status(), 401, "an hour without a request");
    assert_eq!(browser.open("/").await.text(), "Hello, stranger!");
}

#[tokio::test]
async fn using_a_session_writes_at_most_ten_times_per_idle_lifetime() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let auth = setup
        .builder()
        .idle_lifetime(HOUR)
        .store(store.clone())
        .provider(setup.registration())
        .build()
        .unwrap();
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    for _ in 0..360 {
        setup.clock.advance(Duration::from_secs(10));
        browser.open("/private").await;
    }
    assert!(store.count(Operation::Swap) <= 10, "{} writes", store.count(Operation::Swap));
    assert!(store.count(Operation::Swap) >= 8);
}

#[tokio::test]
async fn a_touch_that_fails_does_no_harm() {
    let setup = Setup::new();
    let store = FailingStore::new(setup.clock.clone());
    let auth = setup
        .builder()
        .idle_lifetime(HOUR)
        .store(store.clone())
        .provider(setup.registration())
        .build()
        .unwrap();
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    store.fail(&[Operation::Swap]);
    setup.clock.advance(HOUR / 2);
    assert_eq!(browser.open("/private").await.text(), "private to sub-alice");
}

#[tokio::test]
async fn p04_a_session_that_cannot_be_saved_signs_nobody_in() {
    let setup = Setup::new();
    let store = FailingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let mut browser = setup.browser(&auth);
    browser.open("/private").await;
    store.fail(&[Operation::Create]);
    let page = browser.click("Alice").await;
    assert_eq!(page.status(), 503);
    assert!(browser.cookies().is_empty());
    store.fail(&[]);
    browser.click("Try again").await;
    assert_eq!(browser.click("Alice").await.text(), "private to sub-alice");
}

/// Two applications of one company, with one secret and one store: what one signed in, the other does not know.
#[tokio::test]
async fn k13_another_application_with_the_same_secret_and_store_knows_nobody() {
    let setup = Setup::new();
    for in_process in [true, false] {
        let (memory, bytes) =
            (CountingStore::new(setup.clock.clone()), BytesStore::new(setup.clock.clone()));
        let application = |base_url: &str| {
            let builder = tower_oauth::Auth::builder(base_url)
                .http_client(setup.provider.http_client())
                .clock(std::sync::Arc::new(setup.clock.clone()))
                .secret(secret("of the company"))
                .provider(setup.registration());
            let builder = if in_process {
                builder.store(memory.clone())
            } else {
                builder.store(bytes.clone())
            };
            builder.build().unwrap()
        };
        let (one, other) =
            (application(tower_oauth_tests::BASE_URL), application("https://other.example"));
        let mut browser = setup.browser(&one);
        browser.login_as("alice").await;
        let header = format!("__Host-auth={}", browser.cookies()[0].1);
        let elsewhere = setup.browser(&other);
        let page = elsewhere.request(Method::GET, "/private", &[("cookie", &header)]).await;
        assert_eq!(page.status(), 401, "in process: {in_process}");
    }
}

/// A provider that is taken out of the configuration no longer vouches for anybody.
#[tokio::test]
async fn sessions_of_a_provider_that_is_gone_are_over() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let mut browser = setup.browser(&setup.auth_on(store.clone()));
    browser.login_as("alice").await;
    let header = format!("__Host-auth={}", browser.cookies()[0].1);
    let builder = setup.builder().store(store).provider(setup.registration().key("successor"));
    let later = setup.browser(&builder.build().unwrap());
    let page = later.request(Method::GET, "/private", &[("cookie", &header)]).await;
    assert_eq!(page.status(), 401);
}

#[tokio::test]
async fn k08_two_session_cookies_are_nobody() {
    let setup = Setup::new();
    let auth = setup.auth();
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    let own = browser.cookies()[0].1.clone();
    let other = "B".repeat(43);
    for (first, second) in [(&own, &other), (&other, &own)] {
        let header = format!("__Host-auth={first}; __Host-auth={second}");
        let stranger = setup.browser(&auth);
        let page = stranger.request(Method::GET, "/private", &[("cookie", &header)]).await;
        assert_eq!(page.status(), 401);
    }
}

/// A store outside the process: two replicas of the application share its bytes and a secret.
#[tokio::test]
async fn replicas_share_sessions_and_finish_each_others_logins() {
    let setup = Setup::new();
    let store = BytesStore::new(setup.clock.clone());
    let shared = secret("of the replicas");
    let replica = |secret: &str| {
        let builder = setup.builder().store(store.clone()).secret(secret);
        builder.provider(setup.registration()).build().unwrap()
    };
    let (one, two) = (replica(&shared), replica(&shared));
    let mut browser = setup.browser(&one);
    browser.open("/private").await;
    let header: Vec<_> = browser.cookies().iter().map(|(n, v)| format!("{n}={v}")).collect();
    setup.provider.approve_as(Some("alice"));
    let back = browser.request(Method::GET, browser.page().url().as_str(), &[]).await;
    let elsewhere = setup.browser(&two);
    let page =
        elsewhere.request(Method::GET, back.header("location"), &[("cookie", &header[0])]).await;
    assert_eq!(page.status(), 303, "finished at the other");
    let session = page.header("set-cookie").split(';').next().unwrap().to_owned();
    let read = |auth: &tower_oauth::Auth| {
        let (browser, session) = (setup.browser(auth), session.clone());
        async move { browser.request(Method::GET, "/profile", &[("cookie", &session)]).await }
    };
    let (here, there) = (read(&one).await, read(&two).await);
    assert_eq!(here.json()["subject"], "sub-alice");
    assert_eq!(here.json(), there.json());
    let foreign = read(&replica(&secret("another"))).await;
    assert_eq!(foreign.status(), 401, "another secret opens nothing");
}

#[tokio::test]
async fn p20_what_a_store_keeps_tells_nothing() {
    let setup = Setup::new();
    let store = BytesStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    let token = browser.open("/token").await.json()["token"].as_str().unwrap().to_owned();
    let id = browser.cookies()[0].1.clone();
    assert!(!store.written().is_empty());
    for bytes in store.written() {
        for secret in [token.as_str(), &id, "alice", "Liddell", "op.example"] {
            assert!(
                !bytes.windows(secret.len()).any(|window| window == secret.as_bytes()),
                "{secret}"
            );
        }
    }
}
