//! TikTok: Login Kit for the web.
//!
//! - The client id is called `client_key`, and scopes are separated by commas.
//! - PKCE is for its mobile and desktop clients, which hash the verifier in a way of their own.
//! - Errors of the token endpoint may come under status 200.
//! - The profile is the member `data.user`, and holds the fields that `fields` asks for. There is no address.
//! - Each login comes with a refresh token, which may change with each use.
//!
//! Source: developers.tiktok.com, "Login Kit for Web", "Manage User Access Tokens" and "Get User Info".

use super::oauth2;
use crate::provider::{
    Brand, ClaimsMapping, EmailRule, OfflineAccess, Pkce, Provider, Registration,
};
use crate::secret::ClientSecret;

/// TikTok, for an app with Login Kit, registered at <https://developers.tiktok.com/apps>. Its "client key" is the
/// client id.
///
/// Asks for `user.info.basic`. With `user.info.profile` an API call can ask for the username.
pub fn tiktok(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://www.tiktok.com/v2/auth/authorize/",
        "https://open.tiktokapis.com/v2/oauth/token/",
        "https://open.tiktokapis.com/v2/user/info/?fields=open_id,union_id,avatar_url,display_name",
        client_id,
        client_secret,
    )
    .key("tiktok")
    .display_name("TikTok")
    .registered(Registration {
        at: "https://developers.tiktok.com/apps",
        redirect_uri: "Login Kit, Redirect URI",
        refresh_token: "Always.",
        notes: &[
            "The client key is the client id.",
            "Neither PKCE nor a nonce protects the code; register no redirect URI but this one.",
        ],
    })
    .scopes(["user.info.basic"])
    .quirks(|quirks| {
        quirks.parameter_names = &[("client_id", "client_key")];
        quirks.pkce = Pkce::Unsupported;
        quirks.scope_delimiter = ',';
        quirks.claims = ClaimsMapping {
            subject: "data.user.open_id",
            names: &[("name", "data.user.display_name"), ("picture", "data.user.avatar_url")],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark in the colour of the text around it. From Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M12.525.02c1.31-.02 2.61-.01 3.91-.02.08 1.53.63 3.09 1.75 4.17 1.12 1.11 2.7 1.62 4.24 1.79v4.03c-1.44-.05-2.89-.35-4.2-.97-.57-.26-1.1-.59-1.62-.93-.01 2.92.01 5.84-.02 8.75-.08 1.4-.54 2.79-1.35 3.94-1.31 1.92-3.58 3.17-5.91 3.21-1.43.08-2.86-.31-4.08-1.03-2.02-1.19-3.44-3.37-3.65-5.71-.02-.5-.03-1-.01-1.49.18-1.9 1.12-3.72 2.58-4.96 1.66-1.44 3.98-2.13 6.15-1.72.02 1.48-.04 2.96-.04 4.44-.99-.32-2.15-.23-3.02.37-.63.41-1.11 1.04-1.36 1.75-.21.51-.15 1.07-.14 1.61.24 1.64 1.82 3.02 3.5 2.87 1.12-.01 2.19-.66 2.77-1.61.19-.33.4-.67.41-1.06.1-1.79.06-3.57.07-5.36.01-4.03-.01-8.05.02-12.07z"/>"#;
