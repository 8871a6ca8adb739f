//! An authorization response in a form (OAuth 2.0 Form Post Response Mode) becomes one like any other.
//!
//! The provider's page posts it from another site, so none of our cookies comes along. It is sealed into a cookie of its
//! own, which the browser brings back at once with a `GET`, together with the attempt and the session: nothing is kept
//! here, the code is in no address, and no cookie has to be `SameSite=None`.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::SET_COOKIE;
use http::{HeaderMap, Response};
use tower_oauth_core::{Attempt, AuthorizationResponse, Error, ErrorKind, Purpose};

use super::respond::see_other;
use crate::auth::Auth;

/// The parameter that names the cookie.
pub(super) const FORM: &str = "form";

/// The browser follows the redirect at once.
const LIFETIME: Duration = Duration::from_secs(60);

/// What browsers hold is 4096 bytes with name and attributes; sealed, three bytes become four.
const MAX_FORM_LEN: usize = 2_800;

/// Keeps the response of `form` in the browser, and sends it on to fetch it.
pub(super) fn keep(auth: &Auth, provider: &str, form: &[u8]) -> Result<Response<Bytes>, Error> {
    let response = AuthorizationResponse::parse(form)?;
    if form.len() > MAX_FORM_LEN {
        let reason =
            format!("the response has {} bytes, and {MAX_FORM_LEN} fit into a cookie", form.len());
        return Err(Error::new(ErrorKind::Malformed, reason));
    }
    let inner = auth.inner();
    let label = Attempt::label(response.state());
    let until = (inner.environment.clock.now() + LIFETIME).unix_seconds();
    let content = [&until.to_be_bytes(), form].concat();
    let context = context(auth, provider, &label);
    let random = &*inner.environment.random;
    let sealed =
        inner.keys.seal(Purpose::AuthorizationResponse, context.as_bytes(), &content, random)?;
    let cookie = auth.cookies().set_response(&label, &URL_SAFE_NO_PAD.encode(sealed), LIFETIME);
    let mut redirect = see_other(&format!("{}?{FORM}={label}", auth.routes().callback(provider)));
    redirect.headers_mut().append(SET_COOKIE, cookie);
    Ok(redirect)
}

/// The form that was kept under `label`, if the browser has it and its minute is not over.
pub(super) fn fetch(
    auth: &Auth,
    headers: &HeaderMap,
    provider: &str,
    label: &str,
) -> Option<Vec<u8>> {
    let inner = auth.inner();
    let sealed = URL_SAFE_NO_PAD.decode(auth.cookies().response(headers, label)?).ok()?;
    let context = context(auth, provider, label);
    let content = inner.keys.open(Purpose::AuthorizationResponse, context.as_bytes(), sealed)?;
    let (until, form) = content.split_first_chunk()?;
    let now = inner.environment.clock.now().unix_seconds();
    (now < u64::from_be_bytes(*until)).then(|| form.to_vec())
}

/// Ties the form to this application, the provider and the attempt.
fn context(auth: &Auth, provider: &str, label: &str) -> String {
    format!("{}\n{provider}\n{label}", auth.context())
}
