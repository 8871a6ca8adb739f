//! The logout endpoint (OpenID Connect RP-Initiated Logout).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;
use url::Url;

use crate::provider::{FakeProvider, Parameters, page, reply};

impl FakeProvider {
    /// Checks that the client is this provider's and that it sends the browser to a web page, a registered one where
    /// there are some.
    pub(super) fn end_session(&self, parameters: &Parameters) -> Response<Bytes> {
        let refuse =
            |text| page::message(StatusCode::BAD_REQUEST, "This request cannot be answered", text);
        if parameters.any_repeated() {
            return refuse("A parameter is repeated.");
        }
        let hint = parameters.value("id_token_hint");
        let hinted = hint.and_then(claims).filter(|claims| self.is_own_id_token(claims));
        if hint.is_some() && hinted.is_none() {
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
        let registered = &self.inner.post_logout_redirect_uris;
        if !registered.is_empty() && !registered.iter().any(|uri| uri == target) {
            return refuse("The post_logout_redirect_uri is not registered.");
        }
        let state = parameters.value("state").map(|state| ("state", state));
        let target = reply::with_query(target, state.as_slice());
        let sid = hinted.as_ref().and_then(|claims| claims.get("sid")?.as_str());
        match (&self.inner.frontchannel_logout_uri, sid) {
            (Some(uri), Some(sid)) => {
                let frame = reply::with_query(uri, &[("iss", self.issuer()), ("sid", sid)]);
                page::signed_out(&frame, &target)
            }
            _ => reply::redirect(&target),
        }
    }

    /// By its claims alone, expired or not: the specification accepts a token of an ended session.
    fn is_own_id_token(&self, claims: &Value) -> bool {
        claims.get("iss").and_then(Value::as_str) == Some(self.issuer())
            && claims.get("aud").and_then(Value::as_str) == Some(self.client_id())
    }
}

fn claims(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}
