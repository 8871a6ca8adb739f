//! Nextcloud.
//!
//! - Every server is a host of its own; there are no scopes, and PKCE is ignored.
//! - The profile is an OCS call, which insists on `OCS-APIRequest`.
//! - A user can set the address to any; access tokens last one hour, and the refresh token is good once.
//!
//! Source: docs.nextcloud.com, "OAuth2" (administration manual) and "OCS API overview" (developer manual).

use super::oauth2;
use crate::provider::{Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// The Nextcloud server at `host`.
///
/// Asks for no scopes: there are none.
pub fn nextcloud(
    host: impl Into<String>,
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    let host = host.into();
    let host = host.trim_end_matches('/');
    oauth2(
        format!("{host}/apps/oauth2/authorize"),
        format!("{host}/apps/oauth2/api/v1/token"),
        format!("{host}/ocs/v2.php/cloud/user?format=json"),
        client_id,
        client_secret,
    )
    .key("nextcloud")
    .display_name("Nextcloud")
    .registered(Registration {
        at: "https://docs.nextcloud.com/server/latest/admin_manual/configuration_server/oauth2.html",
        redirect_uri: "Administration settings, Security, OAuth 2.0 clients, Redirection URI",
        refresh_token: "Always; access tokens last one hour.",
        notes: &["A token reaches the whole account: Nextcloud has no scopes."],
    })
    .with_issuer(host)
    .quirks(|quirks| {
        quirks.headers = &[("ocs-apirequest", "true")];
        quirks.claims = ClaimsMapping {
            subject: "ocs.data.id",
            names: &[
                ("preferred_username", "ocs.data.id"),
                ("name", "ocs.data.display-name"),
                ("email", "ocs.data.email"),
                ("locale", "ocs.data.locale"),
            ],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON).color("#0082C9");
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M12.018 6.537c-2.5 0-4.6 1.712-5.241 4.015-.56-1.232-1.793-2.105-3.225-2.105A3.569 3.569 0 0 0 0 12a3.569 3.569 0 0 0 3.552 3.553c1.432 0 2.664-.874 3.224-2.106.641 2.304 2.742 4.016 5.242 4.016 2.487 0 4.576-1.693 5.231-3.977.569 1.21 1.783 2.067 3.198 2.067A3.568 3.568 0 0 0 24 12a3.569 3.569 0 0 0-3.553-3.553c-1.416 0-2.63.858-3.199 2.067-.654-2.284-2.743-3.978-5.23-3.977zm0 2.085c1.878 0 3.378 1.5 3.378 3.378 0 1.878-1.5 3.378-3.378 3.378A3.362 3.362 0 0 1 8.641 12c0-1.878 1.5-3.378 3.377-3.378zm-8.466 1.91c.822 0 1.467.645 1.467 1.468s-.644 1.467-1.467 1.468A1.452 1.452 0 0 1 2.085 12c0-.823.644-1.467 1.467-1.467zm16.895 0c.823 0 1.468.645 1.468 1.468s-.645 1.468-1.468 1.468A1.452 1.452 0 0 1 18.98 12c0-.823.644-1.467 1.467-1.467z"/>"#;
