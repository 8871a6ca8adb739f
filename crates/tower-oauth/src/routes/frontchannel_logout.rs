//! The provider says that somebody signed out there, in a frame of its own page (OpenID Connect Front-Channel Logout).

use bytes::Bytes;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, Response};
use tower_oauth_core::{Error, ErrorKind};

use super::respond::Failure;
use crate::auth::Auth;
use crate::events::SessionEnd;
use crate::form::parameter;

/// `GET {mount}/frontchannel-logout/{provider}`: ends the session of this browser if `iss` and `sid` are its own, which
/// another site cannot know. Nothing is revoked by it, and the answer tells nobody whether a session ended.
pub(super) async fn get(auth: &Auth, key: &str, parts: &Parts) -> Result<Response<Bytes>, Failure> {
    let clients = auth.clients().await?;
    let client = clients.named(key)?;
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let (Some(iss), Some(sid)) = (parameter(query, "iss"), parameter(query, "sid")) else {
        return Err(Error::new(ErrorKind::Malformed, "there is not one `iss` and one `sid`").into());
    };
    let mut response =
        Response::new(Bytes::from_static(b"<!DOCTYPE html><title>Signed out</title>"));
    let ancestors = client.provider_origins().join(" ");
    let policy = HeaderValue::try_from(format!("default-src 'none'; frame-ancestors {ancestors}"))
        .map_err(|_| Error::new(ErrorKind::Discovery, "an origin does not fit into a header"))?;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    for value in auth.session_values(&parts.headers) {
        let Some(live) = auth.named_session(value).await? else { continue };
        let connection = &live.session.connection;
        let identity = &connection.identity;
        if *connection.provider == *key && identity.issuer() == iss && identity.sid() == Some(&sid)
        {
            auth.end_named(value, SessionEnd::Frontchannel).await?;
            headers.append(SET_COOKIE, auth.cookies().clear_session());
        }
    }
    Ok(response)
}
