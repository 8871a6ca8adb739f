//! At start an operator is told what to register, and where.

use tower_oauth::{Auth, providers};
use tower_oauth_core::provider::{Make, Preset};
use tower_oauth_tests::{BASE_URL, Captured};

use crate::{CLIENT_ID, client_secret};

fn said(provider: tower_oauth::Provider) -> String {
    let captured = Captured::default();
    let _guard = captured.listen(tracing::Level::INFO);
    Auth::builder(BASE_URL).provider(provider).build().expect("a configuration");
    captured.take()
}

#[test]
fn each_preset_is_announced_with_its_console_and_the_redirect_uri() {
    for preset in Preset::all() {
        let hosted = matches!(preset.make, Make::AtHost { .. });
        let host = hosted.then(|| "https://host.example".to_owned());
        let provider = preset.provider(host, CLIENT_ID, client_secret()).expect("a provider");
        let said = said(provider);
        let redirect_uri = format!("{BASE_URL}/auth/callback/{}", preset.key);
        for part in [&*redirect_uri, preset.register_at, preset.redirect_uri_field] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains(&client_secret()));
    }
}

#[test]
fn another_provider_under_the_key_of_a_preset_is_not_sent_to_its_console() {
    let provider = providers::oidc("https://op.example", CLIENT_ID, client_secret()).key("slack");
    let said = said(provider);
    assert!(said.contains("/auth/callback/slack") && !said.contains("api.slack.com"), "{said}");
}
