//! Every preset signs in at a provider that answers as its documentation says, and asks it as documented.
//!
//! What goes over the wire is written down in `documents/`, one file a provider, from the provider's own pages and
//! not from the preset.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests stop at a broken precondition"
)]

mod apple;
mod document;
mod github;
mod google;
mod login;
mod microsoft;
mod pages;
mod played;
mod signer;
mod vk;
mod wechat;

use tower_oauth::provider::Preset;
use tower_oauth::{Provider, providers};

use crate::document::Document;

pub(crate) const CLIENT_ID: &str = "documented-client";
pub(crate) const CODE: &str = "documented-code";

/// The registration's secret: long enough for those who sign with it.
pub(crate) fn client_secret() -> String {
    tower_oauth_tests::secret("client of the documents")
}

/// One test a preset, under the name of its function: its key, and how it is made.
macro_rules! presets {
    ($($name:ident: $key:literal => $make:expr,)*) => {
        const KEYS: &[&str] = &[$($key),*];

        $(
            #[tokio::test]
            async fn $name() {
                let make: fn(&str, String) -> Provider = $make;
                login::as_documented($key, || make(CLIENT_ID, client_secret())).await;
            }
        )*
    };
}

presets! {
    adobe: "adobe" => |id, secret| providers::adobe(id, secret),
    airtable: "airtable" => |id, secret| providers::airtable(id, secret),
    amazon: "amazon" => |id, secret| providers::amazon(id, secret),
    anilist: "anilist" => |id, secret| providers::anilist(id, secret),
    apple_as_documented: "apple" => |id, _| providers::apple(id, apple::key()),
    asana: "asana" => |id, secret| providers::asana(id, secret),
    atlassian: "atlassian" => |id, secret| providers::atlassian(id, secret),
    auth0: "auth0" => |id, secret| providers::auth0("https://example.eu.auth0.com/", id, secret),
    authelia: "authelia" => |id, secret| providers::authelia("https://auth.example", id, secret),
    authentik: "authentik" => |id, secret| providers::authentik("https://auth.example/application/o/example/", id, secret),
    autodesk: "autodesk" => |id, secret| providers::autodesk(id, secret),
    basecamp: "basecamp" => |id, secret| providers::basecamp(id, secret),
    battlenet: "battlenet" => |id, secret| providers::battlenet(id, secret),
    bitbucket: "bitbucket" => |id, secret| providers::bitbucket(id, secret),
    box_com: "box" => |id, secret| providers::box_com(id, secret),
    calendly: "calendly" => |id, secret| providers::calendly(id, secret),
    canva: "canva" => |id, secret| providers::canva(id, secret),
    casdoor: "casdoor" => |id, secret| providers::casdoor("https://door.example", id, secret),
    clerk: "clerk" => |id, secret| providers::clerk("https://clerk.example.com", id, secret),
    clickup: "clickup" => |id, secret| providers::clickup(id, secret),
    codeberg: "codeberg" => |id, secret| providers::codeberg(id, secret),
    cognito: "cognito" => |id, secret| providers::cognito("https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_example", id, secret),
    coinbase: "coinbase" => |id, secret| providers::coinbase(id, secret),
    deviantart: "deviantart" => |id, secret| providers::deviantart(id, secret),
    dex: "dex" => |id, secret| providers::dex("https://dex.example", id, secret),
    digitalocean: "digitalocean" => |id, secret| providers::digitalocean(id, secret),
    discord: "discord" => |id, secret| providers::discord(id, secret),
    docusign: "docusign" => |id, secret| providers::docusign(id, secret),
    docusign_demo: "docusign-demo" => |id, secret| providers::docusign_demo(id, secret),
    dropbox: "dropbox" => |id, secret| providers::dropbox(id, secret),
    epic_games: "epic-games" => |id, secret| providers::epic_games(id, secret),
    eventbrite: "eventbrite" => |id, secret| providers::eventbrite(id, secret),
    facebook: "facebook" => |id, secret| providers::facebook(id, secret),
    figma: "figma" => |id, secret| providers::figma(id, secret),
    forgejo: "forgejo" => |id, secret| providers::forgejo("https://forgejo.example/", id, secret),
    freshbooks: "freshbooks" => |id, secret| providers::freshbooks(id, secret),
    fusionauth: "fusionauth" => |id, secret| providers::fusionauth("https://example.fusionauth.io", id, secret),
    gitea: "gitea" => |id, secret| providers::gitea("https://gitea.example/", id, secret),
    github_as_documented: "github" => |id, secret| providers::github(id, secret),
    github_enterprise: "github-enterprise" => |id, secret| providers::github_enterprise("https://github.example/", id, secret),
    gitlab: "gitlab" => |id, secret| providers::gitlab("https://gitlab.example/", id, secret),
    google_as_documented: "google" => |id, secret| providers::google(id, secret),
    heroku: "heroku" => |id, secret| providers::heroku(id, secret),
    hubspot: "hubspot" => |id, secret| providers::hubspot(id, secret),
    huggingface: "huggingface" => |id, secret| providers::huggingface(id, secret),
    instagram: "instagram" => |id, secret| providers::instagram(id, secret),
    kakao: "kakao" => |id, secret| providers::kakao(id, secret),
    kanidm: "kanidm" => |id, secret| providers::kanidm("https://idm.example/oauth2/openid/myapp", id, secret),
    keycloak: "keycloak" => |id, secret| providers::keycloak("https://id.example/realms/main", id, secret),
    kick: "kick" => |id, secret| providers::kick(id, secret),
    kinde: "kinde" => |id, secret| providers::kinde("https://example.kinde.com", id, secret),
    line: "line" => |id, secret| providers::line(id, secret),
    linear: "linear" => |id, secret| providers::linear(id, secret),
    linkedin: "linkedin" => |id, secret| providers::linkedin(id, secret),
    logto: "logto" => |id, secret| providers::logto("https://example.logto.app/oidc", id, secret),
    mailchimp: "mailchimp" => |id, secret| providers::mailchimp(id, secret),
    mastodon: "mastodon" => |id, secret| providers::mastodon("https://social.example/", id, secret),
    microsoft_as_documented: "microsoft" => |id, secret| providers::microsoft("common", id, secret),
    miro: "miro" => |id, secret| providers::miro(id, secret),
    monday: "monday" => |id, secret| providers::monday(id, secret),
    naver: "naver" => |id, secret| providers::naver(id, secret),
    netlify: "netlify" => |id, secret| providers::netlify(id, secret),
    nextcloud: "nextcloud" => |id, secret| providers::nextcloud("https://cloud.example/", id, secret),
    notion: "notion" => |id, secret| providers::notion(id, secret),
    okta: "okta" => |id, secret| providers::okta("https://example.okta.com", id, secret),
    onelogin: "onelogin" => |id, secret| providers::onelogin("https://example.onelogin.com/oidc/2", id, secret),
    openstreetmap: "openstreetmap" => |id, secret| providers::openstreetmap(id, secret),
    orcid: "orcid" => |id, secret| providers::orcid(id, secret),
    ory: "ory" => |id, secret| providers::ory("https://example.projects.oryapis.com", id, secret),
    osu: "osu" => |id, secret| providers::osu(id, secret),
    patreon: "patreon" => |id, secret| providers::patreon(id, secret),
    paypal: "paypal" => |id, secret| providers::paypal(id, secret),
    paypal_sandbox: "paypal-sandbox" => |id, secret| providers::paypal_sandbox(id, secret),
    pingone: "pingone" => |id, secret| providers::pingone("https://auth.pingone.eu/3072206d-c6ce-4c19-a366-f87e972c7cc3/as", id, secret),
    pinterest: "pinterest" => |id, secret| providers::pinterest(id, secret),
    quickbooks: "quickbooks" => |id, secret| providers::quickbooks(id, secret),
    reddit: "reddit" => |id, secret| providers::reddit(id, secret),
    roblox: "roblox" => |id, secret| providers::roblox(id, secret),
    salesforce: "salesforce" => |id, secret| providers::salesforce("https://login.salesforce.com/", id, secret),
    sentry: "sentry" => |id, secret| providers::sentry(id, secret),
    shopify: "shopify" => |id, secret| providers::shopify("https://example-shop.myshopify.com/", id, secret),
    slack: "slack" => |id, secret| providers::slack(id, secret),
    snapchat: "snapchat" => |id, secret| providers::snapchat(id, secret),
    soundcloud: "soundcloud" => |id, secret| providers::soundcloud(id, secret),
    spotify: "spotify" => |id, secret| providers::spotify(id, secret),
    strava: "strava" => |id, secret| providers::strava(id, secret),
    stripe: "stripe" => |id, secret| providers::stripe(id, secret),
    threads: "threads" => |id, secret| providers::threads(id, secret),
    tiktok: "tiktok" => |id, secret| providers::tiktok(id, secret),
    todoist: "todoist" => |id, secret| providers::todoist(id, secret),
    trakt: "trakt" => |id, secret| providers::trakt(id, secret),
    twitch: "twitch" => |id, secret| providers::twitch(id, secret),
    typeform: "typeform" => |id, secret| providers::typeform(id, secret),
    vercel: "vercel" => |id, secret| providers::vercel(id, secret),
    vk_as_documented: "vk" => |id, secret| providers::vk(id, secret),
    webex: "webex" => |id, secret| providers::webex(id, secret),
    webflow: "webflow" => |id, secret| providers::webflow(id, secret),
    wechat_as_documented: "wechat" => |id, secret| providers::wechat(id, secret),
    wikimedia: "wikimedia" => |id, secret| providers::wikimedia(id, secret),
    wordpress: "wordpress" => |id, secret| providers::wordpress(id, secret),
    workos: "workos" => |id, secret| providers::workos(id, secret),
    x: "x" => |id, secret| providers::x(id, secret),
    xero: "xero" => |id, secret| providers::xero(id, secret),
    yahoo: "yahoo" => |id, secret| providers::yahoo(id, secret),
    yahoo_japan: "yahoo-japan" => |id, secret| providers::yahoo_japan(id, secret),
    yandex: "yandex" => |id, secret| providers::yandex(id, secret),
    zendesk: "zendesk" => |id, secret| providers::zendesk("https://example.zendesk.com/", id, secret),
    zitadel: "zitadel" => |id, secret| providers::zitadel("https://example.zitadel.cloud", id, secret),
    zoho: "zoho" => |id, secret| providers::zoho("https://accounts.zoho.com/", id, secret),
    zoom: "zoom" => |id, secret| providers::zoom(id, secret),
}

#[test]
fn every_preset_has_a_document_and_every_document_a_preset() {
    assert_eq!(KEYS, Document::keys());
    let presets: Vec<_> = Preset::all().iter().map(Preset::key).collect();
    assert_eq!(KEYS, presets);
}
