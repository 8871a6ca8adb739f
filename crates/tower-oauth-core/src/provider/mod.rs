//! [`Provider`]: what the application is registered as, and at whom.

mod client_key;
mod issuer;
mod preset;
pub mod presets;
mod quirks;
pub(crate) mod settings;

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
pub use client_key::ClientKey;
pub(crate) use issuer::same_origin;
pub use preset::{Group, Place, Preset, Registration};
pub use quirks::{
    Brand, ClaimsMapping, ClientAuthentication, EmailRule, IssuerRule, OfflineAccess, Pkce,
    Protocol, Quirks, ResponseMode, Revocation, TokenRequest, TokenResponse, UserInfo,
    UserInfoRequest,
};

use serde_json::Value;

use crate::identity::Identity;
use crate::jose::Algorithm;
use crate::secret::{ClientSecret, sha256};

/// One provider that users can sign in with: its preset's facts and this application's registration there.
///
/// Made by a function of [`presets`] and refined by its methods; checked as a whole when the
/// application starts.
///
/// ```
/// use tower_oauth_core::providers;
///
/// let provider = providers::oidc("https://id.example", "client id", "client secret")
///     .key("acme")
///     .display_name("Acme")
///     .scopes(["openid", "profile", "email"]);
/// assert_eq!(provider.login_key(), "acme");
/// ```
#[derive(Clone)]
#[must_use]
pub struct Provider {
    /// Shared with the sessions that begin here, as the issuer is.
    pub(crate) key: Arc<str>,
    pub(crate) display_name: String,
    pub(crate) issuer: Arc<str>,
    pub(crate) client_id: String,
    pub(crate) client_secret: ClientSecret,
    /// What makes the secrets, where the provider wants new ones.
    pub(crate) client_key: Option<ClientKey>,
    pub(crate) endpoints: Endpoints,
    pub(crate) scopes: Vec<String>,
    pub(crate) offline_access: bool,
    pub(crate) authorization_parameters: Vec<(String, String)>,
    pub(crate) id_token_algorithms: Vec<Algorithm>,
    pub(crate) tenants: Vec<String>,
    pub(crate) how_to_register: Option<Registration>,
    pub(crate) required_claims: Vec<(String, Vec<String>)>,
    pub(crate) quirks: Quirks,
}

/// Where a provider answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoints {
    /// As its metadata says, found below the issuer (OpenID Connect Discovery section 4).
    Discovered,
    /// As its documentation says.
    Fixed { authorization: String, token: String },
}

impl Provider {
    /// Another key than the preset's. The key names the provider in paths, as in `/auth/login/github`:
    /// lower-case letters, digits and hyphens.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into().into();
        self
    }

    /// Another name than the preset's for the sign-in page.
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = name.into();
        self
    }

    /// Asks for these scopes in place of the preset's
    /// ([RFC 6749 section 3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Asks for a refresh token, in the way this provider wants to be asked.
    pub fn offline_access(mut self) -> Self {
        self.offline_access = true;
        self
    }

    /// Adds a parameter to the authorization request, such as `prompt` or `hd`. The parameters of the
    /// protocol itself cannot be set.
    pub fn authorization_parameter(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.authorization_parameters.push((name.into(), value.into()));
        self
    }

    /// Accepts ID tokens signed with these algorithms only. Default: RS256, PS256, ES256, ES384
    /// and `EdDSA`.
    pub fn id_token_algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.id_token_algorithms = algorithms.into_iter().collect();
        self
    }

    /// Lets in users of these tenants only, where one issuer stands for many
    /// ([`IssuerRule::TenantTemplate`]): the ID token's `tid`, byte for byte. Default: users of any tenant.
    pub fn tenants<S: Into<String>>(mut self, tenants: impl IntoIterator<Item = S>) -> Self {
        self.tenants = tenants.into_iter().map(Into::into).collect();
        self
    }

    /// Lets in users only whose claim `name` is one of `values`, or a list with one of them in it, such as a group. Where
    /// it is missing, or of another type, nobody is let in. May be called for several claims, which then all count.
    ///
    /// An ID token's own word goes before that of the userinfo endpoint.
    pub fn require_claim<S: Into<String>>(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = S>,
    ) -> Self {
        self.required_claims.push((name.into(), values.into_iter().map(Into::into).collect()));
        self
    }

    /// Changes what the preset knows about the provider, for one that has no preset yet.
    pub fn quirks(mut self, change: impl FnOnce(&mut Quirks)) -> Self {
        change(&mut self.quirks);
        self
    }

    /// Tells what whoever registers an application there needs.
    pub(crate) const fn registered(mut self, how: Registration) -> Self {
        self.how_to_register = Some(how);
        self
    }

    /// What whoever registers an application there needs; `None` for a provider without a preset.
    #[must_use]
    pub const fn how_to_register(&self) -> Option<&Registration> {
        self.how_to_register.as_ref()
    }

    /// Whether `secret` is this client's, which then cannot be a secret of anything else.
    #[must_use]
    pub fn is_client_secret(&self, secret: &[u8]) -> bool {
        std::str::from_utf8(secret).is_ok_and(|secret| self.client_secret == secret.into())
    }

    /// What the quirks of this provider give up, a sentence each, for the log at start.
    pub fn dangers(&self) -> impl Iterator<Item = &'static str> {
        let has_nonce = self.quirks.protocol == Protocol::OpenIdConnect && self.quirks.nonce;
        [
            // RFC 9700 section 4.5.
            (self.quirks.pkce == Pkce::Unsupported && !has_nonce).then_some(
                "neither PKCE nor a nonce: a stolen code can be brought into another login",
            ),
            // RFC 6749 section 2.3.1.
            (self.quirks.token_request == TokenRequest::Query)
                .then_some("the client secret travels in a URL, which servers on the way may log"),
        ]
        .into_iter()
        .flatten()
    }

    /// Whether the metadata and keys of `other` are read as this provider's would be.
    pub(crate) fn discovers_as(&self, other: &Self) -> bool {
        self.endpoints == Endpoints::Discovered
            && other.endpoints == Endpoints::Discovered
            && self.issuer == other.issuer
            && self.quirks.issuer == other.quirks.issuer
            && self.quirks.pkce == other.quirks.pkce
            && self.quirks.headers == other.quirks.headers
    }

    /// Whether a refresh token is asked for: by [`offline_access`](Self::offline_access), or by its scope.
    #[must_use]
    pub fn asks_for_refresh_token(&self) -> bool {
        let is_its_scope = |scope: &String| match self.quirks.offline_access {
            OfflineAccess::Scope(name) | OfflineAccess::ScopeAlone(name) => scope == name,
            OfflineAccess::Parameters(_) | OfflineAccess::NotAsked => false,
        };
        self.offline_access || self.scopes.iter().any(is_its_scope)
    }

    /// Whether `other` is another server under the same issuer, so that users of the two, who are told apart by
    /// issuer and subject, could be taken for each other.
    #[must_use]
    pub fn shares_issuer_with_another_server(&self, other: &Self) -> bool {
        self.issuer == other.issuer && self.endpoints != other.endpoints
    }

    /// The claim that keeps a user with these `claims` out, if one does.
    pub(crate) fn unmet_claim(&self, identity: &Identity) -> Option<&str> {
        let is_met = |name: &str, values: &[String]| {
            let is_one = |value: &Value| values.iter().any(|it| value == it.as_str());
            identity.claims().get(name).is_some_and(|claim| match claim {
                Value::Array(list) => list.iter().any(is_one),
                claim => is_one(claim),
            })
        };
        let unmet = self.required_claims.iter().find(|(name, values)| !is_met(name, values));
        unmet.map(|(name, _)| name.as_str())
    }

    /// Names this registration: the server and the client, not what the client proves itself by. Whoever starts a
    /// login and whoever finishes it must agree on it.
    pub(crate) fn registration(&self) -> String {
        let Self { issuer, client_id, endpoints, .. } = self;
        let (authorization, token) = match endpoints {
            Endpoints::Discovered => ("", ""),
            Endpoints::Fixed { authorization, token } => (&**authorization, &**token),
        };
        // None of them can hold a line break.
        let hash = sha256([issuer, &**client_id, authorization, token].join("\n").as_bytes());
        let (start, _) = hash.split_at(9);
        URL_SAFE_NO_PAD.encode(start)
    }

    /// The key that names the provider in paths.
    #[must_use]
    pub fn login_key(&self) -> &str {
        &self.key
    }

    /// The name for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.display_name
    }

    /// The issuer identifier; for a plain OAuth 2.0 provider the `iss` of its authorization responses.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// How the provider looks on the sign-in page.
    #[must_use]
    pub const fn brand(&self) -> &Brand {
        &self.quirks.brand
    }

    /// Whether a sign-out revokes the tokens of the session, where there is an endpoint for it.
    #[must_use]
    pub fn revokes_at_logout(&self) -> bool {
        self.quirks.revocation == Revocation::Token
    }

    /// Whether it takes redirect URIs on `https` and a public host alone.
    #[must_use]
    pub const fn needs_public_redirect_uri(&self) -> bool {
        self.quirks.public_redirect_uri
    }

    /// Whether it speaks OpenID Connect, and with that can sign users out and tell that they did.
    #[must_use]
    pub fn speaks_openid_connect(&self) -> bool {
        self.quirks.protocol == Protocol::OpenIdConnect
    }

    /// How the provider sends its authorization responses.
    #[must_use]
    pub const fn response_mode(&self) -> ResponseMode {
        self.quirks.response_mode
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("key", &self.key)
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}
