//! VK: the device that a login came from goes with its code, if it can be one.

use tower_oauth::{Provider, providers};

use crate::document::Document;
use crate::{CLIENT_ID, client_secret, login};

fn vk() -> Provider {
    providers::vk(CLIENT_ID, client_secret())
}

/// The provider of the document is not asked for a token: it would panic over another `device_id`.
#[tokio::test]
async fn a_device_that_is_none_goes_nowhere() {
    for device_id in ["", "a\r\nb", "\u{e4}", &"d".repeat(513)] {
        let mut document = Document::of("vk");
        document.authorization.response.insert("device_id".into(), device_id.into());
        document.token.url = "https://nobody.example".into();
        let page = login::outcome(&document, vk()).await;
        assert!(page.text().contains("malformed"), "{device_id:?}: {}", page.text());
    }
    let mut document = Document::of("vk");
    document.authorization.response.clear();
    assert!(login::outcome(&document, vk()).await.text().contains("malformed"));
}

/// Nobody else's logins hang on it.
#[tokio::test]
async fn a_device_means_nothing_to_another_provider() {
    let mut document = Document::of("github");
    document.authorization.response.insert("device_id".into(), "d".repeat(600));
    let github = providers::github(CLIENT_ID, client_secret());
    let profile = login::outcome(&document, github).await;
    assert_eq!(profile.json()["subject"], document.expect.subject);
}
