//! Apple: OpenID Connect with habits of its own.
//!
//! - With a scope, the response comes by a form that Apple's page posts (`form_post`).
//! - The client secret is a JWT that is signed with a private key, and made anew for each request.
//! - The name comes at the first consent only, in the form and unsigned. Later logins do not tell it: keep it.
//! - There is no userinfo endpoint. The address can be a private relay; `email_verified` may be the text `"true"`.
//! - Cancelling is `user_cancelled_authorize`.
//! - Redirect URIs are on `https` and a public host alone.
//! - A refresh token always comes. Revoking it takes the user's consent back.
//!
//! Source: developer.apple.com, "Sign in with Apple REST API": "Request an authorization to the Sign in with Apple server",
//! "Creating a client secret", "Authenticating users with Sign in with Apple".

use super::oidc;
use crate::provider::{
    Brand, ClientAuthentication, ClientKey, EmailRule, OfflineAccess, Pkce, Provider, Registration,
    ResponseMode, Revocation, UserInfo,
};

/// Apple, for a Services ID with a key for "Sign in with Apple", both made at
/// <https://developer.apple.com/account/resources/identifiers/list/serviceId>. The Services ID is the client id.
///
/// Asks for `openid name email`.
pub fn apple(client_id: impl Into<String>, key: ClientKey) -> Provider {
    let mut provider = oidc("https://appleid.apple.com", client_id, "")
        .key("apple")
        .display_name("Apple")
        .registered(Registration {
            at: "https://developer.apple.com/account/resources/identifiers/list/serviceId",
            redirect_uri: "Return URLs, in the configuration of the Services ID",
            refresh_token: "Always; access tokens last one hour. The refresh token does not \
             end by itself.",
            notes: &[
                "Make an App ID with Sign in with Apple, a Services ID, and a key \
             for Sign in with Apple.",
                "Addresses of the private relay take mail only from senders that \
             are registered at Apple.",
                "The name comes at the first consent only: keep it.",
            ],
        })
        .scopes(["openid", "name", "email"])
        .quirks(|quirks| {
            quirks.client_authentication = ClientAuthentication::Body;
            // Not documented, so not relied on: the nonce ties the code to the attempt.
            quirks.pkce = Pkce::Unsupported;
            quirks.response_mode = ResponseMode::FormPost;
            quirks.userinfo = UserInfo::IdToken;
            quirks.claims.email = EmailRule::VerifiedClaimOrText;
            quirks.name_in_response = true;
            quirks.public_redirect_uri = true;
            quirks.offline_access = OfflineAccess::NotAsked;
            quirks.revocation = Revocation::Consent;
            quirks.brand = Brand::with_icon(ICON);
        });
    provider.client_key = Some(key);
    provider
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M12.152 6.896c-.948 0-2.415-1.078-3.96-1.04-2.04.027-3.91 1.183-4.961 3.014-2.117 3.675-.546 9.103 1.519 12.09 1.013 1.454 2.208 3.09 3.792 3.039 1.52-.065 2.09-.987 3.935-.987 1.831 0 2.35.987 3.96.948 1.637-.026 2.676-1.48 3.676-2.948 1.156-1.688 1.636-3.325 1.662-3.415-.039-.013-3.182-1.221-3.22-4.857-.026-3.04 2.48-4.494 2.597-4.559-1.429-2.09-3.623-2.324-4.39-2.376-2-.156-3.675 1.09-4.61 1.09zM15.53 3.83c.843-1.012 1.4-2.427 1.245-3.83-1.207.052-2.662.805-3.532 1.818-.78.896-1.454 2.338-1.273 3.714 1.338.104 2.715-.688 3.559-1.701"/>"#;
