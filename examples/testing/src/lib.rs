//! How an application tests its login: offline, at once, without a browser. See the tests below.
//!
//! The application takes its [`Auth`] from outside; `main` would make it with `Auth::from_env()`.

use axum::Router;
use axum::routing::get;
use tower_oauth::{Auth, RequireLogin, User};

/// The application.
pub fn app(auth: &Auth) -> Router {
    let members = Router::new()
        .route("/inbox", get(async |user: User| format!("The mail of {}", user.display_name())))
        .route_layer(RequireLogin::new());
    Router::new().route("/", get(async || "Welcome!")).merge(members).layer(auth.layer())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tower_oauth::providers;
    use tower_oauth_test::{Endpoint, FakeProvider, ManualClock, TestBrowser};

    use super::*;

    const BASE_URL: &str = "https://app.example";

    /// A provider, the application that trusts it, and a browser in front of both.
    fn set_up(clock: &ManualClock) -> (FakeProvider, TestBrowser) {
        let provider = FakeProvider::builder().manual_clock(clock.clone()).build();
        let registration =
            providers::oidc(provider.issuer(), provider.client_id(), provider.client_secret());
        let auth = Auth::builder(BASE_URL)
            .provider(registration)
            .http_client(provider.http_client())
            .clock(Arc::new(clock.clone()))
            .idle_lifetime(Duration::from_secs(3600))
            .build()
            .unwrap();
        let browser = TestBrowser::new(BASE_URL, app(&auth), provider.http_client());
        (provider, browser)
    }

    #[tokio::test]
    async fn members_read_their_own_mail() {
        let (_, mut browser) = set_up(&ManualClock::new());
        assert_eq!(browser.fetch("/inbox").await.status(), 401);
        browser.login_as("alice").await;
        assert_eq!(browser.open("/inbox").await.text(), "The mail of Alice Liddell");
    }

    #[tokio::test]
    async fn a_person_who_cancels_stays_a_stranger() {
        let (provider, mut browser) = set_up(&ManualClock::new());
        browser.open("/inbox").await;
        assert_eq!(browser.click("Cancel").await.status(), 403);
        assert_eq!(browser.open("/").await.text(), "Welcome!");
        assert!(provider.requests_to(Endpoint::Token).is_empty());
    }

    #[tokio::test]
    async fn an_hour_without_a_request_signs_out() {
        let clock = ManualClock::new();
        let (_, mut browser) = set_up(&clock);
        browser.login_as("bob").await;
        clock.advance(Duration::from_secs(3600));
        assert_eq!(browser.fetch("/inbox").await.status(), 401);
    }
}
