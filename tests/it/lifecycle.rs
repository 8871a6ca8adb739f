//! g08, g01: what an application is told of its logins, as events and as metrics: each thing once, under the names of
//! docs/events.md, and no secret.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tower_oauth::{Event, EventKind, SessionEnd};
use tower_oauth_test::{Answer, Endpoint, TestUser};
use tower_oauth_tests::{
    BASE_URL, Captured, FailingStore, Measured, Operation, Setup, callback_url, settle,
};

use crate::refresh::{LIFETIME, seconds};

const EVENTS: &str = include_str!("../../docs/events.md");
const SOURCES: [&str; 6] = [
    include_str!("../../crates/tower-oauth/src/events/metrics.rs"),
    include_str!("../../crates/tower-oauth/src/extract/rejection.rs"),
    include_str!("../../crates/tower-oauth/src/routes/mod.rs"),
    include_str!("../../crates/tower-oauth/src/tokens/mod.rs"),
    include_str!("../../crates/tower-oauth-core/src/client.rs"),
    include_str!("../../crates/tower-oauth/src/tokens/refresh.rs"),
];

/// The lines of an audit log.
#[derive(Clone, Default)]
struct Audit(Arc<Mutex<Vec<Value>>>);

impl Audit {
    fn observer(&self) -> impl Fn(&Event<'_>) + Send + Sync + use<> {
        let lines = Arc::clone(&self.0);
        move |event| lines.lock().unwrap().push(serde_json::to_value(event).unwrap())
    }

    /// What was told since the last call, without the time, which is the clock's.
    fn take(&self, setup: &Setup) -> Vec<Value> {
        let mut lines = std::mem::take(&mut *self.0.lock().unwrap());
        for line in &mut lines {
            let line = line.as_object_mut().unwrap();
            assert!(line.remove("at").unwrap().as_u64().unwrap() <= now(setup));
            if let Some(session) = line.get_mut("session") {
                assert_eq!(session.as_str().unwrap().len(), 8);
                *session = "8 letters".into();
            }
            if let Some(id) = line.get_mut("correlation_id") {
                assert_eq!(id.as_str().unwrap().len(), 16);
                *id = "16 digits".into();
            }
        }
        lines
    }
}

fn now(setup: &Setup) -> u64 {
    use tower_oauth::Clock as _;
    setup.clock.now().unix_seconds()
}

fn about_alice(event: &str, setup: &Setup) -> Value {
    json!({ "event": event, "provider": "op", "issuer": setup.provider.issuer(), "subject": TestUser::alice().subject(),
            "session": "8 letters" })
}

#[tokio::test]
async fn g08_an_observer_is_told_each_thing_once() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let store = FailingStore::new(setup.clock.clone());
    let audit = Audit::default();
    let (observer, failing) = (audit.observer(), store.clone());
    let auth = setup.offline_auth(|builder| builder.store(failing).on_event(observer));
    let mut browser = setup.browser(&auth);
    let started = json!({ "event": "login_started", "provider": "op" });
    let failed = |code: &str| json!({ "event": "login_failed", "provider": "op", "code": code, "correlation_id": "16 digits" });
    let succeeded = about_alice("login_succeeded", &setup);
    let ended = |cause: &str| {
        let mut event = about_alice("session_ended", &setup);
        event["code"] = cause.into();
        event
    };

    browser.login_as("alice").await;
    assert_eq!(audit.take(&setup), [started.clone(), succeeded.clone()]);
    browser.login_as("alice").await;
    assert_eq!(audit.take(&setup), [started.clone(), succeeded.clone(), ended("replaced")]);
    browser.post("/auth/logout", &[]).await;
    assert_eq!(audit.take(&setup), [ended("logout")]);
    browser.post("/auth/logout", &[]).await;
    assert_eq!(audit.take(&setup), [] as [Value; 0], "there was no session to end");

    setup.provider.answer(Endpoint::Token, Answer::status(500));
    let callback = callback_url(&browser, "/auth/login").await;
    browser.request(Method::GET, &callback, &[]).await;
    assert_eq!(audit.take(&setup), [started.clone(), failed("provider_unavailable")]);
    let callback = callback_url(&browser, "/auth/login").await;
    let denied = callback.replace("code=", "error=access_denied&was=");
    browser.request(Method::GET, &denied, &[]).await;
    assert_eq!(audit.take(&setup), [started.clone(), failed("provider_denied")]);
    browser.open("/auth/login/nobody-has-this-name").await;
    let mut unknown = failed("unknown_provider");
    unknown.as_object_mut().unwrap().remove("provider");
    assert_eq!(audit.take(&setup), [unknown], "a name from a path is not repeated");

    browser.login_as("alice").await;
    audit.take(&setup);
    let token = |event: &str| json!({ "event": event, "provider": "op", "session": "8 letters" });
    setup.clock.advance(seconds(LIFETIME));
    browser.fetch("/token").await;
    assert_eq!(audit.take(&setup), [token("token_refreshed")]);
    for (answer, event, code) in [
        (Answer::status(500), "refresh_failed", "provider_unavailable"),
        (
            Answer::json(json!({ "error": "invalid_grant" })).with_status(400),
            "grant_ended",
            "grant_rejected",
        ),
    ] {
        setup.clock.advance(seconds(LIFETIME));
        setup.provider.answer(Endpoint::Refresh, answer);
        browser.fetch("/token").await;
        let mut expected = token(event);
        expected["code"] = code.into();
        assert_eq!(audit.take(&setup), [expected]);
    }
    store.fail(&[Operation::Delete]);
    browser.post("/auth/logout", &[]).await;
    let lost = json!({ "event": "logout_failed", "code": "store_unavailable", "correlation_id": "16 digits" });
    assert_eq!(audit.take(&setup), [lost]);
}

#[tokio::test]
async fn g08_the_end_of_a_session_in_a_cookie_and_of_one_that_is_distrusted_is_told() {
    let setup = Setup::new();
    let audit = Audit::default();
    let secret = tower_oauth_tests::secret("lifecycle");
    let builder = setup.builder().cookie_sessions().secret(secret).on_event(audit.observer());
    let auth = builder.provider(setup.registration()).build().unwrap();
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    audit.take(&setup);
    browser.post("/auth/logout", &[]).await;
    let mut ended = about_alice("session_ended", &setup);
    ended["code"] = "logout".into();
    assert_eq!(audit.take(&setup), [ended.clone()]);

    let observer = audit.observer();
    let auth = setup.offline_auth(|builder| builder.on_logout(observer));
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    setup.clock.advance(seconds(LIFETIME));
    setup.provider.modify_id_token(|_, claims| {
        claims.insert("sub".into(), "mallory".into());
    });
    browser.fetch("/token").await;
    ended["code"] = "distrusted".into();
    assert_eq!(audit.take(&setup), [ended]);
}

#[tokio::test]
async fn g08_whoever_ends_a_session_is_named() {
    let setup = Setup::new();
    let audit = Audit::default();
    let observer = audit.observer();
    let auth = setup.offline_auth(|it| {
        it.backchannel_logout(true).frontchannel_logout(true).on_logout(observer)
    });
    let mut browser = setup.browser(&auth);
    let mut causes = Vec::new();
    for cause in ["backchannel", "frontchannel", "everywhere"] {
        browser.login_as("alice").await;
        audit.take(&setup);
        let sid =
            browser.fetch("/profile").await.json()["claims"]["sid"].as_str().unwrap().to_owned();
        match cause {
            "backchannel" => {
                setup.clock.advance(seconds(1));
                let token = setup.provider.logout_token(None, Some(&sid));
                let page = browser.backchannel_logout("/auth/backchannel-logout/op", &token).await;
                assert_eq!(page.status(), 200, "{}", page.text());
            }
            "frontchannel" => {
                let iss = setup.provider.issuer();
                let path = format!("/auth/frontchannel-logout/op?iss={iss}&sid={sid}");
                assert_eq!(browser.request(Method::GET, &path, &[]).await.status(), 200);
            }
            _ => {
                let subject = TestUser::alice();
                let user = (setup.provider.issuer(), subject.subject());
                assert_eq!(auth.sign_out_everywhere(user.0, user.1).await.unwrap(), 1);
            }
        }
        causes.extend(audit.take(&setup).into_iter().map(|event| event["code"].clone()));
    }
    assert_eq!(causes, ["backchannel", "frontchannel", "everywhere"]);
}

#[tokio::test]
async fn each_observer_hears_what_it_asked_for_and_a_panic_stops_nobody() {
    let setup = Setup::new();
    let (logins, ends) = (Audit::default(), Audit::default());
    let auth = setup
        .builder()
        .on_event(|_| panic!("an observer's own mistake"))
        .on_login(logins.observer())
        .on_logout(ends.observer())
        .provider(setup.registration())
        .build()
        .unwrap();
    let mut browser = setup.browser(&auth);
    assert_eq!(browser.login_as("alice").await.status(), 200);
    browser.post("/auth/logout", &[]).await;
    assert_eq!(logins.take(&setup), [about_alice("login_succeeded", &setup)]);
    assert_eq!(ends.take(&setup).len(), 1);
}

#[tokio::test]
async fn g08_metrics_count_what_events_tell() {
    let measured = Measured::default();
    let _guard = metrics::set_default_local_recorder(&measured);
    let setup = Setup::new();
    let auth = setup.offline_auth(|builder| builder);
    let mut browser = setup.browser(&auth);
    browser.fetch("/private").await;
    browser.login_as("alice").await;
    setup.clock.advance(seconds(LIFETIME));
    browser.fetch("/token").await;
    setup.clock.advance(seconds(LIFETIME));
    setup.provider.answer(Endpoint::Refresh, Answer::status(500));
    browser.fetch("/token").await;
    browser.post("/auth/logout", &[]).await;
    setup.clock.advance(Duration::from_secs(60));
    browser.open("/auth/callback/op?code=x&state=y").await;
    browser.open("/auth/login/evil").await;
    let all = measured.all();
    for (series, count) in [
        (r#"tower_oauth_rejections_total{code="login_required"}"#, 1),
        (r#"tower_oauth_logins_started_total{provider="op"}"#, 1),
        (r#"tower_oauth_logins_total{provider="op",outcome="success"}"#, 1),
        (r#"tower_oauth_logins_total{provider="op",outcome="state_invalid"}"#, 1),
        (r#"tower_oauth_logins_total{provider="none",outcome="unknown_provider"}"#, 1),
        (r#"tower_oauth_refreshes_total{provider="op",outcome="success"}"#, 1),
        (r#"tower_oauth_refreshes_total{provider="op",outcome="provider_unavailable"}"#, 1),
        (r#"tower_oauth_sessions_ended_total{cause="logout"}"#, 1),
        (r#"tower_oauth_provider_request_seconds{provider="op",outcome="5xx"}"#, 1),
    ] {
        assert_eq!(all.get(series), Some(&count), "{series} in {all:#?}");
    }
    assert!(!format!("{all:?}").contains("alice"), "no label is about a person");
}

#[tokio::test]
async fn g01_no_secret_is_in_events_spans_and_labels() {
    let captured = Captured::default();
    let _guard = captured.listen(tracing::Level::TRACE);
    let measured = Measured::default();
    let _recorder = metrics::set_default_local_recorder(&measured);
    let setup = Setup::new();
    let audit = Audit::default();
    let observer = audit.observer();
    let auth = setup.offline_auth(|builder| builder.on_event(observer));
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    let mut secrets =
        vec![browser.fetch("/token").await.json()["token"].as_str().unwrap().to_owned()];
    secrets.extend(browser.cookies().into_iter().map(|(_, value)| value));
    setup.clock.advance(seconds(LIFETIME));
    secrets.push(browser.fetch("/token").await.json()["token"].as_str().unwrap().to_owned());
    browser.post("/auth/logout", &[]).await;
    settle().await;
    for request in setup.provider.requests() {
        let form = request.form();
        let names = ["code", "code_verifier", "refresh_token", "client_secret", "token"];
        secrets.extend(names.into_iter().filter_map(|name| form.get(name)).map(ToOwned::to_owned));
    }
    let lines = audit.take(&setup);
    assert!(lines.len() >= 4 && secrets.len() > 6, "{lines:#?}, {}", secrets.len());
    let shown = format!("{lines:?}{:?}{}", measured.all(), captured.take());
    assert!(shown.contains("provider_request") && shown.contains("login_route"), "{shown}");
    secrets.retain(|secret| secret.len() > 12);
    for secret in secrets {
        assert!(!shown.contains(&secret[..12]), "{secret} is in:\n{shown}");
    }
    assert!(!shown.contains(&format!("{BASE_URL}/auth/callback/op?")), "no query is told");
}

#[test]
fn every_name_is_in_the_table_and_every_name_in_the_table_exists() {
    let rows: Vec<&str> =
        EVENTS.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let mut names: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
    names.extend(SessionEnd::ALL.iter().map(|cause| cause.as_str()));
    for source in SOURCES {
        names.extend(source.split('"').filter(|text| text.starts_with("tower_oauth_")));
        for (place, _) in source.match_indices("_span!(") {
            let literals: Vec<_> = source[place..].split('"').skip(1).step_by(2).take(2).collect();
            names.push(literals[1]);
        }
    }
    let known = |name: &&str| !rows.contains(name);
    let missing: Vec<_> = names.iter().filter(|name| known(name)).collect();
    assert!(missing.is_empty(), "docs/events.md lacks {missing:?}");
    let invented: Vec<_> = rows.iter().filter(|row| !names.contains(row)).collect();
    assert!(invented.is_empty(), "docs/events.md names {invented:?}, which nobody emits");
}
