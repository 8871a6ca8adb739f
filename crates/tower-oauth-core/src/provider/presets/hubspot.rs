//! HubSpot.
//!
//! - The token response tells user and account; there is no userinfo endpoint that hides the token from logs.
//! - Granted scopes come as the list `scopes`. Access tokens last 30 minutes; the refresh token always comes.
//!
//! Source: developers.hubspot.com, "OAuth v3 guide" and the API's OpenAPI description (`AccessTokenResponse`).

use super::oauth2;
use crate::provider::{Brand, OfflineAccess, Provider, Registration, UserInfo};
use crate::secret::ClientSecret;

/// HubSpot, for an app made in a developer account.
///
/// Asks for `oauth`.
pub fn hubspot(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://app.hubspot.com/oauth/authorize",
        "https://api.hubapi.com/oauth/v3/token",
        "", // The token response tells who it is.
        client_id,
        client_secret,
    )
    .key("hubspot")
    .display_name("HubSpot")
    .registered(Registration {
        at: "https://app.hubspot.com/developer-overview",
        redirect_uri: "Auth, Redirect URLs",
        refresh_token: "Always; access tokens last 30 minutes.",
        notes: &["The identity is the user's number, with the account's as hub_id; \
             the profile has neither name nor address."],
    })
    .scopes(["oauth"])
    .quirks(|quirks| {
        quirks.userinfo = UserInfo::TokenResponse;
        quirks.claims.subject = "user_id";
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M18.164 7.93V5.084a2.198 2.198 0 001.267-1.978v-.067A2.2 2.2 0 0017.238.845h-.067a2.2 2.2 0 00-2.193 2.193v.067a2.196 2.196 0 001.252 1.973l.013.006v2.852a6.22 6.22 0 00-2.969 1.31l.012-.01-7.828-6.095A2.497 2.497 0 104.3 4.656l-.012.006 7.697 5.991a6.176 6.176 0 00-1.038 3.446c0 1.343.425 2.588 1.147 3.607l-.013-.02-2.342 2.343a1.968 1.968 0 00-.58-.095h-.002a2.033 2.033 0 102.033 2.033 1.978 1.978 0 00-.1-.595l.005.014 2.317-2.317a6.247 6.247 0 104.782-11.134l-.036-.005zm-.964 9.378a3.206 3.206 0 113.215-3.207v.002a3.206 3.206 0 01-3.207 3.207z"/>"#;
