//! LinkedIn: OpenID Connect without a nonce.
//!
//! - The issuer has a path: `https://www.linkedin.com/oauth`.
//! - The ID token does not repeat a nonce, and PKCE is for native apps that LinkedIn enabled for it.
//! - The client secret goes in the body. Granted scopes are separated by commas.
//! - Refresh tokens are for approved partners. A token lives for sixty days.
//!
//! Source: learn.microsoft.com, "Sign In with LinkedIn using OpenID Connect" and "Authorization Code Flow".

use super::oidc;
use crate::provider::{
    ClientAuthentication, OfflineAccess, Pkce, Provider, Registration, TokenResponse,
};
use crate::secret::ClientSecret;

/// LinkedIn, for an app registered at <https://www.linkedin.com/developers/apps> that has the product "Sign In with
/// LinkedIn using OpenID Connect".
///
/// Asks for `openid profile email`.
pub fn linkedin(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oidc("https://www.linkedin.com/oauth", client_id, client_secret)
        .key("linkedin")
        .display_name("LinkedIn")
        .registered(Registration {
            at: "https://www.linkedin.com/developers/apps",
            redirect_uri: "Auth, Authorized redirect URLs for your app",
            refresh_token: "For approved partners only; access tokens last sixty days.",
            notes: &[
                "Add the product Sign In with LinkedIn using OpenID Connect.",
                "Neither PKCE nor a nonce protects the code; register no redirect \
             URI but this one.",
            ],
        })
        .quirks(|quirks| {
            quirks.client_authentication = ClientAuthentication::Body;
            quirks.pkce = Pkce::Unsupported;
            quirks.nonce = false;
            quirks.token_response = TokenResponse::Lenient;
            quirks.offline_access = OfflineAccess::NotAsked;
        })
}
