//! The account hook: whose account a login is, who may come in, and what the session keeps of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tower_oauth::{
    Account, AccountError, AccountHook, Auth, AuthBuilder, Tokens, User, VerifiedLogin,
    async_trait, providers,
};
use tower_oauth_test::{
    Endpoint, FakeProvider, InProcessNetwork, ManualClock, TestBrowser, TestUser,
};
use tower_oauth_tests::{BytesStore, Setup, secret, settle};

/// What the application keeps.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub(crate) struct Member {
    pub(crate) id: usize,
}

/// The accounts of an application: each identity has one, some several.
#[derive(Clone, Default)]
pub(crate) struct Members {
    by_identity: Arc<Mutex<HashMap<(String, String), usize>>>,
    pub(crate) disabled: Arc<Mutex<Vec<String>>>,
    pub(crate) seen: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl AccountHook for Members {
    type Account = Member;

    async fn sign_in(&self, login: VerifiedLogin<'_>) -> Result<Member, AccountError> {
        let identity = login.identity();
        let current = login.current().map(|it| it.identity().subject());
        let email = login.email();
        self.seen.lock().unwrap().push(format!(
            "sign_in {} {} current {current:?} {email:?}",
            login.provider(),
            identity.subject()
        ));
        if self.disabled.lock().unwrap().iter().any(|it| it == identity.subject()) {
            return Err(AccountError::refused("<Your> account is disabled.").revoke_tokens());
        }
        let key = (identity.issuer().to_owned(), identity.subject().to_owned());
        let mut accounts = self.by_identity.lock().unwrap();
        let next = accounts.len() + 1;
        Ok(Member { id: *accounts.entry(key).or_insert(next) })
    }

    async fn connect(&self, login: VerifiedLogin<'_>) -> Result<(), AccountError> {
        let current = login.current().unwrap();
        let member: Member = current.account().unwrap();
        self.seen.lock().unwrap().push(format!(
            "connect {} to {} {}",
            login.provider(),
            current.provider(),
            member.id
        ));
        if !current.is_recent(Duration::from_secs(300)) {
            return Err(AccountError::refused("Please sign in again first."));
        }
        let identity = login.identity();
        let key = (identity.issuer().to_owned(), identity.subject().to_owned());
        self.by_identity.lock().unwrap().insert(key, member.id);
        Ok(())
    }
}

pub(crate) fn app(auth: &Auth) -> Router {
    let connections = async |tokens: Tokens| tokens.connections().len().to_string();
    Router::new()
        .route("/", get(async |user: Option<User>| user.is_some().to_string()))
        .route("/member", get(async |Account(member): Account<Member>| Json(member)))
        .route("/maybe", get(async |it: Option<Account<Member>>| Json(it.map(|it| it.0))))
        .route("/other", get(async |_: Account<HashMap<String, String>>| "other"))
        .route("/connections", get(connections))
        .layer(auth.layer())
}

/// Two providers; the second has a user of the same subject and e-mail address as the first.
pub(crate) struct Two {
    pub(crate) setup: Setup,
    pub(crate) second: FakeProvider,
    pub(crate) members: Members,
}

impl Two {
    pub(crate) fn new() -> Self {
        let setup = Setup::new();
        let second = provider("https://second.example", &setup.clock);
        let setup = setup.on(InProcessNetwork::new().provider(&second));
        Self { setup, second, members: Members::default() }
    }

    pub(crate) fn auth(&self, change: impl FnOnce(AuthBuilder) -> AuthBuilder) -> Auth {
        let second = &self.second;
        let registration =
            providers::oidc(second.issuer(), second.client_id(), second.client_secret());
        let builder = self.setup.builder().provider(self.setup.registration());
        let builder = builder.provider(registration.key("second")).accounts(self.members.clone());
        change(builder).build().unwrap()
    }

    pub(crate) fn browser(&self, auth: &Auth) -> TestBrowser {
        self.setup.browser_of(app(auth))
    }

    async fn member(&self, auth: &Auth, provider: &str) -> serde_json::Value {
        let mut browser = self.browser(auth);
        browser.open(&format!("/auth/login/{provider}?return_to=/member")).await.json()
    }

    fn approve(&self, user: &str) {
        self.setup.provider.approve_as(Some(user));
        self.second.approve_as(Some(user));
    }
}

pub(crate) fn provider(issuer: &str, clock: &ManualClock) -> FakeProvider {
    FakeProvider::builder().issuer(issuer).manual_clock(clock.clone()).build()
}

#[tokio::test]
async fn the_account_is_in_the_session_and_nobody_has_none() {
    let two = Two::new();
    two.approve("alice");
    let auth = two.auth(|it| it);
    let mut browser = two.browser(&auth);
    assert_eq!(browser.fetch("/member").await.status(), 401);
    assert_eq!(browser.fetch("/maybe").await.json(), json!(null));
    assert_eq!(browser.open("/auth/login/op?return_to=/member").await.json(), json!({ "id": 1 }));
    assert_eq!(browser.fetch("/maybe").await.json(), json!({ "id": 1 }));
    let page = browser.fetch("/other").await;
    assert_eq!((page.status().as_u16(), &page.json()["code"]), (403, &json!("account_mismatch")));
    // The same user again: the same account, and the hook sees who is signed in already.
    assert_eq!(browser.open("/auth/login/op?return_to=/member").await.json(), json!({ "id": 1 }));
    let seen = two.members.seen.lock().unwrap();
    assert!(seen[0].starts_with("sign_in op sub-alice current None"), "{seen:?}");
    assert!(seen[1].starts_with("sign_in op sub-alice current Some(\"sub-alice\")"), "{seen:?}");
}

/// The same address, or the same subject, at another provider is somebody else.
#[tokio::test]
async fn u11_u14_the_same_address_or_subject_elsewhere_is_another_account() {
    let two = Two::new();
    two.approve("alice");
    let auth = two.auth(|it| it);
    assert_eq!(two.member(&auth, "op").await, json!({ "id": 1 }));
    assert_eq!(two.member(&auth, "second").await, json!({ "id": 2 }));
    let seen = two.members.seen.lock().unwrap();
    let said = |at: usize| seen[at].split_once("current None").unwrap().1.to_owned();
    assert_eq!(said(0), said(1), "the same address, {seen:?}");
}

#[tokio::test]
async fn u12_u13_names_are_no_key_and_subjects_count_byte_for_byte() {
    let setup = Setup::with(|mut provider| {
        for subject in ["abc", "ABC", "abc ", "abcd", "\u{e1}bc", "a\u{301}bc"] {
            let user = TestUser::new(subject).with_claim("preferred_username", "same");
            provider = provider.user(user.with_claim("upn", "same").with_claim("name", "Same"));
        }
        provider
    });
    let members = Members::default();
    let builder = setup.builder().provider(setup.registration()).accounts(members.clone());
    let auth = builder.build().unwrap();
    let sign_in = async |user: &str| {
        setup.provider.approve_as(Some(user));
        let mut browser = setup.browser_of(app(&auth));
        browser.open("/auth/login?return_to=/member").await
    };
    for (place, user) in ["abc", "ABC", "abc ", "abcd", "abc"].into_iter().enumerate() {
        assert_eq!(sign_in(user).await.json(), json!({ "id": place % 4 + 1 }), "{user}");
    }
    // Core section 2: a subject is ASCII, so no form of Unicode can be taken for another.
    for user in ["\u{e1}bc", "a\u{301}bc"] {
        let page = sign_in(user).await;
        assert!(page.text().contains("id_token"), "{}", page.text());
    }
}

/// The library links nothing by itself, and the hook sees what an address is worth as a type.
#[tokio::test]
async fn u15_an_unverified_address_is_shown_as_one_and_links_nothing() {
    for (verified, expected) in [(json!(true), "Verified"), (json!(false), "Unverified")] {
        let setup = Setup::with(|provider| {
            let user = TestUser::new("mallory").with_claim("email", "alice@example.com");
            provider.user(user.with_claim("email_verified", verified.clone()))
        });
        let members = Members::default();
        let builder = setup.builder().provider(setup.registration()).accounts(members.clone());
        let auth = builder.build().unwrap();
        setup.provider.approve_as(Some("alice"));
        setup.browser_of(app(&auth)).open("/auth/login").await;
        setup.provider.approve_as(Some("mallory"));
        let mut browser = setup.browser_of(app(&auth));
        assert_eq!(browser.open("/auth/login?return_to=/member").await.json(), json!({ "id": 2 }));
        let seen = members.seen.lock().unwrap();
        assert!(seen[1].ends_with(&format!("Some({expected}(\"alice@example.com\"))")), "{seen:?}");
    }
}

#[tokio::test]
async fn u19_a_disabled_user_is_refused_with_a_reason_and_the_tokens_are_revoked() {
    let two = Two::new();
    two.approve("alice");
    two.members.disabled.lock().unwrap().push("sub-bob".into());
    let auth = two.auth(|it| it.revoke_at_logout(false));
    let mut browser = two.browser(&auth);
    browser.open("/auth/login/op").await;
    let session = browser.cookies();
    two.approve("bob");
    let page = browser.open("/auth/login/op").await;
    assert_eq!(page.status(), 403);
    assert!(page.text().contains("account_refused"), "{}", page.text());
    assert!(page.text().contains("&#60;Your&#62; account is disabled."), "{}", page.text());
    assert_eq!(browser.cookies(), session, "the earlier session goes on");
    assert_eq!(browser.open("/member").await.json(), json!({ "id": 1 }));
    settle().await;
    assert!(!two.setup.provider.requests_to(Endpoint::Revocation).is_empty());
    let mut stranger = two.browser(&auth);
    stranger.open("/auth/login/op").await;
    assert_eq!(stranger.cookies(), [], "no session, and the attempt is over");
}

#[tokio::test]
async fn a_provider_is_linked_in_a_signed_in_session_and_signs_in_to_that_account() {
    let two = Two::new();
    two.approve("alice");
    let auth = two.auth(|it| it);
    let mut browser = two.browser(&auth);
    browser.open("/auth/login/op").await;
    let page = browser.post("/auth/connect/second", &[]).await;
    assert_eq!(page.status(), 200, "{}", page.text());
    assert_eq!(browser.fetch("/connections").await.text(), "2");
    assert_eq!(browser.fetch("/member").await.json(), json!({ "id": 1 }), "the account stays");
    assert_eq!(two.member(&auth, "second").await, json!({ "id": 1 }));
}

#[tokio::test]
async fn u15_a_link_that_the_application_refuses_connects_nothing() {
    let two = Two::new();
    two.approve("alice");
    let auth = two.auth(|it| it);
    let mut browser = two.browser(&auth);
    browser.open("/auth/login/op").await;
    two.setup.clock.advance(Duration::from_secs(301));
    let page = browser.post("/auth/connect/second", &[]).await;
    assert_eq!(page.status(), 403);
    assert!(page.text().contains("Please sign in again first."), "{}", page.text());
    assert_eq!(browser.fetch("/connections").await.text(), "1");
    assert_eq!(two.member(&auth, "second").await, json!({ "id": 2 }));
}

#[tokio::test]
async fn the_account_outlives_refreshes_in_a_store_of_bytes() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let store = BytesStore::new(setup.clock.clone());
    let auth = setup.offline_auth(|it| it.accounts(Members::default()).store(store));
    let app =
        app(&auth).route("/token", get(async |tokens: Tokens| tokens.of("op").await.map(|_| ())));
    let mut browser = setup.browser_of(app.layer(auth.layer()));
    browser.open("/auth/login").await;
    for _ in 0..3 {
        setup.clock.advance(Duration::from_secs(3600));
        assert_eq!(browser.fetch("/token").await.status(), 200);
        assert_eq!(browser.fetch("/member").await.json(), json!({ "id": 1 }));
    }
    assert!(setup.provider.requests_to(Endpoint::Refresh).len() > 2);
}

#[tokio::test]
async fn the_account_is_in_a_session_in_a_cookie() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let builder = setup.builder().provider(setup.registration()).accounts(Members::default());
    let auth = builder.secret(secret("of the cookies")).cookie_sessions().build().unwrap();
    let mut browser = setup.browser_of(app(&auth));
    assert_eq!(browser.open("/auth/login?return_to=/member").await.json(), json!({ "id": 1 }));
}
