//! Heroku.
//!
//! - Its API insists on a versioned `Accept` header and answers with that media type.
//! - `verified` speaks of the billing information, not of the address.
//! - Access tokens last eight hours; the refresh token comes with the login and does not expire.
//!
//! Source: devcenter.heroku.com, "OAuth" and "Platform API reference: account".

use super::oauth2;
use crate::provider::{OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// Heroku, for a client made at <https://dashboard.heroku.com/account/applications>.
///
/// Asks for `identity`.
pub fn heroku(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://id.heroku.com/oauth/authorize",
        "https://id.heroku.com/oauth/token",
        "https://api.heroku.com/account",
        client_id,
        client_secret,
    )
    .key("heroku")
    .display_name("Heroku")
    .registered(Registration {
        at: "https://dashboard.heroku.com/account/applications",
        redirect_uri: "OAuth callback URL",
        refresh_token: "Always; access tokens last eight hours.",
        notes: &[],
    })
    .scopes(["identity"])
    .quirks(|quirks| {
        quirks.userinfo_types = &["application/vnd.heroku+json"];
        quirks.headers = &[("accept", "application/vnd.heroku+json; version=3")];
        quirks.claims.subject = "id";
        quirks.offline_access = OfflineAccess::NotAsked;
    })
}
