//! Patreon: API v2, which speaks JSON:API.
//!
//! - The profile comes as `application/vnd.api+json`, and holds what `fields[user]` asks for.
//! - `is_email_verified` says of the address whether it was confirmed.
//! - Each login comes with a refresh token, which changes with each use.
//!
//! Source: docs.patreon.com, "OAuth" and "API v2, GET /api/oauth2/v2/identity".

use super::oauth2;
use crate::provider::{Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// Patreon, for a client registered at <https://www.patreon.com/portal/registration/register-clients>.
///
/// Asks for `identity identity[email]`.
pub fn patreon(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://www.patreon.com/oauth2/authorize",
        "https://www.patreon.com/api/oauth2/token",
        concat!(
            "https://www.patreon.com/api/oauth2/v2/identity?fields%5Buser%5D=",
            "email,full_name,image_url,is_email_verified,url,vanity"
        ),
        client_id,
        client_secret,
    )
    .key("patreon")
    .display_name("Patreon")
    .registered(Registration {
        at: "https://www.patreon.com/portal/registration/register-clients",
        redirect_uri: "Redirect URIs",
        refresh_token: "Always.",
        notes: &["Choose version 2 of the API for the client."],
    })
    .scopes(["identity", "identity[email]"])
    .quirks(|quirks| {
        quirks.userinfo_types = &["application/vnd.api+json"];
        quirks.claims = ClaimsMapping {
            subject: "data.id",
            names: &[
                ("name", "data.attributes.full_name"),
                ("preferred_username", "data.attributes.vanity"),
                ("picture", "data.attributes.image_url"),
                ("profile", "data.attributes.url"),
                ("email", "data.attributes.email"),
                ("email_verified", "data.attributes.is_email_verified"),
            ],
            email: EmailRule::VerifiedClaim,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark in the colour of the text around it. From Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M22.957 7.21c-.004-3.064-2.391-5.576-5.191-6.482-3.478-1.125-8.064-.962-11.384.604C2.357 3.231 1.093 7.391 1.046 11.54c-.039 3.411.302 12.396 5.369 12.46 3.765.047 4.326-4.804 6.068-7.141 1.24-1.662 2.836-2.132 4.801-2.618 3.376-.836 5.678-3.501 5.673-7.031Z"/>"#;
