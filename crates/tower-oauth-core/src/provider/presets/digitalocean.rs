//! DigitalOcean.
//!
//! - The profile is under `account`.
//! - Access tokens last 30 days; the refresh token always comes, and is good once.
//!
//! Source: docs.digitalocean.com, "OAuth API" and "Account".

use super::oauth2;
use crate::provider::{Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// DigitalOcean, for an application made at <https://cloud.digitalocean.com/account/api/applications>.
///
/// Asks for `read`.
pub fn digitalocean(
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    oauth2(
        "https://cloud.digitalocean.com/v1/oauth/authorize",
        "https://cloud.digitalocean.com/v1/oauth/token",
        "https://api.digitalocean.com/v2/account",
        client_id,
        client_secret,
    )
    .key("digitalocean")
    .display_name("DigitalOcean")
    .registered(Registration {
        at: "https://cloud.digitalocean.com/account/api/applications",
        redirect_uri: "Callback URL",
        refresh_token: "Always; access tokens last 30 days.",
        notes: &[],
    })
    .scopes(["read"])
    .quirks(|quirks| {
        quirks.claims = ClaimsMapping {
            subject: "account.uuid",
            names: &[
                ("name", "account.name"),
                ("email", "account.email"),
                ("email_verified", "account.email_verified"),
            ],
            email: EmailRule::VerifiedClaim,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON).color("#0080FF");
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M12.04 0C5.408-.02.005 5.37.005 11.992h4.638c0-4.923 4.882-8.731 10.064-6.855a6.95 6.95 0 014.147 4.148c1.889 5.177-1.924 10.055-6.84 10.064v-4.61H7.391v4.623h4.61V24c7.86 0 13.967-7.588 11.397-15.83-1.115-3.59-3.985-6.446-7.575-7.575A12.8 12.8 0 0012.039 0zM7.39 19.362H3.828v3.564H7.39zm-3.563 0v-2.978H.85v2.978z"/>"#;
