//! PayPal and its sandbox.
//!
//! - Speaks a dialect of OpenID Connect; the profile comes from its identity API.
//! - The secret goes into the `Authorization` header; numbers come in quotes.
//! - The sandbox is another host with other users.
//! - `user_id` is a URL, stable for the application.
//!
//! Source: developer.paypal.com, "Log in with PayPal" and "Identity API".

use super::oauth2;
use crate::provider::{
    Brand, ClientAuthentication, EmailRule, OfflineAccess, Provider, Registration,
};
use crate::secret::ClientSecret;

/// PayPal, for a live REST app made at <https://developer.paypal.com/dashboard/applications/live>.
///
/// Asks for `openid profile email`.
pub fn paypal(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    at("paypal.com", client_id, client_secret).key("paypal").display_name("PayPal").registered(
        Registration {
            at: "https://developer.paypal.com/dashboard/applications/live",
            redirect_uri: "Log in with PayPal, Return URL",
            refresh_token: "Always; access tokens last eight hours.",
            notes: &["Switch on Log in with PayPal in the app's features and tick the \
             full name and the e-mail address."],
        },
    )
}

/// The sandbox of PayPal, for a REST app made at <https://developer.paypal.com/dashboard/applications/sandbox>. Its
/// users are test accounts.
///
/// Asks for `openid profile email`.
pub fn paypal_sandbox(
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    at("sandbox.paypal.com", client_id, client_secret)
        .key("paypal-sandbox")
        .display_name("PayPal Sandbox")
        .registered(Registration {
            at: "https://developer.paypal.com/dashboard/applications/sandbox",
            redirect_uri: "Log in with PayPal, Return URL",
            refresh_token: "Always; access tokens last eight hours.",
            notes: &[
                "Switch on Log in with PayPal in the app's features and tick the \
             full name and the e-mail address.",
                "Users are the test accounts of the sandbox.",
            ],
        })
}

fn at(
    domain: &str,
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    oauth2(
        format!("https://www.{domain}/signin/authorize"),
        format!("https://api-m.{domain}/v1/oauth2/token"),
        format!("https://api-m.{domain}/v1/identity/openidconnect/userinfo?schema=openid"),
        client_id,
        client_secret,
    )
    .scopes(["openid", "profile", "email"])
    .quirks(|quirks| {
        quirks.client_authentication = ClientAuthentication::Basic;
        quirks.claims.subject = "user_id";
        quirks.claims.email = EmailRule::VerifiedClaim;
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M15.607 4.653H8.941L6.645 19.251H1.82L4.862 0h7.995c3.754 0 6.375 2.294 6.473 5.513-.648-.478-2.105-.86-3.722-.86m6.57 5.546c0 3.41-3.01 6.853-6.958 6.853h-2.493L11.595 24H6.74l1.845-11.538h3.592c4.208 0 7.346-3.634 7.153-6.949a5.24 5.24 0 0 1 2.848 4.686M9.653 5.546h6.408c.907 0 1.942.222 2.363.541-.195 2.741-2.655 5.483-6.441 5.483H8.714Z"/>"#;
