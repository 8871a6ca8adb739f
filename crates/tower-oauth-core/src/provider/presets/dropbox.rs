//! Dropbox.
//!
//! - The profile is had by POST without a body.
//! - `name` is an object; the name for people is in it.
//! - A refresh token comes only with `token_access_type=offline`.
//!
//! Source: developers.dropbox.com, "OAuth guide", and dropbox.com, "HTTP documentation":
//! `/users/get_current_account`.

use super::{claims, oauth2};
use crate::provider::{
    Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration, UserInfo,
    UserInfoRequest,
};
use crate::secret::ClientSecret;

/// Dropbox, for an app made at <https://www.dropbox.com/developers/apps>.
///
/// Asks for `account_info.read`.
pub fn dropbox(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://www.dropbox.com/oauth2/authorize",
        "https://api.dropboxapi.com/oauth2/token",
        USER,
        client_id,
        client_secret,
    )
    .key("dropbox")
    .display_name("Dropbox")
    .registered(Registration {
        at: "https://www.dropbox.com/developers/apps",
        redirect_uri: "OAuth 2, Redirect URIs",
        refresh_token: "When offline access is asked for; access tokens last four hours.",
        notes: &["Tick account_info.read under Permissions."],
    })
    .scopes(["account_info.read"])
    .quirks(|quirks| {
        quirks.userinfo = UserInfo::Requests(vec![UserInfoRequest::post(USER, "null")]);
        quirks.claims = ClaimsMapping {
            subject: "account_id",
            names: &[
                ("given_name", "name.given_name"),
                ("family_name", "name.surname"),
                ("picture", "profile_photo_url"),
            ],
            email: EmailRule::VerifiedClaim,
            adjust: Some(|claims| claims::put(claims, "name", "name.display_name")),
        };
        quirks.offline_access = OfflineAccess::Parameters(&[("token_access_type", "offline")]);
        quirks.brand = Brand::with_icon(ICON).color("#0061FF");
    })
}

/// Where the profile is.
const USER: &str = "https://api.dropboxapi.com/2/users/get_current_account";

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M6 1.807L0 5.629l6 3.822 6.001-3.822L6 1.807zM18 1.807l-6 3.822 6 3.822 6-3.822-6-3.822zM0 13.274l6 3.822 6.001-3.822L6 9.452l-6 3.822zM18 9.452l-6 3.822 6 3.822 6-3.822-6-3.822zM6 18.371l6.001 3.822 6-3.822-6-3.822L6 18.371z"/>"#;
