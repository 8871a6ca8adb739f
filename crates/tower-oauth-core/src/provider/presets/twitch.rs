//! Twitch: OpenID Connect, where each claim about the user has to be asked for by name.
//!
//! - The ID token holds an address, a name and a picture only if the parameter `claims` asks for them, and the
//!   address only with the scope `user:read:email`.
//! - An unverified address is left out.
//! - Granted scopes come as an array. Errors of the token endpoint are told by `message` alone.
//! - Each login comes with a refresh token.
//!
//! Source: dev.twitch.tv, "Using OIDC to get OAuth Access Tokens" and "Refreshing Access Tokens".

use super::oidc;
use crate::provider::{Brand, OfflineAccess, Provider, Registration, TokenResponse, UserInfo};
use crate::secret::ClientSecret;

/// Twitch, for an application registered at <https://dev.twitch.tv/console/apps>.
///
/// Asks for `openid user:read:email`.
pub fn twitch(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oidc("https://id.twitch.tv/oauth2", client_id, client_secret)
        .key("twitch")
        .display_name("Twitch")
        .registered(Registration {
            at: "https://dev.twitch.tv/console/apps",
            redirect_uri: "OAuth Redirect URLs",
            refresh_token: "Always.",
            notes: &[],
        })
        .scopes(["openid", "user:read:email"])
        .quirks(|quirks| {
            quirks.authorization_parameters = &[("claims", CLAIMS)];
            quirks.token_response = TokenResponse::Lenient;
            quirks.token_errors = &[
                ("message", "Invalid authorization code", "invalid_grant"),
                ("message", "Invalid refresh token", "invalid_grant"),
                ("message", "invalid client", "invalid_client"),
                ("message", "invalid client secret", "invalid_client"),
            ];
            quirks.userinfo = UserInfo::IdToken;
            quirks.claims.names = &[("name", "preferred_username")];
            quirks.offline_access = OfflineAccess::NotAsked;
            quirks.revocation_endpoint = Some("https://id.twitch.tv/oauth2/revoke".into());
            quirks.brand = Brand::with_icon(ICON).color("#9146FF");
        })
}

/// What the ID token is to hold (OpenID Connect Core section 5.5).
const CLAIMS: &str = concat!(
    r#"{"id_token":{"email":null,"email_verified":null,"#,
    r#""picture":null,"preferred_username":null}}"#
);

/// The mark in the colour of the text around it. From Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M11.571 4.714h1.715v5.143H11.57zm4.715 0H18v5.143h-1.714zM6 0L1.714 4.286v15.428h5.143V24l4.286-4.286h3.428L22.286 12V0zm14.571 11.143l-3.428 3.428h-3.429l-3 3v-3H6.857V1.714h13.714Z"/>"#;
