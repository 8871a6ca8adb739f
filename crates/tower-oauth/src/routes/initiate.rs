//! A login that another site starts, as the portal of a provider does: third-party initiated login
//! (OpenID Connect Core section 4).
//!
//! Whoever starts it decides neither who signs in nor where it ends but within the application: the provider asks its
//! own user, and the attempt belongs to this browser. So it can do no more than a link to a page that requires a login.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use tower_oauth_core::{BaseUrl, Error, ErrorKind, LoginRequest, ReturnTo};

use super::login::{check_navigation, start};
use super::respond::Failure;
use super::rounds;
use crate::auth::Auth;
use crate::form::{RequestBody, parameter};

/// Longest hint that is passed on, in bytes: an e-mail address has at most 254.
const MAX_HINT_LEN: usize = 320;

/// `GET` or `POST {mount}/initiate-login` with `iss`, and perhaps `login_hint` and `target_link_uri`.
pub(super) async fn answer(
    auth: &Auth,
    parts: &Parts,
    body: RequestBody,
) -> Result<Response<Bytes>, Failure> {
    check_navigation(&parts.headers)?;
    let form;
    let parameters = if parts.method == Method::POST {
        form = body.form(&parts.headers).await?;
        &form[..]
    } else {
        parts.uri.query().unwrap_or_default().as_bytes()
    };
    let refuse = |kind, reason| Err(Failure::from(Error::new(kind, reason)));
    let Some(issuer) = parameter(parameters, "iss") else {
        return refuse(ErrorKind::Malformed, "there is no one `iss`");
    };
    let clients = auth.clients().await?;
    let Some(client) = clients.list.iter().find(|it| it.provider().issuer() == issuer) else {
        return refuse(ErrorKind::Malformed, "no provider has the issuer in `iss`");
    };
    let target = parameter(parameters, "target_link_uri");
    let mut request = LoginRequest::from(return_to(auth, &clients.base_url, target.as_deref()));
    let is_sane = |hint: &String| hint.len() <= MAX_HINT_LEN && !hint.contains(char::is_control);
    request.login_hint = parameter(parameters, "login_hint").filter(is_sane);
    let again =
        || auth.routes().login_at(client.provider().login_key(), Some(&request.return_to), false);
    request.round = rounds::check(auth, &parts.headers, again).await?;
    start(auth, client, &parts.headers, request).await
}

/// A target in full, of this application: anything else ends at the start page.
fn return_to(auth: &Auth, base_url: &BaseUrl, target: Option<&str>) -> ReturnTo {
    let path = target.and_then(|target| target.strip_prefix(base_url.origin()));
    let path = path.map(|path| if path.is_empty() { "/" } else { path });
    path.and_then(|path| ReturnTo::parse(path, &auth.routes().root()).ok())
        .unwrap_or_else(|| auth.start_page())
}
