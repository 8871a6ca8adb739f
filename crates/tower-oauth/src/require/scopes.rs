//! [`RequireScopes`]: a layer for routes that need more than every login asks for.

use std::sync::Arc;

use http::request::Parts;
use tower_layer::Layer;

use super::{Guard, Guarded};
use crate::extract::{Rejection, Tokens};

/// Lets through who granted the application these scopes; a browser of anybody else is sent to grant them and comes back
/// (incremental consent), a script gets 403 with the missing ones.
///
/// Asking for little at the sign-in and for more where it is needed is what providers recommend, and what users agree
/// to. Somebody who says no at the provider is not asked again by itself: they get 403 with a link to try again.
///
/// ```
/// # fn app(auth: tower_oauth::Auth) -> axum::Router {
/// use axum::{Router, routing::get};
/// use tower_oauth::{AccessToken, RequireScopes};
///
/// Router::new()
///     .route("/calendar", get(async |token: AccessToken| { /* … */ }))
///     .route_layer(RequireScopes::new(["https://www.googleapis.com/auth/calendar.readonly"]))
///     .layer(auth.layer())
/// # }
/// ```
///
/// For one handler, [`Tokens::with_scopes`] does the same.
#[derive(Clone, Debug)]
pub struct RequireScopes {
    provider: Option<Arc<str>>,
    scopes: Arc<[String]>,
}

impl RequireScopes {
    /// The layer for `scopes` at the provider that the user signed in with.
    pub fn new<S: Into<String>>(scopes: impl IntoIterator<Item = S>) -> Self {
        Self { provider: None, scopes: scopes.into_iter().map(Into::into).collect() }
    }

    /// The layer for `scopes` at another provider that the user connected.
    pub fn of<S: Into<String>>(provider: &str, scopes: impl IntoIterator<Item = S>) -> Self {
        Self { provider: Some(provider.into()), ..Self::new(scopes) }
    }
}

impl Guard for RequireScopes {
    async fn check(&self, parts: &Parts) -> Result<(), Rejection> {
        let tokens = Tokens::from_parts(parts).await?;
        tokens.require_scopes(self.provider.as_deref(), &self.scopes)
    }
}

impl<S> Layer<S> for RequireScopes {
    type Service = Guarded<S, Self>;

    fn layer(&self, inner: S) -> Guarded<S, Self> {
        Guarded::new(inner, self.clone())
    }
}
