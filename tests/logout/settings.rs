//! What has to be registered, and what cannot be set.

use tower_oauth_tests::{Captured, CountingStore, Setup, secret};

#[tokio::test]
async fn what_to_register_is_told_at_start_and_can_be_asked_for() {
    let setup = Setup::new();
    for on in [false, true] {
        let captured = Captured::default();
        let listening = captured.listen(tracing::Level::INFO);
        let builder = setup.builder().provider(setup.registration());
        let builder = builder.provider(tower_oauth::providers::github("id", "secret"));
        let auth = builder.backchannel_logout(on).frontchannel_logout(on).build().unwrap();
        drop(listening);
        let said = captured.take();
        let logged_out = "https://app.example/auth/logged-out";
        assert_eq!(said.matches(logged_out).count(), 1, "{said}");
        assert_eq!(auth.post_logout_redirect_uri(), logged_out);
        let back = "https://app.example/auth/backchannel-logout/op";
        let front = "https://app.example/auth/frontchannel-logout/op";
        assert_eq!((said.contains(back), said.contains(front)), (on, on));
        let uris: Vec<_> = auth.backchannel_logout_uris().collect();
        assert_eq!(uris, if on { vec![("op", back.to_owned())] } else { Vec::new() });
        let uris: Vec<_> = auth.frontchannel_logout_uris().collect();
        assert_eq!(uris, if on { vec![("op", front.to_owned())] } else { Vec::new() });
    }
}

#[tokio::test]
async fn x08_sessions_in_cookies_need_a_list_to_be_ended_from_afar() {
    let setup = Setup::new();
    let cookies = || {
        let builder = setup.builder().provider(setup.registration()).secret(secret("cookies"));
        builder.cookie_sessions().backchannel_logout(true)
    };
    let error = cookies().build().unwrap_err().to_string();
    assert!(error.contains("backchannel_logout") && error.contains("revoked_sessions"), "{error}");
    let list = CountingStore::new(setup.clock.clone());
    assert!(cookies().revoked_sessions(list).build().is_ok());
}
