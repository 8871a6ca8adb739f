//! Gitea, Forgejo and Codeberg: one API.
//!
//! - Plain OAuth 2.0 with the scopes of the API: the issuer of the ID tokens differs by version, so they are not read.
//! - The profile's address can be a placeholder; `/user/emails` knows which is primary and verified.
//! - Access tokens last one hour; the refresh token always comes, and by the server's setting is good once.
//!
//! Source: docs.gitea.com, "OAuth2 provider" and "API"; forgejo.org, "OAuth2 provider"; codeberg.org/api/swagger.

use super::oauth2;
use crate::provider::{
    Brand, ClaimsMapping, EmailRule, OfflineAccess, Provider, Registration, UserInfo,
    UserInfoRequest,
};
use crate::secret::ClientSecret;

/// The Gitea server at `host`, such as `https://gitea.com`.
///
/// Asks for `read:user`.
pub fn gitea(
    host: impl Into<String>,
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    at(&host.into(), client_id, client_secret)
        .key("gitea")
        .display_name("Gitea")
        .registered(Registration {
            at: "https://docs.gitea.com/development/oauth2-provider",
            redirect_uri: "Settings, Applications, Manage OAuth2 applications, Redirect URIs",
            refresh_token: "Always; access tokens last one hour.",
            notes: &[
                "Servers older than 1.23 know no scopes: there a token reaches the whole account.",
            ],
        })
        .quirks(|quirks| quirks.brand = Brand::with_icon(GITEA).color("#609926"))
}

/// The Forgejo server at `host`.
///
/// Asks for `read:user`.
pub fn forgejo(
    host: impl Into<String>,
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    at(&host.into(), client_id, client_secret).key("forgejo").display_name("Forgejo").registered(
        Registration {
            at: "https://forgejo.org/docs/latest/user/oauth2-provider/",
            redirect_uri: "Settings, Applications, Manage OAuth2 applications, Redirect URIs",
            refresh_token: "Always; access tokens last one hour.",
            notes: &[],
        },
    )
}

/// Codeberg, for an application made at <https://codeberg.org/user/settings/applications>.
///
/// Asks for `read:user`.
pub fn codeberg(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    at("https://codeberg.org", client_id, client_secret)
        .key("codeberg")
        .display_name("Codeberg")
        .registered(Registration {
            at: "https://codeberg.org/user/settings/applications",
            redirect_uri: "Manage OAuth2 applications, Redirect URIs",
            refresh_token: "Always; access tokens last one hour.",
            notes: &[],
        })
        .quirks(|quirks| quirks.brand = Brand::with_icon(CODEBERG))
}

fn at(
    host: &str,
    client_id: impl Into<String>,
    client_secret: impl Into<ClientSecret>,
) -> Provider {
    let host = host.trim_end_matches('/');
    let (user, emails) = (format!("{host}/api/v1/user"), format!("{host}/api/v1/user/emails"));
    oauth2(
        format!("{host}/login/oauth/authorize"),
        format!("{host}/login/oauth/access_token"),
        &*user,
        client_id,
        client_secret,
    )
    .with_issuer(host)
    .scopes(["read:user"])
    .quirks(|quirks| {
        quirks.userinfo = UserInfo::Requests(vec![
            UserInfoRequest::profile(user),
            UserInfoRequest::optional(emails, "emails"),
        ]);
        quirks.claims = ClaimsMapping {
            subject: "id",
            names: &[
                ("name", "full_name"),
                ("preferred_username", "login"),
                ("picture", "avatar_url"),
                ("profile", "html_url"),
                ("locale", "language"),
            ],
            email: EmailRule::PrimaryOf("emails"),
            adjust: None,
        };
        quirks.offline_access = OfflineAccess::NotAsked;
    })
}

/// The mark of Gitea. Path data from Simple Icons, CC0.
const GITEA: &str = r#"<path fill="currentColor" d="M4.209 4.603c-.247 0-.525.02-.84.088-.333.07-1.28.283-2.054 1.027C-.403 7.25.035 9.685.089 10.052c.065.446.263 1.687 1.21 2.768 1.749 2.141 5.513 2.092 5.513 2.092s.462 1.103 1.168 2.119c.955 1.263 1.936 2.248 2.89 2.367 2.406 0 7.212-.004 7.212-.004s.458.004 1.08-.394c.535-.324 1.013-.893 1.013-.893s.492-.527 1.18-1.73c.21-.37.385-.729.538-1.068 0 0 2.107-4.471 2.107-8.823-.042-1.318-.367-1.55-.443-1.627-.156-.156-.366-.153-.366-.153s-4.475.252-6.792.306c-.508.011-1.012.023-1.512.027v4.474l-.634-.301c0-1.39-.004-4.17-.004-4.17-1.107.016-3.405-.084-3.405-.084s-5.399-.27-5.987-.324c-.187-.011-.401-.032-.648-.032zm.354 1.832h.111s.271 2.269.6 3.597C5.549 11.147 6.22 13 6.22 13s-.996-.119-1.641-.348c-.99-.324-1.409-.714-1.409-.714s-.73-.511-1.096-1.52C1.444 8.73 2.021 7.7 2.021 7.7s.32-.859 1.47-1.145c.395-.106.863-.12 1.072-.12zm8.33 2.554c.26.003.509.127.509.127l.868.422-.529 1.075a.686.686 0 0 0-.614.359.685.685 0 0 0 .072.756l-.939 1.924a.69.69 0 0 0-.66.527.687.687 0 0 0 .347.763.686.686 0 0 0 .867-.206.688.688 0 0 0-.069-.882l.916-1.874a.667.667 0 0 0 .237-.02.657.657 0 0 0 .271-.137 8.826 8.826 0 0 1 1.016.512.761.761 0 0 1 .286.282c.073.21-.073.569-.073.569-.087.29-.702 1.55-.702 1.55a.692.692 0 0 0-.676.477.681.681 0 1 0 1.157-.252c.073-.141.141-.282.214-.431.19-.397.515-1.16.515-1.16.035-.066.218-.394.103-.814-.095-.435-.48-.638-.48-.638-.467-.301-1.116-.58-1.116-.58s0-.156-.042-.27a.688.688 0 0 0-.148-.241l.516-1.062 2.89 1.401s.48.218.583.619c.073.282-.019.534-.069.657-.24.587-2.1 4.317-2.1 4.317s-.232.554-.748.588a1.065 1.065 0 0 1-.393-.045l-.202-.08-4.31-2.1s-.417-.218-.49-.596c-.083-.31.104-.691.104-.691l2.073-4.272s.183-.37.466-.497a.855.855 0 0 1 .35-.077z"/>"#;

/// The mark of Codeberg. Path data from Simple Icons, CC0.
const CODEBERG: &str = r#"<path fill="currentColor" d="M11.999.747A11.974 11.974 0 0 0 0 12.75c0 2.254.635 4.465 1.833 6.376L11.837 6.19c.072-.092.251-.092.323 0l4.178 5.402h-2.992l.065.239h3.113l.882 1.138h-3.674l.103.374h3.86l.777 1.003h-4.358l.135.483h4.593l.695.894h-5.038l.165.589h5.326l.609.785h-5.717l.182.65h6.038l.562.727h-6.397l.183.65h6.717A12.003 12.003 0 0 0 24 12.75 11.977 11.977 0 0 0 11.999.747zm3.654 19.104.182.65h5.326c.173-.204.353-.433.513-.65zm.385 1.377.18.65h3.563c.233-.198.485-.428.712-.65zm.383 1.377.182.648h1.203c.356-.204.685-.412 1.042-.648zz"/>"#;
