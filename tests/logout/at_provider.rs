//! A sign-out goes on to the provider (RP-Initiated Logout).

use std::time::Duration;

use http::Method;
use serde_json::Value;
use tower_oauth::{Provider, providers};
use tower_oauth_test::{Answer, Endpoint};
use tower_oauth_tests::{BASE_URL, Captured, Setup};

use crate::support::{end_sessions, is_signed_in};

const SCRIPT: [(&str, &str); 2] = [("sec-fetch-site", "same-origin"), ("accept", "*/*")];

#[tokio::test]
async fn l04_the_request_names_the_session_the_client_and_the_way_back() {
    let captured = Captured::default();
    let _listening = captured.listen(tracing::Level::TRACE);
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let page = browser.post("/auth/logout", &[("return_to", "/public?x=1")]).await;
    assert_eq!(page.url().as_str(), format!("{BASE_URL}/public?x=1"));
    assert!(browser.cookies().is_empty(), "{:?}", browser.cookies());
    let first = end_sessions(&setup.provider).remove(0);
    let hint = first.get("id_token_hint").unwrap();
    assert_eq!(hint.split('.').count(), 3);
    assert_eq!(first.get("client_id"), Some(setup.provider.client_id()));
    let back = first.get("post_logout_redirect_uri").unwrap();
    assert_eq!(back, format!("{BASE_URL}/auth/logged-out"), "nothing of the target is in it");
    assert_eq!(first.get("state").unwrap().len(), 43);
    assert!(!captured.take().contains(hint), "the hint is not logged");
    browser.login_as("alice").await;
    browser.post("/auth/logout", &[]).await;
    let second = end_sessions(&setup.provider).remove(1);
    assert_ne!(second.get("state"), first.get("state"), "fresh");
}

#[tokio::test]
async fn l05_no_target_leaves_the_application_on_either_way() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    for target in ["//evil.example", "https://evil.example", "/\\evil.example", "/auth/login"] {
        browser.login_as("alice").await;
        let page = browser.post("/auth/logout", &[("return_to", target)]).await;
        assert_eq!(
            page.url().as_str(),
            format!("{BASE_URL}/auth/logged-out?{}", page.url().query().unwrap())
        );
        assert_eq!(page.status(), 200, "{target}");
    }
    assert_eq!(end_sessions(&setup.provider).len(), 4);
}

/// The way back is this browser's, for ten minutes, once.
#[tokio::test]
async fn l04_only_the_browser_that_signed_out_is_taken_on() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let headers = [("sec-fetch-site", "same-origin"), ("accept", "text/html")];
    let page = browser.request(Method::POST, "/auth/logout?return_to=/public", &headers).await;
    let location = page.header("location").to_owned();
    assert!(location.starts_with(&setup.provider.url(Endpoint::EndSession)), "{location}");
    let back = browser.request(Method::GET, &location, &[]).await.header("location").to_owned();
    for (who, path) in [
        (setup.browser(&setup.auth()), back.as_str()),
        (browser.clone(), "/auth/logged-out"),
        (browser.clone(), "/auth/logged-out?state=another"),
        (browser.clone(), &format!("{back}&state=another")),
    ] {
        let page = who.request(Method::GET, path, &[]).await;
        assert_eq!((page.status().as_u16(), page.header("set-cookie")), (200, ""), "{path}");
    }
    let page = browser.request(Method::GET, &back, &[]).await;
    assert_eq!((page.status().as_u16(), page.header("location")), (303, "/public"));
    assert_eq!(browser.request(Method::GET, &back, &[]).await.status(), 200, "not twice");

    browser.login_as("alice").await;
    let page = browser.request(Method::POST, "/auth/logout?return_to=/public", &headers).await;
    let back = browser.request(Method::GET, page.header("location"), &[]).await;
    setup.clock.advance(Duration::from_secs(600));
    assert_eq!(browser.request(Method::GET, back.header("location"), &[]).await.status(), 200);
}

#[tokio::test]
async fn l02_a_provider_without_an_endpoint_or_that_is_down_keeps_nobody_signed_in() {
    let no_endpoint = || {
        Answer::modify(|response| {
            let mut document: Value = serde_json::from_slice(response.body()).unwrap();
            document.as_object_mut().unwrap().remove("end_session_endpoint");
            *response.body_mut() = document.to_string().into();
        })
    };
    let setup = Setup::new();
    setup.provider.answer_always(Endpoint::Metadata, no_endpoint());
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let page = browser.post("/auth/logout", &[]).await;
    assert_eq!((page.url().path(), page.status().as_u16()), ("/auth/logged-out", 200));

    // Another process, which knows nothing of the provider yet.
    for answer in [Answer::refused(), Answer::never(), Answer::status(500)] {
        let setup = Setup::new();
        let store = tower_oauth_tests::CountingStore::new(setup.clock.clone());
        let secret = tower_oauth_tests::secret("replicas");
        let auth = || {
            let builder = setup.builder().store(store.clone()).secret(&secret);
            builder.provider(setup.registration()).build().unwrap()
        };
        let mut browser = setup.browser(&auth());
        browser.login_as("alice").await;
        setup.provider.answer_always(Endpoint::Metadata, answer);
        let mut other = setup.browser(&auth());
        for (name, value) in browser.cookies() {
            other.plant_cookie(&name, &value);
        }
        let page = other.post("/auth/logout", &[]).await;
        assert_eq!((page.url().path(), page.status().as_u16()), ("/auth/logged-out", 200));
        assert!(!is_signed_in(&browser).await);
    }
}

/// The endpoint that is known serves: nobody waits for newer metadata to sign out.
#[tokio::test]
async fn l02_a_provider_that_went_down_since_is_not_asked_first() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    setup.clock.advance(Duration::from_secs(2 * 60 * 60));
    setup.provider.answer_always(Endpoint::Metadata, Answer::never());
    let asked = setup.provider.requests_to(Endpoint::Metadata).len();
    let page = browser.post("/auth/logout", &[]).await;
    assert_eq!(page.status(), 200);
    assert_eq!(end_sessions(&setup.provider).len(), 1);
    assert_eq!(setup.provider.requests_to(Endpoint::Metadata).len(), asked);
}

#[tokio::test]
async fn l17_an_endpoint_keeps_its_query() {
    let setup = Setup::new();
    let endpoint = format!("{}?tenant=one", setup.provider.url(Endpoint::EndSession));
    let answer = Answer::modify(move |response| {
        let mut document: Value = serde_json::from_slice(response.body()).unwrap();
        document["end_session_endpoint"] = endpoint.clone().into();
        *response.body_mut() = document.to_string().into();
    });
    setup.provider.answer_always(Endpoint::Metadata, answer);
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    browser.post("/auth/logout", &[]).await;
    let request = end_sessions(&setup.provider).remove(0);
    assert_eq!(request.get("tenant"), Some("one"));
    assert!(request.get("id_token_hint").is_some());
}

#[tokio::test]
async fn l18_an_id_token_that_expired_long_ago_is_still_the_hint() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    setup.clock.advance(Duration::from_secs(20 * 60 * 60));
    let page = browser.post("/auth/logout", &[]).await;
    assert_eq!(page.status(), 200, "{}", page.text());
    assert!(end_sessions(&setup.provider)[0].get("id_token_hint").is_some());
    assert!(setup.provider.requests_to(Endpoint::Refresh).is_empty());
}

#[tokio::test]
async fn l11_whoever_has_no_session_is_not_sent_to_the_provider() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    for _ in 0..2 {
        let page = browser.post("/auth/logout", &[]).await;
        assert_eq!(page.url().as_str(), format!("{BASE_URL}/auth/logged-out"));
    }
    assert!(setup.provider.requests().is_empty());
}

#[tokio::test]
async fn a_script_is_told_where_to_send_the_browser() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let page = browser.request(Method::POST, "/auth/logout?return_to=/public", &SCRIPT).await;
    assert_eq!((page.status().as_u16(), page.header("content-type")), (200, "application/json"));
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(!is_signed_in(&browser).await);
    let url = page.json()["logout_url"].as_str().unwrap().to_owned();
    assert_eq!(browser.open(&url).await.url().as_str(), format!("{BASE_URL}/public"));
    let page = browser.request(Method::POST, "/auth/logout", &SCRIPT).await;
    assert_eq!(page.status(), 204, "nobody is signed in, so there is nowhere to go");
}

/// An ID token that no server reads in a URL.
fn with_a_long_id_token() -> Setup {
    let setup = Setup::new();
    setup.provider.modify_id_token(|_, claims| {
        claims.insert("groups".into(), "x".repeat(6000).into());
    });
    setup
}

#[tokio::test]
async fn a_hint_that_is_too_long_for_a_url_goes_as_a_form() {
    let setup = with_a_long_id_token();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let page = browser.post("/auth/logout", &[("return_to", "/public")]).await;
    assert_eq!(page.status(), 200);
    assert_eq!(page.header("cache-control"), "no-store");
    let policy = page.header("content-security-policy").to_owned();
    assert!(policy.contains("script-src 'sha256-") && policy.contains("default-src 'none'"));
    let form = page.forms().remove(0);
    assert_eq!(form.action, setup.provider.url(Endpoint::EndSession));
    // As its script does, and as its button does.
    let page = browser.clone().submit(form).await;
    assert_eq!(page.url().as_str(), format!("{BASE_URL}/public"));
    let request = setup.provider.requests_to(Endpoint::EndSession).remove(0);
    assert_eq!(request.method(), Method::POST);
    assert!(request.form().get("id_token_hint").unwrap().len() > 6000);
    assert!(browser.click("Continue").await.status().is_success());
}

/// A script cannot follow a form, so its URL is one that every server reads.
#[tokio::test]
async fn a_script_gets_a_short_url_whatever_the_hint() {
    let setup = with_a_long_id_token();
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let page = browser.request(Method::POST, "/auth/logout", &SCRIPT).await;
    let url = page.json()["logout_url"].as_str().unwrap().to_owned();
    assert!(url.len() < 4096 && !url.contains("id_token_hint"), "{url}");
    assert_eq!(browser.open(&url).await.url().path(), "/auth/logged-out");
}

#[tokio::test]
async fn signing_out_here_alone_is_a_setting_and_a_choice() {
    for (setting, fields, expected) in [
        (true, &[][..], 1),
        (true, &[("local", "true")], 0),
        (true, &[("local", "false")], 1),
        (false, &[], 0),
    ] {
        let setup = Setup::new();
        let builder = setup.builder().provider(setup.registration()).logout_at_provider(setting);
        let mut browser = setup.browser(&builder.build().unwrap());
        browser.login_as("alice").await;
        let page = browser.post("/auth/logout", fields).await;
        assert_eq!(page.url().path(), "/auth/logged-out");
        assert!(!is_signed_in(&browser).await);
        assert_eq!(end_sessions(&setup.provider).len(), expected, "{setting} {fields:?}");
    }
}

/// What a preset knows: an endpoint without metadata, other names, and a claim that tells who signs out.
#[tokio::test]
async fn a_preset_says_where_and_how() {
    let setup = Setup::new();
    let url = |endpoint| setup.provider.url(endpoint);
    let registration: Provider = providers::oauth2(
        url(Endpoint::Authorization),
        url(Endpoint::Token),
        url(Endpoint::UserInfo),
        setup.provider.client_id(),
        setup.provider.client_secret(),
    );
    let end = "https://op.example/end-session";
    let registration = registration
        .with_issuer(setup.provider.issuer())
        .key("op")
        .scopes(["openid", "email"])
        .quirks(|quirks| {
            quirks.end_session_endpoint = Some(end.into());
            quirks.parameter_names = &[("post_logout_redirect_uri", "logout_uri")];
            quirks.logout_hint = Some("email");
        });
    let auth = setup.builder().provider(registration).build().unwrap();
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    browser.post("/auth/logout", &[]).await;
    let request = end_sessions(&setup.provider).remove(0);
    assert_eq!(request.get("logout_uri"), Some("https://app.example/auth/logged-out"));
    assert_eq!(request.get("logout_hint"), Some("alice@example.com"));
    assert_eq!(request.get("post_logout_redirect_uri"), None);
}
