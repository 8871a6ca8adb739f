//! DeviantArt: plain OAuth 2.0.
//!
//! - It insists on a `User-Agent`.
//! - `userid` is the stable identifier; usernames can change. There is no address.
//! - A token lives for an hour; each login comes with a refresh token.
//!
//! Source: www.deviantart.com/developers, "Authentication" and "/user/whoami".

use super::oauth2;
use crate::provider::{Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// DeviantArt, for an application registered at <https://www.deviantart.com/developers/apps>.
///
/// Asks for `basic`.
pub fn deviantart(
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    oauth2(
        "https://www.deviantart.com/oauth2/authorize",
        "https://www.deviantart.com/oauth2/token",
        "https://www.deviantart.com/api/v1/oauth2/user/whoami",
        client_id,
        client_secret,
    )
    .key("deviantart")
    .display_name("DeviantArt")
    .registered(Registration {
        at: "https://www.deviantart.com/developers/apps",
        redirect_uri: "OAuth2 Redirect URI Whitelist",
        refresh_token: "Always; access tokens last one hour.",
        notes: &[],
    })
    .scopes(["basic"])
    .quirks(|quirks| {
        quirks.headers = &[("user-agent", "tower-oauth")];
        quirks.claims = ClaimsMapping {
            subject: "userid",
            names: &[
                ("name", "username"),
                ("preferred_username", "username"),
                ("picture", "usericon"),
            ],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.revocation_endpoint = Some("https://www.deviantart.com/oauth2/revoke".into());
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark in the colour of the text around it. From Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M19.207 4.794l.23-.43V0H15.07l-.436.44-2.058 3.925-.646.436H4.58v5.993h4.04l.36.436-4.175 7.98-.24.43V24H8.93l.436-.44 2.07-3.925.644-.436h7.35v-5.993h-4.05l-.36-.438 4.186-7.977z"/>"#;
