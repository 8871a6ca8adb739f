//! What the server keeps, and what errors, logs and `Debug` show.

use std::error::Error as _;

use ::redis::Value;
use tower_oauth::session::SessionStore;
use tower_oauth_redis::RedisStore;
use tower_oauth_test::ManualClock;
use tower_oauth_tests::servers::{RedisServer, text};
use tower_oauth_tests::{Captured, Setup};

use super::key;

#[tokio::test]
async fn p20_what_the_server_keeps_tells_nothing() {
    let (setup, server) = (Setup::new(), RedisServer::start());
    let options = RedisStore::options().clock(setup.clock.clone());
    let store = options.connect(&server.url()).await.unwrap();
    let builder = setup.builder().store(store).provider(setup.registration());
    let auth = builder.login_state(tower_oauth::LoginState::Stored).build().unwrap();
    let mut browser = setup.browser(&auth);
    browser.open("/private").await;
    let attempts = browser.cookies();
    browser.login_as("alice").await;
    let token = browser.open("/token").await.json()["token"].as_str().unwrap().to_owned();
    let mut secrets = vec![token, setup.provider.issuer().to_owned()];
    let cookies = attempts.into_iter().chain(browser.cookies()).map(|(_, value)| value);
    // How many logins led to the next is a digit in a cookie, and no secret.
    secrets.extend(cookies.filter(|value| value.len() > 1));
    secrets.extend(["alice", "Liddell", "op.example"].map(str::to_owned));

    let Value::Array(keys) = server.query(&["KEYS", "*"]) else { panic!("no list") };
    assert!(keys.len() >= 4, "session, index, mark, attempt: {keys:?}");
    for key in keys.iter().map(text) {
        let Value::BulkString(dump) = server.query(&["DUMP", &key]) else { panic!("no dump") };
        let kept = [key.as_bytes(), dump.as_slice()].concat();
        for secret in &secrets {
            let found = kept.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} in {key}");
        }
    }
}

#[tokio::test]
async fn g05_no_password_in_an_error_or_a_debug_output() {
    const PASSWORD: &str = "hunter2";
    let server = RedisServer::start_with(&["--requirepass", "another"]);
    let captured = Captured::default();
    let _guard = captured.listen(tracing::Level::TRACE);
    let (port, free) = (server.port(), tower_oauth_tests::servers::free_port());
    let mut texts = Vec::new();
    for url in [
        format!("redis://:{PASSWORD}@127.0.0.1:{port}"),
        format!("redis://:{PASSWORD}@127.0.0.1:{port}/?protocol=resp3"),
        format!("redis://:{PASSWORD}@127.0.0.1:{port}/no-number"),
        format!("redis://:{PASSWORD}@127.0.0.1:{free}"),
        format!("redis://:{PASSWORD}@"),
        format!("redis://user:{PASSWORD}/@127.0.0.1"),
        format!("http://user:{PASSWORD}@127.0.0.1"),
        format!("rediss://:{PASSWORD}@127.0.0.1:{port}#insecure"),
        format!("rediss://:{PASSWORD}@127.0.0.1:{port}"),
        PASSWORD.to_owned(),
    ] {
        let errors = [
            RedisStore::connect(&url).await.unwrap_err(),
            RedisStore::connect_cluster([&url]).await.unwrap_err(),
        ];
        texts.extend(errors.iter().map(|error| format!("{error} {error:?}")));
    }
    let url = format!("redis://:another@127.0.0.1:{port}");
    let options = RedisStore::options().client_certificate(PASSWORD, PASSWORD);
    texts.push(format!("{options:?}"));
    let store = RedisStore::options().clock(ManualClock::new()).connect(&url).await.unwrap();
    texts.push(format!("{store:?}"));
    server.stop();
    let error = store.load(&key()).await.unwrap_err();
    texts.push(format!("{error} {error:?} {}", error.source().unwrap()));
    texts.push(captured.take());
    for text in texts {
        assert!(!text.contains(PASSWORD) && !text.contains("another"), "{text}");
    }
}
