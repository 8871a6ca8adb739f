//! Zendesk.
//!
//! - Each account is a host of its own. The profile is under `user`.
//! - `verified` is true as soon as any of the user's identities is, so it says nothing about the address.
//! - New clients get tokens that expire, and refresh tokens.
//!
//! Source: developer.zendesk.com, "Using OAuth to authenticate Zendesk API requests in a web app" and "Show self".

use super::oauth2;
use crate::provider::{Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// The Zendesk account at `host`, such as `https://example.zendesk.com`.
///
/// Asks for `users:read`.
pub fn zendesk(
    host: impl Into<String>,
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    let host = host.into();
    let host = host.trim_end_matches('/');
    oauth2(
        format!("{host}/oauth/authorizations/new"),
        format!("{host}/oauth/tokens"),
        format!("{host}/api/v2/users/me.json"),
        client_id,
        client_secret,
    )
    .key("zendesk")
    .display_name("Zendesk")
    .registered(Registration {
        at: "https://support.zendesk.com/hc/en-us/articles/4408845965210",
        redirect_uri: "Admin Center, Apps and integrations, OAuth clients, Redirect URLs",
        refresh_token: "Always for clients whose tokens expire.",
        notes: &[],
    })
    .with_issuer(host)
    .scopes(["users:read"])
    .quirks(|quirks| {
        quirks.claims = ClaimsMapping {
            subject: "user.id",
            names: &[
                ("name", "user.name"),
                ("email", "user.email"),
                ("picture", "user.photo.content_url"),
                ("locale", "user.locale"),
            ],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M12.914 2.904V16.29L24 2.905H12.914zM0 2.906C0 5.966 2.483 8.45 5.543 8.45s5.542-2.484 5.543-5.544H0zm11.086 4.807L0 21.096h11.086V7.713zm7.37 7.84c-3.063 0-5.542 2.48-5.542 5.543H24c0-3.06-2.48-5.543-5.543-5.543z"/>"#;
