//! Linear.
//!
//! - Scopes are separated by commas.
//! - The profile is a GraphQL query.
//! - Access tokens last 24 hours; a refresh token always comes, and rotates.
//!
//! Source: linear.app/developers, "OAuth 2.0 authentication" and "GraphQL".

use super::oauth2;
use crate::provider::{
    Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration, UserInfo,
    UserInfoRequest,
};
use crate::secret::ClientSecret;

/// Linear, for an application made at <https://linear.app/settings/api>.
///
/// Asks for `read`.
pub fn linear(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://linear.app/oauth/authorize",
        "https://api.linear.app/oauth/token",
        USER,
        client_id,
        client_secret,
    )
    .key("linear")
    .display_name("Linear")
    .registered(Registration {
        at: "https://linear.app/settings/api",
        redirect_uri: "OAuth applications, Callback URLs",
        refresh_token: "Always; access tokens last 24 hours.",
        notes: &[
            "Every administrator of the workspace that owns the application can see its secret.",
        ],
    })
    .scopes(["read"])
    .quirks(|quirks| {
        quirks.userinfo = UserInfo::Requests(vec![UserInfoRequest::post(
            USER,
            r#"{"query":"{ viewer { id name displayName email avatarUrl } }"}"#,
        )]);
        quirks.scope_delimiter = ',';
        quirks.claims = ClaimsMapping {
            subject: "data.viewer.id",
            names: &[
                ("name", "data.viewer.name"),
                ("preferred_username", "data.viewer.displayName"),
                ("email", "data.viewer.email"),
                ("picture", "data.viewer.avatarUrl"),
            ],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON).color("#5E6AD2");
    })
}

/// Where the profile is.
const USER: &str = "https://api.linear.app/graphql";

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M2.886 4.18A11.982 11.982 0 0 1 11.99 0C18.624 0 24 5.376 24 12.009c0 3.64-1.62 6.903-4.18 9.105L2.887 4.18ZM1.817 5.626l16.556 16.556c-.524.33-1.075.62-1.65.866L.951 7.277c.247-.575.537-1.126.866-1.65ZM.322 9.163l14.515 14.515c-.71.172-1.443.282-2.195.322L0 11.358a12 12 0 0 1 .322-2.195Zm-.17 4.862 9.823 9.824a12.02 12.02 0 0 1-9.824-9.824Z"/>"#;
