//! Signing out: the session ends in the store first, then in the browser; then its tokens end at the provider, and
//! the application's own session where it asked for that.

use bytes::Bytes;
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{Response, StatusCode};
use http_body::Body;

use super::login::{check_own_site, posted_return_to};
use super::respond::{Failure, HX_REDIRECT, page, see_other};
use crate::app_session;
use crate::auth::Auth;
use crate::events::SessionEnd;
use crate::negotiate;
use crate::pages::SignedOutPage;
use crate::tokens::{revoke_all, tokens_to_revoke};

/// `POST {mount}/logout`: from a page of this application. A script gets 204, a form the signed-out page or
/// the `return_to` it names.
pub(super) async fn post<B: Body>(
    auth: &Auth,
    parts: &Parts,
    body: B,
) -> Result<Response<Bytes>, Failure> {
    check_own_site(auth, &parts.headers).await?;
    let target = posted_return_to(auth, parts, body).await?;
    let clear_session = auth.cookies().clear_session();
    let tokens = tokens_to_revoke(auth, &parts.headers).await;
    // The store failed: the session may live on there, so this is no success, but this browser forgets it.
    let clear_round = auth.cookies().clear_round();
    let fail = |error| {
        Failure::from(error).with_cookie(clear_session.clone()).with_cookie(clear_round.clone())
    };
    auth.end_sessions(&parts.headers, SessionEnd::Logout).await.map_err(fail)?;
    revoke_all(auth, tokens);
    if auth.inner().flush_app_session {
        app_session::flush(&parts.extensions).await.map_err(fail)?;
    }
    let target = if target == auth.start_page() {
        auth.routes().logged_out()
    } else {
        target.as_str().to_owned()
    };
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if negotiate::is_htmx(&parts.headers) {
        if let Ok(target) = target.try_into() {
            response.headers_mut().insert(HX_REDIRECT, target);
        }
    } else if negotiate::wants_html(&parts.headers) {
        response = see_other(&target);
    }
    response.headers_mut().append(SET_COOKIE, clear_session);
    response.headers_mut().append(SET_COOKIE, clear_round);
    Ok(response)
}

/// `GET {mount}/logged-out`: says so, and changes nothing.
pub(super) fn logged_out(auth: &Auth) -> Response<Bytes> {
    let routes = auth.routes();
    page(
        StatusCode::OK,
        auth.inner().pages.signed_out(&SignedOutPage {
            sign_in_href: routes.login(None),
            home_href: routes.home(),
        }),
    )
}
