//! The `UserInfo` endpoint (OpenID Connect Core section 5.3), protected as RFC 6750 says.

use bytes::Bytes;
use http::header::{HeaderValue, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use serde_json::Value;

use crate::provider::{FakeProvider, reply};

impl FakeProvider {
    pub(super) fn userinfo(&self, request: &Request<Bytes>) -> Response<Bytes> {
        // Only the header: a token in a query ends up in logs (RFC 9700 section 4.3.2).
        let Some(token) = reply::credentials(request, "Bearer") else {
            // RFC 6750 section 3.1: no error code for a request without credentials.
            return challenge(StatusCode::UNAUTHORIZED, "Bearer realm=\"userinfo\"");
        };
        let access = self.grants().access(token, self.now());
        let Some((user, scope)) = access.and_then(|(subject, scope)| {
            Some((self.users().iter().find(|user| user.subject() == subject)?, scope))
        }) else {
            let value = "Bearer realm=\"userinfo\", error=\"invalid_token\"";
            return challenge(StatusCode::UNAUTHORIZED, value);
        };
        if !scope.iter().any(|value| value == "openid") {
            let value = "Bearer realm=\"userinfo\", error=\"insufficient_scope\", scope=\"openid\"";
            return challenge(StatusCode::FORBIDDEN, value);
        }
        let mut claims = user.released_for(&scope);
        claims.insert("sub".to_owned(), user.subject().into());
        let mut response = reply::json(StatusCode::OK, &Value::Object(claims));
        reply::forbid_storing(&mut response);
        response
    }
}

fn challenge(status: StatusCode, value: &'static str) -> Response<Bytes> {
    let mut response = reply::empty(status);
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(value));
    response
}
