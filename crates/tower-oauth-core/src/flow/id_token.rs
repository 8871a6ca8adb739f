//! The ID token, verified (OpenID Connect Core section 3.1.3.7). Nothing else makes an identity at an
//! OpenID provider.

use std::time::Duration;

use aws_lc_rs::{constant_time, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::client::Client;
use crate::clock::Timestamp;
use crate::discovery::Metadata;
use crate::error::{Error, ErrorKind};
use crate::jose::{Algorithm, Claims, SignedToken};
use crate::provider::{IssuerRule, Provider};
use crate::secret::{AccessTokenSecret, Nonce, RawIdToken};
use crate::session::Connection;

/// How far the provider's clock may be from ours.
pub(super) const LEEWAY: Duration = Duration::from_secs(60);

/// Oldest `iat` of a token that comes straight from the token endpoint.
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Claims of a verified ID token.
pub(super) struct VerifiedIdToken {
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) claims: Claims,
}

impl Client {
    /// Verifies `token`, which answers the attempt with this `nonce` and came with `access_token`.
    pub(super) async fn verify_id_token(
        &self,
        token: &RawIdToken,
        nonce: Option<&Nonce>,
        access_token: &AccessTokenSecret,
        metadata: &Metadata,
    ) -> Result<VerifiedIdToken, Error> {
        let token = SignedToken::parse(token.secret()).map_err(invalid)?;
        let claims = self.verify_signature(&token).await?;
        let issuer = check_issuer(&claims, metadata, &self.provider)?;
        check_audience(&claims, &self.provider.client_id)?;
        check_times(&claims, self.environment.clock.now())?;
        if claims.contains_key("events") {
            return Err(invalid("is a logout token"));
        }
        if let Some(nonce) = nonce {
            check_nonce(&claims, nonce)?;
        }
        check_at_hash(&claims, token.algorithm(), access_token)?;
        let subject = subject(&claims)?;
        Ok(VerifiedIdToken { issuer, subject, claims })
    }

    /// Verifies the ID token of a refresh: whatever a login asks of one, and that it is about the login that
    /// made `connection` (Core section 12.2).
    pub(super) async fn verify_refreshed_id_token(
        &self,
        token: &RawIdToken,
        connection: &Connection,
        access_token: &AccessTokenSecret,
        metadata: &Metadata,
    ) -> Result<(), Error> {
        let verified = self.verify_id_token(token, None, access_token, metadata).await?;
        let login = &connection.identity;
        if verified.issuer != login.issuer() {
            return Err(invalid("is of another issuer than the one before it"));
        }
        if verified.subject != login.subject() {
            return Err(invalid("is about another user than the one before it"));
        }
        let refreshed = &verified.claims;
        if refreshed.contains_key("nonce") {
            let same = connection.nonce.as_ref().is_some_and(|n| check_nonce(refreshed, n).is_ok());
            if !same {
                return Err(invalid("has a `nonce` that is not the login's"));
            }
        }
        let times = |name| Ok::<_, Error>((time(login.claims(), name)?, time(refreshed, name)?));
        if let (Some(before), Some(after)) = times("auth_time")?
            && before != after
        {
            return Err(invalid("has another `auth_time` than the login"));
        }
        if let (Some(before), Some(after)) = times("iat")?
            && after + LEEWAY < before
        {
            return Err(invalid("was issued before the login"));
        }
        Ok(())
    }

    pub(super) async fn verify_signature(&self, token: &SignedToken<'_>) -> Result<Claims, Error> {
        let algorithm = token.algorithm();
        if self.provider.quirks.hs256_id_tokens {
            return token.verify_mac(&self.provider.client_secret).map_err(invalid);
        }
        if !self.provider.id_token_algorithms.contains(&algorithm) {
            return Err(invalid(format!("is signed with {algorithm}, which is not accepted")));
        }
        let keys = self.keys().await?;
        let known = token.verify(keys.candidates(algorithm, token.kid()));
        let Err(problem) = known else { return known.map_err(invalid) };
        // The provider may have rotated its keys, under new names or under the old ones (Core section 10.1.1).
        match self.newer_keys(&keys).await {
            Some(keys) => token.verify(keys.candidates(algorithm, token.kid())).map_err(invalid),
            None => {
                let reason = format!("newer keys cannot be had now, and the ID token {problem}");
                Err(Error::new(ErrorKind::Discovery, reason))
            }
        }
    }
}

pub(super) fn check_issuer(
    claims: &Claims,
    metadata: &Metadata,
    provider: &Provider,
) -> Result<String, Error> {
    let issuer = text(claims, "iss")?;
    let expected = expected_issuer(claims, metadata, provider)?;
    if issuer != expected {
        let shown: String = issuer.chars().take(200).collect();
        return Err(invalid(format!("is of the issuer {shown:?}, not {expected:?}")));
    }
    Ok(expected)
}

/// The issuer that vouches for a user with these `claims`.
pub(super) fn expected_issuer(
    claims: &Claims,
    metadata: &Metadata,
    provider: &Provider,
) -> Result<String, Error> {
    Ok(match provider.quirks.issuer {
        IssuerRule::Exact => metadata.issuer.clone(),
        IssuerRule::TenantTemplate => {
            let tenant = text(claims, "tid")?;
            if !provider.admits_tenant(tenant) {
                return Err(invalid("is of a tenant that is not let in"));
            }
            metadata.issuer.replace("{tenantid}", tenant)
        }
    })
}

/// Core section 3.1.3.7 rules 3 to 5: this client is the audience, and no other is.
pub(super) fn check_audience(claims: &Claims, client_id: &str) -> Result<(), Error> {
    let addressed = match claims.get("aud") {
        Some(Value::String(audience)) => audience == client_id,
        Some(Value::Array(audiences)) => matches!(&audiences[..], [only] if only == client_id),
        _ => false,
    };
    if !addressed {
        return Err(invalid("is not for this client alone"));
    }
    match claims.get("azp") {
        None => Ok(()),
        Some(Value::String(party)) if party == client_id => Ok(()),
        Some(_) => Err(invalid("has another authorized party")),
    }
}

pub(super) fn check_times(claims: &Claims, now: Timestamp) -> Result<(), Error> {
    let skew = "compare this machine's clock with the provider's";
    let expires = time(claims, "exp")?.ok_or_else(|| invalid("has no `exp`"))?;
    if expires + LEEWAY <= now {
        let late = now.since(expires).as_secs();
        return Err(invalid(format!("expired {late} seconds ago; {skew}")));
    }
    let issued = time(claims, "iat")?.ok_or_else(|| invalid("has no `iat`"))?;
    if issued > now + LEEWAY {
        let early = issued.since(now).as_secs();
        return Err(invalid(format!("was issued {early} seconds from now; {skew}")));
    }
    if now.since(issued) > MAX_AGE {
        return Err(invalid("was issued more than a day ago"));
    }
    match time(claims, "nbf")? {
        Some(not_before) if not_before > now + LEEWAY => {
            let early = not_before.since(now).as_secs();
            Err(invalid(format!("is not valid for another {early} seconds; {skew}")))
        }
        _ => Ok(()),
    }
}

fn check_nonce(claims: &Claims, nonce: &Nonce) -> Result<(), Error> {
    let equal = claims.get("nonce").and_then(Value::as_str).is_some_and(|claim| {
        constant_time::verify_slices_are_equal(claim.as_bytes(), nonce.secret().as_bytes()).is_ok()
    });
    if equal {
        return Ok(());
    }
    Err(Error::new(ErrorKind::NonceMismatch, "the ID token answers another attempt"))
}

/// Core section 3.1.3.8: where the claim is there, it is right.
fn check_at_hash(
    claims: &Claims,
    algorithm: Algorithm,
    access_token: &AccessTokenSecret,
) -> Result<(), Error> {
    let Some(claim) = claims.get("at_hash") else { return Ok(()) };
    let hash = digest::digest(algorithm.hash(), access_token.secret().as_bytes());
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    if claim.as_str() == Some(&URL_SAFE_NO_PAD.encode(left)) {
        return Ok(());
    }
    Err(invalid("came with another access token"))
}

/// Core section 2: at most 255 ASCII characters.
pub(super) fn subject(claims: &Claims) -> Result<String, Error> {
    let subject = text(claims, "sub")?;
    if subject.is_empty()
        || subject.len() > 255
        || !subject.bytes().all(|b| matches!(b, 0x20..=0x7e))
    {
        return Err(invalid("has a `sub` that is not 1 to 255 ASCII characters"));
    }
    Ok(subject.to_owned())
}

pub(super) fn text<'a>(claims: &'a Claims, name: &str) -> Result<&'a str, Error> {
    claims
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| invalid(format!("has no `{name}` that is a string")))
}

/// A `NumericDate`: a number, fractions dropped. Never a string, and never absent by being of a wrong type.
pub(crate) fn time(claims: &Claims, name: &str) -> Result<Option<Timestamp>, Error> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    match value.as_f64() {
        Some(seconds) if seconds >= 0.0 => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "not negative, and a float beyond u64 saturates"
            )]
            let seconds = seconds as u64;
            Ok(Some(Timestamp::from_unix_seconds(seconds)))
        }
        _ => Err(invalid(format!("has a `{name}` that is not a time"))),
    }
}

pub(super) fn invalid(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::IdToken, format!("{SUBJECT} {what}"))
}

/// How every complaint begins.
pub(super) const SUBJECT: &str = "the ID token";
