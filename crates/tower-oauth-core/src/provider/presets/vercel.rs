//! Vercel.
//!
//! - OpenID Connect by discovery; PKCE is required.
//! - Access tokens last one hour; a refresh token comes with the scope `offline_access`, and rotates.
//!
//! Source: vercel.com/docs, "Sign in with Vercel: Authorization Server API", "Tokens" and "Scopes".

use super::oidc;
use crate::provider::{Brand, Group, Make, Preset, Provider};
use crate::secret::ClientSecret;

/// Vercel, for an app made in a team's settings.
///
/// Asks for `openid profile email`.
pub fn vercel(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oidc("https://vercel.com", client_id, client_secret)
        .key("vercel")
        .display_name("Vercel")
        .quirks(|quirks| {
            quirks.brand = Brand::with_icon(ICON);
        })
}

pub(super) const PRESET: Preset = Preset {
    key: "vercel",
    name: "Vercel",
    group: Group::Developer,
    make: Make::Registered(|id, secret| vercel(id, secret)),
    register_at: "https://vercel.com/docs/sign-in-with-vercel/manage-from-dashboard",
    redirect_uri_field: "Apps, Authorization Callback URLs",
    refresh: "When offline access is asked for; access tokens last one hour.",
    email: "Verified where Vercel says so (email_verified).",
    notes: &[
        "Tick openid, email, profile, and offline_access where it is wanted, under Permissions.",
    ],
};

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="m12 1.608 12 20.784H0Z"/>"#;
