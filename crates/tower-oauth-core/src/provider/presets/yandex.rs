//! Yandex: Yandex ID.
//!
//! - The access token is presented under the scheme `OAuth`.
//! - The picture is named by an id and lies on a host of its own.
//! - Nothing tells whether the address was checked; it may be one that the user gave.
//! - Each login comes with a refresh token.
//!
//! Source: yandex.com/dev/id/doc, "Confirmation code" and "Exchanging the token for information about the user".

use serde_json::{Map, Value};

use super::oauth2;
use crate::provider::{
    ClaimsMapping, ClientAuthentication, EmailRule, OfflineAccess, Provider, Registration,
};
use crate::secret::ClientSecret;

/// Yandex, for an app registered at <https://oauth.yandex.ru/client/new>.
///
/// Asks for `login:info login:email login:avatar`.
pub fn yandex(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://oauth.yandex.ru/authorize",
        "https://oauth.yandex.ru/token",
        "https://login.yandex.ru/info?format=json",
        client_id,
        client_secret,
    )
    .key("yandex")
    .display_name("Yandex")
    .registered(Registration {
        at: "https://oauth.yandex.ru/client/new",
        redirect_uri: "Redirect URI",
        refresh_token: "Always.",
        notes: &[],
    })
    .scopes(["login:info", "login:email", "login:avatar"])
    .quirks(|quirks| {
        quirks.client_authentication = ClientAuthentication::Basic;
        quirks.access_token_scheme = "OAuth";
        quirks.claims = ClaimsMapping {
            subject: "id",
            names: &[
                ("name", "real_name"),
                ("preferred_username", "login"),
                ("given_name", "first_name"),
                ("family_name", "last_name"),
                ("email", "default_email"),
            ],
            email: EmailRule::NeverVerified,
            adjust: Some(add_picture),
        };
        quirks.offline_access = OfflineAccess::NotAsked;
    })
}

fn add_picture(claims: &mut Map<String, Value>) {
    if claims.get("is_avatar_empty") == Some(&Value::Bool(true)) {
        return;
    }
    if let Some(id) = claims.get("default_avatar_id").and_then(Value::as_str) {
        let picture = format!("https://avatars.yandex.net/get-yapic/{id}/islands-200");
        claims.insert("picture".into(), picture.into());
    }
}
