//! The provider says that somebody signed out there (Back-Channel Logout): what is accepted, and what ends.

use std::time::Duration;

use http::{Method, Request};
use tower::ServiceExt;
use tower_oauth::provider::IssuerRule;
use tower_oauth_test::{Answer, Endpoint, FakeProvider, TestUser};
use tower_oauth_tests::{CountingStore, FailingStore, Operation, Setup, app, settle};

use crate::support::{BACKCHANNEL, Told, is_signed_in};

const ALICE: &str = "sub-alice";

#[tokio::test]
async fn b01_the_session_of_the_sid_ends_and_no_other() {
    let told = Told::new();
    let (other, mut alice) = (told.signed_in("alice").await, told.signed_in("alice").await);
    let sid = told.provider().latest_sid(ALICE).unwrap();
    let mut claims = told.provider().logout_claims(Some(ALICE), Some(&sid));
    claims.insert("unknown".into(), "claim".into());
    let header = told.provider().jose_header();
    let page = told.deliver(&told.provider().sign(&header, &claims)).await;
    assert_eq!((page.status().as_u16(), page.text().as_str()), (200, ""));
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(!is_signed_in(&alice).await && is_signed_in(&other).await);
    alice.login_as("alice").await;
    assert!(is_signed_in(&alice).await, "a new login is a new session");
}

/// Without `offline_access` they are given back; with it they outlive the sign-out at the provider. Gone from here
/// they are in either case.
#[tokio::test]
async fn b01_refresh_tokens_are_revoked_unless_they_are_for_when_the_user_is_away() {
    for (scope, revoked) in [("openid offline_access", 0), ("openid", 1)] {
        let told = Told::new();
        let granted = Answer::modify(move |response| {
            let mut body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
            body["refresh_token"] = "of the session".into();
            body["scope"] = scope.into();
            *response.body_mut() = body.to_string().into();
        });
        told.provider().answer(Endpoint::Token, granted);
        let alice = told.signed_in("alice").await;
        let sid = told.provider().latest_sid(ALICE).unwrap();
        let token = told.provider().logout_token(None, Some(&sid));
        assert_eq!(told.deliver(&token).await.status(), 200);
        settle().await;
        assert!(!is_signed_in(&alice).await);
        assert_eq!(told.store.sessions(), 1, "what is left says until when it ended");
        let requests = told.provider().requests_to(Endpoint::Revocation);
        assert_eq!(requests.len(), revoked, "{scope}");
    }
}

#[tokio::test]
async fn b02_by_subject_all_of_the_user_end_and_those_at_another_issuer_live() {
    let setup = Setup::new();
    let other = FakeProvider::builder()
        .issuer("https://two.example")
        .manual_clock(setup.clock.clone())
        .build();
    let setup = setup.on(tower_oauth_test::InProcessNetwork::new().provider(&other));
    let elsewhere =
        tower_oauth::providers::oidc(other.issuer(), other.client_id(), other.client_secret());
    let builder = setup.builder().backchannel_logout(true);
    let auth =
        builder.provider(setup.registration()).provider(elsewhere.key("two")).build().unwrap();
    let mut browsers = Vec::new();
    for (path, user) in [("op", "Alice"), ("op", "Alice"), ("op", "Bob"), ("two", "Alice")] {
        let mut browser = setup.browser(&auth);
        browser.open(&format!("/auth/login/{path}")).await;
        browser.click(user).await;
        browsers.push(browser);
    }
    setup.clock.advance(Duration::from_secs(60));
    let token = setup.provider.logout_token(Some(ALICE), None);
    let page = browsers[2].backchannel_logout(BACKCHANNEL, &token).await;
    assert_eq!(page.status(), 200);
    let mut live = Vec::new();
    for browser in &browsers {
        live.push(is_signed_in(browser).await);
    }
    assert_eq!(live, [false, false, true, true]);
    // b07: the other one's token, at this address.
    let token = other.logout_token(Some(ALICE), None);
    assert_eq!(browsers[2].backchannel_logout(BACKCHANNEL, &token).await.status(), 400);
    assert!(is_signed_in(&browsers[3]).await);
}

#[tokio::test]
async fn b04_to_b12_every_wrong_token_is_refused_and_ends_nothing() {
    let setup = Setup::new();
    let store = CountingStore::new(setup.clock.clone());
    let registration = setup.registration().id_token_algorithms([tower_oauth::Algorithm::Rs256]);
    let builder = setup.builder().store(store.clone()).backchannel_logout(true);
    let auth = builder.provider(registration).build().unwrap();
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    setup.clock.advance(Duration::from_secs(60));
    let sid = setup.provider.latest_sid(ALICE).unwrap();
    let wrong = setup.provider.wrong_logout_tokens(ALICE, &sid);
    assert!(wrong.len() > 20);
    let written = store.total();
    for (what, token) in wrong {
        let page = browser.backchannel_logout(BACKCHANNEL, &token).await;
        assert_eq!(page.status(), 400, "{what}");
        assert_eq!(
            (page.json()["code"].as_str(), page.json()["error"].as_str()),
            (Some("logout_token"), Some("invalid_request")),
            "{what}"
        );
        assert_eq!(page.header("cache-control"), "no-store");
    }
    assert_eq!(store.total(), written, "the store is not asked");
    assert!(is_signed_in(&browser).await);
    let token = setup.provider.logout_token(Some(ALICE), Some(&sid));
    assert_eq!(browser.backchannel_logout(BACKCHANNEL, &token).await.status(), 200);
    assert!(!is_signed_in(&browser).await, "the good one");
}

#[tokio::test]
async fn b13_a_token_works_once() {
    let told = Told::new();
    let mut alice = told.signed_in("alice").await;
    let token = told.provider().logout_token(Some(ALICE), None);
    let browser = told.setup.browser(&told.auth);
    let mut at_once = Vec::new();
    for _ in 0..50 {
        let (browser, token) = (browser.clone(), token.clone());
        at_once.push(tokio::spawn(async move {
            browser.backchannel_logout(BACKCHANNEL, &token).await.status().as_u16()
        }));
    }
    let mut accepted = 0;
    for answer in at_once {
        match answer.await.unwrap() {
            200 => accepted += 1,
            status => assert_eq!(status, 400),
        }
    }
    assert_eq!(accepted, 1);
    assert!(!is_signed_in(&alice).await);
    // b21: whoever signed in since is not its affair.
    told.setup.clock.advance(Duration::from_secs(1));
    alice.login_as("alice").await;
    let page = told.deliver(&token).await;
    assert_eq!((page.status().as_u16(), page.json()["code"].as_str()), (400, Some("logout_token")));
    assert!(is_signed_in(&alice).await);
}

#[tokio::test]
async fn b14_without_a_memory_of_used_tokens_none_is_accepted() {
    let setup = Setup::new();
    let store = FailingStore::new(setup.clock.clone());
    let builder = setup.builder().store(store.clone()).backchannel_logout(true);
    let auth = builder.provider(setup.registration()).build().unwrap();
    let browser = setup.browser(&auth);
    let token = setup.provider.logout_token(Some(ALICE), None);
    store.fail(&[Operation::MarkOnce]);
    assert_eq!(browser.backchannel_logout(BACKCHANNEL, &token).await.status(), 400);
    store.fail(&[]);
    assert_eq!(browser.backchannel_logout(BACKCHANNEL, &token).await.status(), 200, "tried again");
}

#[tokio::test]
async fn b15_an_id_token_and_an_access_token_are_no_logout_tokens() {
    let told = Told::new();
    let alice = told.signed_in("alice").await;
    let sid = told.provider().latest_sid(ALICE).unwrap();
    let provider = told.provider();
    let mut id_token = provider.logout_claims(Some(ALICE), Some(&sid));
    id_token.remove("events");
    let id_token = provider.sign(&provider.jose_header(), &id_token);
    let mut header = provider.jose_header();
    header.insert("typ".into(), "at+jwt".into());
    let access_token = provider.sign(&header, &provider.logout_claims(Some(ALICE), Some(&sid)));
    for token in [id_token, access_token] {
        assert_eq!(told.deliver(&token).await.status(), 400);
    }
    assert!(is_signed_in(&alice).await);
    // And the other way round: a logout token is no ID token, by its type or by its events.
    for typ in ["logout+jwt", "JWT"] {
        told.provider().modify_id_token(move |header, claims| {
            header.insert("typ".into(), typ.into());
            claims.insert("events".into(), serde_json::json!({}));
        });
        let mut browser = told.setup.browser(&told.auth);
        assert_eq!(browser.login_as("alice").await.status(), 502, "{typ}");
    }
}

#[tokio::test]
async fn b16_b22_only_a_small_form_with_one_token_counts_and_no_cookie_does() {
    let told = Told::new();
    let alice = told.signed_in("alice").await;
    let app = app(&told.auth);
    let send = async |method: &str, kind: &str, body: String| {
        let cookie = format!("{}={}", alice.cookies()[0].0, alice.cookies()[0].1);
        let request = Request::builder().method(method).uri(BACKCHANNEL);
        let request = request.header("cookie", cookie).header("origin", "https://op.example");
        let request = request.header("content-type", kind).body(axum::body::Body::from(body));
        app.clone().oneshot(request.unwrap()).await.unwrap()
    };
    const FORM: &str = "application/x-www-form-urlencoded";
    let token = || told.provider().logout_token(Some(ALICE), None);
    for (method, kind, body, status) in [
        ("GET", FORM, String::new(), 405),
        ("POST", "application/json", format!("{{\"logout_token\":\"{}\"}}", token()), 400),
        ("POST", "multipart/form-data", format!("logout_token={}", token()), 400),
        ("POST", FORM, String::new(), 400),
        ("POST", FORM, "logout_token=".into(), 400),
        ("POST", FORM, format!("logout_token={0}&logout_token={0}", token()), 400),
        ("POST", FORM, format!("logout_token={}", "A".repeat(1024 * 1024)), 400),
    ] {
        let response = send(method, kind, body).await;
        assert_eq!(response.status().as_u16(), status, "{method} {kind}");
        assert!(is_signed_in(&alice).await);
    }
    let response = send("POST", FORM, format!("logout_token={}", token())).await;
    assert_eq!(response.status(), 200);
    for name in ["set-cookie", "access-control-allow-origin"] {
        assert!(!response.headers().contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn b17_garbage_costs_neither_the_store_nor_the_provider() {
    let told = Told::new();
    told.signed_in("alice").await;
    let (stored, asked) = (told.store.total(), told.provider().requests().len());
    let mut header = told.provider().jose_header();
    let claims = told.provider().logout_claims(Some(ALICE), None);
    for number in 0..200 {
        header.insert("kid".into(), format!("unknown {number}").into());
        let garbage = [
            "A".repeat(20_000),
            "a.b.c".into(),
            told.provider().sign(&header, &claims).replace('.', ".A"),
        ];
        for token in garbage {
            assert_eq!(told.deliver(&token).await.status(), 400);
        }
    }
    assert_eq!(told.store.total(), stored);
    // d19: an unknown key may be a new one, which is asked for once in half a minute.
    assert!(told.provider().requests().len() <= asked + 1);
}

#[tokio::test]
async fn b18_a_session_that_nobody_has_is_signed_out_already() {
    let told = Told::new();
    let token = told.provider().logout_token(None, Some("unknown"));
    assert_eq!(told.deliver(&token).await.status(), 200);
}

#[tokio::test]
async fn b19_a_store_that_fails_is_no_success_and_the_same_token_works_then() {
    let setup = Setup::new();
    let store = FailingStore::new(setup.clock.clone());
    let builder = setup.builder().store(store.clone()).backchannel_logout(true);
    let auth = builder.provider(setup.registration()).build().unwrap();
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    setup.clock.advance(Duration::from_secs(60));
    let token = setup.provider.logout_token(Some(ALICE), None);
    for operation in [Operation::Create, Operation::Find, Operation::Load, Operation::Delete] {
        store.fail(&[operation]);
        let page = browser.backchannel_logout(BACKCHANNEL, &token).await;
        assert_eq!(page.status(), 400, "{operation:?}");
        store.fail(&[]);
        assert!(is_signed_in(&browser).await, "{operation:?}");
    }
    assert_eq!(browser.backchannel_logout(BACKCHANNEL, &token).await.status(), 200);
    assert!(!is_signed_in(&browser).await);
}

#[tokio::test]
async fn b25_an_encrypted_token_is_refused() {
    let told = Told::new();
    let page = told.deliver("eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.AA.AA.AA.AA").await;
    assert_eq!(page.status(), 400);
}

#[tokio::test]
async fn it_is_off_unless_it_is_asked_for_and_for_openid_providers_only() {
    let setup = Setup::new();
    let token = setup.provider.logout_token(Some(ALICE), None);
    let page = setup.browser(&setup.auth()).backchannel_logout(BACKCHANNEL, &token).await;
    assert_eq!((page.status().as_u16(), page.json()["code"].as_str()), (404, Some("not_found")));
    let told =
        Told::with(|builder| builder.provider(tower_oauth::providers::github("id", "secret")));
    let browser = told.setup.browser(&told.auth);
    for provider in ["github", "unknown"] {
        let path = format!("/auth/backchannel-logout/{provider}");
        assert_eq!(browser.backchannel_logout(&path, &token).await.status(), 404, "{provider}");
    }
    let page = browser.request(Method::PUT, BACKCHANNEL, &[]).await;
    assert_eq!((page.status().as_u16(), page.header("allow")), (405, "POST"));
}

/// One issuer for many tenants: the token's own `tid` stands in it.
#[tokio::test]
async fn b07_a_token_of_a_tenant_names_its_issuer() {
    let setup =
        Setup::with(|provider| provider.user(TestUser::new(ALICE).with_claim("tid", "one")));
    let registration =
        setup.registration().quirks(|quirks| quirks.issuer = IssuerRule::TenantTemplate);
    let template = Answer::modify(|response| {
        let mut document: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        document["issuer"] = "https://op.example/{tenantid}".into();
        *response.body_mut() = document.to_string().into();
    });
    setup.provider.answer_always(Endpoint::Metadata, template);
    let builder = setup.builder().provider(registration).backchannel_logout(true);
    let browser = setup.browser(&builder.build().unwrap());
    for (tenant, issuer, status) in [("one", "one", 200), ("one", "two", 400)] {
        let mut claims = setup.provider.logout_claims(Some(ALICE), None);
        claims.insert("tid".into(), tenant.into());
        claims.insert("iss".into(), format!("https://op.example/{issuer}").into());
        let token = setup.provider.sign(&setup.provider.jose_header(), &claims);
        assert_eq!(browser.backchannel_logout(BACKCHANNEL, &token).await.status(), status);
    }
}
