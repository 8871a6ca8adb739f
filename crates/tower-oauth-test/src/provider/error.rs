//! Errors in the form of RFC 6749 section 5.2.

use bytes::Bytes;
use http::header::{HeaderValue, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use serde_json::json;
use tower_oauth_core::RandomUnavailable;

use super::reply;

/// An error code of OAuth or OpenID Connect and a sentence for the developer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OAuthError {
    pub(super) code: &'static str,
    pub(super) description: &'static str,
    status: StatusCode,
    challenge: bool,
}

impl OAuthError {
    pub(super) const fn new(code: &'static str, description: &'static str) -> Self {
        Self { code, description, status: StatusCode::BAD_REQUEST, challenge: false }
    }

    pub(super) const fn invalid_request(description: &'static str) -> Self {
        Self::new("invalid_request", description)
    }

    pub(super) const fn invalid_grant(description: &'static str) -> Self {
        Self::new("invalid_grant", description)
    }

    /// Failed client authentication. `challenge`: the client tried the `Authorization` header, so the
    /// response must name the scheme.
    pub(super) const fn invalid_client(description: &'static str, challenge: bool) -> Self {
        let status = StatusCode::UNAUTHORIZED;
        Self { code: "invalid_client", description, status, challenge }
    }

    pub(super) fn response(self) -> Response<Bytes> {
        let body = json!({ "error": self.code, "error_description": self.description });
        let mut response = reply::json(self.status, &body);
        reply::forbid_storing(&mut response);
        if self.challenge {
            let challenge = HeaderValue::from_static("Basic realm=\"token\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<RandomUnavailable> for OAuthError {
    fn from(_: RandomUnavailable) -> Self {
        let description = "The provider's source of randomness failed.";
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self { code: "server_error", description, status, challenge: false }
    }
}
