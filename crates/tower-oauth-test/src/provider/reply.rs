//! The kinds of response the endpoints have in common.

use bytes::Bytes;
use http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
    HeaderValue, LOCATION, PRAGMA, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Request, Response, StatusCode};
use serde_json::Value;

pub(super) fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

pub(super) fn json(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = empty(status);
    *response.body_mut() = body.to_string().into();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

pub(super) fn html(status: StatusCode, body: String, policy: &str) -> Response<Bytes> {
    let mut response = empty(status);
    *response.body_mut() = body.into();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    let policy = HeaderValue::try_from(policy).expect("a policy of ASCII characters");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Not `no-referrer`: with it a form_post arrives with `Origin: null`, which no real provider sends.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    forbid_storing(&mut response);
    response
}

/// 303, never 307: a browser must not repeat a posted form at the client (RFC 9700 section 4.12).
pub(super) fn redirect(location: &str) -> Response<Bytes> {
    let mut response = empty(StatusCode::SEE_OTHER);
    let location = HeaderValue::try_from(location).expect("a URL of ASCII characters");
    response.headers_mut().insert(LOCATION, location);
    forbid_storing(&mut response);
    response
}

pub(super) fn method_not_allowed(allowed: &'static str) -> Response<Bytes> {
    let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// RFC 6749 section 5.1: for every response that holds a token or another secret.
pub(super) fn forbid_storing(response: &mut Response<Bytes>) {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
}

/// `url` with `parameters` added to its query, the rest of it byte for byte as it was.
pub(super) fn with_query(url: &str, parameters: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    if query.is_empty() {
        return url.to_owned();
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{query}")
}

pub(super) fn header(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// The credentials in the `Authorization` header if it is of `scheme` (RFC 9110 section 11.4).
pub(super) fn credentials<'a>(request: &'a Request<Bytes>, scheme: &str) -> Option<&'a str> {
    let (found, credentials) = header(request.headers(), AUTHORIZATION)?.split_once(' ')?;
    found.eq_ignore_ascii_case(scheme).then(|| credentials.trim())
}

pub(super) fn is_form(request: &Request<Bytes>) -> bool {
    let media_type = header(request.headers(), CONTENT_TYPE).and_then(|v| v.split(';').next());
    media_type.is_some_and(|it| it.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}
