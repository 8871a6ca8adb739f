//! [`RequireLogin`]: a layer for routes that nobody reaches without being signed in.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::extract::User;

/// Answers for a group of routes when nobody is signed in, as the [`User`] extractor does for one.
///
/// It stands inside [`Auth::layer`](crate::Auth::layer), around the routes it guards:
///
/// ```
/// # fn app(auth: tower_oauth::Auth) -> axum::Router {
/// use axum::{Router, routing::get};
/// use tower_oauth::RequireLogin;
///
/// let private = Router::new()
///     .route("/inbox", get(async || "mail"))
///     .route_layer(RequireLogin::new());
///
/// Router::new()
///     .route("/", get(async || "for everybody"))
///     .merge(private)
///     .layer(auth.layer())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct RequireLogin;

impl RequireLogin {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for RequireLogin {
    type Service = RequireLoginService<S>;

    fn layer(&self, inner: S) -> RequireLoginService<S> {
        RequireLoginService { inner }
    }
}

/// A service behind [`RequireLogin`].
#[derive(Clone, Debug)]
pub struct RequireLoginService<S> {
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for RequireLoginService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
    ReqBody: Send + 'static,
    ResBody: From<Bytes>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<ResBody>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        // The service that was polled ready is the one to call; its clone is not ready yet.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            match User::required_from_parts(&parts).await {
                Ok(_) => inner.call(Request::from_parts(parts, body)).await,
                Err(rejection) => Ok(rejection.into_response()),
            }
        })
    }
}
