//! Apple: a client secret that is made anew, a name that comes once, an address that may be a relay.

use std::sync::LazyLock;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tower_oauth::provider::ClientKey;
use tower_oauth::{Auth, Provider, providers};
use tower_oauth_test::ManualClock;

use crate::document::Document;
use crate::{CLIENT_ID, login};

static KEY: LazyLock<EcdsaKeyPair> =
    LazyLock::new(|| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"));

/// The client's key, as its file holds it.
pub(crate) fn key() -> ClientKey {
    let body = STANDARD.encode(KEY.to_pkcs8v1().expect("the key").as_ref());
    let (first, second) = body.split_at(64);
    let pem =
        format!("-----BEGIN PRIVATE KEY-----\n{first}\n{second}\n-----END PRIVATE KEY-----\n");
    ClientKey::new("TEAMID1234", "KEYID56789", &pem).expect("a key")
}

/// The client secret is a fresh JWT of the key, for this client at `audience`.
pub(crate) fn check_client_secret(secret: &str, audience: &str) {
    let (message, signature) = secret.rsplit_once('.').expect("a JWT");
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64");
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, KEY.public_key().as_ref());
    public.verify(message.as_bytes(), &decode(signature)).expect("a signature of the key");
    let (header, claims) = message.split_once('.').expect("two parts");
    let parse = |part: &str| serde_json::from_slice::<Value>(&decode(part)).expect("JSON");
    assert_eq!(parse(header), json!({ "alg": "ES256", "kid": "KEYID56789" }));
    let claims = parse(claims);
    let (issued, expires) =
        (claims["iat"].as_u64().expect("iat"), claims["exp"].as_u64().expect("exp"));
    assert!(issued >= ManualClock::START.unix_seconds() && expires == issued + 300);
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!("TEAMID1234"), &json!(CLIENT_ID)));
    assert_eq!(claims["aud"], audience);
}

fn apple() -> Provider {
    providers::apple(CLIENT_ID, key())
}

#[tokio::test]
async fn u08_the_name_is_from_the_form_and_the_address_never() {
    let mut document = Document::of("apple");
    for (user, name) in [
        (r#"{"name":{"firstName":"Juan","lastName":"Chavez"}}"#, json!("Juan Chavez")),
        (r#"{"name":{"firstName":" Juan "},"sub":"1","email":"x@evil.example"}"#, json!("Juan")),
        (r#"{"name":{"firstName":"","lastName":7}}"#, Value::Null),
        ("not JSON", Value::Null),
        ("[]", Value::Null),
        ("", Value::Null),
    ] {
        document.authorization.response.insert("user".into(), user.into());
        let profile = login::outcome(&document, apple()).await.json();
        assert_eq!(profile["name"], name, "{user}");
        assert_eq!(profile["email"], "Verified(\"abc123@privaterelay.example\")", "{user}");
        assert_eq!(profile["subject"], document.expect.subject);
    }
    document.authorization.response.clear();
    let later = login::outcome(&document, apple()).await.json();
    assert_eq!(later["name"], Value::Null, "the name comes once");
}

#[tokio::test]
async fn u10_verified_may_be_text_here_and_nothing_else_counts() {
    let mut document = Document::of("apple");
    for (verified, expected) in [
        (json!("true"), "Verified"),
        (json!(true), "Verified"),
        (json!("false"), "Unverified"),
        (json!(false), "Unverified"),
        (json!("TRUE"), "Unknown"),
        (json!(1), "Unknown"),
        (Value::Null, "Unknown"),
    ] {
        let claims = &mut document.id_token.as_mut().expect("an ID token").claims;
        claims.insert("email_verified".into(), verified.clone());
        let profile = login::outcome(&document, apple()).await.json();
        assert_eq!(
            profile["email"],
            format!("{expected}(\"abc123@privaterelay.example\")"),
            "{verified}"
        );
    }
}

#[tokio::test]
async fn c10_to_cancel_is_a_denial() {
    let mut document = Document::of("apple");
    document.authorization.response.clear();
    document.authorization.response.insert("error".into(), "user_cancelled_authorize".into());
    let page = login::outcome(&document, apple()).await;
    assert_eq!(page.status(), 403);
    assert!(page.text().contains("provider_denied") && page.text().contains("Nothing has changed"));
}

#[tokio::test]
async fn x08_a_redirect_uri_that_apple_refuses_is_refused_at_start() {
    let refused = |base_url: &str| {
        let auth = Auth::builder(base_url).provider(apple()).build();
        auth.err().map(|error| error.to_string())
    };
    for base_url in
        ["http://localhost:3000", "https://localhost:3000", "https://127.0.0.1", "https://[::1]"]
    {
        let error = refused(base_url).expect("a refusal");
        assert!(error.starts_with("provider apple: ") && error.contains(base_url), "{error}");
    }
    assert_eq!(refused("https://app.example"), None);
}

#[test]
fn g02_a_key_does_not_show_itself() {
    let key = key();
    let secret = STANDARD.encode(KEY.to_pkcs8v1().expect("the key").as_ref());
    let shown = format!("{key:?} {:?}", apple());
    assert!(
        shown.contains("KEYID56789")
            && !shown.contains(secret.get(40..60).expect("the middle of the key")),
        "{shown}"
    );
}
