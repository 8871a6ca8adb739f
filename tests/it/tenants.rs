//! Tenants: providers by host and by path. What one tenant starts, signs in or is given counts at that tenant alone.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use http::Method;
use serde_json::json;
use tower_oauth::tenants::Tenant;
use tower_oauth::{Auth, Provider, User, async_trait, providers};
use tower_oauth_test::{Endpoint, FakeProvider};
use tower_oauth_tests::{BASE_URL, BytesStore, Captured, callback_url, secret, settle};

use crate::tenant_directory::{Directory, Two, registration};

const AT_ACME: &str = "https://sso.acme.example sub-alice Some(\"acme\")";
const AT_OTHER: &str = "https://sso.other.example sub-alice Some(\"other\")";

#[tokio::test]
async fn u14_tenants_by_path_have_the_same_subject_at_two_issuers() {
    let two = Two::by_path();
    let auth = two.auth();
    let mut browser = two.browser(&auth);
    // The page leads to the tenant's own login, and back.
    let page = browser.open("/t/acme/who").await;
    assert_eq!((page.url().path(), page.text().as_str()), ("/t/acme/who", AT_ACME));
    assert_eq!(browser.fetch("/t/other/who").await.status(), 401, "of another tenant");
    assert_eq!(browser.fetch("/who").await.status(), 401, "of no tenant");
    assert_eq!(browser.open("/t/other").await.text(), AT_OTHER);
    assert_eq!(browser.fetch("/t/acme/who").await.text(), AT_ACME, "signed in at both");
    assert_eq!(
        browser.post("/t/acme/auth/logout", &[]).await.url().path(),
        "/t/acme/auth/logged-out"
    );
    assert_eq!(browser.fetch("/t/acme/who").await.status(), 401);
    assert_eq!(browser.fetch("/t/other/who").await.text(), AT_OTHER);
    let redirects = two.acme.requests_to(Endpoint::Token);
    let redirect_uri = redirects[0].form().get("redirect_uri").unwrap().to_owned();
    assert_eq!(redirect_uri, "https://app.example/t/acme/auth/callback/sso");
}

#[tokio::test]
async fn tenants_by_host_have_redirect_uris_of_their_own() {
    let two = Two::by_host();
    let auth = two.auth();
    let mut browser = two.browser_at(&auth, "https://acme.example");
    let page = browser.open("/who").await;
    assert_eq!(page.url().as_str(), "https://acme.example/who");
    assert!(page.text().ends_with("Some(\"acme.example\")"), "{}", page.text());
    let form = two.acme.requests_to(Endpoint::Token)[0].form();
    assert_eq!(form.get("redirect_uri"), Some("https://acme.example/auth/callback/sso"));
    // The cookie carried to the other host by hand is worth nothing there.
    let other = two.browser_at(&auth, "https://other.example");
    for (name, value) in browser.cookies() {
        assert!(name.starts_with("__Host-auth"), "{name}");
        other.plant_cookie(&name, &value);
    }
    assert_eq!(other.fetch("/who").await.status(), 401);
    // A host that the application knows nothing of gets nowhere.
    let page = two.browser_at(&auth, "https://evil.example").fetch("/auth/login").await;
    assert_eq!((page.status().as_u16(), &page.json()["code"]), (404, &json!("unknown_tenant")));
    // A form counts as the tenant's own by the tenant's origin, where the browser sends no Fetch Metadata.
    for (origin, status) in
        [("https://acme.example", 200), ("https://other.example", 403), (BASE_URL, 403)]
    {
        let page = browser.request(Method::POST, "/change", &[("origin", origin)]).await;
        assert_eq!(page.status().as_u16(), status, "{origin}");
    }
}

/// Tenants that share a provider, so that nothing but the tenant tells their sessions apart.
#[tokio::test]
async fn k_a_session_is_of_one_tenant_though_the_provider_is_the_same() {
    let shared = |it: &FakeProvider| {
        let (id, secret) = (it.client_id(), it.client_secret());
        Tenant::new([providers::oidc(it.issuer(), id, secret).key("sso")])
    };
    for in_cookies in [false, true] {
        let two = Two::by_host();
        for name in ["acme.example", "other.example"] {
            let origin = format!("https://{name}");
            two.directory.put(name, shared(&two.acme).origin(origin));
        }
        let auth = two.auth_with(|builder| {
            let builder = builder.secret(secret("of the tenants"));
            if in_cookies { builder.cookie_sessions() } else { builder }
        });
        let mut browser = two.browser_at(&auth, "https://acme.example");
        assert_eq!(browser.open("/who").await.status(), 200);
        let handle = browser.fetch("/token").await.text();
        let mut other = two.browser_at(&auth, "https://other.example");
        for (name, value) in browser.cookies() {
            other.plant_cookie(&name, &value);
        }
        assert_eq!(other.fetch("/who").await.status(), 401, "in cookies: {in_cookies}");
        let nowhere = two.browser_at(&auth, BASE_URL);
        for (name, value) in browser.cookies() {
            nowhere.plant_cookie(&name, &value);
        }
        assert_eq!(nowhere.fetch("/who").await.status(), 401, "in cookies: {in_cookies}");
        let handle = handle.split_once(' ').unwrap().0.parse().unwrap();
        assert!(auth.of_tenant("other.example").tokens_of(handle).await.is_err());
        assert_eq!(auth.tokens_of(handle).await.is_ok(), !in_cookies);
        // The planted cookie does not stand in the way of a login.
        assert!(other.open("/who").await.text().ends_with("Some(\"other.example\")"));
    }
}

#[tokio::test]
async fn requests_of_no_tenant_have_the_providers_of_the_configuration() {
    let two = Two::by_path();
    let auth = two.auth_with(|builder| builder.provider(two.setup.registration()));
    let mut browser = two.browser(&auth);
    assert!(browser.open("/who").await.text().ends_with("None"));
    assert_eq!(browser.fetch("/t/acme/who").await.status(), 401);
    assert_eq!(
        browser.fetch("/t/acme/auth/login/op").await.status(),
        404,
        "not a provider of acme"
    );
    assert_eq!(two.directory.questions(), 1, "asked for what is acme's alone");
    // Without any there is nothing to sign in with.
    let page = two.browser(&two.auth()).fetch("/auth/login").await;
    assert_eq!((page.status().as_u16(), &page.json()["code"]), (404, &json!("unknown_provider")));
}

#[tokio::test]
async fn c_an_attempt_started_at_one_tenant_is_not_finished_at_another() {
    let two = Two::by_path();
    let auth = two.auth();
    let browser = two.browser(&auth);
    let callback = callback_url(&browser, "/t/acme/auth/login").await;
    let elsewhere = callback.replace("/t/acme/", "/t/other/");
    let page = browser.request(Method::GET, &elsewhere, &[]).await;
    assert_eq!((page.status().as_u16(), &page.json()["code"]), (400, &json!("state_invalid")));
    let page = browser.request(Method::GET, &callback.replace("/t/acme/", "/"), &[]).await;
    assert_eq!(page.status(), 404);
    assert!(two.other.requests_to(Endpoint::Token).is_empty());
    assert!(two.acme.requests_to(Endpoint::Token).is_empty());
    let page = browser.request(Method::GET, &callback, &[]).await;
    assert_eq!(page.status(), 303, "the attempt itself is as good as before");
}

type Change = fn(&Two) -> Provider;

/// The resolver's answer changes between start and callback: the code goes to nobody it was not made for.
#[tokio::test]
async fn c_a_registration_that_changes_under_way_ends_the_attempt() {
    let renamed = |two: &Two| {
        let (issuer, secret) = (two.acme.issuer(), two.acme.client_secret());
        providers::oidc(issuer, "another client", secret).key("sso")
    };
    let replaced = |two: &Two| registration(&two.other);
    let changes: [(_, Change); 2] = [("state_invalid", renamed), ("issuer_mismatch", replaced)];
    for (code, change) in changes {
        let two = Two::by_path();
        let auth = two.auth();
        let browser = two.browser(&auth);
        let callback = callback_url(&browser, "/t/acme/auth/login").await;
        two.directory.put("acme", Tenant::new([change(&two)]));
        auth.forget_tenant("acme");
        let page = browser.request(Method::GET, &callback, &[]).await;
        assert_eq!((page.status().as_u16(), &page.json()["code"]), (400, &json!(code)));
        assert!(two.other.requests_to(Endpoint::Token).is_empty(), "{code}");
        assert!(two.acme.requests_to(Endpoint::Token).is_empty(), "{code}");
    }
}

#[tokio::test]
async fn a_sealed_request_of_one_tenant_is_nothing_to_another() {
    let two = Two::by_path();
    let auth = two.auth();
    let scopes = get(async |_: User| "files");
    let guarded = scopes.layer(tower_oauth::RequireScopes::of("sso", ["files"]));
    let app = Router::new().route("/t/{tenant}/files", guarded).layer(auth.layer());
    let mut browser = two.setup.browser_of(app);
    browser.open("/t/acme/auth/login?return_to=/t/acme/none").await;
    let login_url = browser.fetch("/t/acme/files").await.json()["login_url"].clone();
    let login_url = login_url.as_str().unwrap();
    assert!(login_url.starts_with("/t/acme/auth/login/sso?"), "{login_url}");
    let elsewhere = login_url.replace("/t/acme/", "/t/other/");
    let page = browser.request(Method::GET, &elsewhere, &[]).await;
    assert_eq!(page.json()["code"], "malformed_request");
    assert_eq!(browser.request(Method::GET, login_url, &[]).await.status(), 303);
}

/// A job has no request: the session names its tenant.
#[tokio::test]
async fn a_job_refreshes_at_the_tenant_of_its_session() {
    let two = Two::by_path();
    let store = BytesStore::new(two.setup.clock.clone());
    let auth = two.auth_with(|it| it.store(store.clone()).secret(secret("of the tenants")));
    let mut browser = two.browser(&auth);
    browser.open("/t/acme").await;
    let page = browser.fetch("/t/acme/token").await.text();
    let (handle, first) = page.split_once(' ').unwrap();
    two.setup.clock.advance(std::time::Duration::from_secs(3600));
    // Another process, which has seen no request.
    let other = two.auth_with(|it| it.store(store).secret(secret("of the tenants")));
    let tokens = other.tokens_of(handle.parse().unwrap()).await.unwrap();
    let token = tokens.of("sso").await.unwrap();
    assert_ne!(token.secret(), first);
    assert_eq!(two.acme.requests_to(Endpoint::Refresh).len(), 1);
    assert!(two.other.requests().is_empty());
    let at_other = other.of_tenant("other").tokens_of(handle.parse().unwrap()).await;
    assert!(at_other.is_err(), "not that tenant's session");
    let userinfo = other.of_tenant("acme").userinfo_endpoint("sso").await.unwrap().unwrap();
    assert!(userinfo.starts_with("https://sso.acme.example/"), "{userinfo}");
    other.of_tenant("acme").reload_provider("sso").await.unwrap();
    assert!(auth.userinfo_endpoint("sso").await.unwrap().is_none(), "of no tenant");
    let error = auth.of_tenant("nobody").userinfo_endpoint("sso").await.unwrap_err();
    assert_eq!(error.code(), "unknown_tenant");
}

#[tokio::test]
async fn signing_out_revokes_at_the_tenants_provider() {
    let two = Two::by_path();
    let auth = two.auth();
    let mut browser = two.browser(&auth);
    browser.open("/t/acme").await;
    browser.post("/t/acme/auth/logout", &[]).await;
    settle().await;
    assert!(!two.acme.requests_to(Endpoint::Revocation).is_empty());
    assert!(two.other.requests_to(Endpoint::Revocation).is_empty());
}

/// The provider under a key is replaced while sessions are connected to the one before.
#[tokio::test]
async fn l_no_token_is_revoked_at_another_issuer_than_its_own() {
    let two = Two::by_path();
    let with_files = |files: &FakeProvider| {
        Tenant::new([registration(&two.acme), registration(files).key("files")])
    };
    two.directory.put("acme", with_files(&two.setup.provider));
    let auth = two.auth();
    let mut browser = two.browser(&auth);
    browser.open("/t/acme/auth/login/sso").await;
    browser.post("/t/acme/auth/connect/files", &[]).await;
    assert_eq!(two.setup.provider.requests_to(Endpoint::Token).len(), 1, "connected");
    two.directory.put("acme", with_files(&two.other));
    auth.forget_tenant("acme");
    browser.post("/t/acme/auth/logout", &[]).await;
    settle().await;
    assert!(!two.acme.requests_to(Endpoint::Revocation).is_empty());
    assert!(two.other.requests_to(Endpoint::Revocation).is_empty());
}

/// A refresh token is given to nobody but the issuer that gave it out.
#[tokio::test]
async fn j_a_refresh_after_the_provider_changed_sends_the_token_nowhere() {
    let two = Two::by_path();
    let auth = two.auth();
    let mut browser = two.browser(&auth);
    browser.open("/t/acme").await;
    let page = browser.fetch("/t/acme/token").await.text();
    let handle = page.split_once(' ').unwrap().0;
    let job = auth.tokens_of(handle.parse().unwrap()).await.unwrap();
    two.directory.put("acme", Tenant::new([registration(&two.other)]));
    auth.forget_tenant("acme");
    two.setup.clock.advance(std::time::Duration::from_secs(3600));
    assert!(job.of("sso").await.is_err());
    assert_eq!(browser.fetch("/t/acme/who").await.status(), 401, "vouched for by nobody now");
    assert!(two.other.requests().is_empty());
    assert!(two.acme.requests_to(Endpoint::Refresh).is_empty());
}

#[tokio::test]
async fn sessions_in_cookies_are_of_one_tenant_too() {
    let two = Two::by_path();
    let plain = |provider: &FakeProvider| {
        let (id, secret) = (provider.client_id(), provider.client_secret());
        Tenant::new([providers::oidc(provider.issuer(), id, secret).key("sso")])
    };
    let auth = two.auth_with(|it| it.cookie_sessions().secret(secret("of the cookies")));
    let mut browser = two.browser(&auth);
    let page = browser.fetch("/t/acme/auth/login").await;
    assert_eq!(page.json()["code"], "providers_unavailable", "no refresh token fits a cookie");
    two.directory.put("acme", plain(&two.acme));
    two.directory.put("other", plain(&two.other));
    auth.forget_tenant("acme");
    assert_eq!(browser.open("/t/acme").await.text(), AT_ACME);
    // The same cookie under the name that the other tenant's would have.
    let (_, session) = browser.cookies().remove(0);
    assert_eq!(browser.open("/t/other").await.text(), AT_OTHER);
    let names = browser.cookies().into_iter().map(|(name, _)| name);
    let names: Vec<_> = names.filter(|name| !name.ends_with("-round")).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    for name in names {
        browser.plant_cookie(&name, &session);
    }
    assert_eq!(browser.fetch("/t/acme/who").await.status(), 200);
    assert_eq!(browser.fetch("/t/other/who").await.status(), 401);
}

/// D06: with the default client, and with another that does not promise it.
#[tokio::test]
async fn d06_issuers_of_tenants_lead_to_public_addresses_only() {
    let events = Captured::default();
    let _listening = events.listen(tracing::Level::WARN);
    let directory = Directory::default();
    for (name, issuer) in [
        ("metadata", "https://169.254.169.254"),
        ("loopback", "http://127.0.0.1:1"),
        ("mapped", "https://[::ffff:10.0.0.1]"),
        ("name", "http://localhost:1"),
    ] {
        let provider = providers::oidc(issuer, "id", secret("of a client")).key("sso");
        directory.put(name, Tenant::new([provider]));
        let auth = Auth::builder(BASE_URL).provider_resolver(directory.clone()).build().unwrap();
        let error = auth.of_tenant(name).userinfo_endpoint("sso").await.unwrap_err();
        assert_eq!(error.code(), "provider_unavailable", "{issuer}");
        assert!(error.with_causes().contains("public"), "{}", error.with_causes());
    }
    #[derive(Debug)]
    struct Anywhere;
    #[async_trait]
    impl tower_oauth::HttpClient for Anywhere {
        async fn send(
            &self,
            _: http::Request<bytes::Bytes>,
            _: tower_oauth::Limits,
        ) -> Result<http::Response<bytes::Bytes>, tower_oauth::HttpError> {
            Err(tower_oauth::HttpError::new(tower_oauth::HttpErrorKind::Connect))
        }
    }
    let builder = || {
        let builder = Auth::builder(BASE_URL).http_client(Arc::new(Anywhere));
        builder.provider_resolver(directory.clone())
    };
    let error = builder().build().unwrap_err();
    assert!(error.to_string().contains("danger_tenants_at_private_addresses"), "{error}");
    builder().danger_tenants_at_private_addresses().build().unwrap();
}
