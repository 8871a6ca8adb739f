//! HOP 5: every request. The login routes are answered here; all others go on with a lazy handle.
//!
//! No I/O, no hash, no parsing of cookies: a request that asks for no user pays for one extension.

mod future;
mod handle;
mod service;

use tower_layer::Layer;

pub use future::ResponseFuture;
pub(crate) use handle::Handle;
pub use service::AuthService;

use crate::auth::Auth;

/// Puts a login in front of a service: made by [`Auth::layer`].
#[derive(Clone, Debug)]
pub struct AuthLayer {
    auth: Auth,
}

impl AuthLayer {
    pub(crate) fn new(auth: Auth) -> Self {
        Self { auth }
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        AuthService::new(self.auth.clone(), inner)
    }
}
