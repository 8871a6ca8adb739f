//! The logout endpoint (OpenID Connect RP-Initiated Logout).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;
use url::Url;

use crate::provider::{FakeProvider, Parameters, page, reply};

impl FakeProvider {
    /// Checks that the client is this provider's and that it sends the browser to a web page; there is no
    /// registration of `post_logout_redirect_uri`.
    pub(super) fn end_session(&self, parameters: &Parameters) -> Response<Bytes> {
        let refuse =
            |text| page::message(StatusCode::BAD_REQUEST, "This request cannot be answered", text);
        if parameters.any_repeated() {
            return refuse("A parameter is repeated.");
        }
        let hint = parameters.value("id_token_hint");
        if hint.is_some_and(|token| !self.is_own_id_token(token)) {
            return refuse("The id_token_hint is not an ID token of this provider for its client.");
        }
        let client_id = parameters.value("client_id");
        if client_id.is_some_and(|it| it != self.client_id()) {
            return refuse("No application with this client_id is registered.");
        }
        let Some(target) = parameters.value("post_logout_redirect_uri") else {
            return page::message(StatusCode::OK, "Signed out", "You can close this page.");
        };
        if hint.is_none() && client_id.is_none() {
            return refuse("A post_logout_redirect_uri needs an id_token_hint or a client_id.");
        }
        let is_page = Url::parse(target).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_page || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
            return refuse("The post_logout_redirect_uri is not an absolute URL.");
        }
        let state = parameters.value("state").map(|state| ("state", state));
        reply::redirect(&reply::with_query(target, state.as_slice()))
    }

    /// By its claims alone, expired or not: the specification accepts a token of an ended session.
    fn is_own_id_token(&self, token: &str) -> bool {
        let claims = token
            .split('.')
            .nth(1)
            .and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok())
            .and_then(|payload| serde_json::from_slice::<Value>(&payload).ok());
        claims.is_some_and(|claims| {
            claims.get("iss").and_then(Value::as_str) == Some(self.issuer())
                && claims.get("aud").and_then(Value::as_str) == Some(self.client_id())
        })
    }
}
