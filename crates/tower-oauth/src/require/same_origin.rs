//! [`RequireSameOrigin`]: a layer that keeps other sites from posting in a signed-in user's name.

use http::Method;
use http::request::Parts;
use tower_layer::Layer;

use super::{Guard, Guarded};
use crate::extract::{Rejection, RejectionKind, handle};

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

impl Guard for RequireSameOrigin {
    async fn check(&self, parts: &Parts) -> Result<(), Rejection> {
        if matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return Ok(());
        }
        let is_own_site = handle(parts)?.auth().is_own_site(&parts.headers).await;
        if is_own_site.map_err(|error| Rejection::store(error.into()))? {
            return Ok(());
        }
        Err(Rejection::plain(RejectionKind::CrossSite))
    }
}

impl<S> Layer<S> for RequireSameOrigin {
    type Service = Guarded<S, Self>;

    fn layer(&self, inner: S) -> Guarded<S, Self> {
        Guarded::new(inner, *self)
    }
}
