//! Zoho.
//!
//! - Each data centre has a host of its own, with users of its own.
//! - Scopes are separated by commas; errors come under status 200.
//! - A refresh token comes with `access_type=offline`, and again only after `prompt=consent`.
//!
//! Source: zoho.com/accounts/protocol, "Authorization request" and "Multi-DC support".

use super::{claims, oauth2};
use crate::provider::{ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// Zoho at `host`, the accounts server of a data centre: `https://accounts.zoho.com`, `https://accounts.zoho.eu` and so on.
///
/// Asks for `AaaServer.profile.READ`.
pub fn zoho(
    host: impl Into<String>,
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    let host = host.into();
    let host = host.trim_end_matches('/');
    oauth2(
        format!("{host}/oauth/v2/auth"),
        format!("{host}/oauth/v2/token"),
        format!("{host}/oauth/user/info"),
        client_id,
        client_secret,
    )
    .key("zoho")
    .display_name("Zoho")
    .registered(Registration {
        at: "https://api-console.zoho.com/",
        redirect_uri: "Authorized Redirect URIs",
        refresh_token: "When offline access is asked for; access tokens last one hour.",
        notes: &["Users of another data centre than the host's cannot sign in; add \
             one provider for each."],
    })
    .with_issuer(host)
    .scopes(["AaaServer.profile.READ"])
    .quirks(|quirks| {
        quirks.token_errors = &[("error", "invalid_code", "invalid_grant")];
        quirks.scope_delimiter = ',';
        quirks.claims = ClaimsMapping {
            subject: "ZUID",
            names: &[
                ("preferred_username", "Display_Name"),
                ("given_name", "First_Name"),
                ("family_name", "Last_Name"),
                ("email", "Email"),
            ],
            email: EmailRule::NeverVerified,
            adjust: Some(claims::full_name),
        };
        quirks.offline_access =
            OfflineAccess::Parameters(&[("access_type", "offline"), ("prompt", "consent")]);
    })
}
