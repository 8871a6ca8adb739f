//! Answers that replace the correct one: errors, delays, broken connections.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde_json::Value;

use super::Endpoint;

/// What a [`FakeProvider`](crate::FakeProvider) answers instead of the correct response, or does to it.
///
/// Delays and broken connections exist on the two transports, [`InProcessNetwork`](crate::InProcessNetwork)
/// and [`FakeProvider::serve`](crate::FakeProvider::serve).
#[derive(Clone)]
#[must_use]
pub struct Answer {
    base: Base,
    changes: Vec<Change>,
    delay: Duration,
    drip: Duration,
    cut_off_after: Option<usize>,
}

type Change = Arc<dyn Fn(&mut Response<Bytes>) + Send + Sync>;

#[derive(Clone)]
enum Base {
    Correct,
    Fixed(Response<Bytes>),
    Never,
    Refused,
}

impl Answer {
    const fn of(base: Base) -> Self {
        Self {
            base,
            changes: Vec::new(),
            delay: Duration::ZERO,
            drip: Duration::ZERO,
            cut_off_after: None,
        }
    }

    /// The correct response, to be delayed, cut off or given other headers.
    pub const fn correct() -> Self {
        Self::of(Base::Correct)
    }

    /// The correct response after `change`.
    pub fn modify(change: impl Fn(&mut Response<Bytes>) + Send + Sync + 'static) -> Self {
        Self::correct().changed(change)
    }

    /// An empty response with `status`, for example 503. The endpoint does nothing else.
    ///
    /// # Panics
    ///
    /// If `status` is not between 100 and 999.
    pub fn status(status: u16) -> Self {
        let mut response = Response::default();
        *response.status_mut() = status_code(status);
        Self::from(response)
    }

    /// A response of status 200 whose body is `value`. The endpoint does nothing else.
    pub fn json(value: impl Into<Value>) -> Self {
        let mut response = Response::new(Bytes::from(value.into().to_string()));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self::from(response)
    }

    /// The request arrives and is never answered.
    pub const fn never() -> Self {
        Self::of(Base::Never)
    }

    /// No connection. A provider that serves a socket can only close it without a response.
    pub const fn refused() -> Self {
        Self::of(Base::Refused)
    }

    /// Replaces the status, for example to make an error of a [`json`](Self::json) answer.
    ///
    /// # Panics
    ///
    /// If `status` is not between 100 and 999.
    pub fn with_status(self, status: u16) -> Self {
        let status = status_code(status);
        self.changed(move |response| *response.status_mut() = status)
    }

    /// Sets a header.
    ///
    /// # Panics
    ///
    /// If `name` or `value` cannot be part of an HTTP header.
    pub fn header(self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("a valid header name");
        let value = HeaderValue::try_from(value).expect("a valid header value");
        self.changed(move |response| {
            response.headers_mut().insert(name.clone(), value.clone());
        })
    }

    /// Replaces the body.
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        self.changed(move |response| *response.body_mut() = body.clone())
    }

    /// Lets `delay` pass before the first byte of the response.
    pub const fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sends the body byte by byte, with `pause` after each.
    pub const fn drip(mut self, pause: Duration) -> Self {
        self.drip = pause;
        self
    }

    /// Breaks the connection after `bytes` of the body, or at its end if it is shorter.
    pub const fn cut_off_after(mut self, bytes: usize) -> Self {
        self.cut_off_after = Some(bytes);
        self
    }

    fn changed(mut self, change: impl Fn(&mut Response<Bytes>) + Send + Sync + 'static) -> Self {
        self.changes.push(Arc::new(change));
        self
    }

    /// What happens on the wire, given how to compute the correct response.
    pub(crate) fn resolve(self, correct: impl FnOnce() -> Response<Bytes>) -> Outcome {
        let mut response = match &self.base {
            Base::Correct => correct(),
            Base::Fixed(response) => response.clone(),
            Base::Never => return self.outcome(Delivery::Never),
            Base::Refused => return self.outcome(Delivery::Refused),
        };
        for change in &self.changes {
            change(&mut response);
        }
        self.outcome(match self.cut_off_after {
            Some(bytes) => Delivery::CutOff(response, bytes),
            None => Delivery::Whole(response),
        })
    }

    const fn outcome(&self, delivery: Delivery) -> Outcome {
        Outcome { delay: self.delay, drip: self.drip, delivery }
    }
}

impl From<Response<Bytes>> for Answer {
    fn from(response: Response<Bytes>) -> Self {
        Self::of(Base::Fixed(response))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = match &self.base {
            Base::Correct => "correct",
            Base::Fixed(_) => "fixed",
            Base::Never => "never",
            Base::Refused => "refused",
        };
        f.debug_struct("Answer")
            .field("base", &base)
            .field("changes", &self.changes.len())
            .field("delay", &self.delay)
            .field("drip", &self.drip)
            .field("cut_off_after", &self.cut_off_after)
            .finish()
    }
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("a status between 100 and 999")
}

/// What a transport has to do.
pub(crate) struct Outcome {
    pub(crate) delay: Duration,
    /// After each byte of the body.
    pub(crate) drip: Duration,
    pub(crate) delivery: Delivery,
}

pub(crate) enum Delivery {
    Whole(Response<Bytes>),
    CutOff(Response<Bytes>, usize),
    Never,
    Refused,
}

/// The replaced answers of one provider.
#[derive(Default)]
pub(super) struct Answers {
    once: HashMap<Endpoint, VecDeque<Answer>>,
    always: HashMap<Endpoint, Answer>,
}

impl Answers {
    pub(super) fn push(&mut self, endpoint: Endpoint, answer: Answer) {
        self.once.entry(endpoint).or_default().push_back(answer);
    }

    pub(super) fn set(&mut self, endpoint: Endpoint, answer: Answer) {
        self.always.insert(endpoint, answer);
    }

    pub(super) fn clear(&mut self, endpoint: Endpoint) {
        self.once.remove(&endpoint);
        self.always.remove(&endpoint);
    }

    pub(super) fn next(&mut self, endpoint: Endpoint) -> Answer {
        let queued = self.once.get_mut(&endpoint).and_then(VecDeque::pop_front);
        queued.or_else(|| self.always.get(&endpoint).cloned()).unwrap_or_else(Answer::correct)
    }
}
