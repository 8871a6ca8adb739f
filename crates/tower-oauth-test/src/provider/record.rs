//! What a provider was asked: the record a test looks at afterwards.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri};

/// An endpoint of a [`FakeProvider`](crate::FakeProvider), under the name its standard gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// The provider's metadata, `/.well-known/openid-configuration` (OpenID Connect Discovery section 4).
    Metadata,
    /// The provider's public keys, `/jwks` (RFC 7517 section 5).
    Jwks,
    /// The authorization endpoint, `/authorize` (RFC 6749 section 3.1).
    Authorization,
    /// Where the authorization endpoint's page sends the user's choice, `/authorize/decision`.
    Decision,
    /// The token endpoint, `/token` (RFC 6749 section 3.2), asked for anything but a refresh.
    Token,
    /// The same token endpoint, asked to refresh an access token (RFC 6749 section 6).
    Refresh,
    /// The `UserInfo` endpoint, `/userinfo` (OpenID Connect Core section 5.3).
    UserInfo,
    /// The revocation endpoint, `/revoke` (RFC 7009).
    Revocation,
    /// The logout endpoint, `/end-session` (OpenID Connect RP-Initiated Logout section 2).
    EndSession,
    /// Any other path, and every path of a host that is not a provider.
    Other,
}

impl Endpoint {
    pub(super) const ALL: [Self; 8] = [
        Self::Metadata,
        Self::Jwks,
        Self::Authorization,
        Self::Decision,
        Self::Token,
        Self::UserInfo,
        Self::Revocation,
        Self::EndSession,
    ];

    /// The path below the issuer.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Metadata => "/.well-known/openid-configuration",
            Self::Jwks => "/jwks",
            Self::Authorization => "/authorize",
            Self::Decision => "/authorize/decision",
            Self::Token | Self::Refresh => "/token",
            Self::UserInfo => "/userinfo",
            Self::Revocation => "/revoke",
            Self::EndSession => "/end-session",
            Self::Other => "",
        }
    }
}

/// Decoded `application/x-www-form-urlencoded` parameters of a query or a form, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The first value of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Every name and value, repeated names included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Like [`get`](Self::get), but a parameter without a value counts as omitted (RFC 6749 section 3.1).
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    pub(super) fn is_repeated(&self, name: &str) -> bool {
        self.iter().filter(|(key, _)| *key == name).count() > 1
    }

    pub(super) fn any_repeated(&self) -> bool {
        self.iter().any(|(name, _)| self.is_repeated(name))
    }
}

/// One request as it arrived.
#[derive(Clone)]
pub struct RecordedRequest {
    endpoint: Endpoint,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl RecordedRequest {
    pub(crate) fn new(endpoint: Endpoint, request: &Request<Bytes>) -> Self {
        Self {
            endpoint,
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
            body: request.body().clone(),
        }
    }

    /// Which endpoint it went to.
    #[must_use]
    pub const fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    /// Its method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// Its target: absolute from an in-process client, path and query from a socket.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Its headers.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Its body.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The parameters of its query.
    #[must_use]
    pub fn query(&self) -> Parameters {
        Parameters::parse(self.uri.query().unwrap_or_default().as_bytes())
    }

    /// The parameters of its body, read as a form.
    #[must_use]
    pub fn form(&self) -> Parameters {
        Parameters::parse(&self.body)
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("endpoint", &self.endpoint)
            .field("method", &self.method)
            .field("uri", &self.uri)
            .field("headers", &self.headers)
            .field("body", &String::from_utf8_lossy(&self.body))
            .finish()
    }
}
