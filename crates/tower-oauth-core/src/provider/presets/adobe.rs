//! Adobe.
//!
//! - Scopes are separated by commas.
//! - The profile comes from userinfo; the ID token is not read.
//! - A refresh token comes with the scope `offline_access`.
//!
//! Source: developer.adobe.com, "User authentication: IMS API reference".

use super::oauth2;
use crate::provider::{EmailRule, Provider};
use crate::secret::ClientSecret;

/// Adobe, for an OAuth web app credential made at <https://developer.adobe.com/console>.
///
/// Asks for `openid AdobeID email profile`.
pub fn adobe(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://ims-na1.adobelogin.com/ims/authorize/v2",
        "https://ims-na1.adobelogin.com/ims/token/v3",
        "https://ims-na1.adobelogin.com/ims/userinfo/v2",
        client_id,
        client_secret,
    )
    .key("adobe")
    .display_name("Adobe")
    .registered_at("https://developer.adobe.com/console")
    .scopes(["openid", "AdobeID", "email", "profile"])
    .quirks(|quirks| {
        quirks.scope_delimiter = ',';
        quirks.claims.email = EmailRule::VerifiedClaim;
    })
}
