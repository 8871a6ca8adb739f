//! ORCID: OpenID Connect for researchers.
//!
//! - `openid` is its only scope for a sign-in. `sub` is the ORCID iD; there is no address.
//! - The client secret goes in the body. PKCE is not documented; the nonce guards the code.
//! - A name comes only if the researcher made it public.
//! - A token lives for twenty years.
//!
//! Source: info.orcid.org, "Get an authenticated ORCID iD", and github.com/ORCID/ORCID-Source.

use super::oidc;
use crate::provider::{Brand, ClientAuthentication, OfflineAccess, Pkce, Provider, Registration};
use crate::secret::ClientSecret;

/// ORCID, for a public API client registered at <https://orcid.org/developer-tools>.
///
/// Asks for `openid`.
pub fn orcid(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oidc("https://orcid.org", client_id, client_secret)
        .key("orcid")
        .display_name("ORCID")
        .registered(Registration {
            at: "https://orcid.org/developer-tools",
            redirect_uri: "Redirect URIs",
            refresh_token: "Not asked for; access tokens last twenty years.",
            notes: &["A name comes only if the researcher made it public."],
        })
        .scopes(["openid"])
        .quirks(|quirks| {
            quirks.client_authentication = ClientAuthentication::Body;
            quirks.pkce = Pkce::Unsupported;
            quirks.offline_access = OfflineAccess::NotAsked;
            quirks.brand = Brand::with_icon(ICON);
        })
}

/// The mark in the colour of the text around it. From Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M12 0C5.372 0 0 5.372 0 12s5.372 12 12 12 12-5.372 12-12S18.628 0 12 0zM7.369 4.378c.525 0 .947.431.947.947s-.422.947-.947.947a.95.95 0 0 1-.947-.947c0-.525.422-.947.947-.947zm-.722 3.038h1.444v10.041H6.647V7.416zm3.562 0h3.9c3.712 0 5.344 2.653 5.344 5.025 0 2.578-2.016 5.025-5.325 5.025h-3.919V7.416zm1.444 1.303v7.444h2.297c3.272 0 4.022-2.484 4.022-3.722 0-2.016-1.284-3.722-4.097-3.722h-2.222z"/>"#;
