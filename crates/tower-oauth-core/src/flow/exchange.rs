//! The code becomes tokens: the token request ([RFC 6749 section 4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3)).

use oauth2::PkceCodeVerifier;
use serde_json::{Map, Value};

use super::callback::AuthorizedCode;
use super::token_endpoint::{TokenEndpoint, tokens};
use crate::client::Client;
use crate::discovery::Metadata;
use crate::error::{Error, ErrorKind};
use crate::session::TokenSet;

const REFUSED: (ErrorKind, &str) = (ErrorKind::CodeRejected, "the token endpoint refused the code");

impl Client {
    /// Trades `code` for tokens, and for the profile, where the provider tells it here. Sent once: a code is
    /// single-use, so nothing is tried again.
    pub(super) async fn exchange(
        &self,
        code: &AuthorizedCode,
        metadata: &Metadata,
    ) -> Result<(TokenSet, Option<Map<String, Value>>), Error> {
        let client = self.protocol(metadata).set_token_uri(metadata.token_endpoint.clone());
        let grant = oauth2::AuthorizationCode::new(code.code.secret().to_owned());
        let mut request = client.exchange_code(grant).set_redirect_uri(self.redirect_url()?);
        if let Some(verifier) = &code.code_verifier {
            request =
                request.set_pkce_verifier(PkceCodeVerifier::new(verifier.secret().to_owned()));
        }
        if let Some((state, device_id)) = &code.device {
            request = request
                .add_extra_param("state", state.secret())
                .add_extra_param("device_id", device_id);
        }
        let asked_at = self.environment.clock.now();
        let outcome = request.request_async(&TokenEndpoint(self)).await;
        let mut tokens = tokens(outcome, REFUSED)?;
        let profile = tokens.profile.take();
        let requested = || self.shared_scopes(&self.requested_scopes(&code.request));
        Ok((tokens.into_set(self, asked_at, requested), profile))
    }
}
