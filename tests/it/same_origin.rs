//! x07: other sites do not post in a signed-in user's name.

use axum::Router;
use axum::routing::{get, post};
use http::Method;
use tower_oauth::{RequireSameOrigin, User};
use tower_oauth_tests::Setup;

async fn transfer(user: User) -> String {
    format!("by {}", user.subject())
}

#[tokio::test]
async fn x07_only_the_applications_own_pages_change_something() {
    let setup = Setup::new();
    let auth = setup.auth();
    let app = Router::new()
        .route("/transfer", post(transfer).put(transfer).delete(transfer).get(transfer))
        .layer(RequireSameOrigin::new())
        .route("/", get(async || "home"))
        .layer(auth.layer());
    let mut browser = setup.browser_of(app);
    browser.login_as("alice").await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        for (headers, passes) in [
            (&[("sec-fetch-site", "same-origin")][..], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("origin", "https://app.example")], true),
            (&[], true),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://app.example")], false),
            (&[("origin", "https://evil.app.example")], false),
            (&[("origin", "http://app.example")], false),
            (&[("origin", "https://app.example.evil.example")], false),
            (&[("origin", "null")], false),
        ] {
            let page = browser.request(method.clone(), "/transfer", headers).await;
            let expected = match (passes, &method) {
                (false, _) => 403,
                (true, &Method::PATCH) => 405,
                (true, _) => 200,
            };
            assert_eq!(page.status(), expected, "{method} {headers:?}: {}", page.text());
        }
    }
    let cross = [("sec-fetch-site", "cross-site")];
    let page = browser.request(Method::POST, "/transfer", &cross).await;
    assert_eq!(page.json()["code"], "cross_site_request");
    assert_eq!(browser.request(Method::GET, "/transfer", &cross).await.status(), 200);
}

#[tokio::test]
async fn h11_x07_outside_the_layer_it_is_a_mistake_of_the_application() {
    let setup = Setup::new();
    let app =
        Router::new().route("/transfer", post(async || "done")).layer(RequireSameOrigin::new());
    let page = setup.browser_of(app).request(Method::POST, "/transfer", &[]).await;
    assert_eq!(
        (page.status().as_u16(), page.json()["code"].as_str()),
        (500, Some("layer_missing"))
    );
}
