//! Bitbucket.
//!
//! - The profile has no address; `/2.0/user/emails` lists all with `is_primary` and `is_confirmed`.
//! - Scopes are fixed in the consumer's settings; those of a request are ignored, and granted ones come as `scopes`.
//! - `username` can change; `uuid` cannot.
//!
//! Source: developer.atlassian.com, "Bitbucket Cloud: OAuth 2.0" and "REST API: users".

use serde_json::{Map, Value};

use super::oauth2;
use crate::json;
use crate::provider::{
    Brand, ClaimsMapping, ClientAuthentication, EmailRule, OfflineAccess, Provider, Registration,
    UserInfo, UserInfoRequest,
};
use crate::secret::ClientSecret;

/// Bitbucket Cloud, for an OAuth consumer of a workspace.
///
/// Asks for `account email`.
pub fn bitbucket(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://bitbucket.org/site/oauth2/authorize",
        "https://bitbucket.org/site/oauth2/access_token",
        "https://api.bitbucket.org/2.0/user",
        client_id,
        client_secret,
    )
    .key("bitbucket")
    .display_name("Bitbucket")
    .registered(Registration {
        at: "https://bitbucket.org/account/settings/",
        redirect_uri: "Workspace settings, OAuth consumers, Callback URL",
        refresh_token: "Always; access tokens last two hours.",
        notes: &["Tick the permissions Account: Read and Account: Email for the consumer."],
    })
    .scopes(["account", "email"])
    .quirks(|quirks| {
        quirks.client_authentication = ClientAuthentication::Basic;
        quirks.userinfo = UserInfo::Requests(vec![
            UserInfoRequest::profile("https://api.bitbucket.org/2.0/user"),
            UserInfoRequest::optional("https://api.bitbucket.org/2.0/user/emails", "emails"),
        ]);
        quirks.claims = ClaimsMapping {
            subject: "uuid",
            names: &[
                ("name", "display_name"),
                ("preferred_username", "nickname"),
                ("picture", "links.avatar.href"),
                ("profile", "links.html.href"),
            ],
            email: EmailRule::VerifiedClaim,
            adjust: Some(primary_email),
        };
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The address that Bitbucket's list marks primary, under the standard names.
fn primary_email(claims: &mut Map<String, Value>) {
    let values = json::at(claims, "emails.values").and_then(Value::as_array);
    let is = |entry: &Value, name: &str| entry.get(name) == Some(&Value::Bool(true));
    let primary = values.and_then(|list| list.iter().find(|entry| is(entry, "is_primary")));
    let Some(entry) = primary else { return };
    let (email, confirmed) = (entry.get("email").cloned(), is(entry, "is_confirmed"));
    if let Some(email) = email {
        claims.insert("email".into(), email);
        claims.insert("email_verified".into(), confirmed.into());
    }
}

/// The mark. Path data from Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M.778 1.213a.768.768 0 00-.768.892l3.263 19.81c.084.5.515.868 1.022.873H19.95a.772.772 0 00.77-.646l3.27-20.03a.768.768 0 00-.768-.891zM14.52 15.53H9.522L8.17 8.466h7.561z"/>"#;
