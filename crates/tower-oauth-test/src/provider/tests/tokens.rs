//! Codes, tokens, claims, signatures.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::support::*;
use crate::{Endpoint, FakeProvider, ManualClock, Signing, TestUser};

const ALL: &str = "openid profile email offline_access";

#[test]
fn the_code_flow_ends_with_a_signed_id_token() {
    for signing in [Signing::Rs256, Signing::Es256] {
        let op = FakeProvider::builder().signing(signing).build();
        let answer = tokens(&op, ALL);
        assert_eq!(answer["token_type"], "Bearer");
        assert_eq!(answer["expires_in"], 3600);
        assert_eq!(answer["scope"], ALL);

        let (header, claims) = verified(&text(&answer, "id_token"), &op.jwks());
        assert_eq!(header["alg"], signing.alg());
        let half = &digest(&SHA256, text(&answer, "access_token").as_bytes());
        let now = ManualClock::START.unix_seconds();
        assert_eq!(claims["iss"], FakeProvider::ISSUER);
        assert_eq!(claims["sub"], "sub-alice");
        assert_eq!(claims["aud"], FakeProvider::CLIENT_ID);
        assert_eq!(claims["nonce"], "the-nonce");
        assert_eq!(claims["at_hash"], URL_SAFE_NO_PAD.encode(&half.as_ref()[..16]));
        assert_eq!((&claims["iat"], &claims["auth_time"]), (&json!(now), &json!(now)));
        assert_eq!(claims["exp"], now + 300);
        assert!(claims["sid"].is_string());
        assert!(!claims.contains_key("email") && !claims.contains_key("name"));
    }
}

#[test]
#[should_panic(expected = "a valid signature")]
fn a_signature_does_not_fit_another_message() {
    let op = FakeProvider::new();
    let token = text(&tokens(&op, "openid"), "id_token");
    let other = op.sign(&op.jose_header(), &serde_json::Map::new());
    let message = other.rsplit_once('.').unwrap().0;
    let signature = token.rsplit_once('.').unwrap().1;
    verified(&format!("{message}.{signature}"), &op.jwks());
}

#[test]
fn claims_go_into_the_id_token_when_asked_for() {
    let op = FakeProvider::builder().claims_in_id_token(true).build();
    let (_, claims) = verified(&text(&tokens(&op, "openid email"), "id_token"), &op.jwks());
    assert_eq!(claims["email"], "alice@example.com");
    assert!(!claims.contains_key("name"));
}

#[test]
fn a_code_bound_to_another_verifier_or_redirect_uri_is_refused_and_spent() {
    let op = FakeProvider::new();
    for (name, wrong) in [
        ("code_verifier", "another-verifier-of-at-least-forty-three-characters"),
        ("redirect_uri", "https://app.example/callback?from=op&"),
    ] {
        let right = redemption(&code(&op, "openid"));
        let response = call(&op, Endpoint::Token, &with(right.clone(), name, wrong));
        assert_error(&response, 400, "invalid_grant");
        assert_error(&call(&op, Endpoint::Token, &right), 400, "invalid_grant");
    }
    for missing in ["code_verifier", "redirect_uri", "code", "grant_type"] {
        let fields = with(redemption(&code(&op, "openid")), missing, "");
        assert_error(&call(&op, Endpoint::Token, &fields), 400, "invalid_request");
    }
}

#[test]
fn a_code_expires_after_a_minute() {
    let op = FakeProvider::new();
    let clock = op.manual_clock().unwrap();
    let (in_time, late) = (code(&op, "openid"), code(&op, "openid"));
    clock.advance(Duration::from_secs(59));
    assert_eq!(call(&op, Endpoint::Token, &redemption(&in_time)).status(), 200);
    clock.advance(Duration::from_secs(1));
    assert_error(&call(&op, Endpoint::Token, &redemption(&late)), 400, "invalid_grant");
}

#[test]
fn reuse_of_a_code_revokes_what_it_brought() {
    let op = FakeProvider::new();
    let code = code(&op, ALL);
    let first = body(&call(&op, Endpoint::Token, &redemption(&code)));
    assert_eq!(userinfo(&op, &text(&first, "access_token")).status(), 200);
    assert_error(&call(&op, Endpoint::Token, &redemption(&code)), 400, "invalid_grant");
    assert_eq!(userinfo(&op, &text(&first, "access_token")).status(), 401);
    let refresh = refreshing(&text(&first, "refresh_token"));
    assert_error(&call(&op, Endpoint::Token, &refresh), 400, "invalid_grant");
}

#[test]
fn refreshing_rotates_and_reuse_revokes_the_family() {
    let op = FakeProvider::new();
    let first = tokens(&op, ALL);
    op.manual_clock().unwrap().advance(Duration::from_secs(3600));
    assert_eq!(userinfo(&op, &text(&first, "access_token")).status(), 401);

    let second = body(&call(&op, Endpoint::Token, &refreshing(&text(&first, "refresh_token"))));
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(userinfo(&op, &text(&second, "access_token")).status(), 200);
    let (_, claims) = verified(&text(&second, "id_token"), &op.jwks());
    assert_eq!(claims["auth_time"], ManualClock::START.unix_seconds());
    assert_eq!(claims["iat"], ManualClock::START.unix_seconds() + 3600);
    assert!(!claims.contains_key("nonce"));

    let stolen = call(&op, Endpoint::Token, &refreshing(&text(&first, "refresh_token")));
    assert_error(&stolen, 400, "invalid_grant");
    let successor = call(&op, Endpoint::Token, &refreshing(&text(&second, "refresh_token")));
    assert_error(&successor, 400, "invalid_grant");
    assert_eq!(userinfo(&op, &text(&second, "access_token")).status(), 401);
}

#[test]
fn a_refresh_token_that_does_not_rotate_stays_good() {
    let op = FakeProvider::builder().rotate_refresh_tokens(false).build();
    let refresh = refreshing(&text(&tokens(&op, ALL), "refresh_token"));
    for _ in 0..3 {
        let answer = body(&call(&op, Endpoint::Refresh, &refresh));
        assert!(answer.get("refresh_token").is_none());
        assert_eq!(userinfo(&op, &text(&answer, "access_token")).status(), 200);
    }
}

#[test]
fn a_refresh_can_narrow_the_scope_but_not_widen_it() {
    let op = FakeProvider::new();
    let first = tokens(&op, "openid email offline_access");
    let refresh = refreshing(&text(&first, "refresh_token"));
    let wider = call(&op, Endpoint::Token, &with(refresh.clone(), "scope", "openid profile"));
    assert_error(&wider, 400, "invalid_scope");
    let narrower = body(&call(&op, Endpoint::Token, &with(refresh, "scope", "openid")));
    assert_eq!(narrower["scope"], "openid");
    assert!(narrower["refresh_token"].is_string());
    let claims = body(&userinfo(&op, &text(&narrower, "access_token")));
    assert_eq!(claims, json!({ "sub": "sub-alice" }));
}

#[test]
fn a_refresh_token_needs_offline_access_and_expires() {
    let lifetime = Duration::from_secs(100);
    let op = FakeProvider::builder().refresh_token_lifetime(lifetime).build();
    assert!(tokens(&op, "openid").get("refresh_token").is_none());
    let refresh = refreshing(&text(&tokens(&op, ALL), "refresh_token"));
    op.manual_clock().unwrap().advance(lifetime);
    assert_error(&call(&op, Endpoint::Token, &refresh), 400, "invalid_grant");
}

#[test]
fn the_client_authenticates_in_the_header_or_the_body_but_not_both() {
    let op = FakeProvider::builder().client("a b:c", "p&q=r:s%").build();
    let fields = with(authorization("openid"), "client_id", "a b:c");
    op.approve_as(Some("sub-bob"));
    let code =
        || returned(&get(&op, Endpoint::Authorization, &fields)).get("code").unwrap().to_owned();
    let in_body =
        |secret| with(with(redemption(&code()), "client_id", "a b:c"), "client_secret", secret);
    assert_eq!(post(&op, Endpoint::Token, &in_body("p&q=r:s%")).status(), 200);
    assert_error(&post(&op, Endpoint::Token, &in_body("wrong")), 401, "invalid_client");
    assert_error(&call(&op, Endpoint::Token, &in_body("p&q=r:s%")), 400, "invalid_request");

    // Not form-encoded, as `call` sends it, these credentials mean something else.
    let response = call(&op, Endpoint::Token, &redemption(&code()));
    assert_error(&response, 401, "invalid_client");
    assert_eq!(response.headers()["www-authenticate"], "Basic realm=\"token\"");
    let encoded = basic_request(&op, "a+b%3Ac:p%26q%3Dr%3As%25", &redemption(&code()));
    assert_eq!(op.handle(encoded).status(), 200);
}

#[test]
fn userinfo_releases_what_the_scope_covers() {
    let op =
        FakeProvider::builder().user(TestUser::alice().with_claim("groups", json!(["a"]))).build();
    let claims = |scope| body(&userinfo(&op, &text(&tokens(&op, scope), "access_token")));
    assert_eq!(claims("openid"), json!({ "sub": "sub-alice", "groups": ["a"] }));
    let email = claims("openid email");
    assert_eq!(
        (&email["email"], &email["email_verified"]),
        (&json!("alice@example.com"), &json!(true))
    );
    assert!(email.get("name").is_none());
    let profile = claims("openid profile");
    assert_eq!(profile["preferred_username"], "alice");
    assert!(profile.get("email").is_none());
}

#[test]
fn userinfo_wants_a_bearer_token_of_an_openid_login() {
    let op = FakeProvider::new();
    let bare = get(&op, Endpoint::UserInfo, &vec![("access_token", "x".to_owned())]);
    assert_eq!(bare.status(), 401);
    assert_eq!(bare.headers()["www-authenticate"], "Bearer realm=\"userinfo\"");
    let unknown = userinfo(&op, "unknown");
    assert!(unknown.headers()["www-authenticate"].to_str().unwrap().contains("invalid_token"));
    let plain = tokens(&op, "repo");
    assert!(plain.get("id_token").is_none());
    assert_eq!(userinfo(&op, &text(&plain, "access_token")).status(), 403);
}

#[test]
fn revocation_of_a_refresh_token_takes_its_access_token_along() {
    let op = FakeProvider::new();
    let issued = tokens(&op, ALL);
    let token = |name| vec![("token", text(&issued, name))];
    assert_error(&post(&op, Endpoint::Revocation, &token("refresh_token")), 401, "invalid_client");
    assert_eq!(call(&op, Endpoint::Revocation, &token("refresh_token")).status(), 200);
    assert_eq!(userinfo(&op, &text(&issued, "access_token")).status(), 401);
    assert_eq!(call(&op, Endpoint::Revocation, &vec![("token", "no".to_owned())]).status(), 200);

    let issued = tokens(&op, ALL);
    let token = vec![("token", text(&issued, "access_token"))];
    assert_eq!(call(&op, Endpoint::Revocation, &token).status(), 200);
    assert_eq!(userinfo(&op, &text(&issued, "access_token")).status(), 401);
    let refresh = refreshing(&text(&issued, "refresh_token"));
    assert_eq!(call(&op, Endpoint::Token, &refresh).status(), 200);
}
