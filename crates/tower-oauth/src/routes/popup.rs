//! The end of a login in a window of its own: it tells the page that opened it, and closes.

use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode};

use super::login::return_to;
use super::respond::page;
use crate::auth::Auth;
use crate::pages::SignedInPage;

/// `GET {mount}/signed-in`. What it tells is no secret and no proof: whoever hears it asks who is signed in.
pub(super) fn signed_in(auth: &Auth, parts: &Parts) -> Response<Bytes> {
    let target = return_to(auth, parts.uri.query().unwrap_or_default().as_bytes());
    let model = SignedInPage { continue_href: target.as_str().to_owned() };
    page(StatusCode::OK, auth.inner().pages.signed_in(&model))
}
