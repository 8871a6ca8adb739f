//! Identity platforms: what an organisation or an application runs for its own logins.
//!
//! - OpenID Connect by discovery; the issuer is given, byte for byte as its metadata names it.
//! - A refresh token comes with the scope `offline_access`, where the client is allowed it.
//!
//! Source: the "OpenID Connect" page of each one's documentation, and its `/.well-known/openid-configuration`.

use super::oidc;
use crate::provider::{Brand, EmailRule, OfflineAccess, Provider, Quirks, Registration};
use crate::secret::ClientSecret;

/// A function for each platform: its key, its name, where clients are registered and what they call the redirect URI, and what differs.
macro_rules! platforms {
    ($(
        $(#[doc = $doc:literal])*
        $function:ident: $key:literal, $name:literal, $place:literal, $field:literal, $change:expr;
    )*) => {
        $(
            $(#[doc = $doc])*
            ///
            /// Asks for `openid profile email`.
            pub fn $function(
                issuer: impl Into<String>,
                client_id: impl Into<String>,
                client_secret: impl Into<ClientSecret>,
            ) -> Provider {
                let change: fn(&mut Quirks) = $change;
                oidc(issuer, client_id, client_secret)
                    .key($key)
                    .display_name($name)
                    .registered(Registration {
                        at: $place,
                        redirect_uri: $field,
                        refresh_token: "When offline access is asked for and the client is allowed it.",
                        notes: &[],
                    })
                    .quirks(|quirks| quirks.offline_access = OfflineAccess::ScopeAlone("offline_access"))
                    .quirks(change)
            }
        )*
    };
}

platforms! {
    /// A Keycloak realm, such as `https://id.example/realms/main`.
    keycloak: "keycloak", "Keycloak", "the realm's admin console, Clients", "Valid redirect URIs", |quirks| quirks.brand = Brand::with_icon(KEYCLOAK);
    /// Auth0. The issuer ends with a slash, as in `https://example.eu.auth0.com/`.
    auth0: "auth0", "Auth0", "https://manage.auth0.com, Applications", "Allowed Callback URLs", |quirks| quirks.brand = Brand::with_icon(AUTH0).color("#EB5424");
    /// Okta: an organisation (`https://example.okta.com`) or one of its authorization servers
    /// (`https://example.okta.com/oauth2/default`).
    okta: "okta", "Okta", "the admin console of the organisation, Applications", "Sign-in redirect URIs", |quirks| quirks.brand = Brand::with_icon(OKTA).color("#007DC1");
    /// An Amazon Cognito user pool, such as `https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_example`. It
    /// gives a refresh token anyway, and writes `email_verified` as text in userinfo.
    cognito: "cognito", "Amazon Cognito", "https://console.aws.amazon.com/cognito, a user pool's app clients", "Allowed callback URLs", |quirks| {
        quirks.claims.email = EmailRule::VerifiedClaimOrText;
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.brand = Brand::with_icon(COGNITO).color("#DD344C");
    };
    /// A Zitadel instance, such as `https://example.zitadel.cloud`.
    zitadel: "zitadel", "Zitadel", "the console of the instance, a project's applications", "Redirect URIs", |_| ();
    /// An authentik application, such as `https://auth.example/application/o/example/`; the slash at the end is part
    /// of it. What its default mapping says of an address is true for everybody or false for everybody, so it counts
    /// for nothing.
    authentik: "authentik", "authentik", "the admin interface, Applications and Providers", "Redirect URIs", |quirks| {
        quirks.claims.email = EmailRule::NeverVerified;
        quirks.brand = Brand::with_icon(AUTHENTIK).color("#FD4B2D");
    };
    /// An Authelia server, such as `https://auth.example`.
    authelia: "authelia", "Authelia", "the configuration file, `identity_providers.oidc.clients`", "redirect_uris", |quirks| quirks.brand = Brand::with_icon(AUTHELIA);
    /// An Ory project or Hydra server, such as `https://example.projects.oryapis.com`.
    ory: "ory", "Ory", "https://console.ory.sh, a project's OAuth 2.0 clients", "Redirect URIs", |_| ();
    /// A `FusionAuth` tenant. Its issuer is what its settings say, and must be made the URL of the server first.
    fusionauth: "fusionauth", "FusionAuth", "the admin UI, Applications", "Authorized redirect URLs", |quirks| quirks.brand = Brand::with_icon(FUSIONAUTH);
    /// Logto, such as `https://example.logto.app/oidc`. It signs by ES384.
    logto: "logto", "Logto", "the console, Applications", "Redirect URIs", |_| ();
    /// A Clerk instance, such as `https://clerk.example.com`.
    clerk: "clerk", "Clerk", "https://dashboard.clerk.com, OAuth applications", "Redirect URIs", |quirks| quirks.brand = Brand::with_icon(CLERK).color("#6C47FF");
    /// A Kinde business, such as `https://example.kinde.com`.
    kinde: "kinde", "Kinde", "https://app.kinde.com, Applications", "Allowed callback URLs", |_| ();
    /// A `OneLogin` account, such as `https://example.onelogin.com/oidc/2`.
    onelogin: "onelogin", "OneLogin", "the administration, Applications, OpenId Connect", "Redirect URIs", |_| ();
    /// A `PingOne` environment, such as `https://auth.pingone.eu/3072206d-c6ce-4c19-a366-f87e972c7cc3/as`.
    pingone: "pingone", "PingOne", "the admin console of an environment, Applications", "Redirect URIs", |_| ();
    /// A Casdoor server, such as `https://door.example`.
    casdoor: "casdoor", "Casdoor", "the server's Applications page", "Redirect URLs", |_| ();
    /// A client of a Kanidm server, such as `https://idm.example/oauth2/openid/myapp`. It signs by ES256 and insists
    /// on PKCE.
    kanidm: "kanidm", "Kanidm", "the server, by `kanidm system oauth2 create`", "redirect URL", |_| ();
    /// A Dex server, such as `https://dex.example`.
    dex: "dex", "Dex", "the configuration file, `staticClients`", "redirectURIs", |_| ();
}

// Path data from Simple Icons, CC0.
const KEYCLOAK: &str = r#"<path fill="currentColor" d="m18.742 1.182-12.493.002C4.155 4.784 2.079 8.393 0 12.002c2.071 3.612 4.162 7.214 6.252 10.816l12.49-.004 3.089-5.404h2.158v-.002H24L23.996 6.59h-2.168zM8.327 4.792h2.081l1.04 1.8-3.12 5.413 3.117 5.403-1.035 1.81H8.327a2047.566 2047.566 0 0 0-4.168-7.204C5.547 9.606 6.937 7.2 8.327 4.792Zm6.241 0 2.086.003c1.393 2.405 2.78 4.813 4.166 7.222l-4.167 7.2h-2.08c-.382-.562-1.038-1.808-1.038-1.808l3.123-5.405-3.124-5.413z"/>"#;
const AUTH0: &str = r#"<path fill="currentColor" d="M21.98 7.448L19.62 0H4.347L2.02 7.448c-1.352 4.312.03 9.206 3.815 12.015L12.007 24l6.157-4.552c3.755-2.81 5.182-7.688 3.815-12.015l-6.16 4.58 2.343 7.45-6.157-4.597-6.158 4.58 2.358-7.433-6.188-4.55 7.63-.045L12.008 0l2.356 7.404 7.615.044z"/>"#;
const OKTA: &str = r#"<path fill="currentColor" d="M12 0C5.389 0 0 5.35 0 12s5.35 12 12 12 12-5.35 12-12S18.611 0 12 0zm0 18c-3.325 0-6-2.675-6-6s2.675-6 6-6 6 2.675 6 6-2.675 6-6 6z"/>"#;
const COGNITO: &str = r#"<path fill="currentColor" d="M2.127 10.203h5.531v-.85h-5.53zm19.034 6.181.602.601-3.16 3.155a.426.426 0 0 1-.601 0l-1.59-1.587.602-.6 1.289 1.286zm1.958 2.341a4.05 4.05 0 0 1-2.288 3.181c-.688.326-1.45.45-2.211.357a4 4 0 0 1-2.017-.842 4.04 4.04 0 0 1-1.507-3.675 4.06 4.06 0 0 1 2.167-3.12 4 4 0 0 1 2.332-.417 4.04 4.04 0 0 1 3.111 2.18c.369.722.511 1.53.413 2.336m.346-2.721a4.888 4.888 0 0 0-9.214 1.64 4.89 4.89 0 0 0 1.823 4.442 4.88 4.88 0 0 0 5.122.587 4.95 4.95 0 0 0 1.629-1.247 4.9 4.9 0 0 0 1.139-2.599 4.9 4.9 0 0 0-.5-2.823M6.382 12.752h1.701v-.85H6.382zm-4.255 0h3.404v-.85H2.127zM1.76 1.706h19.03c.5 0 .908.496.908 1.105v3.143h-1.276V3.83a.425.425 0 0 0-.426-.425H10.21a.425.425 0 0 0-.425.425v2.124H.85V2.811c0-.6.417-1.105.91-1.105zM15.11 5.83c.988 0 1.792.794 1.792 1.77a1.76 1.76 0 0 1-.927 1.547 1.82 1.82 0 0 1-1.733 0 1.76 1.76 0 0 1-.923-1.546c0-.977.803-1.771 1.792-1.771zM.85 15.046V6.804h8.935v7.222c0 .235.19.425.425.425h4.448v-.85h-3.553A3.865 3.865 0 0 1 13.9 9.963c.752.352 1.65.355 2.414 0a3.9 3.9 0 0 1 2.24 1.716l.728-.44a4.76 4.76 0 0 0-2.206-1.9 2.6 2.6 0 0 0 .676-1.737c0-1.445-1.186-2.62-2.643-2.62s-2.642 1.175-2.642 2.62c0 .65.247 1.261.67 1.733a4.7 4.7 0 0 0-2.501 2.481V4.255h8.934v6.797h.851V6.804h1.276v6.372h.852V2.811c0-1.077-.79-1.954-1.76-1.954H1.759C.79.857 0 1.734 0 2.81v12.235c0 1.078.79 1.955 1.76 1.955h11.43v-.85H1.759c-.492 0-.908-.506-.908-1.105z"/>"#;
const AUTHENTIK: &str = r#"<path fill="currentColor" d="M13.96 9.01h-.84V7.492h-1.234v3.663H5.722c.34.517.538.982.538 1.152 0 .46-1.445 3.059-3.197 3.059C.8 15.427-.745 12.8.372 10.855a3.062 3.062 0 0 1 2.691-1.606c1.04 0 1.971.915 2.557 1.755V6.577a3.773 3.773 0 0 1 3.77-3.769h10.84C22.31 2.808 24 4.5 24 6.577v10.845a3.773 3.773 0 0 1-3.77 3.769h-1.6V17.5h-7.64v3.692h-1.6a3.773 3.773 0 0 1-3.77-3.769v-3.41h12.114v-6.52h-1.59v.893h-.84v-.893H13.96v1.516Zm-9.956 1.845c-.662-.703-1.578-.544-2.209 0-2.105 2.054 1.338 5.553 3.302 1.447a5.395 5.395 0 0 0-1.093-1.447Z"/>"#;
const AUTHELIA: &str = r#"<path fill="currentColor" d="M10.624.191c-.324.023-.655.011-.97.073-2.883.568-5.244 2.01-7.074 4.3C1.42 6.014.624 7.652.243 9.48c-.25 1.2-.294 2.402-.191 3.627.237 2.832 1.377 5.233 3.345 7.26.332.341.775.348 1.1.055.39-.35.442-.735.124-1.149-.271-.353-.588-.671-.85-1.03-1.625-2.208-2.343-4.674-2.04-7.411.305-2.773 1.6-5.022 3.723-6.795 1.517-1.267 3.288-1.983 5.248-2.24.272-.037.552-.083.803-.186.32-.132.478-.564.4-.923-.085-.384-.355-.483-.702-.477-.194.004-.387 0-.58 0v-.02zm4.639 3.41c-.312-.008-.582.197-.722.512-.176.4-.027.854.367 1.096.123.075.256.134.385.199 1.485.737 2.619 1.834 3.319 3.342.257.554.423 1.15.636 1.726.162.441.509.656.92.579.425-.08.67-.392.668-.952-.016-.081-.035-.261-.082-.435-.535-1.97-1.579-3.616-3.21-4.847-.598-.453-1.28-.812-1.958-1.14a.782.782 0 0 0-.323-.08zm-6.939.23a.903.903 0 0 0-.492.144c-.648.388-1.325.764-1.88 1.266-2.323 2.098-3.262 4.755-2.905 7.84.55 4.74 4.6 8.021 8.9 7.904l.868-.001a.99.99 0 0 0 .109-.007c2.491-.312 4.58-1.387 6.146-3.36.488-.615.86-1.336 1.2-2.049.248-.523-.032-.982-.56-1.12-.38-.1-.72.112-.974.509-.473.737-.89 1.54-1.491 2.16-1.479 1.52-3.322 2.28-5.466 2.199-2.405-.091-4.337-1.127-5.758-3.056-1.088-1.475-1.49-3.168-1.32-4.984.184-1.987 1.038-3.644 2.57-4.927.423-.354.908-.633 1.365-.946.458-.314.568-.715.314-1.15-.153-.262-.371-.413-.626-.422zm3.417 2.167C8.724 6.056 6.02 8.625 6 12 5.98 15.29 8.712 18.017 12 18.02c3.339.005 6.078-2.618 6.062-6.025C18.048 8.45 15.192 5.911 12.034 6a5.726 5.726 0 0 0-.293-.002zm10.752 1.164a.91.91 0 0 0-.137.002c-.404.033-.642.295-.74.646-.053.187-.01.432.064.62a9.546 9.546 0 0 1 .648 3.753 9.994 9.994 0 0 1-1.32 4.76c-1.617 2.84-4.04 4.53-7.243 5.12-.343.063-.694.095-1.033.174-.434.103-.688.473-.641.882.044.38.34.646.769.684.132.012.265.002.398.002l-.001-.003c.145 0 .29.005.434-.002.084-.004.167-.028.25-.04 1.847-.282 3.518-.99 5.037-2.068 1.708-1.213 3.001-2.78 3.897-4.665 1.1-2.317 1.375-4.752.906-7.264-.13-.694-.354-1.376-.584-2.046-.125-.362-.389-.537-.704-.555zm-10.449.862c.13 0 .261.016.392.05.708.18 1.16.787 1.158 1.553.027.504-.211.888-.588 1.183-.207.163-.236.32-.176.558.264 1.052.52 2.107.763 3.164.13.568-.019.872-.522 1.174-.675.404-1.666.354-2.29-.13-.315-.244-.427-.573-.331-.966.252-1.031.494-2.064.762-3.09.086-.33.041-.554-.225-.794-.581-.523-.682-1.253-.317-1.903a1.57 1.57 0 0 1 1.374-.8z"/>"#;
const FUSIONAUTH: &str = r#"<path fill="currentColor" d="M12 0a1.667 1.667 0 0 0-1.666 1.666A1.667 1.667 0 0 0 12 3.334a1.667 1.667 0 0 0 1.666-1.668A1.667 1.667 0 0 0 12 0ZM9.506 1.145A11.572 11.572 0 0 0 .442 12.317a.716.716 0 0 0 1.075.618.702.702 0 0 0 .358-.6 10.136 10.136 0 0 1 5.06-8.666c.843-.486 1.75-.848 2.696-1.074a2.55 2.55 0 0 1-.125-1.452Zm8.015 1.26a.712.712 0 0 0-.695.713.704.704 0 0 0 .34.61 10.133 10.133 0 0 1 4.545 11.587c.314.046.618.15.894.309.148.084.29.183.42.293a11.573 11.573 0 0 0-5.15-13.43.715.715 0 0 0-.354-.082Zm-5.519 3.791a6.247 6.247 0 1 0 .002 12.494 6.247 6.247 0 0 0-.002-12.494Zm0 1.43a4.819 4.819 0 0 1 3.41 8.222 4.817 4.817 0 1 1-3.41-8.222Zm-.01 2.295c-1.412.014-1.896 1.887-.668 2.584l-.435 2.207a.237.237 0 0 0 .234.281h1.772a.236.236 0 0 0 .234-.281l-.438-2.207c.43-.247.694-.706.692-1.202a1.38 1.38 0 0 0-1.39-1.382zm-9.324 6.242a1.667 1.667 0 0 0-1.666 1.666 1.667 1.667 0 0 0 1.666 1.668 1.667 1.667 0 0 0 1.666-1.668 1.667 1.667 0 0 0-1.666-1.666zm18.664 0a1.667 1.667 0 0 0-1.666 1.666 1.667 1.667 0 0 0 1.666 1.668 1.667 1.667 0 0 0 1.666-1.668 1.667 1.667 0 0 0-1.666-1.666zM4.655 19.427c-.195.244-.432.45-.702.608a2.584 2.584 0 0 1-.468.207 11.576 11.576 0 0 0 14.208 2.273.713.713 0 0 0 0-1.238.704.704 0 0 0-.703-.012 10.134 10.134 0 0 1-10.052-.05 10.17 10.17 0 0 1-2.283-1.788z"/>"#;
const CLERK: &str = r#"<path fill="currentColor" d="m21.47 20.829-2.881-2.881a.572.572 0 0 0-.7-.084 6.854 6.854 0 0 1-7.081 0 .576.576 0 0 0-.7.084l-2.881 2.881a.576.576 0 0 0-.103.69.57.57 0 0 0 .166.186 12 12 0 0 0 14.113 0 .58.58 0 0 0 .239-.423.576.576 0 0 0-.172-.453Zm.002-17.668-2.88 2.88a.569.569 0 0 1-.701.084A6.857 6.857 0 0 0 8.724 8.08a6.862 6.862 0 0 0-1.222 3.692 6.86 6.86 0 0 0 .978 3.764.573.573 0 0 1-.083.699l-2.881 2.88a.567.567 0 0 1-.864-.063A11.993 11.993 0 0 1 6.771 2.7a11.99 11.99 0 0 1 14.637-.405.566.566 0 0 1 .232.418.57.57 0 0 1-.168.448Zm-7.118 12.261a3.427 3.427 0 1 0 0-6.854 3.427 3.427 0 0 0 0 6.854Z"/>"#;
