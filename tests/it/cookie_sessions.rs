//! Sessions in cookies: what holds without a store, what holds with a list of revoked ones, and what does not.

use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use http::Method;
use serde_json::{Value, json};
use tower_oauth::extract::RejectionKind;
use tower_oauth::provider::UserInfo;
use tower_oauth::{Auth, AuthBuilder, LoginState, MemoryStore, Rejection, SystemRandom, Tokens};
use tower_oauth_test::{Answer, Endpoint, Page, TestBrowser, TestUser};
use tower_oauth_tests::{BASE_URL, CountingStore, FailingStore, Operation, Setup, secret};

use crate::login::callback_url;
use crate::secrets::Captured;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn in_cookies(setup: &Setup) -> AuthBuilder {
    let builder = setup.builder().random(Arc::new(SystemRandom::default()));
    builder.secret(secret("of the application")).cookie_sessions()
}

fn auth(setup: &Setup) -> Auth {
    in_cookies(setup).provider(setup.registration()).build().unwrap()
}

fn revocable(setup: &Setup, store: impl tower_oauth::session::SessionStore) -> Auth {
    in_cookies(setup).revoked_sessions(store).provider(setup.registration()).build().unwrap()
}

/// The `Cookie` header that this browser sends for its session.
fn session_cookie(browser: &TestBrowser) -> String {
    let cookies = browser.cookies();
    let (name, value) = cookies.iter().find(|(name, _)| name == "__Host-auth").unwrap();
    format!("{name}={value}")
}

/// What `path` answers to somebody who has nothing but this `Cookie` header.
async fn with_cookie(setup: &Setup, auth: &Auth, path: &str, header: &str) -> Page {
    setup.browser(auth).request(Method::GET, path, &[("cookie", header)]).await
}

async fn is_signed_in(setup: &Setup, auth: &Auth, header: &str) -> bool {
    let page = with_cookie(setup, auth, "/private", header).await;
    assert!([200, 401].contains(&page.status().as_u16()), "{}", page.text());
    page.status() == 200
}

/// The `Set-Cookie` of the session that a login of `user` ends with.
async fn set_cookie(setup: &Setup, auth: &Auth, user: &str) -> String {
    setup.provider.approve_as(Some(user));
    let browser = setup.browser(auth);
    let callback = callback_url(&browser, "/auth/login").await;
    let page = browser.request(Method::GET, &callback, &[]).await;
    assert_eq!(page.status(), 303, "{}", page.text());
    page.header("set-cookie").to_owned()
}

/// A provider whose user `carol` is in groups, whose names take `bytes`.
fn with_groups(bytes: usize) -> Setup {
    let carol = TestUser::new("sub-carol").with_claim("groups", json!(["g".repeat(bytes)]));
    Setup::with(|op| op.user(carol))
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
        for name in ["aud", "exp", "iat"] {
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
async fn k01_k24_the_cookie_has_its_attributes_and_fits() {
    let setup = Setup::new();
    let cookie = set_cookie(&setup, &auth(&setup), "alice").await;
    assert!(cookie.starts_with("__Host-auth="), "{cookie}");
    assert!(
        cookie.ends_with("; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure"),
        "{cookie}"
    );
    assert!(cookie.len() < 1500, "{} bytes", cookie.len());
}

/// Up to the last byte that a browser holds a login succeeds, and the next one fails with a reason.
#[tokio::test]
async fn k24_a_session_that_does_not_fit_is_refused_by_name() {
    let (mut fits, mut fails) = (1000, 4000);
    let mut longest = 0;
    while fails - fits > 1 {
        let middle = usize::midpoint(fits, fails);
        let setup = with_groups(middle);
        setup.provider.approve_as(Some("sub-carol"));
        let auth = auth(&setup);
        let browser = setup.browser(&auth);
        let callback = callback_url(&browser, "/auth/login").await;
        let page = browser.request(Method::GET, &callback, &[]).await;
        if page.status() == 303 {
            (fits, longest) = (middle, page.header("set-cookie").len());
        } else {
            assert_eq!(
                (page.status().as_u16(), &page.json()["code"]),
                (500, &json!("session_too_large"))
            );
            assert_eq!(
                page.headers().get_all("set-cookie").iter().count(),
                1,
                "the attempt is cleared"
            );
            fails = middle;
        }
    }
    assert!((4094..=4096).contains(&longest), "{longest}");

    let events = Captured::default();
    let _guard = events.listen(tracing::Level::TRACE);
    let setup = with_groups(fails);
    let mut browser = setup.browser(&auth(&setup));
    let page = browser.login_as("carol").await;
    assert!(page.text().contains("session_too_large") && page.text().contains("does not fit"));
    let events = events.take();
    // `"groups"["…"]` in base64.
    let bytes = ((fails + 12) * 4).div_ceil(3);
    let expected =
        format!("and 4096 fit; {bytes} of them are the claim `groups`: ask for fewer scopes");
    assert!(events.contains(&expected) && events.contains("the session needs 409"), "{events}");
    assert!(!events.contains("ggg") && !page.text().contains("ggg"), "{events}");
}

/// Whether somebody can sign in does not depend on where they came from.
#[tokio::test]
async fn k24_the_page_to_return_to_is_the_first_thing_to_go() {
    let setup = with_groups(2000);
    setup.provider.approve_as(Some("sub-carol"));
    let mut browser = setup.browser(&auth(&setup));
    let target = format!("/private/{}", "x".repeat(900));
    let callback = callback_url(&browser, &format!("/auth/login?return_to={target}")).await;
    let page = browser.open(&callback).await;
    assert_eq!(
        (page.url().path(), page.text().as_str()),
        (target.as_str(), "private to sub-carol")
    );
    let reloaded = browser.request(Method::GET, &callback, &[]).await;
    assert_eq!((reloaded.status().as_u16(), reloaded.header("location")), (303, "/"));
}

#[tokio::test]
async fn v4_a_login_that_does_not_fit_leaves_the_earlier_session() {
    let setup = with_groups(4000);
    for in_list in [false, true] {
        let store = CountingStore::new(setup.clock.clone());
        let auth = if in_list { revocable(&setup, store.clone()) } else { auth(&setup) };
        let mut browser = setup.browser(&auth);
        browser.login_as("alice").await;
        assert_eq!(browser.login_as("carol").await.status(), 500);
        assert_eq!(browser.open("/").await.text(), "Hello, Alice Liddell!");
        assert_eq!(store.count(Operation::Create), 0);
    }
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

/// Another replica without a list of its own knows nothing of the attempt's use; the provider does.
#[tokio::test]
async fn c18_a_replay_at_another_replica_is_stopped_by_the_provider() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let marks = CountingStore::new(setup.clock.clone());
    for (one, two, code) in [
        (auth(&setup), auth(&setup), "code_rejected"),
        (revocable(&setup, marks.clone()), revocable(&setup, marks), "state_invalid"),
    ] {
        let mut browser = setup.browser(&one);
        let callback = callback_url(&browser, "/auth/login").await;
        let attempt = browser.cookies().remove(0);
        assert_eq!(browser.open(&callback).await.text(), "Hello, Alice Liddell!");
        let header = format!("{}={}", attempt.0, attempt.1);
        assert_eq!(with_cookie(&setup, &two, &callback, &header).await.json()["code"], code);
    }
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
    assert_eq!(victim.cookies().len(), 1);
    assert_eq!(victim.open("/").await.text(), "Hello, Alice Liddell!");
    assert_eq!(attacker.open("/").await.text(), "Hello, Bob Builder!");
}

#[tokio::test]
async fn k08_two_session_cookies_are_nobody_and_signing_out_ends_both() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let auth = revocable(&setup, store.clone());
    let (mut one, mut two) = (setup.browser(&auth), setup.browser(&auth));
    one.login_as("alice").await;
    two.login_as("bob").await;
    let (own, other) = (session_cookie(&one), session_cookie(&two));
    for header in [format!("{own}; {other}"), format!("{other}; {own}")] {
        assert!(!is_signed_in(&setup, &auth, &header).await);
    }
    assert!(is_signed_in(&setup, &auth, &format!("{own}; {own}")).await, "twice the same is one");
    let header = format!("{own}; {other}");
    let headers = [("cookie", header.as_str()), ("sec-fetch-site", "same-origin")];
    let page = setup.browser(&auth).request(Method::POST, "/auth/logout", &headers).await;
    assert_eq!(page.status(), 204);
    assert!(!is_signed_in(&setup, &auth, &own).await && !is_signed_in(&setup, &auth, &other).await);
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

/// The limit that comes with having no list: only this browser forgets.
#[tokio::test]
async fn k25_without_a_list_a_copy_outlives_the_sign_out_until_its_end() {
    let setup = Setup::new();
    let auth = auth(&setup);
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    let copy = session_cookie(&browser);
    let page = browser.post("/auth/logout", &[]).await;
    assert_eq!((page.url().path(), page.status().as_u16()), ("/auth/logged-out", 200));
    assert!(browser.cookies().is_empty());
    assert_eq!(browser.open("/").await.text(), "Hello, stranger!");
    assert!(is_signed_in(&setup, &auth, &copy).await);
    setup.clock.advance(DAY);
    assert!(!is_signed_in(&setup, &auth, &copy).await);
}

#[tokio::test]
async fn v5_l08_with_a_list_a_copy_is_worth_nothing_after_the_sign_out() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let (auth, replica) = (revocable(&setup, store.clone()), revocable(&setup, store.clone()));
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    let copy = session_cookie(&browser);
    assert!(is_signed_in(&setup, &replica, &copy).await);
    browser.post("/auth/logout", &[]).await;
    assert!(
        !is_signed_in(&setup, &auth, &copy).await && !is_signed_in(&setup, &replica, &copy).await
    );
    // L11: a second time, from the copy, is fine.
    let headers = [("cookie", copy.as_str()), ("sec-fetch-site", "same-origin")];
    let page = setup.browser(&auth).request(Method::POST, "/auth/logout", &headers).await;
    assert_eq!(page.status(), 204);
    setup.clock.advance(DAY - Duration::from_secs(1));
    assert!(!is_signed_in(&setup, &auth, &copy).await, "remembered until its end");
    setup.clock.advance(Duration::from_secs(1));
    let written = store.count(Operation::Create);
    setup.browser(&auth).request(Method::POST, "/auth/logout", &headers).await;
    assert_eq!(store.count(Operation::Create), written, "what is over needs no place in the list");
    // K04: a new login ends the session that it replaces.
    browser.login_as("alice").await;
    let earlier = session_cookie(&browser);
    browser.login_as("bob").await;
    assert!(!is_signed_in(&setup, &auth, &earlier).await);
    assert_eq!(browser.open("/").await.text(), "Hello, Bob Builder!");
}

#[tokio::test]
async fn p06_l03_v7_a_list_that_fails_is_neither_nobody_nor_a_sign_out() {
    let setup = Setup::new();
    let store = FailingStore::new(setup.clock.clone());
    let auth = revocable(&setup, store.clone());
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    let copy = session_cookie(&browser);
    store.fail(&[Operation::Load]);
    for path in ["/", "/private"] {
        let page = browser.request(Method::GET, path, &[]).await;
        assert_eq!((page.status().as_u16(), page.header("set-cookie")), (503, ""), "{path}");
    }
    assert_eq!(browser.fetch("/public").await.status(), 200);
    store.fail(&[Operation::Create]);
    let page = browser.post("/auth/logout", &[]).await;
    assert_eq!(page.status(), 503);
    assert!(browser.cookies().is_empty(), "this browser forgets the session all the same");
    store.fail(&[]);
    assert!(is_signed_in(&setup, &auth, &copy).await, "which is why it was no success");
}

#[tokio::test]
async fn a_list_is_asked_once_by_requests_that_ask_for_the_user_and_never_by_strangers() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let auth = revocable(&setup, store.clone());
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    assert_eq!((store.count(Operation::MarkOnce), store.count(Operation::Create)), (1, 0));
    let before = store.total();
    browser.open("/public").await;
    assert_eq!(store.total(), before);
    browser.open("/private").await;
    assert_eq!(store.total(), before + 1);
    // q01: what does not open is not looked for.
    let long = "A".repeat(60_000);
    for value in ["", "A", &"A".repeat(43), &"A".repeat(1000), &long] {
        assert!(!is_signed_in(&setup, &auth, &format!("__Host-auth={value}")).await);
    }
    assert_eq!(store.total(), before + 1);
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

/// A token that would outlive the sign-out is given back, whatever copies of the cookie there are.
#[tokio::test]
async fn signing_out_revokes_a_token_that_never_ends() {
    let setup = Setup::new();
    let forever = Answer::modify(|response| {
        let mut body: Value = serde_json::from_slice(response.body()).unwrap();
        body.as_object_mut().unwrap().remove("expires_in");
        *response.body_mut() = body.to_string().into();
    });
    setup.provider.answer_always(Endpoint::Token, forever);
    let mut browser = setup.browser(&auth(&setup));
    browser.login_as("alice").await;
    let token = browser.fetch("/token").await.json()["token"].clone();
    browser.post("/auth/logout", &[]).await;
    while setup.provider.requests_to(Endpoint::Revocation).is_empty() {
        tokio::task::yield_now().await;
    }
    let request = setup.provider.requests_to(Endpoint::Revocation).remove(0);
    assert_eq!(request.form().get("token"), token.as_str());
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

/// What a typical session takes, so that a change which doubles it is noticed.
#[tokio::test]
async fn k24_typical_sessions_fit() {
    let setup = Setup::with(|op| op.claims_in_id_token(true));
    // An access token that is a JWT of 1200 bytes, and a profile from the ID token.
    setup.provider.answer_always(
        Endpoint::Token,
        Answer::modify(|response| {
            let mut body: Value = serde_json::from_slice(response.body()).unwrap();
            body["access_token"] = "x".repeat(1200).into();
            *response.body_mut() = body.to_string().into();
        }),
    );
    setup.provider.modify_id_token(|_, claims| drop(claims.remove("at_hash")));
    let registration = setup.registration().quirks(|quirks| quirks.userinfo = UserInfo::IdToken);
    let with_jwt = in_cookies(&setup).provider(registration).build().unwrap();
    let with_jwt = set_cookie(&setup, &with_jwt, "alice").await.len();
    let setup = Setup::new();
    let plain = set_cookie(&setup, &auth(&setup), "alice").await.len();
    assert!((1000..1400).contains(&plain), "{plain}");
    assert!((2500..3100).contains(&with_jwt), "{with_jwt}");
}
