//! Adobe.
//!
//! - Scopes are separated by commas.
//! - The profile comes from userinfo; the ID token is not read.
//! - A refresh token comes with the scope `offline_access`.
//!
//! Source: developer.adobe.com, "User authentication: IMS API reference".

use super::oauth2;
use crate::provider::{EmailRule, Provider, Registration};
use crate::secret::ClientSecret;

/// Adobe, for an OAuth web app credential made at <https://developer.adobe.com/console>.
///
/// Asks for `openid AdobeID email profile`.
pub fn adobe(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    let client_id = client_id.into();
    let id: String = form_urlencoded::byte_serialize(client_id.as_bytes()).collect();
    oauth2(
        "https://ims-na1.adobelogin.com/ims/authorize/v2",
        "https://ims-na1.adobelogin.com/ims/token/v3",
        format!("https://ims-na1.adobelogin.com/ims/userinfo/v2?client_id={id}"),
        client_id,
        client_secret,
    )
    .key("adobe")
    .display_name("Adobe")
    .registered(Registration {
        at: "https://developer.adobe.com/console",
        redirect_uri: "Redirect URI pattern",
        refresh_token: "When offline access is asked for; access tokens last a day.",
        notes: &["Redirect URIs must be https."],
    })
    .scopes(["openid", "AdobeID", "email", "profile"])
    .quirks(|quirks| {
        quirks.scope_delimiter = ',';
        quirks.claims.email = EmailRule::VerifiedClaim;
    })
}
