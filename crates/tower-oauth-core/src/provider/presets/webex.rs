//! Webex.
//!
//! - Addresses come in a list, of which the first is the account's.
//! - Access tokens last 14 days; the refresh token always comes and stays the same for 90.
//!
//! Source: developer.webex.com, "Integrations & authorization" and "Get my own details".

use super::oauth2;
use crate::provider::{ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// Webex, for an integration made at <https://developer.webex.com/my-apps>.
///
/// Asks for `spark:people_read`.
pub fn webex(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://webexapis.com/v1/authorize",
        "https://webexapis.com/v1/access_token",
        "https://webexapis.com/v1/people/me",
        client_id,
        client_secret,
    )
    .key("webex")
    .display_name("Webex")
    .registered(Registration {
        at: "https://developer.webex.com/my-apps",
        redirect_uri: "Redirect URI(s)",
        refresh_token: "Always; access tokens last 14 days.",
        notes: &["Tick spark:people_read for the integration."],
    })
    .scopes(["spark:people_read"])
    .quirks(|quirks| {
        quirks.claims = ClaimsMapping {
            subject: "id",
            names: &[
                ("name", "displayName"),
                ("nickname", "nickName"),
                ("given_name", "firstName"),
                ("family_name", "lastName"),
                ("picture", "avatar"),
            ],
            email: EmailRule::NeverVerified,
            adjust: Some(|claims| {
                let first = claims.get("emails").and_then(|emails| emails.get(0)).cloned();
                claims.extend(first.map(|email| ("email".into(), email)));
            }),
        };
        quirks.offline_access = OfflineAccess::NotAsked;
    })
}
