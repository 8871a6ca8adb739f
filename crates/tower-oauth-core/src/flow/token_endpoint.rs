//! The token endpoint ([RFC 6749 section 3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)), for whatever grant is
//! presented: the request in the provider's shape, the response as a [`TokenSet`].

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use oauth2::basic::{BasicClient, BasicErrorResponse, BasicTokenResponse};
use oauth2::{AsyncHttpClient, AuthType, ClientId, RequestTokenError};
use serde_json::{Map, Value};
use url::Url;

use super::token_response::{self, Answer, Tokens};
use crate::client::Client;
use crate::clock::Timestamp;
use crate::discovery::Metadata;
use crate::error::{Error, ErrorKind, ProviderCode};
use crate::http_client::Limits;
use crate::provider::{ClientAuthentication, TokenRequest};
use crate::session::TokenSet;

const LIMITS: Limits = Limits::new(Duration::from_secs(15), 256 * 1024);

impl Client {
    /// This client with its credentials, as the `oauth2` crate sees it.
    pub(super) fn protocol(&self, metadata: &Metadata) -> BasicClient {
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
        BasicClient::new(ClientId::new(self.provider.client_id.clone()))
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
    type Error = Outcome;
    type Future =
        Pin<Box<dyn Future<Output = Result<http::Response<Vec<u8>>, Outcome>> + Send + 'c>>;

    fn call(&'c self, request: http::Request<Vec<u8>>) -> Self::Future {
        Box::pin(async move {
            let quirks = &self.0.provider.quirks;
            let mut request = shape(request, quirks.token_request, quirks.parameter_names)?;
            if let Some(credentials) = request.headers_mut().get_mut(AUTHORIZATION) {
                credentials.set_sensitive(true);
            }
            let response = self.0.send(request, LIMITS, ErrorKind::TokenEndpoint).await?;
            Err(Outcome::Answered(Box::new(token_response::read(&response, quirks)?)))
        })
    }
}

/// How a request ended that the `oauth2` crate made.
///
/// The crate takes an answer for an error of its HTTP client, which it hands on as it is. So answers are read once, by the
/// rules of [`token_response`], and no copies of tokens are left behind.
pub(super) enum Outcome {
    Answered(Box<Answer>),
    Failed(Error),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered(_) => f.write_str("an answer"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outcome({self})")
    }
}

impl std::error::Error for Outcome {}

impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What came of a token request. `refused` is the kind for a grant that the endpoint does not accept, and says so.
pub(super) fn tokens(
    outcome: Result<BasicTokenResponse, RequestTokenError<Outcome, BasicErrorResponse>>,
    refused: (ErrorKind, &'static str),
) -> Result<Tokens, Error> {
    let answer = match outcome {
        Err(RequestTokenError::Request(Outcome::Answered(answer))) => *answer,
        Err(RequestTokenError::Request(Outcome::Failed(error))) => return Err(error),
        // The crate sent nothing. What it says of that may show what was to be sent.
        Ok(_) | Err(_) => {
            let reason = "the token request could not be made";
            return Err(Error::new(ErrorKind::TokenEndpoint, reason));
        }
    };
    match answer {
        Answer::Tokens(tokens) => Ok(tokens),
        Answer::Error(code) => {
            // Codes that begin with `bad_` or `incorrect_` are GitHub's.
            let (kind, reason) = match &*code {
                "invalid_grant" | "bad_verification_code" | "bad_refresh_token" => refused,
                "invalid_client" | "incorrect_client_credentials" => (
                    ErrorKind::ClientRejected,
                    "the token endpoint refused the client id or secret; check both",
                ),
                _ => (ErrorKind::TokenEndpoint, "the token endpoint answered with an error"),
            };
            Err(Error::new(kind, reason).with_provider_code(ProviderCode::parse(&code)))
        }
    }
}

impl Tokens {
    /// The tokens as `client` keeps them, of an answer to a request of `asked_at`. `scopes` are those that no answer
    /// about scopes means.
    pub(super) fn into_set(
        self,
        client: &Client,
        asked_at: Timestamp,
        scopes: impl FnOnce() -> Arc<[String]>,
    ) -> TokenSet {
        TokenSet {
            access_token: self.access_token,
            obtained: asked_at,
            expires: self.expires_in.map(|lifetime| asked_at + lifetime),
            refresh_token: self.refresh_token,
            refresh_not_before: None,
            id_token: self.id_token,
            scopes: match self.scope {
                Some(named) => {
                    let named = named.split(' ').filter(|scope| !scope.is_empty());
                    client.shared_scopes(&named.collect::<Vec<_>>())
                }
                None => scopes(),
            },
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

/// For an address that was checked when it was read, which only another reader can find fault with.
pub(super) fn unusable<E>(_: E) -> Error {
    Error::new(ErrorKind::Discovery, "an endpoint is not a URL")
}
