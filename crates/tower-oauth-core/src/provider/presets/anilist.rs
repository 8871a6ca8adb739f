//! AniList: plain OAuth 2.0 before a GraphQL API.
//!
//! - The token request is JSON.
//! - The profile is the answer to a query for `Viewer`. There is no address.
//! - A token lives for a year, and cannot be refreshed.
//!
//! Source: docs.anilist.co, "Authorization Code Grant" and the reference of `Viewer`.

use super::oauth2;
use crate::provider::{
    Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration, TokenRequest, UserInfo,
    UserInfoRequest,
};
use crate::secret::ClientSecret;

/// AniList, for a client registered at <https://anilist.co/settings/developer>.
///
/// Asks for no scopes; there are none.
pub fn anilist(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://anilist.co/api/v2/oauth/authorize",
        "https://anilist.co/api/v2/oauth/token",
        "https://graphql.anilist.co",
        client_id,
        client_secret,
    )
    .key("anilist")
    .display_name("AniList")
    .registered(Registration {
        at: "https://anilist.co/settings/developer",
        redirect_uri: "Redirect URL",
        refresh_token: "Never; access tokens last a year.",
        notes: &[],
    })
    .quirks(|quirks| {
        quirks.token_request = TokenRequest::Json;
        quirks.userinfo = UserInfo::Requests(vec![UserInfoRequest::post(
            "https://graphql.anilist.co",
            r#"{"query":"{ Viewer { id name siteUrl avatar { large } } }"}"#,
        )]);
        quirks.claims = ClaimsMapping {
            subject: "data.Viewer.id",
            names: &[
                ("name", "data.Viewer.name"),
                ("preferred_username", "data.Viewer.name"),
                ("picture", "data.Viewer.avatar.large"),
                ("profile", "data.Viewer.siteUrl"),
            ],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark in the colour of the text around it. From Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M24 17.53v2.421c0 .71-.391 1.101-1.1 1.101h-5l-.057-.165L11.84 3.736c.106-.502.46-.788 1.053-.788h2.422c.71 0 1.1.391 1.1 1.1v12.38H22.9c.71 0 1.1.392 1.1 1.101zM11.034 2.947l6.337 18.104h-4.918l-1.052-3.131H6.019l-1.077 3.131H0L6.361 2.948h4.673zm-.66 10.96-1.69-5.014-1.541 5.015h3.23z"/>"#;
