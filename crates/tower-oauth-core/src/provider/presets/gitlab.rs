//! GitLab.
//!
//! - OpenID Connect by discovery, on gitlab.com and on every server of one's own.
//! - The ID token has `sub`, the address and the groups; userinfo has the rest.
//! - A refresh token always comes with the access token of two hours, and is good once. There is no scope for it.
//!
//! Source: docs.gitlab.com, "GitLab as an OpenID Connect identity provider" and "OAuth 2.0 identity provider API".

use super::oidc;
use crate::provider::{Brand, OfflineAccess, Provider, Registration};
use crate::secret::ClientSecret;

/// GitLab at `host`, which is `https://gitlab.com` or a server of your own.
///
/// Asks for `openid profile email`.
pub fn gitlab(
    host: impl Into<String>,
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    let host = host.into();
    let host = host.trim_end_matches('/');
    oidc(host, client_id, client_secret)
        .key("gitlab")
        .display_name("GitLab")
        .registered(Registration {
            at: "https://gitlab.com/-/user_settings/applications",
            redirect_uri: "Redirect URI",
            refresh_token: "Always; access tokens last two hours, and each refresh token is \
             good once.",
            notes: &["Tick the scopes openid, profile and email in the application's \
             settings."],
        })
        .quirks(|quirks| {
            quirks.offline_access = OfflineAccess::NotAsked;
            quirks.brand = Brand::with_icon(ICON);
        })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="m23.6004 9.5927-.0337-.0862L20.3.9814a.851.851 0 0 0-.3362-.405.8748.8748 0 0 0-.9997.0539.8748.8748 0 0 0-.29.4399l-2.2055 6.748H7.5375l-2.2057-6.748a.8573.8573 0 0 0-.29-.4412.8748.8748 0 0 0-.9997-.0537.8585.8585 0 0 0-.3362.4049L.4332 9.5015l-.0325.0862a6.0657 6.0657 0 0 0 2.0119 7.0105l.0113.0087.03.0213 4.976 3.7264 2.462 1.8633 1.4995 1.1321a1.0085 1.0085 0 0 0 1.2197 0l1.4995-1.1321 2.4619-1.8633 5.006-3.7489.0125-.01a6.0682 6.0682 0 0 0 2.0094-7.003z"/>"#;
