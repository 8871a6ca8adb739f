//! Miro.
//!
//! - Who a token belongs to is told by `/v1/oauth-token`; there is no address.
//! - Scopes are fixed in the app's settings and not asked for.
//! - With expiring tokens, an access token lasts one hour and the refresh token always comes.
//!
//! Source: developers.miro.com, "Get started with OAuth 2.0 and Miro" and "Get access token information".

use super::oauth2;
use crate::provider::{Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// Miro, for an app made at <https://miro.com/app/settings/user-profile/apps>.
///
/// Asks for no scopes: there are none.
pub fn miro(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://miro.com/oauth/authorize",
        "https://api.miro.com/v1/oauth/token",
        "https://api.miro.com/v1/oauth-token",
        client_id,
        client_secret,
    )
    .key("miro")
    .display_name("Miro")
    .registered(Registration {
        at: "https://miro.com/app/settings/user-profile/apps",
        redirect_uri: "Redirect URI for OAuth2.0",
        refresh_token: "Always for an app with expiring tokens; access tokens last one hour.",
        notes: &[],
    })
    .quirks(|quirks| {
        quirks.claims = ClaimsMapping {
            subject: "user.id",
            names: &[("name", "user.name")],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M17.392 0H13.9L17 4.808 10.444 0H6.949l3.102 6.3L3.494 0H0l3.05 8.131L0 24h3.494L10.05 6.985 6.949 24h3.494L17 5.494 13.899 24h3.493L24 3.672 17.392 0z"/>"#;
