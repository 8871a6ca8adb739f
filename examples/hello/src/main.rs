//! Sign in with GitHub: login, a protected route and an API call, in twelve lines.

use axum::{Router, routing::get};
use tower_oauth::{AccessToken, Auth, User};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let auth = Auth::from_env()?.build()?; // AUTH_URL, AUTH_GITHUB_ID, AUTH_GITHUB_SECRET
    let app = Router::new()
        .route("/", get(async |user: User| format!("Hello, {}!", user.display_name())))
        .route("/repos", get(repos))
        .layer(auth.layer());
    Ok(axum::serve(tokio::net::TcpListener::bind("localhost:3000").await?, app).await?)
}

async fn repos(token: AccessToken) -> Result<String, String> {
    let http = reqwest::Client::builder().user_agent("hello").build().map_err(|e| e.to_string())?;
    let request = http.get("https://api.github.com/user/repos").bearer_auth(token.secret());
    request.send().await.map_err(|e| e.to_string())?.text().await.map_err(|e| e.to_string())
}
