//! Guards: what a request must fulfil before it reaches a group of routes, each a tower layer.
//!
//! | guard | lets through |
//! |---|---|
//! | [`RequireLogin`] | who is signed in |
//! | [`RequireScopes`] | who granted the application enough |
//! | [`RequireStepUp`] | who signed in recently, or strongly, enough |
//! | [`RequireSameOrigin`] | what the application's own pages send |
//! | [`Require`] with a [`Guard`] of yours | what you say |

mod login;
mod same_origin;
mod scopes;
mod step_up;

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

pub use self::login::RequireLogin;
pub use self::same_origin::RequireSameOrigin;
pub use self::scopes::RequireScopes;
pub use self::step_up::RequireStepUp;
use crate::extract::Rejection;

/// What a request must fulfil.
///
/// ```
/// use http::request::Parts;
/// use tower_oauth::{Rejection, Require, User, require::Guard};
///
/// /// Lets through whom the company's own provider vouches for.
/// #[derive(Clone)]
/// struct Employees;
///
/// impl Guard for Employees {
///     async fn check(&self, parts: &Parts) -> Result<(), Rejection> {
///         let user = User::required_from_parts(parts).await?;
///         match user.provider() {
///             "company" => Ok(()),
///             _ => Err(Rejection::forbidden("only for employees")),
///         }
///     }
/// }
///
/// # fn app(auth: tower_oauth::Auth) -> axum::Router {
/// # use axum::{Router, routing::get};
/// Router::new()
///     .route("/staff", get(async || "the canteen's menu"))
///     .route_layer(Require::new(Employees))
///     .layer(auth.layer())
/// # }
/// ```
pub trait Guard: Clone + Send + Sync + 'static {
    /// Looks at the request.
    ///
    /// # Errors
    ///
    /// What the request is answered with instead of reaching the routes.
    fn check(&self, parts: &Parts) -> impl Future<Output = Result<(), Rejection>> + Send;
}

/// A layer that lets through what a [`Guard`] agrees to. It stands inside [`Auth::layer`](crate::Auth::layer), around the
/// routes it guards.
#[derive(Clone, Copy, Debug, Default)]
pub struct Require<G> {
    guard: G,
}

impl<G: Guard> Require<G> {
    /// The layer of `guard`.
    #[must_use]
    pub const fn new(guard: G) -> Self {
        Self { guard }
    }
}

impl<S, G: Guard> Layer<S> for Require<G> {
    type Service = Guarded<S, G>;

    fn layer(&self, inner: S) -> Guarded<S, G> {
        Guarded { inner, guard: self.guard.clone() }
    }
}

/// A service behind a guard.
#[derive(Clone)]
pub struct Guarded<S, G> {
    inner: S,
    guard: G,
}

impl<S, G> Guarded<S, G> {
    pub(crate) const fn new(inner: S, guard: G) -> Self {
        Self { inner, guard }
    }
}

impl<S, G, ReqBody, ResBody> Service<Request<ReqBody>> for Guarded<S, G>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
    G: Guard,
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
        let guard = self.guard.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            match guard.check(&parts).await {
                Ok(()) => inner.call(Request::from_parts(parts, body)).await,
                Err(rejection) => Ok(rejection.into_response()),
            }
        })
    }
}

impl<S: fmt::Debug, G> fmt::Debug for Guarded<S, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("inner", &self.inner).finish_non_exhaustive()
    }
}
