//! Webflow.
//!
//! - A token reaches the sites or the workspace that the user picks; who that was is a request of its own.
//! - Access tokens do not expire.
//!
//! Source: developers.webflow.com, "OAuth" and "Get authorization user info".

use super::{claims, oauth2};
use crate::provider::{Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// Webflow, for a data client app made in a workspace's settings.
///
/// Asks for `authorized_user:read`.
pub fn webflow(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://webflow.com/oauth/authorize",
        "https://api.webflow.com/oauth/access_token",
        "https://api.webflow.com/v2/token/authorized_by",
        client_id,
        client_secret,
    )
    .key("webflow")
    .display_name("Webflow")
    .registered(Registration {
        at: "https://webflow.com/dashboard",
        redirect_uri: "Apps & Integrations, App development, Redirect URI",
        refresh_token: "Never; access tokens do not expire.",
        notes: &["Tick Authorized user: read for the app."],
    })
    .scopes(["authorized_user:read"])
    .quirks(|quirks| {
        quirks.claims = ClaimsMapping {
            subject: "id",
            names: &[("given_name", "firstName"), ("family_name", "lastName")],
            email: EmailRule::NeverVerified,
            adjust: Some(claims::full_name),
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON).color("#146EF5");
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="m24 4.515-7.658 14.97H9.149l3.205-6.204h-.144C9.566 16.713 5.621 18.973 0 19.485v-6.118s3.596-.213 5.71-2.435H0V4.515h6.417v5.278l.144-.001 2.622-5.277h4.854v5.244h.144l2.72-5.244H24Z"/>"#;
