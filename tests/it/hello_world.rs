//! The README's hello world: it compiles, works as written, and stays short.

use std::sync::Arc;

use tower_oauth_test::TestBrowser;

const README: &str = include_str!("../../README.md");
const EXAMPLE: &str = include_str!("../../examples/hello/src/main.rs");

#[test]
fn the_readme_shows_the_example_as_it_is() {
    let example = EXAMPLE.split_once("\n\n").unwrap().1;
    assert!(
        README.contains(example.trim()),
        "README.md shows another hello world than examples/hello"
    );
}

/// Login, protected route and API call in at most 12 lines of the user's: those between the braces of
/// `main`, and the handlers, without imports, blank lines and lone braces.
#[test]
fn it_is_at_most_12_lines() {
    let code = EXAMPLE.split_once("async fn main").unwrap().1;
    let lines = code.lines().skip(1).map(str::trim).filter(|line| {
        !line.is_empty() && !line.starts_with("//") && !matches!(*line, "}" | "{" | "})" | "});")
    });
    let count = lines.count();
    assert!(count <= 12, "{count} lines");
}

#[tokio::test]
async fn it_works_as_written() {
    let setup = tower_oauth_tests::Setup::new();
    let auth = setup.auth();
    let api = Arc::new(setup.provider.clone());
    let app = axum::Router::new()
        .route(
            "/",
            axum::routing::get(async |user: tower_oauth::User| {
                format!("Hello, {}!", user.display_name())
            }),
        )
        .route(
            "/api",
            axum::routing::get(async move |token: tower_oauth::AccessToken| {
                let request = http::Request::get(api.url(tower_oauth_test::Endpoint::UserInfo))
                    .header("authorization", format!("Bearer {}", token.secret()))
                    .body(bytes::Bytes::new())
                    .unwrap();
                api.handle(request).into_body().to_vec()
            }),
        )
        .layer(auth.layer());
    let mut browser =
        TestBrowser::new(tower_oauth_tests::BASE_URL, app, setup.provider.http_client());
    browser.open("/").await;
    assert_eq!(browser.click("Alice").await.text(), "Hello, Alice Liddell!");
    assert_eq!(browser.open("/api").await.json()["sub"], "sub-alice");
}
