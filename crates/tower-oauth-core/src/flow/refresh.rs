//! A refresh token becomes new tokens ([RFC 6749 section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6), OpenID
//! Connect Core section 12).

use oauth2::TokenUrl;

use super::id_token;
use super::token_endpoint::{TokenEndpoint, tokens, unusable};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::provider::Protocol;
use crate::random;
use crate::session::{Connection, TokenSet};

const REFUSED: (ErrorKind, &str) =
    (ErrorKind::GrantRejected, "the token endpoint refused the refresh token");

impl Client {
    /// Fetches what [`refresh`](Self::refresh) needs besides the answer itself, so that a provider which is down
    /// is found out before the refresh token is on its way.
    ///
    /// # Errors
    ///
    /// When the provider's metadata or keys are needed and cannot be had.
    pub async fn prepare_refresh(&self) -> Result<(), Error> {
        self.metadata().await?;
        if self.provider.quirks.protocol == Protocol::OpenIdConnect
            && !self.provider.quirks.hs256_id_tokens
        {
            self.keys().await?;
        }
        Ok(())
    }

    /// Trades the refresh token of `connection` for new tokens. What the answer leaves out stays as it was: the
    /// refresh token, the ID token, the scopes.
    ///
    /// Sent once. Where the provider rotates refresh tokens, the old one is used up by this, so the caller sees to
    /// it that nobody else presents it, and that the new one is kept before anybody uses the access token.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::GrantRejected`]: the provider no longer accepts the refresh token, or there is none.
    /// - [`ErrorKind::IssuerMismatch`]: the connection is one to another issuer than the provider's now; nothing
    ///   was sent.
    /// - [`ErrorKind::IdToken`]: the new ID token is not valid, or not about the same login (OpenID Connect Core
    ///   section 12.2). Nothing of the answer is to be used.
    /// - Any other kind: the provider or this client's registration there is at fault, and the refresh token may
    ///   be as good as before.
    pub async fn refresh(&self, connection: &Connection) -> Result<TokenSet, Error> {
        let Some(refresh_token) = &connection.tokens.refresh_token else {
            return Err(Error::new(ErrorKind::GrantRejected, "there is no refresh token"));
        };
        self.prepare_refresh().await?;
        let metadata = self.metadata().await?;
        let issuer =
            id_token::expected_issuer(connection.identity.claims(), &metadata, &self.provider);
        if !issuer.is_ok_and(|issuer| issuer == connection.identity.issuer()) {
            let reason = "the connection is one to another issuer than the provider's";
            return Err(Error::new(ErrorKind::IssuerMismatch, reason));
        }
        let endpoint = match &self.provider.quirks.refresh_endpoint {
            Some(own) => TokenUrl::new(own.clone()).map_err(unusable)?,
            None => metadata.token_endpoint.clone(),
        };
        let client = self.protocol(&metadata).set_token_uri(endpoint);
        let grant = oauth2::RefreshToken::new(refresh_token.secret().to_owned());
        let asked_at = self.environment.clock.now();
        let mut request = client.exchange_refresh_token(&grant);
        if let Some(device_id) = &connection.device_id {
            request = request
                .add_extra_param("state", random::token(&*self.environment.random)?)
                .add_extra_param("device_id", &**device_id);
        }
        let outcome = request.request_async(&TokenEndpoint(self)).await;
        let before = &connection.tokens;
        let mut tokens =
            tokens(outcome, REFUSED)?.into_set(self, asked_at, || before.scopes.clone());
        if let Some(id_token) = &tokens.id_token
            && self.provider.quirks.protocol == Protocol::OpenIdConnect
        {
            self.verify_refreshed_id_token(id_token, connection, &tokens.access_token, &metadata)
                .await?;
        }
        tokens.refresh_token = tokens.refresh_token.or_else(|| before.refresh_token.clone());
        tokens.id_token = tokens.id_token.or_else(|| before.id_token.clone());
        Ok(tokens)
    }
}
