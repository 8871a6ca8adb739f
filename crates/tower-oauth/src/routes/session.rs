//! Who is signed in, for a single-page application: `GET {mount}/session`.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Response};
use serde_json::json;
use tower_oauth_core::Email;

use super::login::check_own_site;
use super::respond::Failure;
use crate::auth::Auth;
use crate::live_session::LiveSession;

/// What a script may know: no token, and nothing to another site. To look is not to use: the idle end stays.
pub(super) async fn get(auth: &Auth, headers: &HeaderMap) -> Result<Response<Bytes>, Failure> {
    check_own_site(auth, headers).await?;
    let live = auth.session_before(headers).await?;
    let routes = auth.routes();
    let document = match live {
        None => json!({ "signed_in": false, "login_url": routes.login(None) }),
        Some(live) => {
            let now = auth.inner().environment.clock.now();
            json!({
                "signed_in": true,
                "user": user(&live),
                "expires_in": live.expires().since(now).as_secs(),
                "login_url": routes.login(None),
                "logout_url": routes.logout(),
            })
        }
    };
    let mut response = Response::new(document.to_string().into());
    let content_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    Ok(response)
}

fn user(live: &LiveSession) -> serde_json::Value {
    let connection = &live.session.connection;
    let identity = &connection.identity;
    json!({
        "provider": *connection.provider,
        "issuer": identity.issuer(),
        "subject": identity.subject(),
        "display_name": identity.display_name(),
        "name": identity.name(),
        "username": identity.username(),
        "email": identity.email().map(Email::address),
        "email_verified": identity.email().is_some_and(Email::is_verified),
        "picture": identity.picture(),
    })
}
