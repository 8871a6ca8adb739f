//! Yahoo! JAPAN: Yahoo! ID Federation v2, which is OpenID Connect. It is another company than Yahoo.
//!
//! - The issuer has a path: `https://auth.login.yahoo.co.jp/yconnect/v2`.
//! - A server's client authenticates by the `Authorization` header.
//! - The profile is at the userinfo endpoint, not in the ID token.
//! - Each login comes with a refresh token.
//!
//! Source: developer.yahoo.co.jp, "Yahoo! ID Federation v2, Authorization Code Flow" and "UserInfo API".

use super::oidc;
use crate::provider::{ClientAuthentication, Group, Make, OfflineAccess, Preset, Provider};
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
        .quirks(|quirks| {
            quirks.client_authentication = ClientAuthentication::Basic;
            quirks.offline_access = OfflineAccess::NotAsked;
        })
}

pub(super) const PRESET: Preset = Preset {
    key: "yahoo-japan",
    name: "Yahoo! JAPAN",
    group: Group::Consumer,
    make: Make::Registered(|id, secret| yahoo_japan(id, secret)),
    register_at: "https://e.developer.yahoo.co.jp/dashboard",
    redirect_uri_field: "Callback URL",
    refresh: "Always.",
    email: "Yahoo! JAPAN says whether the address is verified (email_verified).",
    notes: &[],
};
