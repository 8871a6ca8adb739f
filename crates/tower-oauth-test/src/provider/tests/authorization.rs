//! What the authorization endpoint shows, redirects and refuses; metadata and logout.

use super::support::*;
use crate::{Endpoint, FakeProvider, TestUser};

fn page(response: &http::Response<bytes::Bytes>, status: u16) -> String {
    assert_eq!(response.status(), status);
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(!response.headers().contains_key("location"));
    String::from_utf8(response.body().to_vec()).unwrap()
}

#[test]
fn the_page_offers_every_user_and_repeats_the_request() {
    let op = FakeProvider::builder().user(TestUser::new("<b>")).build();
    let fields = with(authorization("openid"), "state", "\"><script>");
    let response = get(&op, Endpoint::Authorization, &with(fields, "login_hint", "bob"));
    let html = page(&response, 200);
    assert!(html.find("value=\"sub-bob\"").unwrap() < html.find("value=\"sub-alice\"").unwrap());
    assert!(html.contains("name=\"decision\" value=\"cancel\""));
    assert!(html.contains("action=\"/authorize/decision\""));
    assert!(!html.contains("<script>") && !html.contains("<b>"));
    let policy = response.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
    assert!(policy.contains("form-action 'self' https://app.example;"));
}

#[test]
fn a_choice_brings_a_code_with_state_and_issuer() {
    let op = FakeProvider::new();
    let form = with(authorization("openid"), "subject", "sub-bob");
    let back = returned(&post(&op, Endpoint::Decision, &form));
    assert_eq!(
        (back.get("state"), back.get("iss")),
        (Some("the-state"), Some(FakeProvider::ISSUER))
    );
    let answer = body(&call(&op, Endpoint::Token, &redemption(back.get("code").unwrap())));
    let (_, claims) = verified(&text(&answer, "id_token"), &op.jwks());
    assert_eq!(claims["sub"], "sub-bob");

    page(&post(&op, Endpoint::Decision, &with(form, "subject", "nobody")), 400);
}

#[test]
fn cancelling_is_access_denied() {
    let op = FakeProvider::new();
    let form = with(authorization("openid"), "decision", "cancel");
    let back = returned(&post(&op, Endpoint::Decision, &form));
    assert_eq!(back.get("error"), Some("access_denied"));
    assert_eq!(
        (back.get("state"), back.get("iss")),
        (Some("the-state"), Some(FakeProvider::ISSUER))
    );
    assert_eq!(back.get("code"), None);
}

#[test]
fn an_untrusted_return_address_is_never_redirected_to() {
    let op = FakeProvider::builder().redirect_uri(REDIRECT_URI).build();
    for (name, wrong) in [
        ("redirect_uri", "https://app.example/callback"),
        ("redirect_uri", "https://app.example/callback?from=op&more"),
        ("redirect_uri", ""),
        ("client_id", "somebody"),
        ("client_id", ""),
    ] {
        let fields = with(authorization("openid"), name, wrong);
        page(&get(&op, Endpoint::Authorization, &fields), 400);
        page(&post(&op, Endpoint::Decision, &with(fields, "subject", "sub-bob")), 400);
    }
    let mut twice = authorization("openid");
    twice.push(("redirect_uri", REDIRECT_URI.to_owned()));
    page(&get(&op, Endpoint::Authorization, &twice), 400);

    let unregistered = FakeProvider::new();
    for wrong in
        ["javascript:alert(1)", "/callback", "https://app.example/#f", "https://a.example/ b"]
    {
        let fields = with(authorization("openid"), "redirect_uri", wrong);
        page(&get(&unregistered, Endpoint::Authorization, &fields), 400);
    }
}

#[test]
fn every_other_error_goes_back_to_the_client() {
    let op = FakeProvider::new();
    op.approve_as(Some("alice"));
    for (name, wrong, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "invalid_request"),
        ("response_mode", "fragment", "invalid_request"),
        ("scope", "", "invalid_scope"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("prompt", "other", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("request", "x", "request_not_supported"),
        ("request_uri", "x", "request_uri_not_supported"),
    ] {
        let fields = with(authorization("openid"), name, wrong);
        let back = returned(&get(&op, Endpoint::Authorization, &fields));
        assert_eq!(back.get("error"), Some(error), "{name}={wrong}");
        assert_eq!(back.get("state"), Some("the-state"), "{name}={wrong}");
        assert_eq!(back.get("iss"), Some(FakeProvider::ISSUER), "{name}={wrong}");
    }
}

#[test]
fn prompt_none_needs_somebody_signed_in() {
    let op = FakeProvider::new();
    let fields = with(authorization("openid"), "prompt", "none");
    let back = returned(&get(&op, Endpoint::Authorization, &fields));
    assert_eq!(back.get("error"), Some("login_required"));
    op.approve_as(Some("bob"));
    assert!(returned(&get(&op, Endpoint::Authorization, &fields)).get("code").is_some());
    op.approve_as(None);
    page(&get(&op, Endpoint::Authorization, &authorization("openid")), 200);
}

#[test]
fn form_post_answers_with_a_form_that_its_policy_permits() {
    let op = FakeProvider::new();
    op.approve_as(Some("alice"));
    let fields = with(authorization("openid"), "response_mode", "form_post");
    let response = get(&op, Endpoint::Authorization, &fields);
    let html = page(&response, 200);
    assert!(html.contains("action=\"https://app.example/callback?from=op\""));
    assert!(html.contains("name=\"code\"") && html.contains("name=\"iss\""));
    assert!(html.contains("name=\"state\" value=\"the-state\""));
    assert!(html.contains("<button"));
    let policy = response.headers()["content-security-policy"].to_str().unwrap();
    let (_, script) = html.split_once("<script>").unwrap();
    let (script, _) = script.split_once("</script>").unwrap();
    let (_, style) = html.split_once("<style>").unwrap();
    let (style, _) = style.split_once("</style>").unwrap();
    for (directive, text) in [("script-src", script), ("style-src", style)] {
        assert!(
            policy.contains(&format!("{directive} 'sha256-{}';", sha256_base64(text))),
            "{policy}"
        );
    }
    assert!(policy.contains("form-action https://app.example;"));
}

#[test]
fn methods_and_paths_that_do_not_exist_are_refused() {
    let op = FakeProvider::builder().issuer("https://op.example/tenant").build();
    let none = Vec::new();
    assert_eq!(get(&op, Endpoint::Token, &none).status(), 405);
    assert_eq!(post(&op, Endpoint::Metadata, &none).headers()["allow"], "GET");
    let outside = http::Request::get("https://op.example/jwks").body(bytes::Bytes::new()).unwrap();
    assert_eq!(op.handle(outside).status(), 404);
    assert_eq!(get(&op, Endpoint::Jwks, &none).status(), 200);
}

#[test]
fn metadata_names_the_endpoints_below_the_issuer() {
    for issuer in ["https://op.example/tenant", "https://op.example/tenant/"] {
        let op = FakeProvider::builder().issuer(issuer).build();
        let metadata = body(&get(&op, Endpoint::Metadata, &Vec::new()));
        assert_eq!(metadata["issuer"], issuer);
        assert_eq!(metadata["token_endpoint"], "https://op.example/tenant/token");
        assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
        assert_eq!(metadata["code_challenge_methods_supported"][0], "S256");
    }
}

#[test]
fn logout_returns_to_the_client_with_its_state() {
    let op = FakeProvider::new();
    page(&get(&op, Endpoint::EndSession, &Vec::new()), 200);
    let target = vec![
        ("post_logout_redirect_uri", "https://app.example/".to_owned()),
        ("state", "s".to_owned()),
    ];
    page(&get(&op, Endpoint::EndSession, &target), 400);
    let hint = with(target.clone(), "id_token_hint", &text(&tokens(&op, "openid"), "id_token"));
    let response = get(&op, Endpoint::EndSession, &hint);
    assert_eq!(response.headers()["location"], "https://app.example/?state=s");

    let other = FakeProvider::builder().issuer("https://other.example").build();
    page(&get(&other, Endpoint::EndSession, &hint), 400);
    page(&get(&op, Endpoint::EndSession, &with(target, "client_id", "somebody")), 400);
}
