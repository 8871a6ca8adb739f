//! Google: accounts of one organisation.

use serde_json::{Value, json};
use tower_oauth::{Provider, providers};

use crate::document::Document;
use crate::{CLIENT_ID, client_secret, login};

/// The sign-in of a user whose ID token has this `hd`, at a provider that lets in `domains`.
async fn outcome(hd: Option<Value>, domains: &[&str]) -> tower_oauth_test::Page {
    let mut document = Document::of("google");
    let hint = if domains.len() == 1 { domains[0] } else { "*" };
    document.authorization.parameters.insert("hd".into(), hint.into());
    let claims = &mut document.id_token.as_mut().expect("an ID token").claims;
    match hd {
        Some(hd) => claims.insert("hd".into(), hd),
        None => claims.remove("hd"),
    };
    login::outcome(&document, google().hosted_domain(domains.iter().copied())).await
}

fn google() -> Provider {
    providers::google(CLIENT_ID, client_secret())
}

#[tokio::test]
async fn u17_who_is_of_another_domain_or_of_none_is_not_let_in() {
    for (hd, domains) in [
        (Some(json!("example.com")), &["example.com"][..]),
        (Some(json!("example.com")), &["other.example", "example.com"]),
    ] {
        let page = outcome(hd, domains).await;
        assert_eq!(page.json()["subject"], "10769150350006150715113082367");
    }
    for hd in [
        None,
        Some(Value::Null),
        Some(json!("")),
        Some(json!("evil.example")),
        Some(json!("EXAMPLE.com")),
        Some(json!("example.com.evil.example")),
        Some(json!(true)),
        Some(json!({ "example.com": true })),
        Some(json!(["evil.example"])),
    ] {
        let page = outcome(hd.clone(), &["example.com"]).await;
        assert_eq!(page.status(), 403, "{hd:?}");
        assert!(page.text().contains("not_admitted"), "{hd:?}: {}", page.text());
    }
}

/// The parameter of the response, which anybody can change, decides nothing.
#[tokio::test]
async fn u17_the_parameter_is_not_the_claim() {
    let mut document = Document::of("google");
    document.authorization.parameters.insert("hd".into(), "corp.example".into());
    document.authorization.response.insert("hd".into(), "corp.example".into());
    let page = login::outcome(&document, google().hosted_domain(["corp.example"])).await;
    assert_eq!(page.status(), 403);
}

#[tokio::test]
async fn u17_a_group_among_many_and_every_claim_that_is_asked_for() {
    let mut document = Document::of("keycloak");
    let keycloak = || {
        providers::keycloak("https://id.example/realms/main", CLIENT_ID, client_secret())
            .require_claim("groups", ["admin", "staff"])
            .require_claim("email_verified_by", ["hr"])
    };
    for (groups, by, status) in [
        (json!(["users", "staff"]), json!("hr"), 200),
        (json!(["users", "staff"]), json!("it"), 403),
        (json!(["users"]), json!("hr"), 403),
        (json!([["staff"]]), json!("hr"), 403),
        (json!("staff"), json!("hr"), 200),
        (json!("staff,users"), json!("hr"), 403),
    ] {
        let claims = &mut document.id_token.as_mut().expect("an ID token").claims;
        claims.insert("groups".into(), groups.clone());
        claims.insert("email_verified_by".into(), by.clone());
        let page = login::outcome(&document, keycloak()).await;
        assert_eq!(page.status(), status, "{groups} {by}");
    }
}
