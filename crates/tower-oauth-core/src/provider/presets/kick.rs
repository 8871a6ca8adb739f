//! Kick: OAuth 2.1.
//!
//! - PKCE is required.
//! - The profile is the first entry of the list `data`. Nothing tells whether the address was checked.
//! - A token lives for two hours; each login comes with a refresh token.
//!
//! Source: docs.kick.com, "OAuth 2.1" and "Users".

use super::oauth2;
use crate::provider::{Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// Kick, for an app registered at <https://kick.com/settings/developer>.
///
/// Asks for `user:read`.
pub fn kick(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://id.kick.com/oauth/authorize",
        "https://id.kick.com/oauth/token",
        "https://api.kick.com/public/v1/users",
        client_id,
        client_secret,
    )
    .key("kick")
    .display_name("Kick")
    .registered(Registration {
        at: "https://kick.com/settings/developer",
        redirect_uri: "Redirect URLs",
        refresh_token: "Always; access tokens last two hours.",
        notes: &[],
    })
    .scopes(["user:read"])
    .quirks(|quirks| {
        quirks.claims = ClaimsMapping {
            subject: "data.0.user_id",
            names: &[
                ("name", "data.0.name"),
                ("preferred_username", "data.0.name"),
                ("picture", "data.0.profile_picture"),
                ("email", "data.0.email"),
            ],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.revocation_endpoint = Some("https://id.kick.com/oauth/revoke".into());
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark in the colour of the text around it. From Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M1.333 0h8v5.333H12V2.667h2.667V0h8v8H20v2.667h-2.667v2.666H20V16h2.667v8h-8v-2.667H12v-2.666H9.333V24h-8Z"/>"#;
