//! Typeform.
//!
//! - PKCE is not documented and is not sent.
//! - A refresh token comes with the scope `offline`, and is good once; access tokens last one week.
//!
//! Source: typeform.com/developers, "Create applications" and "Retrieve your own account information".

use super::oauth2;
use crate::provider::{
    ClaimsMapping, EmailRule, Group, Make, OfflineAccess, Pkce, Preset, Provider,
};
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

pub(super) const PRESET: Preset = Preset {
    key: "typeform",
    name: "Typeform",
    group: Group::Work,
    make: Make::Registered(|id, secret| typeform(id, secret)),
    register_at: "https://admin.typeform.com/",
    redirect_uri_field: "Developer apps, Redirect URI(s)",
    refresh: "When offline access is asked for; access tokens last one week.",
    email: "Typeform does not say whether the address is verified.",
    notes: &["Neither PKCE nor a nonce protects the code; register no redirect URI but this one."],
};
