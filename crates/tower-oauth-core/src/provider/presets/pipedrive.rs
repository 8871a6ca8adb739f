//! Pipedrive.
//!
//! - The secret goes into the `Authorization` header; PKCE is not documented and is not sent.
//! - Scopes are fixed in the app's settings and not asked for. The profile is under `data`.
//!
//! Source: pipedrive.readme.io, "OAuth authorization", and developers.pipedrive.com, "Get current user data".

use super::oauth2;
use crate::provider::{
    ClaimsMapping, ClientAuthentication, EmailRule, OfflineAccess, Pkce, Provider,
};
use crate::secret::ClientSecret;

/// Pipedrive, for an app made in the developer hub.
///
/// Asks for no scopes: they are fixed in its settings.
pub fn pipedrive(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://oauth.pipedrive.com/oauth/authorize",
        "https://oauth.pipedrive.com/oauth/token",
        "https://api.pipedrive.com/v1/users/me",
        client_id,
        client_secret,
    )
    .key("pipedrive")
    .display_name("Pipedrive")
    .registered_at("https://developers.pipedrive.com, the developer hub")
    .quirks(|quirks| {
        quirks.client_authentication = ClientAuthentication::Basic;
        quirks.pkce = Pkce::Unsupported;
        quirks.claims = ClaimsMapping {
            subject: "data.id",
            names: &[
                ("name", "data.name"),
                ("email", "data.email"),
                ("picture", "data.icon_url"),
                ("locale", "data.locale"),
                ("zoneinfo", "data.timezone_name"),
            ],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
    })
}
