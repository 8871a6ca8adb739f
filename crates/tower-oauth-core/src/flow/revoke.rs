//! A token is taken back ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)).

use std::pin::Pin;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{StatusCode, Uri};
use oauth2::{AsyncHttpClient, RequestTokenError, RevocationUrl, StandardRevocableToken};
use url::Url;

use super::token_endpoint::{Outcome, unusable};
use crate::client::{Client, unavailable};
use crate::error::{Error, ErrorKind, ProviderCode};
use crate::http_client::Limits;
use crate::json;
use crate::session::TokenSet;

const LIMITS: Limits = Limits::new(Duration::from_secs(5), 64 * 1024);

impl Client {
    /// Asks the provider to forget `tokens`: the refresh token, which takes its access tokens along (RFC 7009
    /// section 2.1), or the access token where there is no other. `false` where the provider has no endpoint for
    /// it. A token that the provider does not know counts as forgotten.
    ///
    /// # Errors
    ///
    /// When the provider cannot be reached within five seconds, or says no.
    pub async fn revoke(&self, tokens: &TokenSet) -> Result<bool, Error> {
        let metadata = self.metadata().await?;
        let preset = self.provider.quirks.revocation_endpoint.as_ref();
        let Some(url) = preset.or(metadata.revocation_endpoint.as_ref()) else {
            return Ok(false);
        };
        let token: StandardRevocableToken = match &tokens.refresh_token {
            Some(token) => oauth2::RefreshToken::new(token.secret().to_owned()).into(),
            None => oauth2::AccessToken::new(tokens.access_token.secret().to_owned()).into(),
        };
        let endpoint = RevocationEndpoint(self, url.parse().map_err(unusable)?);
        let client = self.protocol(&metadata).set_revocation_url(as_https(url)?);
        let request = client.revoke_token(token).map_err(unusable)?;
        match request.request_async(&endpoint).await {
            Ok(()) => Ok(true),
            Err(RequestTokenError::Request(Outcome::Failed(error))) => Err(error),
            Err(_) => Err(Error::new(ErrorKind::Internal, "a revocation could not be sent")),
        }
    }
}

/// The `oauth2` crate refuses `http`, which was accepted for a loopback host only. It is told `https`, and the
/// request goes to the address itself.
fn as_https(url: &str) -> Result<RevocationUrl, Error> {
    let mut url = Url::parse(url).map_err(unusable)?;
    url.set_scheme("https").map_err(unusable)?;
    Ok(RevocationUrl::from_url(url))
}

/// The revocation endpoint as the `oauth2` crate sees it: status 200, or an error of ours.
struct RevocationEndpoint<'a>(&'a Client, Uri);

impl<'c> AsyncHttpClient<'c> for RevocationEndpoint<'_> {
    type Error = Outcome;
    type Future =
        Pin<Box<dyn Future<Output = Result<http::Response<Vec<u8>>, Outcome>> + Send + 'c>>;

    fn call(&'c self, mut request: http::Request<Vec<u8>>) -> Self::Future {
        Box::pin(async move {
            let Self(client, uri) = self;
            *request.uri_mut() = uri.clone();
            if let Some(credentials) = request.headers_mut().get_mut(AUTHORIZATION) {
                credentials.set_sensitive(true);
            }
            let request = request.map(Into::into);
            let response = client.send(request, LIMITS, ErrorKind::ProviderError).await?;
            if let Some(error) = unavailable("the revocation endpoint", &response) {
                return Err(error.into());
            }
            if response.status() == StatusCode::OK {
                return Ok(http::Response::default());
            }
            let status = response.status().as_u16();
            let reason = format!("the revocation endpoint answered with status {status}");
            let error = Error::new(ErrorKind::ProviderError, reason);
            let body = json::parse_object(response.body()).unwrap_or_default();
            Err(match body.get("error").and_then(serde_json::Value::as_str) {
                Some(code) => error.with_provider_code(ProviderCode::parse(code)),
                None => error,
            }
            .into())
        })
    }
}
