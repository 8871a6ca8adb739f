//! Typeform.
//!
//! - PKCE is not documented and is not sent.
//! - A refresh token comes with the scope `offline`, and is good once; access tokens last one week.
//!
//! Source: typeform.com/developers, "Create applications" and "Retrieve your own account information".

use super::oauth2;
use crate::provider::{ClaimsMapping, EmailRule, OfflineAccess, Pkce, Provider, Registration};
use crate::secret::ClientSecret;

/// Typeform, for a developer app made in a workspace's settings.
///
/// Asks for `accounts:read`.
pub fn typeform(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://api.typeform.com/oauth/authorize",
        "https://api.typeform.com/oauth/token",
        "https://api.typeform.com/me",
        client_id,
        client_secret,
    )
    .key("typeform")
    .display_name("Typeform")
    .registered(Registration {
        at: "https://admin.typeform.com/",
        redirect_uri: "Developer apps, Redirect URI(s)",
        refresh_token: "When offline access is asked for; access tokens last one week.",
        notes: &[
            "Neither PKCE nor a nonce protects the code; register no redirect URI but this one.",
        ],
    })
    .scopes(["accounts:read"])
    .quirks(|quirks| {
        quirks.pkce = Pkce::Unsupported;
        quirks.claims = ClaimsMapping {
            subject: "user_id",
            names: &[("name", "alias"), ("locale", "language")],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::Scope("offline");
    })
}
