//! FreshBooks.
//!
//! - The profile is under `response`; a name comes in two parts.
//! - Access tokens last 12 hours; the refresh token always comes, and is good once.
//!
//! Source: freshbooks.com/api, "Authentication" and "Identity model".

use super::{claims, oauth2};
use crate::provider::{ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// FreshBooks, for an app made at <https://my.freshbooks.com/#/developer>.
///
/// Asks for `user:profile:read`.
pub fn freshbooks(
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    oauth2(
        "https://auth.freshbooks.com/oauth/authorize",
        "https://api.freshbooks.com/auth/oauth/token",
        "https://api.freshbooks.com/auth/api/v1/users/me",
        client_id,
        client_secret,
    )
    .key("freshbooks")
    .display_name("FreshBooks")
    .registered(Registration {
        at: "https://my.freshbooks.com/#/developer",
        redirect_uri: "Redirect URIs",
        refresh_token: "Always; access tokens last 12 hours.",
        notes: &["Redirect URIs must be https. Tick user:profile:read for the app."],
    })
    .scopes(["user:profile:read"])
    .quirks(|quirks| {
        quirks.claims = ClaimsMapping {
            subject: "response.id",
            names: &[
                ("given_name", "response.first_name"),
                ("family_name", "response.last_name"),
                ("email", "response.email"),
                ("locale", "response.language"),
            ],
            email: EmailRule::NeverVerified,
            adjust: Some(claims::full_name),
        };
        quirks.offline_access = OfflineAccess::NotAsked;
    })
}
