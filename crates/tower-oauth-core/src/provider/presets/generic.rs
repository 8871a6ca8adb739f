//! Providers without a preset: any OpenID provider, any plain OAuth 2.0 provider.

use crate::jose::Algorithm;
use crate::provider::{
    ClientAuthentication, EmailRule, Endpoints, Protocol, Provider, Quirks, TokenResponse,
    UserInfo, UserInfoRequest,
};
use crate::secret::ClientSecret;

/// Any OpenID provider, found by its issuer (OpenID Connect Discovery).
///
/// Asks for `openid profile email`. Its key is `oidc`; give it another with
/// [`key`](Provider::key) if there are several.
pub fn oidc(
    issuer: impl Into<String>,
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    Provider {
        key: "oidc".into(),
        display_name: "OpenID Connect".into(),
        issuer: issuer.into().into(),
        client_id: client_id.into(),
        client_secret: client_secret.into(),
        client_key: None,
        endpoints: Endpoints::Discovered,
        scopes: ["openid", "profile", "email"].map(Into::into).to_vec(),
        offline_access: false,
        authorization_parameters: Vec::new(),
        id_token_algorithms: Algorithm::DEFAULT.to_vec(),
        tenants: Vec::new(),
        how_to_register: None,
        required_claims: Vec::new(),
        quirks: Quirks::default(),
    }
}

/// Any OAuth 2.0 provider without OpenID Connect: identity comes from `userinfo_endpoint`,
/// which answers with a JSON object for the user that the access token belongs to.
///
/// Asks for no scopes, sends the client secret in the body, takes the member `sub` for the stable
/// identifier and trusts no e-mail address; [`quirks`](Provider::quirks) changes each. The issuer, which users
/// are told apart by, is the origin of the authorization endpoint; where two providers are on one origin, give one
/// another with [`with_issuer`](Provider::with_issuer).
///
/// ```
/// use tower_oauth_core::provider::ClientAuthentication;
/// use tower_oauth_core::providers;
///
/// let provider = providers::oauth2(
///     "https://forge.example/oauth/authorize",
///     "https://forge.example/oauth/token",
///     "https://forge.example/api/user",
///     "client id",
///     "client secret",
/// )
/// .key("forge")
/// .scopes(["user:read"])
/// .quirks(|quirks| {
///     quirks.client_authentication = ClientAuthentication::Basic;
///     quirks.claims.subject = "id";
/// });
/// assert!(provider.validate().is_ok());
/// ```
pub fn oauth2(
    authorization_endpoint: impl Into<String>,
    token_endpoint: impl Into<String>,
    userinfo_endpoint: impl Into<String>,
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    let authorization = authorization_endpoint.into();
    let issuer = url::Url::parse(&authorization)
        .map_or_else(|_| authorization.clone(), |url| url.origin().ascii_serialization());
    let mut provider = oidc(issuer, client_id, client_secret);
    provider.key = "oauth2".into();
    provider.display_name = "OAuth 2.0".into();
    provider.endpoints = Endpoints::Fixed { authorization, token: token_endpoint.into() };
    provider.scopes = Vec::new();
    provider.quirks.protocol = Protocol::OAuth2;
    provider.quirks.client_authentication = ClientAuthentication::Body;
    provider.quirks.token_response = TokenResponse::Lenient;
    provider.quirks.userinfo =
        UserInfo::Requests(vec![UserInfoRequest::profile(userinfo_endpoint)]);
    provider.quirks.claims.email = EmailRule::NeverVerified;
    provider
}

impl Provider {
    /// The issuer that a plain OAuth 2.0 provider names in its authorization responses (RFC 9207), and that
    /// its users' identities belong to.
    pub fn with_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = issuer.into().into();
        self
    }
}
