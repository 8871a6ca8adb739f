//! The demo's machine-readable side; scripts drive it, so its form is kept stable.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tower_oauth::{AccessToken, User};

use crate::App;

/// `GET /me`: the signed-in user.
pub(crate) async fn me(user: User) -> Json<Value> {
    let email = user
        .email()
        .map(|email| json!({ "address": email.address(), "verified": email.is_verified() }));
    Json(json!({
        "provider": user.provider(),
        "issuer": user.issuer(),
        "subject": user.subject(),
        "name": user.display_name(),
        "email": email,
        "picture": user.picture(),
        "claims": user.claims(),
    }))
}

/// `GET /token`: facts about the access token, never the token.
pub(crate) async fn token(token: AccessToken) -> Json<Value> {
    Json(json!({
        "token_type": token.token_type(),
        "expires_in": token.expires_in().map(|left| left.as_secs()),
        "scopes": token.scopes(),
        "sha256": fingerprint(&token),
    }))
}

/// `GET /api`: what the API says to the token.
pub(crate) async fn api(State(app): State<App>, token: AccessToken) -> Response {
    match call(&app, &token).await {
        Ok(answer) => {
            let body = serde_json::from_str(&answer.body).unwrap_or(Value::String(answer.body));
            Json(json!({ "status": answer.status.as_u16(), "body": body })).into_response()
        }
        Err(problem) => {
            let body = json!({ "status": StatusCode::BAD_GATEWAY.as_u16(), "body": problem });
            (StatusCode::BAD_GATEWAY, Json(body)).into_response()
        }
    }
}

/// An answer of the API.
pub(crate) struct Answer {
    pub(crate) url: String,
    pub(crate) status: StatusCode,
    pub(crate) body: String,
}

/// Calls the API with the user's token.
pub(crate) async fn call(app: &App, token: &AccessToken) -> Result<Answer, &'static str> {
    let url = match &app.api_url {
        Some(url) => url.clone(),
        None => {
            let endpoint = app.auth.userinfo_endpoint(token.provider()).await;
            let endpoint = endpoint.map_err(|_| "the provider does not answer")?;
            endpoint.ok_or("the provider has no API that is known; set DEMO_API_URL")?
        }
    };
    let request =
        app.http.get(&url).bearer_auth(token.secret()).header("user-agent", "tower-oauth-demo");
    let response = request.send().await.map_err(|_| "the API does not answer")?;
    let status = response.status();
    let body = response.text().await.map_err(|_| "the API's answer breaks off")?;
    Ok(Answer { url, status, body })
}

/// SHA-256 of the token in hexadecimal: tells tokens apart without showing one.
pub(crate) fn fingerprint(token: &AccessToken) -> String {
    use aws_lc_rs::digest::{SHA256, digest};
    let hash = digest(&SHA256, token.secret().as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
