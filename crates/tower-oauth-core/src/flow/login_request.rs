//! [`LoginRequest`]: what one login asks for: where it ends, and what it needs beyond other logins at its provider.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::key_ring::{KeyRing, Purpose};
use crate::random::{Random, RandomUnavailable};
use crate::return_to::ReturnTo;
use crate::session::StoreKey;

/// How long a sealed request may wait to be used: it is made when a page asks for it, and followed at once.
const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// What one login asks for.
///
/// Most ask for nothing but their target, which a [`ReturnTo`] becomes by itself. What it asks of the provider is decided
/// by the application's routes, never by parameters of a request: it travels [sealed](Self::seal).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoginRequest {
    /// Where the browser goes when it succeeds.
    pub return_to: ReturnTo,
    /// Scopes besides those in the provider's settings
    /// ([RFC 6749 section 3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
    pub scopes: Vec<String>,
    /// Longest time since the user proved to the provider who they are (OpenID Connect Core section 3.1.2.1). The
    /// login fails if the ID token does not say so.
    pub max_age: Option<Duration>,
    /// Ways of proving it, of which one is needed (OpenID Connect Core section 3.1.2.1). As for `max_age`.
    pub acr_values: Vec<String>,
    /// What the provider is to ask the user, though it might not need to.
    pub prompt: Option<Prompt>,
    /// The one user who may answer. Everybody else fails.
    pub user: Option<ExpectedUser>,
    /// The session that the connection is added to, in place of a new session.
    pub connect_to: Option<StoreKey>,
    /// The user that whoever sends the browser has in mind (OpenID Connect Core section 3.1.2.1), as an e-mail address.
    /// Nothing relies on it.
    pub login_hint: Option<String>,
    /// Whether the login happens in a window of its own, which closes itself at the end.
    pub popup: bool,
    /// How many logins of this browser came just before, each started because of the one before.
    pub round: u8,
}

/// What a provider is to ask the user (OpenID Connect Core section 3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Prompt {
    /// Who they are.
    Login,
    /// Whether they agree.
    Consent,
    /// Which account.
    SelectAccount,
}

/// Who is to answer a login: told apart as every user is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExpectedUser {
    /// Who vouches for the user.
    #[serde(rename = "i")]
    pub issuer: String,
    /// The user's identifier there.
    #[serde(rename = "s")]
    pub subject: String,
}

/// The sealed form, of which an attempt holds one too. Short names, and nothing where nothing is asked for.
#[derive(Serialize, Deserialize)]
pub(super) struct SealedRequest<'a> {
    r: Cow<'a, str>,
    #[serde(rename = "sc", default, skip_serializing_if = "slice_is_empty")]
    scopes: Cow<'a, [String]>,
    #[serde(rename = "ma", default, skip_serializing_if = "Option::is_none")]
    max_age: Option<Duration>,
    #[serde(rename = "ac", default, skip_serializing_if = "slice_is_empty")]
    acr_values: Cow<'a, [String]>,
    #[serde(rename = "pr", default, skip_serializing_if = "Option::is_none")]
    prompt: Option<Prompt>,
    #[serde(rename = "us", default, skip_serializing_if = "Option::is_none")]
    user: Option<Cow<'a, ExpectedUser>>,
    #[serde(rename = "ct", default, skip_serializing_if = "Option::is_none")]
    connect_to: Option<Cow<'a, str>>,
    #[serde(rename = "lh", default, skip_serializing_if = "Option::is_none")]
    login_hint: Option<Cow<'a, str>>,
    #[serde(rename = "po", default, skip_serializing_if = "is_default")]
    popup: bool,
    #[serde(rename = "ro", default, skip_serializing_if = "is_default")]
    round: u8,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn slice_is_empty(values: &[String]) -> bool {
    values.is_empty()
}

#[derive(Serialize, Deserialize)]
struct Sealed<'a> {
    e: Timestamp,
    #[serde(flatten)]
    request: SealedRequest<'a>,
}

impl LoginRequest {
    /// Seals the request for the provider with the key `provider`, so that it can travel in a URL and nobody but this
    /// application can make one. `context` ties it to the application, as in its base URL. It ends ten minutes from
    /// `now`.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub fn seal(
        &self,
        keys: &KeyRing,
        context: &str,
        provider: &str,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<String, RandomUnavailable> {
        let sealed = Sealed { e: now + LIFETIME, request: self.into() };
        let plaintext = serde_json::to_vec(&sealed).map_err(|_| RandomUnavailable)?;
        let context = bound_context(context, provider);
        let sealed = keys.seal(Purpose::LoginRequest, context.as_bytes(), &plaintext, random)?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Opens what [`seal`](Self::seal) made for the same application and provider, unless it has ended.
    #[must_use]
    pub fn open(
        keys: &KeyRing,
        context: &str,
        provider: &str,
        now: Timestamp,
        sealed: &str,
    ) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let context = bound_context(context, provider);
        let plaintext = keys.open(Purpose::LoginRequest, context.as_bytes(), sealed)?;
        let Sealed { e, request } = serde_json::from_slice(&plaintext).ok()?;
        (now < e).then(|| request.into())
    }

    /// Whether the login has to prove more than who the user is.
    pub(crate) fn is_step_up(&self) -> bool {
        self.max_age.is_some() || !self.acr_values.is_empty()
    }
}

/// The request of a login that asks for nothing but to end there.
impl From<ReturnTo> for LoginRequest {
    fn from(return_to: ReturnTo) -> Self {
        Self {
            return_to,
            scopes: Vec::new(),
            max_age: None,
            acr_values: Vec::new(),
            prompt: None,
            user: None,
            connect_to: None,
            login_hint: None,
            popup: false,
            round: 0,
        }
    }
}

impl<'a> From<&'a LoginRequest> for SealedRequest<'a> {
    fn from(request: &'a LoginRequest) -> Self {
        Self {
            r: request.return_to.as_str().into(),
            scopes: request.scopes.as_slice().into(),
            max_age: request.max_age,
            acr_values: request.acr_values.as_slice().into(),
            prompt: request.prompt,
            user: request.user.as_ref().map(Cow::Borrowed),
            connect_to: request.connect_to.map(|key| key.to_string().into()),
            login_hint: request.login_hint.as_deref().map(Cow::Borrowed),
            popup: request.popup,
            round: request.round,
        }
    }
}

impl From<SealedRequest<'_>> for LoginRequest {
    fn from(sealed: SealedRequest<'_>) -> Self {
        Self {
            return_to: ReturnTo::from_sealed(sealed.r.into_owned()),
            scopes: sealed.scopes.into_owned(),
            max_age: sealed.max_age,
            acr_values: sealed.acr_values.into_owned(),
            prompt: sealed.prompt,
            user: sealed.user.map(Cow::into_owned),
            connect_to: sealed.connect_to.and_then(|key| StoreKey::parse(&key)),
            login_hint: sealed.login_hint.map(Cow::into_owned),
            popup: sealed.popup,
            round: sealed.round,
        }
    }
}

impl Prompt {
    /// The value of the parameter `prompt`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }
}

impl ExpectedUser {
    /// The user with this `subject` at `issuer`.
    #[must_use]
    pub fn new(issuer: impl Into<String>, subject: impl Into<String>) -> Self {
        Self { issuer: issuer.into(), subject: subject.into() }
    }
}

fn bound_context(context: &str, provider: &str) -> String {
    format!("{context}\n{provider}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Counter, secret};

    #[test]
    fn a_sealed_request_opens_for_its_provider_and_application_until_it_ends() {
        let random = Counter::default();
        let keys = KeyRing::new("secret", &secret("of this test")).unwrap();
        let mut request = LoginRequest::from(ReturnTo::parse("/a?b", "/auth").unwrap());
        request.scopes = vec!["repo".into()];
        request.max_age = Some(Duration::from_secs(60));
        request.acr_values = vec!["mfa".into()];
        request.prompt = Some(Prompt::SelectAccount);
        request.user = Some(ExpectedUser::new("https://op", "1"));
        let now = Timestamp::from_unix_seconds(1000);
        let sealed = request.seal(&keys, "https://app", "op", now, &random).unwrap();
        let open = |context, provider, seconds| {
            LoginRequest::open(
                &keys,
                context,
                provider,
                Timestamp::from_unix_seconds(seconds),
                &sealed,
            )
        };
        assert_eq!(open("https://app", "op", 1599), Some(request));
        assert_eq!(open("https://app", "op", 1600), None);
        assert_eq!(open("https://app", "other", 1000), None);
        assert_eq!(open("https://other", "op", 1000), None);
    }
}
