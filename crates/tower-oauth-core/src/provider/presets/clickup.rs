//! ClickUp.
//!
//! - There are no scopes: a user picks workspaces, and the token reaches them.
//! - Access tokens do not expire. Errors are `err` and `ECODE`.
//!
//! Source: developer.clickup.com, "Authentication", "Get access token" and "Get authorized user".

use super::oauth2;
use crate::provider::{Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// ClickUp, for an app made in a workspace's settings.
///
/// Asks for no scopes: there are none.
pub fn clickup(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://app.clickup.com/api",
        "https://api.clickup.com/api/v2/oauth/token",
        "https://api.clickup.com/api/v2/user",
        client_id,
        client_secret,
    )
    .key("clickup")
    .display_name("ClickUp")
    .registered(Registration {
        at: "https://app.clickup.com/settings/apps",
        redirect_uri: "ClickUp API, Redirect URL(s)",
        refresh_token: "Never; access tokens do not expire.",
        notes: &["The console takes the host of the redirect URL only."],
    })
    .quirks(|quirks| {
        quirks.token_errors = &[("ECODE", "OAUTH_014", "invalid_grant")];
        quirks.claims = ClaimsMapping {
            subject: "user.id",
            names: &[
                ("name", "user.username"),
                ("email", "user.email"),
                ("picture", "user.profilePicture"),
                ("zoneinfo", "user.timezone"),
            ],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON).color("#7B68EE");
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M2 18.439l3.69-2.828c1.961 2.56 4.044 3.739 6.363 3.739 2.307 0 4.33-1.166 6.203-3.704L22 18.405C19.298 22.065 15.941 24 12.053 24 8.178 24 4.788 22.078 2 18.439zM12.04 6.15l-6.568 5.66-3.036-3.52L12.055 0l9.543 8.296-3.05 3.509z"/>"#;
