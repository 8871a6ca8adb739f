//! Docusign and its developer environment.
//!
//! - The secret goes into the `Authorization` header; the profile comes from userinfo.
//! - The developer environment is another host with other users.
//! - The scope `signature` is the least that a login gets; `extended` renews the refresh token at each use.
//!
//! Source: developers.docusign.com, "Confidential Authorization Code Grant" and "User information".

use super::oauth2;
use crate::provider::{ClientAuthentication, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// Docusign, for an integration that went live from <https://apps.docusign.com/admin/apps-and-keys>.
///
/// Asks for `signature`.
pub fn docusign(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    at("https://account.docusign.com", client_id, client_secret)
        .key("docusign")
        .display_name("Docusign")
        .registered(Registration {
            at: "https://apps.docusign.com/admin/apps-and-keys",
            redirect_uri: "Additional settings, Redirect URIs",
            refresh_token: "Always; access tokens last eight hours. Ask for the scope extended \
             besides to have the refresh token renewed at each use.",
            notes: &["An integration is made in the developer environment and promoted \
             from there."],
        })
}

/// The developer environment of Docusign, for an integration made at <https://admindemo.docusign.com/apps-and-keys>.
///
/// Asks for `signature`.
pub fn docusign_demo(
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    at("https://account-d.docusign.com", client_id, client_secret)
        .key("docusign-demo")
        .display_name("Docusign Demo")
        .registered(Registration {
            at: "https://admindemo.docusign.com/apps-and-keys",
            redirect_uri: "Additional settings, Redirect URIs",
            refresh_token: "Always; access tokens last eight hours. Ask for the scope extended \
             besides to have the refresh token renewed at each use.",
            notes: &["Users of the developer environment are not those of production."],
        })
}

fn at(
    host: &str,
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    oauth2(
        format!("{host}/oauth/auth"),
        format!("{host}/oauth/token"),
        format!("{host}/oauth/userinfo"),
        client_id,
        client_secret,
    )
    .scopes(["signature"])
    .quirks(|quirks| {
        quirks.client_authentication = ClientAuthentication::Basic;
        quirks.offline_access = OfflineAccess::NotAsked;
    })
}
