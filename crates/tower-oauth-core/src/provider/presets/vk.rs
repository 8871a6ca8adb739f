//! VK: VK ID, OAuth 2.1.
//!
//! - PKCE is required.
//! - The authorization response has a `device_id`; each token request repeats it, a refresh included, beside a `state`.
//! - The profile is asked for with a form of the access token and the client id, and is the member `user`.
//! - Nothing in the profile tells whether the address was checked; `verified` is about the account.
//! - A token lives for an hour; each login comes with a refresh token.
//! - The hosts under `vk.com` are the old names of those under `vk.ru`.
//!
//! Source: id.vk.com/about/business/go/docs, "API description", "Access token" and "Release notes", and VK's own web
//! SDK (`VKCOM/vkid-web-sdk`, `src/auth/auth.ts`).

use serde_json::{Map, Value};

use super::oauth2;
use crate::json;
use crate::provider::{
    Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration, UserInfo,
    UserInfoRequest,
};
use crate::secret::ClientSecret;

const USER: &str = "https://id.vk.ru/oauth2/user_info";

/// VK, for a web app made at <https://id.vk.com/about/business/go>. Its "secure key" is the client secret.
///
/// Asks for `email`. With `phone` the profile has a telephone number.
pub fn vk(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://id.vk.ru/authorize",
        "https://id.vk.ru/oauth2/auth",
        USER,
        client_id,
        client_secret,
    )
    .key("vk")
    .display_name("VK")
    .registered(Registration {
        at: "https://id.vk.com/about/business/go",
        redirect_uri: "Trusted redirect URL",
        refresh_token: "Always; access tokens last one hour.",
        notes: &["The secure key is the client secret, the service key is not."],
    })
    .scopes(["email"])
    .quirks(|quirks| {
        quirks.device_id = true;
        quirks.userinfo = UserInfo::Requests(vec![UserInfoRequest::form(USER)]);
        quirks.claims = ClaimsMapping {
            subject: "user.user_id",
            names: &[
                ("given_name", "user.first_name"),
                ("family_name", "user.last_name"),
                ("picture", "user.avatar"),
                ("email", "user.email"),
            ],
            email: EmailRule::NeverVerified,
            adjust: Some(add_name),
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON).color("#0077FF");
    })
}

fn add_name(claims: &mut Map<String, Value>) {
    let names = ["user.first_name", "user.last_name"];
    let names = names.iter().filter_map(|path| json::at(claims, path)?.as_str());
    let name = names.filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" ");
    if !name.is_empty() {
        claims.insert("name".into(), name.into());
    }
}

/// The mark in the colour of the text around it. From Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="m9.489.004.729-.003h3.564l.73.003.914.01.433.007.418.011.403.014.388.016.374.021.36.025.345.03.333.033c1.74.196 2.933.616 3.833 1.516.9.9 1.32 2.092 1.516 3.833l.034.333.029.346.025.36.02.373.025.588.012.41.013.644.009.915.004.98-.001 3.313-.003.73-.01.914-.007.433-.011.418-.014.403-.016.388-.021.374-.025.36-.03.345-.033.333c-.196 1.74-.616 2.933-1.516 3.833-.9.9-2.092 1.32-3.833 1.516l-.333.034-.346.029-.36.025-.373.02-.588.025-.41.012-.644.013-.915.009-.98.004-3.313-.001-.73-.003-.914-.01-.433-.007-.418-.011-.403-.014-.388-.016-.374-.021-.36-.025-.345-.03-.333-.033c-1.74-.196-2.933-.616-3.833-1.516-.9-.9-1.32-2.092-1.516-3.833l-.034-.333-.029-.346-.025-.36-.02-.373-.025-.588-.012-.41-.013-.644-.009-.915-.004-.98.001-3.313.003-.73.01-.914.007-.433.011-.418.014-.403.016-.388.021-.374.025-.36.03-.345.033-.333c.196-1.74.616-2.933 1.516-3.833.9-.9 2.092-1.32 3.833-1.516l.333-.034.346-.029.36-.025.373-.02.588-.025.41-.012.644-.013.915-.009ZM6.79 7.3H4.05c.13 6.24 3.25 9.99 8.72 9.99h.31v-3.57c2.01.2 3.53 1.67 4.14 3.57h2.84c-.78-2.84-2.83-4.41-4.11-5.01 1.28-.74 3.08-2.54 3.51-4.98h-2.58c-.56 1.98-2.22 3.78-3.8 3.95V7.3H10.5v6.92c-1.6-.4-3.62-2.34-3.71-6.92Z"/>"#;
