//! Slack.
//!
//! - OpenID Connect by discovery; the ID token repeats the nonce, PKCE is not documented and is not sent.
//! - A token request that fails is answered with status 200 and `"ok": false`.
//! - `sub` is the member of one workspace; `https://slack.com/team_id` names the workspace.
//! - Redirect URIs must be https, on this machine too.
//!
//! Source: docs.slack.dev, "Sign in with Slack" and the methods `openid.connect.token` and
//! `openid.connect.userInfo`.

use super::oidc;
use crate::provider::{ClientAuthentication, OfflineAccess, Pkce, Provider, Registration};
use crate::secret::ClientSecret;

/// Slack, for an app made at <https://api.slack.com/apps>.
///
/// Asks for `openid profile email`.
pub fn slack(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oidc("https://slack.com", client_id, client_secret)
        .key("slack")
        .display_name("Slack")
        .registered(Registration {
            at: "https://api.slack.com/apps",
            redirect_uri: "OAuth & Permissions, Redirect URLs",
            refresh_token: "Only when the app has token rotation on; a token of an app without \
             it does not expire.",
            notes: &["Redirect URLs must be https; use a tunnel on a development \
             machine."],
        })
        .quirks(|quirks| {
            quirks.token_errors = &[
                ("error", "invalid_code", "invalid_grant"),
                ("error", "bad_client_secret", "invalid_client"),
                ("error", "invalid_client_id", "invalid_client"),
            ];
            quirks.client_authentication = ClientAuthentication::Body;
            quirks.pkce = Pkce::Unsupported;
            quirks.offline_access = OfflineAccess::NotAsked;
        })
}
