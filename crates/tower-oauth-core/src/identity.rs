//! [`Identity`]: who signed in, as the provider vouched for it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use crate::text::Text;

/// A verified identity: what identifies the user, and what the provider says about them.
///
/// Users are told apart by [`issuer`](Self::issuer) and [`subject`](Self::subject) together and by nothing
/// else: names and e-mail addresses change hands (OpenID Connect Core section 5.7). Only the login flow
/// makes one.
///
/// The claims are kept as their text, which takes a fraction of the room and is read by few: the first question for one
/// of them takes the text apart.
#[derive(Clone)]
pub struct Identity {
    issuer: Arc<str>,
    subject: Text,
    sid: Option<Text>,
    claims: Text,
    parsed: OnceLock<Box<Map<String, Value>>>,
    email_trust: EmailTrust,
}

/// How far a provider vouches for an e-mail address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmailTrust {
    /// The provider checked that the user receives mail there.
    Verified,
    /// The provider says that it did not check.
    Unverified,
    /// The provider does not say.
    #[default]
    Unknown,
}

/// An e-mail address with the trust it deserves.
///
/// Only [`Verified`](Self::Verified) may link a login to an account that exists already: anybody can type
/// somebody else's address into a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Email<'a> {
    /// The provider checked that the user receives mail there.
    Verified(&'a str),
    /// The provider says that it did not check.
    Unverified(&'a str),
    /// The provider does not say.
    Unknown(&'a str),
}

impl<'a> Email<'a> {
    /// The address, whatever it is worth: to show, not to decide.
    #[must_use]
    pub const fn address(self) -> &'a str {
        match self {
            Self::Verified(address) | Self::Unverified(address) | Self::Unknown(address) => address,
        }
    }

    /// Whether the provider checked the address.
    #[must_use]
    pub const fn is_verified(self) -> bool {
        matches!(self, Self::Verified(_))
    }
}

impl Identity {
    #[expect(clippy::needless_pass_by_value, reason = "they end here: their text is what is kept")]
    pub(crate) fn new(
        issuer: String,
        subject: String,
        sid: Option<String>,
        claims: Map<String, Value>,
        email_trust: EmailTrust,
    ) -> Self {
        let text = serde_json::to_string(&claims).unwrap_or_default();
        Self::from_text(
            issuer.into(),
            subject.into(),
            sid.map(Into::into),
            text.into(),
            email_trust,
        )
    }

    /// The same from the text of an object, as [`claims_text`](Self::claims_text) returned it.
    pub(crate) const fn from_text(
        issuer: Arc<str>,
        subject: Text,
        sid: Option<Text>,
        claims: Text,
        email_trust: EmailTrust,
    ) -> Self {
        Self { issuer, subject, sid, claims, parsed: OnceLock::new(), email_trust }
    }

    /// The same user with other claims.
    pub(crate) fn with_claims(&self, claims: String) -> Self {
        let (issuer, subject) = (Arc::clone(&self.issuer), self.subject.clone());
        Self::from_text(issuer, subject, self.sid.clone(), claims.into(), self.email_trust)
    }

    /// Who vouches: the provider's issuer identifier.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The same as the session keeps it.
    pub(crate) const fn shared_issuer(&self) -> &Arc<str> {
        &self.issuer
    }

    /// Keeps the issuer where the provider has it: one text for all its sessions.
    pub(crate) fn share_issuer(&mut self, issuer: &Arc<str>) {
        if self.issuer == *issuer {
            self.issuer = Arc::clone(issuer);
        }
    }

    /// The user's identifier at the issuer, never reassigned.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Whether both are the same user: the same subject at the same issuer.
    #[must_use]
    pub fn is_same_user(&self, other: &Self) -> bool {
        self.issuer == other.issuer && *self.subject == *other.subject
    }

    /// The user's session at the provider, where the ID token names one (Back-Channel Logout section 2.1).
    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// Everything the provider said, under the standard names of OpenID Connect Core section 5.1 where
    /// the provider or its preset knows them, and under the provider's own names besides.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        let parse = || serde_json::from_str(&self.claims).unwrap_or_default();
        self.parsed.get_or_init(parse)
    }

    /// The [claims](Self::claims) as the text of a JSON object: for who reads them into a type of their own.
    #[must_use]
    pub fn claims_text(&self) -> &str {
        &self.claims
    }

    /// The user's full name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.text("name")
    }

    /// The name by which the user wishes to be referred to. Not unique, may change.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.text("preferred_username")
    }

    /// The URL of the user's picture.
    #[must_use]
    pub fn picture(&self) -> Option<&str> {
        self.text("picture")
    }

    /// The user's e-mail address, with the trust it deserves.
    #[must_use]
    pub fn email(&self) -> Option<Email<'_>> {
        let address = self.text("email")?;
        Some(match self.email_trust {
            EmailTrust::Verified => Email::Verified(address),
            EmailTrust::Unverified => Email::Unverified(address),
            EmailTrust::Unknown => Email::Unknown(address),
        })
    }

    /// What to call the user: name, else username, else e-mail address, else subject.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.name()
            .or_else(|| self.username())
            .or_else(|| self.text("email"))
            .unwrap_or(&self.subject)
    }

    /// Keeps the text alone: what a login looked up in the claims, the requests of its session may never ask for.
    pub(crate) fn forget_parsed(&mut self) {
        self.parsed = OnceLock::new();
    }

    #[cfg(test)]
    pub(crate) fn is_parsed(&self) -> bool {
        self.parsed.get().is_some()
    }

    pub(crate) const fn email_trust(&self) -> EmailTrust {
        self.email_trust
    }

    fn text(&self, claim: &str) -> Option<&str> {
        self.claims().get(claim)?.as_str().filter(|text| !text.is_empty())
    }
}

/// In what they say, however the claims are written.
impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.is_same_user(other)
            && self.sid() == other.sid()
            && self.email_trust == other.email_trust
            && self.claims() == other.claims()
    }
}

/// Issuer and subject only: a log line about a user should not carry the profile.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("issuer", &self.issuer)
            .field("subject", &self.subject())
            .finish_non_exhaustive()
    }
}
