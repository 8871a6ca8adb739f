//! The application in front of two providers, on a real SQLite.

use std::sync::Arc;
use std::time::Duration;

use tower_oauth::{Provider, providers};
use tower_oauth_core::HttpClient;
use tower_oauth_test::{
    Endpoint, FakeProvider, InProcessNetwork, ManualClock, TestBrowser, TestUser,
};

use super::*;

const BASE_URL: &str = "https://app.example";

struct SetUp {
    clock: ManualClock,
    work: FakeProvider,
    home: FakeProvider,
    network: Arc<dyn HttpClient>,
    database: Database,
    auth: Auth,
}

impl SetUp {
    async fn new() -> Self {
        let clock = ManualClock::new();
        let provider = |issuer: &str| {
            let builder = FakeProvider::builder().issuer(issuer).manual_clock(clock.clone());
            // The same address as Alice's, which nobody checked.
            let mallory = TestUser::new("mallory").with_claim("email", "alice@example.com");
            builder.user(mallory.with_claim("email_verified", false)).build()
        };
        let (work, home) = (provider("https://work.example"), provider("https://home.example"));
        let network = Arc::new(InProcessNetwork::new().provider(&work).provider(&home));
        let database = Database::open("sqlite::memory:").await.unwrap();
        let auth = Auth::builder(BASE_URL)
            .provider(registration(&work, "work"))
            .provider(registration(&home, "home"))
            .accounts(database.clone())
            .http_client(network.clone())
            .clock(Arc::new(clock.clone()))
            .build()
            .unwrap();
        Self { clock, work, home, network, database, auth }
    }

    /// A new browser of somebody who signs in.
    async fn sign_in(&self, provider: &str, user: &str) -> TestBrowser {
        self.work.approve_as(Some(user));
        self.home.approve_as(Some(user));
        let app = app(&self.auth, self.database.clone());
        let mut browser = TestBrowser::new(BASE_URL, app, Arc::clone(&self.network));
        browser.open(&format!("/auth/login/{provider}")).await;
        browser
    }
}

fn registration(provider: &FakeProvider, key: &str) -> Provider {
    let (id, secret) = (provider.client_id(), provider.client_secret());
    providers::oidc(provider.issuer(), id, secret).key(key)
}

fn shows(browser: &TestBrowser, text: &str) -> bool {
    browser.page().text().contains(text)
}

#[tokio::test]
async fn the_first_login_creates_an_account_and_later_ones_find_it() {
    let set_up = SetUp::new().await;
    for (user, account) in [("alice", 1), ("bob", 2), ("alice", 1)] {
        let browser = set_up.sign_in("work", user).await;
        assert!(shows(&browser, &format!("Account {account}<")), "{}", browser.page().text());
    }
}

#[tokio::test]
async fn first_logins_at_the_same_time_make_one_account() {
    let set_up = SetUp::new().await;
    let (one, two) = tokio::join!(set_up.sign_in("work", "alice"), set_up.sign_in("work", "alice"));
    assert!(shows(&one, "Account 1<") && shows(&two, "Account 1<"));
    assert!(shows(&set_up.sign_in("work", "bob").await, "Account 2<"));
}

#[tokio::test]
async fn u15_the_same_address_elsewhere_is_another_account() {
    let set_up = SetUp::new().await;
    set_up.sign_in("work", "alice").await;
    assert!(shows(&set_up.sign_in("work", "mallory").await, "Account 2<"));
    assert!(shows(&set_up.sign_in("home", "alice").await, "Account 3<"));
}

#[tokio::test]
async fn who_is_signed_in_links_another_provider_to_their_account() {
    let set_up = SetUp::new().await;
    let mut browser = set_up.sign_in("work", "alice").await;
    browser.click("Link home").await;
    assert!(shows(&browser, "in 2 ways"), "{}", browser.page().text());
    assert!(shows(&set_up.sign_in("home", "alice").await, "Account 1<"));
}

#[tokio::test]
async fn u15_an_address_that_nobody_verified_links_nothing() {
    let set_up = SetUp::new().await;
    let mut browser = set_up.sign_in("work", "alice").await;
    // The same address as Alice's, and another.
    for user in ["mallory", "bob"] {
        set_up.home.approve_as(Some(user));
        assert_eq!(browser.click("Link home").await.status(), 403);
        assert!(shows(&browser, "did not verify your address"), "{}", browser.page().text());
        assert!(browser.open("/").await.text().contains("in 1 ways"));
    }
}

#[tokio::test]
async fn an_identity_of_somebody_else_is_not_taken_over() {
    let set_up = SetUp::new().await;
    set_up.sign_in("home", "alice").await;
    let mut browser = set_up.sign_in("work", "alice").await;
    browser.click("Link home").await;
    assert!(shows(&browser, "account already"), "{}", browser.page().text());
}

#[tokio::test]
async fn a_link_needs_a_recent_sign_in() {
    let set_up = SetUp::new().await;
    let mut browser = set_up.sign_in("work", "alice").await;
    set_up.clock.advance(Duration::from_secs(601));
    browser.click("Link home").await;
    assert!(shows(&browser, "sign in again"), "{}", browser.page().text());
}

#[tokio::test]
async fn u19_who_was_disabled_is_out_and_stays_out() {
    let set_up = SetUp::new().await;
    let mut browser = set_up.sign_in("work", "bob").await;
    set_up.database.disable(1, true).await.unwrap();
    assert_eq!(browser.open("/").await.status(), 403, "a session from before");
    let again = set_up.sign_in("work", "bob").await;
    assert_eq!(again.page().status(), 403);
    assert!(shows(&again, "This account is disabled."), "{}", again.page().text());
    assert_eq!(again.cookies(), []);
    // In a task of its own, which nobody waits for.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(set_up.work.requests_to(Endpoint::Revocation).len(), 1);
    set_up.database.disable(1, false).await.unwrap();
    assert!(shows(&set_up.sign_in("work", "bob").await, "Account 1<"));
}

#[tokio::test]
async fn accounts_are_still_there_after_a_restart() {
    let folder = std::env::temp_dir().join(format!("accounts-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let url = format!("sqlite:{}?mode=rwc", folder.join("accounts.db").display());
    for _ in 0..2 {
        let mut set_up = SetUp::new().await;
        set_up.database = Database::open(&url).await.unwrap();
        set_up.auth = Auth::builder(BASE_URL)
            .provider(registration(&set_up.work, "work"))
            .accounts(set_up.database.clone())
            .http_client(Arc::clone(&set_up.network))
            .clock(Arc::new(set_up.clock.clone()))
            .build()
            .unwrap();
        assert!(shows(&set_up.sign_in("work", "alice").await, "Account 1<"));
    }
    std::fs::remove_dir_all(folder).unwrap();
}
