//! HOP 3, callback: open the attempt, consume it, then the core checks what came back.
//!
//! Nothing of an existing session changes before the new one is in the store.

use std::sync::Arc;

use bytes::Bytes;
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response};
use tower_oauth_core::provider::ResponseMode;
use tower_oauth_core::{Attempt, AuthorizationResponse, Client, Error, ErrorKind, Login};

use super::connect;
use super::form_post;
use super::login::check_navigation;
use super::respond::{Failure, see_other};
use super::rounds;
use crate::accounts::Refusal;
use crate::app_session;
use crate::attempts;
use crate::auth::Auth;
use crate::events::SessionEnd;
use crate::form::{RequestBody, parameter};
use crate::live_session::LiveSession;
use crate::tokens;

/// `GET {mount}/callback/{provider}`: the response is in the query, or in the cookie that [`post`] set.
pub(super) async fn get(auth: &Auth, key: &str, parts: &Parts) -> Result<Response<Bytes>, Failure> {
    let clients = auth.clients().await?;
    let client = clients.named(key)?;
    check_navigation(&parts.headers)?;
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    if client.provider().response_mode() == ResponseMode::Query {
        return finish(auth, client, parts, query).await;
    }
    let Some(label) = parameter(query, form_post::FORM) else {
        let reason = "the response came in another way than was asked for";
        return Err(Error::new(ErrorKind::Malformed, reason).into());
    };
    let Some(form) = form_post::fetch(auth, &parts.headers, key, &label) else {
        let reason = "the browser does not bring the response that it posted a moment ago";
        return without_attempt(auth, &parts.headers, client, &label, reason).await;
    };
    let used = auth.cookies().clear_response(&label);
    match finish(auth, client, parts, &form).await {
        Ok(mut response) => {
            response.headers_mut().append(SET_COOKIE, used);
            Ok(response)
        }
        Err(failure) => Err(failure.with_cookie(used)),
    }
}

/// `POST {mount}/callback/{provider}`: the response is in a form that the provider's page posts.
pub(super) async fn post(
    auth: &Auth,
    key: &str,
    parts: &Parts,
    body: RequestBody,
) -> Result<Response<Bytes>, Failure> {
    let clients = auth.clients().await?;
    let client = clients.named(key)?;
    if client.provider().response_mode() != ResponseMode::FormPost {
        let reason = "the response came in another way than was asked for";
        return Err(Error::new(ErrorKind::Malformed, reason).into());
    }
    let form = body.form(&parts.headers).await?;
    let kept = form_post::keep(auth, key, &form);
    kept.map_err(|error| Failure::from(error).with_retry(auth, key, None))
}

async fn finish(
    auth: &Auth,
    client: &Client,
    parts: &Parts,
    parameters: &[u8],
) -> Result<Response<Bytes>, Failure> {
    let headers = &parts.headers;
    let key = client.provider().login_key();
    let response = AuthorizationResponse::parse(parameters)
        .map_err(|error| Failure::from(error).with_retry(auth, key, None))?;
    let now = auth.inner().environment.clock.now();
    let found = attempts::find(auth, headers, response.state()).await?;
    let Some(attempt) = found.filter(|attempt| attempt.provider() == key) else {
        let reason = "no attempt of this browser is waiting for the response";
        return without_attempt(auth, headers, client, &Attempt::label(response.state()), reason)
            .await;
    };
    let return_to = attempt.return_to().clone();
    let (popup, round) = (attempt.request().popup, attempt.request().round);
    let connect_to = attempt.request().connect_to;
    let clear_attempt = attempts::clear(auth, &attempt);
    let over = if attempt.is_expired(now) {
        Some("the attempt is older than ten minutes")
    // Before anything goes out: whatever happens next, no second request will act on this attempt.
    } else if !attempts::consume(auth, headers, &attempt).await? {
        Some("the attempt was used already")
    } else {
        None
    };
    if let Some(reason) = over {
        let result = without_attempt(auth, headers, client, &attempt.own_label(), reason).await;
        return result.map_err(|failure| {
            failure.with_retry(auth, key, Some(&return_to)).with_cookie(clear_attempt)
        });
    }
    let fail = |error: Error| {
        let failure = Failure::from(error).with_cookie(clear_attempt.clone());
        // To connect is started by a form of the application, not by a link.
        if connect_to.is_some() { failure } else { failure.with_retry(auth, key, Some(&return_to)) }
    };
    let current = match connect_to {
        Some(session) => Some(connect::check_session(auth, headers, session).await.map_err(fail)?),
        None => None,
    };
    let code = client.authorize(attempt, response).await.map_err(fail)?;
    let login = client.finish(code).await.map_err(fail)?;
    let account = match ask_application(auth, headers, &login, current).await {
        Ok(account) => account,
        Err(Refusal { error, message, revoke }) => {
            if revoke {
                tokens::revoke_now(auth, login.connection);
            }
            let failure = fail(error);
            return Err(match message {
                Some(message) => failure.with_message(message),
                None => failure,
            });
        }
    };
    let mut response = if popup {
        see_other(&auth.routes().signed_in(&return_to))
    } else {
        see_other(return_to.as_str())
    };
    match login.connect_to {
        Some(session) => connect::finish(auth, session, login.connection).await.map_err(fail)?,
        None => {
            let session_cookie = sign_in(auth, parts, login, account).await.map_err(fail)?;
            response.headers_mut().append(SET_COOKIE, session_cookie);
            response.headers_mut().append(SET_COOKIE, rounds::count(auth, round));
        }
    }
    response.headers_mut().append(SET_COOKIE, clear_attempt);
    Ok(response)
}

/// What the application says of a login, where it wants to be asked: the account that the new session keeps, if it
/// makes one. `connecting` is the session that a connection is for.
async fn ask_application(
    auth: &Auth,
    headers: &HeaderMap,
    login: &Login,
    connecting: Option<LiveSession>,
) -> Result<Option<Arc<str>>, Refusal> {
    let Some(accounts) = &auth.inner().accounts else { return Ok(None) };
    match connecting {
        Some(live) => accounts.connect(auth, login, live).await.map(|()| None),
        None => {
            let live = auth.session_before(headers).await?;
            accounts.sign_in(auth, login, live).await.map(Some)
        }
    }
}

/// The answer to a response that no waiting attempt of this browser belongs to, with the reason for the log. Where it
/// made the session that the browser has now, the callback was loaded again, by the back button or a reload: the
/// browser goes on.
async fn without_attempt(
    auth: &Auth,
    headers: &HeaderMap,
    client: &Client,
    label: &str,
    reason: &'static str,
) -> Result<Response<Bytes>, Failure> {
    if let Some(live) = auth.load_session(headers).await?
        && let Some(return_to) = live.session.ended_at(label)
    {
        return Ok(see_other(return_to.as_str()));
    }
    let failure = Failure::from(Error::new(ErrorKind::StateInvalid, reason));
    Err(failure.with_retry(auth, client.provider().login_key(), None))
}

/// Creates the new session, then ends the old one of this browser, and returns the new one's cookie.
async fn sign_in(
    auth: &Auth,
    parts: &Parts,
    login: Login,
    account: Option<Arc<str>>,
) -> Result<HeaderValue, Error> {
    let headers = &parts.headers;
    let provider = Arc::clone(&login.connection.provider);
    let identity = &login.connection.identity;
    let (issuer, subject) = (identity.issuer().to_owned(), identity.subject().to_owned());
    let connected = auth.connections_to_keep(headers, &login).await?;
    let session = auth.create_session(login, connected, account).await?;
    // Before the browser has the new session's cookie, and before the old one ends: if this fails, neither has changed.
    if let Err(error) = app_session::cycle(&parts.extensions).await {
        auth.discard(&session).await;
        return Err(error);
    }
    tracing::info!(target: "tower_oauth::login", tenant = auth.tenant(), provider = &*provider, issuer, session = ?session.key, "signed in");
    auth.tell_login_succeeded(session.key, &provider, &issuer, &subject);
    if let Err(error) = auth.end_sessions(headers, SessionEnd::Replaced).await {
        tracing::warn!(target: "tower_oauth::session", "the earlier session was not ended: {error}");
    }
    Ok(session.cookie)
}
