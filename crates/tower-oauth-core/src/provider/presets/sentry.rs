//! Sentry.
//!
//! - The token response tells who the user is; there is no need of another request.
//! - Access tokens last 30 days; the refresh token always comes.
//!
//! Source: docs.sentry.io, "API: Authentication", and its server's `oauth_token.py`.

use super::oauth2;
use crate::provider::{
    Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration, UserInfo,
};
use crate::secret::ClientSecret;

/// Sentry, for an application made at <https://sentry.io/settings/account/api/applications/>.
///
/// Asks for `openid profile email`.
pub fn sentry(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://sentry.io/oauth/authorize/",
        "https://sentry.io/oauth/token/",
        "", // The token response tells who it is.
        client_id,
        client_secret,
    )
    .key("sentry")
    .display_name("Sentry")
    .registered(Registration {
        at: "https://sentry.io/settings/account/api/applications/",
        redirect_uri: "Authorized Redirect URIs",
        refresh_token: "Always; access tokens last 30 days.",
        notes: &[],
    })
    .scopes(["openid", "profile", "email"])
    .quirks(|quirks| {
        quirks.userinfo = UserInfo::TokenResponse;
        quirks.claims = ClaimsMapping {
            subject: "user.id",
            names: &[("name", "user.name"), ("email", "user.email")],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M13.91 2.505c-.873-1.448-2.972-1.448-3.844 0L6.904 7.92a15.478 15.478 0 0 1 8.53 12.811h-2.221A13.301 13.301 0 0 0 5.784 9.814l-2.926 5.06a7.65 7.65 0 0 1 4.435 5.848H2.194a.365.365 0 0 1-.298-.534l1.413-2.402a5.16 5.16 0 0 0-1.614-.913L.296 19.275a2.182 2.182 0 0 0 .812 2.999 2.24 2.24 0 0 0 1.086.288h6.983a9.322 9.322 0 0 0-3.845-8.318l1.11-1.922a11.47 11.47 0 0 1 4.95 10.24h5.915a17.242 17.242 0 0 0-7.885-15.28l2.244-3.845a.37.37 0 0 1 .504-.13c.255.14 9.75 16.708 9.928 16.9a.365.365 0 0 1-.327.543h-2.287c.029.612.029 1.223 0 1.831h2.297a2.206 2.206 0 0 0 1.922-3.31z"/>"#;
