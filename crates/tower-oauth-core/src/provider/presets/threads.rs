//! Threads: Meta's API for Threads, with an app id of its own.
//!
//! - PKCE is not documented.
//! - A token lives for an hour; it can be traded for one of sixty days at `graph.threads.com`. There is no refresh
//!   token.
//! - The token response names no type. Scopes are separated by commas. There is no address.
//!
//! Source: developers.facebook.com, "Threads: Get Access Tokens" and "Threads: Profiles", of August 2026.

use super::oauth2;
use crate::provider::{
    Brand, ClaimsMapping, EmailRule, OfflineAccess, Pkce, Provider, Registration,
};
use crate::secret::ClientSecret;

/// Threads, for an app with the use case "Access the Threads API", registered at
/// <https://developers.facebook.com/apps>. It has an app id and a secret of its own there.
///
/// Asks for `threads_basic`.
pub fn threads(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://threads.com/oauth/authorize",
        "https://graph.threads.com/oauth/access_token",
        "https://graph.threads.com/v1.0/me?fields=id,username,name,threads_profile_picture_url",
        client_id,
        client_secret,
    )
    .key("threads")
    .display_name("Threads")
    .registered(Registration {
        at: "https://developers.facebook.com/apps",
        redirect_uri: "Access the Threads API, Settings, Redirect Callback URLs",
        refresh_token: "Never; access tokens last one hour.",
        notes: &[
            "Client id and secret are the Threads app's, not the Meta app's.",
            "Neither PKCE nor a nonce protects the code; register no redirect URI but this one.",
        ],
    })
    .scopes(["threads_basic"])
    .quirks(|quirks| {
        quirks.pkce = Pkce::Unsupported;
        quirks.scope_delimiter = ',';
        quirks.app_secret_proof = true;
        quirks.token_errors = &[(
            "error_message",
            "Matching code was not found or was already used",
            "invalid_grant",
        )];
        quirks.claims = ClaimsMapping {
            subject: "id",
            names: &[
                ("preferred_username", "username"),
                ("picture", "threads_profile_picture_url"),
            ],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark in the colour of the text around it. From Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M18.263 11.097c-.03-3.486-1.92-5.586-5.111-5.586-2.13 0-3.922.963-4.863 2.499l2.062 1.438c.535-.843 1.272-1.543 2.628-1.543 1.528 0 2.318.85 2.544 2.431a15 15 0 0 0-2.236-.173c-4.125 0-6.068 1.867-6.068 4.336s1.943 3.99 4.804 3.99c3.139 0 5.013-2.115 5.781-4.735.798.361 1.348 1.204 1.348 2.47 0 3.387-3.907 5.232-7.22 5.232-4.885 0-8.077-3.207-8.077-8.424 0-6.392 4.223-10.487 9.9-10.487 3.808 0 5.69 1.671 6.97 3.914l2.108-1.475C21.44 2.078 18.331 0 13.663 0 6.227 0 1.168 5.277 1.168 12.934c0 7 4.953 11.066 10.856 11.066 4.878 0 9.809-2.846 9.809-7.716 0-2.545-1.46-4.231-3.569-5.187m-6.33 4.855c-1.077 0-2.026-.512-2.026-1.453 0-1.483 1.822-1.934 3.606-1.934.678 0 1.34.045 1.927.173-.422 1.927-1.671 3.215-3.508 3.214Z"/>"#;
