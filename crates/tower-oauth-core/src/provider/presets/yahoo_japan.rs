//! Yahoo! JAPAN: Yahoo! ID Federation v2, which is OpenID Connect. It is another company than Yahoo.
//!
//! - The issuer has a path: `https://auth.login.yahoo.co.jp/yconnect/v2`.
//! - A server's client authenticates by the `Authorization` header.
//! - The profile is at the userinfo endpoint, not in the ID token.
//! - Each login comes with a refresh token.
//!
//! Source: developer.yahoo.co.jp, "Yahoo! ID Federation v2, Authorization Code Flow" and "UserInfo API".

use super::oidc;
use crate::provider::{ClientAuthentication, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// Yahoo! JAPAN, for a server-side application registered at <https://e.developer.yahoo.co.jp/dashboard>.
///
/// Asks for `openid profile email`.
pub fn yahoo_japan(
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    oidc("https://auth.login.yahoo.co.jp/yconnect/v2", client_id, client_secret)
        .key("yahoo-japan")
        .display_name("Yahoo! JAPAN")
        .registered(Registration {
            at: "https://e.developer.yahoo.co.jp/dashboard",
            redirect_uri: "Callback URL",
            refresh_token: "Always.",
            notes: &[],
        })
        .quirks(|quirks| {
            quirks.client_authentication = ClientAuthentication::Basic;
            quirks.offline_access = OfflineAccess::NotAsked;
        })
}
