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

mod document;
mod login;
mod played;
mod signer;

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
    amazon: "amazon" => |id, secret| providers::amazon(id, secret),
    anilist: "anilist" => |id, secret| providers::anilist(id, secret),
    battlenet: "battlenet" => |id, secret| providers::battlenet(id, secret),
    deviantart: "deviantart" => |id, secret| providers::deviantart(id, secret),
    discord: "discord" => |id, secret| providers::discord(id, secret),
    epic_games: "epic-games" => |id, secret| providers::epic_games(id, secret),
    facebook: "facebook" => |id, secret| providers::facebook(id, secret),
    instagram: "instagram" => |id, secret| providers::instagram(id, secret),
    kakao: "kakao" => |id, secret| providers::kakao(id, secret),
    kick: "kick" => |id, secret| providers::kick(id, secret),
    line: "line" => |id, secret| providers::line(id, secret),
    linkedin: "linkedin" => |id, secret| providers::linkedin(id, secret),
    mastodon: "mastodon" => |id, secret| providers::mastodon("https://social.example/", id, secret),
    naver: "naver" => |id, secret| providers::naver(id, secret),
    openstreetmap: "openstreetmap" => |id, secret| providers::openstreetmap(id, secret),
    orcid: "orcid" => |id, secret| providers::orcid(id, secret),
    osu: "osu" => |id, secret| providers::osu(id, secret),
    patreon: "patreon" => |id, secret| providers::patreon(id, secret),
    pinterest: "pinterest" => |id, secret| providers::pinterest(id, secret),
    reddit: "reddit" => |id, secret| providers::reddit(id, secret),
    roblox: "roblox" => |id, secret| providers::roblox(id, secret),
    snapchat: "snapchat" => |id, secret| providers::snapchat(id, secret),
    soundcloud: "soundcloud" => |id, secret| providers::soundcloud(id, secret),
    spotify: "spotify" => |id, secret| providers::spotify(id, secret),
    strava: "strava" => |id, secret| providers::strava(id, secret),
    threads: "threads" => |id, secret| providers::threads(id, secret),
    tiktok: "tiktok" => |id, secret| providers::tiktok(id, secret),
    trakt: "trakt" => |id, secret| providers::trakt(id, secret),
    twitch: "twitch" => |id, secret| providers::twitch(id, secret),
    wikimedia: "wikimedia" => |id, secret| providers::wikimedia(id, secret),
    x: "x" => |id, secret| providers::x(id, secret),
    yahoo: "yahoo" => |id, secret| providers::yahoo(id, secret),
    yahoo_japan: "yahoo-japan" => |id, secret| providers::yahoo_japan(id, secret),
    yandex: "yandex" => |id, secret| providers::yandex(id, secret),
}

#[test]
fn every_preset_has_a_document_and_every_document_a_preset() {
    assert_eq!(KEYS, Document::keys());
}
