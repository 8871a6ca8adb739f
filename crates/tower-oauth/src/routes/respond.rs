//! How the login routes answer: redirects, pages, problem documents, and what becomes of a failure.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, RETRY_AFTER,
    SET_COOKIE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::json;
use tower_oauth_core::{Error, ErrorKind, ReturnTo};

use crate::auth::Auth;
use crate::messages;
use crate::negotiate;
use crate::pages::{ErrorPage, Html};
use crate::routes::Route;

/// A login route that failed, with what the answer needs besides the error.
pub(super) struct Failure {
    error: Box<Error>,
    cookies: Vec<HeaderValue>,
    retry: Option<String>,
    /// What a person is told, in place of the kind's own words.
    message: Option<Cow<'static, str>>,
}

impl Failure {
    /// The login can be started again at `provider`, to end at `return_to`.
    pub(super) fn with_retry(
        mut self,
        auth: &Auth,
        provider: &str,
        return_to: Option<&ReturnTo>,
    ) -> Self {
        self.retry = Some(auth.routes().login_at(provider, return_to, false));
        self
    }

    /// Another way out than a new login here.
    pub(super) fn with_retry_at(mut self, href: String) -> Self {
        self.retry = Some(href);
        self
    }

    /// A person is told this.
    pub(super) fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// The answer also sets this cookie.
    pub(super) fn with_cookie(mut self, cookie: HeaderValue) -> Self {
        self.cookies.push(cookie);
        self
    }

    pub(super) fn into_response(
        self,
        auth: &Auth,
        route: &Route,
        headers: &HeaderMap,
    ) -> Response<Bytes> {
        let correlation_id = correlation_id(auth);
        let Self { error, cookies, retry, message } = self;
        report(&error, &correlation_id);
        if let Some(kind) = route.failure() {
            auth.tell_failed(kind, route.provider(), error.code(), &correlation_id);
        }
        let (title, usual) = messages::for_person(error.kind());
        let message = message.unwrap_or(Cow::Borrowed(usual));
        let mut response = if negotiate::wants_html(headers) {
            page(
                error.status(),
                auth.inner().pages.error(&ErrorPage {
                    status: error.status().as_u16(),
                    code: error.code(),
                    title: title.into(),
                    message: message.into_owned(),
                    correlation_id,
                    retry_href: retry,
                    home_href: auth.routes().home(),
                }),
            )
        } else {
            let extra = json!({ "detail": message, "correlation_id": correlation_id });
            problem(error.status(), error.code(), Some(extra))
        };
        if let Some(wait) = error.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, wait.as_secs().max(1).into());
        }
        for cookie in cookies {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error: Box::new(error), cookies: Vec::new(), retry: None, message: None }
    }
}

/// Names a failure in the log and on the page, so that the two can be brought together.
pub(super) fn correlation_id(auth: &Auth) -> String {
    let mut bytes = [0; 8];
    match auth.inner().environment.random.fill(&mut bytes) {
        Ok(()) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        Err(_) => "unavailable".into(),
    }
}

/// One event for each failure. What a person or an attacker can cause at will is no warning.
pub(super) fn report(error: &Error, correlation_id: &str) {
    let (code, reason) = (error.code(), error.with_causes());
    match error.kind() {
        ErrorKind::Malformed
        | ErrorKind::CrossSite
        | ErrorKind::UnknownProvider
        | ErrorKind::OriginMismatch
        | ErrorKind::UnknownTenant
        | ErrorKind::AccountRefused
        | ErrorKind::StateInvalid
        | ErrorKind::LogoutToken
        | ErrorKind::ProviderDenied
        | ErrorKind::NotAdmitted => {
            tracing::info!(target: "tower_oauth::login", code, correlation_id, "{reason}");
        }
        ErrorKind::ClientRejected
        | ErrorKind::StoreUnavailable
        | ErrorKind::AccountUnavailable
        | ErrorKind::ProvidersUnavailable
        | ErrorKind::SessionTooLarge
        | ErrorKind::Internal => {
            tracing::error!(target: "tower_oauth::login", code, correlation_id, "{reason}");
        }
        _ => tracing::warn!(target: "tower_oauth::login", code, correlation_id, "{reason}"),
    }
}

/// The header by which htmx is sent to another page (<https://htmx.org/reference/#response_headers>).
pub(crate) const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// 303: whatever the method was, the browser goes on with `GET`
/// ([RFC 9700 section 4.12](https://www.rfc-editor.org/rfc/rfc9700#section-4.12)).
pub(crate) fn see_other(location: &str) -> Response<Bytes> {
    let Ok(location) = HeaderValue::try_from(location) else {
        return problem(StatusCode::INTERNAL_SERVER_ERROR, ErrorKind::Internal.code(), None);
    };
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(LOCATION, location);
    response
}

/// A page under its own content security policy.
pub(super) fn page(status: StatusCode, html: Html) -> Response<Bytes> {
    let mut response = Response::new(html.body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, html.content_security_policy);
    response
}

/// A problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) with the members of `extra` besides.
pub(crate) fn problem(
    status: StatusCode,
    code: &str,
    extra: Option<serde_json::Value>,
) -> Response<Bytes> {
    let mut document = json!({
        "title": status.canonical_reason().unwrap_or("Error"),
        "status": status.as_u16(),
        "code": code,
    });
    if let (Some(document), Some(serde_json::Value::Object(extra))) =
        (document.as_object_mut(), extra)
    {
        document.extend(extra);
    }
    let mut response = Response::new(document.to_string().into());
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// What every answer of a login route carries: not cached, not framed, no address passed on.
pub(super) fn harden(mut response: Response<Bytes>) -> Response<Bytes> {
    let headers = response.headers_mut();
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
