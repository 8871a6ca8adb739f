//! Routes that need more than every login asks for: scopes that are granted when they are needed, sign-ins that are
//! recent or strong enough.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::Method;
use serde_json::json;
use tower_oauth::{
    AccessToken, Auth, Prompt, Rejection, RequireScopes, RequireStepUp, Tokens, User,
};
use tower_oauth_test::{Answer, Endpoint, TestBrowser};
use tower_oauth_tests::Setup;

const NAVIGATION: &[(&str, &str)] = &[("accept", "text/html")];

fn app(auth: &Auth) -> Router {
    let calendar = get(async |token: AccessToken| token.scopes().join(" "));
    let with_scopes = async |tokens: Tokens| -> Result<String, Rejection> {
        Ok(tokens.with_scopes("op", &["calendar"]).await?.scopes().join(" "))
    };
    let danger = get(async |user: User| format!("danger of {}", user.subject()));
    Router::new()
        .route("/calendar", calendar.route_layer(RequireScopes::new(["calendar"])))
        .route("/with-scopes", get(with_scopes))
        .route(
            "/recent",
            danger.clone().route_layer(RequireStepUp::within(Duration::from_secs(300))),
        )
        .route(
            "/strong",
            danger.route_layer(RequireStepUp::by(["mfa", "hwk"]).prompt(Prompt::Login)),
        )
        .route("/", get(async |user: User| user.subject().to_owned()))
        .layer(auth.layer())
}

/// What the last authorization request asked for.
fn asked(setup: &Setup, parameter: &str) -> Option<String> {
    let request = setup.provider.requests_to(Endpoint::Authorization).pop().unwrap();
    request.query().get(parameter).map(ToOwned::to_owned)
}

async fn signed_in(setup: &Setup) -> TestBrowser {
    setup.provider.approve_as(Some("alice"));
    let mut browser = setup.browser_of(app(&setup.auth()));
    assert_eq!(browser.open("/").await.text(), "sub-alice");
    browser
}

#[tokio::test]
async fn a_browser_grants_what_a_route_needs_and_comes_back() {
    for path in ["/calendar?week=7", "/with-scopes"] {
        let setup = Setup::new();
        let mut browser = signed_in(&setup).await;
        let before = browser.cookies();
        let page = browser.open(path).await;
        assert_eq!(page.text(), "openid profile email calendar", "{path}");
        assert_eq!(&page.url()[url::Position::BeforePath..], path);
        assert_eq!(asked(&setup, "scope").unwrap(), "openid profile email calendar");
        assert_ne!(browser.cookies(), before, "k04: a new id at every login");
        let logins = setup.provider.requests_to(Endpoint::Authorization).len();
        browser.open(path).await;
        assert_eq!(setup.provider.requests_to(Endpoint::Authorization).len(), logins, "once");
    }
}

#[tokio::test]
async fn j16_a_script_is_told_which_scopes_are_missing() {
    for path in ["/calendar", "/with-scopes"] {
        let setup = Setup::new();
        let mut browser = signed_in(&setup).await;
        let page = browser.fetch(path).await;
        assert_eq!(
            (page.status().as_u16(), &page.json()["code"]),
            (403, &json!("insufficient_scope"))
        );
        assert_eq!(page.json()["missing_scopes"], json!(["calendar"]));
        let login_url = page.json()["login_url"].as_str().unwrap().to_owned();
        let page = browser.open(&login_url).await;
        assert_eq!(
            page.text(),
            "openid profile email calendar",
            "the link leads to consent and back"
        );
    }
}

/// Somebody who says no is not sent in circles, and the link still works when they change their mind.
#[tokio::test]
async fn c45_a_scope_that_was_refused_is_not_asked_for_in_a_loop() {
    let setup = Setup::new();
    let mut browser = signed_in(&setup).await;
    setup.provider.answer(
        Endpoint::Token,
        Answer::modify(|response| {
            let text = String::from_utf8(response.body().to_vec()).unwrap();
            *response.body_mut() = text.replace(" calendar", "").into();
        }),
    );
    let page = browser.open("/calendar").await;
    assert_eq!(page.status(), 403, "{}", page.text());
    let logins = setup.provider.requests_to(Endpoint::Authorization).len();
    assert_eq!(browser.open("/calendar").await.status(), 403);
    assert_eq!(setup.provider.requests_to(Endpoint::Authorization).len(), logins);
    assert_eq!(browser.open("/").await.text(), "sub-alice", "the session goes on");
    let login_url = page.json()["login_url"].as_str().unwrap().to_owned();
    assert_eq!(browser.open(&login_url).await.text(), "openid profile email calendar");
}

#[tokio::test]
async fn c47_consent_and_step_up_are_for_the_same_user_alone() {
    let setup = Setup::new();
    let mut browser = signed_in(&setup).await;
    let session = browser.cookies();
    for (path, code) in [("/calendar", "user_mismatch"), ("/strong", "user_mismatch")] {
        setup.provider.approve_as(Some("bob"));
        setup.provider.modify_id_token(|_, claims| _ = claims.insert("acr".into(), "mfa".into()));
        let page = browser.open(path).await;
        assert_eq!(page.status(), 403, "{path}");
        assert!(page.text().contains(code), "{path}: {}", page.text());
        setup.provider.approve_as(Some("alice"));
        assert_eq!(browser.cookies(), session, "v4: the session is unchanged");
        assert_eq!(browser.open("/").await.text(), "sub-alice");
    }
}

#[tokio::test]
async fn i27_a_route_can_ask_for_a_recent_sign_in() {
    let setup = Setup::new();
    let mut browser = signed_in(&setup).await;
    assert_eq!(browser.open("/recent").await.text(), "danger of sub-alice", "it was just now");
    setup.clock.advance(Duration::from_secs(301));
    let page = browser.fetch("/recent").await;
    assert_eq!((page.status().as_u16(), &page.json()["code"]), (401, &json!("step_up_required")));
    assert_eq!(browser.open("/recent").await.text(), "danger of sub-alice");
    assert_eq!(asked(&setup, "max_age").as_deref(), Some("300"));
    assert_eq!(browser.fetch("/recent").await.status(), 200);
}

#[tokio::test]
async fn i27_a_provider_that_does_not_confirm_it_is_refused() {
    let now = tower_oauth_test::ManualClock::START.unix_seconds() + 1000;
    for auth_time in
        [json!(null), json!(now - 400), json!(now + 400), json!(now.to_string()), json!([now])]
    {
        let setup = Setup::new();
        let mut browser = signed_in(&setup).await;
        let session = browser.cookies();
        setup.clock.advance(Duration::from_secs(1000));
        let claim = auth_time.clone();
        setup.provider.modify_id_token(move |_, claims| {
            claims.insert("auth_time".into(), claim.clone());
            if claim.is_null() {
                claims.remove("auth_time");
            }
        });
        let page = browser.open("/recent").await;
        assert!(matches!(page.status().as_u16(), 403 | 502), "{auth_time}: {}", page.text());
        assert_eq!(browser.cookies(), session, "{auth_time}");
    }
}

#[tokio::test]
async fn i28_a_route_can_ask_how_the_user_signed_in() {
    let setup = Setup::new();
    let mut browser = signed_in(&setup).await;
    assert_eq!(browser.fetch("/strong").await.json()["code"], "step_up_required");
    for acr in [json!("pwd"), json!(null), json!(["mfa"]), json!(1)] {
        let claim = acr.clone();
        setup
            .provider
            .modify_id_token(move |_, claims| _ = claims.insert("acr".into(), claim.clone()));
        let page = browser.open("/strong").await;
        assert_eq!(page.status(), 403, "{acr}");
        assert!(page.text().contains("step_up_failed"), "{acr}: {}", page.text());
    }
    setup.provider.modify_id_token(|_, claims| _ = claims.insert("acr".into(), "hwk".into()));
    assert_eq!(browser.open("/strong").await.text(), "danger of sub-alice");
    assert_eq!(asked(&setup, "acr_values").as_deref(), Some("mfa hwk"));
    assert_eq!(asked(&setup, "prompt").as_deref(), Some("login"));
}

#[tokio::test]
async fn s28_what_a_login_asks_for_cannot_be_written_by_anybody_else() {
    let setup = Setup::new();
    let browser = signed_in(&setup).await;
    let login_url =
        browser.fetch("/calendar").await.json()["login_url"].as_str().unwrap().to_owned();
    let (path, sealed) = login_url.split_once("login_request=").unwrap();
    assert!(!sealed.contains("calendar"));
    let status =
        async |url: &str| browser.request(Method::GET, url, NAVIGATION).await.status().as_u16();
    for end in 1..sealed.len() {
        let changed = if sealed.as_bytes()[end - 1] == b'A' { "B" } else { "A" };
        let tampered = format!("{}{changed}{}", &sealed[..end - 1], &sealed[end..]);
        // The last character of base64 has bits that mean nothing.
        if end < sealed.len() {
            assert_eq!(status(&format!("{path}login_request={tampered}")).await, 400, "{end}");
        }
    }
    assert_eq!(status(&format!("{path}login_request=")).await, 400);
    assert_eq!(
        status("/auth/login/op?scope=calendar&max_age=0&prompt=none&acr_values=x").await,
        303
    );
    assert_eq!(status(&login_url).await, 303);
    setup.clock.advance(Duration::from_secs(600));
    assert_eq!(status(&login_url).await, 400, "it ends after ten minutes");
}

#[tokio::test]
async fn parameters_of_a_request_ask_for_nothing() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let mut browser = setup.browser_of(app(&setup.auth()));
    browser.open("/auth/login/op?scope=calendar&max_age=0&prompt=login&acr_values=x").await;
    assert_eq!(asked(&setup, "scope").unwrap(), "openid profile email");
    for name in ["max_age", "prompt", "acr_values"] {
        assert_eq!(asked(&setup, name), None, "{name}");
    }
}

/// What offline access needs and what the step-up needs come together.
#[tokio::test]
async fn a_prompt_is_added_to_the_one_there_is() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let registration = setup.registration().offline_access();
    let auth = setup.builder().provider(registration).build().unwrap();
    let mut browser = setup.browser_of(app(&auth));
    browser.open("/").await;
    assert_eq!(asked(&setup, "prompt").as_deref(), Some("consent"));
    setup.provider.modify_id_token(|_, claims| _ = claims.insert("acr".into(), "mfa".into()));
    assert_eq!(browser.open("/strong").await.text(), "danger of sub-alice");
    assert_eq!(asked(&setup, "prompt").as_deref(), Some("consent login"));
}

/// The same where the session is in its cookie.
#[tokio::test]
async fn consent_and_refusal_with_sessions_in_cookies() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let builder = setup.builder().secret(tower_oauth_tests::secret("of the cookies"));
    let auth = builder.provider(setup.registration()).cookie_sessions().build().unwrap();
    let mut browser = setup.browser_of(app(&auth));
    browser.open("/").await;
    setup.provider.answer(
        Endpoint::Token,
        Answer::modify(|response| {
            let text = String::from_utf8(response.body().to_vec()).unwrap();
            *response.body_mut() = text.replace(" calendar", "").into();
        }),
    );
    assert_eq!(browser.open("/calendar").await.status(), 403);
    let page = browser.fetch("/calendar").await;
    let login_url = page.json()["login_url"].as_str().unwrap().to_owned();
    assert_eq!(browser.open(&login_url).await.text(), "openid profile email calendar");
}
