//! Stripe.
//!
//! - The user is an account (Stripe Connect, OAuth), not a person.
//! - The client secret is the platform's secret API key.
//! - Access tokens do not expire; a refresh token comes all the same, to get one of the other mode.
//!
//! Source: docs.stripe.com, "OAuth reference" and "The Account object".

use super::oauth2;
use crate::provider::{Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// Stripe accounts, for a Connect platform.
///
/// Asks for `read_only`.
pub fn stripe(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://connect.stripe.com/oauth/authorize",
        "https://connect.stripe.com/oauth/token",
        "https://api.stripe.com/v1/account",
        client_id,
        client_secret,
    )
    .key("stripe")
    .display_name("Stripe")
    .registered(Registration {
        at: "https://dashboard.stripe.com/settings/connect/onboarding-options/oauth",
        redirect_uri: "Redirects",
        refresh_token: "Always, but access tokens do not expire.",
        notes: &[
            "The client id is the one that begins with ca_; the client secret \
             is the platform's secret key.",
            "Ask for read_write in place of read_only if the application acts \
             for the account.",
        ],
    })
    .scopes(["read_only"])
    .quirks(|quirks| {
        quirks.claims = ClaimsMapping {
            subject: "id",
            names: &[
                ("name", "settings.dashboard.display_name"),
                ("name", "business_profile.name"),
            ],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON).color("#635BFF");
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M13.976 9.15c-2.172-.806-3.356-1.426-3.356-2.409 0-.831.683-1.305 1.901-1.305 2.227 0 4.515.858 6.09 1.631l.89-5.494C18.252.975 15.697 0 12.165 0 9.667 0 7.589.654 6.104 1.872 4.56 3.147 3.757 4.992 3.757 7.218c0 4.039 2.467 5.76 6.476 7.219 2.585.92 3.445 1.574 3.445 2.583 0 .98-.84 1.545-2.354 1.545-1.875 0-4.965-.921-6.99-2.109l-.9 5.555C5.175 22.99 8.385 24 11.714 24c2.641 0 4.843-.624 6.328-1.813 1.664-1.305 2.525-3.236 2.525-5.732 0-4.128-2.524-5.851-6.594-7.305h.003z"/>"#;
