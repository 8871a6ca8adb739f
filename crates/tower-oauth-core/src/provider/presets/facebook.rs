//! Facebook: Facebook Login over the Graph API.
//!
//! - The version of the Graph API is in each address: v26.0 is of July 2026, and a version lives two years.
//! - `/me` tells no more than `id` and `name` unless `fields` asks for it.
//! - `appsecret_proof` proves with each call that it comes from a server which knows the app secret.
//! - Scopes are separated by commas.
//! - The user comes back with the fragment `#_=_`, which no server sees.
//! - There is no refresh token. A token lives for sixty days.
//!
//! Source: developers.facebook.com, "Manually Build a Login Flow", "Login Security" and "Graph API Changelog".

use super::oauth2;
use crate::provider::{Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// Facebook, for an app with Facebook Login, registered at <https://developers.facebook.com/apps>.
///
/// Asks for `public_profile email`. Facebook does not say whether an address was checked.
pub fn facebook(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://www.facebook.com/v26.0/dialog/oauth",
        "https://graph.facebook.com/v26.0/oauth/access_token",
        "https://graph.facebook.com/v26.0/me?fields=id,name,first_name,last_name,email,picture",
        client_id,
        client_secret,
    )
    .key("facebook")
    .display_name("Facebook")
    .registered(Registration {
        at: "https://developers.facebook.com/apps",
        redirect_uri: "Facebook Login, Settings, Valid OAuth Redirect URIs",
        refresh_token: "Never; access tokens last sixty days.",
        notes: &[
            "A version of the Graph API lives two years: update this crate before v26.0 ends.",
        ],
    })
    .scopes(["public_profile", "email"])
    .quirks(|quirks| {
        quirks.scope_delimiter = ',';
        quirks.app_secret_proof = true;
        quirks.token_errors = &[
            ("error.error_subcode", "36007", "invalid_grant"),
            ("error.error_subcode", "36009", "invalid_grant"),
        ];
        quirks.claims = ClaimsMapping {
            subject: "id",
            names: &[
                ("picture", "picture.data.url"),
                ("given_name", "first_name"),
                ("family_name", "last_name"),
            ],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON).color("#0866FF");
    })
}

/// The mark in the colour of the text around it. From Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M9.101 23.691v-7.98H6.627v-3.667h2.474v-1.58c0-4.085 1.848-5.978 5.858-5.978.401 0 .955.042 1.468.103a8.68 8.68 0 0 1 1.141.195v3.325a8.623 8.623 0 0 0-.653-.036 26.805 26.805 0 0 0-.733-.009c-.707 0-1.259.096-1.675.309a1.686 1.686 0 0 0-.679.622c-.258.42-.374.995-.374 1.752v1.297h3.919l-.386 2.103-.287 1.564h-3.246v8.245C19.396 23.238 24 18.179 24 12.044c0-6.627-5.373-12-12-12s-12 5.373-12 12c0 5.628 3.874 10.35 9.101 11.647Z"/>"#;
