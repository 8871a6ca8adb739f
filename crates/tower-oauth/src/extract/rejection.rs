//! [`Rejection`]: why a request does not get what it asked for, and the response that says so.

use std::borrow::Cow;
use std::fmt;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;
use tower_oauth_core::session::Connection;
use tower_oauth_core::{Error, ErrorKind, ExpectedUser, LoginRequest};

use crate::layer::Handle;
use crate::negotiate;
use crate::routes::{HX_REDIRECT, problem, see_other};
use crate::tokens::TokenError;

/// A request, or a job, that does not get the user, claims or token it asked for.
///
/// As a response: a browser's navigation is sent to the sign-in page and comes back, and so is htmx by its header
/// `HX-Redirect`; everything else gets a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)).
// In a box: every extractor's future has room for it, and few requests need it.
#[derive(Clone, Debug)]
pub struct Rejection(Box<Reason>);

#[derive(Clone, Debug)]
struct Reason {
    kind: RejectionKind,
    /// Where to sign in, for whom that helps.
    login_path: Option<String>,
    way: Way,
    retry_after: Option<Duration>,
    missing_scopes: Vec<String>,
    /// In the place of the kind's own words.
    detail: Option<Cow<'static, str>>,
    source: Option<Arc<Error>>,
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectionKind {
    /// Nobody is signed in: 303 to the sign-in page for a navigation, else 401.
    LoginRequired,
    /// Somebody is, but the access token has expired and cannot be refreshed: as `LoginRequired`.
    TokenExpired,
    /// The access token has expired and cannot be refreshed right now: 503 with `Retry-After`.
    TokenUnavailable,
    /// Somebody is signed in, but not connected to the provider whose token is asked for: 403.
    NotConnected,
    /// The user did not grant the scopes that the route needs: 303 to grant them for a navigation, unless that was asked
    /// of them already, else 403 with the missing ones.
    InsufficientScope,
    /// The user signed in too long ago, or not strongly enough: 303 to do so for a navigation, else 401.
    StepUpRequired,
    /// The application's own [guard](crate::require::Guard) says no: 403.
    Forbidden,
    /// The user's claims do not have the form that the route asks for: 403.
    ClaimsMismatch,
    /// The account in the session does not have the form that the route asks for: 403.
    AccountMismatch,
    /// The request changes something and comes from another site: 403.
    CrossSite,
    /// The session store failed, so nobody knows who is signed in: 503.
    StoreUnavailable,
    /// The application could not say which providers the tenant signs in with, so nobody knows who is signed in: 503.
    ProvidersUnavailable,
    /// The layer is missing, a mistake of the application: 500.
    LayerMissing,
}

/// The request that asks, as far as its answer depends on it.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    pub(crate) handle: Handle,
    way: Way,
    /// The page to come back to, where it is not the request itself.
    page: Option<String>,
}

/// How somebody gets to the sign-in page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// A person's navigation follows a redirect.
    Redirect,
    /// htmx follows a header, with whatever status.
    Htmx,
    /// Whoever asks is told the address, and no more.
    Told,
}

impl Asking {
    pub(crate) fn new(handle: &Handle, parts: &Parts) -> Self {
        let headers = &parts.headers;
        let (way, page) = if negotiate::is_htmx(headers) {
            (Way::Htmx, negotiate::htmx_page(headers))
        } else if negotiate::is_navigation(&parts.method, headers) {
            (Way::Redirect, None)
        } else {
            (Way::Told, None)
        };
        Self { handle: handle.clone(), way, page: page.map(ToOwned::to_owned) }
    }
}

impl RejectionKind {
    /// Every kind, for documentation and tests.
    pub const ALL: [Self; 13] = [
        Self::LoginRequired,
        Self::TokenExpired,
        Self::TokenUnavailable,
        Self::NotConnected,
        Self::InsufficientScope,
        Self::StepUpRequired,
        Self::Forbidden,
        Self::ClaimsMismatch,
        Self::AccountMismatch,
        Self::CrossSite,
        Self::StoreUnavailable,
        Self::ProvidersUnavailable,
        Self::LayerMissing,
    ];

    /// The stable name; `docs/errors.md` has a section for each.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::LoginRequired => "login_required",
            Self::TokenExpired => "token_expired",
            Self::TokenUnavailable => "token_unavailable",
            Self::NotConnected => "not_connected",
            Self::InsufficientScope => "insufficient_scope",
            Self::StepUpRequired => "step_up_required",
            Self::Forbidden => "forbidden",
            Self::ClaimsMismatch => "claims_mismatch",
            Self::AccountMismatch => "account_mismatch",
            Self::CrossSite => "cross_site_request",
            Self::StoreUnavailable => "store_unavailable",
            Self::ProvidersUnavailable => "providers_unavailable",
            Self::LayerMissing => "layer_missing",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::LoginRequired | Self::TokenExpired | Self::StepUpRequired => {
                StatusCode::UNAUTHORIZED
            }
            Self::NotConnected
            | Self::InsufficientScope
            | Self::Forbidden
            | Self::ClaimsMismatch
            | Self::AccountMismatch
            | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::TokenUnavailable | Self::StoreUnavailable | Self::ProvidersUnavailable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::LayerMissing => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl Rejection {
    /// Signing in, again or for the first time, is what helps.
    pub(crate) fn sign_in(kind: RejectionKind, asking: &Asking) -> Self {
        let login_path = Some(asking.handle.login_path(asking.page.as_deref()));
        Self(Box::new(Reason { login_path, way: asking.way, ..Reason::plain(kind) }))
    }

    /// A login at the provider of `connection` by the same user is what helps, if it also asks for what `change` says.
    pub(crate) fn ask(
        kind: RejectionKind,
        asking: &Asking,
        connection: &Connection,
        change: impl FnOnce(&mut LoginRequest),
    ) -> Self {
        let identity = &connection.identity;
        let login_path =
            asking.handle.ask_path(asking.page.as_deref(), &connection.provider, |request| {
                request.user = Some(ExpectedUser::new(identity.issuer(), identity.subject()));
                change(request);
            });
        Self(Box::new(Reason { login_path, way: asking.way, ..Reason::plain(kind) }))
    }

    /// The application's own reason to refuse: 403 with `detail`, which whoever asks is shown.
    #[must_use]
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = Some(detail.into());
        Self(Box::new(Reason { detail, ..Reason::plain(RejectionKind::Forbidden) }))
    }

    pub(crate) fn missing_these(mut self, scopes: Vec<String>) -> Self {
        self.0.missing_scopes = scopes;
        self
    }

    /// Nobody is sent anywhere, though the way is told: who was asked a moment ago said no.
    pub(crate) fn without_redirect(mut self) -> Self {
        self.0.way = Way::Told;
        self
    }

    /// Why there is no token for the request of `asking`, or for a job.
    pub(crate) fn token(error: TokenError, asking: Option<&Asking>) -> Self {
        let sign_in = |kind| match asking {
            Some(asking) => Self::sign_in(kind, asking),
            None => Self::plain(kind),
        };
        match error {
            TokenError::SignedOut => sign_in(RejectionKind::LoginRequired),
            TokenError::Expired => sign_in(RejectionKind::TokenExpired),
            TokenError::NotConnected => Self::plain(RejectionKind::NotConnected),
            TokenError::Unavailable { error, .. }
                if matches!(
                    error.kind(),
                    ErrorKind::StoreUnavailable | ErrorKind::ProvidersUnavailable
                ) =>
            {
                Self::store(error)
            }
            TokenError::Unavailable { error, retry_after } => Self(Box::new(Reason {
                retry_after: Some(retry_after),
                source: Some(error),
                ..Reason::plain(RejectionKind::TokenUnavailable)
            })),
        }
    }

    pub(crate) fn store(error: Arc<Error>) -> Self {
        let kind = match error.kind() {
            ErrorKind::ProvidersUnavailable => RejectionKind::ProvidersUnavailable,
            _ => RejectionKind::StoreUnavailable,
        };
        let (retry_after, source) = (error.retry_after(), Some(error));
        Self(Box::new(Reason { retry_after, source, ..Reason::plain(kind) }))
    }

    pub(crate) fn plain(kind: RejectionKind) -> Self {
        Self(Box::new(Reason::plain(kind)))
    }

    /// Why.
    #[must_use]
    pub const fn kind(&self) -> RejectionKind {
        self.0.kind
    }

    /// How long to wait before another try can help, where that is known.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The scopes that are missing, for [`RejectionKind::InsufficientScope`].
    #[must_use]
    pub fn missing_scopes(&self) -> &[String] {
        &self.0.missing_scopes
    }

    /// The response, for a service that is not axum's.
    #[must_use]
    pub fn into_response<B: From<Bytes>>(self) -> Response<B> {
        tracing::trace!(target: "tower_oauth::rejection", code = self.0.kind.code(), "{self}");
        #[cfg(feature = "metrics")]
        metrics::counter!("tower_oauth_rejections_total", "code" => self.0.kind.code())
            .increment(1);
        let retry_after = self.0.retry_after;
        let mut response = self.answer();
        // The same address answers otherwise once somebody is signed in.
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, wait.as_secs().max(1).into());
        }
        response.map(B::from)
    }

    fn answer(mut self) -> Response<Bytes> {
        if let (Way::Redirect, Some(login_path)) = (self.0.way, &self.0.login_path) {
            return see_other(login_path);
        }
        if matches!(
            self.0.kind,
            RejectionKind::StoreUnavailable
                | RejectionKind::ProvidersUnavailable
                | RejectionKind::LayerMissing
        ) {
            let reason =
                self.0.source.as_ref().map_or_else(|| self.to_string(), |e| e.with_causes());
            tracing::error!(target: "tower_oauth::session", code = self.0.kind.code(), "{reason}");
        }
        let mut extra = json!({ "detail": self.to_string() });
        let hx_redirect = match (self.0.way, &self.0.login_path) {
            (Way::Htmx, Some(login_path)) => HeaderValue::try_from(login_path).ok(),
            _ => None,
        };
        if let (Some(extra), Some(login_path)) = (extra.as_object_mut(), self.0.login_path.take()) {
            extra.insert("login_url".into(), login_path.into());
        }
        let missing = mem::take(&mut self.0.missing_scopes);
        if let (Some(extra), false) = (extra.as_object_mut(), missing.is_empty()) {
            extra.insert("missing_scopes".into(), missing.into());
        }
        let mut response = problem(self.0.kind.status(), self.0.kind.code(), Some(extra));
        if let Some(login_path) = hx_redirect {
            response.headers_mut().insert(HX_REDIRECT, login_path);
        }
        response
    }
}

impl Reason {
    const fn plain(kind: RejectionKind) -> Self {
        Self {
            kind,
            login_path: None,
            way: Way::Told,
            retry_after: None,
            missing_scopes: Vec::new(),
            detail: None,
            source: None,
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(detail) = &self.0.detail {
            return f.write_str(detail);
        }
        f.write_str(match self.0.kind {
            RejectionKind::LoginRequired => "nobody is signed in",
            RejectionKind::TokenExpired => "the access token has expired; sign in again",
            RejectionKind::TokenUnavailable => "the access token cannot be refreshed right now",
            RejectionKind::NotConnected => "there is no connection to the provider",
            RejectionKind::InsufficientScope => "the user did not grant what this route needs",
            RejectionKind::StepUpRequired => "the user has to sign in again for this route",
            RejectionKind::Forbidden => "the user may not do this",
            RejectionKind::ClaimsMismatch => "the user's claims lack what this route needs",
            RejectionKind::AccountMismatch => "the account lacks what this route needs",
            RejectionKind::CrossSite => "the request comes from another site",
            RejectionKind::StoreUnavailable => "the session store could not answer",
            RejectionKind::ProvidersUnavailable => {
                "the tenant's providers cannot be told right now"
            }
            RejectionKind::LayerMissing => {
                "no tower-oauth layer around this route; add `.layer(auth.layer())` to the router"
            }
        })
    }
}

impl std::error::Error for Rejection {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
