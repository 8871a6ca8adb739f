//! Several providers in one session: connecting another one, and letting go of it.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use tower_oauth_core::session::{Connection, StoreKey};
use tower_oauth_core::{Error, ErrorKind, LoginRequest};

use super::login::{check_own_site, posted_return_to, start};
use super::respond::{Failure, see_other};
use crate::auth::Auth;
use crate::events::EventKind;
use crate::form::RequestBody;
use crate::live_session::LiveSession;
use crate::negotiate;
use crate::tokens;

/// `POST {mount}/connect/{provider}`: from a page of this application, by somebody who is signed in.
///
/// Nobody but the same session of the same browser can finish it, so no other site can have a stranger's account
/// connected.
pub(super) async fn connect(
    auth: &Auth,
    key: &str,
    parts: &Parts,
    body: RequestBody,
) -> Result<Response<Bytes>, Failure> {
    let clients = auth.clients().await?;
    let client = clients.named(key)?;
    check_own_site(auth, &parts.headers).await?;
    if auth.inner().cookie_sessions.is_some() {
        let reason = "a session in a cookie has one connection; keep sessions in a store for more";
        return Err(Error::new(ErrorKind::Malformed, reason).into());
    }
    let live = signed_in(auth, &parts.headers).await?;
    if *live.session.connection.provider == *key {
        let reason = "the session is of this provider already; sign in again for more of it";
        return Err(Error::new(ErrorKind::Malformed, reason).into());
    }
    let mut request = LoginRequest::from(posted_return_to(auth, parts, body).await?);
    request.connect_to = Some(live.key);
    start(auth, client, &parts.headers, request).await
}

/// `POST {mount}/disconnect/{provider}`: from a page of this application. The connection leaves the session first,
/// then its tokens are revoked, while nobody waits. A script gets 204, a form the `return_to` it names.
pub(super) async fn disconnect(
    auth: &Auth,
    key: &str,
    parts: &Parts,
    body: RequestBody,
) -> Result<Response<Bytes>, Failure> {
    check_own_site(auth, &parts.headers).await?;
    let live = signed_in(auth, &parts.headers).await?;
    if *live.session.connection.provider == *key {
        let reason = "the user signed in with this provider; signing out is what ends that";
        return Err(Error::new(ErrorKind::Malformed, reason).into());
    }
    let target = posted_return_to(auth, parts, body).await?;
    if let Some(gone) = auth.change_connections(live.key, key, None).await? {
        tracing::info!(target: "tower_oauth::session", session = ?live.key, provider = key, "disconnected");
        auth.tell_connection(EventKind::Disconnected, live.key, key, None);
        tokens::revoke_all(auth, vec![(live.key, gone)]);
    }
    if negotiate::wants_html(&parts.headers) {
        return Ok(see_other(target.as_str()));
    }
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// Adds `connection` to the session that it was made for.
pub(super) async fn finish(
    auth: &Auth,
    session: StoreKey,
    connection: Connection,
) -> Result<(), Error> {
    let provider = Arc::clone(&connection.provider);
    let replaced = auth.change_connections(session, &provider, Some(connection)).await?;
    tracing::info!(target: "tower_oauth::session", ?session, provider = &*provider, "connected");
    auth.tell_connection(EventKind::Connected, session, &provider, None);
    // Of another account there: nothing uses those tokens any more.
    tokens::revoke_all(
        auth,
        replaced.into_iter().map(|connection| (session, connection)).collect(),
    );
    Ok(())
}

/// The browser still has the session that the connection is for.
pub(super) async fn check_session(
    auth: &Auth,
    headers: &HeaderMap,
    session: StoreKey,
) -> Result<LiveSession, Error> {
    if let [value] = *auth.session_values(headers)
        && let Some(live) = auth.named_session(value).await?
        && live.key == session
    {
        return Ok(live);
    }
    Err(Error::new(ErrorKind::UserMismatch, "the connection is for another session than this one"))
}

async fn signed_in(auth: &Auth, headers: &HeaderMap) -> Result<LiveSession, Error> {
    let live = auth.load_session(headers).await?;
    live.ok_or_else(|| Error::new(ErrorKind::NotSignedIn, "nobody is signed in"))
}
