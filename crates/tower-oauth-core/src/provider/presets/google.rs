//! Google: OpenID Connect by the book, but for the way a refresh token is asked for.
//!
//! - A refresh token comes only with `access_type=offline`, and again only after `prompt=consent`.
//! - Revoking a token takes back all that the user granted to the project, on every device.
//! - The ID token holds the whole profile, so no userinfo call is needed.
//!
//! Source: developers.google.com, "OpenID Connect" and "Using OAuth 2.0 for Web Server Applications".

use super::oidc;
use crate::provider::{Brand, OfflineAccess, Provider, Registration, Revocation, UserInfo};
use crate::secret::ClientSecret;

/// Google, for a web client registered at <https://console.cloud.google.com/auth/clients>.
///
/// Asks for `openid profile email`.
pub fn google(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oidc("https://accounts.google.com", client_id, client_secret)
        .key("google")
        .display_name("Google")
        .registered(Registration {
            at: "https://console.cloud.google.com/auth/clients",
            redirect_uri: "Authorized redirect URIs",
            refresh_token: "When offline access is asked for; access tokens last one hour.",
            notes: &[],
        })
        .quirks(|quirks| {
            quirks.userinfo = UserInfo::IdToken;
            quirks.offline_access =
                OfflineAccess::Parameters(&[("access_type", "offline"), ("prompt", "consent")]);
            quirks.revocation = Revocation::Consent;
            quirks.brand = Brand::with_icon(ICON);
        })
}

impl Provider {
    /// Lets in accounts of these Google Workspace domains only: the ID token's `hd` is checked, since the parameter of the
    /// same name, by which Google offers fitting accounts, can be changed on the way.
    ///
    /// For [`google`]; users of other providers have no `hd`, so none of them would be let in.
    pub fn hosted_domain<S: Into<String>>(self, domains: impl IntoIterator<Item = S>) -> Self {
        let domains: Vec<String> = domains.into_iter().map(Into::into).collect();
        let hint = match &*domains {
            [only] => only.clone(),
            _ => "*".into(),
        };
        self.authorization_parameter("hd", hint).require_claim("hd", domains)
    }
}

/// The G in its four colours, as arcs around the centre of the view box.
const ICON: &str = concat!(
    r##"<path fill="#EA4335" d="M19.36 3.83A11 11 0 0 0 2.16 7.08L5.75 9.88A6.6 6.6 0 0 1 16.42 7.1Z"/>"##,
    r##"<path fill="#FBBC05" d="M2.16 7.08A11 11 0 0 0 2.16 16.92L5.75 14.12A6.6 6.6 0 0 1 5.75 9.88Z"/>"##,
    r##"<path fill="#34A853" d="M2.16 16.92A11 11 0 0 0 19.29 20.24L15.69 17.47A6.6 6.6 0 0 1 5.75 14.12Z"/>"##,
    r##"<path fill="#4285F4" d="M19.29 20.24A11 11 0 0 0 22.82 10H12V14.26H18.2A6.6 6.6 0 0 1 15.69 17.47Z"/>"##,
);
