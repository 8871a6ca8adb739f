//! Eventbrite.
//!
//! - There are no scopes, and access tokens do not expire.
//! - Addresses come in a list that says which is primary and which are verified.
//!
//! Source: eventbrite.com/platform/api, "Authentication" and "Retrieve information about your user account".

use super::oauth2;
use crate::provider::{ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// Eventbrite, for an API key made at <https://www.eventbrite.com/account-settings/apps>.
///
/// Asks for no scopes: there are none.
pub fn eventbrite(
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    oauth2(
        "https://www.eventbrite.com/oauth/authorize",
        "https://www.eventbrite.com/oauth/token",
        "https://www.eventbriteapi.com/v3/users/me/",
        client_id,
        client_secret,
    )
    .key("eventbrite")
    .display_name("Eventbrite")
    .registered(Registration {
        at: "https://www.eventbrite.com/account-settings/apps",
        redirect_uri: "OAuth Redirect URI",
        refresh_token: "Never; access tokens do not expire.",
        notes: &["The client id is the API key."],
    })
    .quirks(|quirks| {
        quirks.claims = ClaimsMapping {
            subject: "id",
            names: &[("given_name", "first_name"), ("family_name", "last_name")],
            email: EmailRule::PrimaryOf("emails"),
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
    })
}
