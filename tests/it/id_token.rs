//! ID tokens that must not sign anybody in.

use serde_json::{Map, Value, json};
use tower_oauth_test::{Answer, Endpoint, Signing};
use tower_oauth_tests::Setup;

use crate::faults::fails;
use crate::login::callback_url;

type Object = Map<String, Value>;

/// A login whose ID token was changed ends with this code, and no userinfo request was made.
async fn refused(
    what: &str,
    code: &str,
    change: impl Fn(&mut Object, &mut Object) + Send + Sync + 'static,
) {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    setup.provider.modify_id_token(change);
    assert_eq!(fails(&setup).await.0.1, code, "{what}");
    assert!(setup.provider.requests_to(Endpoint::UserInfo).is_empty(), "{what}");
}

async fn refused_claim(name: &'static str, value: Value) {
    refused(&format!("{name}: {value}"), "id_token", move |_, claims| {
        claims.insert(name.into(), value.clone());
    })
    .await;
}

async fn refused_without(name: &'static str) {
    refused(&format!("without {name}"), "id_token", move |_, claims| {
        claims.remove(name);
    })
    .await;
}

#[tokio::test]
async fn i17_i19_i20_i21_issuer_and_audience() {
    for value in [
        json!("https://op.example1"),
        json!("https://op.example/"),
        json!(7),
        json!(["https://op.example"]),
    ] {
        refused_claim("iss", value).await;
    }
    for value in [
        json!("client1"),
        json!("clien"),
        json!([]),
        json!(null),
        json!({}),
        json!(["client", "other"]),
        json!(["other"]),
    ] {
        refused_claim("aud", value).await;
    }
    for value in [json!("other"), json!(7), json!(null)] {
        refused_claim("azp", value).await;
    }
    refused_without("iss").await;
    refused_without("aud").await;
}

#[tokio::test]
async fn i22_i23_i24_times() {
    let now = Setup::new().clock;
    let now = tower_oauth::Clock::now(&now).unix_seconds();
    for value in [
        json!(now - 60),
        json!(0),
        json!(-1),
        json!((now + 999).to_string()),
        json!(null),
        json!(true),
    ] {
        refused_claim("exp", value).await;
    }
    for value in [json!(now + 61), json!(now - 7 * 86_400), json!(now.to_string()), json!(null)] {
        refused_claim("iat", value).await;
    }
    for value in [json!(now + 61), json!((now - 10).to_string()), json!(null)] {
        refused_claim("nbf", value).await;
    }
    refused_without("exp").await;
    refused_without("iat").await;
}

#[tokio::test]
async fn i25_nonce() {
    for change in [None, Some(json!("")), Some(json!("other")), Some(json!(["x"]))] {
        refused(&format!("nonce: {change:?}"), "nonce_mismatch", move |_, claims| {
            match &change {
                Some(value) => claims.insert("nonce".into(), value.clone()),
                None => claims.remove("nonce"),
            };
        })
        .await;
    }
}

#[tokio::test]
async fn i26_i29_i16_subject_hash_and_foreign_tokens() {
    let long = "x".repeat(256);
    for value in [json!(""), json!(7), json!(null), json!(long), json!("a\nb"), json!("ä")] {
        refused_claim("sub", value).await;
    }
    refused_without("sub").await;
    for value in [json!("AAAAAAAAAAAAAAAAAAAAAA"), json!(7), json!(null)] {
        refused_claim("at_hash", value).await;
    }
    refused_claim("events", json!({})).await;
}

#[tokio::test]
async fn i12_i14_i15_headers() {
    for (name, value) in [
        ("typ", json!("at+jwt")),
        ("typ", json!("logout+jwt")),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("PS256")),
        ("alg", json!("ES256")),
        ("kid", json!("unknown")),
        ("kid", json!(7)),
    ] {
        refused(&format!("{name}: {value}"), "id_token", move |header, _| {
            header.insert(name.into(), value.clone());
        })
        .await;
    }
}

/// Every bit matters, and a key that the token brings along is not looked at.
#[tokio::test]
async fn i01_i12_a_signature_that_is_not_the_providers() {
    for (place, what) in ["header", "payload", "signature"].into_iter().enumerate() {
        let setup = Setup::with(|provider| provider.signing(Signing::Es256));
        setup.provider.approve_as(Some("alice"));
        setup.provider.answer(
            Endpoint::Token,
            Answer::modify(move |response| {
                let mut body: Value = serde_json::from_slice(response.body()).unwrap();
                let mut segments: Vec<String> =
                    body["id_token"].as_str().unwrap().split('.').map(ToOwned::to_owned).collect();
                let middle = segments[place].len() / 2;
                let flipped = if &segments[place][middle..=middle] == "A" { "B" } else { "A" };
                segments[place].replace_range(middle..=middle, flipped);
                body["id_token"] = segments.join(".").into();
                *response.body_mut() = body.to_string().into();
            }),
        );
        assert_eq!(fails(&setup).await.0.1, "id_token", "{what}");
        assert!(setup.provider.requests_to(Endpoint::UserInfo).is_empty());
    }
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let foreign = setup.provider.jwks();
    setup.provider.rotate_keys();
    setup.provider.retire_old_keys();
    setup.provider.modify_id_token(move |header, _| {
        header.insert("jwk".into(), foreign["keys"][0].clone());
        header.insert("kid".into(), foreign["keys"][0]["kid"].clone());
        header.insert("jku".into(), "https://evil.example/jwks".into());
    });
    assert_eq!(fails(&setup).await.0.1, "id_token");
}

#[tokio::test]
async fn i08_i19_i22_what_is_unusual_and_right() {
    let setup = Setup::new();
    setup.provider.modify_id_token(|header, claims| {
        header.remove("kid");
        header.remove("typ");
        claims.insert("aud".into(), json!(["client"]));
        claims.insert("azp".into(), json!("client"));
        claims.remove("at_hash");
        let exp = claims["exp"].as_f64().unwrap() + 0.5;
        claims.insert("exp".into(), exp.into());
        claims.insert("unknown".into(), json!({ "sub": "evil", "is_admin": true }));
    });
    let mut browser = setup.browser(&setup.auth());
    assert_eq!(browser.login_as("alice").await.text(), "Hello, Alice Liddell!");
}

#[tokio::test]
async fn i05_an_algorithm_that_was_not_agreed_on() {
    let setup = Setup::with(|provider| provider.signing(Signing::Es256));
    setup.provider.approve_as(Some("alice"));
    let registration = setup.registration().id_token_algorithms([tower_oauth::Algorithm::Rs256]);
    let auth = setup.builder().provider(registration).build().unwrap();
    let browser = setup.browser(&auth);
    let callback = callback_url(&browser, "/auth/login").await;
    let page = browser.request(http::Method::GET, &callback, &[]).await;
    assert_eq!(page.json()["code"], "id_token");
}

/// How somebody signed in is not asked for and not checked, and an application can read it.
#[tokio::test]
async fn i28_how_somebody_signed_in_reaches_the_application() {
    let setup = Setup::new();
    setup.provider.modify_id_token(|_, claims| {
        claims.insert("acr".into(), json!("urn:example:gold"));
        claims.insert("amr".into(), json!(["pwd", "otp"]));
    });
    let mut browser = setup.browser(&setup.auth());
    browser.login_as("alice").await;
    let claims = browser.open("/profile").await.json()["claims"].clone();
    assert_eq!((&claims["acr"], &claims["amr"][1]), (&json!("urn:example:gold"), &json!("otp")));
    assert!(claims["auth_time"].is_u64());
}
