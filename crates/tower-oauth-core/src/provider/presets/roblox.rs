//! Roblox: OpenID Connect by the book.
//!
//! - The issuer ends with a slash. ID tokens are signed by ES256.
//! - Usernames and display names can change; there is no address for third parties.
//! - A token lives for a quarter of an hour; each login comes with a refresh token, good for one use.
//!
//! Source: create.roblox.com, "OAuth 2.0 authentication".

use super::oidc;
use crate::provider::{Brand, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// Roblox, for an OAuth 2.0 app registered at <https://create.roblox.com/dashboard/credentials>.
///
/// Asks for `openid profile`.
pub fn roblox(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oidc("https://apis.roblox.com/oauth/", client_id, client_secret)
        .key("roblox")
        .display_name("Roblox")
        .registered(Registration {
            at: "https://create.roblox.com/dashboard/credentials",
            redirect_uri: "OAuth 2.0 Apps, Redirect URLs",
            refresh_token: "Always; access tokens last a quarter of an hour.",
            notes: &[],
        })
        .scopes(["openid", "profile"])
        .quirks(|quirks| {
            quirks.offline_access = OfflineAccess::NotAsked;
            quirks.brand = Brand::with_icon(ICON);
        })
}

/// The mark in the colour of the text around it. From Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M18.926 23.998 0 18.892 5.075.002 24 5.108ZM15.348 10.09l-5.282-1.453-1.414 5.273 5.282 1.453z"/>"#;
