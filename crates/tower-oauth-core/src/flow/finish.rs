//! The end of a login: tokens, verified identity, and where the browser goes.

use std::sync::Arc;

use super::callback::AuthorizedCode;
use super::id_token;
use super::login_request::LoginRequest;
use super::profile;
use super::step_up;
use super::userinfo;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::provider::{OfflineAccess, Protocol};
use crate::session::{Connection, LoginMark, StoreKey};

/// A login that succeeded.
#[derive(Debug)]
#[non_exhaustive]
pub struct Login {
    /// Who signed in, and what the application may call for them.
    pub connection: Connection,
    /// The session that the connection is to be added to, in place of a new session.
    pub connect_to: Option<StoreKey>,
}

impl Client {
    /// Trades the code for tokens and finds out who signed in.
    ///
    /// Everything is checked before anything is returned: of a provider's answer that fails a check,
    /// nothing is kept.
    ///
    /// # Errors
    ///
    /// When the provider cannot be reached, refuses the code or the client, or answers with anything that
    /// does not verify; [`Error::kind`] tells which.
    pub async fn finish(&self, code: AuthorizedCode) -> Result<Login, Error> {
        let metadata = self.metadata().await?;
        if metadata.issuer != code.issuer {
            let reason = "the provider's issuer changed since the attempt was started";
            return Err(Error::new(ErrorKind::IssuerMismatch, reason));
        }
        let (tokens, told) = self.exchange(&code, &metadata).await?;
        let mapping = &self.provider.quirks.claims;
        let mut identity = match self.provider.quirks.protocol {
            Protocol::OpenIdConnect => {
                let raw = tokens
                    .id_token
                    .as_ref()
                    .ok_or_else(|| id_token::invalid("is missing from the token response"))?;
                let verified = self
                    .verify_id_token(raw, code.nonce.as_ref(), &tokens.access_token, &metadata)
                    .await?;
                step_up::check(&verified.claims, &code.request, self.environment.clock.now())?;
                let userinfo = self.userinfo(&tokens.access_token, &metadata).await?;
                let name = code.user.as_deref().filter(|_| self.provider.quirks.name_in_response);
                profile::openid(verified, userinfo, name, mapping)?
            }
            Protocol::OAuth2 => {
                let userinfo = match told {
                    None => self.userinfo(&tokens.access_token, &metadata).await?,
                    told => told,
                };
                let userinfo = userinfo.ok_or_else(|| userinfo::invalid("is missing"))?;
                profile::oauth2(metadata.issuer.clone(), userinfo, mapping)?
            }
        };
        if let Some(claim) = self.provider.unmet_claim(&identity) {
            let reason = format!("the user's claim {claim:?} is not one that is let in");
            return Err(Error::new(ErrorKind::NotAdmitted, reason));
        }
        step_up::check_user(code.request.user.as_ref(), &identity)?;
        if self.provider.offline_access
            && self.provider.quirks.offline_access != OfflineAccess::NotAsked
            && tokens.refresh_token.is_none()
        {
            tracing::warn!(
                target: "tower_oauth::tokens",
                provider = &*self.provider.key,
                "offline access was asked for, and no refresh token came; see whether the provider allows it to this client"
            );
        }
        let requested_scopes = self.shared_scopes(&self.requested_scopes(&code.request));
        let LoginRequest { return_to, connect_to, .. } = code.request;
        identity.share_issuer(&self.provider.issuer);
        let connection = Connection {
            provider: Arc::clone(&self.provider.key),
            identity,
            tokens,
            login: LoginMark::new(&code.state_hash, return_to),
            requested_scopes,
            nonce: code.nonce,
            device_id: code.device.map(|(_, id)| id.into()),
        };
        Ok(Login { connection, connect_to })
    }
}
