//! Netlify.
//!
//! - There are no scopes to ask for, and access tokens do not expire.
//!
//! Source: docs.netlify.com, "Get started with the Netlify API", and open-api.netlify.com, `getCurrentUser`.

use super::oauth2;
use crate::provider::{Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// Netlify, for an OAuth application made at <https://app.netlify.com/user/applications>.
///
/// Asks for no scopes: there are none.
pub fn netlify(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://app.netlify.com/authorize",
        "https://api.netlify.com/oauth/token",
        "https://api.netlify.com/api/v1/user",
        client_id,
        client_secret,
    )
    .key("netlify")
    .display_name("Netlify")
    .registered(Registration {
        at: "https://app.netlify.com/user/applications",
        redirect_uri: "OAuth applications, Redirect URI",
        refresh_token: "Never; access tokens do not expire.",
        notes: &[],
    })
    .quirks(|quirks| {
        quirks.claims = ClaimsMapping {
            subject: "id",
            names: &[("name", "full_name"), ("picture", "avatar_url")],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M6.49 19.04h-.23L5.13 17.9v-.23l1.73-1.71h1.2l.15.15v1.2L6.5 19.04ZM5.13 6.31V6.1l1.13-1.13h.23L8.2 6.68v1.2l-.15.15h-1.2L5.13 6.31Zm9.96 9.09h-1.65l-.14-.13v-3.83c0-.68-.27-1.2-1.1-1.23-.42 0-.9 0-1.43.02l-.07.08v4.96l-.14.14H8.9l-.13-.14V8.73l.13-.14h3.7a2.6 2.6 0 0 1 2.61 2.6v4.08l-.13.14Zm-8.37-2.44H.14L0 12.82v-1.64l.14-.14h6.58l.14.14v1.64l-.14.14Zm17.14 0h-6.58l-.14-.14v-1.64l.14-.14h6.58l.14.14v1.64l-.14.14ZM11.05 6.55V1.64l.14-.14h1.65l.14.14v4.9l-.14.14h-1.65l-.14-.13Zm0 15.81v-4.9l.14-.14h1.65l.14.13v4.91l-.14.14h-1.65l-.14-.14Z"/>"#;
