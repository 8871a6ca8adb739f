//! Sessions in cookies: what holds as it does with a store, what does not open, what is refused at start.

use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use http::Method;
use serde_json::Value;
use tower_oauth::extract::RejectionKind;
use tower_oauth::{Auth, AuthBuilder, LoginState, MemoryStore, Rejection, SystemRandom, Tokens};
use tower_oauth_test::{Answer, Endpoint, Page, TestBrowser};
use tower_oauth_tests::{BASE_URL, CountingStore, Setup, secret};

use crate::login::callback_url;
use tower_oauth_tests::Captured;

pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);

pub(crate) fn in_cookies(setup: &Setup) -> AuthBuilder {
    let builder = setup.builder().random(Arc::new(SystemRandom::default()));
    builder.secret(secret("of the application")).cookie_sessions()
}

pub(crate) fn auth(setup: &Setup) -> Auth {
    in_cookies(setup).provider(setup.registration()).build().unwrap()
}

pub(crate) fn revocable(setup: &Setup, store: impl tower_oauth::session::SessionStore) -> Auth {
    in_cookies(setup).revoked_sessions(store).provider(setup.registration()).build().unwrap()
}

/// The `Cookie` header that this browser sends for its session.
pub(crate) fn session_cookie(browser: &TestBrowser) -> String {
    let cookies = browser.cookies();
    let (name, value) = cookies.iter().find(|(name, _)| name == "__Host-auth").unwrap();
    format!("{name}={value}")
}

/// What `path` answers to somebody who has nothing but this `Cookie` header.
pub(crate) async fn with_cookie(setup: &Setup, auth: &Auth, path: &str, header: &str) -> Page {
    setup.browser(auth).request(Method::GET, path, &[("cookie", header)]).await
}

pub(crate) async fn is_signed_in(setup: &Setup, auth: &Auth, header: &str) -> bool {
    let page = with_cookie(setup, auth, "/private", header).await;
    assert!([200, 401].contains(&page.status().as_u16()), "{}", page.text());
    page.status() == 200
}

#[tokio::test]
async fn a_session_in_a_cookie_tells_what_one_in_a_store_does() {
    let setup = Setup::with(|op| op.claims_in_id_token(true));
    let mut pages = Vec::new();
    for auth in [setup.auth(), auth(&setup)] {
        let mut browser = setup.browser(&auth);
        assert_eq!(browser.login_as("alice").await.text(), "Hello, Alice Liddell!");
        let mut profile = browser.open("/profile").await.json();
        let token = browser.open("/token").await.json();
        let claims = profile["claims"].as_object_mut().unwrap();
        claims.remove("sid").unwrap();
        claims.remove("auth_time");
        for name in ["aud", "exp"] {
            assert_eq!(claims.remove(name).is_some(), pages.is_empty(), "{name}");
        }
        pages.push((profile, token["expires_in"].clone(), token["scopes"].clone()));
        let request = http::Request::get(setup.provider.url(Endpoint::UserInfo))
            .header("authorization", format!("Bearer {}", token["token"].as_str().unwrap()))
            .body(bytes::Bytes::new())
            .unwrap();
        assert_eq!(setup.provider.handle(request).status(), 200);
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn c16_c17_a_callback_again_goes_on_or_is_refused() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = auth(&setup);
    let mut browser = setup.browser(&auth);
    let callback = callback_url(&browser, "/auth/login?return_to=/private").await;
    let attempt = browser.cookies().remove(0);
    browser.open(&callback).await;
    let again = browser.request(Method::GET, &callback, &[]).await;
    assert_eq!((again.status().as_u16(), again.header("location")), (303, "/private"));
    // The attempt's cookie, sent again from a copy: the process remembers that it was used.
    let header = format!("{}={}", attempt.0, attempt.1);
    let replayed = with_cookie(&setup, &auth, &callback, &header).await;
    assert_eq!(replayed.json()["code"], "state_invalid");
    assert_eq!(setup.provider.requests_to(Endpoint::Token).len(), 1);
}

#[tokio::test]
async fn k04_k05_each_login_has_a_new_session_and_planted_ones_are_never_adopted() {
    let setup = Setup::new();
    let auth = auth(&setup);
    for planted in ["A".repeat(43), "A".repeat(1200), "AQ".into(), String::new()] {
        let mut browser = setup.browser(&auth);
        browser.plant_cookie("__Host-auth", &planted);
        assert_eq!(browser.open("/").await.text(), "Hello, stranger!");
        assert_eq!(browser.login_as("alice").await.text(), "Hello, Alice Liddell!");
        assert_ne!(browser.cookies()[0].1, planted);
    }
    // The attacker's own live session in the victim's browser: the victim's login replaces it there.
    let mut attacker = setup.browser(&auth);
    attacker.login_as("bob").await;
    let mut victim = setup.browser(&auth);
    victim.plant_cookie("__Host-auth", &attacker.cookies()[0].1);
    victim.login_as("alice").await;
    let sessions = victim.cookies().into_iter().filter(|(name, _)| name == "__Host-auth");
    assert_eq!(sessions.count(), 1);
    assert_eq!(victim.open("/").await.text(), "Hello, Alice Liddell!");
    assert_eq!(attacker.open("/").await.text(), "Hello, Bob Builder!");
}

#[tokio::test]
async fn k12_whatever_is_changed_or_cut_is_nobody() {
    let setup = Setup::new();
    let auth = auth(&setup);
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    let header = session_cookie(&browser);
    assert!(is_signed_in(&setup, &auth, &header).await);
    let start = "__Host-auth=".len();
    for place in start..header.len() {
        let mut changed = header.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(!is_signed_in(&setup, &auth, &changed).await, "byte {place}");
    }
    for len in (start..header.len()).step_by(7).chain([header.len() - 1]) {
        assert!(!is_signed_in(&setup, &auth, &header[..len]).await, "{len} bytes");
    }
    for more in ["A", "AAAA", "=", "%41", "\u{20}A"] {
        assert!(!is_signed_in(&setup, &auth, &format!("{header}{more}")).await, "{more}");
    }
}

/// Every cookie in the place of every other, in both modes and between applications with one secret.
#[tokio::test]
async fn k13_a_cookie_of_another_purpose_or_application_is_nobody() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let company = secret("of the company");
    let builder = |base_url: &str| {
        Auth::builder(base_url)
            .http_client(setup.provider.http_client())
            .clock(Arc::new(setup.clock.clone()))
            .secret(&company)
            .provider(setup.registration())
    };
    let store = || MemoryStore::new(Arc::new(setup.clock.clone()));
    let applications = [
        builder(BASE_URL).cookie_sessions().build().unwrap(),
        builder(BASE_URL).store(store()).build().unwrap(),
        builder("https://other.example").cookie_sessions().build().unwrap(),
        builder("https://other.example").store(store()).build().unwrap(),
    ];
    for (number, own) in applications.iter().take(2).enumerate() {
        let mut browser = setup.browser(own);
        let callback = callback_url(&browser, "/auth/login").await;
        let (attempt_name, attempt) = browser.cookies().remove(0);
        assert!(!is_signed_in(&setup, own, &format!("__Host-auth={attempt}")).await, "an attempt");
        browser.login_as("alice").await;
        let session = session_cookie(&browser);
        assert!(is_signed_in(&setup, own, &session).await);
        let as_attempt = session.replace("__Host-auth", &attempt_name);
        let page = with_cookie(&setup, own, &callback, &as_attempt).await;
        assert_eq!(page.json()["code"], "state_invalid", "a session");
        for (other, auth) in applications.iter().enumerate().filter(|(other, _)| *other != number) {
            assert!(!is_signed_in(&setup, auth, &session).await, "{number} at {other}");
        }
    }
}

#[tokio::test]
async fn k15_rotating_the_secret_signs_nobody_out_and_taking_the_old_away_does() {
    let setup = Setup::new();
    let with = |names: &[&str]| {
        let builder = setup.builder().cookie_sessions().provider(setup.registration());
        names.iter().map(|name| secret(name)).fold(builder, AuthBuilder::secret).build().unwrap()
    };
    let (old, both, new) = (with(&["old"]), with(&["new", "old"]), with(&["new"]));
    let mut browser = setup.browser(&old);
    browser.login_as("alice").await;
    let before = session_cookie(&browser);
    assert!(is_signed_in(&setup, &both, &before).await);
    let mut browser = setup.browser(&both);
    browser.login_as("alice").await;
    let since = session_cookie(&browser);
    assert!(is_signed_in(&setup, &new, &since).await, "the first secret seals");
    assert!(!is_signed_in(&setup, &old, &since).await);
    assert!(!is_signed_in(&setup, &new, &before).await);
    let mut browser = setup.browser(&new);
    browser.plant_cookie("__Host-auth", before.trim_start_matches("__Host-auth="));
    assert_eq!(browser.open("/").await.text(), "Hello, stranger!");
    assert_eq!(browser.login_as("alice").await.text(), "Hello, Alice Liddell!");
}

#[tokio::test]
async fn k17_the_end_is_the_servers_and_never_moves() {
    let setup = Setup::new();
    let hour = Duration::from_secs(3600);
    for (auth, lifetime) in [
        (auth(&setup), DAY),
        (
            in_cookies(&setup)
                .absolute_lifetime(hour)
                .provider(setup.registration())
                .build()
                .unwrap(),
            hour,
        ),
    ] {
        let mut browser = setup.browser(&auth);
        browser.login_as("alice").await;
        let header = session_cookie(&browser);
        for _ in 0..2 {
            let page = with_cookie(&setup, &auth, "/private", &header).await;
            assert_eq!((page.status().as_u16(), page.header("set-cookie")), (200, ""));
            setup.clock.advance(lifetime / 2 - Duration::from_secs(1));
        }
        assert!(is_signed_in(&setup, &auth, &header).await);
        setup.clock.advance(Duration::from_secs(2));
        assert!(!is_signed_in(&setup, &auth, &header).await, "{lifetime:?}");
    }
}

#[tokio::test]
async fn k18_lifetimes_of_any_length_do_not_wrap() {
    let setup = Setup::new();
    let builder = in_cookies(&setup).absolute_lifetime(Duration::MAX);
    let auth = builder.provider(setup.registration()).build().unwrap();
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    setup.clock.advance(DAY * 36_500);
    assert_eq!(browser.open("/private").await.text(), "private to sub-alice");
}

#[tokio::test]
async fn k20_k21_strangers_get_no_cookie_and_pages_of_somebody_stay_private() {
    let setup = Setup::new();
    let auth = auth(&setup);
    let mut browser = setup.browser(&auth);
    for path in ["/", "/public", "/private"] {
        let page = browser.request(Method::GET, path, &[]).await;
        assert_eq!(page.header("set-cookie"), "", "{path}");
    }
    browser.login_as("alice").await;
    let page = browser.open("/private").await;
    assert_eq!(
        (page.header("vary"), page.header("cache-control")),
        ("cookie", "private, no-cache")
    );
    let cookie = session_cookie(&browser);
    let page = with_cookie(&setup, &auth, "/public", &cookie).await;
    assert_eq!((page.header("vary"), page.header("cache-control")), ("", ""));
}

/// Nothing but the browser has the session: a token that the API refused stays refused, and no job gets one.
#[tokio::test]
async fn j01_there_is_no_newer_token_and_none_for_a_job() {
    let setup = Setup::new();
    let auth = auth(&setup);
    let again = async |tokens: Tokens| -> Result<&'static str, Rejection> {
        tokens.refresh(&tokens.of("op").await?).await?;
        Ok("refreshed")
    };
    let app = axum::Router::new()
        .route("/again", get(again))
        .route("/handle", get(async |tokens: Tokens| tokens.session_handle().to_string()))
        .route("/", get(async || "signed in"))
        .layer(auth.layer());
    let mut browser = setup.browser_of(app);
    browser.login_as("alice").await;
    assert_eq!(browser.fetch("/again").await.json()["code"], "token_expired");
    let handle = browser.fetch("/handle").await.text().parse().unwrap();
    let refused = auth.tokens_of(handle).await.map(drop).unwrap_err();
    assert_eq!(refused.kind(), RejectionKind::LoginRequired);
    assert_eq!(setup.provider.requests_to(Endpoint::Token).len(), 1);
}

#[tokio::test]
async fn x04_j01_nothing_is_refreshed_and_no_expired_token_is_handed_out() {
    let setup = Setup::new();
    setup.provider.answer(
        Endpoint::Token,
        Answer::modify(|response| {
            let mut body: Value = serde_json::from_slice(response.body()).unwrap();
            body["refresh_token"] = "one that nobody asked for".into();
            *response.body_mut() = body.to_string().into();
        }),
    );
    let auth = auth(&setup);
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    assert_eq!(browser.fetch("/token").await.status(), 200);
    setup.clock.advance(Duration::from_secs(3600));
    assert_eq!(browser.fetch("/token").await.json()["code"], "token_expired");
    assert_eq!(browser.fetch("/private").await.status(), 200, "the session goes on");
    assert_eq!(setup.provider.requests_to(Endpoint::Token).len(), 1);
}

/// An application that changes over signs people out, and nothing else.
#[tokio::test]
async fn cookies_of_the_other_mode_are_nobody() {
    let setup = Setup::new();
    let stored = setup.builder().secret(secret("of the application"));
    let stored = stored.provider(setup.registration()).build().unwrap();
    let sealed = auth(&setup);
    for (from, to) in [(&stored, &sealed), (&sealed, &stored)] {
        let mut browser = setup.browser(from);
        browser.login_as("alice").await;
        let mut later = setup.browser(to);
        later.plant_cookie("__Host-auth", &browser.cookies()[0].1);
        assert_eq!(later.open("/").await.text(), "Hello, stranger!");
        assert_eq!(later.login_as("bob").await.text(), "Hello, Bob Builder!");
    }
}

#[tokio::test]
async fn sessions_of_a_provider_that_is_gone_are_over() {
    let setup = Setup::new();
    let mut browser = setup.browser(&auth(&setup));
    browser.login_as("alice").await;
    let successor = setup.registration().key("successor");
    let later = in_cookies(&setup).provider(successor).build().unwrap();
    assert!(!is_signed_in(&setup, &later, &session_cookie(&browser)).await);
}

#[tokio::test]
async fn g01_neither_events_nor_debug_tell_what_the_cookie_holds() {
    let events = Captured::default();
    let _guard = events.listen(tracing::Level::TRACE);
    let setup = Setup::new();
    let auth = revocable(&setup, CountingStore::new(setup.clock.clone()));
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    let cookie = browser.cookies()[0].1.clone();
    let token = browser.fetch("/token").await.json()["token"].as_str().unwrap().to_owned();
    browser.post("/auth/logout", &[]).await;
    let shown = events.take() + &format!("{auth:?}");
    assert!(shown.contains("signed in") && shown.contains("ended"), "{shown}");
    for hidden in [&cookie[..12], &token[..12], "Liddell", "alice@", &secret("of the application")]
    {
        assert!(!shown.contains(hidden), "{hidden}");
    }
}

#[test]
fn x08_what_cookies_cannot_hold_is_refused_at_start() {
    let setup = Setup::new();
    let store = || CountingStore::new(setup.clock.clone());
    let op = || setup.registration();
    let scopes = ["openid", "offline_access"];
    for (builder, start) in [
        (
            setup.builder().cookie_sessions().provider(op()),
            "secret: is required for sessions in cookies",
        ),
        (
            in_cookies(&setup).provider(op().offline_access()),
            "provider op: asks for a refresh token",
        ),
        (in_cookies(&setup).provider(op().scopes(scopes)), "provider op: asks for a refresh token"),
        (
            in_cookies(&setup).store(store()).provider(op()),
            "store: keeps no session when they are in cookies",
        ),
        (
            in_cookies(&setup).login_state(LoginState::Stored).provider(op()),
            "login_state: `Stored` needs a store",
        ),
        (
            in_cookies(&setup).idle_lifetime(DAY).provider(op()),
            "idle_lifetime: cannot end a session in a cookie",
        ),
        (
            in_cookies(&setup).absolute_lifetime(Duration::from_secs(59)).provider(op()),
            "absolute_lifetime: must be at least a minute",
        ),
        (
            setup.builder().revoked_sessions(store()).provider(op()),
            "revoked_sessions: is for `cookie_sessions`",
        ),
    ] {
        let error = builder.build().unwrap_err().to_string();
        assert!(error.starts_with(start), "{error}");
    }
    assert!(in_cookies(&setup).absolute_lifetime(DAY * 7).provider(op()).build().is_ok());
}
