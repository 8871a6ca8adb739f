//! The provider says that somebody signed out there, from server to server (OpenID Connect Back-Channel Logout).

use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode};
use serde_json::json;
use tower_oauth_core::{Error, ErrorKind};

use super::respond::{correlation_id, problem, report};
use crate::auth::Auth;
use crate::form::{RequestBody, parameter};

/// `POST {mount}/backchannel-logout/{provider}`: with a `logout_token` and nothing else that counts, no cookie and no
/// origin. 200 when its sessions are gone; 400 when the token is refused, and when a session could not be ended,
/// so that the provider tries again (section 2.8).
pub(super) async fn post(
    auth: &Auth,
    key: &str,
    parts: &Parts,
    body: RequestBody,
) -> Response<Bytes> {
    let Err(error) = end_sessions(auth, key, parts, body).await else {
        return Response::new(Bytes::new());
    };
    let correlation_id = correlation_id(auth);
    report(&error, &correlation_id);
    let status = match error.kind() {
        ErrorKind::UnknownProvider => StatusCode::NOT_FOUND,
        _ => StatusCode::BAD_REQUEST,
    };
    let extra = json!({ "error": "invalid_request", "correlation_id": correlation_id });
    problem(status, error.code(), Some(extra))
}

async fn end_sessions(
    auth: &Auth,
    key: &str,
    parts: &Parts,
    body: RequestBody,
) -> Result<(), Error> {
    let clients = auth.clients().await?;
    let client = clients.named(key)?;
    if !client.provider().speaks_openid_connect() {
        return Err(Error::new(ErrorKind::UnknownProvider, "the provider has no logout tokens"));
    }
    let form = body.form(&parts.headers).await?;
    let token = parameter(&form, "logout_token")
        .ok_or_else(|| Error::new(ErrorKind::Malformed, "there is not one `logout_token`"))?;
    let token = client.verify_logout_token(&token).await?;
    auth.end_by_token(key, &token).await?;
    // Afterwards, so that a token whose work failed can be brought again. One that comes twice finds nothing more to
    // end: what the provider vouched for since is not its affair.
    if auth.inner().store.mark_once(&token.mark, token.mark_until).await? {
        return Ok(());
    }
    Err(Error::new(ErrorKind::LogoutToken, "the logout token was used before"))
}
