//! Asana.
//!
//! - The profile is under `data`, its id under `gid`.
//! - Access tokens last one hour; the refresh token always comes and stays the same.
//!
//! Source: developers.asana.com, "OAuth", "OAuth scopes" and "Get a user".

use super::oauth2;
use crate::provider::{Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// Asana, for an app made at <https://app.asana.com/0/my-apps>.
///
/// Asks for `users:read`.
pub fn asana(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://app.asana.com/-/oauth_authorize",
        "https://app.asana.com/-/oauth_token",
        "https://app.asana.com/api/1.0/users/me",
        client_id,
        client_secret,
    )
    .key("asana")
    .display_name("Asana")
    .registered(Registration {
        at: "https://app.asana.com/0/my-apps",
        redirect_uri: "OAuth, Redirect URLs",
        refresh_token: "Always; access tokens last one hour.",
        notes: &["Tick users:read under OAuth scopes. An app with full permissions \
             asks for the one scope default instead."],
    })
    .scopes(["users:read"])
    .quirks(|quirks| {
        quirks.claims = ClaimsMapping {
            subject: "data.gid",
            names: &[
                ("name", "data.name"),
                ("email", "data.email"),
                ("picture", "data.photo.image_128x128"),
            ],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON).color("#F06A6A");
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M18.78 12.653c-2.882 0-5.22 2.336-5.22 5.22s2.338 5.22 5.22 5.22 5.22-2.34 5.22-5.22-2.336-5.22-5.22-5.22zm-13.56 0c-2.88 0-5.22 2.337-5.22 5.22s2.338 5.22 5.22 5.22 5.22-2.338 5.22-5.22-2.336-5.22-5.22-5.22zm12-6.525c0 2.883-2.337 5.22-5.22 5.22-2.882 0-5.22-2.337-5.22-5.22 0-2.88 2.338-5.22 5.22-5.22 2.883 0 5.22 2.34 5.22 5.22z"/>"#;
