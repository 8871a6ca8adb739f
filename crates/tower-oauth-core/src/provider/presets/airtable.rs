//! Airtable.
//!
//! - PKCE is required, and the secret goes into the `Authorization` header.
//! - The profile is an id and, with the scope `user.email:read`, an address. There is no name.
//! - Access tokens last one hour; the refresh token always comes, and is good once within 60 days.
//!
//! Source: airtable.com/developers, "OAuth reference" and "Get user ID & scopes".

use super::oauth2;
use crate::provider::{Brand, ClientAuthentication, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// Airtable, for an integration made at <https://airtable.com/create/oauth>.
///
/// Asks for `user.email:read`.
pub fn airtable(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://airtable.com/oauth2/v1/authorize",
        "https://airtable.com/oauth2/v1/token",
        "https://api.airtable.com/v0/meta/whoami",
        client_id,
        client_secret,
    )
    .key("airtable")
    .display_name("Airtable")
    .registered(Registration {
        at: "https://airtable.com/create/oauth",
        redirect_uri: "OAuth redirect URL",
        refresh_token: "Always; access tokens last one hour.",
        notes: &["Tick user.email:read for the integration, and generate a client secret."],
    })
    .scopes(["user.email:read"])
    .quirks(|quirks| {
        quirks.client_authentication = ClientAuthentication::Basic;
        quirks.claims.subject = "id";
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M11.992 1.966c-.434 0-.87.086-1.28.257L1.779 5.917c-.503.208-.49.908.012 1.116l8.982 3.558a3.266 3.266 0 0 0 2.454 0l8.982-3.558c.503-.196.503-.908.012-1.116l-8.957-3.694a3.255 3.255 0 0 0-1.272-.257zM23.4 8.056a.589.589 0 0 0-.222.045l-10.012 3.877a.612.612 0 0 0-.38.564v8.896a.6.6 0 0 0 .821.552L23.62 18.1a.583.583 0 0 0 .38-.551V8.653a.6.6 0 0 0-.6-.596zM.676 8.095a.644.644 0 0 0-.48.19C.086 8.396 0 8.53 0 8.69v8.355c0 .442.515.737.908.54l6.27-3.006.307-.147 2.969-1.436c.466-.22.43-.908-.061-1.092L.883 8.138a.57.57 0 0 0-.207-.044z"/>"#;
