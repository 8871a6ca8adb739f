//! What a login had to prove beyond who the user is: how recently, how strongly, and that it is the same one.

use serde_json::Value;

use super::id_token::{LEEWAY, time};
use super::login_request::{ExpectedUser, LoginRequest};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};
use crate::identity::Identity;
use crate::jose::Claims;

/// OpenID Connect Core section 3.1.3.7 rules 12 and 13: what was asked for is what the ID token says.
pub(super) fn check(claims: &Claims, request: &LoginRequest, now: Timestamp) -> Result<(), Error> {
    if let Some(max_age) = request.max_age {
        let auth_time = time(claims, "auth_time")?
            .ok_or_else(|| failed("the ID token does not say when the user signed in"))?;
        if auth_time + max_age + LEEWAY < now {
            let age = now.since(auth_time).as_secs();
            let reason =
                format!("the user signed in {age} s ago; {} were asked for", max_age.as_secs());
            return Err(failed(reason));
        }
        if auth_time > now + LEEWAY {
            return Err(failed("the user signed in at a time that is yet to come"));
        }
    }
    if request.acr_values.is_empty() {
        return Ok(());
    }
    match claims.get("acr").and_then(Value::as_str) {
        Some(acr) if request.acr_values.iter().any(|wanted| wanted == acr) => Ok(()),
        _ => Err(failed("the ID token names no `acr` that was asked for")),
    }
}

/// The login answers for the one user whom it was asked of.
pub(super) fn check_user(
    expected: Option<&ExpectedUser>,
    identity: &Identity,
) -> Result<(), Error> {
    match expected {
        Some(user) if user.issuer != identity.issuer() || user.subject != identity.subject() => {
            Err(Error::new(
                ErrorKind::UserMismatch,
                "another user answered than the one who was asked",
            ))
        }
        _ => Ok(()),
    }
}

pub(super) fn failed(reason: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::StepUp, reason)
}
