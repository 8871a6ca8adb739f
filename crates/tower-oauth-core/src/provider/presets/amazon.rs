//! Login with Amazon: plain OAuth 2.0 with PKCE.
//!
//! - The profile is `user_id`, `name` and `email`; `postal_code` is a scope of its own.
//! - Each login comes with a refresh token.
//!
//! Source: developer.amazon.com, "Authorization Code Grant" and "Obtain Customer Profile Information".

use super::oauth2;
use crate::provider::{Group, Make, OfflineAccess, Preset, Provider};
use crate::secret::ClientSecret;

/// Amazon, for a security profile with Login with Amazon, registered at
/// <https://developer.amazon.com/loginwithamazon/console/site/lwa/overview.html>.
///
/// Asks for `profile`. Amazon does not say whether an address was checked.
pub fn amazon(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://www.amazon.com/ap/oa",
        "https://api.amazon.com/auth/o2/token",
        "https://api.amazon.com/user/profile",
        client_id,
        client_secret,
    )
    .key("amazon")
    .display_name("Amazon")
    .scopes(["profile"])
    .quirks(|quirks| {
        quirks.claims.subject = "user_id";
        quirks.offline_access = OfflineAccess::NotAsked;
    })
}

pub(super) const PRESET: Preset = Preset {
    key: "amazon",
    name: "Amazon",
    group: Group::Consumer,
    make: Make::Registered(|id, secret| amazon(id, secret)),
    register_at: "https://developer.amazon.com/loginwithamazon/console/site/lwa/overview.html",
    redirect_uri_field: "Web Settings, Allowed Return URLs",
    refresh: "Always.",
    email: "Amazon does not say whether the address is verified.",
    notes: &[],
};
