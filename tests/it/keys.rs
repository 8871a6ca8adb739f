//! What is drawn and what is sealed: session ids, nonces, and secrets that are rotated under live sessions.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tower_oauth::session::SessionId;
use tower_oauth::{Auth, AuthBuilder, SystemRandom};
use tower_oauth_core::{KeyRing, Purpose};
use tower_oauth_test::TestBrowser;
use tower_oauth_tests::{BytesStore, Setup, secret};

#[test]
fn k07_a_hundred_thousand_ids_of_the_system_are_distinct_and_without_structure() {
    const IDS: u32 = 100_000;
    let random = SystemRandom::default();
    let mut seen = HashSet::new();
    let mut ones = vec![0_u32; 43 * 7];
    for _ in 0..IDS {
        let id = SessionId::generate(&random).unwrap().cookie_value();
        for (place, letter) in id.bytes().enumerate() {
            for bit in 0..7 {
                ones[place * 7 + bit] += u32::from(letter >> bit & 1);
            }
        }
        assert!(seen.insert(id), "an id was seen before");
    }
    // Each of the 64 letters is equally likely at each place but the last, which holds 4 bits. Each of their 7 bits
    // is then set as often as it is in the alphabet; 1000 is more than six standard deviations.
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (place, count) in ones.iter().enumerate().take(42 * 7) {
        let set = alphabet.iter().filter(|letter| **letter >> (place % 7) & 1 == 1).count();
        let expected = IDS / 64 * u32::try_from(set).unwrap();
        assert!(count.abs_diff(expected) < 1000, "bit {place}: {count} and not {expected}");
    }
}

#[test]
fn k14_a_million_seals_have_a_million_nonces() {
    let ring = KeyRing::new("secret", secret("of this test").as_bytes()).unwrap();
    let random = SystemRandom::default();
    let mut nonces = HashSet::new();
    for _ in 0..1 << 20 {
        let sealed = ring.seal(Purpose::Session, b"", b"", &random).unwrap();
        // After the format and the key's id.
        nonces.insert(<[u8; 12]>::try_from(&sealed[5..17]).unwrap());
    }
    assert_eq!(nonces.len(), 1 << 20);
}

/// An application on `store` with these secrets, the newest first.
fn with_secrets(setup: &Setup, store: &BytesStore, secrets: &[&str]) -> Auth {
    let builder = setup.builder().random(Arc::new(SystemRandom::default())).store(store.clone());
    let builder = builder.idle_lifetime(Duration::from_secs(3600));
    let builder = secrets.iter().map(|name| secret(name)).fold(builder, AuthBuilder::secret);
    builder.provider(setup.registration()).build().unwrap()
}

async fn status(setup: &Setup, auth: &Auth, browser: &TestBrowser) -> u16 {
    let (name, value) = browser.cookies().remove(0);
    let header = format!("{name}={value}");
    let page = setup.browser(auth).request(Method::GET, "/private", &[("cookie", &header)]).await;
    page.status().as_u16()
}

#[tokio::test]
async fn k15_rotating_the_secret_signs_nobody_out_and_the_next_write_takes_the_new_one() {
    let setup = Setup::new();
    let store = BytesStore::new(setup.clock.clone());
    let [old, both, new] = [&["old"][..], &["new", "old"], &["new"]]
        .map(|secrets| with_secrets(&setup, &store, secrets));
    let mut browser = setup.browser(&old);
    browser.login_as("alice").await;
    assert_eq!(
        status(&setup, &new, &browser).await,
        401,
        "the new secret alone opens nothing of it"
    );
    assert_eq!(status(&setup, &both, &browser).await, 200);
    assert_eq!(
        status(&setup, &old, &browser).await,
        200,
        "reading changes nothing: replicas roll one by one"
    );
    setup.clock.advance(Duration::from_secs(1800));
    let written = store.written().len();
    assert_eq!(status(&setup, &both, &browser).await, 200);
    assert_eq!(store.written().len(), written + 1, "the session was touched");
    assert_eq!(status(&setup, &new, &browser).await, 200, "and is sealed by the new secret now");
    assert_eq!(status(&setup, &old, &browser).await, 401);
}

#[tokio::test]
async fn k15_taking_the_old_secret_away_signs_out_cleanly() {
    let setup = Setup::new();
    let store = BytesStore::new(setup.clock.clone());
    let (old, new) =
        (with_secrets(&setup, &store, &["old"]), with_secrets(&setup, &store, &["new"]));
    let mut before = setup.browser(&old);
    before.login_as("alice").await;
    let mut browser = setup.browser(&new);
    browser.plant_cookie("__Host-auth", &before.cookies()[0].1);
    assert_eq!(browser.open("/").await.text(), "Hello, stranger!");
    assert_eq!(browser.fetch("/private").await.status(), 401);
    assert_eq!(browser.login_as("alice").await.text(), "Hello, Alice Liddell!");
}
