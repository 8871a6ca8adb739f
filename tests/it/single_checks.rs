//! Checks that nothing else stands behind: each test here fails if its one check is taken out.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::{Value, json};
use tower_oauth::User;
use tower_oauth::provider::{IssuerRule, ResponseMode};
use tower_oauth_test::{Answer, Endpoint};
use tower_oauth_tests::{Setup, secret};

use crate::faults::fails;
use crate::login::{callback_url, url_encode};
use crate::signatures::id_token_segments;

#[tokio::test]
async fn c41_another_application_with_the_same_secret_cannot_finish_it() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let auth = |base: &str| {
        tower_oauth::Auth::builder(base)
            .http_client(setup.provider.http_client())
            .clock(Arc::new(setup.clock.clone()))
            .secret(secret("of two applications"))
            .provider(setup.registration())
            .build()
            .unwrap()
    };
    let browser = setup.browser(&auth("https://app.example"));
    let callback = callback_url(&browser, "/auth/login").await;
    let (name, value) = browser.cookies().remove(0);
    let elsewhere = setup.browser(&auth("https://app.example:8443"));
    let page =
        elsewhere.request(Method::GET, &callback, &[("cookie", &format!("{name}={value}"))]).await;
    assert_eq!(page.json()["code"], "state_invalid");
}

#[tokio::test]
async fn c32_the_response_comes_in_the_way_that_was_asked_for() {
    for mode in [ResponseMode::Query, ResponseMode::FormPost] {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        let registration = setup.registration().quirks(|quirks| quirks.response_mode = mode);
        let auth = setup.builder().provider(registration).build().unwrap();
        let mut browser = setup.browser(&auth);
        let start = browser.request(Method::GET, "/auth/login", &[]).await;
        let state =
            start.header("location").split("state=").nth(1).unwrap().split('&').next().unwrap();
        let query = format!("code=c&state={state}&iss=https%3A%2F%2Fop.example");
        let page = if mode == ResponseMode::Query {
            let parts: Vec<_> =
                url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let form: Vec<_> = parts.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            browser.post("/auth/callback/op", &form).await
        } else {
            browser
                .request(
                    Method::GET,
                    &format!("/auth/callback/op?{query}"),
                    &[("accept", "text/html")],
                )
                .await
        };
        assert!(page.text().contains("malformed_request"), "{mode:?}: {}", page.text());
        assert!(setup.provider.requests_to(Endpoint::Token).is_empty());
    }
}

#[tokio::test]
async fn i03_a_mac_by_the_client_secret_counts_only_where_declared() {
    const SECRET: &str = "a client secret as long as its hash";
    for declared in [false, true] {
        let setup = Setup::with(|op| op.client("client", SECRET));
        setup.provider.approve_as(Some("alice"));
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let answer = id_token_segments(move |segments| {
            segments[0] = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
            let message = segments[..2].join(".");
            segments[2] = URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()));
        });
        setup.provider.answer(Endpoint::Token, answer);
        let registration = setup.registration().quirks(|quirks| quirks.hs256_id_tokens = declared);
        let auth = setup.builder().provider(registration).build().unwrap();
        let browser = setup.browser(&auth);
        let callback = callback_url(&browser, "/auth/login").await;
        let page = browser.request(Method::GET, &callback, &[]).await;
        assert_eq!(page.status(), if declared { 303 } else { 502 }, "{}", page.text());
    }
}

#[tokio::test]
async fn i18_the_tenant_of_a_template_is_the_tokens_own() {
    let template = "https://op.example/{tenantid}/v2.0";
    let tenant = "https://op.example/t1/v2.0";
    let any: &[&str] = &[];
    for (answered, iss, tid, admitted, status) in [
        (tenant, tenant, json!("t1"), any, 303),
        (tenant, tenant, json!("t1"), &["t2", "t1"], 303),
        (tenant, tenant, json!("t1"), &["t2", "T1", "t", "t11"], 400),
        ("", tenant, json!("t1"), &["t2"], 502),
        (tenant, "https://op.example/t2/v2.0", json!("t2"), &["t1"], 502),
        (tenant, "https://op.example/t2/v2.0", json!("t1"), any, 502),
        (tenant, "https://op.example", json!("t1"), any, 502),
        (tenant, "https://op.example//v2.0", json!(""), any, 502),
        (tenant, "https://op.example/t1/x/v2.0", json!("t1/x"), any, 502),
        (tenant, tenant, json!(null), any, 502),
        ("https://op.example", tenant, json!("t1"), any, 400),
        ("https://op.example/t1/x/v2.0", tenant, json!("t1"), any, 400),
        ("https://evil.example/t1/v2.0", tenant, json!("t1"), any, 400),
    ] {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        setup.provider.answer_always(
            Endpoint::Metadata,
            Answer::modify(move |response| {
                let mut document: Value = serde_json::from_slice(response.body()).unwrap();
                document["issuer"] = template.into();
                document["authorization_response_iss_parameter_supported"] =
                    (!answered.is_empty()).into();
                *response.body_mut() = document.to_string().into();
            }),
        );
        let token_tid = tid.clone();
        setup.provider.modify_id_token(move |_, claims| {
            claims.insert("iss".into(), iss.into());
            claims.insert("tid".into(), token_tid.clone());
        });
        let registration = setup.registration().tenants(admitted.iter().copied());
        let registration = registration.quirks(|q| q.issuer = IssuerRule::TenantTemplate);
        let auth = setup.builder().provider(registration).build().unwrap();
        let browser = setup.browser(&auth);
        let callback = callback_url(&browser, "/auth/login").await;
        let sent = format!("&iss={}", url_encode("https://op.example"));
        let named = if answered.is_empty() {
            String::new()
        } else {
            format!("&iss={}", url_encode(answered))
        };
        let callback = callback.replace(&sent, &named);
        let page = browser.request(Method::GET, &callback, &[]).await;
        assert_eq!(page.status(), status, "{answered} {iss} {tid}: {}", page.text());
    }
}

#[tokio::test]
async fn i24_limits_of_times() {
    let now = tower_oauth::Clock::now(&Setup::new().clock).unix_seconds();
    for (name, value) in [("iat", json!(now - 86_401)), ("nbf", json!(-1)), ("iat", json!(-1))] {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        let changed = value.clone();
        setup.provider.modify_id_token(move |_, claims| {
            claims.insert(name.into(), changed.clone());
        });
        assert_eq!(fails(&setup).await.0.1, "id_token", "{name}: {value}");
    }
}

#[tokio::test]
async fn s31_long_targets_leave_fewer_attempts() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    let target = format!("/private/{}", "x".repeat(900));
    for _ in 0..12 {
        browser.open(&format!("/auth/login?return_to={}", url_encode(&target))).await;
        let cookies = browser.cookies();
        let bytes: usize = cookies.iter().map(|(_, value)| value.len()).sum();
        assert!(bytes <= 3 * 1024, "{bytes} bytes in {} cookies", cookies.len());
    }
    assert_eq!(browser.click("Alice").await.text(), "private to sub-alice");
}

#[tokio::test]
async fn c33_an_attempts_cookie_is_not_sent_cross_site() {
    let setup = Setup::new();
    let auth = setup.auth();
    let page = setup.browser(&auth).request(Method::GET, "/auth/login", &[]).await;
    let cookie = page.header("set-cookie");
    assert!(cookie.ends_with("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
}

#[tokio::test]
async fn a_handlers_own_vary_stays() {
    let setup = Setup::new();
    let auth = setup.auth();
    let handler = async |_: Option<User>| ([("vary", "accept-language")], "x");
    let app = axum::Router::new().route("/", axum::routing::get(handler)).layer(auth.layer());
    let page = setup.browser_of(app).open("/").await;
    let vary: Vec<_> = page.headers().get_all("vary").iter().collect();
    assert_eq!(vary, ["accept-language", "cookie"]);
}

#[test]
fn x08_more_configurations_that_cannot_work() {
    let setup = Setup::new();
    for (builder, start) in [
        (
            setup.builder().provider(setup.registration()).idle_lifetime(Duration::from_secs(59)),
            "session lifetimes",
        ),
        (
            setup
                .builder()
                .provider(setup.registration())
                .absolute_lifetime(Duration::from_secs(23 * 3600)),
            "session lifetimes",
        ),
    ] {
        let error = builder.build().unwrap_err().to_string();
        assert!(error.starts_with(start), "{error}");
    }
}

#[tokio::test]
async fn k15_the_first_secret_seals_and_the_others_open() {
    let secrets = [secret("new"), secret("old")];
    let (new, old) = (&*secrets[0], &*secrets[1]);
    for (start, finish, status) in
        [(&[new, old][..], &[new][..], 303), (&[old], &[new, old], 303), (&[new, old], &[old], 400)]
    {
        let setup = Setup::new();
        setup.provider.approve_as(Some("alice"));
        let auth = |secrets: &[&str]| {
            let builder = secrets.iter().fold(setup.builder(), tower_oauth::AuthBuilder::secret);
            builder.provider(setup.registration()).build().unwrap()
        };
        let browser = setup.browser(&auth(start));
        let callback = callback_url(&browser, "/auth/login").await;
        let (name, value) = browser.cookies().remove(0);
        let header = format!("{name}={value}");
        let page = setup
            .browser(&auth(finish))
            .request(Method::GET, &callback, &[("cookie", &header)])
            .await;
        assert_eq!(page.status(), status, "{start:?} {finish:?}");
    }
}

#[tokio::test]
async fn s14_a_target_named_twice_is_none() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let mut browser = setup.browser(&setup.auth());
    let page = browser.open("/auth/login?return_to=/private&return_to=/public").await;
    assert_eq!(page.url().path(), "/");
}

#[tokio::test]
async fn q05_forms_are_bounded_whole_and_of_the_right_type() {
    let setup = Setup::new();
    let mut browser = setup.browser(&setup.auth());
    let long = "x".repeat(33 * 1024);
    let page = browser.post("/auth/login/op", &[("x", &long), ("return_to", "/private")]).await;
    assert_eq!(page.status(), 400, "{}", page.url());
    let registration =
        setup.registration().quirks(|quirks| quirks.response_mode = ResponseMode::FormPost);
    let auth = setup.builder().provider(registration).build().unwrap();
    let json = [("content-type", "application/json")];
    let page = setup.browser(&auth).request(Method::POST, "/auth/callback/op", &json).await;
    assert_eq!(page.json()["code"], "malformed_request");
}
