//! Who calls the token and revocation endpoints (RFC 6749 section 2.3.1).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;

use crate::provider::error::OAuthError;
use crate::provider::{FakeProvider, Parameters, reply};

impl FakeProvider {
    /// The form of a request that the client has authenticated.
    pub(super) fn client_form(&self, request: &Request<Bytes>) -> Result<Parameters, OAuthError> {
        if !reply::is_form(request) {
            let description = "The body is not application/x-www-form-urlencoded.";
            return Err(OAuthError::invalid_request(description));
        }
        let form = Parameters::parse(request.body());
        if form.any_repeated() {
            return Err(OAuthError::invalid_request("A parameter is repeated."));
        }
        if request.headers().contains_key(AUTHORIZATION) {
            if form.value("client_secret").is_some() {
                let description = "The client authenticates in more than one way.";
                return Err(OAuthError::invalid_request(description));
            }
            let (id, secret) = reply::credentials(request, "Basic")
                .and_then(decode_basic)
                .ok_or(OAuthError::invalid_client("The credentials cannot be read.", true))?;
            if form.value("client_id").is_some_and(|it| it != id) {
                return Err(OAuthError::invalid_request("The client_id names another client."));
            }
            self.check_client(&id, &secret, true)?;
        } else {
            let id = form.value("client_id").unwrap_or_default();
            let secret = form.value("client_secret").unwrap_or_default();
            self.check_client(id, secret, false)?;
        }
        Ok(form)
    }

    fn check_client(&self, id: &str, secret: &str, challenge: bool) -> Result<(), OAuthError> {
        let expected = self.client_secret().as_bytes();
        let secret_ok = verify_slices_are_equal(secret.as_bytes(), expected).is_ok();
        if id == self.client_id() && secret_ok {
            Ok(())
        } else {
            Err(OAuthError::invalid_client("The client_id or client_secret is wrong.", challenge))
        }
    }
}

/// Both halves are form-encoded before they are joined: a secret may hold a colon or any other character.
fn decode_basic(credentials: &str) -> Option<(String, String)> {
    let decoded = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form_decode(id)?, form_decode(secret)?))
}

fn form_decode(text: &str) -> Option<String> {
    // Read as one name without a value; '&' and '=' in it would have been encoded.
    let mut pairs = form_urlencoded::parse(text.as_bytes());
    match (pairs.next(), pairs.next()) {
        (Some((name, value)), None) if value.is_empty() => Some(name.into_owned()),
        _ => None,
    }
}
