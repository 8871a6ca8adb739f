//! Microsoft: one address, many tenants, and addresses that their owners did not check.

use serde_json::{Value, json};
use tower_oauth::{Provider, providers};
use tower_oauth_test::Page;

use crate::document::Document;
use crate::{CLIENT_ID, client_secret, login};

const CONTOSO: &str = "f4f5d0a8-1b2c-4d3e-9f60-718293a4b5c6";
const FABRIKAM: &str = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";

fn microsoft(tenant: &str) -> Provider {
    providers::microsoft(tenant, CLIENT_ID, client_secret())
}

/// A sign-in by `tid`, whose ID token is of the tenant `iss`, with these claims besides.
async fn sign_in(provider: Provider, tid: &str, iss: &str, claims: Value) -> Page {
    let mut document = Document::of("microsoft");
    document.expect.issuer = format!("https://login.microsoftonline.com/{iss}/v2.0");
    let of_token = &mut document.id_token.as_mut().expect("an ID token").claims;
    of_token.insert("tid".into(), tid.into());
    of_token.extend(claims.as_object().cloned().unwrap_or_default());
    login::outcome(&document, provider).await
}

#[tokio::test]
async fn u11_u14_one_address_and_subject_in_two_tenants_are_two_users() {
    let mut users = Vec::new();
    for tenant in [CONTOSO, FABRIKAM] {
        let profile = sign_in(microsoft("common"), tenant, tenant, json!({})).await.json();
        assert_eq!(profile["email"], "Unknown(\"abeli@contoso.example\")");
        users.push((profile["issuer"].clone(), profile["subject"].clone()));
    }
    assert_ne!(users[0], users[1]);
    assert_eq!(users[0].1, users[1].1);
}

#[tokio::test]
async fn u11_an_address_is_verified_by_xms_edov_alone() {
    for (claims, trust) in [
        (json!({ "xms_edov": true }), "Verified"),
        (json!({ "xms_edov": 1 }), "Verified"),
        (json!({ "xms_edov": "1" }), "Verified"),
        (json!({ "xms_edov": "true" }), "Verified"),
        (json!({ "xms_edov": false }), "Unknown"),
        (json!({ "xms_edov": 0 }), "Unknown"),
        (json!({ "xms_edov": "yes" }), "Unknown"),
        (json!({ "xms_edov": [true] }), "Unknown"),
        (json!({ "email_verified": true }), "Unknown"),
        (json!({ "email_verified": true, "xms_edov": false }), "Unknown"),
    ] {
        let profile = sign_in(microsoft("common"), CONTOSO, CONTOSO, claims.clone()).await.json();
        assert_eq!(profile["email"], format!("{trust}(\"abeli@contoso.example\")"), "{claims}");
    }
}

#[tokio::test]
async fn i18_the_issuer_is_that_of_the_tenant_and_the_tenant_one_that_is_let_in() {
    let narrowed = || microsoft("common").tenants([CONTOSO]);
    assert_eq!(sign_in(narrowed(), CONTOSO, CONTOSO, json!({})).await.status(), 200);
    for (provider, tid, iss) in [
        (narrowed(), FABRIKAM, FABRIKAM),
        (narrowed(), CONTOSO, FABRIKAM),
        (microsoft("common"), CONTOSO, FABRIKAM),
        (microsoft("common"), "", ""),
        (microsoft("common"), "{tenantid}", CONTOSO),
    ] {
        let page = sign_in(provider, tid, iss, json!({})).await;
        assert!(page.status().is_server_error(), "{tid} {iss}: {}", page.text());
        assert!(page.text().contains("id_token"), "{tid} {iss}");
    }
}

#[tokio::test]
async fn a_single_tenant_and_personal_accounts_have_an_issuer_of_their_own() {
    const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
    for (tenant, id) in [(CONTOSO, CONTOSO), ("consumers", CONSUMERS)] {
        let mut document = Document::of("microsoft");
        let text =
            |value: &str| value.replace("/common/", &format!("/{id}/")).replace("{tenantid}", id);
        let discovery = document.discovery.as_mut().expect("metadata");
        discovery.url = text(&discovery.url);
        discovery.body = serde_json::from_str(&text(&discovery.body.to_string())).expect("JSON");
        document.authorization.endpoint = text(&document.authorization.endpoint);
        document.token.url = text(&document.token.url);
        document.expect.issuer = format!("https://login.microsoftonline.com/{id}/v2.0");
        let claims = &mut document.id_token.as_mut().expect("an ID token").claims;
        claims.insert("tid".into(), id.into());
        let profile = login::outcome(&document, microsoft(tenant)).await.json();
        assert_eq!(profile["issuer"], document.expect.issuer, "{tenant}");
        // A user of another tenant is not this one's, whoever signed.
        document.expect.issuer = format!("https://login.microsoftonline.com/{FABRIKAM}/v2.0");
        let page = login::outcome(&document, microsoft(tenant)).await;
        assert!(page.text().contains("id_token"), "{}", page.text());
    }
}
