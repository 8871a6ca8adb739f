//! HOP 1, start: seal the attempt into its own cookie, 303 to the provider.

use bytes::Bytes;
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use tower_oauth_core::{BaseUrl, Client, Error, ErrorKind, LoginRequest, ReturnTo};

use super::connect::check_session;
use super::paths::{LOGIN_REQUEST, POPUP};
use super::respond::{Failure, page, see_other};
use super::rounds;
use crate::attempts;
use crate::auth::Auth;
use crate::form::{RequestBody, is_form, parameter};
use crate::negotiate;
use crate::pages::{ProviderButton, SignInPage};

/// `GET {mount}/login`: a choice of providers; with one, straight to it.
pub(super) async fn sign_in(auth: &Auth, parts: &Parts) -> Result<Response<Bytes>, Failure> {
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let return_to = return_to(auth, query);
    let popup = parameter(query, POPUP).is_some();
    let clients = auth.clients().await?;
    if clients.list.is_empty() {
        return Err(Error::new(ErrorKind::UnknownProvider, "there is no provider here").into());
    }
    let address = || auth.routes().login(Some(&return_to));
    check_address(&clients.base_url, &parts.headers, address)?;
    if let [client] = &*clients.list {
        check_navigation(&parts.headers)?;
        let round = rounds::check(auth, &parts.headers, address).await?;
        let mut request = LoginRequest::from(return_to);
        (request.popup, request.round) = (popup, round);
        return start(auth, client, &parts.headers, request).await;
    }
    let providers = clients.list.iter().map(Client::provider);
    let buttons = providers.map(|provider| ProviderButton {
        key: provider.login_key().to_owned(),
        display_name: provider.name().to_owned(),
        href: auth.routes().login_at(provider.login_key(), Some(&return_to), popup),
        icon: provider.brand().icon,
        color: provider.brand().color,
    });
    let html = auth.inner().pages.sign_in(&SignInPage { providers: buttons.collect() });
    Ok(page(StatusCode::OK, html))
}

/// `GET {mount}/login/{provider}`: for links.
pub(super) async fn get(auth: &Auth, key: &str, parts: &Parts) -> Result<Response<Bytes>, Failure> {
    let clients = auth.clients().await?;
    let client = clients.named(key)?;
    check_navigation(&parts.headers)?;
    let mut request = login_request(auth, client, parts).await?;
    let address = || auth.routes().login_at(key, Some(&request.return_to), request.popup);
    check_address(&clients.base_url, &parts.headers, address)?;
    request.round = rounds::check(auth, &parts.headers, address).await?;
    start(auth, client, &parts.headers, request).await
}

/// `POST {mount}/login/{provider}`: for forms, the target in the form or in the query.
pub(super) async fn post(
    auth: &Auth,
    key: &str,
    parts: &Parts,
    body: RequestBody,
) -> Result<Response<Bytes>, Failure> {
    let clients = auth.clients().await?;
    let client = clients.named(key)?;
    let address = || auth.routes().login_at(key, None, false);
    check_address(&clients.base_url, &parts.headers, address)?;
    check_own_site(auth, &parts.headers).await?;
    let return_to = posted_return_to(auth, parts, body).await?;
    start(auth, client, &parts.headers, return_to).await
}

/// Refuses what no person did: pictures, frames, scripts, prefetches.
pub(super) fn check_navigation(headers: &HeaderMap) -> Result<(), Error> {
    if negotiate::is_prefetch(headers) {
        return Err(Error::new(ErrorKind::CrossSite, "a prefetch, not a navigation"));
    }
    if !negotiate::is_top_level(headers) {
        return Err(Error::new(ErrorKind::CrossSite, "not the navigation of a whole tab"));
    }
    Ok(())
}

/// Refuses a login that starts where its cookies would not come back to, and tells where the application is: `address` is
/// the path to go to there.
fn check_address(
    base_url: &BaseUrl,
    headers: &HeaderMap,
    address: impl FnOnce() -> String,
) -> Result<(), Failure> {
    let Some(seen) = negotiate::is_elsewhere(headers, base_url) else { return Ok(()) };
    let reason = format!("the browser is at {seen:?}, the base URL is {:?}", base_url.join(""));
    let message = format!(
        "A sign-in that starts here cannot be finished: the address of this application is {}. Go there to sign in.",
        base_url.join("")
    );
    let failure = Failure::from(Error::new(ErrorKind::OriginMismatch, reason));
    let there = format!("{}{}", base_url.origin(), address());
    Err(failure.with_message(message).with_retry_at(there))
}

/// Refuses forms of other sites.
pub(super) async fn check_own_site(auth: &Auth, headers: &HeaderMap) -> Result<(), Error> {
    if auth.is_own_site(headers).await? {
        return Ok(());
    }
    Err(Error::new(ErrorKind::CrossSite, "a form of another site"))
}

/// The return target of a form, or of the query where the form has none.
pub(super) async fn posted_return_to(
    auth: &Auth,
    parts: &Parts,
    body: RequestBody,
) -> Result<ReturnTo, Error> {
    if is_form(&parts.headers) {
        let form = body.form(&parts.headers).await?;
        if parameter(&form, "return_to").is_some() {
            return Ok(return_to(auth, &form));
        }
    }
    Ok(return_to(auth, parts.uri.query().unwrap_or_default().as_bytes()))
}

/// The return target among `parameters`; the start page where there is none that is ours.
pub(super) fn return_to(auth: &Auth, parameters: &[u8]) -> ReturnTo {
    let routes = auth.routes();
    match parameter(parameters, "return_to").map(|target| ReturnTo::parse(&target, &routes.root()))
    {
        Some(Ok(target)) => target,
        Some(Err(error)) => {
            tracing::info!(target: "tower_oauth::login", "{error}; the start page is used");
            auth.start_page()
        }
        None => auth.start_page(),
    }
}

/// What a link asks for: its return target, or what a route of the application asked for and sealed.
async fn login_request(auth: &Auth, client: &Client, parts: &Parts) -> Result<LoginRequest, Error> {
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let Some(sealed) = parameter(query, LOGIN_REQUEST) else {
        let mut request = LoginRequest::from(return_to(auth, query));
        request.popup = parameter(query, POPUP).is_some();
        return Ok(request);
    };
    let inner = auth.inner();
    let now = inner.environment.clock.now();
    let (context, provider) = (auth.context(), client.provider().login_key());
    let request = LoginRequest::open(&inner.keys, &context, provider, now, &sealed);
    let request = request.ok_or_else(|| {
        Error::new(
            ErrorKind::Malformed,
            "the login request is not ours, or is over ten minutes old",
        )
    })?;
    if let Some(session) = request.connect_to {
        check_session(auth, &parts.headers, session).await?;
    }
    Ok(request)
}

/// Sends the browser to the provider.
pub(super) async fn start(
    auth: &Auth,
    client: &Client,
    headers: &HeaderMap,
    request: impl Into<LoginRequest>,
) -> Result<Response<Bytes>, Failure> {
    let request = request.into();
    let provider = client.provider();
    let fail = |error: Error| {
        let failure = Failure::from(error);
        // For one that cannot be started again by a link, the application's own page is the place.
        if request.connect_to.is_some() {
            return failure;
        }
        failure.with_retry(auth, provider.login_key(), Some(&request.return_to))
    };
    let start = client.start(request.clone()).await.map_err(fail)?;
    let cookies = attempts::keep(auth, &start.attempt, headers).await.map_err(fail)?;
    let mut response = see_other(&start.authorization_url);
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    tracing::debug!(target: "tower_oauth::login", provider = provider.login_key(), "login started");
    auth.tell_login_started(provider.login_key());
    Ok(response)
}
