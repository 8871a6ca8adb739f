//! `WorkOS`, the single sign-on of its API.
//!
//! - Plain OAuth 2.0; which organisation or connection signs in is a parameter of the authorization request.
//! - The profile is asked for at the API.
//! - There is no refresh token: the access token is good for one profile request.
//!
//! Source: workos.com/docs/reference/sso, "Get an authorization URL" and "Get a profile and token".

use super::{claims, oauth2};
use crate::provider::{ClaimsMapping, EmailRule, OfflineAccess, Pkce, Provider, Registration};
use crate::secret::ClientSecret;

/// `WorkOS`, for an environment of <https://dashboard.workos.com>; its API key is the client secret. Say who signs in with
/// [`authorization_parameter`](Provider::authorization_parameter): `organization`, `connection` or `provider`.
///
/// Asks for no scopes: there are none.
pub fn workos(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://api.workos.com/sso/authorize",
        "https://api.workos.com/sso/token",
        "https://api.workos.com/sso/profile",
        client_id,
        client_secret,
    )
    .key("workos")
    .display_name("WorkOS")
    .registered(Registration {
        at: "https://dashboard.workos.com",
        redirect_uri: "Redirects",
        refresh_token: "Never; the access token is good for the profile.",
        notes: &[
            "Say who signs in by an authorization parameter: organization, connection or provider.",
            "Neither PKCE nor a nonce protects the code; register no redirect URI but this one.",
        ],
    })
    .quirks(|quirks| {
        quirks.pkce = Pkce::Unsupported;
        quirks.claims = ClaimsMapping {
            subject: "id",
            names: &[("given_name", "first_name"), ("family_name", "last_name")],
            email: EmailRule::NeverVerified,
            adjust: Some(claims::full_name),
        };
        quirks.offline_access = OfflineAccess::NotAsked;
    })
}
