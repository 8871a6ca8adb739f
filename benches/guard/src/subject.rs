//! [`Subject`]: an application, and the requests that it is asked.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use futures_util::FutureExt as _;
use http::header::COOKIE;
use http::{HeaderValue, Request, StatusCode, Uri};
use tower::ServiceExt as _;

/// An application, and the browsers that ask it for `GET /me` in turn.
#[derive(Debug)]
pub struct Subject {
    /// What it is called in a table.
    pub name: String,
    app: Router,
    cookies: Vec<Option<HeaderValue>>,
    next: usize,
}

impl Subject {
    /// An application that is asked with one of `cookies` after the other.
    ///
    /// # Panics
    ///
    /// If a cookie is none.
    pub fn new(
        name: impl Into<String>,
        app: Router,
        cookies: impl IntoIterator<Item = String>,
    ) -> Self {
        let header = |cookie: String| Some(HeaderValue::try_from(cookie).expect("a cookie"));
        Self { name: name.into(), app, cookies: cookies.into_iter().map(header).collect(), next: 0 }
    }

    /// An application that is asked without a cookie.
    pub fn without_cookie(name: impl Into<String>, app: Router) -> Self {
        Self { name: name.into(), app, cookies: vec![None], next: 0 }
    }

    /// How many browsers ask.
    #[must_use]
    pub fn browsers(&self) -> usize {
        self.cookies.len()
    }

    /// Makes so many requests.
    ///
    /// # Panics
    ///
    /// If one is not answered with 200.
    pub async fn ask(&mut self, requests: u32) {
        for _ in 0..requests {
            let mut request = Request::new(Body::empty());
            *request.uri_mut() = Uri::from_static("/me");
            self.next = (self.next + 1) % self.cookies.len();
            if let Some(cookie) = self.cookies.get(self.next).expect("there is one") {
                request.headers_mut().insert(COOKIE, cookie.clone());
            }
            let response = self.app.clone().oneshot(request).await.expect("it cannot fail");
            assert_eq!(response.status(), StatusCode::OK, "{}", self.name);
        }
    }

    /// The same, where all is in memory and nothing waits.
    ///
    /// # Panics
    ///
    /// As [`ask`](Self::ask), and if something waits.
    pub fn ask_now(&mut self, requests: u32) {
        self.ask(requests).now_or_never().expect("all is in memory");
    }
}

/// The application that all others are compared with.
#[must_use]
pub fn bare() -> Router {
    Router::new().route("/me", get(async || "ok"))
}
