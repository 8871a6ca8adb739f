//! The login routes, answered by the layer itself.
//!
//! | route | file |
//! |---|---|
//! | `GET {mount}/login`, `GET` or `POST {mount}/login/{provider}` | [`login`] |
//! | `GET` or `POST {mount}/callback/{provider}` | [`callback`] |
//! | `POST {mount}/connect/{provider}`, `POST {mount}/disconnect/{provider}` | [`connect`] |
//! | `POST {mount}/logout`, `GET {mount}/logged-out` | [`logout`], [`logged_out`] |
//! | `POST {mount}/backchannel-logout/{provider}`, if it is on | [`backchannel_logout`] |
//! | `GET {mount}/frontchannel-logout/{provider}`, if it is on | [`frontchannel_logout`] |
//! | `GET {mount}/session` | [`session`] |
//! | `GET {mount}/signed-in` | [`popup`] |
//! | `GET` or `POST {mount}/initiate-login`, if it is on | [`initiate`] |

mod backchannel_logout;
mod callback;
mod connect;
mod form_post;
mod frontchannel_logout;
mod initiate;
mod logged_out;
mod login;
mod logout;
mod not_found;
mod paths;
mod popup;
mod respond;
mod rounds;
mod session;

use std::pin::Pin;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use tracing::Instrument as _;

pub use not_found::NotFound;
pub(crate) use paths::{Route, Routes};
pub(crate) use respond::{HX_REDIRECT, problem, see_other};

use self::respond::Failure;
use crate::auth::Auth;
use crate::form::RequestBody;

/// The answer to a request, under way.
pub(crate) type LoginFuture = Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>;

/// Answers a request to a login route.
///
/// In a box that is made here, so that the routes are compiled with this crate and not with each application.
pub(crate) fn answer(auth: Auth, route: Route, parts: Parts, body: RequestBody) -> LoginFuture {
    Box::pin(async move {
        let span =
            tracing::info_span!(target: "tower_oauth::login", "login_route", route = route.name());
        // In a box at once: kilobytes, which each future around it would copy.
        let dispatched = Box::pin(dispatch(&auth, &route, &parts, body));
        let result = dispatched.instrument(span.clone()).await;
        let _entered = span.entered();
        let response =
            result.unwrap_or_else(|failure| failure.into_response(&auth, &route, &parts.headers));
        let is_framed =
            matches!(route, Route::FrontchannelLogout(_)) && response.status().is_success();
        let mut response = respond::harden(response);
        if is_framed {
            // It cannot name who may; its own policy does.
            response.headers_mut().remove(http::header::X_FRAME_OPTIONS);
        }
        response
    })
}

fn not_found() -> Response<Bytes> {
    problem(StatusCode::NOT_FOUND, "not_found", None)
}

async fn dispatch(
    auth: &Auth,
    route: &Route,
    parts: &Parts,
    body: RequestBody,
) -> Result<Response<Bytes>, Failure> {
    match (route, &parts.method) {
        (Route::SignIn, &Method::GET) => login::sign_in(auth, parts).await,
        (Route::Login(key), &Method::GET) => login::get(auth, key, parts).await,
        (Route::Login(key), &Method::POST) => login::post(auth, key, parts, body).await,
        (Route::Callback(key), &Method::GET) => callback::get(auth, key, parts).await,
        (Route::Callback(key), &Method::POST) => callback::post(auth, key, parts, body).await,
        (Route::Connect(key), &Method::POST) => connect::connect(auth, key, parts, body).await,
        (Route::Disconnect(key), &Method::POST) => {
            connect::disconnect(auth, key, parts, body).await
        }
        (Route::Logout, &Method::POST) => logout::post(auth, parts, body).await,
        (Route::LoggedOut, &Method::GET) => Ok(logged_out::get(auth, parts)),
        (Route::BackchannelLogout(_), _) if !auth.inner().logout.backchannel => Ok(not_found()),
        (Route::BackchannelLogout(key), &Method::POST) => {
            Ok(backchannel_logout::post(auth, key, parts, body).await)
        }
        (Route::FrontchannelLogout(_), _) if !auth.inner().logout.frontchannel => Ok(not_found()),
        (Route::FrontchannelLogout(key), &Method::GET) => {
            frontchannel_logout::get(auth, key, parts).await
        }
        (Route::Session, &Method::GET) => session::get(auth, &parts.headers).await,
        (Route::SignedIn, &Method::GET) => Ok(popup::signed_in(auth, parts)),
        (Route::InitiateLogin, _) if !auth.inner().third_party_login => Ok(not_found()),
        (Route::InitiateLogin, &Method::GET | &Method::POST) => {
            initiate::answer(auth, parts, body).await
        }
        _ => Ok(method_not_allowed(route)),
    }
}

fn method_not_allowed(route: &Route) -> Response<Bytes> {
    let allow = match route {
        Route::SignIn
        | Route::LoggedOut
        | Route::Session
        | Route::SignedIn
        | Route::FrontchannelLogout(_) => "GET",
        Route::Login(_) | Route::Callback(_) | Route::InitiateLogin => "GET, POST",
        Route::Connect(_) | Route::Disconnect(_) | Route::Logout | Route::BackchannelLogout(_) => {
            "POST"
        }
    };
    let mut response = problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", None);
    response.headers_mut().insert(http::header::ALLOW, http::HeaderValue::from_static(allow));
    response
}
