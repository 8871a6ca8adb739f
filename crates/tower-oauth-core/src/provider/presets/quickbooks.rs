//! Intuit QuickBooks.
//!
//! - Intuit's metadata is not where its issuer says, so the profile comes from userinfo.
//! - Claims are in camel case; truth values may come as text, which counts as unknown.
//! - The callback also carries `realmId`, the company, which this login does not keep.
//!
//! Source: developer.intuit.com, "OpenID Connect", and its discovery document.

use super::{claims, oauth2};
use crate::provider::{
    Brand, ClaimsMapping, ClientAuthentication, EmailRule, OfflineAccess, Provider, Registration,
};
use crate::secret::ClientSecret;

/// Intuit (QuickBooks), for an app made at <https://developer.intuit.com/app/developer/myapps>.
///
/// Asks for `openid profile email`.
pub fn quickbooks(
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    oauth2(
        "https://appcenter.intuit.com/connect/oauth2",
        "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
        "https://accounts.platform.intuit.com/v1/openid_connect/userinfo",
        client_id,
        client_secret,
    )
    .key("quickbooks")
    .display_name("Intuit QuickBooks")
    .registered(Registration {
        at: "https://developer.intuit.com/app/developer/myapps",
        redirect_uri: "Keys & credentials, Redirect URIs",
        refresh_token: "Always; access tokens last one hour, and refresh tokens rotate \
             daily.",
        notes: &["Production keys need an https redirect URI. Ask for \
             com.intuit.quickbooks.accounting besides if the application reads \
             the books."],
    })
    .scopes(["openid", "profile", "email"])
    .quirks(|quirks| {
        quirks.client_authentication = ClientAuthentication::Basic;
        quirks.claims = ClaimsMapping {
            subject: "sub",
            names: &[
                ("given_name", "givenName"),
                ("family_name", "familyName"),
                ("email_verified", "emailVerified"),
                ("phone_number", "phoneNumber"),
            ],
            email: EmailRule::VerifiedClaim,
            adjust: Some(claims::full_name),
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON).color("#2CA01C");
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M12 0A12 12 0 0 0 0 12a12 12 0 0 0 12 12 12 12 0 0 0 12-12A12 12 0 0 0 12 0zm.642 4.1335c.9554 0 1.7296.776 1.7296 1.7332v9.0667h1.6c1.614 0 2.9275-1.3156 2.9275-2.933 0-1.6173-1.3136-2.9333-2.9276-2.9333h-.6654V7.3334h.6654c2.5722 0 4.6577 2.0897 4.6577 4.667 0 2.5774-2.0855 4.6666-4.6577 4.6666H12.642zM7.9837 7.333h3.3291v12.533c-.9555 0-1.73-.7759-1.73-1.7332V9.0662H7.9837c-1.6146 0-2.9277 1.316-2.9277 2.9334 0 1.6175 1.3131 2.9333 2.9277 2.9333h.6654v1.7332h-.6654c-2.5725 0-4.6577-2.0892-4.6577-4.6665 0-2.5771 2.0852-4.6666 4.6577-4.6666Z"/>"#;
