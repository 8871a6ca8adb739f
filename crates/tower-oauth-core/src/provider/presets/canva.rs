//! Canva.
//!
//! - PKCE is required, and the secret goes into the `Authorization` header.
//! - Who the user is and what they are called are two requests; there is no address.
//! - Access tokens last four hours; the refresh token always comes, and is good once.
//!
//! Source: canva.dev/docs/connect, "Authentication", "Generate an access token", "Users".

use super::oauth2;
use crate::provider::{
    ClaimsMapping, ClientAuthentication, EmailRule, OfflineAccess, Provider, Registration,
    UserInfo, UserInfoRequest,
};
use crate::secret::ClientSecret;

/// Canva, for an integration made at <https://www.canva.com/developers/integrations>.
///
/// Asks for `profile:read`.
pub fn canva(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://www.canva.com/api/oauth/authorize",
        "https://api.canva.com/rest/v1/oauth/token",
        "https://api.canva.com/rest/v1/users/me",
        client_id,
        client_secret,
    )
    .key("canva")
    .display_name("Canva")
    .registered(Registration {
        at: "https://www.canva.com/developers/integrations",
        redirect_uri: "Authentication, Authorized redirects",
        refresh_token: "Always; access tokens last four hours.",
        notes: &["Tick profile:read under Scopes. On a development machine use \
             127.0.0.1; localhost is refused."],
    })
    .scopes(["profile:read"])
    .quirks(|quirks| {
        quirks.token_errors = &[("code", "invalid_grant", "invalid_grant")];
        quirks.client_authentication = ClientAuthentication::Basic;
        quirks.userinfo = UserInfo::Requests(vec![
            UserInfoRequest::profile("https://api.canva.com/rest/v1/users/me"),
            UserInfoRequest::optional("https://api.canva.com/rest/v1/users/me/profile", "account"),
        ]);
        quirks.claims = ClaimsMapping {
            subject: "team_user.user_id",
            names: &[("name", "account.profile.display_name")],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
    })
}
