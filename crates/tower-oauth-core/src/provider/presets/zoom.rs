//! Zoom.
//!
//! - Scopes are fixed in the app's settings and not asked for.
//! - The secret goes into the `Authorization` header.
//! - `verified` is 1 or 0, and speaks of the address.
//!
//! Source: developers.zoom.us, "OAuth 2.0" and "Users: get a user".

use serde_json::Value;

use super::oauth2;
use crate::provider::{
    Brand, ClaimsMapping, ClientAuthentication, EmailRule, OfflineAccess, Provider, Registration,
};
use crate::secret::ClientSecret;

/// Zoom, for a general app made at <https://marketplace.zoom.us/>.
///
/// Asks for no scopes: they are fixed in its settings.
pub fn zoom(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://zoom.us/oauth/authorize",
        "https://zoom.us/oauth/token",
        "https://api.zoom.us/v2/users/me",
        client_id,
        client_secret,
    )
    .key("zoom")
    .display_name("Zoom")
    .registered(Registration {
        at: "https://marketplace.zoom.us/user/build",
        redirect_uri: "OAuth Redirect URL",
        refresh_token: "Always; access tokens last one hour, and each refresh token is good once.",
        notes: &["Give the app the scope user:read:user."],
    })
    .quirks(|quirks| {
        quirks.client_authentication = ClientAuthentication::Basic;
        quirks.claims = ClaimsMapping {
            subject: "id",
            names: &[
                ("name", "display_name"),
                ("given_name", "first_name"),
                ("family_name", "last_name"),
                ("picture", "pic_url"),
                ("locale", "language"),
                ("zoneinfo", "timezone"),
            ],
            email: EmailRule::VerifiedClaim,
            adjust: Some(|claims| {
                let verified = claims.get("verified").and_then(Value::as_u64);
                if let Some(verified) = verified {
                    claims.insert("email_verified".into(), (verified == 1).into());
                }
            }),
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON).color("#0B5CFF");
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M5.033 14.649H.743a.74.74 0 0 1-.686-.458.74.74 0 0 1 .16-.808L3.19 10.41H1.06A1.06 1.06 0 0 1 0 9.35h3.957c.301 0 .57.18.686.458a.74.74 0 0 1-.161.808L1.51 13.59h2.464c.585 0 1.06.475 1.06 1.06zM24 11.338c0-1.14-.927-2.066-2.066-2.066-.61 0-1.158.265-1.537.686a2.061 2.061 0 0 0-1.536-.686c-1.14 0-2.066.926-2.066 2.066v3.311a1.06 1.06 0 0 0 1.06-1.06v-2.251a1.004 1.004 0 0 1 2.013 0v2.251c0 .586.474 1.06 1.06 1.06v-3.311a1.004 1.004 0 0 1 2.012 0v2.251c0 .586.475 1.06 1.06 1.06zM16.265 12a2.728 2.728 0 1 1-5.457 0 2.728 2.728 0 0 1 5.457 0zm-1.06 0a1.669 1.669 0 1 0-3.338 0 1.669 1.669 0 0 0 3.338 0zm-4.82 0a2.728 2.728 0 1 1-5.458 0 2.728 2.728 0 0 1 5.457 0zm-1.06 0a1.669 1.669 0 1 0-3.338 0 1.669 1.669 0 0 0 3.338 0z"/>"#;
