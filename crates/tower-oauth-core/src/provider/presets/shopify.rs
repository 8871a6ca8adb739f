//! Shopify.
//!
//! - Each shop is a host of its own.
//! - With `grant_options[]=per-user` the token is a staff member's and the token response tells who that is; there
//!   is no userinfo endpoint.
//! - The token lasts a day and is not refreshed.
//!
//! Source: shopify.dev, "Implement authorization code grant manually" and "Online access tokens".

use super::{claims, oauth2};
use crate::provider::{
    Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration, UserInfo,
};
use crate::secret::ClientSecret;

/// Staff of the Shopify shop at `shop`, such as `https://example.myshopify.com`.
///
/// Asks for no scopes: they are fixed in its settings.
pub fn shopify(
    shop: impl Into<String>,
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    let shop = shop.into();
    let shop = shop.trim_end_matches('/');
    oauth2(
        format!("{shop}/admin/oauth/authorize"),
        format!("{shop}/admin/oauth/access_token"),
        "", // The token response tells who it is.
        client_id,
        client_secret,
    )
    .key("shopify")
    .display_name("Shopify")
    .registered(Registration {
        at: "https://dev.shopify.com/dashboard",
        redirect_uri: "Versions, Redirect URLs",
        refresh_token: "Never; an online token lasts a day, and a new login brings the \
             next.",
        notes: &[
            "A login asks for no scopes: those in the app's own configuration \
             are granted. An app that asks for scopes itself sets the same with \
             scopes().",
            "The provider is one shop: an app for many shops adds one for each.",
        ],
    })
    .with_issuer(shop)
    .quirks(|quirks| {
        quirks.authorization_parameters = &[("grant_options[]", "per-user")];
        quirks.userinfo = UserInfo::TokenResponse;
        quirks.claims = ClaimsMapping {
            subject: "associated_user.id",
            names: &[
                ("given_name", "associated_user.first_name"),
                ("family_name", "associated_user.last_name"),
                ("email", "associated_user.email"),
                ("email_verified", "associated_user.email_verified"),
                ("locale", "associated_user.locale"),
            ],
            email: EmailRule::VerifiedClaim,
            adjust: Some(claims::full_name),
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M15.337 23.979l7.216-1.561s-2.604-17.613-2.625-17.73c-.018-.116-.114-.192-.211-.192s-1.929-.136-1.929-.136-1.275-1.274-1.439-1.411c-.045-.037-.075-.057-.121-.074l-.914 21.104h.023zM11.71 11.305s-.81-.424-1.774-.424c-1.447 0-1.504.906-1.504 1.141 0 1.232 3.24 1.715 3.24 4.629 0 2.295-1.44 3.76-3.406 3.76-2.354 0-3.54-1.465-3.54-1.465l.646-2.086s1.245 1.066 2.28 1.066c.675 0 .975-.545.975-.932 0-1.619-2.654-1.694-2.654-4.359-.034-2.237 1.571-4.416 4.827-4.416 1.257 0 1.875.361 1.875.361l-.945 2.715-.02.01zM11.17.83c.136 0 .271.038.405.135-.984.465-2.064 1.639-2.508 3.992-.656.213-1.293.405-1.889.578C7.697 3.75 8.951.84 11.17.84V.83zm1.235 2.949v.135c-.754.232-1.583.484-2.394.736.466-1.777 1.333-2.645 2.085-2.971.193.501.309 1.176.309 2.1zm.539-2.234c.694.074 1.141.867 1.429 1.755-.349.114-.735.231-1.158.366v-.252c0-.752-.096-1.371-.271-1.871v.002zm2.992 1.289c-.02 0-.06.021-.078.021s-.289.075-.714.21c-.423-1.233-1.176-2.37-2.508-2.37h-.115C12.135.209 11.669 0 11.265 0 8.159 0 6.675 3.877 6.21 5.846c-1.194.365-2.063.636-2.16.674-.675.213-.694.232-.772.87-.075.462-1.83 14.063-1.83 14.063L15.009 24l.927-21.166z"/>"#;
