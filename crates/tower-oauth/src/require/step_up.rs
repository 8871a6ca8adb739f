//! [`RequireStepUp`]: a layer for routes that need a fresher or stronger sign-in than others.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use serde_json::Value;
use tower_layer::Layer;
use tower_oauth_core::session::Session;
use tower_oauth_core::{Prompt, Timestamp};

use super::{Guard, Guarded};
use crate::extract::{Asking, Rejection, RejectionKind, handle, required_session};

/// Shortest `max_age`: the way to the provider and back takes a while, and clocks differ.
const MIN_MAX_AGE: Duration = Duration::from_secs(60);

/// Lets through who proved to the provider who they are, recently or strongly enough; a browser of anybody else is sent
/// to do so and comes back, a script gets 401 (compare [RFC 9470](https://www.rfc-editor.org/rfc/rfc9470)).
///
/// The session stays that of the same user: whoever else signs in at the provider is refused. What counts are the claims
/// `auth_time` and `acr` of the signed ID token, so the provider must be one of OpenID Connect that issues them.
///
/// ```
/// # fn app(auth: tower_oauth::Auth) -> axum::Router {
/// use std::time::Duration;
/// use axum::{Router, routing::post};
/// use tower_oauth::RequireStepUp;
///
/// Router::new()
///     .route("/account/delete", post(async || "gone"))
///     .route_layer(RequireStepUp::within(Duration::from_secs(5 * 60)))
///     .layer(auth.layer())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct RequireStepUp {
    max_age: Option<Duration>,
    acr_values: Arc<[String]>,
    prompt: Option<Prompt>,
}

impl RequireStepUp {
    /// The layer for users who entered their credentials within `max_age`, a minute at least.
    #[must_use]
    pub fn within(max_age: Duration) -> Self {
        Self { max_age: Some(max_age.max(MIN_MAX_AGE)), ..Self::default() }
    }

    /// The layer for users who signed in by one of these ways (`acr`, OpenID Connect Core section 2), as the provider
    /// names them.
    pub fn by<S: Into<String>>(acr_values: impl IntoIterator<Item = S>) -> Self {
        Self::default().and_by(acr_values)
    }

    /// The same for users who also signed in by one of these ways.
    #[must_use]
    pub fn and_by<S: Into<String>>(mut self, acr_values: impl IntoIterator<Item = S>) -> Self {
        self.acr_values = acr_values.into_iter().map(Into::into).collect();
        self
    }

    /// Has the provider ask for this even where it might not need to.
    #[must_use]
    pub const fn prompt(mut self, prompt: Prompt) -> Self {
        self.prompt = Some(prompt);
        self
    }

    fn is_fulfilled(&self, session: &Session, now: Timestamp) -> bool {
        let claims = session.connection.identity.claims();
        let recent = self.max_age.is_none_or(|max_age| {
            let auth_time = claims.get("auth_time").and_then(Value::as_u64);
            auth_time.is_some_and(|time| now < Timestamp::from_unix_seconds(time) + max_age)
        });
        let acr = claims.get("acr").and_then(Value::as_str);
        let strong = self.acr_values.is_empty()
            || acr.is_some_and(|acr| self.acr_values.iter().any(|wanted| wanted == acr));
        recent && strong
    }
}

impl Guard for RequireStepUp {
    async fn check(&self, parts: &Parts) -> Result<(), Rejection> {
        let session = &required_session(parts).await?.session;
        let handle = handle(parts)?;
        if self.is_fulfilled(session, handle.auth().inner().environment.clock.now()) {
            return Ok(());
        }
        let (asking, connection) = (Asking::new(handle, parts), &session.connection);
        Err(Rejection::ask(RejectionKind::StepUpRequired, &asking, connection, |request| {
            request.max_age = self.max_age;
            request.acr_values = self.acr_values.to_vec();
            request.prompt = self.prompt;
        }))
    }
}

impl<S> Layer<S> for RequireStepUp {
    type Service = Guarded<S, Self>;

    fn layer(&self, inner: S) -> Guarded<S, Self> {
        Guarded::new(inner, self.clone())
    }
}
