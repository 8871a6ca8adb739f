//! Atlassian.
//!
//! - The authorization request names the API as `audience`; `prompt=consent` is needed.
//! - The token request is JSON.
//! - One token reaches Jira, Confluence and the other products, with the scopes of each.
//!
//! Source: developer.atlassian.com, "OAuth 2.0 (3LO) apps" and "User identity API".

use super::oauth2;
use crate::provider::{Brand, ClaimsMapping, EmailRule, Provider, Registration, TokenRequest};
use crate::secret::ClientSecret;

/// Atlassian, for an OAuth 2.0 integration made at <https://developer.atlassian.com/console/myapps/>.
///
/// Asks for `read:me`.
pub fn atlassian(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://auth.atlassian.com/authorize",
        "https://auth.atlassian.com/oauth/token",
        "https://api.atlassian.com/me",
        client_id,
        client_secret,
    )
    .key("atlassian")
    .display_name("Atlassian")
    .registered(Registration {
        at: "https://developer.atlassian.com/console/myapps/",
        redirect_uri: "Authorization, OAuth 2.0 (3LO), Callback URL",
        refresh_token: "When offline access is asked for; access tokens last one hour, and \
             refresh tokens rotate.",
        notes: &["Add the User identity API to the app, with the scope read:me."],
    })
    .scopes(["read:me"])
    .quirks(|quirks| {
        quirks.authorization_parameters =
            &[("audience", "api.atlassian.com"), ("prompt", "consent")];
        quirks.token_request = TokenRequest::Json;
        quirks.claims = ClaimsMapping {
            subject: "account_id",
            names: &[("preferred_username", "nickname")],
            email: EmailRule::VerifiedClaim,
            adjust: None,
        };
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M7.12 11.084a.683.683 0 00-1.16.126L.075 22.974a.703.703 0 00.63 1.018h8.19a.678.678 0 00.63-.39c1.767-3.65.696-9.203-2.406-12.52zM11.434.386a15.515 15.515 0 00-.906 15.317l3.95 7.9a.703.703 0 00.628.388h8.19a.703.703 0 00.63-1.017L12.63.38a.664.664 0 00-1.196.006z"/>"#;
