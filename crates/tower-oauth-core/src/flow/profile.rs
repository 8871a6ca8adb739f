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

/// Largest profile that a session keeps, in bytes of JSON: it is read by every request that asks for the user.
const MAX_PROFILE_LEN: usize = 128 * 1024;

/// The identity that an ID token vouches for, with what userinfo adds to it.
pub(super) fn openid(
    id_token: VerifiedIdToken,
    userinfo: Option<Map<String, Value>>,
    user: Option<&str>,
    mapping: &ClaimsMapping,
) -> Result<Identity, Error> {
    let VerifiedIdToken { issuer, subject, claims: mut signed } = id_token;
    // Core section 5.3.2: the answer is about the same user, or none of it is used.
    if let Some(userinfo) = &userinfo
        && userinfo.get("sub").and_then(Value::as_str) != Some(&subject)
    {
        return Err(invalid("is about another `sub` than the ID token"));
    }
    let mut claims = userinfo.unwrap_or_default();
    claims.retain(|name, _| !SIGNED_ONLY.contains(&name.as_str()));
    take_email_from_one(&mut claims, &mut signed);
    let sid = signed.get("sid").and_then(Value::as_str).map(ToOwned::to_owned);
    claims.append(&mut signed);
    claims.retain(|name, _| !PROTOCOL_ONLY.contains(&name.as_str()));
    if let Some(user) = user {
        add_name(user, &mut claims);
    }
    let trust = apply(mapping, &mut claims);
    within_limit(Identity::new(issuer, subject, sid, claims, trust))
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
    claims.retain(|name, _| !SIGNED_ONLY.contains(&name.as_str()));
    let trust = apply(mapping, &mut claims);
    claims.insert("sub".into(), subject.clone().into());
    within_limit(Identity::new(issuer, subject, None, claims, trust))
}

/// Adds the name that a form field `user` tells, where the claims have none. Whatever else it tells, an address above all,
/// anybody could have written.
fn add_name(user: &str, claims: &mut Map<String, Value>) {
    let Ok(user) = json::parse_object(user.as_bytes()) else { return };
    let mut whole = Vec::new();
    for (claim, path) in [("given_name", "name.firstName"), ("family_name", "name.lastName")] {
        let Some(part) = json::at(&user, path).and_then(Value::as_str) else { continue };
        let part: String = part.trim().chars().take(128).collect();
        if !part.is_empty() {
            whole.push(part.clone());
            claims.entry(claim).or_insert_with(|| part.into());
        }
    }
    if !whole.is_empty() {
        claims.entry("name").or_insert_with(|| whole.join(" ").into());
    }
}

/// An address and its verification belong together, so both come from one source: the ID token if it names an
/// address, else userinfo. Where both speak of the same address, the weaker word counts.
fn take_email_from_one(userinfo: &mut Map<String, Value>, signed: &mut Map<String, Value>) {
    if !signed.contains_key("email") {
        signed.remove("email_verified");
        return;
    }
    let address = userinfo.remove("email");
    let verified = userinfo.remove("email_verified");
    let disagrees = verified.is_some_and(|verified| verified != Value::Bool(true));
    if address.as_ref() == signed.get("email") && disagrees {
        signed.insert("email_verified".into(), false.into());
    }
}

/// Fills in the standard names, and tells how far the e-mail address is to be trusted.
fn apply(mapping: &ClaimsMapping, claims: &mut Map<String, Value>) -> EmailTrust {
    for (claim, path) in mapping.names {
        // An object or nothing in the place of a standard claim, all of which are text, is not that claim.
        let is_there = claims.get(*claim).is_some_and(|it| !it.is_null() && !it.is_object());
        if let Some(value) = json::at(claims, path).filter(|value| !value.is_null()).cloned()
            && !is_there
        {
            claims.insert((*claim).to_owned(), value);
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
        EmailRule::VerifiedClaimOrText => match claims.get("email_verified") {
            Some(Value::Bool(true)) => EmailTrust::Verified,
            Some(Value::String(text)) if text == "true" => EmailTrust::Verified,
            Some(Value::Bool(false)) => EmailTrust::Unverified,
            Some(Value::String(text)) if text == "false" => EmailTrust::Unverified,
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

fn within_limit(identity: Identity) -> Result<Identity, Error> {
    let total = identity.claims_text().len();
    if total <= MAX_PROFILE_LEN {
        return Ok(identity);
    }
    let size = |(name, value): (&String, &Value)| name.len() + value.to_string().len();
    let biggest = identity.claims().iter().max_by_key(|claim| size(*claim));
    let biggest: String =
        biggest.map(|(name, _)| name.chars().take(64).collect()).unwrap_or_default();
    Err(invalid(format!(
        "has {total} bytes of claims, of which a session keeps {MAX_PROFILE_LEN}; the biggest is {biggest:?}"
    )))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn merged(signed: &Value, userinfo: &Value, mapping: &ClaimsMapping) -> Identity {
        let (issuer, subject) = ("https://op".into(), "s".into());
        let signed = VerifiedIdToken { issuer, subject, claims: object(signed) };
        let mut userinfo = object(userinfo);
        userinfo.insert("sub".into(), "s".into());
        openid(signed, Some(userinfo), None, mapping).unwrap()
    }

    #[test]
    fn u08_what_only_a_signature_can_say_is_not_taken_from_userinfo() {
        for name in [
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
        ] {
            let identity = merged(&json!({}), &json!({ name: "evil" }), &ClaimsMapping::default());
            assert_eq!(identity.claims().get(name), None, "{name}");
            assert_eq!(identity.sid(), None);
        }
    }

    #[test]
    fn q11_a_profile_beyond_the_limit_is_refused_and_the_biggest_claim_named() {
        let kept = |len: usize| {
            let claims = object(&json!({ "id": 1, "name": "A", "groups": "g".repeat(len) }));
            let mapping = ClaimsMapping { subject: "id", ..ClaimsMapping::default() };
            oauth2("https://op".into(), claims, &mapping)
        };
        assert!(kept(127 * 1024).is_ok());
        let error = kept(128 * 1024).unwrap_err().to_string();
        assert!(error.contains("131072") && error.contains("\"groups\""), "{error}");
    }

    use crate::identity::Email;

    fn email(signed: Value, userinfo: Option<Value>) -> Option<String> {
        let object = |value: Value| value.as_object().cloned().unwrap();
        let token = VerifiedIdToken {
            issuer: "https://op".into(),
            subject: "1".into(),
            claims: object(signed),
        };
        let identity =
            openid(token, userinfo.map(object), None, &ClaimsMapping::default()).unwrap();
        identity.email().map(|email| match email {
            Email::Verified(address) => format!("verified {address}"),
            Email::Unverified(address) => format!("unverified {address}"),
            Email::Unknown(address) => format!("unknown {address}"),
        })
    }

    #[test]
    fn u08_an_address_is_never_verified_by_mixing_two_sources() {
        for (signed, userinfo, expected) in [
            (json!({ "email": "a", "email_verified": true }), None, "verified a"),
            (
                json!({}),
                Some(json!({ "sub": "1", "email": "b", "email_verified": true })),
                "verified b",
            ),
            (
                json!({ "email_verified": true }),
                Some(json!({ "sub": "1", "email": "b" })),
                "unknown b",
            ),
            (
                json!({ "email": "a" }),
                Some(json!({ "sub": "1", "email": "b", "email_verified": true })),
                "unknown a",
            ),
            (
                json!({ "email": "a" }),
                Some(json!({ "sub": "1", "email": "a", "email_verified": true })),
                "unknown a",
            ),
            (
                json!({ "email": "a", "email_verified": true }),
                Some(json!({ "sub": "1", "email": "a", "email_verified": false })),
                "unverified a",
            ),
            (
                json!({ "email": "a", "email_verified": true }),
                Some(json!({ "sub": "1", "email": "b", "email_verified": false })),
                "verified a",
            ),
        ] {
            assert_eq!(email(signed, userinfo).unwrap(), expected);
        }
    }

    #[test]
    fn u02_userinfo_without_a_subject_is_refused() {
        for userinfo in
            [json!({}), json!({ "sub": "2" }), json!({ "sub": 1 }), json!({ "name": "x" })]
        {
            let token = VerifiedIdToken {
                issuer: "https://op".into(),
                subject: "1".into(),
                claims: Map::new(),
            };
            let userinfo = userinfo.as_object().cloned();
            assert!(openid(token, userinfo, None, &ClaimsMapping::default()).is_err());
        }
    }

    #[test]
    fn a_provider_whose_addresses_are_never_verified() {
        let mapping = ClaimsMapping { email: EmailRule::NeverVerified, ..ClaimsMapping::default() };
        let identity =
            merged(&json!({ "email": "a", "email_verified": true }), &json!({}), &mapping);
        assert_eq!(identity.email_trust(), EmailTrust::Unknown);
    }

    #[test]
    fn an_identifier_is_not_blank_and_not_endless() {
        let of = |id: &str| {
            let mapping = ClaimsMapping { subject: "id", ..ClaimsMapping::default() };
            oauth2("https://op".into(), object(&json!({ "id": id })), &mapping).is_ok()
        };
        assert!(of(&"x".repeat(255)));
        assert!(!of(&"x".repeat(256)));
        assert!(!of(" "));
    }
}
