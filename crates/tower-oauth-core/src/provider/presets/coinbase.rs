//! Coinbase.
//!
//! - The profile is under `data`; its API insists on a version.
//! - A refresh token comes with the scope `offline_access`, and is good once.
//! - New clients are for approved partners only.
//!
//! Source: docs.cdp.coinbase.com, "OAuth2 integration" and "OAuth2 reference".

use super::oauth2;
use crate::provider::{ClaimsMapping, EmailRule, Provider, Registration};
use crate::secret::ClientSecret;

/// Coinbase, for an OAuth client made at <https://portal.cdp.coinbase.com/>.
///
/// Asks for `wallet:user:read wallet:user:email`.
pub fn coinbase(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://login.coinbase.com/oauth2/auth",
        "https://login.coinbase.com/oauth2/token",
        "https://api.coinbase.com/v2/user",
        client_id,
        client_secret,
    )
    .key("coinbase")
    .display_name("Coinbase")
    .registered(Registration {
        at: "https://portal.cdp.coinbase.com/",
        redirect_uri: "API Keys, OAuth, Redirect URIs",
        refresh_token: "When offline access is asked for; access tokens last one hour.",
        notes: &["Coinbase makes new clients for approved partners only."],
    })
    .scopes(["wallet:user:read", "wallet:user:email"])
    .quirks(|quirks| {
        quirks.headers = &[("cb-version", "2022-01-06")];
        quirks.claims = ClaimsMapping {
            subject: "data.id",
            names: &[
                ("name", "data.name"),
                ("preferred_username", "data.username"),
                ("email", "data.email"),
                ("picture", "data.avatar_url"),
                ("profile", "data.profile_url"),
            ],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.revocation_endpoint = Some("https://login.coinbase.com/oauth2/revoke".into());
    })
}
