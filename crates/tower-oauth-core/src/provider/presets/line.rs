//! LINE: OpenID Connect with ID tokens that the channel secret signs.
//!
//! - The ID token of a web login is signed by HS256 with the channel secret, whatever the metadata says.
//! - It holds the address only if the channel was allowed to ask for it; nothing tells whether it was checked.
//! - PKCE and nonce are supported; the client secret goes in the body.
//! - Each login comes with a refresh token.
//!
//! Source: developers.line.biz, "Integrating LINE Login with your web app" and "Get profile information from ID tokens".

use super::oidc;
use crate::provider::{
    Brand, ClientAuthentication, EmailRule, OfflineAccess, Provider, Registration, UserInfo,
};
use crate::secret::ClientSecret;

/// LINE, for a LINE Login channel registered at <https://developers.line.biz/console>. The channel id is the client
/// id, the channel secret the client secret.
///
/// Asks for `openid profile email`. To be told the address, apply for the "Email address permission" of the channel.
pub fn line(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oidc("https://access.line.me", client_id, client_secret)
        .key("line")
        .display_name("LINE")
        .registered(Registration {
            at: "https://developers.line.biz/console",
            redirect_uri: "LINE Login, Callback URL",
            refresh_token: "Always.",
            notes: &[
                "To be told the address, apply for the email address permission of the channel.",
            ],
        })
        .quirks(|quirks| {
            quirks.client_authentication = ClientAuthentication::Body;
            quirks.hs256_id_tokens = true;
            quirks.userinfo = UserInfo::IdToken;
            quirks.claims.email = EmailRule::NeverVerified;
            quirks.offline_access = OfflineAccess::NotAsked;
            quirks.brand = Brand::with_icon(ICON);
        })
}

/// The mark in the colour of the text around it. From Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M19.365 9.863c.349 0 .63.285.63.631 0 .345-.281.63-.63.63H17.61v1.125h1.755c.349 0 .63.283.63.63 0 .344-.281.629-.63.629h-2.386c-.345 0-.627-.285-.627-.629V8.108c0-.345.282-.63.63-.63h2.386c.346 0 .627.285.627.63 0 .349-.281.63-.63.63H17.61v1.125h1.755zm-3.855 3.016c0 .27-.174.51-.432.596-.064.021-.133.031-.199.031-.211 0-.391-.09-.51-.25l-2.443-3.317v2.94c0 .344-.279.629-.631.629-.346 0-.626-.285-.626-.629V8.108c0-.27.173-.51.43-.595.06-.023.136-.033.194-.033.195 0 .375.104.495.254l2.462 3.33V8.108c0-.345.282-.63.63-.63.345 0 .63.285.63.63v4.771zm-5.741 0c0 .344-.282.629-.631.629-.345 0-.627-.285-.627-.629V8.108c0-.345.282-.63.63-.63.346 0 .628.285.628.63v4.771zm-2.466.629H4.917c-.345 0-.63-.285-.63-.629V8.108c0-.345.285-.63.63-.63.348 0 .63.285.63.63v4.141h1.756c.348 0 .629.283.629.63 0 .344-.282.629-.629.629M24 10.314C24 4.943 18.615.572 12 .572S0 4.943 0 10.314c0 4.811 4.27 8.842 10.035 9.608.391.082.923.258 1.058.59.12.301.079.766.038 1.08l-.164 1.02c-.045.301-.24 1.186 1.049.645 1.291-.539 6.916-4.078 9.436-6.975C23.176 14.393 24 12.458 24 10.314"/>"#;
