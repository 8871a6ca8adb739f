//! Trakt: API v2.
//!
//! - Each call carries the client id and the version of the API in headers of its own, and a `User-Agent`.
//! - The token request is JSON.
//! - `user.ids.uuid` identifies the user; the slug follows the username. There is no address.
//! - Each login comes with a refresh token.
//!
//! Source: trakt.docs.apiary.io, "Required Headers", "Authentication, OAuth" and "Users, Settings".

use super::oauth2;
use crate::provider::{
    Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration, TokenRequest,
};
use crate::secret::ClientSecret;

/// Trakt, for an application registered at <https://trakt.tv/oauth/applications>.
///
/// Asks for no scopes; there is one, `public`.
pub fn trakt(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://trakt.tv/oauth/authorize",
        "https://api.trakt.tv/oauth/token",
        "https://api.trakt.tv/users/settings?extended=full",
        client_id,
        client_secret,
    )
    .key("trakt")
    .display_name("Trakt")
    .registered(Registration {
        at: "https://trakt.tv/oauth/applications",
        redirect_uri: "Redirect uri",
        refresh_token: "Always.",
        notes: &[],
    })
    .quirks(|quirks| {
        quirks.token_request = TokenRequest::Json;
        quirks.headers = &[("user-agent", "tower-oauth"), ("trakt-api-version", "2")];
        quirks.client_id_header = Some("trakt-api-key");
        quirks.claims = ClaimsMapping {
            subject: "user.ids.uuid",
            names: &[
                ("name", "user.name"),
                ("preferred_username", "user.username"),
                ("picture", "user.images.avatar.full"),
            ],
            email: EmailRule::NeverVerified,
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.revocation_endpoint = Some("https://api.trakt.tv/oauth/revoke".into());
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark in the colour of the text around it. From Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="m15.082 15.107-.73-.73 9.578-9.583a4.499 4.499 0 0 0-.115-.575L13.662 14.382l1.08 1.08-.73.73-1.81-1.81L23.422 3.144c-.075-.15-.155-.3-.25-.44L11.508 14.377l2.154 2.155-.73.73-7.193-7.199.73-.73 4.309 4.31L22.546 1.86A5.618 5.618 0 0 0 18.362 0H5.635A5.637 5.637 0 0 0 0 5.634V18.37A5.632 5.632 0 0 0 5.635 24h12.732C21.477 24 24 21.48 24 18.37V6.19l-8.913 8.918zm-4.314-2.155L6.814 8.988l.73-.73 3.954 3.96zm1.075-1.084-3.954-3.96.73-.73 3.959 3.96zm9.853 5.688a4.141 4.141 0 0 1-4.14 4.14H6.438a4.144 4.144 0 0 1-4.139-4.14V6.438A4.141 4.141 0 0 1 6.44 2.3h10.387v1.04H6.438c-1.71 0-3.099 1.39-3.099 3.1V17.55c0 1.71 1.39 3.105 3.1 3.105h11.117c1.71 0 3.1-1.395 3.1-3.105v-1.754h1.04v1.754z"/>"#;
