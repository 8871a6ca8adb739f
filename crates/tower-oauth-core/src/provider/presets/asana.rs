//! Asana.
//!
//! - The profile is under `data`, its id under `gid`.
//! - Access tokens last one hour; the refresh token always comes and stays the same.
//!
//! Source: developers.asana.com, "OAuth", "OAuth scopes" and "Get a user".

use super::oauth2;
use crate::provider::{
    Brand, ClaimsMapping, EmailRule, Group, Make, OfflineAccess, Preset, Provider,
};
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
        quirks.brand = Brand::with_icon(ICON);
    })
}

pub(super) const PRESET: Preset = Preset {
    key: "asana",
    name: "Asana",
    group: Group::Work,
    make: Make::Registered(|id, secret| asana(id, secret)),
    register_at: "https://app.asana.com/0/my-apps",
    redirect_uri_field: "OAuth, Redirect URLs",
    refresh: "Always; access tokens last one hour.",
    email: "Asana does not say whether the address is verified.",
    notes: &[
        "Tick users:read under OAuth scopes. An app with full permissions asks for the one scope default instead.",
    ],
};

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M18.78 12.653c-2.882 0-5.22 2.336-5.22 5.22s2.338 5.22 5.22 5.22 5.22-2.34 5.22-5.22-2.336-5.22-5.22-5.22zm-13.56 0c-2.88 0-5.22 2.337-5.22 5.22s2.338 5.22 5.22 5.22 5.22-2.338 5.22-5.22-2.336-5.22-5.22-5.22zm12-6.525c0 2.883-2.337 5.22-5.22 5.22-2.882 0-5.22-2.337-5.22-5.22 0-2.88 2.338-5.22 5.22-5.22 2.883 0 5.22 2.34 5.22 5.22z"/>"#;
