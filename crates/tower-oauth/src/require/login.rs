//! [`RequireLogin`]: a layer for routes that nobody reaches without being signed in.

use http::request::Parts;
use tower_layer::Layer;

use super::{Guard, Guarded};
use crate::extract::{Rejection, User};

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

impl Guard for RequireLogin {
    async fn check(&self, parts: &Parts) -> Result<(), Rejection> {
        User::required_from_parts(parts).await.map(|_| ())
    }
}

impl<S> Layer<S> for RequireLogin {
    type Service = Guarded<S, Self>;

    fn layer(&self, inner: S) -> Guarded<S, Self> {
        Guarded::new(inner, *self)
    }
}
