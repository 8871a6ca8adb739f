//! The providers this crate knows, one file each, and the two generic ones.

mod adobe;
mod airtable;
mod amazon;
mod anilist;
mod asana;
mod atlassian;
mod autodesk;
mod basecamp;
mod battlenet;
mod bitbucket;
mod box_com;
mod calendly;
mod canva;
mod claims;
mod clickup;
mod coinbase;
mod deviantart;
mod digitalocean;
mod discord;
mod docusign;
mod dropbox;
mod epic_games;
mod facebook;
mod figma;
mod freshbooks;
mod generic;
mod gitea;
mod github;
mod gitlab;
mod google;
mod heroku;
mod hubspot;
mod huggingface;
mod instagram;
mod kakao;
mod kick;
mod line;
mod linear;
mod linkedin;
mod mailchimp;
mod mastodon;
mod miro;
mod monday;
mod naver;
mod netlify;
mod nextcloud;
mod notion;
mod openstreetmap;
mod orcid;
mod osu;
mod patreon;
mod paypal;
mod pinterest;
mod quickbooks;
mod reddit;
mod roblox;
mod salesforce;
mod sentry;
mod shopify;
mod slack;
mod snapchat;
mod soundcloud;
mod spotify;
mod strava;
mod stripe;
mod threads;
mod tiktok;
mod todoist;
mod trakt;
mod twitch;
mod typeform;
mod vercel;
mod webex;
mod webflow;
mod wikimedia;
mod wordpress;
mod x;
mod xero;
mod yahoo;
mod yahoo_japan;
mod yandex;
mod zendesk;
mod zoho;
mod zoom;

use super::Preset;

pub use adobe::adobe;
pub use airtable::airtable;
pub use amazon::amazon;
pub use anilist::anilist;
pub use asana::asana;
pub use atlassian::atlassian;
pub use autodesk::autodesk;
pub use basecamp::basecamp;
pub use battlenet::battlenet;
pub use bitbucket::bitbucket;
pub use box_com::box_com;
pub use calendly::calendly;
pub use canva::canva;
pub use clickup::clickup;
pub use coinbase::coinbase;
pub use deviantart::deviantart;
pub use digitalocean::digitalocean;
pub use discord::discord;
pub use docusign::{docusign, docusign_demo};
pub use dropbox::dropbox;
pub use epic_games::epic_games;
pub use facebook::facebook;
pub use figma::figma;
pub use freshbooks::freshbooks;
pub use generic::{oauth2, oidc};
pub use gitea::{codeberg, forgejo, gitea};
pub use github::github;
pub use gitlab::gitlab;
pub use google::google;
pub use heroku::heroku;
pub use hubspot::hubspot;
pub use huggingface::huggingface;
pub use instagram::instagram;
pub use kakao::kakao;
pub use kick::kick;
pub use line::line;
pub use linear::linear;
pub use linkedin::linkedin;
pub use mailchimp::mailchimp;
pub use mastodon::mastodon;
pub use miro::miro;
pub use monday::monday;
pub use naver::naver;
pub use netlify::netlify;
pub use nextcloud::nextcloud;
pub use notion::notion;
pub use openstreetmap::openstreetmap;
pub use orcid::orcid;
pub use osu::osu;
pub use patreon::patreon;
pub use paypal::{paypal, paypal_sandbox};
pub use pinterest::pinterest;
pub use quickbooks::quickbooks;
pub use reddit::reddit;
pub use roblox::roblox;
pub use salesforce::salesforce;
pub use sentry::sentry;
pub use shopify::shopify;
pub use slack::slack;
pub use snapchat::snapchat;
pub use soundcloud::soundcloud;
pub use spotify::spotify;
pub use strava::strava;
pub use stripe::stripe;
pub use threads::threads;
pub use tiktok::tiktok;
pub use todoist::todoist;
pub use trakt::trakt;
pub use twitch::twitch;
pub use typeform::typeform;
pub use vercel::vercel;
pub use webex::webex;
pub use webflow::webflow;
pub use wikimedia::wikimedia;
pub use wordpress::wordpress;
pub use x::x;
pub use xero::xero;
pub use yahoo::yahoo;
pub use yahoo_japan::yahoo_japan;
pub use yandex::yandex;
pub use zendesk::zendesk;
pub use zoho::zoho;
pub use zoom::zoom;

/// All of them, by key.
pub(super) const ALL: &[Preset] = &[
    adobe::PRESET,
    airtable::PRESET,
    amazon::PRESET,
    anilist::PRESET,
    asana::PRESET,
    atlassian::PRESET,
    autodesk::PRESET,
    basecamp::PRESET,
    battlenet::PRESET,
    bitbucket::PRESET,
    box_com::PRESET,
    calendly::PRESET,
    canva::PRESET,
    clickup::PRESET,
    gitea::CODEBERG,
    coinbase::PRESET,
    deviantart::PRESET,
    digitalocean::PRESET,
    discord::PRESET,
    docusign::PRESET,
    docusign::DEMO,
    dropbox::PRESET,
    epic_games::PRESET,
    facebook::PRESET,
    figma::PRESET,
    gitea::FORGEJO,
    freshbooks::PRESET,
    gitea::GITEA,
    github::PRESET,
    gitlab::PRESET,
    google::PRESET,
    heroku::PRESET,
    hubspot::PRESET,
    huggingface::PRESET,
    instagram::PRESET,
    kakao::PRESET,
    kick::PRESET,
    line::PRESET,
    linear::PRESET,
    linkedin::PRESET,
    mailchimp::PRESET,
    mastodon::PRESET,
    miro::PRESET,
    monday::PRESET,
    naver::PRESET,
    netlify::PRESET,
    nextcloud::PRESET,
    notion::PRESET,
    openstreetmap::PRESET,
    orcid::PRESET,
    osu::PRESET,
    patreon::PRESET,
    paypal::PRESET,
    paypal::SANDBOX,
    pinterest::PRESET,
    quickbooks::PRESET,
    reddit::PRESET,
    roblox::PRESET,
    salesforce::PRESET,
    sentry::PRESET,
    shopify::PRESET,
    slack::PRESET,
    snapchat::PRESET,
    soundcloud::PRESET,
    spotify::PRESET,
    strava::PRESET,
    stripe::PRESET,
    threads::PRESET,
    tiktok::PRESET,
    todoist::PRESET,
    trakt::PRESET,
    twitch::PRESET,
    typeform::PRESET,
    vercel::PRESET,
    webex::PRESET,
    webflow::PRESET,
    wikimedia::PRESET,
    wordpress::PRESET,
    x::PRESET,
    xero::PRESET,
    yahoo::PRESET,
    yahoo_japan::PRESET,
    yandex::PRESET,
    zendesk::PRESET,
    zoho::PRESET,
    zoom::PRESET,
];
