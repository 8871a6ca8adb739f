//! Pinterest: API v5.
//!
//! - The client authenticates by the `Authorization` header.
//! - Scopes are separated by commas when asked for, and by spaces when granted.
//! - `id` is the stable identifier; `username` can change. There is no address.
//! - Each login comes with a refresh token.
//!
//! Source: developers.pinterest.com, "Set up authentication and authorization" and "Get user account".

use super::oauth2;
use crate::provider::{
    Brand, ClaimsMapping, ClientAuthentication, EmailRule, OfflineAccess, Provider, Registration,
};
use crate::secret::ClientSecret;

/// Pinterest, for an app registered at <https://developers.pinterest.com/apps>.
///
/// Asks for `user_accounts:read`.
pub fn pinterest(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://www.pinterest.com/oauth/",
        "https://api.pinterest.com/v5/oauth/token",
        "https://api.pinterest.com/v5/user_account",
        client_id,
        client_secret,
    )
    .key("pinterest")
    .display_name("Pinterest")
    .registered(Registration {
        at: "https://developers.pinterest.com/apps",
        redirect_uri: "Redirect URIs",
        refresh_token: "Always.",
        notes: &[],
    })
    .scopes(["user_accounts:read"])
    .quirks(|quirks| {
        quirks.client_authentication = ClientAuthentication::Basic;
        quirks.scope_delimiter = ',';
        quirks.claims = ClaimsMapping {
            subject: "id",
            names: &[("preferred_username", "username"), ("picture", "profile_image")],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark in the colour of the text around it. From Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M12.017 0C5.396 0 .029 5.367.029 11.987c0 5.079 3.158 9.417 7.618 11.162-.105-.949-.199-2.403.041-3.439.219-.937 1.406-5.957 1.406-5.957s-.359-.72-.359-1.781c0-1.663.967-2.911 2.168-2.911 1.024 0 1.518.769 1.518 1.688 0 1.029-.653 2.567-.992 3.992-.285 1.193.6 2.165 1.775 2.165 2.128 0 3.768-2.245 3.768-5.487 0-2.861-2.063-4.869-5.008-4.869-3.41 0-5.409 2.562-5.409 5.199 0 1.033.394 2.143.889 2.741.099.12.112.225.085.345-.09.375-.293 1.199-.334 1.363-.053.225-.172.271-.401.165-1.495-.69-2.433-2.878-2.433-4.646 0-3.776 2.748-7.252 7.92-7.252 4.158 0 7.392 2.967 7.392 6.923 0 4.135-2.607 7.462-6.233 7.462-1.214 0-2.354-.629-2.758-1.379l-.749 2.848c-.269 1.045-1.004 2.352-1.498 3.146 1.123.345 2.306.535 3.55.535 6.607 0 11.985-5.365 11.985-11.987C23.97 5.39 18.592.026 11.985.026L12.017 0z"/>"#;
