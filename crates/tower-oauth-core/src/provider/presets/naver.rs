//! Naver: Naver Login.
//!
//! - What the user is asked for is configured in the console; there are no scopes.
//! - The profile is the member `response`. `expires_in` is a number in quotes.
//! - The address is one that the user gave for contact.
//! - Each login comes with a refresh token.
//!
//! Source: developers.naver.com, "Naver Login API" and "Member Profile API".

use super::oauth2;
use crate::provider::{Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// Naver, for an application with Naver Login, registered at <https://developers.naver.com/apps>.
///
/// Asks for no scopes: the application's settings decide.
pub fn naver(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://nid.naver.com/oauth2.0/authorize",
        "https://nid.naver.com/oauth2.0/token",
        "https://openapi.naver.com/v1/nid/me",
        client_id,
        client_secret,
    )
    .key("naver")
    .display_name("Naver")
    .registered(Registration {
        at: "https://developers.naver.com/apps",
        redirect_uri: "Callback URL",
        refresh_token: "Always.",
        notes: &["The console decides what the profile holds."],
    })
    .quirks(|quirks| {
        quirks.claims = ClaimsMapping {
            subject: "response.id",
            names: &[
                ("name", "response.name"),
                ("nickname", "response.nickname"),
                ("picture", "response.profile_image"),
                ("email", "response.email"),
            ],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark in the colour of the text around it. From Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M16.273 12.845 7.376 0H0v24h7.726V11.156L16.624 24H24V0h-7.727v12.845Z"/>"#;
