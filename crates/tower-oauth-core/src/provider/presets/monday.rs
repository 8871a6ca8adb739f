//! monday.com.
//!
//! - The profile is a GraphQL query.
//! - PKCE belongs to another, opt-in flow and is not sent; access tokens do not expire.
//! - An administrator must have installed the app in the account before a login works.
//!
//! Source: developer.monday.com, "OAuth and permissions" and "Me".

use super::oauth2;
use crate::provider::{
    ClaimsMapping, EmailRule, OfflineAccess, Pkce, Provider, Registration, UserInfo,
    UserInfoRequest,
};
use crate::secret::ClientSecret;

/// monday.com, for an app made in the developer center.
///
/// Asks for `me:read`.
pub fn monday(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://auth.monday.com/oauth2/authorize",
        "https://auth.monday.com/oauth2/token",
        USER,
        client_id,
        client_secret,
    )
    .key("monday")
    .display_name("monday.com")
    .registered(Registration {
        at: "https://monday.com/developers/apps",
        redirect_uri: "OAuth & permissions, Redirect URLs",
        refresh_token: "Never; access tokens do not expire.",
        notes: &[
            "Tick me:read under OAuth & permissions, and have an administrator install the app.",
            "Neither PKCE nor a nonce protects the code; register no redirect URI but this one.",
        ],
    })
    .scopes(["me:read"])
    .quirks(|quirks| {
        quirks.userinfo = UserInfo::Requests(vec![UserInfoRequest::post(
            USER,
            r#"{"query":"{ me { id name email photo_original } }"}"#,
        )]);
        quirks.pkce = Pkce::Unsupported;
        quirks.claims = ClaimsMapping {
            subject: "data.me.id",
            names: &[
                ("name", "data.me.name"),
                ("email", "data.me.email"),
                ("picture", "data.me.photo_original"),
            ],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
    })
}

/// Where the profile is.
const USER: &str = "https://api.monday.com/v2";
