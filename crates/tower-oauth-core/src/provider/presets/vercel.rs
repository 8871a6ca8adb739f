//! Vercel.
//!
//! - OpenID Connect by discovery; PKCE is required.
//! - Access tokens last one hour; a refresh token comes with the scope `offline_access`, and rotates.
//!
//! Source: vercel.com/docs, "Sign in with Vercel: Authorization Server API", "Tokens" and "Scopes".

use super::oidc;
use crate::provider::{Brand, Provider, Registration};
use crate::secret::ClientSecret;

/// Vercel, for an app made in a team's settings.
///
/// Asks for `openid profile email`.
pub fn vercel(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oidc("https://vercel.com", client_id, client_secret)
        .key("vercel")
        .display_name("Vercel")
        .registered(Registration {
            at: "https://vercel.com/docs/sign-in-with-vercel/manage-from-dashboard",
            redirect_uri: "Apps, Authorization Callback URLs",
            refresh_token: "When offline access is asked for; access tokens last one hour.",
            notes: &["Tick openid, email, profile, and offline_access where it is \
             wanted, under Permissions."],
        })
        .quirks(|quirks| {
            quirks.brand = Brand::with_icon(ICON);
        })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="m12 1.608 12 20.784H0Z"/>"#;
