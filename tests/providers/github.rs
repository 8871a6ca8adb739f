//! GitHub: an app whose tokens expire and whose permissions are no scopes, and servers of one's own.

use serde_json::{Value, json};
use tower_oauth::{Provider, providers};

use crate::document::{Answer, Document, Refresh};
use crate::{CLIENT_ID, client_secret, login};

fn github() -> Provider {
    providers::github(CLIENT_ID, client_secret())
}

/// A GitHub App in place of the OAuth app: `scope` is empty, a token lasts eight hours, a refresh token comes unasked.
fn as_github_app() -> Document {
    let mut document = Document::of("github");
    let body = &mut document.token.response.body;
    body["access_token"] = "ghu_16C7e42F292c6912E7710c838347Ae178B4a".into();
    body["expires_in"] = 28_800.into();
    body["refresh_token"] = "ghr_1B4a2e77838347a7E420ce178F2E7c6912E169246c34E1ccbF66".into();
    body["refresh_token_expires_in"] = 15_811_200.into();
    body["scope"] = "".into();
    document.expect.scopes = Vec::new();
    document.expect.expires_in = Some(28_800);
    document
}

#[tokio::test]
async fn a_github_app_has_tokens_for_eight_hours_and_refreshes_them_unasked() {
    login::plays("github", &as_github_app(), github).await;
}

/// GitHub answers 403 to an app without the permission, and the login goes on without a verified address.
#[tokio::test]
async fn u04_u10_without_the_permission_for_addresses_none_is_verified() {
    for (public, expected) in
        [(Value::Null, Value::Null), (json!("o@example.com"), json!("Unknown(\"o@example.com\")"))]
    {
        let mut document = as_github_app();
        document.userinfo[0].response.body["email"] = public;
        document.userinfo[1].response = Answer {
            status: 403,
            content_type: "application/json; charset=utf-8".into(),
            body: json!({ "message": "Resource not accessible by integration", "status": "403" }),
        };
        let profile = login::outcome(&document, github()).await.json();
        assert_eq!(profile["subject"], "583231");
        assert_eq!(profile["email"], expected);
    }
}

/// A name can be given up, and taken by somebody else.
#[tokio::test]
async fn u12_a_user_who_takes_a_name_is_not_the_one_who_had_it() {
    let mut document = Document::of("github");
    let before = login::outcome(&document, github()).await.json();
    document.userinfo[0].response.body["id"] = 99_000_001.into();
    let after = login::outcome(&document, github()).await.json();
    assert_eq!(before["username"], after["username"]);
    assert_ne!(before["subject"], after["subject"]);
}

#[tokio::test]
async fn u14_one_number_on_two_servers_is_two_users() {
    let (cloud, own) = (Document::of("github"), Document::of("github-enterprise"));
    let server = providers::github_enterprise("https://github.example", CLIENT_ID, client_secret());
    let here = login::outcome(&cloud, github()).await.json();
    let there = login::outcome(&own, server).await.json();
    assert_eq!(here["subject"], there["subject"]);
    assert_ne!(here["issuer"], there["issuer"]);
}

/// What a refresh token that has been used says, under status 200 as everything there.
#[tokio::test]
async fn j07_a_refresh_token_that_is_no_longer_good_ends_the_grant() {
    let mut document = as_github_app();
    let response = Answer {
        status: 200,
        content_type: "application/json; charset=utf-8".into(),
        body: json!({
            "error": "bad_refresh_token",
            "error_description": "The refresh token passed is incorrect or expired.",
        }),
    };
    document.refresh = Some(Refresh { response, ..document.refresh.expect("a refresh") });
    let page = login::after_expiry(&document, github()).await;
    assert_eq!(page.status(), 401, "{}", page.text());
    assert!(page.text().contains("token_expired"), "{}", page.text());
}
