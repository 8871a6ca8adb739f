//! Clocks that are wrong, that jump, and that differ: the application's, the provider's, those of replicas.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tower_oauth::{Clock, Timestamp};
use tower_oauth_test::{Answer, Endpoint, ManualClock, SeededRandom, Signing, TestBrowser};
use tower_oauth_tests::{CountingStore, Setup};

use crate::login::callback_url;
use tower_oauth_tests::Captured;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A clock that is off the test's own by so much.
fn off(setup: &Setup, by: i64) -> ManualClock {
    let clock = ManualClock::new();
    let now = setup.clock.now();
    let by_seconds = Duration::from_secs(by.unsigned_abs());
    clock.set(if by < 0 { now - by_seconds } else { now + by_seconds });
    clock
}

/// The application's clock against the provider's. The log says what to compare, and by how much it is off.
#[tokio::test]
async fn i42_the_application_is_off_by_up_to_ten_minutes() {
    for (by, reason) in [
        (-600, "issued 600 seconds from now"),
        (-61, "issued 61 seconds from now"),
        (-60, ""),
        (0, ""),
        (359, ""),
        (360, "expired 60 seconds ago"),
        (600, "expired 300 seconds ago"),
    ] {
        let captured = Captured::default();
        let _guard = captured.listen(tracing::Level::TRACE);
        let setup = Setup::with(|op| op.signing(Signing::Es256));
        setup.provider.approve_as(Some("alice"));
        let builder = setup.builder().clock(Arc::new(off(&setup, by)));
        let auth = builder.provider(setup.registration()).build().unwrap();
        let page = setup.browser(&auth).open("/auth/login").await;
        assert_eq!(page.status() == 200, reason.is_empty(), "{by}: {}", page.text());
        let events = captured.take();
        let is_named = events.contains(reason) && events.contains("compare this machine's clock");
        assert!(reason.is_empty() || is_named, "{by}: {events}");
    }
}

/// Logins at the edges of what clocks and their formats can say: as ever, or refused, and never a panic.
#[tokio::test]
async fn i22_k18_logins_at_odd_dates() {
    for (now, signs_in) in [
        (0, true),
        (1, true),
        ((1 << 31) - 1, true),
        (1 << 31, true),
        (1 << 32, true),
        (253_402_300_800, true),
        (1 << 53, true),
        (u64::MAX - 1000, false),
        (u64::MAX, false),
    ] {
        let setup = Setup::with(|op| op.signing(Signing::Es256));
        setup.provider.approve_as(Some("alice"));
        setup.clock.set(Timestamp::from_unix_seconds(now));
        let mut browser = setup.browser(&setup.auth());
        let page = browser.open("/auth/login").await;
        assert_eq!(page.text() == "Hello, Alice Liddell!", signs_in, "{now}: {}", page.text());
    }
    // No clock of its own: whatever the provider says lies in the future.
    let setup = Setup::with(|op| op.signing(Signing::Es256));
    setup.provider.approve_as(Some("alice"));
    let builder = setup.builder().clock(Arc::new(off(&setup, -1_770_000_000)));
    let auth = builder.provider(setup.registration()).build().unwrap();
    let page = setup.browser(&auth).open("/auth/login").await;
    assert!(page.text().contains("id_token"), "{}", page.text());
}

/// A jump while a login is under way. Backwards it lives longer, by no more than the jump; forwards it ends early.
#[tokio::test]
async fn c07_a_login_during_a_jump_of_the_clock() {
    for (jump, waits, finishes) in [
        (-(HOUR as i64), 0, true),
        (-(HOUR as i64), HOUR + 9 * MINUTE, true),
        (-(HOUR as i64), HOUR + 10 * MINUTE, false),
        (2 * HOUR as i64, 0, false),
        (9 * MINUTE as i64, 59, true),
        (9 * MINUTE as i64, 60, false),
    ] {
        let setup = Setup::with(|op| op.signing(Signing::Es256));
        setup.provider.approve_as(Some("alice"));
        let auth = setup.auth();
        let mut browser = setup.browser(&auth);
        let start = browser.request(Method::GET, "/auth/login", &[]).await;
        let now = setup.clock.now();
        let by = Duration::from_secs(jump.unsigned_abs());
        setup.clock.set(if jump < 0 { now - by } else { now + by });
        setup.clock.advance(seconds(waits));
        let page = browser.open(start.header("location")).await;
        assert_eq!(page.status() == 200, finishes, "{jump} {waits}: {}", page.text());
        assert_eq!(browser.open("/auth/login").await.text(), "Hello, Alice Liddell!");
    }
}

/// Back-off, cooldown and the age of copies are counted by a clock that nobody sets.
#[tokio::test]
async fn d19_d25_a_jump_of_the_wall_clock_moves_no_timer() {
    let setup = Setup::with(|op| op.signing(Signing::Es256));
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    let mut browser = setup.browser(&auth);
    browser.open("/auth/login").await;
    let now = setup.clock.now();
    for jump in [now - seconds(48 * HOUR), now + seconds(48 * HOUR), now] {
        setup.clock.set(jump);
        browser.clear_cookies();
        assert_eq!(browser.open("/auth/login").await.text(), "Hello, Alice Liddell!");
    }
    assert_eq!(setup.provider.requests_to(Endpoint::Metadata).len(), 1);
    assert_eq!(setup.provider.requests_to(Endpoint::Jwks).len(), 1);
    setup.provider.answer_always(Endpoint::Jwks, Answer::status(500));
    setup.clock.advance(seconds(11 * MINUTE));
    for jump in [now - seconds(HOUR), now + seconds(HOUR), now] {
        setup.clock.set(jump);
        browser.clear_cookies();
        assert_eq!(browser.open("/auth/login").await.text(), "Hello, Alice Liddell!");
    }
    assert_eq!(setup.provider.requests_to(Endpoint::Jwks).len(), 2, "the back-off holds");
}

/// Two replicas whose clocks differ share sessions and logins, and still use an attempt once. Within the leeway either
/// finishes a login; beyond it the one that the provider's clock agrees with does.
#[tokio::test]
async fn c18_replicas_whose_clocks_differ_by_up_to_five_minutes() {
    for differs_by in [-240_i64, -60, 60, 240] {
        let setup = Setup::with(|op| op.signing(Signing::Es256));
        setup.provider.approve_as(Some("alice"));
        let store = CountingStore::new(setup.clock.clone());
        let replica = |clock: &ManualClock, seed| {
            let builder = setup.builder().clock(Arc::new(clock.clone())).store(store.clone());
            let builder = builder.random(Arc::new(SeededRandom::new(seed)));
            let builder = builder.secret(tower_oauth_tests::secret("of the replicas"));
            builder.provider(setup.registration()).build().unwrap()
        };
        let other_clock = off(&setup, differs_by);
        let (one, other) = (replica(&setup.clock, 1), replica(&other_clock, 2));
        let browser = setup.browser(&one);
        let callback = callback_url(&browser, "/auth/login").await;
        let attempt = cookie_header(&browser);
        let finishes = if differs_by.abs() > 60 { &one } else { &other };
        let tab = setup.browser(finishes);
        let page = tab.request(Method::GET, &callback, &[("cookie", &attempt)]).await;
        assert_eq!(page.status(), 303, "{differs_by}: {}", page.text());
        let session = cookie_header(&tab);
        // As late as the slower of them takes the attempt for a live one.
        for clock in [&setup.clock, &other_clock] {
            clock.advance(seconds(9 * MINUTE + 59 + differs_by.unsigned_abs()));
        }
        for auth in [&one, &other] {
            let tab = setup.browser(auth);
            let page = tab.request(Method::GET, "/private", &[("cookie", &session)]).await;
            assert_eq!(page.status(), 200, "{differs_by}");
            let page = tab.request(Method::GET, &callback, &[("cookie", &attempt)]).await;
            assert_eq!(page.status(), 400, "{differs_by}");
        }
        assert_eq!(setup.provider.requests_to(Endpoint::Token).len(), 1, "{differs_by}");
    }
}

fn cookie_header(browser: &TestBrowser) -> String {
    let cookies = browser.cookies();
    cookies.iter().map(|(name, value)| format!("{name}={value}; ")).collect()
}
