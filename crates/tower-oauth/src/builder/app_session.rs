//! The setting for an application that has a session of its own in tower-sessions.

use super::AuthBuilder;

impl AuthBuilder {
    /// Whether a sign-out also removes the application's own
    /// [tower-sessions](https://docs.rs/tower-sessions) session, with all that is in it. No by default: a basket or a
    /// language may well outlive a login.
    ///
    /// The application's session needs nothing else from here. Put its layer around the login's, so that the login
    /// routes see it:
    ///
    /// ```
    /// # use axum::Router;
    /// # use tower_oauth::Auth;
    /// # fn app<L>(auth: Auth, session_layer: L) -> Router
    /// # where
    /// #     L: tower_layer::Layer<axum::routing::Route> + Clone + Send + Sync + 'static,
    /// #     L::Service: tower_service::Service<axum::extract::Request, Response = axum::response::Response,
    /// #         Error = std::convert::Infallible> + Clone + Send + Sync + 'static,
    /// #     <L::Service as tower_service::Service<axum::extract::Request>>::Future: Send + 'static,
    /// # {
    /// Router::new()
    ///     // … the application's routes
    ///     .layer(auth.layer())
    ///     .layer(session_layer)
    /// # }
    /// ```
    ///
    /// Then, with the feature `tower-sessions` (0.15) or `tower-sessions-0-14`:
    ///
    /// | at | what becomes of it |
    /// |---|---|
    /// | a login | it keeps its content and gets a new id, so that an id which somebody planted in this browser is worth nothing. If its store fails, so does the login, with 503, and whoever was signed in still is |
    /// | a sign-out | nothing; with this setting it is flushed, once the login's own session has ended. If its store fails, the answer is 503, and signing out again tries again |
    /// | a login of a browser that brings no such session | nothing; none is created |
    ///
    /// Who is signed in is not kept in it. So when tower-sessions lets a request that is under way write a session
    /// back that was flushed, or under the id from before, that signs nobody in.
    ///
    /// The cookie of tower-sessions is `SameSite=Strict` by default. A browser does not bring that along from the
    /// provider, so the session is then left alone at a login, and keeps its id. Where an id could be planted, choose
    /// `with_same_site(SameSite::Lax)` and a name that begins with `__Host-`; for a provider that answers by a form,
    /// `SameSite::None`.
    pub fn flush_app_session_at_logout(mut self, yes: bool) -> Self {
        self.flush_app_session = yes;
        self
    }
}
