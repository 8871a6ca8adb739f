//! Figma.
//!
//! - The secret goes into the `Authorization` header.
//! - Tokens are refreshed at an endpoint of their own; the answer holds no new refresh token.
//! - An error of the API is `"error": true` with a status, not a code.
//!
//! Source: developers.figma.com, "REST API: Authentication" and "Users endpoints".

use super::oauth2;
use crate::provider::{
    Brand, ClaimsMapping, ClientAuthentication, EmailRule, OfflineAccess, Provider, Registration,
};
use crate::secret::ClientSecret;

/// Figma, for an app made at <https://www.figma.com/developers/apps>.
///
/// Asks for `current_user:read`.
pub fn figma(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://www.figma.com/oauth",
        "https://api.figma.com/v1/oauth/token",
        "https://api.figma.com/v1/me",
        client_id,
        client_secret,
    )
    .key("figma")
    .display_name("Figma")
    .registered(Registration {
        at: "https://www.figma.com/developers/apps",
        redirect_uri: "OAuth credentials, Redirect URLs",
        refresh_token: "Always; access tokens last 90 days.",
        notes: &[],
    })
    .scopes(["current_user:read"])
    .quirks(|quirks| {
        quirks.client_authentication = ClientAuthentication::Basic;
        quirks.claims = ClaimsMapping {
            subject: "id",
            names: &[("name", "handle"), ("picture", "img_url")],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.refresh_endpoint = Some("https://api.figma.com/v1/oauth/refresh".into());
        quirks.brand = Brand::with_icon(ICON).color("#F24E1E");
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M15.852 8.981h-4.588V0h4.588c2.476 0 4.49 2.014 4.49 4.49s-2.014 4.491-4.49 4.491zM12.735 7.51h3.117c1.665 0 3.019-1.355 3.019-3.019s-1.355-3.019-3.019-3.019h-3.117V7.51zm0 1.471H8.148c-2.476 0-4.49-2.014-4.49-4.49S5.672 0 8.148 0h4.588v8.981zm-4.587-7.51c-1.665 0-3.019 1.355-3.019 3.019s1.354 3.02 3.019 3.02h3.117V1.471H8.148zm4.587 15.019H8.148c-2.476 0-4.49-2.014-4.49-4.49s2.014-4.49 4.49-4.49h4.588v8.98zM8.148 8.981c-1.665 0-3.019 1.355-3.019 3.019s1.355 3.019 3.019 3.019h3.117V8.981H8.148zM8.172 24c-2.489 0-4.515-2.014-4.515-4.49s2.014-4.49 4.49-4.49h4.588v4.441c0 2.503-2.047 4.539-4.563 4.539zm-.024-7.51a3.023 3.023 0 0 0-3.019 3.019c0 1.665 1.365 3.019 3.044 3.019 1.705 0 3.093-1.376 3.093-3.068v-2.97H8.148zm7.704 0h-.098c-2.476 0-4.49-2.014-4.49-4.49s2.014-4.49 4.49-4.49h.098c2.476 0 4.49 2.014 4.49 4.49s-2.014 4.49-4.49 4.49zm-.097-7.509c-1.665 0-3.019 1.355-3.019 3.019s1.355 3.019 3.019 3.019h.098c1.665 0 3.019-1.355 3.019-3.019s-1.355-3.019-3.019-3.019h-.098z"/>"#;
