//! [`RequireSameOrigin`]: a layer that keeps other sites from posting in a signed-in user's name.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::extract::{Rejection, RejectionKind};
use crate::layer::Handle;
use crate::negotiate::is_own_site;

/// Refuses requests that change something and come from another site, with 403 (cross-site request forgery).
///
/// The session cookie is `SameSite=Lax`, so today's browsers do not send it with another site's form. They do send it
/// with a form of a sibling host (`evil.app.example` for `app.example`), and for two minutes old ones make an
/// exception. This layer closes that: a `POST`, `PUT`, `PATCH` or `DELETE` passes if the browser says that it comes
/// from this origin (`Sec-Fetch-Site`, else `Origin`), or if no browser sent it (neither header). `GET`, `HEAD` and
/// `OPTIONS` always pass, so they must change nothing.
///
/// It stands inside [`Auth::layer`](crate::Auth::layer):
///
/// ```
/// # fn app(auth: tower_oauth::Auth) -> axum::Router {
/// use axum::{Router, routing::post};
/// use tower_oauth::RequireSameOrigin;
///
/// Router::new()
///     .route("/transfer", post(async || "done"))
///     .layer(RequireSameOrigin::new())
///     .layer(auth.layer())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct RequireSameOrigin;

impl RequireSameOrigin {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for RequireSameOrigin {
    type Service = RequireSameOriginService<S>;

    fn layer(&self, inner: S) -> RequireSameOriginService<S> {
        RequireSameOriginService { inner }
    }
}

/// A service behind [`RequireSameOrigin`].
#[derive(Clone, Debug)]
pub struct RequireSameOriginService<S> {
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for RequireSameOriginService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: From<Bytes>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = SameOriginFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        SameOriginFuture {
            kind: match check(&request) {
                Ok(()) => Kind::Passed { future: self.inner.call(request) },
                Err(rejection) => Kind::Refused { rejection: Some(rejection) },
            },
        }
    }
}

fn check<B>(request: &Request<B>) -> Result<(), Rejection> {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let Some(handle) = request.extensions().get::<Handle>() else {
        return Err(Rejection::plain(RejectionKind::LayerMissing));
    };
    if is_own_site(request.headers(), &handle.auth().inner().base_url) {
        return Ok(());
    }
    Err(Rejection::plain(RejectionKind::CrossSite))
}

pin_project! {
    /// Response future of [`RequireSameOriginService`].
    pub struct SameOriginFuture<F> {
        #[pin]
        kind: Kind<F>,
    }
}

pin_project! {
    #[project = KindProj]
    enum Kind<F> {
        Passed { #[pin] future: F },
        Refused { rejection: Option<Rejection> },
    }
}

impl<F, ResBody, E> Future for SameOriginFuture<F>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
    ResBody: From<Bytes>,
{
    type Output = Result<Response<ResBody>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProj::Passed { future } => future.poll(context),
            KindProj::Refused { rejection } => match rejection.take() {
                Some(rejection) => Poll::Ready(Ok(rejection.into_response())),
                None => Poll::Pending,
            },
        }
    }
}

impl<F> fmt::Debug for SameOriginFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SameOriginFuture").finish_non_exhaustive()
    }
}
