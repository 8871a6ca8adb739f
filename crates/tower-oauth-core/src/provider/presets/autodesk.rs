//! Autodesk.
//!
//! - The secret goes into the `Authorization` header; PKCE is for public clients and is not sent.
//! - Access tokens last one hour; the refresh token always comes, and is good once within 15 days.
//!
//! Source: aps.autodesk.com, "Authentication v2" and "User profile: userinfo".

use super::oauth2;
use crate::provider::{
    Brand, ClientAuthentication, EmailRule, OfflineAccess, Pkce, Provider, Registration,
};
use crate::secret::ClientSecret;

/// Autodesk, for a traditional web app made at <https://aps.autodesk.com/myapps>.
///
/// Asks for `user-profile:read`.
pub fn autodesk(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://developer.api.autodesk.com/authentication/v2/authorize",
        "https://developer.api.autodesk.com/authentication/v2/token",
        "https://api.userprofile.autodesk.com/userinfo",
        client_id,
        client_secret,
    )
    .key("autodesk")
    .display_name("Autodesk")
    .registered(Registration {
        at: "https://aps.autodesk.com/myapps",
        redirect_uri: "Callback URL",
        refresh_token: "Always; access tokens last one hour.",
        notes: &[
            "Neither PKCE nor a nonce protects the code; register no redirect URI but this one.",
        ],
    })
    .scopes(["user-profile:read"])
    .quirks(|quirks| {
        quirks.client_authentication = ClientAuthentication::Basic;
        quirks.pkce = Pkce::Unsupported;
        quirks.claims.email = EmailRule::VerifiedClaim;
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="m.129 20.202 14.7-9.136h7.625c.235 0 .445.188.445.445 0 .21-.092.305-.21.375l-7.222 4.323c-.47.283-.633.845-.633 1.265l-.008 2.725H24V4.362a.561.561 0 0 0-.585-.562h-8.752L0 12.893V20.2h.129z"/>"#;
