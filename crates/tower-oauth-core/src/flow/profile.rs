//! What ID token and userinfo add up to: one [`Identity`] under standard names.

use serde_json::{Map, Value};

use super::id_token::VerifiedIdToken;
use super::userinfo::invalid;
use crate::error::Error;
use crate::identity::{EmailTrust, Identity};
use crate::json;
use crate::provider::{ClaimsMapping, EmailRule};

/// Claims that count only in a signed token.
const SIGNED_ONLY: [&str; 14] = [
    "iss",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "azp",
    "nonce",
    "sid",
    "auth_time",
    "acr",
    "amr",
    "at_hash",
    "c_hash",
];

/// Claims of the protocol that say nothing about the user.
const PROTOCOL_ONLY: [&str; 4] = ["nonce", "at_hash", "c_hash", "s_hash"];

/// The identity that an ID token vouches for, with what userinfo adds to it.
pub(super) fn openid(
    id_token: VerifiedIdToken,
    userinfo: Option<Map<String, Value>>,
    mapping: &ClaimsMapping,
) -> Result<Identity, Error> {
    let VerifiedIdToken { issuer, subject, claims: signed } = id_token;
    let mut claims = userinfo.unwrap_or_default();
    // Core section 5.3.2: the answer is about the same user, or none of it is used.
    if !claims.is_empty() && claims.get("sub").and_then(Value::as_str) != Some(&subject) {
        return Err(invalid("is about another `sub` than the ID token"));
    }
    claims.retain(|name, _| !SIGNED_ONLY.contains(&name.as_str()));
    drop_conflicting_email(&mut claims, &signed);
    let sid = signed.get("sid").and_then(Value::as_str).map(ToOwned::to_owned);
    claims.extend(signed);
    claims.retain(|name, _| !PROTOCOL_ONLY.contains(&name.as_str()));
    let trust = apply(mapping, &mut claims);
    Ok(Identity::new(issuer, subject, sid, claims, trust))
}

/// The identity that an API of a plain OAuth 2.0 provider tells.
pub(super) fn oauth2(
    issuer: String,
    mut claims: Map<String, Value>,
    mapping: &ClaimsMapping,
) -> Result<Identity, Error> {
    let subject = match json::at(&claims, mapping.subject) {
        Some(Value::String(text)) if !text.trim().is_empty() && text.len() <= 255 => text.clone(),
        Some(Value::Number(number)) if number.is_u64() || number.is_i64() => number.to_string(),
        _ => return Err(invalid(format!("has no identifier at `{}`", mapping.subject))),
    };
    let trust = apply(mapping, &mut claims);
    claims.insert("sub".into(), subject.clone().into());
    Ok(Identity::new(issuer, subject, None, claims, trust))
}

/// An address and its verification belong together: where the two sources name different addresses, or
/// disagree about one, nothing is verified by mixing them.
fn drop_conflicting_email(userinfo: &mut Map<String, Value>, signed: &Map<String, Value>) {
    let differs = |name: &str| matches!((userinfo.get(name), signed.get(name)), (Some(ours), Some(theirs)) if ours != theirs);
    if differs("email") {
        userinfo.remove("email");
        userinfo.remove("email_verified");
    }
}

/// Fills in the standard names, and tells how far the e-mail address is to be trusted.
fn apply(mapping: &ClaimsMapping, claims: &mut Map<String, Value>) -> EmailTrust {
    for (claim, path) in mapping.names {
        if let Some(value) = json::at(claims, path).filter(|value| !value.is_null()).cloned() {
            claims.entry(*claim).or_insert(value);
        }
    }
    if let Some(adjust) = mapping.adjust {
        adjust(claims);
    }
    match mapping.email {
        EmailRule::AlwaysVerified => EmailTrust::Verified,
        EmailRule::NeverVerified => EmailTrust::Unknown,
        EmailRule::VerifiedClaim => match claims.get("email_verified") {
            Some(Value::Bool(true)) => EmailTrust::Verified,
            Some(Value::Bool(false)) => EmailTrust::Unverified,
            _ => EmailTrust::Unknown,
        },
        EmailRule::PrimaryOf(path) => primary_email(path, claims),
    }
}

/// Takes the address that a list marks primary, with the verification the same entry names.
fn primary_email(path: &str, claims: &mut Map<String, Value>) -> EmailTrust {
    let is = |entry: &Value, name: &str| entry.get(name) == Some(&Value::Bool(true));
    let primary = json::at(claims, path)
        .and_then(Value::as_array)
        .and_then(|list| list.iter().find(|entry| is(entry, "primary")));
    let Some((address, verified)) =
        primary.and_then(|entry| Some((entry.get("email")?.as_str()?, is(entry, "verified"))))
    else {
        return EmailTrust::Unknown;
    };
    let address = address.to_owned();
    claims.insert("email".into(), address.into());
    claims.insert("email_verified".into(), verified.into());
    if verified { EmailTrust::Verified } else { EmailTrust::Unverified }
}
