//! The code becomes tokens: the token request ([RFC 6749 section 4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3)).

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse,
    BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, ExtraTokenFields, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, StandardRevocableToken, StandardTokenResponse, TokenResponse as _, TokenUrl,
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::callback::AuthorizedCode;
use super::token_response;
use crate::client::Client;
use crate::discovery::Metadata;
use crate::error::{Error, ErrorKind, ProviderCode};
use crate::http_client::Limits;
use crate::provider::{ClientAuthentication, TokenRequest};
use crate::secret::{RawIdToken, RefreshToken};
use crate::session::TokenSet;

const LIMITS: Limits = Limits::new(Duration::from_secs(15), 256 * 1024);

/// The one member of a token response that OpenID Connect adds (Core section 3.1.3.3).
#[derive(Debug, Serialize, Deserialize)]
struct IdTokenField {
    id_token: Option<String>,
}

impl ExtraTokenFields for IdTokenField {}

type Response = StandardTokenResponse<IdTokenField, BasicTokenType>;
type Protocol = oauth2::Client<
    BasicErrorResponse,
    Response,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

impl Client {
    /// Trades `code` for tokens. Sent once: a code is single-use, so nothing is tried again.
    pub(super) async fn exchange(
        &self,
        code: &AuthorizedCode,
        metadata: &Metadata,
    ) -> Result<TokenSet, Error> {
        let unusable = |_| Error::new(ErrorKind::Discovery, "an endpoint is not a URL");
        let authentication = match self.provider.quirks.client_authentication {
            ClientAuthentication::Metadata => metadata.client_authentication,
            preset => preset,
        };
        let secret = self.provider.client_secret.secret().to_owned();
        let client = Protocol::new(ClientId::new(self.provider.client_id.clone()))
            .set_client_secret(oauth2::ClientSecret::new(secret))
            .set_auth_type(match authentication {
                ClientAuthentication::Body => AuthType::RequestBody,
                ClientAuthentication::Basic | ClientAuthentication::Metadata => AuthType::BasicAuth,
            })
            .set_token_uri(TokenUrl::new(metadata.token_endpoint.clone()).map_err(unusable)?)
            .set_redirect_uri(RedirectUrl::new(self.redirect_uri.clone()).map_err(unusable)?);
        let grant = oauth2::AuthorizationCode::new(code.code.secret().to_owned());
        let mut request = client.exchange_code(grant);
        if let Some(verifier) = &code.code_verifier {
            request =
                request.set_pkce_verifier(PkceCodeVerifier::new(verifier.secret().to_owned()));
        }
        let asked_at = self.environment.clock.now();
        let response = request.request_async(&TokenEndpoint(self)).await.map_err(request_error)?;
        Ok(TokenSet {
            access_token: response.access_token().secret().as_str().into(),
            obtained: asked_at,
            expires: response.expires_in().map(|lifetime| asked_at + lifetime),
            refresh_token: response
                .refresh_token()
                .map(|token| RefreshToken::new(token.secret().as_str())),
            id_token: response.extra_fields().id_token.as_deref().map(RawIdToken::new),
            scopes: match response.scopes() {
                Some(scopes) => scopes
                    .iter()
                    .map(|scope| scope.to_string())
                    .filter(|scope| !scope.is_empty())
                    .collect(),
                None => self.requested_scopes().into_iter().map(ToOwned::to_owned).collect(),
            },
        })
    }
}

/// The token endpoint as the `oauth2` crate sees it: plain RFC 6749, whatever the provider does.
struct TokenEndpoint<'a>(&'a Client);

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
            Ok(token_response::normalise(&response, quirks.token_response)?)
        })
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
    let unusable = || Error::new(ErrorKind::Discovery, "the token endpoint is not a URL");
    parts.headers.remove(CONTENT_LENGTH);
    let body = match shape {
        TokenRequest::Form => {
            form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
        }
        TokenRequest::Json => {
            parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let object: serde_json::Map<_, _> =
                pairs.into_iter().map(|(name, value)| (name, value.into())).collect();
            serde_json::Value::Object(object).to_string()
        }
        TokenRequest::Query => {
            parts.method = http::Method::GET;
            parts.headers.remove(CONTENT_TYPE);
            let mut url = Url::parse(&parts.uri.to_string()).map_err(|_| unusable())?;
            url.query_pairs_mut().extend_pairs(pairs);
            parts.uri = url.as_str().parse().map_err(|_| unusable())?;
            String::new()
        }
    };
    Ok(http::Request::from_parts(parts, body.into()))
}

/// Carries our error through the `oauth2` crate.
#[derive(Debug)]
struct Failed(Error);

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

fn request_error(error: RequestTokenError<Failed, BasicErrorResponse>) -> Error {
    match error {
        RequestTokenError::Request(Failed(error)) => error,
        RequestTokenError::ServerResponse(response) => {
            let code = response.error();
            let (kind, reason) = match code {
                BasicErrorResponseType::InvalidGrant => {
                    (ErrorKind::CodeRejected, "the token endpoint refused the code")
                }
                // What GitHub says for it.
                BasicErrorResponseType::Extension(code) if code == "bad_verification_code" => {
                    (ErrorKind::CodeRejected, "the token endpoint refused the code")
                }
                BasicErrorResponseType::InvalidClient => (
                    ErrorKind::ClientRejected,
                    "the token endpoint refused the client id or secret; check both",
                ),
                BasicErrorResponseType::Extension(code)
                    if code == "incorrect_client_credentials" =>
                {
                    (
                        ErrorKind::ClientRejected,
                        "the token endpoint refused the client id or secret; check both",
                    )
                }
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
