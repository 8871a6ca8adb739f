//! The token endpoint ([RFC 6749 section 3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)), for whatever grant is
//! presented: the request in the provider's shape, the response as a [`TokenSet`].

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse,
    BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, EndpointNotSet, ExtraTokenFields, RequestTokenError,
    StandardRevocableToken, StandardTokenResponse, TokenResponse as _,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::token_response;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::discovery::Metadata;
use crate::error::{Error, ErrorKind, ProviderCode};
use crate::http_client::Limits;
use crate::provider::{ClientAuthentication, TokenRequest};
use crate::secret::{RawIdToken, RefreshToken};
use crate::session::TokenSet;

const LIMITS: Limits = Limits::new(Duration::from_secs(15), 256 * 1024);

/// What a token response holds besides the tokens of RFC 6749: the ID token (OpenID Connect Core section 3.1.3.3), and
/// the profile, where the provider tells it here.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MoreFields {
    id_token: Option<String>,
    pub(super) profile: Option<Map<String, Value>>,
}

impl ExtraTokenFields for MoreFields {}

type Response = StandardTokenResponse<MoreFields, BasicTokenType>;

/// The `oauth2` crate's client with our kind of response. The last parameters are the endpoints it knows.
pub(super) type Protocol<Revocation = EndpointNotSet, Token = EndpointNotSet> = oauth2::Client<
    BasicErrorResponse,
    Response,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    Revocation,
    Token,
>;

impl Client {
    /// This client with its credentials, as the `oauth2` crate sees it.
    pub(super) fn protocol(&self, metadata: &Metadata) -> Protocol {
        let authentication = match self.provider.quirks.client_authentication {
            ClientAuthentication::Metadata => metadata.client_authentication,
            preset => preset,
        };
        let provider = &self.provider;
        let made = provider.client_key.as_ref().map(|key| {
            let now = self.environment.clock.now();
            // A client without a secret is refused by the provider, with an error that says so.
            key.secret(&provider.client_id, &provider.issuer, now).unwrap_or_default()
        });
        let secret =
            made.map_or_else(|| provider.client_secret.secret().to_owned(), |it| it.to_string());
        Protocol::new(ClientId::new(self.provider.client_id.clone()))
            .set_client_secret(oauth2::ClientSecret::new(secret))
            .set_auth_type(match authentication {
                ClientAuthentication::Body => AuthType::RequestBody,
                ClientAuthentication::Basic | ClientAuthentication::Metadata => AuthType::BasicAuth,
            })
    }
}

/// The token endpoint as the `oauth2` crate sees it: plain RFC 6749, whatever the provider does.
pub(super) struct TokenEndpoint<'a>(pub(super) &'a Client);

impl<'c> AsyncHttpClient<'c> for TokenEndpoint<'_> {
    type Error = Failed;
    type Future =
        Pin<Box<dyn Future<Output = Result<http::Response<Vec<u8>>, Failed>> + Send + 'c>>;

    fn call(&'c self, request: http::Request<Vec<u8>>) -> Self::Future {
        Box::pin(async move {
            let quirks = &self.0.provider.quirks;
            let mut request = shape(request, quirks.token_request, quirks.parameter_names)?;
            if let Some(credentials) = request.headers_mut().get_mut(AUTHORIZATION) {
                credentials.set_sensitive(true);
            }
            let response = self.0.send(request, LIMITS, ErrorKind::TokenEndpoint).await?;
            Ok(token_response::normalise(&response, quirks)?)
        })
    }
}

/// The tokens of `response` to a request of `asked_at`. `scopes` are those that no answer about scopes means.
pub(super) fn token_set(
    client: &Client,
    response: &Response,
    asked_at: Timestamp,
    scopes: impl FnOnce() -> Arc<[String]>,
) -> TokenSet {
    TokenSet {
        access_token: response.access_token().secret().as_str().into(),
        obtained: asked_at,
        expires: response.expires_in().map(|lifetime| asked_at + lifetime),
        refresh_token: response
            .refresh_token()
            .map(|token| RefreshToken::new(token.secret().as_str())),
        refresh_not_before: None,
        id_token: response.extra_fields().id_token.as_deref().map(RawIdToken::new),
        scopes: match response.scopes() {
            Some(scopes) => {
                let named = scopes.iter().map(|scope| scope.as_str());
                client.shared_scopes(&named.filter(|scope| !scope.is_empty()).collect::<Vec<_>>())
            }
            None => scopes(),
        },
    }
}

/// What went wrong. `refused` is the kind for a grant that the endpoint does not accept, and says so.
pub(super) fn request_error(
    error: RequestTokenError<Failed, BasicErrorResponse>,
    refused: (ErrorKind, &'static str),
) -> Error {
    const CLIENT: (ErrorKind, &str) = (
        ErrorKind::ClientRejected,
        "the token endpoint refused the client id or secret; check both",
    );
    match error {
        RequestTokenError::Request(Failed(error)) => error,
        RequestTokenError::ServerResponse(response) => {
            let code = response.error();
            let (kind, reason) = match code {
                BasicErrorResponseType::InvalidGrant => refused,
                BasicErrorResponseType::InvalidClient => CLIENT,
                BasicErrorResponseType::Extension(code) => match code.as_str() {
                    // What GitHub says for them.
                    "bad_verification_code" | "bad_refresh_token" => refused,
                    "incorrect_client_credentials" => CLIENT,
                    _ => (ErrorKind::TokenEndpoint, "the token endpoint answered with an error"),
                },
                _ => (ErrorKind::TokenEndpoint, "the token endpoint answered with an error"),
            };
            Error::new(kind, reason).with_provider_code(ProviderCode::parse(code.as_ref()))
        }
        // The crate's own error would show the raw body.
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            Error::new(ErrorKind::TokenEndpoint, "the token endpoint's answer cannot be read")
        }
    }
}

/// Puts a form request into the shape that the provider wants.
fn shape(
    request: http::Request<Vec<u8>>,
    shape: TokenRequest,
    names: &[(&str, &str)],
) -> Result<http::Request<Bytes>, Error> {
    let (mut parts, body) = request.into_parts();
    if shape == TokenRequest::Form && names.is_empty() {
        return Ok(http::Request::from_parts(parts, body.into()));
    }
    let rename = |name: &str| {
        names.iter().find(|(standard, _)| *standard == name).map_or(name, |n| n.1).to_owned()
    };
    let pairs: Vec<(String, String)> = form_urlencoded::parse(&body)
        .map(|(name, value)| (rename(&name), value.into_owned()))
        .collect();
    parts.headers.remove(CONTENT_LENGTH);
    let body = match shape {
        TokenRequest::Form => {
            form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
        }
        TokenRequest::Json => {
            parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let object: Map<_, _> =
                pairs.into_iter().map(|(name, value)| (name, value.into())).collect();
            Value::Object(object).to_string()
        }
        TokenRequest::Query => {
            parts.method = http::Method::GET;
            parts.headers.remove(CONTENT_TYPE);
            let mut url = Url::parse(&parts.uri.to_string()).map_err(unusable)?;
            url.query_pairs_mut().extend_pairs(pairs);
            parts.uri = url.as_str().parse().map_err(unusable)?;
            String::new()
        }
    };
    Ok(http::Request::from_parts(parts, body.into()))
}

/// Carries our error through the `oauth2` crate.
#[derive(Debug)]
pub(super) struct Failed(pub(super) Error);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Failed {}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

/// For an address that was checked when it was read, which only another reader can find fault with.
pub(super) fn unusable<E>(_: E) -> Error {
    Error::new(ErrorKind::Discovery, "an endpoint is not a URL")
}
