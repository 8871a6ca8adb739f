//! [`AuthService`]: decides between the login routes and the service behind them.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{Handle, ResponseFuture};
use crate::auth::Auth;
use crate::form::RequestBody;
use crate::routes;

/// A service with a login in front: made by [`AuthLayer`](super::AuthLayer) or [`Auth::service`].
///
/// The layer answers some requests itself, so the response body of the service behind it must be one that can be
/// made `From<Bytes>`, as `axum::body::Body` and `http_body_util::Full<Bytes>` can. Map another to one of those first.
#[derive(Clone, Debug)]
pub struct AuthService<S> {
    auth: Auth,
    inner: S,
}

impl<S> AuthService<S> {
    pub(crate) fn new(auth: Auth, inner: S) -> Self {
        Self { auth, inner }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for AuthService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ReqBody: Body + Send + 'static,
    ReqBody::Data: Send,
    ResBody: From<Bytes>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let auth;
        if self.auth.has_tenants() {
            let (parts, body) = request.into_parts();
            auth = self.auth.for_request(&parts);
            request = Request::from_parts(parts, body);
        } else {
            auth = self.auth.clone();
        }
        if let Some(route) = auth.routes().find(request.uri().path()) {
            let (parts, body) = request.into_parts();
            let answer = routes::answer(auth, route, parts, RequestBody::new(body));
            return ResponseFuture::login(answer);
        }
        let handle = Handle::new(auth, request.uri().path_and_query().cloned());
        request.extensions_mut().insert(handle.clone());
        ResponseFuture::inner(self.inner.call(request), handle)
    }
}
