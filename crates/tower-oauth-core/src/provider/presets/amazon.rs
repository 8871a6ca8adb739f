//! Login with Amazon: plain OAuth 2.0 with PKCE.
//!
//! - The profile is `user_id`, `name` and `email`; `postal_code` is a scope of its own.
//! - Each login comes with a refresh token.
//!
//! Source: developer.amazon.com, "Authorization Code Grant" and "Obtain Customer Profile Information".

use super::oauth2;
use crate::provider::{OfflineAccess, Provider, Registration};
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
    .registered(Registration {
        at: "https://developer.amazon.com/loginwithamazon/console/site/lwa/overview.html",
        redirect_uri: "Web Settings, Allowed Return URLs",
        refresh_token: "Always.",
        notes: &[],
    })
    .scopes(["profile"])
    .quirks(|quirks| {
        quirks.claims.subject = "user_id";
        quirks.offline_access = OfflineAccess::NotAsked;
    })
}
