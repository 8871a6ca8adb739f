//! Microsoft Entra: OpenID Connect, where one address stands for many tenants.
//!
//! - `common` and `organizations` publish the issuer with `{tenantid}` in it; each ID token's own `tid` stands there, and
//!   which tenants are let in is the application's choice ([`Provider::tenants`]).
//! - The issuer with the tenant, and `sub`, identify a user. `sub` differs from application to application.
//! - The address can be set to anything by whoever runs a tenant. It counts as verified only if the optional claim
//!   `xms_edov` says that its domain's owner was verified; add that claim to the ID token in the app registration.
//! - A refresh token comes with the scope `offline_access`. There is no endpoint to revoke one.
//! - Errors of the token endpoint are numbered (`AADSTS…`) in their description.
//!
//! Source: learn.microsoft.com, "OpenID Connect on the Microsoft identity platform", "ID token claims reference", "Migrate away
//! from using email claims for user identification", "Optional claims reference".

use serde_json::{Map, Value};

use super::oidc;
use crate::provider::{Brand, IssuerRule, OfflineAccess, Provider, Registration, UserInfo};
use crate::secret::ClientSecret;

/// The tenant of personal Microsoft accounts.
const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Microsoft Entra, for an application registered at
/// <https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade>.
///
/// `tenant` is the id of one tenant (a GUID), or `organizations` for all of them, `consumers` for personal accounts, `common` for
/// both. With `organizations` and `common`, [`tenants`](Provider::tenants) narrows who is let in.
///
/// Asks for `openid profile email`.
pub fn microsoft(
    tenant: impl Into<String>,
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    let tenant = tenant.into();
    let is_template = tenant == "common" || tenant == "organizations";
    let tenant = if tenant == "consumers" { CONSUMERS } else { &tenant };
    oidc(format!("https://login.microsoftonline.com/{tenant}/v2.0"), client_id, client_secret)
        .key("microsoft")
        .display_name("Microsoft")
        .registered(Registration {
        at: "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade",
        redirect_uri: "Authentication, Web, Redirect URIs",
        refresh_token: "When offline access is asked for; access tokens last about one hour.",
        notes: &[
            "Supported account types decide what the tenant can be.",
            "Add the optional claims email and xms_edov to the ID token to learn a verified address.",
        ],
    })
        .quirks(|quirks| {
            if is_template {
                quirks.issuer = IssuerRule::TenantTemplate;
            }
            quirks.userinfo = UserInfo::IdToken;
            quirks.claims.adjust = Some(trust_verified_domains);
            quirks.offline_access = OfflineAccess::ScopeAlone("offline_access");
            quirks.brand = Brand::with_icon(ICON);
        })
}

/// Whatever `email_verified` says, `xms_edov` decides. It is documented as a boolean, and comes as a number or text too.
fn trust_verified_domains(claims: &mut Map<String, Value>) {
    claims.remove("email_verified");
    let is_verified = match claims.get("xms_edov") {
        Some(Value::Bool(verified)) => *verified,
        Some(Value::Number(number)) => number.as_u64() == Some(1),
        Some(Value::String(text)) => text == "1" || text == "true",
        _ => false,
    };
    if is_verified {
        claims.insert("email_verified".into(), true.into());
    }
}

/// The four squares.
const ICON: &str = r##"<path fill="#F25022" d="M1 1h10.5v10.5H1z"/><path fill="#7FBA00" d="M12.5 1H23v10.5H12.5z"/><path fill="#00A4EF" d="M1 12.5h10.5V23H1z"/><path fill="#FFB900" d="M12.5 12.5H23V23H12.5z"/>"##;
