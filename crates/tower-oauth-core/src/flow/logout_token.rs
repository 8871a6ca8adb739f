//! The logout token: how a provider tells that somebody signed out there (OpenID Connect Back-Channel Logout section
//! 2.4). Checked by the same rules as an ID token, and never taken for one.

use std::time::Duration;

use serde_json::Value;

use super::id_token::{self, LEEWAY, SUBJECT, check_audience, check_issuer, check_times, time};
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};
use crate::jose::{Claims, SignedToken};
use crate::session::Mark;

/// The member of `events` that makes a token a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What the header may say besides `JWT` (section 2.4).
const TYPES: [&str; 2] = ["logout+jwt", "application/logout+jwt"];

/// A token is a few hundred bytes; much more is not worth a look at its signature.
const MAX_LEN: usize = 16 * 1024;

/// Oldest `iat`: providers deliver at once, and once more if that failed.
const MAX_AGE: Duration = Duration::from_secs(5 * 60);

/// Longest `jti` and `sid`.
const MAX_NAME_LEN: usize = 255;

/// A logout token that was verified: whose sessions end, and which of them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LogoutToken {
    /// Who says so.
    pub issuer: String,
    /// The user all of whose sessions end, unless there is a `sid`.
    pub subject: Option<String>,
    /// The one session at the provider that ended.
    pub sid: Option<String>,
    /// When it ended, by the provider's clock: what the provider vouched for later lives on.
    pub issued: Timestamp,
    /// Set once it did its work; a token that finds it set is a replay.
    pub mark: Mark,
    /// Until when the mark has to be kept.
    pub mark_until: Timestamp,
}

impl Client {
    /// Verifies a logout token of this provider for this client.
    ///
    /// Whether it was used before is for the caller to ask, by [`LogoutToken::mark`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LogoutToken`] when it is anything but a good one; another kind when the provider's keys cannot be
    /// had.
    pub async fn verify_logout_token(&self, token: &str) -> Result<LogoutToken, Error> {
        self.verify_as_id_token(token).await.map_err(as_of_logout_token)
    }

    /// With complaints about an ID token, whose rules these are.
    async fn verify_as_id_token(&self, token: &str) -> Result<LogoutToken, Error> {
        let invalid = |what: &str| id_token::invalid(what);
        if token.len() > MAX_LEN {
            return Err(invalid("is longer than 16 KiB"));
        }
        let token = SignedToken::parse_as(token, &TYPES).map_err(invalid)?;
        let claims = self.verify_signature(&token).await?;
        let metadata = self.metadata().await?;
        let issuer = check_issuer(&claims, &metadata, &self.provider)?;
        check_audience(&claims, &self.provider.client_id)?;
        let now = self.environment.clock.now();
        check_times(&claims, now)?;
        let issued = time(&claims, "iat")?.ok_or_else(|| invalid("has no `iat`"))?;
        if now.since(issued) > MAX_AGE + LEEWAY {
            return Err(invalid("was issued more than five minutes ago"));
        }
        let event = claims.get("events").and_then(|events| events.get(EVENT));
        if !event.is_some_and(Value::is_object) {
            return Err(invalid("has no event of a logout"));
        }
        // Section 2.4: so that no ID token passes for one.
        if claims.contains_key("nonce") {
            return Err(invalid("has a `nonce`"));
        }
        let has_subject = claims.contains_key("sub");
        let subject = has_subject.then(|| id_token::subject(&claims)).transpose()?;
        let sid = name(&claims, "sid")?;
        if subject.is_none() && sid.is_none() {
            return Err(invalid("names neither a user nor a session"));
        }
        let jti = name(&claims, "jti")?.ok_or_else(|| invalid("has no `jti`"))?;
        let mark = Mark::logout_token(&issuer, &self.provider.client_id, &jti);
        // Older than this, it is refused for its age.
        let mark_until = issued + MAX_AGE + LEEWAY * 2;
        Ok(LogoutToken { issuer, subject, sid, issued, mark, mark_until })
    }
}

/// A claim that is a name, where it is there.
fn name(claims: &Claims, claim: &str) -> Result<Option<String>, Error> {
    match claims.get(claim) {
        None => Ok(None),
        Some(Value::String(name)) if (1..=MAX_NAME_LEN).contains(&name.len()) => {
            Ok(Some(name.clone()))
        }
        Some(_) => {
            Err(id_token::invalid(format!("has a `{claim}` that is not 1 to 255 bytes of text")))
        }
    }
}

/// The same complaint about a logout token.
fn as_of_logout_token(error: Error) -> Error {
    if error.kind() != ErrorKind::IdToken {
        return error;
    }
    let reason = error.to_string().replacen(SUBJECT, "the logout token", 1);
    Error::new(ErrorKind::LogoutToken, reason)
}
