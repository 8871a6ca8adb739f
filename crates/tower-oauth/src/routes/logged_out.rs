//! The way back from a sign-out, and the page that says so. Ends nothing and starts nothing.

use bytes::Bytes;
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{Response, StatusCode};
use tower_oauth_core::Logout;

use super::respond::{page, see_other};
use crate::auth::Auth;
use crate::form::parameter;
use crate::pages::SignedOutPage;

/// `GET {mount}/logged-out`: the post-logout redirect URI. A browser that comes back from the provider with the
/// `state` of its own sign-out goes on to where that was to end; all others see the page.
pub(super) fn get(auth: &Auth, parts: &Parts) -> Response<Bytes> {
    let inner = auth.inner();
    let state = parameter(parts.uri.query().unwrap_or_default().as_bytes(), "state");
    let returned = auth.cookies().logout(&parts.headers).and_then(|sealed| {
        let now = inner.environment.clock.now();
        Logout::returned(&inner.keys, &auth.context(), sealed, &state?, now)
    });
    let Some(return_to) = returned else { return signed_out(auth) };
    let mut response = if return_to == auth.start_page() {
        signed_out(auth)
    } else {
        see_other(return_to.as_str())
    };
    response.headers_mut().append(SET_COOKIE, auth.cookies().clear_logout());
    response
}

fn signed_out(auth: &Auth) -> Response<Bytes> {
    let routes = auth.routes();
    page(
        StatusCode::OK,
        auth.inner().pages.signed_out(&SignedOutPage {
            sign_in_href: routes.login(None),
            home_href: routes.home(),
        }),
    )
}
