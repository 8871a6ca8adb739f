//! What is known of tenants: how long it counts, what a herd costs, and that strangers' names fill nothing.

use std::time::Duration;

use axum::Router;
use futures_util::future::join_all;
use serde_json::json;
use tower_oauth::tenants::Tenant;
use tower_oauth::{User, providers};
use tower_oauth_test::Endpoint;
use tower_oauth_tests::Captured;

use crate::tenant_directory::{Two, registration, told};

#[tokio::test]
async fn q_a_herd_at_a_cold_tenant_asks_once() {
    let two = Two::by_path();
    let auth = two.auth();
    let browser = two.browser(&auth);
    let pages = join_all((0..50).map(|_| told(&browser, "/t/acme/auth/login/nobody"))).await;
    assert!(pages.iter().all(|page| page.1 == "unknown_provider"), "{pages:?}");
    assert_eq!(two.directory.questions(), 1);
    let pages = join_all((0..50).map(|_| told(&browser, "/t/nowhere/auth/login"))).await;
    assert!(pages.iter().all(|page| page.1 == "unknown_tenant"), "{pages:?}");
    assert_eq!(two.directory.questions(), 2);
    assert!(two.acme.requests().is_empty(), "nothing was asked of a provider");
}

#[tokio::test]
async fn q_ten_thousand_names_of_no_tenant_are_bounded_and_put_out_nobody() {
    let two = Two::by_path();
    let auth = two.auth();
    let browser = two.browser(&auth);
    assert_eq!(told(&browser, "/t/acme/auth/login/nobody").await.0, 404);
    for name in 0..10_000 {
        let page = told(&browser, &format!("/t/x{name}/auth/login")).await;
        assert_eq!(page, (404, json!("unknown_tenant")));
    }
    assert_eq!(two.directory.questions(), 10_001);
    told(&browser, "/t/acme/auth/login/nobody").await;
    assert_eq!(two.directory.questions(), 10_001, "acme is remembered");
    told(&browser, "/t/x9999/auth/login").await;
    assert_eq!(two.directory.questions(), 10_001, "and so is that there is no such tenant");
    let shown = format!("{auth:?}");
    assert!(shown.contains("Tenants { known: 1, .. }"), "{shown}");
    // What is too long to be a name is not even asked about.
    let long = "x".repeat(254);
    assert_eq!(browser.fetch(&format!("/t/{long}/auth/login")).await.status(), 404);
    assert_eq!(two.directory.questions(), 10_001);
}

#[tokio::test]
async fn requests_that_ask_for_nobody_ask_nothing() {
    let two = Two::by_path();
    let auth = two.auth();
    let app = Router::new()
        .route("/t/{tenant}/public", axum::routing::get(async || "public"))
        .route("/t/{tenant}/maybe", axum::routing::get(async |_: Option<User>| "maybe"))
        .layer(auth.layer());
    let browser = two.setup.browser_of(app);
    for path in ["/t/acme/public", "/t/nobody/public", "/t/acme/maybe", "/t/nobody/maybe"] {
        assert_eq!(browser.fetch(path).await.status(), 200);
    }
    assert_eq!(two.directory.questions(), 0);
}

#[tokio::test]
async fn a_changed_secret_is_picked_up_within_a_minute_and_keeps_what_is_known_of_the_provider() {
    let two = Two::by_path();
    let auth = two.auth();
    let mut browser = two.browser(&auth);
    let wrong = providers::oidc(two.acme.issuer(), two.acme.client_id(), "an old secret");
    two.directory.put("acme", Tenant::new([wrong.key("sso")]));
    let page = browser.open("/t/acme").await;
    assert!(page.text().contains("client_rejected"), "{}", page.text());
    two.directory.put("acme", Tenant::new([registration(&two.acme)]));
    two.setup.clock.advance(Duration::from_secs(60));
    assert_eq!(browser.open("/t/acme").await.status(), 200);
    assert_eq!(two.acme.requests_to(Endpoint::Metadata).len(), 1);
}

#[tokio::test]
async fn a_tenant_that_was_removed_is_nobodys() {
    let two = Two::by_path();
    let auth = two.auth();
    let mut browser = two.browser(&auth);
    browser.open("/t/acme").await;
    two.directory.remove("acme");
    assert_eq!(browser.fetch("/t/acme/who").await.status(), 200, "for up to a minute");
    two.setup.clock.advance(Duration::from_secs(60));
    assert_eq!(browser.fetch("/t/acme/who").await.status(), 401);
    assert_eq!(told(&browser, "/t/acme/auth/login").await, (404, json!("unknown_tenant")));
    // And one that comes back, as itself.
    two.directory.put("acme", Tenant::new([registration(&two.acme)]));
    assert_eq!(told(&browser, "/t/acme/auth/login/nobody").await.1, "unknown_tenant");
    auth.forget_tenant("acme");
    assert_eq!(browser.fetch("/t/acme/who").await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn p06_a_resolver_that_is_down_is_no_anonymous_user() {
    for problem in ["the directory is away", "hangs"] {
        let two = Two::by_path();
        let auth = two.auth();
        let mut browser = two.browser(&auth);
        browser.open("/t/acme").await;
        *two.directory.down.lock().unwrap() = Some(problem);
        let unavailable = (503, json!("providers_unavailable"));
        let events = Captured::default();
        let listening = events.listen(tracing::Level::ERROR);
        assert_eq!(told(&browser, "/t/other/auth/login").await, unavailable, "{problem}");
        drop(listening);
        let events = events.take();
        assert!(events.contains("the provider resolver"), "{events}");
        // What is known serves for five minutes more, and the resolver is not asked all the time.
        two.setup.clock.advance(Duration::from_secs(61));
        let questions = two.directory.questions();
        for _ in 0..10 {
            assert_eq!(browser.fetch("/t/acme/who").await.status(), 200, "{problem}");
        }
        assert_eq!(two.directory.questions(), questions + 1);
        two.setup.clock.advance(Duration::from_secs(5 * 60));
        assert_eq!(told(&browser, "/t/acme/who").await, unavailable);
        let page = browser.fetch("/t/acme/who").await;
        assert_eq!(page.header("retry-after"), "1");
        *two.directory.down.lock().unwrap() = None;
        two.setup.clock.advance(Duration::from_secs(1));
        assert_eq!(browser.fetch("/t/acme/who").await.status(), 200);
    }
}

#[tokio::test]
async fn who_signs_out_needs_no_resolver() {
    let two = Two::by_path();
    let auth = two.auth();
    let mut browser = two.browser(&auth);
    browser.open("/t/acme").await;
    *two.directory.down.lock().unwrap() = Some("the directory is away");
    two.setup.clock.advance(Duration::from_secs(10 * 60));
    let (name, value) = browser.cookies().remove(0);
    assert_eq!(browser.post("/t/acme/auth/logout", &[]).await.status(), 200);
    assert_eq!(browser.cookies(), []);
    *two.directory.down.lock().unwrap() = None;
    two.setup.clock.advance(Duration::from_secs(1));
    browser.plant_cookie(&name, &value);
    assert_eq!(browser.fetch("/t/acme/who").await.status(), 401, "the session itself has ended");
}

#[tokio::test]
async fn an_answer_that_cannot_work_is_no_login() {
    let two = Two::by_path();
    let twice = [registration(&two.acme), registration(&two.acme)];
    let at = |origin: &str| Tenant::new([registration(&two.acme)]).origin(origin);
    let odd = providers::oidc("http://sso.acme.example", "id", "secret").key("sso");
    for (tenant, problem) in [
        (Tenant::new(twice), "is used twice"),
        (Tenant::new([odd]), "http://sso.acme.example"),
        (at("http://localhost:3000"), "must have the scheme of the base URL"),
        (at("https://acme.example/path"), "must be without a path"),
        (at("acme.example"), "is not an absolute URL"),
    ] {
        two.directory.put("acme", tenant);
        let events = Captured::default();
        let listening = events.listen(tracing::Level::ERROR);
        let browser = two.browser(&two.auth());
        let page = told(&browser, "/t/acme/auth/login").await;
        drop(listening);
        assert_eq!(page, (503, json!("providers_unavailable")), "{problem}");
        let events = events.take();
        assert!(events.contains(problem), "{problem}: {events}");
    }
}
