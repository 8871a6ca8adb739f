//! Yahoo: OpenID Connect without PKCE.
//!
//! - PKCE is for installed applications; requests of web applications that carry it are reported to be refused.
//!   The nonce guards the code.
//! - Errors of the token endpoint have names of their own.
//! - ID tokens are signed by ES256.
//! - Each login comes with a refresh token.
//!
//! Source: developer.yahoo.com, "Sign in with Yahoo", and the metadata of api.login.yahoo.com.

use super::oidc;
use crate::provider::{ClientAuthentication, OfflineAccess, Pkce, Provider, Registration};
use crate::secret::ClientSecret;

/// Yahoo, for an app registered at <https://developer.yahoo.com/apps> with the OpenID Connect permissions "Email" and
/// "Profile".
///
/// Asks for `openid profile email`.
pub fn yahoo(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oidc("https://api.login.yahoo.com", client_id, client_secret)
        .key("yahoo")
        .display_name("Yahoo")
        .registered(Registration {
            at: "https://developer.yahoo.com/apps",
            redirect_uri: "Redirect URI(s)",
            refresh_token: "Always.",
            notes: &["Tick Email and Profile under OpenID Connect Permissions."],
        })
        .quirks(|quirks| {
            quirks.client_authentication = ClientAuthentication::Basic;
            quirks.pkce = Pkce::Unsupported;
            quirks.token_errors = &[
                ("error", "INVALID_AUTHORIZATION_CODE", "invalid_grant"),
                ("error", "INVALID_REFRESH_TOKEN", "invalid_grant"),
            ];
            quirks.offline_access = OfflineAccess::NotAsked;
        })
}
