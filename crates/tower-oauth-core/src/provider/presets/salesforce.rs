//! Salesforce.
//!
//! - The profile is asked for at the host of the login; the ID token, whose issuer depends on the organisation, is
//!   not read.
//! - `sub` is a URL of organisation and user.
//! - Token responses have no `expires_in`; the organisation's session settings decide.
//! - A refresh token comes with the scope `refresh_token`.
//!
//! Source: help.salesforce.com, "OAuth 2.0 Web Server Flow" and "The UserInfo Endpoint".

use super::oauth2;
use crate::provider::{EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// Salesforce at `host`: `https://login.salesforce.com`, `https://test.salesforce.com` for sandboxes, or a My Domain such as
/// `https://mycompany.my.salesforce.com`.
///
/// Asks for `openid profile email`.
pub fn salesforce(
    host: impl Into<String>,
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    let host = host.into();
    let host = host.trim_end_matches('/');
    oauth2(
        format!("{host}/services/oauth2/authorize"),
        format!("{host}/services/oauth2/token"),
        format!("{host}/services/oauth2/userinfo"),
        client_id,
        client_secret,
    )
    .key("salesforce")
    .display_name("Salesforce")
    .registered(Registration {
        at: "https://login.salesforce.com/lightning/setup/NavigationMenus/home",
        redirect_uri: "External Client App Manager, OAuth Settings, Callback URL",
        refresh_token: "When offline access is asked for. Token responses name no lifetime.",
        notes: &["Production and sandboxes are different hosts with different users."],
    })
    .with_issuer(host)
    .scopes(["openid", "profile", "email"])
    .quirks(|quirks| {
        quirks.claims.email = EmailRule::VerifiedClaim;
        quirks.offline_access = OfflineAccess::Scope("refresh_token");
    })
}
