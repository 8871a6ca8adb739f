//! The revocation endpoint (RFC 7009).

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use crate::provider::error::OAuthError;
use crate::provider::{FakeProvider, reply};

impl FakeProvider {
    pub(super) fn revoke(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let form = match self.client_form(request) {
            Ok(form) => form,
            Err(error) => return error.response(),
        };
        let Some(token) = form.value("token") else {
            return OAuthError::invalid_request("The token is missing.").response();
        };
        self.grants().revoke(token);
        // Also for an unknown token: the client wants it gone, and it is (RFC 7009 section 2.2).
        reply::empty(StatusCode::OK)
    }
}
