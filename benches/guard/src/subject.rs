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

    /// The same application, asked by the same browsers in an order of chance, which `seed` decides.
    #[must_use]
    pub fn shuffled(&self, mut seed: u64) -> Self {
        let mut cookies = self.cookies.clone();
        for place in (1..cookies.len()).rev() {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let other = usize::try_from(seed >> 33).unwrap_or(0) % (place + 1);
            cookies.swap(place, other);
        }
        Self { name: self.name.clone(), app: self.app.clone(), cookies, next: 0 }
    }

    /// The same application, asked by the first browser alone.
    #[must_use]
    pub fn first(&self) -> Self {
        let cookies = self.cookies.iter().take(1).cloned().collect();
        Self { name: self.name.clone(), app: self.app.clone(), cookies, next: 0 }
    }

    /// How much memory the cookies take, which is the benchmark's and not the store's.
    #[must_use]
    pub fn bytes_of_cookies(&self) -> u64 {
        let chunk = |len: usize| (len + 8).next_multiple_of(16).max(32);
        let of = |cookie: &Option<HeaderValue>| {
            // The value, and what `Bytes` keeps beside it once it is shared.
            size_of_val(cookie) + cookie.as_ref().map_or(0, |it| chunk(it.len()))
        };
        self.cookies.iter().map(of).sum::<usize>() as u64
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
pub fn bare() -> Router {
    Router::new().route("/me", get(async || "ok"))
}
