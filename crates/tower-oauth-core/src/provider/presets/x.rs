//! X, formerly Twitter: OAuth 2.0 with PKCE, over the X API v2.
//!
//! - PKCE is required, and a confidential client authenticates by the `Authorization` header.
//! - The profile is the member `data`.
//! - The address comes as `confirmed_email`, with the scope `users.email` and only to an app that was allowed to
//!   "Request email from users". A request for it fails otherwise, so it is one of its own.
//! - A refresh token comes with the scope `offline.access`, and changes with each use.
//!
//! Source: docs.x.com, "OAuth 2.0 Authorization Code Flow with PKCE" and "Get my User".

use super::oauth2;
use crate::provider::{
    Brand, ClaimsMapping, ClientAuthentication, EmailRule, OfflineAccess, Provider, Registration,
    UserInfo, UserInfoRequest,
};
use crate::secret::ClientSecret;

/// X, for an app of the type "Web App" registered at <https://console.x.com>.
///
/// Asks for `users.read tweet.read users.email`. To be told the address, switch on "Request email from users" in
/// the app's settings.
pub fn x(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://x.com/i/oauth2/authorize",
        "https://api.x.com/2/oauth2/token",
        "https://api.x.com/2/users/me",
        client_id,
        client_secret,
    )
    .key("x")
    .display_name("X")
    .registered(Registration {
        at: "https://console.x.com",
        redirect_uri: "User authentication settings, Callback URI / Redirect URL",
        refresh_token: "When offline access is asked for.",
        notes: &["Choose Web App, Automated App or Bot. Switch on Request email from \
             users to be told the address."],
    })
    .scopes(["users.read", "tweet.read", "users.email"])
    .quirks(|quirks| {
        quirks.client_authentication = ClientAuthentication::Basic;
        let me = "https://api.x.com/2/users/me?user.fields=";
        quirks.userinfo = UserInfo::Requests(vec![
            UserInfoRequest::profile(format!("{me}profile_image_url,url,verified")),
            UserInfoRequest::optional(format!("{me}confirmed_email"), "confirmed"),
        ]);
        quirks.claims = ClaimsMapping {
            subject: "data.id",
            names: &[
                ("name", "data.name"),
                ("preferred_username", "data.username"),
                ("picture", "data.profile_image_url"),
                ("website", "data.url"),
                ("email", "confirmed.data.confirmed_email"),
            ],
            email: EmailRule::AlwaysVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::Scope("offline.access");
        quirks.revocation_endpoint = Some("https://api.x.com/2/oauth2/revoke".into());
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark in the colour of the text around it. From Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M14.234 10.162 22.977 0h-2.072l-7.591 8.824L7.251 0H.258l9.168 13.343L.258 24H2.33l8.016-9.318L16.749 24h6.993zm-2.837 3.299-.929-1.329L3.076 1.56h3.182l5.965 8.532.929 1.329 7.754 11.09h-3.182z"/>"#;
