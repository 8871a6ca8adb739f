//! [`Quirks`]: how a provider departs from the plain protocol, as data.
//!
//! Every departure is acted on in one place of the flow; a preset only fills in the table.

use serde_json::{Map, Value};

/// What a preset knows about a provider. The default is a provider that follows OpenID Connect Core.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Quirks {
    /// Which protocol it speaks.
    pub protocol: Protocol,
    /// How an ID token's `iss` relates to the issuer in the configuration.
    pub issuer: IssuerRule,
    /// How the client authenticates at the token endpoint.
    pub client_authentication: ClientAuthentication,
    /// Whether PKCE parameters may be sent.
    pub pkce: Pkce,
    /// Whether the ID token repeats the `nonce`. Where it does not, none is sent.
    pub nonce: bool,
    /// What separates scopes in the authorization request; RFC 6749 says a space.
    pub scope_delimiter: char,
    /// Parameters that it calls by another name: (standard, its own).
    pub parameter_names: &'static [(&'static str, &'static str)],
    /// Parameters that its authorization request always has.
    pub authorization_parameters: &'static [(&'static str, &'static str)],
    /// How the authorization response comes back.
    pub response_mode: ResponseMode,
    /// A fragment that its authorization URL needs.
    pub authorization_fragment: Option<&'static str>,
    /// How the token request is sent.
    pub token_request: TokenRequest,
    /// How far the token response keeps to RFC 6749 section 5.1.
    pub token_response: TokenResponse,
    /// Errors that its token endpoint tells in a way of its own: the dotted path of a member, the text or number
    /// there, and the code of RFC 6749 section 5.2 that it stands for.
    pub token_errors: &'static [(&'static str, &'static str, &'static str)],
    /// Headers that its endpoints insist on.
    pub headers: &'static [(&'static str, &'static str)],
    /// The header in which its endpoints want the client id besides.
    pub client_id_header: Option<&'static str>,
    /// The scheme under which its API takes the access token; RFC 6750 says `Bearer`.
    pub access_token_scheme: &'static str,
    /// Whether requests for the profile carry `appsecret_proof`, the HMAC-SHA256 of the access token under the
    /// client secret, as the Graph API of Meta wants it.
    pub app_secret_proof: bool,
    /// Whether it signs ID tokens by HS256 with the client secret.
    pub hs256_id_tokens: bool,
    /// Where the profile comes from.
    pub userinfo: UserInfo,
    /// Media types that the profile may have besides `application/json`, and which are JSON all the same.
    pub userinfo_types: &'static [&'static str],
    /// Where in the profile the claims are.
    pub claims: ClaimsMapping,
    /// Whether the first authorization response has the user's name in a form field `user`, as Apple's has. It is not
    /// signed: to show, not to decide.
    pub name_in_response: bool,
    /// Whether its authorization response has a `device_id`, which every token request repeats beside a `state`, as VK
    /// ID wants it.
    pub device_id: bool,
    /// Whether it takes redirect URIs on `https` and a public host alone.
    pub public_redirect_uri: bool,
    /// How a refresh token is asked for.
    pub offline_access: OfflineAccess,
    /// Where access tokens are refreshed; `None` for the token endpoint.
    pub refresh_endpoint: Option<String>,
    /// Where tokens are revoked ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)); `None` as the metadata says.
    pub revocation_endpoint: Option<String>,
    /// How much goes with a revoked token.
    pub revocation: Revocation,
    /// Where the browser is sent to sign out (OpenID Connect RP-Initiated Logout); `None` as the metadata says.
    pub end_session_endpoint: Option<String>,
    /// The claim whose value tells the provider who signs out (`logout_hint`), where it asks for that. It shows in a
    /// URL.
    pub logout_hint: Option<&'static str>,
    /// How it looks on the sign-in page.
    pub brand: Brand,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            protocol: Protocol::OpenIdConnect,
            issuer: IssuerRule::Exact,
            client_authentication: ClientAuthentication::Metadata,
            pkce: Pkce::S256,
            nonce: true,
            scope_delimiter: ' ',
            parameter_names: &[],
            authorization_parameters: &[],
            response_mode: ResponseMode::Query,
            authorization_fragment: None,
            token_request: TokenRequest::Form,
            token_response: TokenResponse::Strict,
            token_errors: &[],
            headers: &[],
            client_id_header: None,
            access_token_scheme: "Bearer",
            app_secret_proof: false,
            hs256_id_tokens: false,
            userinfo: UserInfo::Discovered,
            userinfo_types: &[],
            claims: ClaimsMapping::default(),
            name_in_response: false,
            device_id: false,
            public_redirect_uri: false,
            offline_access: OfflineAccess::Scope("offline_access"),
            refresh_endpoint: None,
            revocation_endpoint: None,
            revocation: Revocation::Token,
            end_session_endpoint: None,
            logout_hint: None,
            brand: Brand::default(),
        }
    }
}

/// Which protocol a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// Identity comes from a signed ID token.
    OpenIdConnect,
    /// Identity comes from an API call with the access token.
    OAuth2,
}

/// How an ID token's `iss` relates to the issuer in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IssuerRule {
    /// They are equal, byte for byte.
    Exact,
    /// The metadata's issuer holds `{tenantid}`, in whose place the token's own `tid` stands.
    TenantTemplate,
}

/// How the client authenticates at the token endpoint
/// ([RFC 6749 section 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// As the metadata says; by the `Authorization` header where it says nothing.
    Metadata,
    /// By the `Authorization` header.
    Basic,
    /// By parameters in the body.
    Body,
}

/// Whether a provider takes PKCE parameters ([RFC 7636](https://www.rfc-editor.org/rfc/rfc7636)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pkce {
    /// It takes them or ignores them; S256 is always sent.
    S256,
    /// It fails when they are sent.
    Unsupported,
}

/// How the authorization response comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseMode {
    /// In the query of a redirect.
    Query,
    /// In a form that the browser posts (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

/// How the token request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenRequest {
    /// `POST` with a form, as RFC 6749 section 4.1.3 says.
    Form,
    /// `POST` with the same members as a JSON object.
    Json,
    /// `GET` with the same parameters in the query.
    Query,
}

/// How far a token response keeps to RFC 6749 section 5.1.
///
/// An error under status 200 and a number of seconds in quotes are understood in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenResponse {
    /// JSON, `token_type` present, scopes separated by spaces.
    Strict,
    /// Also a form-encoded body, any content type, no `token_type`, scopes in an array or separated by
    /// commas, and a lifetime of 0 for a token that does not expire.
    Lenient,
    /// As `Lenient`, and the response is the member at this dotted path.
    Wrapped(&'static str),
}

/// Where the profile comes from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum UserInfo {
    /// The userinfo endpoint of the metadata, where there is one.
    Discovered,
    /// The ID token alone: it holds everything.
    IdToken,
    /// The token response: what it holds besides the members of RFC 6749 section 5.1 and its tokens.
    TokenResponse,
    /// These requests with the access token, in this order.
    Requests(Vec<UserInfoRequest>),
}

/// One request for a part of the profile.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UserInfoRequest {
    /// The absolute URL.
    pub url: String,
    /// The JSON text to `POST`, such as a GraphQL query; `None` for a `GET`.
    pub body: Option<&'static str>,
    /// Whether the access token goes in a form to `POST`, with the client id, and not in the header
    /// ([RFC 6750 section 2.2](https://www.rfc-editor.org/rfc/rfc6750#section-2.2)).
    pub form: bool,
    /// Where the answer goes: `None` for the profile itself, else the member to put it under.
    pub into: Option<&'static str>,
    /// Whether the login fails without it.
    pub required: bool,
}

impl UserInfoRequest {
    /// The request whose answer is the profile.
    #[must_use]
    pub fn profile(url: impl Into<String>) -> Self {
        Self { url: url.into(), body: None, form: false, into: None, required: true }
    }

    /// The request whose answer is the profile, with a JSON text to `POST`.
    #[must_use]
    pub fn post(url: impl Into<String>, body: &'static str) -> Self {
        Self { body: Some(body), ..Self::profile(url) }
    }

    /// The request whose answer is the profile, with the access token in a form to `POST`.
    #[must_use]
    pub fn form(url: impl Into<String>) -> Self {
        Self { form: true, ..Self::profile(url) }
    }

    /// A request whose answer goes under `member`, and which may fail.
    #[must_use]
    pub fn optional(url: impl Into<String>, member: &'static str) -> Self {
        Self { into: Some(member), required: false, ..Self::profile(url) }
    }
}

/// Where in the profile the claims are.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ClaimsMapping {
    /// Dotted path of the stable identifier.
    pub subject: &'static str,
    /// Standard claims by dotted path: (claim, path).
    pub names: &'static [(&'static str, &'static str)],
    /// How the e-mail address is found and how far it is trusted.
    pub email: EmailRule,
    /// What no table can say.
    pub adjust: Option<fn(&mut Map<String, Value>)>,
}

impl Default for ClaimsMapping {
    fn default() -> Self {
        Self { subject: "sub", names: &[], email: EmailRule::VerifiedClaim, adjust: None }
    }
}

/// How an e-mail address is found and how far it is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmailRule {
    /// As `email_verified` says: JSON `true` is verified, `false` is unverified, all else is unknown.
    VerifiedClaim,
    /// The same, and the text `"true"` is verified too, as some providers write it.
    VerifiedClaimOrText,
    /// The provider hands out checked addresses only.
    AlwaysVerified,
    /// The provider never checks, or anybody can set the claim.
    NeverVerified,
    /// The address that a list at this dotted path marks `primary` and `verified`.
    PrimaryOf(&'static str),
}

/// How a refresh token is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OfflineAccess {
    /// By this scope (OpenID Connect Core section 11).
    Scope(&'static str),
    /// By this scope alone, without a `prompt` for consent.
    ScopeAlone(&'static str),
    /// By these parameters of the authorization request.
    Parameters(&'static [(&'static str, &'static str)]),
    /// Not at all: it gives one anyway, or never does.
    NotAsked,
}

/// How much goes with a revoked token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Revocation {
    /// The token, and what was issued with it.
    Token,
    /// All that the user ever granted to this client, on every device. A sign-out on one of them then revokes
    /// nothing.
    Consent,
}

/// How a provider looks on the sign-in page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Brand {
    /// The content of an SVG element with the view box `0 0 24 24`.
    pub icon: Option<&'static str>,
    /// The colour of what in the icon is `currentColor`, as in `#5865F2`; without one, that of the text around it. Brands whose
    /// colour cannot be told from a light or a dark page (a contrast below 3) have none.
    pub color: Option<&'static str>,
}

impl Brand {
    /// A brand with this icon.
    #[must_use]
    pub const fn with_icon(icon: &'static str) -> Self {
        Self { icon: Some(icon), color: None }
    }

    /// The same in this colour.
    #[must_use]
    pub const fn color(mut self, color: &'static str) -> Self {
        self.color = Some(color);
        self
    }
}
