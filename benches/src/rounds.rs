//! Requests to several applications in turn, so that what else the machine does hits all of them alike.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use http::header::COOKIE;
use http::{HeaderValue, Request, StatusCode};
use tower::ServiceExt as _;

/// Requests of one turn: few, so that most turns are not interrupted.
const TURN: u32 = 20;

/// An application, and the browsers that are signed in there.
#[derive(Debug)]
pub struct Subject {
    name: String,
    app: Router,
    cookies: Vec<HeaderValue>,
    next: usize,
}

impl Subject {
    /// An application whose `GET /me` is asked with one of `cookies` after the other.
    ///
    /// # Panics
    ///
    /// If a cookie is none.
    pub fn new(
        name: impl Into<String>,
        app: Router,
        cookies: impl IntoIterator<Item = String>,
    ) -> Self {
        let header = |cookie: String| HeaderValue::try_from(cookie).expect("a cookie");
        Self { name: name.into(), app, cookies: cookies.into_iter().map(header).collect(), next: 0 }
    }

    /// What it is called in a table.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes so many requests.
    ///
    /// # Panics
    ///
    /// If one is not answered with 200.
    pub async fn ask(&mut self, requests: u32) {
        for _ in 0..requests {
            let mut request = Request::new(Body::empty());
            *request.uri_mut() = http::Uri::from_static("/me");
            self.next = (self.next + 1) % self.cookies.len();
            let cookie = self.cookies.get(self.next).expect("there is one").clone();
            request.headers_mut().insert(COOKIE, cookie);
            let response = self.app.clone().oneshot(request).await.expect("it cannot fail");
            assert_eq!(response.status(), StatusCode::OK, "{}", self.name);
        }
    }
}

/// Gives each of `subjects` so many turns, and tells the median time of one request to each.
#[expect(clippy::disallowed_methods, reason = "this is what measures time")]
pub async fn rounds(subjects: &mut [Subject], turns: usize) -> Vec<Duration> {
    let mut times = vec![Vec::with_capacity(turns); subjects.len()];
    for subject in &mut *subjects {
        // Every session once: connections are made, statements prepared, copies taken.
        let sessions = u32::try_from(subject.cookies.len()).unwrap_or(u32::MAX);
        subject.ask(sessions).await;
    }
    for _ in 0..turns {
        for (subject, times) in subjects.iter_mut().zip(&mut times) {
            let start = Instant::now();
            subject.ask(TURN).await;
            times.push(start.elapsed() / TURN);
        }
    }
    times.into_iter().map(|mut times| median(&mut times)).collect()
}

/// The middle one of `times`, which are sorted on the way.
pub fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
