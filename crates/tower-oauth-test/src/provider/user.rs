//! Who can sign in at the provider.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// A user of a [`FakeProvider`](crate::FakeProvider): a subject identifier and claims about it.
///
/// The subject of the two built-in users differs from their username on purpose: an application that
/// takes one for the other is caught.
#[derive(Clone, Debug, PartialEq)]
pub struct TestUser {
    subject: String,
    claims: Map<String, Value>,
}

/// The claims that scope `profile` asks for
/// ([OpenID Connect Core section 5.4](https://openid.net/specs/openid-connect-core-1_0.html#ScopeClaims)).
const PROFILE: [&str; 14] = [
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
];

/// The claims that scope `email` asks for.
const EMAIL: [&str; 2] = ["email", "email_verified"];

impl TestUser {
    /// A user about whom nothing but `subject` (claim `sub`) is known.
    #[must_use]
    pub fn new(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), claims: Map::new() }
    }

    /// Alice Liddell: subject `sub-alice`, username `alice`, with a verified email address.
    #[must_use]
    pub fn alice() -> Self {
        Self::standard("alice", "Alice", "Liddell", "en-GB", "#7c4dbe")
            .with_claim("email_verified", true)
    }

    /// Bob Builder: subject `sub-bob`, username `bob`. Nobody verified his email address.
    #[must_use]
    pub fn bob() -> Self {
        Self::standard("bob", "Bob", "Builder", "de-DE", "#0f766e")
            .with_claim("email_verified", false)
    }

    fn standard(username: &str, given: &str, family: &str, locale: &str, color: &str) -> Self {
        // A data: URL, so that a page showing it loads nothing from elsewhere.
        let initial = given.chars().next().unwrap_or('?');
        let picture = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 64 64'>\
             <rect width='64' height='64' fill='{color}'/>\
             <text x='32' y='43' font-family='sans-serif' font-size='32' fill='#fff' \
             text-anchor='middle'>{initial}</text></svg>"
        );
        Self::new(format!("sub-{username}"))
            .with_claim("name", format!("{given} {family}"))
            .with_claim("given_name", given)
            .with_claim("family_name", family)
            .with_claim("preferred_username", username)
            .with_claim("email", format!("{username}@example.com"))
            .with_claim(
                "picture",
                format!("data:image/svg+xml;base64,{}", STANDARD.encode(picture)),
            )
            .with_claim("locale", locale)
    }

    /// Adds the claim `name` or replaces it.
    ///
    /// A standard claim is released for the scope that names it (`profile`, `email`), any other claim
    /// for every request of scope `openid`.
    #[must_use]
    pub fn with_claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// The claim `sub`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Every claim except `sub`.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    /// What a page calls this user.
    pub(super) fn display_name(&self) -> &str {
        self.text("name").or_else(|| self.text("preferred_username")).unwrap_or(&self.subject)
    }

    /// The second line under the name on a page.
    pub(super) fn detail(&self) -> &str {
        self.text("email").unwrap_or(&self.subject)
    }

    /// Whether `hint` is this user's subject or username.
    pub(super) fn is_called(&self, hint: &str) -> bool {
        self.subject == hint || self.text("preferred_username") == Some(hint)
    }

    /// The claims that `scope` releases, without `sub`.
    pub(super) fn released_for(&self, scope: &[String]) -> Map<String, Value> {
        let asked = |name: &str| scope.iter().any(|value| value == name);
        let released = |claim: &str| {
            if PROFILE.contains(&claim) {
                asked("profile")
            } else if EMAIL.contains(&claim) {
                asked("email")
            } else {
                true
            }
        };
        let claims = self.claims.iter().filter(|(name, _)| released(name));
        claims.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}
