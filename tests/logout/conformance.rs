//! The OpenID Foundation's conformance modules for signing out, mirrored by name: RP-Initiated RP, Back-Channel RP,
//! Front-Channel RP. Of session management (an obsolete frame that polls) there is none.

use tower_oauth_test::{Answer, Endpoint, Page, TestBrowser};

use crate::support::{Told, end_sessions, is_signed_in};

/// Signs in, signs out, and comes back from the provider with what it makes of `state`.
async fn signs_out(told: &Told, redirect: impl Fn(&str) -> String + Send + Sync + 'static) -> Page {
    let mut browser = told.signed_in("alice").await;
    let answer = Answer::modify(move |response| {
        let location = response.headers()["location"].to_str().unwrap().to_owned();
        response.headers_mut().insert("location", redirect(&location).parse().unwrap());
    });
    told.provider().answer(Endpoint::EndSession, answer);
    let page = browser.post("/auth/logout", &[("return_to", "/public")]).await;
    let request = end_sessions(told.provider()).remove(0);
    assert!(request.get("id_token_hint").is_some() && request.get("state").is_some());
    assert!(!is_signed_in(&browser).await);
    page
}

#[tokio::test]
async fn oidcc_client_test_rp_init_logout() {
    let page = signs_out(&Told::new(), ToOwned::to_owned).await;
    assert_eq!(page.text(), "public");
}

#[tokio::test]
async fn oidcc_client_test_rp_init_logout_other_state() {
    let page = signs_out(&Told::new(), |location| format!("{location}other")).await;
    assert_eq!((page.url().path(), page.status().as_u16()), ("/auth/logged-out", 200));
}

#[tokio::test]
async fn oidcc_client_test_rp_init_logout_no_state() {
    let page = signs_out(&Told::new(), |location| location.split('?').next().unwrap().into()).await;
    assert_eq!((page.url().path(), page.status().as_u16()), ("/auth/logged-out", 200));
}

/// After a sign-out that the application began, the provider posts its logout token.
async fn back_channel(wrong: Option<&str>) {
    let told = Told::new();
    let other_device = told.signed_in("alice").await;
    let sid = told.provider().latest_sid("sub-alice").unwrap();
    let mut browser: TestBrowser = told.signed_in("alice").await;
    let page = browser.post("/auth/logout", &[]).await;
    assert_eq!(page.status(), 200);
    let token = match wrong {
        None => told.provider().logout_token(Some("sub-alice"), Some(&sid)),
        Some(what) => {
            let wrong = told.provider().wrong_logout_tokens("sub-alice", &sid).into_iter();
            wrong.filter(|(is, _)| *is == what).map(|(_, token)| token).next().unwrap()
        }
    };
    let page = told.deliver(&token).await;
    assert_eq!(page.status().as_u16(), if wrong.is_some() { 400 } else { 200 });
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(is_signed_in(&other_device).await, wrong.is_some());
}

#[tokio::test]
async fn oidcc_client_test_rp_backchannel_rpinitlogout() {
    back_channel(None).await;
}

#[tokio::test]
async fn oidcc_client_test_rp_backchannel_rpinitlogout_alg_none() {
    back_channel(Some("unsigned")).await;
}

#[tokio::test]
async fn oidcc_client_test_rp_backchannel_rpinitlogout_wrong_alg() {
    back_channel(Some("signed with another algorithm")).await;
}

#[tokio::test]
async fn oidcc_client_test_rp_backchannel_rpinitlogout_wrong_iss() {
    back_channel(Some("of another issuer")).await;
}

#[tokio::test]
async fn oidcc_client_test_rp_backchannel_rpinitlogout_wrong_aud() {
    back_channel(Some("for another client")).await;
}

#[tokio::test]
async fn oidcc_client_test_rp_backchannel_rpinitlogout_no_event() {
    back_channel(Some("without events")).await;
}

#[tokio::test]
async fn oidcc_client_test_rp_backchannel_rpinitlogout_wrong_event() {
    back_channel(Some("with another event")).await;
}

#[tokio::test]
async fn oidcc_client_test_rp_backchannel_rpinitlogout_with_nonce() {
    back_channel(Some("with a nonce")).await;
}

#[tokio::test]
async fn oidcc_client_test_rp_frontchannel_rpinitlogout() {
    let uri = "https://app.example/auth/frontchannel-logout/op";
    let setup = tower_oauth_tests::Setup::with(|op| op.frontchannel_logout_uri(uri));
    let builder = setup.builder().provider(setup.registration()).frontchannel_logout(true);
    let mut browser = setup.browser(&builder.build().unwrap());
    browser.login_as("alice").await;
    let page = browser.post("/auth/logout", &[("return_to", "/public")]).await;
    let frame = crate::frontchannel::frame_of(&page);
    let framed = crate::frontchannel::load(&browser, &frame).await;
    assert_eq!(framed.status(), 200);
    assert_eq!(browser.click("Back to the application").await.text(), "public");
}
