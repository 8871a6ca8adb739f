//! GitHub: plain OAuth 2.0 with habits of its own.
//!
//! - Errors of the token endpoint come under status 200.
//! - The profile's `email` is the public one, mostly null; `/user/emails` knows which is verified.
//! - Its API insists on a `User-Agent`.
//! - Authorization responses carry `iss=https://github.com/login/oauth` since 2026.
//! - OAuth apps get tokens that do not expire; GitHub Apps get eight hours and a refresh token.
//!
//! Source: docs.github.com, "Authorizing OAuth apps" and "REST API endpoints for users, emails".

use super::oauth2;
use crate::provider::{
    Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration, UserInfo,
    UserInfoRequest,
};
use crate::secret::ClientSecret;

/// GitHub, for an OAuth app or a GitHub App registered at <https://github.com/settings/developers>.
///
/// Asks for `read:user user:email`. A GitHub App ignores scopes and needs the account permission
/// "Email addresses: read" to learn a verified address.
pub fn github(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    at("https://github.com", "https://api.github.com", client_id, client_secret)
        .key("github")
        .display_name("GitHub")
        .registered(Registration {
            at: "https://github.com/settings/developers",
            redirect_uri: "Authorization callback URL",
            refresh_token: "For GitHub Apps, whose access tokens last eight hours; those of \
             OAuth apps do not expire.",
            notes: &["A GitHub App needs the account permission Email addresses: read to \
             learn a verified address."],
        })
}

/// GitHub Enterprise Server at `host`, such as `https://github.example`, for an application of its own.
///
/// Asks for `read:user user:email`.
pub fn github_enterprise(
    host: impl Into<String>,
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    let host = host.into();
    let host = host.trim_end_matches('/');
    at(host, &format!("{host}/api/v3"), client_id, client_secret)
        .key("github-enterprise")
        .display_name("GitHub Enterprise")
        .registered(Registration {
            at: "the server's settings, Developer settings, OAuth Apps",
            redirect_uri: "Authorization callback URL",
            refresh_token: "For GitHub Apps; those of OAuth apps do not expire.",
            notes: &[],
        })
}

fn at(
    host: &str,
    api: &str,
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    let (user, emails) = (format!("{api}/user"), format!("{api}/user/emails"));
    oauth2(
        format!("{host}/login/oauth/authorize"),
        format!("{host}/login/oauth/access_token"),
        &*user,
        client_id,
        client_secret,
    )
    .with_issuer(format!("{host}/login/oauth"))
    .scopes(["read:user", "user:email"])
    .quirks(|quirks| {
        quirks.userinfo = UserInfo::Requests(vec![
            UserInfoRequest::profile(user),
            UserInfoRequest::optional(emails, "emails"),
        ]);
        quirks.headers = &[("user-agent", "tower-oauth"), ("x-github-api-version", "2022-11-28")];
        quirks.claims = ClaimsMapping {
            subject: "id",
            names: &[
                ("preferred_username", "login"),
                ("picture", "avatar_url"),
                ("profile", "html_url"),
                ("website", "blog"),
            ],
            email: EmailRule::PrimaryOf("emails"),
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark in the colour of the text around it. From Octicons, (c) GitHub, Inc., MIT licence.
const ICON: &str = r#"<path fill="currentColor" d="M10.226 17.284c-2.965-.36-5.054-2.493-5.054-5.256 0-1.123.404-2.336 1.078-3.144-.292-.741-.247-2.314.09-2.965.898-.112 2.111.36 2.83 1.01.853-.269 1.752-.404 2.853-.404 1.1 0 1.999.135 2.807.382.696-.629 1.932-1.1 2.83-.988.315.606.36 2.179.067 2.942.72.854 1.101 2 1.101 3.167 0 2.763-2.089 4.852-5.098 5.234.763.494 1.28 1.572 1.28 2.807v2.336c0 .674.561 1.056 1.235.786 4.066-1.55 7.255-5.615 7.255-10.646C23.5 6.188 18.334 1 11.978 1 5.62 1 .5 6.188.5 12.545c0 4.986 3.167 9.12 7.435 10.669.606.225 1.19-.18 1.19-.786V20.63a2.9 2.9 0 0 1-1.078.224c-1.483 0-2.359-.808-2.987-2.313-.247-.607-.517-.966-1.034-1.033-.27-.023-.359-.135-.359-.27 0-.27.45-.471.898-.471.652 0 1.213.404 1.797 1.235.45.651.921.943 1.483.943.561 0 .92-.202 1.437-.719.382-.381.674-.718.944-.943"/>"#;
