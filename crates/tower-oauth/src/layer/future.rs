//! [`ResponseFuture`]: the answer of a login route, or that of the service behind.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, HeaderValue, VARY};
use http::{HeaderMap, Response};
use pin_project_lite::pin_project;

use super::Handle;
use crate::routes::LoginFuture;

pin_project! {
    /// Response future of [`AuthService`](super::AuthService).
    pub struct ResponseFuture<F> {
        #[pin]
        kind: Kind<F>,
    }
}

pin_project! {
    #[project = KindProj]
    enum Kind<F> {
        Inner {
            #[pin]
            future: F,
            handle: Handle,
        },
        Login {
            future: LoginFuture,
        },
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn inner(future: F, handle: Handle) -> Self {
        Self { kind: Kind::Inner { future, handle } }
    }

    pub(super) fn login(future: LoginFuture) -> Self {
        Self { kind: Kind::Login { future } }
    }
}

impl<F, ResBody, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
    ResBody: From<Bytes>,
{
    type Output = Result<Response<ResBody>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProj::Login { future } => {
                let response = ready!(future.as_mut().poll(context));
                Poll::Ready(Ok(response.map(ResBody::from)))
            }
            KindProj::Inner { future, handle } => {
                let mut result = ready!(future.poll(context));
                if let Ok(response) = &mut result
                    && handle.was_asked()
                {
                    keep_private(response.headers_mut(), handle.auth().inner().logout.no_store);
                }
                Poll::Ready(result)
            }
        }
    }
}

/// A response that depends on who is signed in must not be served to somebody else from a shared cache.
fn keep_private(headers: &mut HeaderMap, no_store: bool) {
    headers.append(VARY, HeaderValue::from_static("cookie"));
    // Each is checked when it is compiled; one `from_static` of either would be at every request.
    let kept = if no_store {
        HeaderValue::from_static("no-store")
    } else {
        HeaderValue::from_static("private, no-cache")
    };
    headers.entry(CACHE_CONTROL).or_insert(kept);
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
