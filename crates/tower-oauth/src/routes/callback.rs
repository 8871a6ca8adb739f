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
    let response = AuthorizationResponse::parse(parameters)
        .map_err(|error| Failure::from(error).with_retry(auth, key, None))?;
    let now = auth.inner().environment.clock.now();
    let found = attempts::find(auth, headers, response.state()).await?;
    let return_to = found.as_ref().map(|attempt| attempt.return_to().clone());
    let waiting = found.filter(|attempt| attempt.provider() == key && !attempt.is_expired(now));
    let Some(attempt) = waiting else {
        let reason = "no attempt of this browser is waiting for the response";
        return without_attempt(auth, headers, client, response.state(), return_to, reason).await;
    };
    // Before anything goes out: whatever happens next, no second request will act on this attempt.
    if !attempts::consume(auth, headers, &attempt).await? {
        let reason = "the attempt was used already";
        return without_attempt(auth, headers, client, response.state(), return_to, reason).await;
    }
    let return_to = attempt.return_to().clone();
    let clear_attempt = attempts::clear(auth, &attempt, client.provider());
    let fail = |error: Error| {
        Failure::from(error)
            .with_retry(auth, key, Some(&return_to))
            .with_cookie(clear_attempt.clone())
    };
    let code = client.authorize(attempt, response).await.map_err(fail)?;
    let login = client.finish(code).await.map_err(fail)?;
    let session_cookie = sign_in(auth, headers, login).await.map_err(fail)?;
    let mut response = see_other(return_to.as_str());
    response.headers_mut().append(SET_COOKIE, session_cookie);
    response.headers_mut().append(SET_COOKIE, clear_attempt);
    Ok(response)
}

/// The answer to a response that no waiting attempt of this browser belongs to; `reason` is for the log alone. Where it made the session that
/// the browser has now, the callback was loaded again, by the back button or a reload: the browser goes on.
async fn without_attempt(
    auth: &Auth,
    headers: &HeaderMap,
    client: &Client,
    state: &State,
    return_to: Option<ReturnTo>,
    reason: &'static str,
) -> Result<Response<Bytes>, Failure> {
    if let Some(live) = auth.load_session(headers).await?
        && live.session.login.is_of(state)
    {
        return Ok(see_other(live.session.login.return_to.as_str()));
    }
    let failure = Failure::from(Error::new(ErrorKind::StateInvalid, reason));
    Err(failure.with_retry(auth, client.provider().login_key(), return_to.as_ref()))
}

/// Creates the new session, then ends the old one of this browser, and returns the new one's cookie.
async fn sign_in(auth: &Auth, headers: &HeaderMap, login: Login) -> Result<HeaderValue, Error> {
    let inner = auth.inner();
    let provider = login.connection.provider.clone();
    let issuer = login.connection.identity.issuer().to_owned();
    let id = auth.create_session(login).await?;
    tracing::info!(target: "tower_oauth::login", provider, issuer, session = ?id.store_key(), "signed in");
    if let Err(error) = auth.end_sessions(headers).await {
        tracing::warn!(target: "tower_oauth::session", "the earlier session was not ended: {error}");
    }
    Ok(inner.cookies.set_session(&id.cookie_value(), inner.lifetimes.absolute))
}
