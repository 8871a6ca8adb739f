//! Strava: plain OAuth 2.0.
//!
//! - Scopes are separated by commas.
//! - `approval_prompt=auto` spares who agreed before from being asked again.
//! - Errors of the token endpoint are a list, not a code.
//! - A token lives for six hours; each login comes with a refresh token, which may change with each use.
//! - There is no address.
//!
//! Source: developers.strava.com, "Authentication" and "Get Authenticated Athlete".

use serde_json::{Map, Value};

use super::oauth2;
use crate::provider::{Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// Strava, for an application registered at <https://www.strava.com/settings/api>.
///
/// Asks for `read`.
pub fn strava(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://www.strava.com/oauth/authorize",
        "https://www.strava.com/oauth/token",
        "https://www.strava.com/api/v3/athlete",
        client_id,
        client_secret,
    )
    .key("strava")
    .display_name("Strava")
    .registered(Registration {
        at: "https://www.strava.com/settings/api",
        redirect_uri: "Authorization Callback Domain",
        refresh_token: "Always; access tokens last six hours.",
        notes: &["The console takes the domain of the redirect URI only."],
    })
    .scopes(["read"])
    .quirks(|quirks| {
        quirks.scope_delimiter = ',';
        quirks.authorization_parameters = &[("approval_prompt", "auto")];
        quirks.token_errors = &[
            ("errors.0.resource", "AuthorizationCode", "invalid_grant"),
            ("errors.0.resource", "RefreshToken", "invalid_grant"),
            ("errors.0.resource", "Application", "invalid_client"),
        ];
        quirks.claims = ClaimsMapping {
            subject: "id",
            names: &[
                ("preferred_username", "username"),
                ("given_name", "firstname"),
                ("family_name", "lastname"),
                ("picture", "profile"),
            ],
            email: EmailRule::NeverVerified,
            adjust: Some(add_name),
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON).color("#FC4C02");
    })
}

fn add_name(claims: &mut Map<String, Value>) {
    let parts = ["firstname", "lastname"].map(|name| claims.get(name).and_then(Value::as_str));
    let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    claims.insert("name".into(), name.trim().into());
    // What the API calls the profile is a picture; a path of its own stands for "none".
    claims.remove("profile");
    if claims.get("picture").and_then(Value::as_str) == Some("avatar/athlete/large.png") {
        claims.remove("picture");
    }
}

/// The mark in the colour of the text around it. From Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M15.387 17.944l-2.089-4.116h-3.065L15.387 24l5.15-10.172h-3.066m-7.008-5.599l2.836 5.598h4.172L10.463 0l-7 13.828h4.169"/>"#;
