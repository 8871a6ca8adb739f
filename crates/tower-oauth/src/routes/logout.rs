//! Signing out: the session ends in the store first, then in the browser; then its tokens end at the provider, and
//! the application's own session where it asked for that. Last the browser goes to the provider, to sign out there.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderName, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::json;
use tower_oauth_core::{EndSession, Error, Logout, ReturnTo};

use super::login::{check_own_site, return_to};
use super::respond::{Failure, HX_REDIRECT, page, see_other};
use crate::app_session;
use crate::auth::Auth;
use crate::events::SessionEnd;
use crate::form::{RequestBody, is_form, parameter};
use crate::live_session::LiveSession;
use crate::negotiate;
use crate::pages::SigningOutPage;
use crate::tokens::revoke_all;

/// How long a sign-out waits for a provider that nothing is known of yet.
const PATIENCE: Duration = Duration::from_secs(2);

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// `POST {mount}/logout`: from a page of this application.
///
/// | parameter | |
/// |---|---|
/// | `return_to` | where it ends; the signed-out page by default |
/// | `local=true` | the provider is not asked to sign the user out |
/// | `everywhere=true` | every session of the user ends, on every device |
///
/// A script gets 200 with the `logout_url` to send the browser to, or 204 where there is none.
pub(super) async fn post(
    auth: &Auth,
    parts: &Parts,
    body: RequestBody,
) -> Result<Response<Bytes>, Failure> {
    let (inner, headers) = (auth.inner(), &parts.headers);
    check_own_site(auth, headers).await?;
    let asked = Asked::read(auth, parts, body).await?;
    let (clear_session, clear_round) =
        (auth.cookies().clear_session(), auth.cookies().clear_round());
    let sessions = sessions_to_end(auth, headers).await;
    // The store failed: the session may live on there, so this is no success, but this browser forgets it.
    let fail = |error| {
        Failure::from(error).with_cookie(clear_session.clone()).with_cookie(clear_round.clone())
    };
    if asked.everywhere {
        for live in &sessions {
            let user = &live.session.connection.identity;
            auth.sign_out_everywhere(user.issuer(), user.subject()).await.map_err(fail)?;
        }
    }
    auth.end_sessions(headers, SessionEnd::Logout).await.map_err(fail)?;
    if !asked.everywhere || inner.cookie_sessions.is_some() {
        let connections = sessions.iter().flat_map(|live| {
            live.session.connections().map(|connection| (live.key, connection.clone()))
        });
        revoke_all(auth, connections.collect());
    }
    if inner.flush_app_session {
        app_session::flush(&parts.extensions).await.map_err(fail)?;
    }
    let at_provider = match &*sessions {
        [live] if inner.logout.at_provider && !asked.local => {
            at_provider(auth, live, &asked.return_to).await
        }
        _ => None,
    };
    let mut response = answer(auth, headers, &asked.return_to, at_provider);
    let headers = response.headers_mut();
    headers.append(SET_COOKIE, clear_session);
    headers.append(SET_COOKIE, clear_round);
    if inner.logout.clear_cache {
        headers.insert(CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\""));
    }
    Ok(response)
}

/// What a form asks for, or the query of its address.
struct Asked {
    return_to: ReturnTo,
    local: bool,
    everywhere: bool,
}

impl Asked {
    async fn read(auth: &Auth, parts: &Parts, body: RequestBody) -> Result<Self, Error> {
        let form = match is_form(&parts.headers) {
            true => body.form(&parts.headers).await?,
            false => BytesMut::new(),
        };
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        let says =
            |name| [&form, query].iter().any(|it| parameter(it, name).as_deref() == Some("true"));
        let names_target = parameter(&form, "return_to").is_some();
        Ok(Self {
            return_to: return_to(auth, if names_target { &form } else { query }),
            local: says("local"),
            everywhere: says("everywhere"),
        })
    }
}

/// The live sessions that the request names. A store that fails here costs the revocation of tokens and the way to the
/// provider, not the sign-out.
async fn sessions_to_end(auth: &Auth, headers: &HeaderMap) -> Vec<LiveSession> {
    let mut sessions = Vec::new();
    if !auth.inner().revoke_at_logout && !auth.inner().logout.at_provider {
        return sessions;
    }
    for value in auth.session_values(headers) {
        match auth.named_session(value).await {
            Ok(live) => sessions.extend(live),
            Err(error) => {
                tracing::warn!(target: "tower_oauth::session", code = error.code(), "not read before its end: {error}");
            }
        }
    }
    sessions
}

/// The request that ends the session at its provider, and the cookie in which the sign-out waits for the way back.
/// A provider that cannot be asked keeps its session; ours is gone already.
async fn at_provider(
    auth: &Auth,
    live: &LiveSession,
    return_to: &ReturnTo,
) -> Option<(EndSession, HeaderValue)> {
    let inner = auth.inner();
    let connection = &live.session.connection;
    let clients = auth.clients().await.ok()?;
    let client = clients.of(connection)?;
    let environment = &inner.environment;
    let (now, random) = (environment.clock.now(), &*environment.random);
    let (logout, state) = Logout::begin(return_to.clone(), now, random).ok()?;
    let uri = clients.base_url.origin().to_owned() + &auth.routes().logged_out();
    let request = client.end_session(connection, &uri, &state);
    let problem = match tokio::time::timeout(PATIENCE, request).await {
        Ok(Ok(request)) => {
            let sealed = logout.seal(&inner.keys, &auth.context(), random).ok()?;
            return Some((request?, auth.cookies().set_logout(&sealed, Logout::lifetime())));
        }
        Ok(Err(error)) => error.with_causes(),
        Err(_) => "its metadata did not come within two seconds".into(),
    };
    let provider = &*connection.provider;
    tracing::warn!(target: "tower_oauth::session", provider, "not signed out at the provider: {problem}");
    None
}

fn answer(
    auth: &Auth,
    headers: &HeaderMap,
    return_to: &ReturnTo,
    at_provider: Option<(EndSession, HeaderValue)>,
) -> Response<Bytes> {
    let (wants_html, is_htmx) = (negotiate::wants_html(headers), negotiate::is_htmx(headers));
    let Some((request, cookie)) = at_provider else {
        let signed_out = auth.routes().logged_out();
        let target =
            if *return_to == auth.start_page() { &*signed_out } else { return_to.as_str() };
        if is_htmx {
            return hx_redirect(target);
        }
        if wants_html {
            return see_other(target);
        }
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        return response;
    };
    let mut response = match request.url() {
        _ if is_htmx => hx_redirect(&request.short_url()),
        _ if !wants_html => {
            let body = json!({ "logout_url": request.short_url() });
            let mut response = Response::new(Bytes::from(body.to_string()));
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(CONTENT_TYPE, json);
            response
        }
        Some(url) => see_other(&url),
        None => {
            page(StatusCode::OK, auth.inner().pages.signing_out(&SigningOutPage::new(&request)))
        }
    };
    // Whoever logs headers leaves out the ID token.
    if let Some(location) = response.headers_mut().get_mut(LOCATION) {
        location.set_sensitive(true);
    }
    response.headers_mut().append(SET_COOKIE, cookie);
    response
}

/// 204, with the way on for htmx.
fn hx_redirect(target: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if let Ok(mut target) = HeaderValue::try_from(target) {
        // It may have the ID token in it.
        target.set_sensitive(true);
        response.headers_mut().insert(HX_REDIRECT, target);
    }
    response
}
