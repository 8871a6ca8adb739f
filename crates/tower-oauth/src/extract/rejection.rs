//! [`Rejection`]: why a request does not get what it asked for, and the response that says so.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;
use tower_oauth_core::Error;

use crate::layer::Handle;
use crate::negotiate;
use crate::routes::{problem, see_other};

/// A request that does not get the user, claims or token it asked for.
///
/// As a response: a browser's navigation is sent to the sign-in page and comes back, everything else
/// gets a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)).
#[derive(Clone, Debug)]
pub struct Rejection {
    kind: RejectionKind,
    /// Where to sign in, for whom that helps.
    login_path: Option<String>,
    is_navigation: bool,
    source: Option<Arc<Error>>,
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectionKind {
    /// Nobody is signed in: 303 to the sign-in page for a navigation, else 401.
    LoginRequired,
    /// Somebody is, but the access token has expired: as `LoginRequired`.
    TokenExpired,
    /// The user's claims do not have the form that the route asks for: 403.
    ClaimsMismatch,
    /// The request changes something and comes from another site: 403.
    CrossSite,
    /// The session store failed, so nobody knows who is signed in: 503.
    StoreUnavailable,
    /// The layer is missing, a mistake of the application: 500.
    LayerMissing,
}

impl RejectionKind {
    /// Every kind, for documentation and tests.
    pub const ALL: [Self; 6] = [
        Self::LoginRequired,
        Self::TokenExpired,
        Self::ClaimsMismatch,
        Self::CrossSite,
        Self::StoreUnavailable,
        Self::LayerMissing,
    ];

    /// The stable name; `docs/errors.md` has a section for each.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::LoginRequired => "login_required",
            Self::TokenExpired => "token_expired",
            Self::ClaimsMismatch => "claims_mismatch",
            Self::CrossSite => "cross_site_request",
            Self::StoreUnavailable => "store_unavailable",
            Self::LayerMissing => "layer_missing",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::LoginRequired | Self::TokenExpired => StatusCode::UNAUTHORIZED,
            Self::ClaimsMismatch | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::StoreUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::LayerMissing => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl Rejection {
    /// Signing in, again or for the first time, is what helps.
    pub(crate) fn sign_in(kind: RejectionKind, handle: &Handle, parts: &Parts) -> Self {
        Self {
            kind,
            login_path: Some(handle.login_path()),
            is_navigation: negotiate::is_navigation(&parts.method, &parts.headers),
            source: None,
        }
    }

    pub(crate) fn store(error: Arc<Error>) -> Self {
        Self { source: Some(error), ..Self::plain(RejectionKind::StoreUnavailable) }
    }

    pub(crate) const fn plain(kind: RejectionKind) -> Self {
        Self { kind, login_path: None, is_navigation: false, source: None }
    }

    /// Why.
    #[must_use]
    pub const fn kind(&self) -> RejectionKind {
        self.kind
    }

    /// The response, for a service that is not axum's.
    #[must_use]
    pub fn into_response<B: From<Bytes>>(self) -> Response<B> {
        tracing::trace!(target: "tower_oauth::rejection", code = self.kind.code(), "{self}");
        let mut response = self.answer();
        // The same address answers otherwise once somebody is signed in.
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.map(B::from)
    }

    fn answer(self) -> Response<Bytes> {
        if let (true, Some(login_path)) = (self.is_navigation, &self.login_path) {
            return see_other(login_path);
        }
        if matches!(self.kind, RejectionKind::StoreUnavailable | RejectionKind::LayerMissing) {
            let reason = self.source.as_ref().map_or_else(|| self.to_string(), |e| e.with_causes());
            tracing::error!(target: "tower_oauth::session", code = self.kind.code(), "{reason}");
        }
        let mut extra = json!({ "detail": self.to_string() });
        if let (Some(extra), Some(login_path)) = (extra.as_object_mut(), self.login_path) {
            extra.insert("login_url".into(), login_path.into());
        }
        problem(self.kind.status(), self.kind.code(), Some(extra))
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            RejectionKind::LoginRequired => "nobody is signed in",
            RejectionKind::TokenExpired => "the access token has expired; sign in again",
            RejectionKind::ClaimsMismatch => "the user's claims lack what this route needs",
            RejectionKind::CrossSite => "the request comes from another site",
            RejectionKind::StoreUnavailable => "the session store could not answer",
            RejectionKind::LayerMissing => {
                "no tower-oauth layer around this route; add `.layer(auth.layer())` to the router"
            }
        })
    }
}

impl std::error::Error for Rejection {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
