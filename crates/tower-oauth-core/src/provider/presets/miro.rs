//! Miro.
//!
//! - `picture` is an object that holds the URL.
//! - With expiring tokens, an access token lasts one hour and the refresh token always comes.
//!
//! Source: developers.miro.com, "Getting started with OAuth 2.0".

use super::{claims, oauth2};
use crate::provider::{Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider};
use crate::secret::ClientSecret;

/// Miro, for an app made at <https://miro.com/app/settings/user-profile/apps>.
///
/// Asks for `identity:read`.
pub fn miro(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://miro.com/oauth/authorize",
        "https://api.miro.com/v1/oauth/token",
        "https://api.miro.com/v1/users/me",
        client_id,
        client_secret,
    )
    .key("miro")
    .display_name("Miro")
    .registered_at("https://miro.com/app/settings/user-profile/apps")
    .scopes(["identity:read"])
    .quirks(|quirks| {
        quirks.claims = ClaimsMapping {
            subject: "id",
            names: &[],
            email: EmailRule::NeverVerified,
            adjust: Some(|claims| claims::put(claims, "picture", "picture.imageUrl")),
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M17.392 0H13.9L17 4.808 10.444 0H6.949l3.102 6.3L3.494 0H0l3.05 8.131L0 24h3.494L10.05 6.985 6.949 24h3.494L17 5.494 13.899 24h3.493L24 3.672 17.392 0z"/>"#;
