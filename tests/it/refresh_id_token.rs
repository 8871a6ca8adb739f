//! The ID token of a refresh is about the login that it follows (OpenID Connect Core section 12.2), or nothing of the
//! answer counts.

use serde_json::{Map, Value};
use tower_oauth_test::{Answer, Endpoint, Signing};
use tower_oauth_tests::{Operation, Setup};

use crate::refresh::{LIFETIME, changed, refreshes, refused, seconds, signed_in, token};

#[tokio::test]
async fn j11_j12_j14_an_answer_that_cannot_be_trusted_ends_the_session() {
    type Change = fn(&mut Map<String, Value>, &mut Map<String, Value>);
    let none: Change = |header, _| drop(header.insert("alg".into(), "none".into()));
    let cases: [(&str, Change); 9] = [
        ("iss", |_, claims| drop(claims.insert("iss".into(), "https://op.example1".into()))),
        ("sub", |_, claims| drop(claims.insert("sub".into(), "sub-alice1".into()))),
        ("no sub", |_, claims| drop(claims.remove("sub"))),
        ("aud", |_, claims| drop(claims.insert("aud".into(), "another".into()))),
        ("expired", |_, claims| drop(claims.insert("exp".into(), 1_770_000_000.into()))),
        ("auth_time", |_, claims| drop(claims.insert("auth_time".into(), 1.into()))),
        ("iat", |_, claims| drop(claims.insert("iat".into(), 1_769_999_900.into()))),
        ("nonce", |_, claims| drop(claims.insert("nonce".into(), "another".into()))),
        ("none", none),
    ];
    for (name, change) in cases {
        let setup = Setup::with(|op| op.signing(Signing::Es256));
        let (mut browser, store) = signed_in(&setup).await;
        setup.clock.advance(seconds(LIFETIME));
        setup.provider.modify_id_token(change);
        let asked = setup.provider.requests_to(Endpoint::UserInfo).len();
        assert_eq!(refused(&browser).await, (401, "login_required".into()), "{name}");
        assert_eq!(store.sessions(), 0, "{name}");
        assert_eq!(refreshes(&setup.provider), 1, "{name}");
        assert_eq!(setup.provider.requests_to(Endpoint::UserInfo).len(), asked, "{name}");
        assert_eq!(browser.open("/").await.text(), "Hello, stranger!", "{name}");
    }
}

#[tokio::test]
async fn j14_a_signature_of_another_key_ends_the_session() {
    let setup = Setup::new();
    let (browser, store) = signed_in(&setup).await;
    setup.clock.advance(seconds(LIFETIME));
    let other = Setup::with(|op| op.issuer("https://other.example")).provider;
    let answer = changed(move |body| {
        let token = body["id_token"].as_str().unwrap();
        let (message, _) = token.rsplit_once('.').unwrap();
        let foreign = other.sign(&other.jose_header(), &Map::new());
        let signature = foreign.rsplit_once('.').unwrap().1;
        body.insert("id_token".into(), format!("{message}.{signature}").into());
    });
    setup.provider.answer(Endpoint::Refresh, answer);
    assert_eq!(refused(&browser).await, (401, "login_required".into()));
    assert_eq!(store.sessions(), 0);
}

#[tokio::test]
async fn a_repeated_nonce_of_the_login_is_accepted() {
    let setup = Setup::new();
    let (browser, _) = signed_in(&setup).await;
    let asked = setup.provider.requests_to(Endpoint::Authorization);
    let nonce = asked[0].query().get("nonce").unwrap().to_owned();
    setup.provider.modify_id_token(move |_, claims| {
        claims.insert("nonce".into(), nonce.clone().into());
    });
    for count in 1..=2 {
        setup.clock.advance(seconds(LIFETIME));
        token(&browser).await;
        assert_eq!(refreshes(&setup.provider), count);
    }
}

#[tokio::test]
async fn keys_that_cannot_be_had_are_no_reason_to_spend_a_refresh_token() {
    let setup = Setup::new();
    let (browser, store) = signed_in(&setup).await;
    // Beyond the day that the last good copy serves.
    setup.clock.advance(seconds(20 * 3600));
    browser.fetch("/private").await;
    setup.clock.advance(seconds(5 * 3600));
    setup.provider.answer_always(Endpoint::Jwks, Answer::status(500));
    let marks = store.count(Operation::MarkOnce);
    assert_eq!(refused(&browser).await, (503, "token_unavailable".into()));
    assert_eq!(refreshes(&setup.provider), 0);
    assert_eq!(store.count(Operation::MarkOnce), marks, "nor to keep other processes out");
    setup.provider.answer_normally(Endpoint::Jwks);
    setup.clock.advance(seconds(60));
    token(&browser).await;
    assert_eq!(refreshes(&setup.provider), 1);
}

#[tokio::test]
async fn a_key_that_is_unknown_and_cannot_be_fetched_ends_nothing() {
    // A key set serves for ten minutes.
    let setup =
        Setup::with(|op| op.rotate_refresh_tokens(false).access_token_lifetime(seconds(300)));
    let (browser, _) = signed_in(&setup).await;
    setup.clock.advance(seconds(300));
    setup.provider.answer_always(Endpoint::Jwks, Answer::status(500));
    setup.provider.rotate_keys();
    setup.provider.retire_old_keys();
    assert_eq!(refused(&browser).await, (503, "token_unavailable".into()));
    setup.provider.answer_normally(Endpoint::Jwks);
    setup.clock.advance(seconds(60));
    token(&browser).await;
}
