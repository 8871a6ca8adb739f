//! HOP 3, callback: open the attempt, consume it, then the core checks what came back.
//!
//! Nothing of an existing session changes before the new one is in the store.

use bytes::Bytes;
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response};
use http_body::Body;
use tower_oauth_core::provider::ResponseMode;
use tower_oauth_core::{AuthorizationResponse, Client, Error, ErrorKind, Login, ReturnTo, State};

use super::login::{check_navigation, client};
use super::respond::{Failure, see_other};
use crate::attempts;
use crate::auth::Auth;
use crate::form::read_form;

/// `GET {mount}/callback/{provider}`: the response is in the query.
pub(super) async fn get(auth: &Auth, key: &str, parts: &Parts) -> Result<Response<Bytes>, Failure> {
    let client = client(auth, key)?;
    check_navigation(&parts.headers)?;
    check_mode(client, ResponseMode::Query)?;
    let query = parts.uri.query().unwrap_or_default();
    finish(auth, client, &parts.headers, query.as_bytes()).await
}

/// `POST {mount}/callback/{provider}`: the response is in a form that the provider's page posts.
pub(super) async fn post<B: Body>(
    auth: &Auth,
    key: &str,
    parts: &Parts,
    body: B,
) -> Result<Response<Bytes>, Failure> {
    let client = client(auth, key)?;
    check_mode(client, ResponseMode::FormPost)?;
    let form = read_form(&parts.headers, body).await?;
    finish(auth, client, &parts.headers, &form).await
}

fn check_mode(client: &Client, mode: ResponseMode) -> Result<(), Error> {
    if client.provider().response_mode() == mode {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Malformed, "the response came in another way than was asked for"))
}

async fn finish(
    auth: &Auth,
    client: &Client,
    headers: &HeaderMap,
    parameters: &[u8],
) -> Result<Response<Bytes>, Failure> {
    let key = client.provider().login_key();
    let start_again = |error: Error| Failure::from(error).with_retry(auth, key, None);
    let response = AuthorizationResponse::parse(parameters).map_err(start_again)?;
    let now = auth.inner().environment.clock.now();
    let attempt = attempts::find(auth, headers, response.state()).await?;
    let Some(attempt) = attempt.filter(|a| a.provider() == key && !a.is_expired(now)) else {
        return match earlier_target(auth, headers, response.state()).await? {
            Some(target) => Ok(see_other(target.as_str())),
            None => Err(start_again(Error::new(
                ErrorKind::StateInvalid,
                "no attempt of this browser is waiting for the response",
            ))),
        };
    };
    let return_to = attempt.return_to().clone();
    let fail = |error: Error| Failure::from(error).with_retry(auth, key, Some(&return_to));
    // Before anything goes out: whatever happens next, no second request will act on this attempt.
    if !auth
        .inner()
        .store
        .mark_once(&attempt.mark(), attempt.expires())
        .await
        .map_err(Error::from)?
    {
        return match earlier_target(auth, headers, response.state()).await? {
            Some(target) => Ok(see_other(target.as_str())),
            None => Err(fail(Error::new(ErrorKind::StateInvalid, "the attempt was used already"))),
        };
    }
    let clear_attempt = attempts::clear(auth, &attempt);
    let fail = |error| fail(error).with_cookie(clear_attempt.clone());
    let code = client.authorize(attempt, response).await.map_err(fail)?;
    let login = client.finish(code).await.map_err(fail)?;
    let session_cookie = sign_in(auth, headers, login).await.map_err(fail)?;
    let mut response = see_other(return_to.as_str());
    response.headers_mut().append(SET_COOKIE, session_cookie);
    response.headers_mut().append(SET_COOKIE, clear_attempt);
    Ok(response)
}

/// Where the login with this `state` ended, if it made the session that this browser has now: the
/// callback was loaded again, by the back button or a reload.
async fn earlier_target(
    auth: &Auth,
    headers: &HeaderMap,
    state: &State,
) -> Result<Option<ReturnTo>, Error> {
    let live = auth.load_session(headers).await?;
    Ok(live
        .map(|live| live.session.login.clone())
        .filter(|login| login.is_of(state))
        .map(|login| login.return_to))
}

/// Creates the new session, then ends the old one of this browser, and returns the new one's cookie.
async fn sign_in(auth: &Auth, headers: &HeaderMap, login: Login) -> Result<HeaderValue, Error> {
    let inner = auth.inner();
    let provider = login.connection.provider.clone();
    let id = auth.create_session(login).await?;
    tracing::info!(target: "tower_oauth::login", provider, session = ?id.store_key(), "signed in");
    if let Err(error) = auth.end_session(headers).await {
        tracing::warn!(target: "tower_oauth::session", "the earlier session was not ended: {error}");
    }
    Ok(inner.cookies.set_session(&id.cookie_value(), inner.lifetimes.absolute))
}
